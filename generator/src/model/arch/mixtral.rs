//! Mixtral: Mistral with several experts in place of the MLP.

use anyhow::Result;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Architecture;
use super::experts::mixture;
use super::llama::{Biases, LlamaFields, attention, block, defaults_with, embedding, layer_of};
use crate::model::config::{DecoderConfig, Experts, Routing};
use crate::model::decoder::{Block, Embedding};
use crate::model::weights::Weights;

#[derive(Deserialize)]
pub(super) struct Mixtral {
    #[serde(flatten)]
    common: LlamaFields,
    sliding_window: Option<usize>,
    num_local_experts: usize,
    num_experts_per_tok: usize,
}

impl Architecture for Mixtral {
    fn defaults(_: &Value) -> Value {
        defaults_with(json!({
            "intermediate_size": 14336,
            "num_key_value_heads": 8,
            "max_position_embeddings": 4096 * 32,
            "rms_norm_eps": 1e-5,
            "rope_theta": 1e6,
            "num_local_experts": 8,
            "num_experts_per_tok": 2,
        }))
    }

    fn config(&self) -> Result<DecoderConfig> {
        let experts = Experts {
            n_experts: self.num_local_experts,
            per_token: self.num_experts_per_tok,
            routing: Routing::SoftmaxOfChosen,
        };
        let config = self.common.config("MixtralForCausalLM")?.with_window(self.sliding_window);
        Ok(DecoderConfig { experts: Some(experts), ..config })
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let weights = layer_of(weights, layer);
        let attention = attention(&weights.at("self_attn"), config, Biases::NONE)?;
        // From version 5 of the library on it is called `mlp`.
        let old = weights.at("block_sparse_moe");
        let experts = if old.has("gate.weight") { old } else { weights.at("mlp") };
        block(&weights, config, attention, mixture(&experts, config, ["w1", "w3", "w2"])?)
    }
}
