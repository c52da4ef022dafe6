//! Gemma: Llama with embeddings scaled by √hidden_size and norms that store their weight less 1.

use anyhow::{Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Architecture;
use super::llama::{Biases, LlamaFields, attention, defaults_with, embedding, gated_mlp, layer_of};
use crate::model::config::DecoderConfig;
use crate::model::decoder::{Block, Embedding};
use crate::model::norm::{BranchNorms, Norm};
use crate::model::weights::{Scope, Weights};

#[derive(Deserialize)]
pub(super) struct Gemma {
    #[serde(flatten)]
    common: LlamaFields,
    attention_bias: Option<bool>,
    use_bidirectional_attention: Option<bool>,
}

/// What Gemma's models take for keys that are missing.
pub(super) fn gemma_defaults(own: Value) -> Value {
    let gemma = json!({
        "vocab_size": 256000,
        "hidden_act": "gelu_pytorch_tanh",
        "head_dim": 256,
        "max_position_embeddings": 8192,
        "tie_word_embeddings": true,
    });
    defaults_with(super::over(own, gemma))
}

impl Architecture for Gemma {
    fn defaults(_: &Value) -> Value {
        gemma_defaults(json!({
            "hidden_size": 3072,
            "intermediate_size": 24576,
            "num_hidden_layers": 28,
            "num_attention_heads": 16,
            "num_key_value_heads": 16,
        }))
    }

    fn config(&self) -> Result<DecoderConfig> {
        one_direction(self.use_bidirectional_attention)?;
        let scale = embedding_scale(&self.common);
        Ok(DecoderConfig { embedding_scale: scale, ..self.common.config("GemmaForCausalLM")? })
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let weights = layer_of(weights, layer);
        let norm = |name: &str| Ok::<_, anyhow::Error>(BranchNorms::before(norm(&weights, name, config)?));
        Ok(Block {
            attention: attention(&weights.at("self_attn"), config, Biases::all(self.attention_bias == Some(true)))?,
            attention_norms: norm("input_layernorm")?,
            mlp: Some(gated_mlp(&weights.at("mlp"), config, false)?),
            mlp_norms: norm("post_attention_layernorm")?,
        })
    }
}

/// Refuses what one version of the library reads and another ignores.
pub(super) fn one_direction(bidirectional: Option<bool>) -> Result<()> {
    ensure!(bidirectional != Some(true), "use_bidirectional_attention is not supported for this model_type");
    Ok(())
}

pub(super) fn embedding_scale(fields: &LlamaFields) -> Option<f32> {
    Some((fields.hidden_size as f64).sqrt() as f32)
}

/// A norm of the residual stream, stored less 1.
pub(super) fn norm(weights: &Scope<'_>, name: &str, config: &DecoderConfig) -> Result<Norm> {
    weights.norm(name, config.d_model, config.norm)?.weight_plus(1.0)
}
