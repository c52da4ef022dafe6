//! What the models see while they learn: rows of tokens, some of text and some of random tokens that repeat.

use anyhow::{Result, anyhow};
use candle_core::{Device, Tensor};
use rand::Rng as _;
use tokenizers::Tokenizer;

use crate::tokenizer::{END_OF_TEXT_ID, VOCAB_SIZE};
use crate::{Random, text};

/// Rows of tokens, and for each token the one that comes next.
pub struct Batch {
    /// `[rows, n_ctx]`
    pub ids: Tensor,
    /// `rows · n_ctx`
    pub next: Vec<u32>,
}

/// Draws batches.
pub struct Batches<'a> {
    pub tokenizer: &'a Tokenizer,
    pub rng: Random,
    pub n_ctx: usize,
    pub rows: usize,
    /// Rows of a batch that are random tokens that repeat.
    pub repeats: usize,
}

impl Batches<'_> {
    pub fn batch(&mut self) -> Result<Batch> {
        let (mut ids, mut next) = (Vec::new(), Vec::new());
        for row in 0..self.rows {
            let row = if row < self.repeats { self.repeats() } else { self.text()? };
            ids.extend_from_slice(&row[..self.n_ctx]);
            next.extend_from_slice(&row[1..=self.n_ctx]);
        }
        Ok(Batch { ids: Tensor::from_vec(ids, (self.rows, self.n_ctx), &Device::Cpu)?, next })
    }

    /// Documents, each with the end-of-text token before it; at least `n_ctx + 1` tokens.
    fn text(&mut self) -> Result<Vec<u32>> {
        let mut row = Vec::new();
        while row.len() <= self.n_ctx {
            row.push(END_OF_TEXT_ID);
            let document = text::document(&mut self.rng);
            let encoding = self.tokenizer.encode_fast(document, false).map_err(|e| anyhow!("cannot encode: {e}"))?;
            row.extend_from_slice(encoding.get_ids());
        }
        Ok(row)
    }

    /// A run of random tokens, over and over: only a model that looks back can know more than nothing. Runs of 4 tokens
    /// are as frequent as those of twice, four times … as many. Of a short run it helps to know which tokens it has,
    /// and that is how copying is learned; a long one can only be followed by the token before.
    fn repeats(&mut self) -> Vec<u32> {
        let doublings = self.rng.random_range(2.0..(self.n_ctx as f64 / 2.0).log2());
        let length = doublings.exp2() as usize;
        let run: Vec<u32> = (0..length).map(|_| self.rng.random_range(1..VOCAB_SIZE as u32)).collect();
        let start = [END_OF_TEXT_ID];
        start.iter().chain(run.iter().cycle()).take(self.n_ctx + 1).copied().collect()
    }
}
