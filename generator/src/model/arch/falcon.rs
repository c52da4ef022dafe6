//! Falcon: rotary heads or linear biases, keys and values shared by all heads or by groups, attention and MLP side by
//! side behind one or two norms, or in sequence.

use anyhow::{Result, bail, ensure};
use serde::Deserialize;

use super::Architecture;
use super::gpt_neox::by_kind;
use super::rotary::RotaryFields;
use crate::model::attention::Attention;
use crate::model::config::{DecoderConfig, NormConfig, NormKind, Residual, Sizes};
use crate::model::decoder::{Block, Embedding};
use crate::model::mask::{Alibi, PositionBias};
use crate::model::mlp::{Activation, Mlp};
use crate::model::norm::BranchNorms;
use crate::model::weights::{Scope, Weights};

/// Other names of sizes, and the ones used here.
pub(super) const NAMES: &[(&str, &str)] = &[("n_embed", "hidden_size")];

#[derive(Deserialize)]
#[serde(default)]
pub(super) struct Falcon {
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    /// As many as attention heads if absent.
    num_kv_heads: Option<usize>,
    /// 4 · hidden_size if absent.
    ffn_hidden_size: Option<usize>,
    max_position_embeddings: usize,
    vocab_size: usize,
    activation: Activation,
    layer_norm_epsilon: f64,
    alibi: bool,
    bias: bool,
    /// Keys and values in groups of heads.
    new_decoder_architecture: bool,
    /// One key and one value for all heads, unless they are in groups.
    multi_query: bool,
    parallel_attn: bool,
    num_ln_in_parallel_attn: Option<usize>,
    #[serde(flatten)]
    rotary: RotaryFields,
}

impl Default for Falcon {
    fn default() -> Self {
        Falcon {
            hidden_size: 4544,
            num_hidden_layers: 32,
            num_attention_heads: 71,
            num_kv_heads: None,
            ffn_hidden_size: None,
            max_position_embeddings: 2048,
            vocab_size: 65024,
            activation: Activation::Gelu,
            layer_norm_epsilon: 1e-5,
            alibi: false,
            bias: false,
            new_decoder_architecture: false,
            multi_query: true,
            parallel_attn: true,
            num_ln_in_parallel_attn: None,
            rotary: RotaryFields::default(),
        }
    }
}

/// The norms of a layer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Norms {
    /// Attention and MLP in sequence, each behind its own.
    Sequential,
    /// Side by side behind one.
    Shared,
    /// Side by side, each behind its own.
    Separate,
}

impl Falcon {
    fn norms(&self) -> Result<Norms> {
        Ok(match (self.new_decoder_architecture, self.parallel_attn, self.num_ln_in_parallel_attn) {
            (true, true, None | Some(2)) => Norms::Separate,
            (true, true, Some(1)) | (false, true, None | Some(1)) => Norms::Shared,
            (false, false, _) => Norms::Sequential,
            (true, false, _) => bail!("new_decoder_architecture without parallel_attn is not supported"),
            (new, true, Some(n)) => bail!(
                "num_ln_in_parallel_attn {n} is not supported {} new_decoder_architecture",
                if new { "with" } else { "without" }
            ),
        })
    }

    fn n_key_value_heads(&self) -> Result<usize> {
        let heads = self.num_kv_heads.unwrap_or(self.num_attention_heads);
        if self.new_decoder_architecture {
            return Ok(heads);
        }
        if self.multi_query {
            return Ok(1);
        }
        ensure!(
            heads == self.num_attention_heads,
            "num_kv_heads {heads} for {} attention heads needs new_decoder_architecture",
            self.num_attention_heads
        );
        Ok(heads)
    }
}

impl Architecture for Falcon {
    fn config(&self) -> Result<DecoderConfig> {
        let sizes = Sizes {
            d_model: self.hidden_size,
            n_layers: self.num_hidden_layers,
            n_heads: self.num_attention_heads,
            d_mlp: self.ffn_hidden_size.unwrap_or(4 * self.hidden_size),
            d_vocab: self.vocab_size,
            n_ctx: self.max_position_embeddings,
        };
        let config = DecoderConfig {
            n_key_value_heads: self.n_key_value_heads()?,
            residual: if self.norms()? == Norms::Sequential { Residual::Sequential } else { Residual::Parallel },
            norm: NormConfig { kind: NormKind::Layer, eps: self.layer_norm_epsilon },
            activation: self.activation,
            ..DecoderConfig::common("FalconForCausalLM", sizes)?
        };
        if self.alibi {
            let slopes = Alibi::slopes(config.n_heads, true);
            // The library's eager attention adds the bias twice: to the scores, and as a part of the mask.
            let alibi = Alibi { slopes, rounded: true, scaled: Some(2.0), from_end: false };
            return Ok(DecoderConfig { position_bias: PositionBias::Alibi(alibi), positions: "alibi", ..config });
        }
        let rotary = self.rotary.rotary(config.d_head, config.n_ctx)?;
        Ok(config.with_rotary(rotary))
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        let tokens = model(weights).token_embedding("word_embeddings.weight", [config.d_vocab, config.d_model])?;
        Ok(Embedding::of_tokens(tokens))
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let (weights, d) = (model(weights).at("h").at(layer), config.d_model);
        let attention = weights.at("self_attention");
        let qkv =
            attention.linear("query_key_value", d, config.d_qkv(), self.bias)?.select_outputs(&by_kind(config))?;
        let norm = |name: &str| Ok::<_, anyhow::Error>(BranchNorms::before(weights.norm(name, d, config.norm)?));
        let (attention_norms, mlp_norms) = match self.norms()? {
            Norms::Sequential => (norm("input_layernorm")?, norm("post_attention_layernorm")?),
            Norms::Shared => (norm("input_layernorm")?, BranchNorms::default()),
            Norms::Separate => (norm("ln_attn")?, norm("ln_mlp")?),
        };
        let d_mlp = config.d_mlp.unwrap_or(0);
        let up = weights.linear("mlp.dense_h_to_4h", d, d_mlp, self.bias)?;
        let down = weights.linear("mlp.dense_4h_to_h", d_mlp, d, self.bias)?;
        Ok(Block {
            attention: Attention::plain(qkv, attention.linear("dense", d, d, self.bias)?),
            attention_norms,
            mlp: Some(Mlp::dense(up, down, config.activation)),
            mlp_norms,
        })
    }
}

fn model(weights: &Weights) -> Scope<'_> {
    weights.below(&["transformer.", ""], "word_embeddings.weight")
}
