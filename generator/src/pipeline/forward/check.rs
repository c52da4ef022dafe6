//! What is looked at before a model is loaded: what is kept of it, and whether it fits into memory.

use anyhow::{Result, bail};
use candle_core::DType;
use lens_schema::index::INPUT_IDS;
use serde_json::Value;

use super::{Job, MODEL_CHECKSUM, ModelRun};
use crate::memory;
use crate::model::Model;
use crate::model::config::DecoderConfig;
use crate::pipeline::queue_len;

/// Bytes of a batch, unless --batch-size says otherwise: more gains nothing, and several batches are in memory at a time.
const BATCH_BYTES: std::ops::Range<u64> = 8 << 20..192 << 20;
/// The share of the memory that there is, where that is little.
const BATCH_SHARE: u64 = 16;

impl ModelRun<'_> {
    /// Refuses what would not fit, before the weights are read. Prompts are sorted, so the first batch is the largest.
    pub(super) fn check_memory(&self, jobs: &[Job]) -> Result<()> {
        let (config, load) = (Model::read_config(self.files)?, &self.run.load);
        let batch: Vec<&Job> = jobs.iter().take(self.batch_len(&config, jobs.iter().map(|job| job.rows))).collect();
        let patterns: u64 = batch.iter().map(|job| config.patterns_bytes(job.rows)).sum();
        let longest = batch.first().map_or(0, |job| job.rows);
        // Patterns in the queue and with the workers, who hold about as much again of what they make of them.
        let threads = rayon::current_num_threads();
        let waiting = (queue_len(threads) + 2 * threads).min(2 * jobs.len()) as u64;
        // A GPU's weights pass through a layer at a time.
        let weights = if load.device.is_cuda() { 0 } else { Model::weights_bytes(self.files, load.dtype)? };
        let need = memory::Need {
            weights: weights.saturating_add(config.layer_bytes()),
            batch: patterns.saturating_add(config.pass_bytes(batch.iter().map(|job| job.rows))),
            waiting: config.patterns_bytes(longest).saturating_mul(waiting),
        };
        let mut remedies = Vec::new();
        if load.dtype == DType::F32 {
            remedies.push("give --dtype bf16, which halves the weights".to_owned());
        }
        if batch.len() > 1 {
            remedies.push("give --batch-size 1".to_owned());
        }
        remedies.push(format!("give --max-tokens, so that prompts are shorter than {longest} tokens"));
        remedies.push("take a smaller model".to_owned());
        need.check(memory::available(), &remedies)
    }

    /// What is there was asked for once; it is kept, but not in silence where this run would give something else.
    pub(super) fn check_kept(&self) -> Result<()> {
        let (mut other_weights, mut other_tokens) = (0, 0);
        for &position in &self.kept {
            let prompt = &self.prompts[position];
            // A damaged file is told when it is its turn.
            let Ok(there) = self.work.data.prompt(&self.dir, &prompt.hash) else { continue };
            let checksum = there.rest.get(MODEL_CHECKSUM).and_then(Value::as_str);
            other_weights += usize::from(checksum.is_some_and(|c| c != self.checksum));
            if let (Some(encoder), Some(ids)) = (&self.encoder, there.rest.get(INPUT_IDS)) {
                let now = encoder.encode(&prompt.text).map(|tokens| Value::from(tokens.ids));
                other_tokens += usize::from(now.is_ok_and(|now| now != *ids));
            }
        }
        let (root, n_kept) = (self.work.data.root().display(), self.kept.len());
        if other_weights > 0 {
            bail!(
                "{other_weights} of the {n_kept} prompts that {root} has of it were run with other weights, another \
                 config.json or another --dtype; --force runs them again, another --save-path keeps both"
            );
        }
        if other_tokens > 0 {
            self.work.observer.note(&format!(
                "{}: {other_tokens} of the {n_kept} prompts that {root} has are kept as they were run, with other \
                 tokens than now (--max-tokens, --prepend-bos or the tokenizer differ); --force runs them again",
                self.files.name
            ));
        }
        Ok(())
    }

    /// How many inputs of these lengths go through the model together, at least 1.
    pub(super) fn batch_len(&self, config: &DecoderConfig, rows: impl ExactSizeIterator<Item = usize>) -> usize {
        if let Some(size) = self.run.batch_size {
            return size.min(rows.len());
        }
        let share = memory::available().unwrap_or(u64::MAX) / BATCH_SHARE;
        let most = share.clamp(BATCH_BYTES.start, BATCH_BYTES.end);
        let mut bytes = 0;
        let fits = |rows: &usize| {
            bytes += config.patterns_bytes(*rows) + config.activations_bytes(*rows);
            bytes <= most
        };
        rows.take_while(fits).count().max(1)
    }
}
