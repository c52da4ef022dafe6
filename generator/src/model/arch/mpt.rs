//! MPT: linear biases instead of positions, and no biases in maps and norms.
//!
//! The library computes one variant whatever most of `attn_config` says (`alibi`, `alibi_bias_max`, `prefix_lm`,
//! `attn_impl`, …), and so does this file. Weights that only another variant has are refused.

use anyhow::{Result, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

use super::Architecture;
use crate::model::attention::Attention;
use crate::model::config::{DecoderConfig, NormConfig, NormKind, Sizes};
use crate::model::decoder::{Block, Embedding};
use crate::model::mask::{Alibi, PositionBias};
use crate::model::mlp::{Activation, Mlp};
use crate::model::norm::BranchNorms;
use crate::model::weights::{Scope, Weights};

/// Names of the common sizes in other architectures, and in this one.
pub(super) const NAMES: &[(&str, &str)] =
    &[("hidden_size", "d_model"), ("num_hidden_layers", "n_layers"), ("num_attention_heads", "n_heads")];

#[derive(Deserialize)]
#[serde(default)]
pub(super) struct Mpt {
    d_model: usize,
    n_layers: usize,
    n_heads: usize,
    max_seq_len: usize,
    vocab_size: usize,
    layer_norm_epsilon: f64,
    attn_config: Option<AttentionFields>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct AttentionFields {
    attn_type: AttentionType,
    /// 0: no limit.
    clip_qkv: Option<f32>,
    /// 1 / √d_head if absent.
    softmax_scale: Option<f32>,
    /// Variants of MPT's own code that the library does not know.
    rope: Value,
    sliding_window_size: Value,
    attn_logit_softcapping: Value,
}

/// The library checks this value and does not use it; the shape of the weights tells.
#[derive(Deserialize, Default)]
#[serde(rename_all = "snake_case")]
enum AttentionType {
    #[default]
    MultiheadAttention,
    MultiqueryAttention,
}

impl Default for Mpt {
    fn default() -> Self {
        Mpt {
            d_model: 2048,
            n_layers: 24,
            n_heads: 16,
            max_seq_len: 2048,
            vocab_size: 50368,
            layer_norm_epsilon: 1e-5,
            attn_config: None,
        }
    }
}

impl AttentionFields {
    fn check(&self) -> Result<()> {
        let off = [Value::Null, Value::Bool(false), (-1).into()];
        for (key, value) in [
            ("rope", &self.rope),
            ("sliding_window_size", &self.sliding_window_size),
            ("attn_logit_softcapping", &self.attn_logit_softcapping),
        ] {
            ensure!(off.contains(value), "attn_config.{key} is {value}; it is not supported for MPT");
        }
        if let Some(limit) = self.clip_qkv {
            ensure!(limit >= 0.0, "attn_config.clip_qkv is {limit}; it must not be negative");
        }
        Ok(())
    }
}

impl Architecture for Mpt {
    fn config(&self) -> Result<DecoderConfig> {
        let sizes = Sizes {
            d_model: self.d_model,
            n_layers: self.n_layers,
            n_heads: self.n_heads,
            d_mlp: 4 * self.d_model,
            d_vocab: self.vocab_size,
            n_ctx: self.max_seq_len,
        };
        let common = DecoderConfig::common("MptForCausalLM", sizes)?;
        let slopes = Alibi::slopes(common.n_heads, false);
        let mut config = DecoderConfig {
            norm: NormConfig { kind: NormKind::Layer, eps: self.layer_norm_epsilon },
            activation: Activation::Gelu,
            position_bias: PositionBias::Alibi(Alibi { slopes, rounded: false, scaled: None, from_end: true }),
            positions: "alibi",
            ..common
        };
        if let Some(attention) = &self.attn_config {
            attention.check()?;
            config.clip_qkv = attention.clip_qkv.filter(|limit| *limit != 0.0);
            if let Some(scale) = attention.softmax_scale {
                config.layers.iter_mut().for_each(|layer| layer.scale = scale);
            }
        }
        Ok(config)
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        let weights = model(weights);
        refuse(&weights, "wpe.weight", "learned positions (attn_config.alibi is false)")?;
        Ok(Embedding::of_tokens(weights.token_embedding("wte.weight", [config.d_vocab, config.d_model])?))
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let (weights, d) = (model(weights).at("blocks").at(layer), config.d_model);
        refuse(&weights, "attn.q_ln.weight", "norms of queries and keys (attn_config.qk_ln)")?;
        refuse(&weights, "attn.Wqkv.bias", "biases (no_bias is false)")?;
        let norm = |name: &str| -> Result<BranchNorms> {
            Ok(BranchNorms::before(weights.norm_with(name, d, config.norm, false)?))
        };
        let up = weights.linear("ffn.up_proj", d, 4 * d, false)?;
        let down = weights.linear("ffn.down_proj", 4 * d, d, false)?;
        let qkv = weights.linear("attn.Wqkv", d, 3 * d, false)?;
        Ok(Block {
            attention: Attention::plain(qkv, weights.linear("attn.out_proj", d, d, false)?),
            attention_norms: norm("norm_1")?,
            mlp: Some(Mlp::dense(up, down, config.activation)),
            mlp_norms: norm("norm_2")?,
        })
    }
}

/// Refuses weights of a variant that is not computed.
fn refuse(weights: &Scope<'_>, name: &str, variant: &str) -> Result<()> {
    if weights.has(name) {
        bail!("an MPT with {variant} is not supported; the weights have {name}");
    }
    Ok(())
}

fn model(weights: &Weights) -> Scope<'_> {
    weights.below(&["transformer.", ""], "wte.weight")
}
