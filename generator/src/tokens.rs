//! From a prompt's text to token ids and one readable label per row of its patterns.

mod label;
mod load;

use std::fmt;

use anyhow::{Context as _, Result, anyhow, ensure};
use clap::ValueEnum;

use crate::model::BosPolicy;
use crate::model::files::ModelFiles;
use label::Spelling;

/// Which special tokens the user asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum PrependBos {
    /// As TransformerLens does it for the model; for encoders their tokenizer's template
    #[default]
    Auto,
    /// First in every prompt; for encoders their tokenizer's template
    Always,
    /// No special token at all
    Never,
}

impl PrependBos {
    /// The decision for a model.
    pub fn resolve(self, policy: BosPolicy) -> BosPolicy {
        match (self, policy) {
            (PrependBos::Auto, policy) => policy,
            (PrependBos::Always, BosPolicy::Template) => BosPolicy::Template,
            (PrependBos::Always, _) => BosPolicy::Prepend,
            (PrependBos::Never, _) => BosPolicy::None,
        }
    }
}

/// A tokenized prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// One per row of the pattern, special tokens included.
    pub ids: Vec<u32>,
    /// Tokens of the text as the tokenizer spells them, without what was put before and after them.
    pub tokens: Vec<String>,
    /// One readable label per row.
    pub labels: Vec<String>,
    /// How many rows there were before the rest was cut off; `None` if nothing was.
    pub cut_from: Option<usize>,
}

/// A model's tokenizer.
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    spelling: Spelling,
    bos: Option<u32>,
    /// Ids that the model knows are below this.
    d_vocab: Option<usize>,
    /// What errors call it.
    path: String,
}

impl fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokenizer").field("path", &self.path).field("bos", &self.bos).finish_non_exhaustive()
    }
}

impl Tokenizer {
    /// Loads the tokenizer of a model folder: `tokenizer.json`, else `vocab.json` and `merges.txt` (byte-level BPE),
    /// else `vocab.txt` (WordPiece).
    ///
    /// Padding and truncation that a `tokenizer.json` was saved with are switched off.
    pub fn load(files: &ModelFiles) -> Result<Tokenizer> {
        let (mut inner, path) = load::tokenizer(files)?;
        inner.with_truncation(None).map_err(|e| anyhow!("{path}: {e}"))?;
        inner.with_padding(None);
        let bos = load::bos(files, &inner)?;
        let d_vocab = load::d_vocab(files)?;
        Ok(Tokenizer { spelling: Spelling::of(&inner), inner, bos, d_vocab, path })
    }

    /// Tokens of a text in at most `most` rows, special tokens included; of a longer text, the beginning.
    ///
    /// # Errors
    /// A BOS is wanted and the tokenizer has none; nothing is left to look at; an id that the model lacks.
    pub fn encode(&self, text: &str, special: BosPolicy, most: usize) -> Result<Tokens> {
        let encode = |template: bool| {
            self.inner.encode_fast(text, template).map_err(|e| anyhow!("{} cannot encode the prompt: {e}", self.path))
        };
        let mut text_ids = encode(false)?.get_ids().to_vec();
        let (before, after) = match special {
            BosPolicy::None => (Vec::new(), Vec::new()),
            BosPolicy::Prepend => (vec![self.bos()?], Vec::new()),
            BosPolicy::Template => around(encode(true)?.get_ids(), &text_ids)
                .with_context(|| format!("{}: its template changes the text's own tokens", self.path))?,
        };
        let added = before.len() + after.len();
        ensure!(most > added, "--max-tokens {most} leaves no room beside the special tokens ({added})");
        let rows = text_ids.len() + added;
        let cut_from = (rows > most).then_some(rows);
        text_ids.truncate(most - added);

        let tokens = text_ids.iter().map(|&id| self.spelled(id)).collect();
        let ids = [before, text_ids, after].concat();
        ensure!(!ids.is_empty(), "the prompt has no tokens; remove it, or give --prepend-bos always");
        self.check(&ids)?;
        let labels = ids.iter().map(|&id| self.spelling.readable(id, &self.spelled(id))).collect();
        Ok(Tokens { ids, tokens, labels, cut_from })
    }

    fn bos(&self) -> Result<u32> {
        self.bos.with_context(|| {
            format!(
                "{} names no BOS token, nor does config.json have a bos_token_id; give --prepend-bos never",
                self.path
            )
        })
    }

    fn spelled(&self, id: u32) -> String {
        self.inner.id_to_token(id).unwrap_or_else(|| format!("#{id}"))
    }

    fn check(&self, ids: &[u32]) -> Result<()> {
        let d_vocab = self.d_vocab.unwrap_or(usize::MAX);
        match ids.iter().find(|id| **id as usize >= d_vocab) {
            None => Ok(()),
            Some(&id) => Err(anyhow!(
                "{} gives token {:?} the id {id}, but config.json has a vocabulary of {d_vocab}; \
                 the tokenizer is not that of this model",
                self.path,
                self.spelled(id)
            )),
        }
    }
}

/// What a template puts before and after the text's ids; `None` if those are not in it.
fn around(all: &[u32], text: &[u32]) -> Option<(Vec<u32>, Vec<u32>)> {
    let extra = all.len().checked_sub(text.len())?;
    let before = (0..=extra).find(|&b| all[b..].starts_with(text))?;
    Some((all[..before].to_vec(), all[before + text.len()..].to_vec()))
}

#[cfg(test)]
mod tests;
