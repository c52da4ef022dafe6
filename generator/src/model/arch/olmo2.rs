//! OLMo 2: Llama with its norms after each branch, and norms of all queries and of all keys together.

use anyhow::Result;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Architecture;
use super::llama::{Biases, LlamaFields, attention, defaults_with, embedding, gated_mlp, layer_of};
use crate::model::attention::{Attention, HeadNorm};
use crate::model::config::DecoderConfig;
use crate::model::decoder::{Block, Embedding};
use crate::model::norm::BranchNorms;
use crate::model::weights::{Scope, Weights};

#[derive(Deserialize)]
pub(super) struct Olmo2 {
    #[serde(flatten)]
    common: LlamaFields,
    attention_bias: Option<bool>,
}

impl Architecture for Olmo2 {
    fn defaults(_: &Value) -> Value {
        defaults_with(json!({"vocab_size": 50304, "rms_norm_eps": 1e-5}))
    }

    fn config(&self) -> Result<DecoderConfig> {
        self.common.config("Olmo2ForCausalLM")
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        block(&layer_of(weights, layer), config, self.attention_bias == Some(true))
    }
}

/// A layer whose norms are of each branch's output, of queries and of keys.
pub(super) fn block(weights: &Scope<'_>, config: &DecoderConfig, bias: bool) -> Result<Block> {
    Ok(Block {
        attention: normed_attention(&weights.at("self_attn"), config, bias)?,
        attention_norms: norm_after(weights, "post_attention_layernorm", config)?,
        mlp: Some(gated_mlp(&weights.at("mlp"), config, false)?),
        mlp_norms: norm_after(weights, "post_feedforward_layernorm", config)?,
    })
}

/// Attention with `q_norm` of all queries and `k_norm` of all keys together.
pub(super) fn normed_attention(weights: &Scope<'_>, config: &DecoderConfig, bias: bool) -> Result<Attention> {
    let norm = |name: &str, heads: usize| -> Result<Option<HeadNorm>> {
        Ok(Some(HeadNorm { norm: weights.norm(name, heads * config.d_head, config.norm)?, per_head: false }))
    };
    Ok(Attention {
        query_norm: norm("q_norm", config.n_heads)?,
        key_norm: norm("k_norm", config.n_key_value_heads)?,
        ..attention(weights, config, Biases::all(bias))?
    })
}

/// A norm of what a branch puts out.
pub(super) fn norm_after(weights: &Scope<'_>, name: &str, config: &DecoderConfig) -> Result<BranchNorms> {
    Ok(BranchNorms { inside: Some(weights.norm(name, config.d_model, config.norm)?), ..BranchNorms::default() })
}
