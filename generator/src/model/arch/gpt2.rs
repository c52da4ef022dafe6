//! GPT-2: learned positions, layer norms before attention and MLP, one matrix for queries, keys and values.

use anyhow::Result;
use serde::Deserialize;

use super::Architecture;
use crate::model::attention::Attention;
use crate::model::config::{DecoderConfig, NormConfig, NormKind, Sizes};
use crate::model::decoder::{Block, Embedding};
use crate::model::mlp::{Activation, Mlp};
use crate::model::norm::BranchNorms;
use crate::model::weights::{Scope, Weights};

/// Names of the common sizes in other architectures, and in GPT-2 and its relatives.
pub(super) const NAMES: &[(&str, &str)] = &[
    ("hidden_size", "n_embd"),
    ("num_hidden_layers", "n_layer"),
    ("num_attention_heads", "n_head"),
    ("max_position_embeddings", "n_positions"),
];

#[derive(Deserialize)]
#[serde(default)]
pub(super) struct Gpt2 {
    n_embd: usize,
    n_layer: usize,
    n_head: usize,
    n_positions: usize,
    /// 4 · n_embd if absent; 0 makes an attention-only model.
    n_inner: Option<usize>,
    vocab_size: usize,
    activation_function: Activation,
    layer_norm_epsilon: f64,
    scale_attn_weights: bool,
    scale_attn_by_inverse_layer_idx: bool,
}

impl Default for Gpt2 {
    fn default() -> Self {
        Gpt2 {
            n_embd: 768,
            n_layer: 12,
            n_head: 12,
            n_positions: 1024,
            n_inner: None,
            vocab_size: 50257,
            activation_function: Activation::GeluTanh,
            layer_norm_epsilon: 1e-5,
            scale_attn_weights: true,
            scale_attn_by_inverse_layer_idx: false,
        }
    }
}

impl Architecture for Gpt2 {
    fn config(&self) -> Result<DecoderConfig> {
        let sizes = Sizes {
            d_model: self.n_embd,
            n_layers: self.n_layer,
            n_heads: self.n_head,
            d_mlp: self.n_inner.unwrap_or(4 * self.n_embd),
            d_vocab: self.vocab_size,
            n_ctx: self.n_positions,
        };
        let mut config = DecoderConfig {
            norm: NormConfig { kind: NormKind::Layer, eps: self.layer_norm_epsilon },
            activation: self.activation_function,
            ..DecoderConfig::common("GPT2LMHeadModel", sizes)?
        };
        for (l, layer) in config.layers.iter_mut().enumerate() {
            if !self.scale_attn_weights {
                layer.scale = 1.0;
            }
            if self.scale_attn_by_inverse_layer_idx {
                layer.scale /= (l + 1) as f32;
            }
        }
        Ok(config)
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let (weights, d) = (model(weights).at("h").at(layer), config.d_model);
        let attention = weights.at("attn");
        let mut output = attention.conv1d("c_proj", d, d)?;
        let norm = |name: &str| Ok::<_, anyhow::Error>(BranchNorms::before(weights.norm(name, d, config.norm)?));
        let (mlp, mlp_norms) = match config.d_mlp {
            Some(d_mlp) => {
                let (up, down) = (weights.conv1d("mlp.c_fc", d, d_mlp)?, weights.conv1d("mlp.c_proj", d_mlp, d)?);
                (Some(Mlp::dense(up, down, config.activation)), norm("ln_2")?)
            }
            None => {
                // An MLP without hidden units still has the bias of its output.
                if weights.has("mlp.c_proj.bias") {
                    let bias = weights.tensor("mlp.c_proj.bias", &[d])?;
                    output.bias = output.bias.map(|b| b + bias).transpose()?;
                }
                (None, BranchNorms::default())
            }
        };
        Ok(Block {
            attention: Attention::plain(attention.conv1d("c_attn", d, 3 * d)?, output),
            attention_norms: norm("ln_1")?,
            mlp,
            mlp_norms,
        })
    }
}

pub(super) fn model(weights: &Weights) -> Scope<'_> {
    weights.below(&["transformer.", ""], "wte.weight")
}

/// Vectors of tokens and of positions.
pub(super) fn embedding(weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
    let weights = model(weights);
    let tokens = weights.token_embedding("wte.weight", [config.d_vocab, config.d_model])?;
    let positions = weights.tensor("wpe.weight", &[config.n_ctx, config.d_model])?;
    Ok(Embedding { positions: Some((positions, 0)), ..Embedding::of_tokens(tokens) })
}
