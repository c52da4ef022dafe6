//! Llama, and the parts that its many relatives share: RMS norms, rotary heads, gated MLPs, key-value heads
//! shared by several query heads.

use anyhow::{Result, ensure};
use serde::Deserialize;

use super::Architecture;
use super::rotary::RotaryFields;
use crate::model::attention::Attention;
use crate::model::config::{DecoderConfig, LayerConfig, NormConfig, NormKind, Sizes};
use crate::model::decoder::{Block, Embedding};
use crate::model::linear::Linear;
use crate::model::mlp::{Activation, Mlp};
use crate::model::norm::BranchNorms;
use crate::model::weights::{Scope, Weights};

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Llama {
    #[serde(flatten)]
    common: LlamaFields,
    attention_bias: bool,
    mlp_bias: bool,
}

/// The keys that Llama and its relatives have in common.
#[derive(Deserialize, Clone)]
#[serde(default)]
pub(super) struct LlamaFields {
    pub hidden_size: usize,
    pub num_hidden_layers: usize,
    pub num_attention_heads: usize,
    /// As many as attention heads if absent.
    pub num_key_value_heads: Option<usize>,
    /// hidden_size / num_attention_heads if absent.
    pub head_dim: Option<usize>,
    pub intermediate_size: usize,
    pub max_position_embeddings: usize,
    pub vocab_size: usize,
    pub hidden_act: Activation,
    pub rms_norm_eps: f64,
    #[serde(flatten)]
    pub rotary: RotaryFields,
}

impl Default for LlamaFields {
    fn default() -> Self {
        LlamaFields {
            hidden_size: 4096,
            num_hidden_layers: 32,
            num_attention_heads: 32,
            num_key_value_heads: None,
            head_dim: None,
            intermediate_size: 11008,
            max_position_embeddings: 2048,
            vocab_size: 32000,
            hidden_act: Activation::Silu,
            rms_norm_eps: 1e-6,
            rotary: RotaryFields::default(),
        }
    }
}

impl LlamaFields {
    pub fn config(&self, architecture: &'static str) -> Result<DecoderConfig> {
        let sizes = Sizes {
            d_model: self.hidden_size,
            n_layers: self.num_hidden_layers,
            // A given head size need not divide the hidden size.
            n_heads: if self.head_dim.is_some() { 1 } else { self.num_attention_heads },
            d_mlp: self.intermediate_size,
            d_vocab: self.vocab_size,
            n_ctx: self.max_position_embeddings,
        };
        let common = DecoderConfig::common(architecture, sizes)?;
        let d_head = self.head_dim.unwrap_or(common.d_head);
        ensure!(d_head > 0, "head_dim is 0");
        let config = DecoderConfig {
            d_head,
            n_heads: self.num_attention_heads,
            n_key_value_heads: self.num_key_value_heads.unwrap_or(self.num_attention_heads),
            norm: NormConfig { kind: NormKind::Rms, eps: self.rms_norm_eps },
            activation: self.hidden_act,
            gated_mlp: true,
            layers: vec![LayerConfig::scaled_by_head_size(d_head); self.num_hidden_layers],
            ..common
        };
        Ok(config.with_rotary(self.rotary.rotary(d_head, self.max_position_embeddings)?))
    }
}

impl Architecture for Llama {
    fn config(&self) -> Result<DecoderConfig> {
        self.common.config("LlamaForCausalLM")
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let weights = model(weights).at("layers").at(layer);
        let biases = Biases { qkv: self.attention_bias, output: self.attention_bias };
        Ok(Block {
            attention: attention(&weights.at("self_attn"), config, biases)?,
            attention_norms: BranchNorms::before(weights.norm("input_layernorm", config.d_model, config.norm)?),
            mlp: Some(gated_mlp(&weights.at("mlp"), config, self.mlp_bias)?),
            mlp_norms: BranchNorms::before(weights.norm("post_attention_layernorm", config.d_model, config.norm)?),
        })
    }
}

/// Which maps of an attention layer have biases.
#[derive(Clone, Copy)]
pub(super) struct Biases {
    pub qkv: bool,
    pub output: bool,
}

pub(super) fn model(weights: &Weights) -> Scope<'_> {
    weights.below(&["model.", ""], "embed_tokens.weight")
}

pub(super) fn embedding(weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
    let tokens = model(weights).tensor("embed_tokens.weight", &[config.d_vocab, config.d_model])?;
    Ok(Embedding::of_tokens(tokens))
}

/// `q_proj`, `k_proj`, `v_proj` and `o_proj`.
pub(super) fn attention(weights: &Scope<'_>, config: &DecoderConfig, biases: Biases) -> Result<Attention> {
    let (d, queries, keys) = (config.d_model, config.n_heads * config.d_head, config.n_key_value_heads * config.d_head);
    let qkv = Linear::concat(&[
        weights.linear("q_proj", d, queries, biases.qkv)?,
        weights.linear("k_proj", d, keys, biases.qkv)?,
        weights.linear("v_proj", d, keys, biases.qkv)?,
    ])?;
    Ok(Attention::plain(qkv, weights.linear("o_proj", queries, d, biases.output)?))
}

/// `gate_proj`, `up_proj` and `down_proj`.
pub(super) fn gated_mlp(weights: &Scope<'_>, config: &DecoderConfig, bias: bool) -> Result<Mlp> {
    let (d, d_mlp) = (config.d_model, config.d_mlp.unwrap_or(0));
    Mlp::gated(
        weights.linear("gate_proj", d, d_mlp, bias)?,
        weights.linear("up_proj", d, d_mlp, bias)?,
        weights.linear("down_proj", d_mlp, d, bias)?,
        config.activation,
    )
}
