//! From text to token ids, and to the labels of a pattern's rows.

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use clap::ValueEnum;
use lens_schema::token::{byte_of, readable_bytes};
use serde_json::Value;

use crate::model::BosPolicy;
use crate::model::files::ModelFiles;

const TOKENIZER: &str = "tokenizer.json";
const TOKENIZER_CONFIG: &str = "tokenizer_config.json";
const CONFIG: &str = "config.json";

/// Whether a beginning-of-sequence token comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PrependBos {
    /// As TransformerLens does it for the model
    Auto,
    Always,
    /// No special token at all
    Never,
}

impl PrependBos {
    /// The decision for a model.
    pub fn resolve(self, policy: BosPolicy) -> bool {
        match self {
            PrependBos::Auto => policy == BosPolicy::Prepend,
            PrependBos::Always => true,
            PrependBos::Never => false,
        }
    }
}

/// One prompt, tokenized.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// One id per row of the pattern.
    pub ids: Vec<u32>,
    /// As the tokenizer spells them, without a prepended BOS.
    pub tokens: Vec<String>,
    /// Readable, one per row.
    pub labels: Vec<String>,
    /// How many rows there were before the rest was cut off; `None` if nothing was.
    pub cut_from: Option<usize>,
}

/// A model's tokenizer and its beginning-of-sequence token.
#[derive(Debug)]
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    spelling: Spelling,
    /// Spelling and id.
    bos: Option<(String, u32)>,
    /// What errors call it.
    file: String,
}

/// How a tokenizer writes what is not plain text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spelling {
    /// One character of GPT-2's alphabet per byte.
    Bytes,
    /// `▁` for a space, `<0x0A>` for a byte.
    SentencePiece,
}

impl Tokenizer {
    /// Reads `tokenizer.json`. Padding and truncation that it may ask for are switched off.
    pub fn load(files: &ModelFiles) -> Result<Tokenizer> {
        let file = files.display(TOKENIZER);
        let bytes = files.read(TOKENIZER)?;
        let bytes = bytes.with_context(|| {
            format!("{file} is missing; save the tokenizer beside the model (AutoTokenizer.save_pretrained writes it)")
        })?;
        let unusable = |e| anyhow!("{file} is not a usable tokenizer: {e}");
        let mut inner = tokenizers::Tokenizer::from_bytes(&bytes).map_err(unusable)?;
        inner.with_padding(None);
        inner.with_truncation(None).map_err(unusable)?;
        let json: Value = serde_json::from_slice(&bytes).with_context(|| format!("{file} is not JSON"))?;
        let bytes =
            [&json["decoder"], &json["pre_tokenizer"]].iter().any(|part| part.to_string().contains("ByteLevel"));
        let spelling = if bytes { Spelling::Bytes } else { Spelling::SentencePiece };
        let bos = find_bos(files, &inner)?;
        Ok(Tokenizer { inner, spelling, bos, file })
    }

    /// Tokenizes a text and keeps at most `max_tokens` rows.
    ///
    /// # Errors
    /// A BOS is asked for that the tokenizer does not name.
    pub fn encode(&self, text: &str, prepend_bos: bool, max_tokens: usize) -> Result<Tokens> {
        let encoding = self.inner.encode(text, false).map_err(|e| anyhow!("{}: {e}", self.file))?;
        let (mut ids, mut tokens) = (Vec::new(), encoding.get_tokens().to_vec());
        let mut labels = Vec::new();
        if prepend_bos {
            let Some((spelling, id)) = &self.bos else {
                bail!("{} names no beginning-of-sequence token; use --prepend-bos never", self.file);
            };
            ids.push(*id);
            labels.push(spelling.clone());
        }
        ids.extend_from_slice(encoding.get_ids());
        labels.extend(encoding.get_ids().iter().zip(&tokens).map(|(id, token)| self.label(*id, token)));
        let all = ids.len();
        ids.truncate(max_tokens);
        labels.truncate(max_tokens);
        tokens.truncate(ids.len().saturating_sub(usize::from(prepend_bos)));
        Ok(Tokens { ids, tokens, labels, cut_from: (all > max_tokens).then_some(all) })
    }

    /// A token as people read it.
    fn label(&self, id: u32, token: &str) -> String {
        if self.inner.get_added_tokens_decoder().contains_key(&id) {
            return token.to_owned();
        }
        match self.spelling {
            Spelling::Bytes => match token.chars().map(byte_of).collect::<Option<Vec<u8>>>() {
                Some(bytes) => readable_bytes(&bytes),
                None => token.to_owned(),
            },
            Spelling::SentencePiece => {
                let byte = token.strip_prefix("<0x").and_then(|t| t.strip_suffix('>'));
                match byte.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                    Some(byte) => readable_bytes(&[byte]),
                    None => token.replace('▁', " "),
                }
            }
        }
    }
}

/// The beginning-of-sequence token: `bos_token` of `tokenizer_config.json`, else `bos_token_id` of `config.json`,
/// else the end-of-sequence token in the same places, as TransformerLens takes it.
fn find_bos(files: &ModelFiles, tokenizer: &tokenizers::Tokenizer) -> Result<Option<(String, u32)>> {
    let read = |file: &str| -> Result<Value> {
        let Some(bytes) = files.read(file)? else { return Ok(Value::Null) };
        serde_json::from_slice(&bytes).with_context(|| format!("{} is not JSON", files.display(file)))
    };
    let (tokenizer_config, config) = (read(TOKENIZER_CONFIG)?, read(CONFIG)?);
    for kind in ["bos_token", "eos_token"] {
        let named = &tokenizer_config[kind];
        if let Some(token) = named.as_str().or_else(|| named["content"].as_str()) {
            let id = tokenizer.token_to_id(token);
            let file = files.display(TOKENIZER_CONFIG);
            ensure!(id.is_some(), "{file}: {kind} {token:?} is not in the tokenizer's vocabulary");
            return Ok(id.map(|id| (token.to_owned(), id)));
        }
        let id = config[format!("{kind}_id")].as_u64().and_then(|id| u32::try_from(id).ok());
        if let Some((id, token)) = id.and_then(|id| Some((id, tokenizer.id_to_token(id)?))) {
            return Ok(Some((token, id)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo;

    fn tokenizer() -> Tokenizer {
        Tokenizer::load(&demo::models()[0].files()).unwrap()
    }

    #[test]
    fn rows_have_ids_and_readable_labels() {
        let text = "The cat, the\ncat é";
        let plain = tokenizer().encode(text, false, 100).unwrap();
        assert_eq!((plain.ids.len(), plain.labels.len()), (plain.tokens.len(), plain.tokens.len()));
        assert!(plain.labels.iter().any(|l| l.starts_with(' ')) && plain.tokens.iter().any(|t| t.contains('Ġ')));
        let with = tokenizer().encode(text, true, 100).unwrap();
        assert_eq!((&with.ids[1..], &with.labels[1..]), (&plain.ids[..], &plain.labels[..]));
        assert_eq!((with.labels[0].as_str(), &with.tokens), ("<|endoftext|>", &plain.tokens));
    }

    #[test]
    fn a_cut_is_reported() {
        let all = tokenizer().encode("one two three four five six", true, 100).unwrap();
        let cut = tokenizer().encode("one two three four five six", true, 3).unwrap();
        assert_eq!((cut.ids.len(), cut.labels.len(), cut.tokens.len()), (3, 3, 2));
        assert_eq!((cut.cut_from, all.cut_from), (Some(all.ids.len()), None));
        assert!(tokenizer().encode("", false, 3).unwrap().ids.is_empty());
    }

    #[test]
    fn missing_and_broken_tokenizers_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let files = ModelFiles::folder(dir.path()).unwrap();
        assert!(Tokenizer::load(&files).unwrap_err().to_string().contains("tokenizer.json is missing"));
        std::fs::write(dir.path().join(TOKENIZER), "{}").unwrap();
        assert!(Tokenizer::load(&files).unwrap_err().to_string().contains("not a usable tokenizer"));
    }

    #[test]
    fn bos_follows_the_model_unless_told() {
        assert!(PrependBos::Auto.resolve(BosPolicy::Prepend) && !PrependBos::Auto.resolve(BosPolicy::None));
        assert!(PrependBos::Always.resolve(BosPolicy::None) && !PrependBos::Never.resolve(BosPolicy::Prepend));
    }
}
