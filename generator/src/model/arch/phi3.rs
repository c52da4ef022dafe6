//! Phi-3 and Phi-4: Llama with queries, keys and values in one map, and gate and up in another.

use anyhow::Result;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Architecture;
use super::llama::{LlamaFields, block, defaults_with, embedding, joined_mlp, layer_of};
use crate::model::attention::Attention;
use crate::model::config::DecoderConfig;
use crate::model::decoder::{Block, Embedding};
use crate::model::weights::Weights;

#[derive(Deserialize)]
pub(super) struct Phi3 {
    #[serde(flatten)]
    common: LlamaFields,
    sliding_window: Option<usize>,
}

impl Architecture for Phi3 {
    fn defaults(_: &Value) -> Value {
        defaults_with(json!({
            "vocab_size": 32064,
            "hidden_size": 3072,
            "intermediate_size": 8192,
            "max_position_embeddings": 4096,
            "original_max_position_embeddings": 4096,
            "rms_norm_eps": 1e-5,
        }))
    }

    fn config(&self) -> Result<DecoderConfig> {
        let mut fields = self.common.clone();
        // Two older names of it.
        for old in ["su", "yarn"] {
            fields.rotary.rename_type(old, "longrope");
        }
        Ok(fields.partly_turned("Phi3ForCausalLM")?.with_window(self.sliding_window))
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let weights = layer_of(weights, layer);
        let (own, d, queries) = (weights.at("self_attn"), config.d_model, config.n_heads * config.d_head);
        let qkv = own.linear("qkv_proj", d, config.d_qkv(), false)?;
        let attention = Attention::plain(qkv, own.linear("o_proj", queries, d, false)?);
        block(&weights, config, attention, joined_mlp(&weights.at("mlp"), config)?)
    }
}
