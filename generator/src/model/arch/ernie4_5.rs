//! ERNIE 4.5 without experts: Llama in which neighbouring dimensions of heads are turned together.

use anyhow::Result;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Architecture;
use super::llama::{Biases, LlamaFields, attention, block, defaults_with, embedding, gated_mlp, layer_of};
use crate::model::config::DecoderConfig;
use crate::model::decoder::{Block, Embedding};
use crate::model::weights::Weights;

#[derive(Deserialize)]
pub(super) struct Ernie45 {
    #[serde(flatten)]
    common: LlamaFields,
    use_bias: Option<bool>,
}

impl Architecture for Ernie45 {
    fn defaults(_: &Value) -> Value {
        defaults_with(json!({
            "vocab_size": 103_424,
            "hidden_size": 1024,
            "intermediate_size": 3072,
            "num_hidden_layers": 18,
            "num_attention_heads": 16,
            "num_key_value_heads": 2,
            "head_dim": 128,
            "max_position_embeddings": 131_072,
            "rms_norm_eps": 1e-5,
            "rope_theta": 500_000.0,
            "tie_word_embeddings": true,
        }))
    }

    fn config(&self) -> Result<DecoderConfig> {
        Ok(self.common.config("Ernie4_5ForCausalLM")?.interleaved())
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let weights = layer_of(weights, layer);
        let bias = self.use_bias == Some(true);
        let attention = attention(&weights.at("self_attn"), config, Biases::all(bias))?;
        block(&weights, config, attention, gated_mlp(&weights.at("mlp"), config, bias)?)
    }
}
