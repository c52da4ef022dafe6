//! OLMoE: Llama with experts, and norms of all queries and of all keys together.

use anyhow::{Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Architecture;
use super::experts::mixture;
use super::llama::{LlamaFields, block, defaults_with, embedding, layer_of};
use super::olmo2::normed_attention;
use crate::model::config::{DecoderConfig, Experts, Routing};
use crate::model::decoder::{Block, Embedding};
use crate::model::weights::Weights;

#[derive(Deserialize)]
pub(super) struct OlMoe {
    #[serde(flatten)]
    common: LlamaFields,
    attention_bias: Option<bool>,
    clip_qkv: Option<f32>,
    num_experts: Option<usize>,
    /// What version 5 of the library writes.
    num_local_experts: Option<usize>,
    num_experts_per_tok: usize,
    norm_topk_prob: Option<bool>,
}

impl Architecture for OlMoe {
    fn defaults(_: &Value) -> Value {
        defaults_with(json!({
            "vocab_size": 50304,
            "hidden_size": 2048,
            "intermediate_size": 2048,
            "num_hidden_layers": 16,
            "num_attention_heads": 16,
            "max_position_embeddings": 4096,
            "rms_norm_eps": 1e-5,
            "num_experts_per_tok": 8,
        }))
    }

    fn config(&self) -> Result<DecoderConfig> {
        ensure!(self.common.head_dim.is_none(), "head_dim is not supported for this model_type");
        let chosen = self.norm_topk_prob == Some(true);
        let experts = Experts {
            n_experts: self.num_experts.or(self.num_local_experts).unwrap_or(64),
            per_token: self.num_experts_per_tok,
            routing: if chosen { Routing::SoftmaxOfChosen } else { Routing::Softmax },
        };
        let config = self.common.config("OlmoeForCausalLM")?;
        Ok(DecoderConfig { experts: Some(experts), clip_qkv: self.clip_qkv, ..config })
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let weights = layer_of(weights, layer);
        let attention = normed_attention(&weights.at("self_attn"), config, self.attention_bias == Some(true))?;
        block(&weights, config, attention, mixture(&weights.at("mlp"), config, ["gate_proj", "up_proj", "down_proj"])?)
    }
}
