//! Models: where their files come from, and the decoder that yields attention patterns.

pub mod arch;
pub mod attention;
pub mod config;
pub mod decoder;
mod entry;
pub mod files;
mod kernels;
pub mod linear;
pub mod mask;
pub mod mlp;
pub mod norm;
pub mod rope;
pub mod weights;

use anyhow::{Context as _, Result, bail, ensure};
use candle_core::{DType, Device};
use lens_schema::ModelEntry;
use ndarray::Array3;

use crate::pattern::AttentionPatterns;
use config::DecoderConfig;
use decoder::{Block, Decoder};
use files::ModelFiles;
use kernels::{Composed, Fused};
use weights::Weights;

pub use config::BosPolicy;

/// Tokens that go through the layers together: enough for full speed, little enough for activations that
/// stay in the memory that the allocator keeps at hand.
const TOKENS_PER_PASS: usize = 2048;

/// Where and how precisely a model computes.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    pub device: Device,
    /// Of weights and activations; softmax and patterns are f32 always.
    pub dtype: DType,
}

impl Default for LoadOptions {
    /// f32 on the CPU.
    fn default() -> Self {
        LoadOptions { device: Device::Cpu, dtype: DType::F32 }
    }
}

/// A loaded model.
#[derive(Debug)]
pub struct Model {
    entry: ModelEntry,
    decoder: AnyDecoder,
}

#[derive(Debug)]
enum AnyDecoder {
    Fused(Decoder<Fused>),
    Composed(Decoder<Composed>),
}

impl Model {
    /// Loads `config.json` and the weights of a model folder.
    ///
    /// # Errors
    /// An architecture or a configuration that is not supported; weights that are missing, damaged, of another
    /// shape than the configuration asks for, or not finite.
    pub fn load(files: &ModelFiles, options: &LoadOptions) -> Result<Model> {
        let fused = options.device.is_cpu() && options.dtype == DType::F32;
        Self::load_with(files, options, fused)
    }

    /// What `config.json` says, without loading the weights.
    pub fn read_config(files: &ModelFiles) -> Result<DecoderConfig> {
        Ok(Self::architecture(files)?.1)
    }

    fn architecture(files: &ModelFiles) -> Result<(Box<dyn arch::Architecture>, DecoderConfig)> {
        let architecture = arch::open(files)?;
        let check = || -> Result<DecoderConfig> {
            let config = architecture.config()?;
            config.check()?;
            Ok(config)
        };
        let config = check().with_context(|| format!("cannot use {}", files.display("config.json")))?;
        Ok((architecture, config))
    }

    fn load_with(files: &ModelFiles, LoadOptions { device, dtype }: &LoadOptions, fused: bool) -> Result<Model> {
        let (architecture, config) = Self::architecture(files)?;
        let weights = Weights::open(files)?;
        let embedding = architecture.embedding(&weights, &config)?.to(device, *dtype)?;
        let mut blocks: Vec<Block> = Vec::with_capacity(config.n_layers());
        for layer in 0..config.n_layers() {
            let shared = architecture.shares_weights_of(layer).and_then(|earlier| blocks.get(earlier).cloned());
            let mut block = match shared {
                Some(block) => block,
                None => architecture.block(&weights, &config, layer)?.to(device, *dtype)?,
            };
            if layer + 1 == config.n_layers() {
                block.keep_patterns_only(&config)?;
            }
            blocks.push(block);
        }
        let entry = entry::entry(&files.name, &config, *dtype);
        let decoder = if fused {
            AnyDecoder::Fused(Decoder { config, embedding, blocks, kernels: Fused })
        } else {
            let kernels = Composed { device: device.clone(), dtype: *dtype };
            AnyDecoder::Composed(Decoder { config, embedding, blocks, kernels })
        };
        Ok(Model { entry, decoder })
    }

    /// The model's entry in the indexes.
    pub fn entry(&self) -> &ModelEntry {
        &self.entry
    }

    /// The longest input in tokens.
    pub fn n_ctx(&self) -> usize {
        self.config().n_ctx
    }

    /// Special tokens of an input unless the user says otherwise, as TransformerLens has them.
    pub fn bos_policy(&self) -> BosPolicy {
        self.config().bos
    }

    pub fn config(&self) -> &DecoderConfig {
        match &self.decoder {
            AnyDecoder::Fused(decoder) => &decoder.config,
            AnyDecoder::Composed(decoder) => &decoder.config,
        }
    }

    /// The attention patterns of each input, in the order given. Inputs are token ids, without padding; the
    /// result of one does not depend on the others.
    ///
    /// # Errors
    /// An input that is empty or longer than [`Model::n_ctx`], or has an id that the model lacks.
    pub fn patterns(&self, batch: &[&[u32]]) -> Result<Vec<AttentionPatterns>> {
        let config = self.config();
        for (at, ids) in batch.iter().enumerate() {
            ensure!(!ids.is_empty(), "input {at} of the batch has no tokens");
            ensure!(ids.len() <= config.n_ctx, "an input of {} tokens; the model takes {}", ids.len(), config.n_ctx);
            if let Some(id) = ids.iter().find(|id| **id as usize >= config.d_vocab) {
                bail!("token id {id} is outside of the model's vocabulary of {}", config.d_vocab);
            }
        }
        let mut patterns = Vec::with_capacity(batch.len());
        let mut rest = batch;
        while !rest.is_empty() {
            let mut tokens = 0;
            let fits = |ids: &&&[u32]| {
                tokens += ids.len();
                tokens <= TOKENS_PER_PASS
            };
            let (pass, others) = rest.split_at(rest.iter().take_while(fits).count().max(1));
            let layers = match &self.decoder {
                AnyDecoder::Fused(decoder) => decoder.patterns(pass)?,
                AnyDecoder::Composed(decoder) => decoder.patterns(pass)?,
            };
            patterns.extend(layers.into_iter().map(|layers| AttentionPatterns { layers, causal: config.causal }));
            rest = others;
        }
        for (ids, patterns) in batch.iter().zip(&patterns) {
            let finite = |p: &Array3<f32>| p.iter().step_by(ids.len() + 1).all(|v| v.is_finite());
            if let Some(layer) = patterns.layers.iter().position(|p| !finite(p)) {
                bail!(
                    "layer {layer} of {} has attention that is not a number; try another --dtype",
                    self.entry.model_name
                );
            }
        }
        Ok(patterns)
    }

    /// About how many bytes an input of `n_tokens` needs: its patterns, and its share of the activations of a pass.
    pub fn patterns_bytes(&self, n_tokens: usize) -> u64 {
        let config = self.config();
        let n = n_tokens as u64;
        let patterns = (config.n_layers() * config.n_heads) as u64 * n * n;
        let hidden = config.d_mlp.unwrap_or(0) * if config.gated_mlp { 3 } else { 1 };
        let activations = n * (4 * config.d_model + config.d_qkv() + hidden) as u64;
        size_of::<f32>() as u64 * (patterns + activations)
    }
}

impl Block {
    /// Drops what the last layer does not need: values, output and MLP.
    fn keep_patterns_only(&mut self, config: &DecoderConfig) -> Result<()> {
        let used = (config.n_heads + config.n_key_value_heads) * config.d_head;
        self.attention.qkv = self.attention.qkv.first_outputs(used)?;
        self.mlp = None;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// Both kinds of kernels yield the same patterns, for every fixture.
    #[test]
    fn kernels_agree() {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/models");
        let mut compared = 0;
        for entry in std::fs::read_dir(fixtures).unwrap() {
            let folder = entry.unwrap().path();
            if !folder.is_dir() {
                continue;
            }
            let files = ModelFiles::folder(&folder).unwrap();
            let models = [true, false].map(|f| Model::load_with(&files, &LoadOptions::default(), f).unwrap());
            let ids: Vec<u32> = (0..20).map(|i| i * i % 64).collect();
            let [fused, composed] = models.map(|m| m.patterns(&[&ids[..7], &ids]).unwrap());
            for (fused, composed) in fused.iter().zip(&composed) {
                for (fused, composed) in fused.layers.iter().zip(&composed.layers) {
                    let worst = fused.iter().zip(composed).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                    assert!(worst < 1e-5, "{}: {worst:e}", folder.display());
                }
            }
            compared += 1;
        }
        assert!(compared > 0);
    }
}
