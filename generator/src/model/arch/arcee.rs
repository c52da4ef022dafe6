//! Arcee (AFM): Llama whose MLPs have no gate.

use anyhow::Result;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Architecture;
use super::llama::{Biases, LlamaFields, attention, block, defaults_with, embedding, layer_of, plain_mlp};
use crate::model::config::DecoderConfig;
use crate::model::decoder::{Block, Embedding};
use crate::model::weights::Weights;

#[derive(Deserialize)]
pub(super) struct Arcee {
    #[serde(flatten)]
    common: LlamaFields,
    attention_bias: Option<bool>,
    mlp_bias: Option<bool>,
}

impl Architecture for Arcee {
    fn defaults(_: &Value) -> Value {
        defaults_with(json!({
            "hidden_size": 2560,
            "intermediate_size": 18432,
            "hidden_act": "relu2",
            "max_position_embeddings": 4096,
            "rms_norm_eps": 1e-5,
        }))
    }

    fn config(&self) -> Result<DecoderConfig> {
        Ok(DecoderConfig { gated_mlp: false, ..self.common.config("ArceeForCausalLM")? })
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let weights = layer_of(weights, layer);
        let biases = Biases::all(self.attention_bias == Some(true));
        let attention = attention(&weights.at("self_attn"), config, biases)?;
        block(&weights, config, attention, plain_mlp(&weights.at("mlp"), config, self.mlp_bias == Some(true))?)
    }
}
