//! Nemotron and Minitron: partly turned heads, MLPs without gate, and layer norms that store their weight less 1.

use anyhow::{Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Architecture;
use super::llama::{Biases, LlamaFields, attention, defaults_with, embedding, layer_of, plain_mlp};
use crate::model::config::{DecoderConfig, NormConfig, NormKind};
use crate::model::decoder::{Block, Embedding};
use crate::model::norm::BranchNorms;
use crate::model::rope::Scaling;
use crate::model::weights::Weights;

#[derive(Deserialize)]
pub(super) struct Nemotron {
    #[serde(flatten)]
    common: LlamaFields,
    norm_eps: f64,
    attention_bias: Option<bool>,
    mlp_bias: Option<bool>,
}

impl Architecture for Nemotron {
    fn defaults(_: &Value) -> Value {
        defaults_with(json!({
            "vocab_size": 256_000,
            "hidden_size": 6144,
            "intermediate_size": 24576,
            "num_attention_heads": 48,
            "hidden_act": "relu2",
            "max_position_embeddings": 4096,
            "norm_eps": 1e-5,
            "partial_rotary_factor": 0.5,
        }))
    }

    fn config(&self) -> Result<DecoderConfig> {
        let config = self.common.partly_turned("NemotronForCausalLM")?;
        ensure!(
            config.rotary.iter().all(|rotary| rotary.scaling == Scaling::None),
            "versions of transformers differ in whether they stretch the rotary embedding of Nemotron; it is not supported"
        );
        let norm = NormConfig { kind: NormKind::Layer, eps: self.norm_eps };
        Ok(DecoderConfig { norm, gated_mlp: false, ..config })
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let weights = layer_of(weights, layer);
        let norm = |name: &str| -> Result<BranchNorms> {
            Ok(BranchNorms::before(weights.norm(name, config.d_model, config.norm)?.weight_plus(1.0)?))
        };
        let biases = Biases::all(self.attention_bias == Some(true));
        Ok(Block {
            attention: attention(&weights.at("self_attn"), config, biases)?,
            attention_norms: norm("input_layernorm")?,
            mlp: Some(plain_mlp(&weights.at("mlp"), config, self.mlp_bias == Some(true))?),
            mlp_norms: norm("post_attention_layernorm")?,
        })
    }
}
