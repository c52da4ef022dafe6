//! GLM-4: Llama with neighbouring dimensions of half a head turned together, and gate and up in one map. Its successor
//! of 2025 (`glm4`) also has norms after each branch.

use anyhow::Result;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Architecture;
use super::llama::{Biases, LlamaFields, attention, defaults_with, embedding, joined_mlp, layer_of};
use crate::model::config::DecoderConfig;
use crate::model::decoder::{Block, Embedding};
use crate::model::norm::BranchNorms;
use crate::model::weights::Weights;

#[derive(Deserialize)]
pub(super) struct Glm {
    #[serde(flatten)]
    common: LlamaFields,
    attention_bias: Option<bool>,
    model_type: String,
}

impl Glm {
    fn norms_after(&self) -> bool {
        self.model_type == "glm4"
    }
}

impl Architecture for Glm {
    fn defaults(_: &Value) -> Value {
        defaults_with(json!({
            "vocab_size": 151_552,
            "intermediate_size": 13696,
            "num_hidden_layers": 40,
            "num_key_value_heads": 2,
            "partial_rotary_factor": 0.5,
            "head_dim": 128,
            "max_position_embeddings": 131_072,
            "rms_norm_eps": 1.5625e-7,
            "attention_bias": true,
        }))
    }

    fn config(&self) -> Result<DecoderConfig> {
        let name = if self.norms_after() { "Glm4ForCausalLM" } else { "GlmForCausalLM" };
        Ok(self.common.partly_turned(name)?.interleaved())
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let weights = layer_of(weights, layer);
        let biases = Biases { qkv: self.attention_bias == Some(true), output: false };
        let norm = |name: &str| weights.norm(name, config.d_model, config.norm);
        let norms = |before: &str, inside: &str| -> Result<BranchNorms> {
            let inside = self.norms_after().then(|| norm(inside)).transpose()?;
            Ok(BranchNorms { inside, ..BranchNorms::before(norm(before)?) })
        };
        Ok(Block {
            attention: attention(&weights.at("self_attn"), config, biases)?,
            attention_norms: norms("input_layernorm", "post_self_attn_layernorm")?,
            mlp: Some(joined_mlp(&weights.at("mlp"), config)?),
            mlp_norms: norms("post_attention_layernorm", "post_mlp_layernorm")?,
        })
    }
}
