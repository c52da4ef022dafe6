//! Command R: attention and MLP side by side, layer norms without biases, and neighbouring dimensions of heads turned
//! together.

use anyhow::Result;
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
pub(super) struct Cohere {
    #[serde(flatten)]
    common: CohereFields,
    use_qk_norm: Option<bool>,
}

/// The keys that both generations have in common.
#[derive(Deserialize)]
pub(super) struct CohereFields {
    #[serde(flatten)]
    llama: LlamaFields,
    layer_norm_eps: f64,
    attention_bias: Option<bool>,
}

/// What both generations take for keys that are missing.
pub(super) fn cohere_defaults(own: Value) -> Value {
    let cohere = json!({
        "vocab_size": 256000,
        "hidden_size": 8192,
        "intermediate_size": 22528,
        "num_hidden_layers": 40,
        "num_attention_heads": 64,
        "max_position_embeddings": 8192,
        "layer_norm_eps": 1e-5,
        "tie_word_embeddings": true,
    });
    defaults_with(super::over(own, cohere))
}

impl CohereFields {
    pub fn config(&self, architecture: &'static str) -> Result<DecoderConfig> {
        Ok(DecoderConfig {
            norm: NormConfig { kind: NormKind::Layer, eps: self.layer_norm_eps },
            residual: Residual::Parallel,
            ..self.llama.config(architecture)?.interleaved()
        })
    }

    /// Both branches read the same norm.
    pub fn block(&self, weights: &Scope<'_>, config: &DecoderConfig) -> Result<Block> {
        let norm = weights.norm_with("input_layernorm", config.d_model, config.norm, false)?;
        let biases = Biases::all(self.attention_bias == Some(true));
        Ok(Block {
            attention: attention(&weights.at("self_attn"), config, biases)?,
            attention_norms: BranchNorms::before(norm),
            mlp: Some(gated_mlp(&weights.at("mlp"), config, false)?),
            mlp_norms: BranchNorms::default(),
        })
    }
}

impl Architecture for Cohere {
    fn defaults(_: &Value) -> Value {
        cohere_defaults(json!({}))
    }

    fn config(&self) -> Result<DecoderConfig> {
        self.common.config("CohereForCausalLM")
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let weights = layer_of(weights, layer);
        let mut block = self.common.block(&weights, config)?;
        if self.use_qk_norm == Some(true) {
            let own = weights.at("self_attn");
            block.attention = Attention {
                query_norm: Some(head_norms(&own.at("q_norm"), config, config.n_heads)?),
                key_norm: Some(head_norms(&own.at("k_norm"), config, config.n_key_value_heads)?),
                ..block.attention
            };
        }
        Ok(block)
    }
}

/// A norm for every head, stored as one matrix.
fn head_norms(weights: &Scope<'_>, config: &DecoderConfig, n_heads: usize) -> Result<HeadNorm> {
    let weight = weights.tensor("weight", &[n_heads, config.d_head])?.flatten_all()?;
    let NormConfig { kind, eps } = config.norm;
    Ok(HeadNorm { norm: Norm { kind, eps: eps as f32, weight: Some(weight), bias: None }, per_head: true })
}
