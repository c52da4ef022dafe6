//! DistilBERT: BERT without token types, with names of its own.

use anyhow::Result;
use serde::Deserialize;

use super::Architecture;
use super::bert::{mlp, model};
use crate::model::attention::Attention;
use crate::model::config::{BosPolicy, DecoderConfig, NormConfig, NormKind, Sizes};
use crate::model::decoder::{Block, Embedding};
use crate::model::linear::Linear;
use crate::model::mlp::Activation;
use crate::model::norm::BranchNorms;
use crate::model::weights::Weights;

/// Names of the common sizes in other architectures, and in this one.
pub(super) const NAMES: &[(&str, &str)] =
    &[("hidden_size", "dim"), ("num_hidden_layers", "n_layers"), ("num_attention_heads", "n_heads")];

#[derive(Deserialize)]
#[serde(default)]
pub(super) struct DistilBert {
    dim: usize,
    n_layers: usize,
    n_heads: usize,
    hidden_dim: usize,
    max_position_embeddings: usize,
    vocab_size: usize,
    activation: Activation,
}

impl Default for DistilBert {
    fn default() -> Self {
        DistilBert {
            dim: 768,
            n_layers: 6,
            n_heads: 12,
            hidden_dim: 3072,
            max_position_embeddings: 512,
            vocab_size: 30522,
            activation: Activation::Gelu,
        }
    }
}

impl Architecture for DistilBert {
    fn config(&self) -> Result<DecoderConfig> {
        let sizes = Sizes {
            d_model: self.dim,
            n_layers: self.n_layers,
            n_heads: self.n_heads,
            d_mlp: self.hidden_dim,
            d_vocab: self.vocab_size,
            n_ctx: self.max_position_embeddings,
        };
        Ok(DecoderConfig {
            causal: false,
            // Not a setting of this architecture.
            norm: NormConfig { kind: NormKind::Layer, eps: 1e-12 },
            activation: self.activation,
            bos: BosPolicy::Template,
            ..DecoderConfig::common("DistilBertForMaskedLM", sizes)?
        })
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        let (weights, d) = (model(weights).at("embeddings"), config.d_model);
        let tokens = weights.token_embedding("word_embeddings.weight", [config.d_vocab, d])?;
        let positions = weights.tensor("position_embeddings.weight", &[config.n_ctx, d])?;
        Ok(Embedding {
            positions: Some((positions, 0)),
            norm: Some(weights.norm("LayerNorm", d, config.norm)?),
            ..Embedding::of_tokens(tokens)
        })
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let (weights, d) = (model(weights).at("transformer.layer").at(layer), config.d_model);
        let attention = weights.at("attention");
        let qkv = ["q_lin", "k_lin", "v_lin"].map(|name| attention.linear(name, d, d, true));
        let qkv = Linear::concat(&qkv.into_iter().collect::<Result<Vec<_>>>()?)?;
        Ok(Block {
            attention: Attention::plain(qkv, attention.linear("out_lin", d, d, true)?),
            attention_norms: BranchNorms::after(weights.norm("sa_layer_norm", d, config.norm)?),
            mlp: Some(mlp(&weights, ["ffn.lin1", "ffn.lin2"], config)?),
            mlp_norms: BranchNorms::after(weights.norm("output_layer_norm", d, config.norm)?),
        })
    }
}
