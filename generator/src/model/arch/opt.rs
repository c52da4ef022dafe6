//! OPT and Galactica: learned positions, norms before or after each branch, and in the 350M model a narrower embedding.

use anyhow::Result;
use serde::Deserialize;

use super::Architecture;
use crate::model::attention::Attention;
use crate::model::config::{DecoderConfig, Sizes};
use crate::model::decoder::{Block, Embedding};
use crate::model::linear::Linear;
use crate::model::mlp::{Activation, Mlp};
use crate::model::norm::{BranchNorms, Norm};
use crate::model::weights::{Scope, Weights};

/// The row of position 0 in the table of positions.
const FIRST_POSITION: usize = 2;

#[derive(Deserialize)]
#[serde(default)]
pub(super) struct Opt {
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    ffn_dim: usize,
    max_position_embeddings: usize,
    vocab_size: usize,
    /// Width of the embedding; hidden_size if absent.
    word_embed_proj_dim: Option<usize>,
    activation_function: Activation,
    do_layer_norm_before: bool,
    enable_bias: bool,
    /// Norms have weights and biases.
    layer_norm_elementwise_affine: bool,
}

impl Default for Opt {
    fn default() -> Self {
        Opt {
            hidden_size: 768,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            ffn_dim: 3072,
            max_position_embeddings: 2048,
            vocab_size: 50272,
            word_embed_proj_dim: None,
            activation_function: Activation::Relu,
            do_layer_norm_before: true,
            enable_bias: true,
            layer_norm_elementwise_affine: true,
        }
    }
}

impl Architecture for Opt {
    fn config(&self) -> Result<DecoderConfig> {
        let sizes = Sizes {
            d_model: self.hidden_size,
            n_layers: self.num_hidden_layers,
            n_heads: self.num_attention_heads,
            d_mlp: self.ffn_dim,
            d_vocab: self.vocab_size,
            n_ctx: self.max_position_embeddings,
        };
        Ok(DecoderConfig { activation: self.activation_function, ..DecoderConfig::common("OPTForCausalLM", sizes)? })
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        let (weights, d) = (model(weights), config.d_model);
        let width = self.word_embed_proj_dim.unwrap_or(d);
        let tokens = weights.token_embedding("embed_tokens.weight", [config.d_vocab, width])?;
        let positions = weights.tensor("embed_positions.weight", &[config.n_ctx + FIRST_POSITION, d])?;
        Ok(Embedding {
            token_projection: (width != d).then(|| weights.linear("project_in", width, d, false)).transpose()?,
            positions: Some((positions, FIRST_POSITION)),
            ..Embedding::of_tokens(tokens)
        })
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let (weights, d) = (model(weights).at("layers").at(layer), config.d_model);
        let (attention, bias) = (weights.at("self_attn"), self.enable_bias);
        let parts = ["q_proj", "k_proj", "v_proj"].map(|name| attention.linear(name, d, d, bias));
        let qkv = Linear::concat(&parts.into_iter().collect::<Result<Vec<_>>>()?)?;
        let norm = |name: &str| -> Result<BranchNorms> {
            let norm = if self.layer_norm_elementwise_affine {
                weights.norm(name, d, config.norm)?
            } else {
                Norm { kind: config.norm.kind, eps: config.norm.eps as f32, weight: None, bias: None }
            };
            Ok(if self.do_layer_norm_before { BranchNorms::before(norm) } else { BranchNorms::after(norm) })
        };
        let d_mlp = config.d_mlp.unwrap_or(0);
        let (up, down) = (weights.linear("fc1", d, d_mlp, bias)?, weights.linear("fc2", d_mlp, d, bias)?);
        Ok(Block {
            attention: Attention::plain(qkv, attention.linear("out_proj", d, d, bias)?),
            attention_norms: norm("self_attn_layer_norm")?,
            mlp: Some(Mlp::dense(up, down, config.activation)),
            mlp_norms: norm("final_layer_norm")?,
        })
    }
}

fn model(weights: &Weights) -> Scope<'_> {
    weights.below(&["model.decoder.", "decoder.", ""], "embed_tokens.weight")
}
