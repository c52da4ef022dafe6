//! Reading a model folder's tokenizer.

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use serde_json::{Map, Value, json};
use tokenizers::{AddedToken, NormalizerWrapper, PreTokenizerWrapper, Tokenizer};

use super::settings::{Settings, TOKENIZER_CONFIG};
use crate::model::files::ModelFiles;

const TOKENIZER: &str = "tokenizer.json";
const VOCAB_JSON: &str = "vocab.json";
const MERGES: &str = "merges.txt";
const VOCAB_TXT: &str = "vocab.txt";
/// Files of other kinds of tokenizers, which the library can turn into a `tokenizer.json`.
const UNREAD: [&str; 8] = [
    "tokenizer.model",
    "spiece.model",
    "sentencepiece.bpe.model",
    "spm.model",
    "source.spm",
    "tiktoken.model",
    "tokenizer.tiktoken",
    "qwen.tiktoken",
];

/// Classes that split a text as GPT-2's does, and those that do as BERT's.
const BYTE_LEVEL: [&str; 9] = [
    "GPT2Tokenizer",
    "BartTokenizer",
    "BlenderbotTokenizer",
    "CodeGenTokenizer",
    "DebertaTokenizer",
    "LEDTokenizer",
    "LongformerTokenizer",
    "MvpTokenizer",
    "RobertaTokenizer",
];
const WORD_PIECE: [&str; 11] = [
    "BertTokenizer",
    "ConvBertTokenizer",
    "DistilBertTokenizer",
    "ElectraTokenizer",
    "FunnelTokenizer",
    "LayoutLMTokenizer",
    "LxmertTokenizer",
    "MPNetTokenizer",
    "MobileBertTokenizer",
    "RetriBertTokenizer",
    "SqueezeBertTokenizer",
];

/// A tokenizer with all its special tokens.
pub struct Loaded {
    pub tokenizer: Tokenizer,
    /// The file that it came from.
    pub path: String,
    /// What the template puts before a text is for decoders too. Of a vocabulary without a template of its own, only
    /// encoders use one.
    pub template_for_all: bool,
}

/// The tokenizer as it was saved, and then as the library changes it while loading.
pub fn tokenizer(files: &ModelFiles, settings: &Settings) -> Result<Loaded> {
    let open = |file: &str, bytes: &[u8]| -> Result<(Tokenizer, String)> {
        let path = files.display(file);
        let tokenizer = Tokenizer::from_bytes(bytes).map_err(|e| anyhow!("{path} is not a usable tokenizer: {e}"))?;
        Ok((tokenizer, path))
    };
    let special = |tokens: &[&str]| tokens.iter().map(|token| AddedToken::from(*token, true)).collect::<Vec<_>>();
    let (file, usual, json) = if let Some(bytes) = files.read(TOKENIZER)? {
        let (mut tokenizer, path) = open(TOKENIZER, &bytes)?;
        follow_settings(settings, &mut tokenizer).map_err(|e| anyhow!("{path}: {e}"))?;
        settings.add_tokens(&mut tokenizer, Vec::new()).map_err(|e| anyhow!("{path}: {e}"))?;
        return Ok(Loaded { tokenizer, path, template_for_all: true });
    } else if let Some(vocab) = text(files, VOCAB_JSON)? {
        check_class(files, settings, VOCAB_JSON, &BYTE_LEVEL)?;
        let merges = text(files, MERGES)?;
        let merges = merges.with_context(|| format!("{} is missing beside {VOCAB_JSON}", files.display(MERGES)))?;
        let mut usual = special(&["<|endoftext|>"]);
        if !settings.names_any() {
            usual.extend(special(&["<s>", "</s>", "<unk>", "<pad>"]));
            usual.push(AddedToken::from("<mask>", true).lstrip(true));
        }
        (VOCAB_JSON, usual, byte_level_bpe(files, settings, &vocab, &merges)?)
    } else if let Some(vocab) = text(files, VOCAB_TXT)? {
        check_class(files, settings, VOCAB_TXT, &WORD_PIECE)?;
        (VOCAB_TXT, special(&["[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"]), word_piece(files, settings, &vocab)?)
    } else {
        return Err(missing(files)?);
    };
    let (mut tokenizer, path) = open(file, json.to_string().as_bytes())?;
    settings.add_tokens(&mut tokenizer, usual).map_err(|e| anyhow!("{path}: {e}"))?;
    if let Some((token, given, found)) = settings.misplaced(&tokenizer) {
        let found = found.map_or("none".to_owned(), |id| id.to_string());
        bail!(
            "{path}: the files beside it give the added token {token:?} the id {given}, the vocabulary {found}; {}",
            convert(files)
        );
    }
    Ok(Loaded { tokenizer, path, template_for_all: file == VOCAB_TXT })
}

/// What to do where only the library can read a tokenizer.
fn convert(files: &ModelFiles) -> String {
    let place = files.place();
    format!("AutoTokenizer.from_pretrained({place:?}).save_pretrained({place:?}) of transformers writes a {TOKENIZER}")
}

fn missing(files: &ModelFiles) -> Result<anyhow::Error> {
    let path = files.display(TOKENIZER);
    for file in UNREAD {
        if files.read(file)?.is_some() {
            return Ok(anyhow!("{path} is missing, and {file} is not read; {}", convert(files)));
        }
    }
    Ok(anyhow!(
        "{path} is missing, and there is no {VOCAB_JSON} with {MERGES} and no {VOCAB_TXT} either; a folder saved by \
         AutoTokenizer.from_pretrained(…).save_pretrained(…) has it"
    ))
}

/// Refuses a vocabulary whose texts are split in another way than the file's name suggests.
fn check_class(files: &ModelFiles, settings: &Settings, file: &str, known: &[&str]) -> Result<()> {
    let Some(class) = settings.class().filter(|class| !settings.is_generic() && !known.contains(class)) else {
        return Ok(());
    };
    bail!(
        "{}: tokenizer_class {class} is not read from {file}, but only from {TOKENIZER}; {}",
        files.display(TOKENIZER_CONFIG),
        convert(files)
    )
}

/// Settings that count more than what `tokenizer.json` was saved with.
fn follow_settings(settings: &Settings, tokenizer: &mut Tokenizer) -> tokenizers::Result<()> {
    if let Some(PreTokenizerWrapper::ByteLevel(byte_level)) = tokenizer.get_pre_tokenizer() {
        let byte_level = byte_level.add_prefix_space(settings.switch("add_prefix_space", false));
        tokenizer.with_pre_tokenizer(Some(byte_level));
    }
    if let (Some(NormalizerWrapper::BertNormalizer(bert)), true) = (tokenizer.get_normalizer(), !settings.is_generic())
    {
        let mut bert = *bert;
        bert.lowercase = settings.switch("do_lower_case", true);
        bert.handle_chinese_chars = settings.switch("tokenize_chinese_chars", true);
        bert.strip_accents = settings.get("strip_accents").and_then(Value::as_bool);
        tokenizer.with_normalizer(Some(bert))?;
    }
    Ok(())
}

/// GPT-2's tokenizer: byte-level BPE whose merges are applied in order.
fn byte_level_bpe(files: &ModelFiles, settings: &Settings, vocab: &str, merges: &str) -> Result<Value> {
    let vocab: Map<String, Value> =
        serde_json::from_str(vocab).with_context(|| format!("{} is damaged", files.display(VOCAB_JSON)))?;
    // The byte of a space is spelled Ġ; a vocabulary without it is of another kind, and would be misread in silence.
    ensure!(
        vocab.contains_key("Ġ"),
        "{} is not byte-level: it has no token Ġ; only byte-level BPE is read without {TOKENIZER}",
        files.display(VOCAB_JSON)
    );
    let merges: Vec<&str> = merges.lines().filter(|l| !l.starts_with("#version") && !l.trim().is_empty()).collect();
    let add_prefix_space = settings.switch("add_prefix_space", false);
    let byte_level = json!({
        "type": "ByteLevel", "add_prefix_space": add_prefix_space, "trim_offsets": true, "use_regex": true,
    });
    let id = |role: &str, usual: &str| -> Option<(String, u64)> {
        let token = settings.named(role).unwrap_or_else(|| usual.to_owned());
        let id = vocab.get(&token)?.as_u64()?;
        Some((token, id))
    };
    let post_processor = match (id("cls_token", "<s>"), id("sep_token", "</s>")) {
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
fn word_piece(files: &ModelFiles, settings: &Settings, vocab: &str) -> Result<Value> {
    let vocab: Map<String, Value> =
        vocab.lines().enumerate().map(|(id, token)| (token.to_owned(), id.into())).collect();
    let special = |role: &str, usual: &[&str]| -> Result<(String, Value)> {
        let there = usual.iter().find(|token| vocab.contains_key(**token)).or(usual.first());
        let token = settings.named(role).or(there.map(|token| (*token).to_owned())).unwrap_or_default();
        let id = vocab.get(&token).cloned();
        let id = id.with_context(|| format!("{} has no {token}, the {role}", files.display(VOCAB_TXT)))?;
        Ok((token, id))
    };
    let (unk, _) = special("unk_token", &["[UNK]"])?;
    let (cls, sep) = (special("cls_token", &["[CLS]", "<s>"])?, special("sep_token", &["[SEP]", "</s>"])?);
    Ok(json!({
        "version": "1.0",
        "added_tokens": [],
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": true,
            "handle_chinese_chars": settings.switch("tokenize_chinese_chars", true),
            "strip_accents": settings.get("strip_accents").and_then(Value::as_bool),
            "lowercase": settings.switch("do_lower_case", true),
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

fn text(files: &ModelFiles, file: &str) -> Result<Option<String>> {
    let Some(bytes) = files.read(file)? else { return Ok(None) };
    let text =
        String::from_utf8(bytes.into_owned()).with_context(|| format!("{} is not UTF-8", files.display(file)))?;
    Ok(Some(text))
}
