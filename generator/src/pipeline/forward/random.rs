//! The random-token diagnostic: every model is run on repeated random tokens once, for the scores that need them.

use anyhow::Result;
use lens_schema::ModelEntry;

use super::{Encoder, ModelRun};
use crate::fs;
use crate::model::Model;
use crate::score::VERSION;
use crate::score::random::{self, RandomTokens};

impl ModelRun<'_> {
    /// What the model is to be run on; `None` if the data directory has the results already, or if no tokens can be
    /// chosen.
    pub(super) fn random_tokens(&self) -> Option<RandomTokens> {
        let tokens = match self.choose(self.encoder.as_ref()?) {
            Ok(tokens) => tokens,
            Err(e) => {
                // Prompts that are to be run meet the same error.
                if self.missing.is_empty() {
                    self.note_not_run(&e);
                }
                return None;
            }
        };
        let there = self.work.data.model(&self.dir).ok().and_then(|entry| self.work.data.random_tokens(&entry));
        let kept = !self.work.plan.force && there.is_some_and(|(there, _)| there == tokens);
        (!kept).then_some(tokens)
    }

    /// Says why some scores will be missing.
    pub(super) fn note_not_run(&self, error: &anyhow::Error) {
        self.work.observer.note(&format!("{}: not run on random tokens: {error:#}", self.files.name));
    }

    fn choose(&self, encoder: &Encoder) -> Result<RandomTokens> {
        let (before, after) = encoder.tokenizer.special_ids(encoder.special)?;
        let n_ctx = Model::read_config(self.files)?.n_ctx;
        let ids = encoder.tokenizer.ordinary_ids();
        let (sequences, absent) = match random::sequences(&ids, n_ctx, before.len() + after.len()) {
            Ok(sequences) => (sequences, None),
            Err(why) => (Vec::new(), Some(why)),
        };
        let model_checksum = self.checksum.clone();
        Ok(RandomTokens { version: VERSION, model_checksum, before, after, sequences, absent })
    }

    /// Runs the model on them and keeps the scores. A failure of the model is one of the summary.
    pub(super) fn run_random(&self, model: &Model, entry: &ModelEntry, tokens: &RandomTokens) -> Result<()> {
        let run = || self.work.data.write_random_tokens(entry, tokens, &self.random_scores(model, tokens)?);
        match run() {
            Err(e) if fs::is_fatal(&e) => Err(e),
            Err(e) => {
                self.work.fail(format!("model {}, random tokens: {e:#}", self.files.name));
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    fn random_scores(&self, model: &Model, tokens: &RandomTokens) -> Result<Vec<Vec<f32>>> {
        let mut scores = Vec::with_capacity(tokens.sequences.len());
        let mut rest = &tokens.sequences[..];
        while !rest.is_empty() {
            let inputs: Vec<Vec<u32>> = rest.iter().map(|s| s.input(&tokens.before, &tokens.after)).collect();
            let inputs: Vec<&[u32]> = inputs.iter().map(Vec::as_slice).collect();
            let batch = self.batch_len(model.config(), inputs.iter().map(|ids| ids.len()));
            let patterns = model.patterns(&inputs[..batch])?;
            scores.extend(rest.iter().zip(&patterns).map(|(s, p)| s.scores(p, tokens.before.len())));
            rest = &rest[batch..];
        }
        Ok(random::means(scores))
    }
}
