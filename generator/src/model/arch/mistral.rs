//! Mistral: Llama without biases, and in every layer a window.

use anyhow::Result;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Architecture;
use super::llama::{Biases, LlamaFields, attention, block, defaults_with, embedding, gated_mlp, layer_of};
use crate::model::config::DecoderConfig;
use crate::model::decoder::{Block, Embedding};
use crate::model::weights::Weights;

#[derive(Deserialize)]
pub(super) struct Mistral {
    #[serde(flatten)]
    common: LlamaFields,
    sliding_window: Option<usize>,
}

impl Architecture for Mistral {
    fn defaults(_: &Value) -> Value {
        defaults_with(json!({
            "intermediate_size": 14336,
            "num_key_value_heads": 8,
            "max_position_embeddings": 4096 * 32,
            "sliding_window": 4096,
        }))
    }

    fn config(&self) -> Result<DecoderConfig> {
        Ok(self.common.config("MistralForCausalLM")?.with_window(self.sliding_window))
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let weights = layer_of(weights, layer);
        let attention = attention(&weights.at("self_attn"), config, Biases::NONE)?;
        block(&weights, config, attention, gated_mlp(&weights.at("mlp"), config, false)?)
    }
}
