//! Phi-1, Phi-1.5 and Phi-2: partly rotary heads, attention and MLP side by side behind one norm, and on request norms
//! of queries and keys.

use anyhow::Result;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Architecture;
use super::rotary::RotaryFields;
use crate::model::attention::{Attention, HeadNorm};
use crate::model::config::{DecoderConfig, NormConfig, NormKind, Residual, Sizes};
use crate::model::decoder::{Block, Embedding};
use crate::model::linear::Linear;
use crate::model::mlp::{Activation, Mlp};
use crate::model::norm::BranchNorms;
use crate::model::weights::{Scope, Weights};

#[derive(Deserialize)]
#[serde(default)]
pub(super) struct Phi {
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    /// As many as attention heads if absent.
    num_key_value_heads: Option<usize>,
    intermediate_size: usize,
    max_position_embeddings: usize,
    vocab_size: usize,
    hidden_act: Activation,
    layer_norm_eps: f64,
    qk_layernorm: bool,
    #[serde(flatten)]
    rotary: RotaryFields,
}

impl Default for Phi {
    fn default() -> Self {
        Phi {
            hidden_size: 2048,
            num_hidden_layers: 24,
            num_attention_heads: 32,
            num_key_value_heads: None,
            intermediate_size: 8192,
            max_position_embeddings: 2048,
            vocab_size: 51200,
            hidden_act: Activation::GeluTanh,
            layer_norm_eps: 1e-5,
            qk_layernorm: false,
            rotary: RotaryFields::default(),
        }
    }
}

impl Architecture for Phi {
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
            n_key_value_heads: self.num_key_value_heads.unwrap_or(self.num_attention_heads),
            residual: Residual::Parallel,
            norm: NormConfig { kind: NormKind::Layer, eps: self.layer_norm_eps },
            activation: self.hidden_act,
            ..DecoderConfig::common("PhiForCausalLM", sizes)?
        };
        let mut fields = self.rotary.clone();
        fields.partial_rotary_factor = fields.partial_rotary_factor.or(Some(0.5));
        let rotary = fields.rotary(config.d_head, config.n_ctx)?;
        Ok(config.with_rotary(rotary))
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        Ok(Embedding::of_tokens(
            model(weights).token_embedding("embed_tokens.weight", [config.d_vocab, config.d_model])?,
        ))
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let (weights, d) = (model(weights).at("layers").at(layer), config.d_model);
        let attention = weights.at("self_attn");
        let keys = config.n_key_value_heads * config.d_head;
        let qkv = Linear::concat(&[
            attention.linear("q_proj", d, d, true)?,
            attention.linear("k_proj", d, keys, true)?,
            attention.linear("v_proj", d, keys, true)?,
        ])?;
        let head_norm = |name: &str, heads: usize| -> Result<Option<HeadNorm>> {
            let norm = || HeadNorm::shared(attention.norm(name, config.d_head, config.norm)?, heads);
            self.qk_layernorm.then(norm).transpose()
        };
        let d_mlp = config.d_mlp.unwrap_or(0);
        let (up, down) = (weights.linear("mlp.fc1", d, d_mlp, true)?, weights.linear("mlp.fc2", d_mlp, d, true)?);
        Ok(Block {
            attention: Attention {
                query_norm: head_norm("q_layernorm", config.n_heads)?,
                key_norm: head_norm("k_layernorm", config.n_key_value_heads)?,
                ..Attention::plain(qkv, attention.linear("dense", d, d, true)?)
            },
            attention_norms: BranchNorms::before(weights.norm("input_layernorm", d, config.norm)?),
            mlp: Some(Mlp::dense(up, down, config.activation)),
            mlp_norms: BranchNorms::default(),
        })
    }
}

fn model(weights: &Weights) -> Scope<'_> {
    weights.below(&["model.", ""], "embed_tokens.weight")
}
