//! Architectures: one file each, the only places that know Hugging Face's names and quirks.
//!
//! To add one: a file with its `config.json` and its tensor names, a line in [`ARCHITECTURES`], a fixture.

mod albert;
mod bert;
mod distilbert;
mod electra;
mod gpt2;
mod gpt_neo;
mod gpt_neox;
mod llama;
mod modernbert;
mod mpnet;
mod roberta;
mod rotary;
mod t5;

use anyhow::{Context as _, Result, bail};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::config::DecoderConfig;
use super::decoder::{Block, Embedding};
use super::files::ModelFiles;
use super::weights::Weights;

/// What one architecture's `config.json` says, and where its weights are.
pub trait Architecture {
    /// The decoder's configuration; an error names what is not supported.
    fn config(&self) -> Result<DecoderConfig>;
    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding>;
    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block>;
    /// An earlier layer that has the same weights.
    fn shares_weights_of(&self, _layer: usize) -> Option<usize> {
        None
    }
}

type Reader = fn(Value) -> Result<Box<dyn Architecture>>;

/// `model_type` of `config.json`, in alphabetical order.
const ARCHITECTURES: &[(&str, Reader)] = &[
    ("albert", read::<albert::Albert>),
    ("bert", read::<bert::Bert>),
    ("camembert", read::<roberta::Roberta>),
    ("distilbert", read::<distilbert::DistilBert>),
    ("electra", read::<electra::Electra>),
    ("gpt2", read::<gpt2::Gpt2>),
    ("gpt_neo", read::<gpt_neo::GptNeo>),
    ("gpt_neox", read::<gpt_neox::GptNeoX>),
    ("llama", read::<llama::Llama>),
    ("modernbert", read::<modernbert::ModernBert>),
    ("mpnet", read::<mpnet::MpNet>),
    ("mt5", read::<t5::T5>),
    ("roberta", read::<roberta::Roberta>),
    ("t5", read::<t5::T5>),
    ("umt5", read::<t5::T5>),
    ("xlm-roberta", read::<roberta::Roberta>),
];

fn read<A: Architecture + DeserializeOwned + 'static>(config: Value) -> Result<Box<dyn Architecture>> {
    Ok(Box::new(serde_json::from_value::<A>(config)?))
}

/// The supported values of `model_type`.
pub fn model_types() -> impl Iterator<Item = &'static str> {
    ARCHITECTURES.iter().map(|(name, _)| *name)
}

/// Reads a model folder's `config.json`.
pub(super) fn open(files: &ModelFiles) -> Result<Box<dyn Architecture>> {
    let path = files.display("config.json");
    let bytes = files.read("config.json")?.with_context(|| format!("{path} is missing: is this a model folder?"))?;
    let config: Value = serde_json::from_slice(&bytes).with_context(|| format!("{path} is not JSON"))?;
    let supported = || model_types().collect::<Vec<_>>().join(", ");
    let Some(model_type) = config.get("model_type").and_then(Value::as_str) else {
        bail!("{path} has no model_type; supported are {}", supported());
    };
    let Some((_, read)) = ARCHITECTURES.iter().find(|(name, _)| *name == model_type) else {
        bail!("{path}: model_type {model_type:?} is not supported; supported are {}", supported());
    };
    read(config.clone()).with_context(|| format!("cannot use {path}"))
}
