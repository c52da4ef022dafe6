//! StableLM: Llama with layer norms, partly turned heads, and on demand attention and MLP side by side or norms of each
//! head's queries and keys.

use anyhow::Result;
use candle_core::Tensor;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Architecture;
use super::llama::{Biases, LlamaFields, attention, defaults_with, embedding, gated_mlp, layer_of};
use crate::model::attention::{Attention, HeadNorm};
use crate::model::config::{DecoderConfig, NormConfig, NormKind, Residual};
use crate::model::decoder::{Block, Embedding};
use crate::model::norm::{BranchNorms, Norm};
use crate::model::weights::{Scope, Weights};

#[derive(Deserialize)]
pub(super) struct StableLm {
    #[serde(flatten)]
    common: LlamaFields,
    layer_norm_eps: f64,
    use_qkv_bias: Option<bool>,
    qk_layernorm: Option<bool>,
    use_parallel_residual: Option<bool>,
}

impl Architecture for StableLm {
    fn defaults(_: &Value) -> Value {
        defaults_with(json!({
            "vocab_size": 50304,
            "intermediate_size": 6912,
            "hidden_size": 2560,
            "num_key_value_heads": 32,
            "max_position_embeddings": 4096,
            "layer_norm_eps": 1e-5,
            "partial_rotary_factor": 0.25,
        }))
    }

    fn config(&self) -> Result<DecoderConfig> {
        let parallel = self.use_parallel_residual == Some(true);
        Ok(DecoderConfig {
            norm: NormConfig { kind: NormKind::Layer, eps: self.layer_norm_eps },
            residual: if parallel { Residual::Parallel } else { Residual::Sequential },
            ..self.common.partly_turned("StableLmForCausalLM")?
        })
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let weights = layer_of(weights, layer);
        let norm = |name: &str| {
            Ok::<_, anyhow::Error>(BranchNorms::before(weights.norm(name, config.d_model, config.norm)?))
        };
        let own = weights.at("self_attn");
        let biases = Biases { qkv: self.use_qkv_bias == Some(true), output: false };
        let mut attention: Attention = attention(&own, config, biases)?;
        if self.qk_layernorm == Some(true) {
            attention.query_norm = Some(head_norms(&own.at("q_layernorm"), config, config.n_heads)?);
            attention.key_norm = Some(head_norms(&own.at("k_layernorm"), config, config.n_key_value_heads)?);
        }
        Ok(Block {
            attention,
            attention_norms: norm("input_layernorm")?,
            mlp: Some(gated_mlp(&weights.at("mlp"), config, false)?),
            // Side by side, both branches read the same norm.
            mlp_norms: match config.residual {
                Residual::Parallel => BranchNorms::default(),
                _ => norm("post_attention_layernorm")?,
            },
        })
    }
}

/// A norm without bias for every head.
fn head_norms(weights: &Scope<'_>, config: &DecoderConfig, n_heads: usize) -> Result<HeadNorm> {
    let weight = |head| weights.at("norms").at(head).tensor("weight", &[config.d_head]);
    let weights = (0..n_heads).map(weight).collect::<Result<Vec<_>>>()?;
    let NormConfig { kind, eps } = config.norm;
    let norm = Norm { kind, eps: eps as f32, weight: Some(Tensor::cat(&weights, 0)?), bias: None };
    Ok(HeadNorm { norm, per_head: true })
}
