//! GPT-J: neighbouring dimensions of a part of each head are turned; attention and MLP stand side by side behind
//! one norm.

use anyhow::Result;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Architecture;
use crate::model::attention::Attention;
use crate::model::config::{DecoderConfig, NormConfig, NormKind, Residual, Sizes};
use crate::model::decoder::{Block, Embedding};
use crate::model::linear::Linear;
use crate::model::mlp::{Activation, Mlp};
use crate::model::norm::BranchNorms;
use crate::model::rope::Rotary;
use crate::model::weights::{Scope, Weights};

#[derive(Deserialize)]
#[serde(default)]
pub(super) struct GptJ {
    n_embd: usize,
    n_layer: usize,
    n_head: usize,
    n_positions: usize,
    /// 4 · n_embd if absent.
    n_inner: Option<usize>,
    vocab_size: usize,
    /// Dimensions of each head that are turned; `null`: as many as the hidden size, which must then be one head.
    rotary_dim: Option<usize>,
    activation_function: Activation,
    layer_norm_epsilon: f64,
}

impl Default for GptJ {
    fn default() -> Self {
        GptJ {
            n_embd: 4096,
            n_layer: 28,
            n_head: 16,
            n_positions: 2048,
            n_inner: None,
            vocab_size: 50400,
            rotary_dim: Some(64),
            activation_function: Activation::GeluTanh,
            layer_norm_epsilon: 1e-5,
        }
    }
}

impl GptJ {
    pub fn decoder(&self, architecture: &'static str) -> Result<DecoderConfig> {
        let sizes = Sizes {
            d_model: self.n_embd,
            n_layers: self.n_layer,
            n_heads: self.n_head,
            d_mlp: self.n_inner.unwrap_or(4 * self.n_embd),
            d_vocab: self.vocab_size,
            n_ctx: self.n_positions,
        };
        let config = DecoderConfig {
            residual: Residual::Parallel,
            norm: NormConfig { kind: NormKind::Layer, eps: self.layer_norm_epsilon },
            activation: self.activation_function,
            ..DecoderConfig::common(architecture, sizes)?
        };
        let dims = self.rotary_dim.unwrap_or(self.n_embd);
        Ok(config.with_rotary(Rotary { interleaved: true, ..Rotary::new(dims, 10_000.0) }))
    }
}

impl Architecture for GptJ {
    fn defaults(_: &Value) -> Value {
        json!({"tie_word_embeddings": false})
    }

    fn config(&self) -> Result<DecoderConfig> {
        self.decoder("GPTJForCausalLM")
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        Ok(Embedding::of_tokens(model(weights).token_embedding("wte.weight", [config.d_vocab, config.d_model])?))
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let (weights, d) = (model(weights).at("h").at(layer), config.d_model);
        let parts = ["q_proj", "k_proj", "v_proj"].map(|name| weights.at("attn").linear(name, d, d, false));
        block(&weights, config, Linear::concat(&parts.into_iter().collect::<Result<Vec<_>>>()?)?)
    }
}

pub(super) fn model(weights: &Weights) -> Scope<'_> {
    weights.below(&["transformer.", ""], "wte.weight")
}

/// A layer whose queries, keys and values come from `qkv`.
pub(super) fn block(weights: &Scope<'_>, config: &DecoderConfig, qkv: Linear) -> Result<Block> {
    let (d, d_mlp) = (config.d_model, config.d_mlp.unwrap_or(0));
    let (up, down) = (weights.linear("mlp.fc_in", d, d_mlp, true)?, weights.linear("mlp.fc_out", d_mlp, d, true)?);
    Ok(Block {
        attention: Attention::plain(qkv, weights.linear("attn.out_proj", d, d, false)?),
        attention_norms: BranchNorms::before(weights.norm("ln_1", d, config.norm)?),
        mlp: Some(Mlp::dense(up, down, config.activation)),
        mlp_norms: BranchNorms::default(),
    })
}
