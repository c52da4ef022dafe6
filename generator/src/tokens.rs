//! From a prompt's text to token ids and one readable label per row of its patterns.

mod label;
mod load;
mod ordinary;
mod settings;

use std::fmt;

use anyhow::{Result, anyhow, ensure};
use clap::ValueEnum;

use crate::model::BosPolicy;
use crate::model::files::ModelFiles;
use label::Spelling;
use load::Loaded;
use settings::Settings;
use tokenizers::{Encoding, Token};

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
    /// What the tokenizer's template puts before and after a text.
    template: (Vec<u32>, Vec<u32>),
    /// What begins a decoder's input. Empty if there is nothing that could.
    beginning: Vec<u32>,
    /// The BOS is a part of the text when that is split.
    bos_in_text: bool,
    /// Ids that the model knows are below this.
    d_vocab: Option<usize>,
    /// What errors call it.
    path: String,
}

impl fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokenizer")
            .field("path", &self.path)
            .field("beginning", &self.beginning)
            .finish_non_exhaustive()
    }
}

impl Tokenizer {
    /// Loads the tokenizer of a model folder: `tokenizer.json`, else `vocab.json` and `merges.txt` (byte-level BPE),
    /// else `vocab.txt` (WordPiece).
    ///
    /// Padding and truncation that a `tokenizer.json` was saved with are switched off.
    pub fn load(files: &ModelFiles) -> Result<Tokenizer> {
        let settings = Settings::read(files)?;
        let Loaded { tokenizer: mut inner, path, template_for_all } = load::tokenizer(files, &settings)?;
        inner.with_truncation(None).map_err(|e| anyhow!("{path}: {e}"))?;
        inner.with_padding(None);
        let template = template(&inner).map_err(|e| anyhow!("{path}: its template cannot be used: {e}"))?;
        let beginning = match &template {
            (before, _) if template_for_all && !before.is_empty() => before.clone(),
            _ => settings.bos(&inner).into_iter().collect(),
        };
        let bos_in_text = settings.is_generic() && template.0.is_empty();
        let d_vocab = settings.number("vocab_size").map(|n| n as usize);
        Ok(Tokenizer { spelling: Spelling::of(&inner), inner, template, beginning, bos_in_text, d_vocab, path })
    }

    /// Tokens of a text in at most `most` rows, special tokens included; of a longer text, the beginning.
    ///
    /// # Errors
    /// A BOS is wanted and the tokenizer has none; nothing is left to look at; an id that the model lacks.
    pub fn encode(&self, text: &str, special: BosPolicy, most: usize) -> Result<Tokens> {
        let (before, mut text_ids, after) = match special {
            BosPolicy::None => (&[][..], self.ids(text)?, &[][..]),
            BosPolicy::Prepend => (self.beginning()?, self.ids_after_beginning(text)?, &[][..]),
            BosPolicy::Template => (&self.template.0[..], self.ids(text)?, &self.template.1[..]),
        };
        let added = before.len() + after.len();
        ensure!(most > added, "--max-tokens {most} leaves no room beside the special tokens ({added})");
        let rows = text_ids.len() + added;
        let cut_from = (rows > most).then_some(rows);
        text_ids.truncate(most - added);

        let tokens = text_ids.iter().map(|&id| self.spelled(id)).collect();
        let ids = [before, &text_ids, after].concat();
        ensure!(!ids.is_empty(), "the prompt has no tokens; remove it, or give --prepend-bos always");
        self.check(&ids)?;
        let labels = ids.iter().map(|&id| self.spelling.readable(id, &self.spelled(id))).collect();
        Ok(Tokens { ids, tokens, labels, cut_from })
    }

    /// Ids of a text alone.
    fn ids(&self, text: &str) -> Result<Vec<u32>> {
        let encoding = self.inner.encode_fast(text, false);
        let encoding = encoding.map_err(|e| anyhow!("{} cannot encode the prompt: {e}", self.path))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// Ids of a text that follows the BOS. In TransformerLens a BOS that neither a template nor the tokenizer's class
    /// adds is written before the text, and some tokenizers split what is not at the very beginning in another way.
    fn ids_after_beginning(&self, text: &str) -> Result<Vec<u32>> {
        if let (true, [bos]) = (self.bos_in_text, &self.beginning[..]) {
            let all = self.ids(&(self.spelled(*bos) + text))?;
            if let Some(rest) = all.strip_prefix(&[*bos]) {
                return Ok(rest.to_vec());
            }
        }
        self.ids(text)
    }

    fn beginning(&self) -> Result<&[u32]> {
        ensure!(
            !self.beginning.is_empty(),
            "{} names no BOS token, nor does config.json have a bos_token_id; give --prepend-bos never",
            self.path
        );
        Ok(&self.beginning)
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

/// What a tokenizer's template puts before and after a text.
fn template(tokenizer: &tokenizers::Tokenizer) -> tokenizers::Result<(Vec<u32>, Vec<u32>)> {
    const TEXT: u32 = u32::MAX;
    let text = Encoding::from_tokens(vec![Token::new(TEXT, "a".to_owned(), (0, 1))], 0);
    let all = tokenizer.post_process(text, None, true)?;
    let mut parts = all.get_ids().splitn(2, |id| *id == TEXT).map(<[u32]>::to_vec);
    Ok((parts.next().unwrap_or_default(), parts.next().unwrap_or_default()))
}

#[cfg(test)]
mod tests;
