//! VaultGemma: Gemma 2 with norms only before each branch.

use anyhow::Result;
use serde::Deserialize;
use serde_json::Value;

use super::Architecture;
use super::gemma::norm;
use super::gemma2::Gemma2;
use super::llama::{embedding, gated_mlp, layer_of};
use crate::model::config::DecoderConfig;
use crate::model::decoder::{Block, Embedding};
use crate::model::norm::BranchNorms;
use crate::model::weights::Weights;

#[derive(Deserialize)]
pub(super) struct VaultGemma(Gemma2);

impl Architecture for VaultGemma {
    fn defaults(config: &Value) -> Value {
        Gemma2::defaults(config)
    }

    fn config(&self) -> Result<DecoderConfig> {
        self.0.decoder("VaultGemmaForCausalLM")
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let weights = layer_of(weights, layer);
        let norm = |name: &str| Ok::<_, anyhow::Error>(BranchNorms::before(norm(&weights, name, config)?));
        Ok(Block {
            attention: self.0.attention(&weights, config)?,
            attention_norms: norm("input_layernorm")?,
            mlp: Some(gated_mlp(&weights.at("mlp"), config, false)?),
            mlp_norms: norm("pre_feedforward_layernorm")?,
        })
    }
}
