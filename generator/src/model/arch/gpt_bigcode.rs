//! GPT-BigCode (SantaCoder, StarCoder): GPT-2 whose heads share one key and one value, or not.

use anyhow::Result;
use serde::Deserialize;

use super::Architecture;
use super::gpt_neox::by_kind;
use super::gpt2::{embedding, model};
use crate::model::attention::Attention;
use crate::model::config::{DecoderConfig, NormConfig, NormKind, Sizes};
use crate::model::decoder::{Block, Embedding};
use crate::model::mlp::{Activation, Mlp};
use crate::model::norm::BranchNorms;
use crate::model::weights::Weights;

#[derive(Deserialize)]
#[serde(default)]
pub(super) struct GptBigCode {
    n_embd: usize,
    n_layer: usize,
    n_head: usize,
    n_positions: usize,
    /// 4 · n_embd if absent.
    n_inner: Option<usize>,
    vocab_size: usize,
    activation_function: Activation,
    layer_norm_epsilon: f64,
    scale_attn_weights: bool,
    multi_query: bool,
}

impl Default for GptBigCode {
    fn default() -> Self {
        GptBigCode {
            n_embd: 768,
            n_layer: 12,
            n_head: 12,
            n_positions: 1024,
            n_inner: None,
            vocab_size: 50257,
            activation_function: Activation::GeluTanh,
            layer_norm_epsilon: 1e-5,
            scale_attn_weights: true,
            multi_query: true,
        }
    }
}

impl Architecture for GptBigCode {
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
            n_key_value_heads: if self.multi_query { 1 } else { self.n_head },
            norm: NormConfig { kind: NormKind::Layer, eps: self.layer_norm_epsilon },
            activation: self.activation_function,
            ..DecoderConfig::common("GPTBigCodeForCausalLM", sizes)?
        };
        if !self.scale_attn_weights {
            config.layers.iter_mut().for_each(|layer| layer.scale = 1.0);
        }
        Ok(config)
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let (weights, d) = (model(weights).at("h").at(layer), config.d_model);
        let qkv = weights.linear("attn.c_attn", d, config.d_qkv(), true)?.select_outputs(&by_kind(config))?;
        let norm = |name: &str| Ok::<_, anyhow::Error>(BranchNorms::before(weights.norm(name, d, config.norm)?));
        let d_mlp = config.d_mlp.unwrap_or(0);
        let (up, down) = (weights.linear("mlp.c_fc", d, d_mlp, true)?, weights.linear("mlp.c_proj", d_mlp, d, true)?);
        Ok(Block {
            attention: Attention::plain(qkv, weights.linear("attn.c_proj", d, d, true)?),
            attention_norms: norm("ln_1")?,
            mlp: Some(Mlp::dense(up, down, config.activation)),
            mlp_norms: norm("ln_2")?,
        })
    }
}
