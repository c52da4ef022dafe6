//! Models: where their files come from, and the decoder that yields attention patterns.

pub mod arch;
pub mod attention;
mod blank;
pub mod catalog;
pub mod config;
pub mod decoder;
pub mod device;
mod entry;
pub mod files;
pub mod hub;
mod kernels;
pub mod linear;
pub mod mask;
pub mod mlp;
pub mod names;
pub mod norm;
pub mod rope;
mod size;
pub mod source;
pub mod weights;

use std::time::Duration;

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
    /// Of the weights' matrices, and on another device than the CPU of the activations; softmax and patterns are f32
    /// always.
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
        Self::load_with(files, options, options.device.is_cpu())
    }

    /// A model of the configuration of `files` with random weights, to be timed: optional tensors are there if `like`, a
    /// smaller model of the same architecture, has them.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn random(files: &ModelFiles, like: &ModelFiles, options: &LoadOptions) -> Result<Model> {
        Self::with_weights(files, &Weights::random(like)?, options, options.device.is_cpu())
    }

    /// What `config.json` says, without loading the weights.
    pub fn read_config(files: &ModelFiles) -> Result<DecoderConfig> {
        Ok(Self::architecture(files)?.1)
    }

    /// About how many bytes the weights will take, by what `config.json` says.
    pub fn weights_bytes(files: &ModelFiles, dtype: DType) -> Result<u64> {
        let (architecture, config) = Self::architecture(files)?;
        let own = (0..config.n_layers()).filter(|layer| architecture.shares_weights_of(*layer).is_none()).count();
        Ok(config.weights_bytes(dtype, own))
    }

    fn architecture(files: &ModelFiles) -> Result<(Box<dyn arch::Architecture>, DecoderConfig)> {
        let architecture = arch::open(files)?.architecture;
        let check = || -> Result<DecoderConfig> {
            let config = architecture.config()?;
            config.check()?;
            Ok(config)
        };
        let config = check().with_context(|| format!("cannot use {}", files.display("config.json")))?;
        Ok((architecture, config))
    }

    /// Compares the tensors that the files list with those that `config.json` asks for. No value is read.
    ///
    /// # Errors
    /// As [`Model::load`], but for values.
    pub fn check(files: &ModelFiles) -> Result<()> {
        let (architecture, config) = Self::architecture(files)?;
        let weights = Self::weights(files)?.without_values();
        architecture.embedding(&weights, &config)?;
        let mut own = (0..config.n_layers()).filter(|layer| architecture.shares_weights_of(*layer).is_none());
        own.try_for_each(|layer| architecture.block(&weights, &config, layer).map(drop))
    }

    fn weights(files: &ModelFiles) -> Result<Weights> {
        Ok(Weights::open(files)?.tied(arch::open(files)?.embedding_names))
    }

    fn load_with(files: &ModelFiles, options: &LoadOptions, fused: bool) -> Result<Model> {
        // What config.json has no place for is told first.
        Self::architecture(files)?;
        Self::with_weights(files, &Self::weights(files)?, options, fused)
    }

    fn with_weights(files: &ModelFiles, weights: &Weights, options: &LoadOptions, fused: bool) -> Result<Model> {
        let LoadOptions { device, dtype } = options;
        let (architecture, config) = Self::architecture(files)?;
        let embedding = architecture.embedding(weights, &config)?.to(device, *dtype)?;
        let mut blocks: Vec<Block> = Vec::with_capacity(config.n_layers());
        for layer in 0..config.n_layers() {
            let shared = architecture.shares_weights_of(layer).and_then(|earlier| blocks.get(earlier).cloned());
            let mut block = match shared {
                Some(block) => block,
                None => architecture.block(weights, &config, layer)?.to(device, *dtype)?,
            };
            if layer + 1 == config.n_layers() {
                block.keep_patterns_only(&config)?;
            }
            blocks.push(block);
        }
        let mut entry = entry::entry(&files.name, &config, options);
        entry.rest.insert("tokenizer_name".to_owned(), files.tokenizer_name.as_str().into());
        let decoder = if fused {
            AnyDecoder::Fused(Decoder { config, embedding, blocks, kernels: Fused::default() })
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

    /// Time that was spent on attention since the model was loaded: scores, softmax and mixtures of values. None of it is
    /// counted on another device than the CPU.
    pub fn attention_time(&self) -> Duration {
        match &self.decoder {
            AnyDecoder::Fused(decoder) => decoder.kernels.attention_time(),
            AnyDecoder::Composed(_) => Duration::ZERO,
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
        self.config().patterns_bytes(n_tokens).saturating_add(self.config().activations_bytes(n_tokens))
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

    /// The largest and the average difference over all cells of two ways to run a fixture, for every fixture.
    fn differences(other: DType, fused: bool) -> Vec<(String, f32, f32)> {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/models");
        let folders = std::fs::read_dir(fixtures).unwrap().map(|entry| entry.unwrap().path());
        let difference = |folder: std::path::PathBuf| {
            let files = ModelFiles::folder(&folder).unwrap();
            let ids: Vec<u32> = (0..20).map(|i| i * i % 64).collect();
            let patterns = |dtype, fused| {
                let options = LoadOptions { dtype, ..LoadOptions::default() };
                Model::load_with(&files, &options, fused).unwrap().patterns(&[&ids[..7], &ids]).unwrap()
            };
            let (mut worst, mut sum, mut count) = (0f32, 0f32, 0);
            for (one, other) in patterns(DType::F32, true).iter().zip(patterns(other, fused)) {
                for (one, other) in one.layers.iter().zip(other.layers) {
                    for (one, other) in one.iter().zip(&other) {
                        worst = worst.max((one - other).abs());
                        sum += (one - other).abs();
                        count += 1;
                        assert!(*one != 0.0 || *other == 0.0, "{}: a masked cell is {other}", folder.display());
                    }
                    // Less than 1 is left where a sink takes its share, which differs like all else.
                    let whole = |sum: f32| (sum - 1.0).abs() < 1e-5;
                    for (row, other) in one.rows().into_iter().zip(other.rows()) {
                        let sum = other.sum();
                        assert!(whole(sum) || !whole(row.sum()), "{}: a row's sum is {sum}", folder.display());
                    }
                }
            }
            (folder.file_name().unwrap_or_default().to_string_lossy().into_owned(), worst, sum / count as f32)
        };
        folders.filter(|folder| folder.is_dir()).map(difference).collect()
    }

    fn assert_all_below(differences: &[(String, f32, f32)], [largest, average]: [f32; 2]) {
        assert!(!differences.is_empty());
        for (folder, worst, mean) in differences {
            assert!(*worst < largest && *mean < average, "{folder}: {worst:e}, on average {mean:e}");
        }
    }

    /// Both kinds of kernels yield the same patterns, for every fixture.
    #[test]
    fn kernels_agree() {
        assert_all_below(&differences(DType::F32, false), [1e-5, 1e-5]);
    }

    /// On the CPU only the matrices lose precision. The fixtures' scores are larger than those of trained models, so that
    /// single cells move far.
    #[test]
    fn half_precision_is_near() {
        assert_all_below(&differences(DType::F16, true), [5e-3, 5e-4]);
        assert_all_below(&differences(DType::BF16, true), [0.2, 2e-3]);
    }

    /// On other devices the activations do too.
    #[test]
    fn half_precision_of_all_is_near() {
        assert_all_below(&differences(DType::F16, false), [5e-2, 2e-3]);
    }
}
