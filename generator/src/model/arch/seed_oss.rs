//! Seed-OSS: Llama with biases of its own for queries, keys and values and for what attention puts out.

use anyhow::Result;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Architecture;
use super::llama::{Biases, LlamaFields, attention, block, defaults_with, embedding, gated_mlp, layer_of};
use crate::model::config::DecoderConfig;
use crate::model::decoder::{Block, Embedding};
use crate::model::weights::Weights;

#[derive(Deserialize)]
pub(super) struct SeedOss {
    #[serde(flatten)]
    common: LlamaFields,
    attention_bias: Option<bool>,
    attention_out_bias: Option<bool>,
    mlp_bias: Option<bool>,
}

impl Architecture for SeedOss {
    fn defaults(_: &Value) -> Value {
        defaults_with(json!({
            "vocab_size": 155_136,
            "intermediate_size": 27648,
            "num_hidden_layers": 64,
            "num_attention_heads": 80,
            "num_key_value_heads": 8,
            "head_dim": 128,
            "max_position_embeddings": 524_288,
            "attention_bias": true,
        }))
    }

    fn config(&self) -> Result<DecoderConfig> {
        self.common.config("SeedOssForCausalLM")
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let weights = layer_of(weights, layer);
        let biases = Biases { qkv: self.attention_bias == Some(true), output: self.attention_out_bias == Some(true) };
        let attention = attention(&weights.at("self_attn"), config, biases)?;
        block(&weights, config, attention, gated_mlp(&weights.at("mlp"), config, self.mlp_bias == Some(true))?)
    }
}
