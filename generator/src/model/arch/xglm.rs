//! XGLM: sines and cosines for positions, which are not among the weights, and norms before each branch.

use anyhow::{Result, ensure};
use candle_core::{Device, Tensor};
use serde::Deserialize;

use super::Architecture;
use crate::model::attention::Attention;
use crate::model::config::{BosPolicy, DecoderConfig, Sizes};
use crate::model::decoder::{Block, Embedding};
use crate::model::linear::Linear;
use crate::model::mlp::{Activation, Mlp};
use crate::model::norm::BranchNorms;
use crate::model::weights::{Scope, Weights};

/// The row of position 0 in the table of positions.
const FIRST_POSITION: usize = 2;

/// Positions are computed, so that no tensor says that a number of them is wrong; 2048 is usual.
const MOST_POSITIONS: usize = 1 << 20;

/// Names of the common sizes in other architectures, and in this one.
pub(super) const NAMES: &[(&str, &str)] =
    &[("hidden_size", "d_model"), ("num_hidden_layers", "num_layers"), ("num_attention_heads", "attention_heads")];

#[derive(Deserialize)]
#[serde(default)]
pub(super) struct Xglm {
    d_model: usize,
    num_layers: usize,
    attention_heads: usize,
    ffn_dim: usize,
    max_position_embeddings: usize,
    vocab_size: usize,
    activation_function: Activation,
    /// The embedding is multiplied by √d_model.
    scale_embedding: bool,
    /// This row of the table of positions is zero; a negative one counts from the end.
    pad_token_id: Option<i64>,
}

impl Default for Xglm {
    fn default() -> Self {
        Xglm {
            d_model: 1024,
            num_layers: 24,
            attention_heads: 16,
            ffn_dim: 4096,
            max_position_embeddings: 2048,
            vocab_size: 256_008,
            activation_function: Activation::Gelu,
            scale_embedding: true,
            pad_token_id: Some(1),
        }
    }
}

impl Architecture for Xglm {
    fn config(&self) -> Result<DecoderConfig> {
        ensure!(self.d_model >= 4, "a hidden size of {}: positions need at least 4 dimensions", self.d_model);
        let positions = self.max_position_embeddings;
        ensure!(positions <= MOST_POSITIONS, "{positions} positions; at most {MOST_POSITIONS} are supported");
        let sizes = Sizes {
            d_model: self.d_model,
            n_layers: self.num_layers,
            n_heads: self.attention_heads,
            d_mlp: self.ffn_dim,
            d_vocab: self.vocab_size,
            n_ctx: self.max_position_embeddings,
        };
        Ok(DecoderConfig {
            activation: self.activation_function,
            embedding_scale: self.scale_embedding.then(|| (self.d_model as f64).sqrt() as f32),
            // It was trained on texts that begin with the end-of-sequence token; its tokenizer's template has that.
            bos: BosPolicy::Template,
            ..DecoderConfig::common("XGLMForCausalLM", sizes)?
        })
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        let tokens = model(weights).token_embedding("embed_tokens.weight", [config.d_vocab, config.d_model])?;
        let rows = config.n_ctx + FIRST_POSITION;
        let mut table = sinusoids(rows, config.d_model);
        let zero = self.pad_token_id.map(|id| if id < 0 { id + rows as i64 } else { id });
        let zero =
            zero.and_then(|row| usize::try_from(row).ok()).and_then(|row| table.chunks_mut(config.d_model).nth(row));
        if let Some(row) = zero {
            row.fill(0.0);
        }
        let positions = Tensor::from_vec(table, (rows, config.d_model), &Device::Cpu)?;
        Ok(Embedding { positions: Some((positions, FIRST_POSITION)), ..Embedding::of_tokens(tokens) })
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let (weights, d) = (model(weights).at("layers").at(layer), config.d_model);
        let attention = weights.at("self_attn");
        let parts = ["q_proj", "k_proj", "v_proj"].map(|name| attention.linear(name, d, d, true));
        let qkv = Linear::concat(&parts.into_iter().collect::<Result<Vec<_>>>()?)?;
        let norm = |name: &str| Ok::<_, anyhow::Error>(BranchNorms::before(weights.norm(name, d, config.norm)?));
        let d_mlp = config.d_mlp.unwrap_or(0);
        let (up, down) = (weights.linear("fc1", d, d_mlp, true)?, weights.linear("fc2", d_mlp, d, true)?);
        Ok(Block {
            attention: Attention::plain(qkv, attention.linear("out_proj", d, d, true)?),
            attention_norms: norm("self_attn_layer_norm")?,
            mlp: Some(Mlp::dense(up, down, config.activation)),
            mlp_norms: norm("final_layer_norm")?,
        })
    }
}

/// `[rows, width]` as tensor2tensor has it: the sines of all frequencies, then their cosines, then a zero if the width
/// is odd. Frequencies fall from 1 to 1/10000. Angles are rounded to f32 where the reference implementation does.
fn sinusoids(rows: usize, width: usize) -> Vec<f32> {
    let half = width / 2;
    let step = -(10_000f64.ln() / (half as f64 - 1.0)) as f32;
    let frequencies: Vec<f32> = (0..half).map(|i| f64::from(i as f32 * step).exp() as f32).collect();
    let mut table = Vec::with_capacity(rows * width);
    for row in 0..rows {
        let angles = || frequencies.iter().map(|f| f64::from(row as f32 * f));
        table.extend(angles().map(|angle| angle.sin() as f32));
        table.extend(angles().map(|angle| angle.cos() as f32));
        table.resize((row + 1) * width, 0.0);
    }
    table
}

fn model(weights: &Weights) -> Scope<'_> {
    weights.below(&["model.", ""], "embed_tokens.weight")
}
