//! Llama, and the parts that its many relatives share: RMS norms, rotary heads, gated MLPs, key-value heads
//! shared by several query heads.

use anyhow::{Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use super::rotary::RotaryFields;
use super::{Architecture, over};
use crate::model::attention::Attention;
use crate::model::config::{DecoderConfig, LayerConfig, NormConfig, NormKind, Sizes};
use crate::model::decoder::{Block, Embedding};
use crate::model::linear::Linear;
use crate::model::mlp::{Activation, FeedForward, Gate, Mlp};
use crate::model::norm::BranchNorms;
use crate::model::weights::{Scope, Weights};

#[derive(Deserialize)]
pub(super) struct Llama {
    #[serde(flatten)]
    common: LlamaFields,
    attention_bias: Option<bool>,
    mlp_bias: Option<bool>,
}

/// The keys that Llama and its relatives have in common.
#[derive(Deserialize, Clone)]
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

/// What Llama's relatives take for keys that are missing: these values over Llama's own.
pub(super) fn defaults_with(own: Value) -> Value {
    let llama = json!({
        "hidden_size": 4096,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "intermediate_size": 11008,
        "max_position_embeddings": 2048,
        "vocab_size": 32000,
        "hidden_act": "silu",
        "rms_norm_eps": 1e-6,
        "rope_theta": 10000.0,
        "tie_word_embeddings": false,
    });
    over(own, llama)
}

impl LlamaFields {
    /// Everything but position embedding.
    pub fn unturned(&self, architecture: &'static str) -> Result<DecoderConfig> {
        let n_heads = self.num_attention_heads;
        ensure!(n_heads > 0, "the number of attention heads is 0");
        let d_head = self.head_dim.unwrap_or(self.hidden_size / n_heads);
        let sizes = Sizes {
            d_model: self.hidden_size,
            n_layers: self.num_hidden_layers,
            // Heads need not divide the hidden size.
            n_heads: 1,
            d_mlp: self.intermediate_size,
            d_vocab: self.vocab_size,
            n_ctx: self.max_position_embeddings,
        };
        Ok(DecoderConfig {
            d_head,
            n_heads,
            n_key_value_heads: self.num_key_value_heads.unwrap_or(n_heads),
            norm: NormConfig { kind: NormKind::Rms, eps: self.rms_norm_eps },
            activation: self.hidden_act,
            gated_mlp: true,
            layers: vec![LayerConfig::scaled_by_head_size(d_head); self.num_hidden_layers],
            ..DecoderConfig::common(architecture, sizes)?
        })
    }

    /// With whole heads turned in every layer.
    pub fn config(&self, architecture: &'static str) -> Result<DecoderConfig> {
        let config = self.unturned(architecture)?;
        let rotary = self.rotary.whole(config.d_head, config.n_ctx)?;
        Ok(config.with_rotary(rotary))
    }

    /// With parts of heads turned in every layer.
    pub fn partly_turned(&self, architecture: &'static str) -> Result<DecoderConfig> {
        let config = self.unturned(architecture)?;
        let rotary = self.rotary.rotary(config.d_head, config.n_ctx)?;
        Ok(config.with_rotary(rotary))
    }
}

impl Architecture for Llama {
    fn defaults(_: &Value) -> Value {
        defaults_with(json!({}))
    }

    fn config(&self) -> Result<DecoderConfig> {
        self.common.config("LlamaForCausalLM")
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let weights = layer_of(weights, layer);
        let biases = Biases::all(self.attention_bias == Some(true));
        let attention = attention(&weights.at("self_attn"), config, biases)?;
        let mlp = gated_mlp(&weights.at("mlp"), config, self.mlp_bias == Some(true))?;
        block(&weights, config, attention, mlp)
    }
}

/// Which maps of an attention layer have biases.
#[derive(Clone, Copy)]
pub(super) struct Biases {
    pub qkv: bool,
    pub output: bool,
}

impl Biases {
    pub const NONE: Biases = Biases::all(false);

    pub const fn all(present: bool) -> Biases {
        Biases { qkv: present, output: present }
    }
}

fn model(weights: &Weights) -> Scope<'_> {
    // The last two: the text part of a model that also reads pictures.
    weights.below(&["model.", "", "model.language_model.", "language_model.model."], "embed_tokens.weight")
}

/// The weights of one layer.
pub(super) fn layer_of(weights: &Weights, layer: usize) -> Scope<'_> {
    model(weights).at("layers").at(layer)
}

pub(super) fn embedding(weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
    let tokens = model(weights).token_embedding("embed_tokens.weight", [config.d_vocab, config.d_model])?;
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
    gated_mlp_of(weights, config, config.d_mlp.unwrap_or(0), bias)
}

/// As [`gated_mlp`], of another width than most of the model's.
pub(super) fn gated_mlp_of(weights: &Scope<'_>, config: &DecoderConfig, d_mlp: usize, bias: bool) -> Result<Mlp> {
    let d = config.d_model;
    Mlp::gated(
        weights.linear("gate_proj", d, d_mlp, bias)?,
        weights.linear("up_proj", d, d_mlp, bias)?,
        weights.linear("down_proj", d_mlp, d, bias)?,
        config.activation,
    )
}

/// `up_proj` and `down_proj`, without gate.
pub(super) fn plain_mlp(weights: &Scope<'_>, config: &DecoderConfig, bias: bool) -> Result<Mlp> {
    let (d, d_mlp) = (config.d_model, config.d_mlp.unwrap_or(0));
    let (up, down) = (weights.linear("up_proj", d, d_mlp, bias)?, weights.linear("down_proj", d_mlp, d, bias)?);
    Ok(Mlp::dense(up, down, config.activation))
}

/// `gate_up_proj`, the gate first, and `down_proj`.
pub(super) fn joined_mlp(weights: &Scope<'_>, config: &DecoderConfig) -> Result<Mlp> {
    let (d, d_mlp) = (config.d_model, config.d_mlp.unwrap_or(0));
    Ok(Mlp::Dense(FeedForward {
        up: weights.linear("gate_up_proj", d, 2 * d_mlp, false)?,
        down: weights.linear("down_proj", d_mlp, d, false)?,
        activation: config.activation,
        gate: Gate::Plain,
    }))
}

/// A layer with a norm before each branch.
pub(super) fn block(weights: &Scope<'_>, config: &DecoderConfig, attention: Attention, mlp: Mlp) -> Result<Block> {
    let norm = |name: &str| weights.norm(name, config.d_model, config.norm);
    Ok(Block {
        attention,
        attention_norms: BranchNorms::before(norm("input_layernorm")?),
        mlp: Some(mlp),
        mlp_norms: BranchNorms::before(norm("post_attention_layernorm")?),
    })
}
