//! Granite: Llama with multipliers of embeddings, attention scores and both branches.

use anyhow::Result;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Architecture;
use super::llama::{Biases, LlamaFields, attention, block, defaults_with, embedding, gated_mlp, layer_of};
use crate::model::config::DecoderConfig;
use crate::model::decoder::{Block, Embedding};
use crate::model::mlp::Mlp;
use crate::model::weights::{Scope, Weights};

#[derive(Deserialize)]
pub(super) struct Granite {
    #[serde(flatten)]
    common: LlamaFields,
    attention_bias: Option<bool>,
    mlp_bias: Option<bool>,
    embedding_multiplier: f32,
    residual_multiplier: f64,
    attention_multiplier: f32,
}

impl Granite {
    pub fn decoder(&self, architecture: &'static str) -> Result<DecoderConfig> {
        let mut config = self.common.config(architecture)?;
        config.layers.iter_mut().for_each(|layer| layer.scale = self.attention_multiplier);
        Ok(DecoderConfig { embedding_scale: Some(self.embedding_multiplier), ..config })
    }

    /// A layer whose branches are multiplied before they are added.
    pub fn block_with(&self, weights: &Scope<'_>, config: &DecoderConfig, mlp: Mlp) -> Result<Block> {
        let biases = Biases::all(self.attention_bias == Some(true));
        let attention = attention(&weights.at("self_attn"), config, biases)?;
        let mut block = block(weights, config, attention, mlp.scaled(self.residual_multiplier)?)?;
        block.attention.output = block.attention.output.scaled(self.residual_multiplier)?;
        Ok(block)
    }
}

impl Architecture for Granite {
    fn defaults(_: &Value) -> Value {
        defaults_with(json!({
            "embedding_multiplier": 1.0,
            "residual_multiplier": 1.0,
            "attention_multiplier": 1.0,
        }))
    }

    fn config(&self) -> Result<DecoderConfig> {
        self.decoder("GraniteForCausalLM")
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let weights = layer_of(weights, layer);
        self.block_with(&weights, config, gated_mlp(&weights.at("mlp"), config, self.mlp_bias == Some(true))?)
    }
}
