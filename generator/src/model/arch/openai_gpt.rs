//! GPT, the first: learned positions, and layer norms of the stream after attention and MLP.

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::Architecture;
use crate::model::attention::Attention;
use crate::model::config::{DecoderConfig, NormConfig, NormKind, Sizes};
use crate::model::decoder::{Block, Embedding};
use crate::model::mlp::{Activation, Mlp};
use crate::model::norm::BranchNorms;
use crate::model::weights::{Scope, Weights};

#[derive(Deserialize)]
#[serde(default)]
pub(super) struct OpenAiGpt {
    n_embd: usize,
    n_layer: usize,
    n_head: usize,
    n_positions: usize,
    vocab_size: usize,
    afn: String,
    layer_norm_epsilon: f64,
}

impl Default for OpenAiGpt {
    fn default() -> Self {
        OpenAiGpt {
            n_embd: 768,
            n_layer: 12,
            n_head: 12,
            n_positions: 512,
            vocab_size: 40478,
            afn: "gelu".to_owned(),
            layer_norm_epsilon: 1e-5,
        }
    }
}

/// The activations that the library has for this architecture. Its "gelu" is the approximation.
const ACTIVATIONS: [(&str, Activation); 4] = [
    ("gelu", Activation::GeluTanh),
    ("relu", Activation::Relu),
    ("silu", Activation::Silu),
    ("swish", Activation::Silu),
];

impl Architecture for OpenAiGpt {
    fn config(&self) -> Result<DecoderConfig> {
        let sizes = Sizes {
            d_model: self.n_embd,
            n_layers: self.n_layer,
            n_heads: self.n_head,
            d_mlp: 4 * self.n_embd,
            d_vocab: self.vocab_size,
            n_ctx: self.n_positions,
        };
        let names = || ACTIVATIONS.map(|(name, _)| name).join(", ");
        let activation = ACTIVATIONS.iter().find(|(name, _)| *name == self.afn);
        Ok(DecoderConfig {
            norm: NormConfig { kind: NormKind::Layer, eps: self.layer_norm_epsilon },
            activation: activation
                .with_context(|| format!("afn {:?} is not supported; supported are {}", self.afn, names()))?
                .1,
            ..DecoderConfig::common("OpenAIGPTLMHeadModel", sizes)?
        })
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        let weights = model(weights);
        let tokens = weights.token_embedding("tokens_embed.weight", [config.d_vocab, config.d_model])?;
        let positions = weights.tensor("positions_embed.weight", &[config.n_ctx, config.d_model])?;
        Ok(Embedding { positions: Some((positions, 0)), ..Embedding::of_tokens(tokens) })
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let (weights, d, d_mlp) = (model(weights).at("h").at(layer), config.d_model, config.d_mlp.unwrap_or(0));
        let norm = |name: &str| -> Result<BranchNorms> { Ok(BranchNorms::after(weights.norm(name, d, config.norm)?)) };
        let (attention, mlp) = (weights.at("attn"), weights.at("mlp"));
        Ok(Block {
            attention: Attention::plain(attention.conv1d("c_attn", d, 3 * d)?, attention.conv1d("c_proj", d, d)?),
            attention_norms: norm("ln_1")?,
            mlp: Some(Mlp::dense(mlp.conv1d("c_fc", d, d_mlp)?, mlp.conv1d("c_proj", d_mlp, d)?, config.activation)),
            mlp_norms: norm("ln_2")?,
        })
    }
}

fn model(weights: &Weights) -> Scope<'_> {
    weights.below(&["transformer.", ""], "tokens_embed.weight")
}
