//! BLOOM: linear biases instead of positions, a norm of the embedding, queries, keys and values of each head stored
//! together.

use anyhow::Result;
use serde::Deserialize;

use super::Architecture;
use super::gpt_neox::by_kind;
use crate::model::attention::Attention;
use crate::model::config::{BosPolicy, DecoderConfig, NormConfig, NormKind, Residual, Sizes};
use crate::model::decoder::{Block, Embedding};
use crate::model::mask::{Alibi, PositionBias};
use crate::model::mlp::Mlp;
use crate::model::norm::BranchNorms;
use crate::model::weights::{Scope, Weights};

/// Other names of sizes, and the ones used here.
pub(super) const NAMES: &[(&str, &str)] =
    &[("n_embed", "hidden_size"), ("num_hidden_layers", "n_layer"), ("num_attention_heads", "n_head")];

#[derive(Deserialize)]
#[serde(default)]
pub(super) struct Bloom {
    hidden_size: usize,
    n_layer: usize,
    n_head: usize,
    vocab_size: usize,
    layer_norm_epsilon: f64,
    apply_residual_connection_post_layernorm: bool,
    /// Computers that each layer was spread over when it was trained.
    pretraining_tp: usize,
    /// Sums in the order that those had. The library then leaves out the biases of both branches' outputs.
    slow_but_exact: bool,
    /// The length of the training texts. Nothing in the model depends on it.
    seq_length: usize,
}

impl Default for Bloom {
    fn default() -> Self {
        Bloom {
            hidden_size: 64,
            n_layer: 2,
            n_head: 8,
            vocab_size: 250_880,
            layer_norm_epsilon: 1e-5,
            apply_residual_connection_post_layernorm: false,
            pretraining_tp: 1,
            slow_but_exact: false,
            seq_length: 2048,
        }
    }
}

impl Architecture for Bloom {
    fn config(&self) -> Result<DecoderConfig> {
        let sizes = Sizes {
            d_model: self.hidden_size,
            n_layers: self.n_layer,
            n_heads: self.n_head,
            d_mlp: 4 * self.hidden_size,
            d_vocab: self.vocab_size,
            n_ctx: self.seq_length,
        };
        let from_norm = self.apply_residual_connection_post_layernorm;
        let common = DecoderConfig::common("BloomForCausalLM", sizes)?;
        let slopes = Alibi::slopes(common.n_heads, true);
        Ok(DecoderConfig {
            residual: if from_norm { Residual::FromNorm } else { Residual::Sequential },
            norm: NormConfig { kind: NormKind::Layer, eps: self.layer_norm_epsilon },
            position_bias: PositionBias::Alibi(Alibi { slopes, rounded: false, scaled: None, from_end: false }),
            positions: "alibi",
            bos: BosPolicy::None,
            ..common
        })
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        let (weights, d) = (model(weights), config.d_model);
        let tokens = weights.token_embedding("word_embeddings.weight", [config.d_vocab, d])?;
        let norm = weights.norm("word_embeddings_layernorm", d, config.norm)?;
        Ok(Embedding { norm: Some(norm), ..Embedding::of_tokens(tokens) })
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let (weights, d) = (model(weights).at("h").at(layer), config.d_model);
        let attention = weights.at("self_attention");
        let qkv = attention.linear("query_key_value", d, 3 * d, true)?.select_outputs(&by_kind(config))?;
        let norm = |name: &str| Ok::<_, anyhow::Error>(BranchNorms::before(weights.norm(name, d, config.norm)?));
        let up = weights.linear("mlp.dense_h_to_4h", d, 4 * d, true)?;
        let output_bias = !(self.slow_but_exact && self.pretraining_tp > 1);
        let down = weights.linear("mlp.dense_4h_to_h", 4 * d, d, output_bias)?;
        Ok(Block {
            attention: Attention::plain(qkv, attention.linear("dense", d, d, output_bias)?),
            attention_norms: norm("input_layernorm")?,
            mlp: Some(Mlp::dense(up, down, config.activation)),
            mlp_norms: norm("post_attention_layernorm")?,
        })
    }
}

fn model(weights: &Weights) -> Scope<'_> {
    weights.below(&["transformer.", ""], "word_embeddings.weight")
}
