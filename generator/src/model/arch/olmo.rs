//! OLMo: Llama with layer norms that have no weights, and on demand queries, keys and values that are clipped.

use anyhow::Result;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Architecture;
use super::llama::{Biases, LlamaFields, attention, defaults_with, embedding, gated_mlp, layer_of};
use crate::model::config::{DecoderConfig, NormConfig, NormKind};
use crate::model::decoder::{Block, Embedding};
use crate::model::norm::{BranchNorms, Norm};
use crate::model::weights::Weights;

const NORM: NormConfig = NormConfig { kind: NormKind::Layer, eps: 1e-5 };

#[derive(Deserialize)]
pub(super) struct Olmo {
    #[serde(flatten)]
    common: LlamaFields,
    attention_bias: Option<bool>,
    clip_qkv: Option<f32>,
}

impl Architecture for Olmo {
    fn defaults(_: &Value) -> Value {
        defaults_with(json!({"vocab_size": 50304}))
    }

    fn config(&self) -> Result<DecoderConfig> {
        Ok(DecoderConfig { norm: NORM, clip_qkv: self.clip_qkv, ..self.common.config("OlmoForCausalLM")? })
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let weights = layer_of(weights, layer);
        let biases = Biases::all(self.attention_bias == Some(true));
        let norm = Norm { kind: NORM.kind, eps: NORM.eps as f32, weight: None, bias: None };
        Ok(Block {
            attention: attention(&weights.at("self_attn"), config, biases)?,
            attention_norms: BranchNorms::before(norm.clone()),
            mlp: Some(gated_mlp(&weights.at("mlp"), config, false)?),
            mlp_norms: BranchNorms::before(norm),
        })
    }
}
