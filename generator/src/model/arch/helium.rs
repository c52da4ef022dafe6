//! Helium: Llama in which neighbouring dimensions of heads are turned together.

use anyhow::Result;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Architecture;
use super::llama::{Biases, LlamaFields, attention, block, defaults_with, embedding, gated_mlp, layer_of};
use crate::model::config::DecoderConfig;
use crate::model::decoder::{Block, Embedding};
use crate::model::weights::Weights;

#[derive(Deserialize)]
pub(super) struct Helium {
    #[serde(flatten)]
    common: LlamaFields,
    attention_bias: Option<bool>,
    mlp_bias: Option<bool>,
}

impl Architecture for Helium {
    fn defaults(_: &Value) -> Value {
        defaults_with(json!({
            "vocab_size": 48000,
            "hidden_size": 2560,
            "intermediate_size": 7040,
            "num_hidden_layers": 24,
            "num_attention_heads": 20,
            "num_key_value_heads": 20,
            "head_dim": 128,
            "max_position_embeddings": 4096,
            "rms_norm_eps": 1e-8,
            "rope_theta": 100_000.0,
        }))
    }

    fn config(&self) -> Result<DecoderConfig> {
        Ok(self.common.config("HeliumForCausalLM")?.interleaved())
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let weights = layer_of(weights, layer);
        let biases = Biases { qkv: self.attention_bias == Some(true), output: false };
        let attention = attention(&weights.at("self_attn"), config, biases)?;
        block(&weights, config, attention, gated_mlp(&weights.at("mlp"), config, self.mlp_bias == Some(true))?)
    }
}
