//! GPT-NeoX and Pythia: partly rotary heads, attention and MLP side by side (or in sequence), queries, keys and
//! values of each head stored together.

use anyhow::Result;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Architecture;
use super::rotary::RotaryFields;
use crate::model::attention::Attention;
use crate::model::config::{DecoderConfig, NormConfig, NormKind, Residual, Sizes};
use crate::model::decoder::{Block, Embedding};
use crate::model::mlp::{Activation, Mlp};
use crate::model::norm::BranchNorms;
use crate::model::weights::{Scope, Weights};

#[derive(Deserialize)]
#[serde(default)]
pub(super) struct GptNeoX {
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    max_position_embeddings: usize,
    vocab_size: usize,
    hidden_act: Activation,
    layer_norm_eps: f64,
    use_parallel_residual: bool,
    attention_bias: bool,
    /// Older names of `partial_rotary_factor` and `rope_theta`.
    rotary_pct: Option<f64>,
    rotary_emb_base: Option<f64>,
    #[serde(flatten)]
    rotary: RotaryFields,
}

impl Default for GptNeoX {
    fn default() -> Self {
        GptNeoX {
            hidden_size: 6144,
            num_hidden_layers: 44,
            num_attention_heads: 64,
            intermediate_size: 24576,
            max_position_embeddings: 2048,
            vocab_size: 50432,
            hidden_act: Activation::Gelu,
            layer_norm_eps: 1e-5,
            use_parallel_residual: true,
            attention_bias: true,
            rotary_pct: None,
            rotary_emb_base: None,
            rotary: RotaryFields::default(),
        }
    }
}

impl Architecture for GptNeoX {
    fn defaults(_: &Value) -> Value {
        json!({"tie_word_embeddings": false})
    }

    fn config(&self) -> Result<DecoderConfig> {
        let sizes = Sizes {
            d_model: self.hidden_size,
            n_layers: self.num_hidden_layers,
            n_heads: self.num_attention_heads,
            d_mlp: self.intermediate_size,
            d_vocab: self.vocab_size,
            n_ctx: self.max_position_embeddings,
        };
        let config = DecoderConfig {
            residual: if self.use_parallel_residual { Residual::Parallel } else { Residual::Sequential },
            norm: NormConfig { kind: NormKind::Layer, eps: self.layer_norm_eps },
            activation: self.hidden_act,
            ..DecoderConfig::common("GPTNeoXForCausalLM", sizes)?
        };
        let mut fields = self.rotary.clone();
        fields.rope_theta = fields.rope_theta.or(self.rotary_emb_base);
        fields.partial_rotary_factor = fields.partial_rotary_factor.or(self.rotary_pct).or(Some(0.25));
        let rotary = fields.rotary(config.d_head, config.n_ctx)?;
        Ok(config.with_rotary(rotary))
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        let tokens = model(weights).token_embedding("embed_in.weight", [config.d_vocab, config.d_model])?;
        Ok(Embedding::of_tokens(tokens))
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let (weights, d) = (model(weights).at("layers").at(layer), config.d_model);
        let attention = weights.at("attention");
        let qkv = attention.linear("query_key_value", d, 3 * d, self.attention_bias)?;
        let norm = |name: &str| Ok::<_, anyhow::Error>(BranchNorms::before(weights.norm(name, d, config.norm)?));
        let d_mlp = config.d_mlp.unwrap_or(0);
        let up = weights.linear("mlp.dense_h_to_4h", d, d_mlp, true)?;
        let down = weights.linear("mlp.dense_4h_to_h", d_mlp, d, true)?;
        Ok(Block {
            attention: Attention::plain(
                qkv.select_outputs(&by_kind(config))?,
                attention.linear("dense", d, d, self.attention_bias)?,
            ),
            attention_norms: norm("input_layernorm")?,
            mlp: Some(Mlp::dense(up, down, config.activation)),
            mlp_norms: norm("post_attention_layernorm")?,
        })
    }
}

/// Outputs stored by key-value head (the queries that share it, its key, its value), in the order all queries, all keys,
/// all values.
pub(super) fn by_kind(config: &DecoderConfig) -> Vec<u32> {
    let (shared_by, d_head) = (config.n_heads / config.n_key_value_heads, config.d_head);
    let run = |kinds: std::ops::Range<usize>| {
        let heads = move |group: usize| kinds.clone().map(move |kind| group * (shared_by + 2) + kind);
        (0..config.n_key_value_heads).flat_map(heads)
    };
    let heads = run(0..shared_by).chain(run(shared_by..shared_by + 1)).chain(run(shared_by + 1..shared_by + 2));
    heads.flat_map(|head| (0..d_head).map(move |i| (head * d_head + i) as u32)).collect()
}

fn model(weights: &Weights) -> Scope<'_> {
    weights.below(&["gpt_neox.", ""], "embed_in.weight")
}
