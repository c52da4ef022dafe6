//! Qwen 3: Qwen 2 with norms of queries and keys, head by head, in place of their biases.

use anyhow::Result;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Architecture;
use super::llama::{Biases, LlamaFields, attention, block, embedding, gated_mlp, layer_of};
use super::qwen2::{WindowFields, qwen_defaults};
use crate::model::attention::{Attention, HeadNorm};
use crate::model::config::{BosPolicy, DecoderConfig};
use crate::model::decoder::{Block, Embedding};
use crate::model::weights::{Scope, Weights};

#[derive(Deserialize)]
pub(super) struct Qwen3 {
    #[serde(flatten)]
    common: LlamaFields,
    #[serde(flatten)]
    window: WindowFields,
    attention_bias: Option<bool>,
}

impl Architecture for Qwen3 {
    fn defaults(_: &Value) -> Value {
        qwen_defaults(json!({"head_dim": 128}))
    }

    fn config(&self) -> Result<DecoderConfig> {
        let mut config = self.common.config("Qwen3ForCausalLM")?;
        self.window.apply(&mut config)?;
        Ok(DecoderConfig { bos: BosPolicy::None, ..config })
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let weights = layer_of(weights, layer);
        let attention = normed_attention(&weights.at("self_attn"), config, self.attention_bias == Some(true))?;
        block(&weights, config, attention, gated_mlp(&weights.at("mlp"), config, false)?)
    }
}

/// Attention with `q_norm` and `k_norm`, each shared by all heads.
pub(super) fn normed_attention(weights: &Scope<'_>, config: &DecoderConfig, bias: bool) -> Result<Attention> {
    let norm = |name: &str, heads| HeadNorm::shared(weights.norm(name, config.d_head, config.norm)?, heads);
    Ok(Attention {
        query_norm: Some(norm("q_norm", config.n_heads)?),
        key_norm: Some(norm("k_norm", config.n_key_value_heads)?),
        ..attention(weights, config, Biases::all(bias))?
    })
}
