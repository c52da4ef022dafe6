//! From a prompt to the model's input, as the user wants it.

use anyhow::Result;

use crate::model::files::ModelFiles;
use crate::model::{BosPolicy, Model};
use crate::plan::RunPlan;
use crate::tokens::{Tokenizer, Tokens};

/// From a prompt to the model's input, as the user wants it.
pub(super) struct Encoder {
    pub(super) tokenizer: Tokenizer,
    pub(super) special: BosPolicy,
    pub(super) max_tokens: usize,
}

impl Encoder {
    pub(super) fn new(files: &ModelFiles, run: &RunPlan) -> Result<Self> {
        let config = Model::read_config(files)?;
        Ok(Encoder {
            tokenizer: Tokenizer::load(files)?,
            special: run.prepend_bos.resolve(config.bos),
            max_tokens: run.max_tokens.unwrap_or(usize::MAX).min(config.n_ctx),
        })
    }

    pub(super) fn encode(&self, text: &str) -> Result<Tokens> {
        self.tokenizer.encode(text, self.special, self.max_tokens)
    }
}
