//! Reading a model folder's tokenizer and its special tokens.

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use serde_json::{Map, Value, json};
use tokenizers::{AddedToken, Tokenizer};

use crate::model::files::ModelFiles;

const TOKENIZER: &str = "tokenizer.json";
const VOCAB_JSON: &str = "vocab.json";
const MERGES: &str = "merges.txt";
const VOCAB_TXT: &str = "vocab.txt";
/// Where special tokens are named, the first that names one counting.
const SPECIAL_TOKENS: [&str; 2] = ["tokenizer_config.json", "special_tokens_map.json"];

/// The tokenizer as it was saved, and the file that it came from.
pub fn tokenizer(files: &ModelFiles) -> Result<(Tokenizer, String)> {
    let open = |file: &str, bytes: &[u8]| -> Result<(Tokenizer, String)> {
        let path = files.display(file);
        let tokenizer = Tokenizer::from_bytes(bytes).map_err(|e| anyhow!("{path} is not a usable tokenizer: {e}"))?;
        Ok((tokenizer, path))
    };
    if let Some(bytes) = files.read(TOKENIZER)? {
        return open(TOKENIZER, &bytes);
    }
    let (file, json) = if let Some(vocab) = text(files, VOCAB_JSON)? {
        let merges = text(files, MERGES)?;
        let merges = merges.with_context(|| format!("{} is missing beside {VOCAB_JSON}", files.display(MERGES)))?;
        (VOCAB_JSON, byte_level_bpe(files, &vocab, &merges)?)
    } else if let Some(vocab) = text(files, VOCAB_TXT)? {
        (VOCAB_TXT, word_piece(files, &vocab)?)
    } else {
        bail!(
            "{} is missing, and there is no {VOCAB_JSON} with {MERGES} and no {VOCAB_TXT} either; a folder saved by \
             AutoTokenizer.from_pretrained(…).save_pretrained(…) has it",
            files.display(TOKENIZER)
        );
    };
    let (mut tokenizer, path) = open(file, json.to_string().as_bytes())?;
    add_special_tokens(files, &mut tokenizer)?;
    Ok((tokenizer, path))
}

/// GPT-2's tokenizer: byte-level BPE whose merges are applied in order.
fn byte_level_bpe(files: &ModelFiles, vocab: &str, merges: &str) -> Result<Value> {
    let vocab: Map<String, Value> =
        serde_json::from_str(vocab).with_context(|| format!("{} is damaged", files.display(VOCAB_JSON)))?;
    // The byte of a space is spelled Ġ; a vocabulary without it is of another kind, and would be misread in silence.
    ensure!(
        vocab.contains_key("Ġ"),
        "{} is not byte-level: it has no token Ġ; only byte-level BPE is read without {TOKENIZER}",
        files.display(VOCAB_JSON)
    );
    let merges: Vec<&str> = merges.lines().filter(|l| !l.starts_with("#version") && !l.trim().is_empty()).collect();
    let add_prefix_space = setting(files, "add_prefix_space")?.and_then(|v| v.as_bool()).unwrap_or(false);
    let byte_level = json!({
        "type": "ByteLevel", "add_prefix_space": add_prefix_space, "trim_offsets": true, "use_regex": true,
    });
    let id = |token: Option<String>| -> Option<(String, u64)> {
        let token = token?;
        let id = vocab.get(&token)?.as_u64()?;
        Some((token, id))
    };
    let (cls, sep) = (id(named(files, "cls_token")?), id(named(files, "sep_token")?));
    let post_processor = match (cls, sep) {
        (Some(cls), Some(sep)) => json!({
            "type": "RobertaProcessing", "cls": cls, "sep": sep, "trim_offsets": true,
            "add_prefix_space": add_prefix_space,
        }),
        _ => byte_level.clone(),
    };
    Ok(json!({
        "version": "1.0",
        "added_tokens": [],
        "pre_tokenizer": byte_level,
        "post_processor": post_processor,
        "decoder": byte_level,
        "model": {"type": "BPE", "vocab": vocab, "merges": merges},
    }))
}

/// BERT's tokenizer: one word piece a line, its id the line's number.
fn word_piece(files: &ModelFiles, vocab: &str) -> Result<Value> {
    let vocab: Map<String, Value> =
        vocab.lines().enumerate().map(|(id, token)| (token.to_owned(), id.into())).collect();
    let special = |key: &str, usual: &str| -> Result<(String, Value)> {
        let token = named(files, key)?.unwrap_or_else(|| usual.to_owned());
        let id = vocab.get(&token).cloned();
        let id = id.with_context(|| format!("{} has no {token}, the {key}", files.display(VOCAB_TXT)))?;
        Ok((token, id))
    };
    let (unk, _) = special("unk_token", "[UNK]")?;
    let (cls, sep) = (special("cls_token", "[CLS]")?, special("sep_token", "[SEP]")?);
    let switch = |key: &str, usual: bool| -> Result<Value> {
        Ok(setting(files, key)?.filter(Value::is_boolean).unwrap_or(Value::Bool(usual)))
    };
    Ok(json!({
        "version": "1.0",
        "added_tokens": [],
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": true,
            "handle_chinese_chars": switch("tokenize_chinese_chars", true)?,
            "strip_accents": setting(files, "strip_accents")?.unwrap_or(Value::Null),
            "lowercase": switch("do_lower_case", true)?,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "cls": cls, "sep": sep},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
        "model": {
            "type": "WordPiece", "unk_token": unk, "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": vocab,
        },
    }))
}

/// Makes the special tokens that the vocabulary has single tokens wherever a text spells them.
fn add_special_tokens(files: &ModelFiles, tokenizer: &mut Tokenizer) -> Result<()> {
    // BERT's own names stand in a vocab.txt even where no other file repeats them.
    let mut special: Vec<String> = ["[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"].map(str::to_owned).into();
    for role in ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"] {
        special.extend(named(files, role)?);
    }
    let known = special.into_iter().filter(|token| tokenizer.token_to_id(token).is_some());
    let known: Vec<AddedToken> = known.map(|token| AddedToken::from(token, true)).collect();
    tokenizer.add_special_tokens(known).map_err(|e| anyhow!("{}: {e}", files.display(SPECIAL_TOKENS[0])))?;
    Ok(())
}

/// The BOS token: named by the tokenizer's files, else numbered by `config.json`, else the end-of-text token, which
/// TransformerLens puts in its place. A tokenizer that says it has none skips what `config.json` says.
pub fn bos(files: &ModelFiles, tokenizer: &Tokenizer) -> Result<Option<u32>> {
    let id = |token: Option<String>| token.and_then(|t| tokenizer.token_to_id(&t));
    if let Some(bos) = id(named(files, "bos_token")?) {
        return Ok(Some(bos));
    }
    let (bos, eos) = (numbered(files, "bos_token_id")?, id(named(files, "eos_token")?));
    let says_none = setting(files, "bos_token")?.is_some_and(|v| v.is_null());
    Ok(if says_none { eos.or(bos) } else { bos.or(eos) }.or(numbered(files, "eos_token_id")?))
}

/// Size of the model's vocabulary, if `config.json` has it.
pub fn d_vocab(files: &ModelFiles) -> Result<Option<usize>> {
    Ok(numbered(files, "vocab_size")?.map(|n| n as usize))
}

/// A special token by its role.
fn named(files: &ModelFiles, role: &str) -> Result<Option<String>> {
    for file in SPECIAL_TOKENS {
        let value = object(files, file)?.and_then(|mut o| o.remove(role));
        match value {
            Some(Value::String(token)) => return Ok(Some(token)),
            Some(Value::Object(token)) => return Ok(token.get("content").and_then(Value::as_str).map(str::to_owned)),
            _ => {}
        }
    }
    Ok(None)
}

/// A setting in `tokenizer_config.json`; null is a value.
fn setting(files: &ModelFiles, key: &str) -> Result<Option<Value>> {
    Ok(object(files, SPECIAL_TOKENS[0])?.and_then(|mut o| o.remove(key)))
}

/// A number of `config.json`, or of the text model inside it; the first where there are several.
fn numbered(files: &ModelFiles, key: &str) -> Result<Option<u32>> {
    let config = object(files, "config.json")?.unwrap_or_default();
    let nested = config.get("text_config").and_then(|c| c.get(key));
    let value = config.get(key).filter(|v| !v.is_null()).or(nested);
    let value = value.and_then(|v| v.get(0).or(Some(v)));
    Ok(value.and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok()))
}

fn object(files: &ModelFiles, file: &str) -> Result<Option<Map<String, Value>>> {
    let Some(bytes) = files.read(file)? else { return Ok(None) };
    let object =
        serde_json::from_slice(&bytes).with_context(|| format!("{} is not a JSON object", files.display(file)))?;
    Ok(Some(object))
}

fn text(files: &ModelFiles, file: &str) -> Result<Option<String>> {
    let Some(bytes) = files.read(file)? else { return Ok(None) };
    let text =
        String::from_utf8(bytes.into_owned()).with_context(|| format!("{} is not UTF-8", files.display(file)))?;
    Ok(Some(text))
}
