//! Gemma 2: Gemma with norms before and after each branch, scores capped softly, and a window in every other layer.

use anyhow::{Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Architecture;
use super::gemma::{embedding_scale, gemma_defaults, norm, one_direction};
use super::layers;
use super::llama::{Biases, LlamaFields, attention, embedding, gated_mlp, layer_of};
use crate::model::attention::Attention;
use crate::model::config::DecoderConfig;
use crate::model::decoder::{Block, Embedding};
use crate::model::mlp::Activation;
use crate::model::norm::BranchNorms;
use crate::model::weights::{Scope, Weights};

#[derive(Deserialize)]
pub(super) struct Gemma2 {
    #[serde(flatten)]
    common: Gemma2Fields,
    attn_logit_softcapping: Option<f32>,
    use_bidirectional_attention: Option<bool>,
}

/// The keys that Gemma 2 and its successors have in common.
#[derive(Deserialize)]
pub(super) struct Gemma2Fields {
    #[serde(flatten)]
    pub llama: LlamaFields,
    /// In place of `hidden_act`.
    hidden_activation: Activation,
    pub attention_bias: Option<bool>,
    /// Scores are divided by its root.
    query_pre_attn_scalar: f64,
    pub sliding_window: Option<usize>,
    pub layer_types: Option<Vec<String>>,
}

/// What Gemma 2 and its successors take for keys that are missing.
pub(super) fn gemma2_defaults(own: Value) -> Value {
    let gemma2 = json!({
        "hidden_size": 2304,
        "intermediate_size": 9216,
        "num_hidden_layers": 26,
        "num_attention_heads": 8,
        "num_key_value_heads": 4,
        "hidden_activation": "gelu_pytorch_tanh",
        "query_pre_attn_scalar": 256,
        "sliding_window": 4096,
    });
    gemma_defaults(super::over(own, gemma2))
}

impl Gemma2Fields {
    /// Over a configuration that knows positions but no windows.
    pub fn config(&self, base: DecoderConfig) -> Result<DecoderConfig> {
        ensure!(self.query_pre_attn_scalar > 0.0, "query_pre_attn_scalar is {}", self.query_pre_attn_scalar);
        let scale = self.query_pre_attn_scalar.powf(-0.5) as f32;
        let mut config =
            DecoderConfig { activation: self.hidden_activation, embedding_scale: embedding_scale(&self.llama), ..base };
        config.layers.iter_mut().for_each(|layer| layer.scale = scale);
        Ok(config)
    }
}

impl Gemma2 {
    pub fn decoder(&self, architecture: &'static str) -> Result<DecoderConfig> {
        one_direction(self.use_bidirectional_attention)?;
        let Gemma2Fields { llama, layer_types, sliding_window, .. } = &self.common;
        let mut config = self.common.config(llama.config(architecture)?)?;
        config.soft_cap = self.attn_logit_softcapping;
        let types = layers::types(layer_types.as_ref(), config.n_layers(), layers::every(2)?)?;
        layers::slide(&mut config, &types, *sliding_window)?;
        Ok(config)
    }

    pub fn attention(&self, weights: &Scope<'_>, config: &DecoderConfig) -> Result<Attention> {
        attention(&weights.at("self_attn"), config, Biases::all(self.common.attention_bias == Some(true)))
    }
}

impl Architecture for Gemma2 {
    fn defaults(_: &Value) -> Value {
        gemma2_defaults(json!({"attn_logit_softcapping": 50.0}))
    }

    fn config(&self) -> Result<DecoderConfig> {
        self.decoder("Gemma2ForCausalLM")
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let weights = layer_of(weights, layer);
        block(&weights, config, self.attention(&weights, config)?)
    }
}

/// A layer with norms before and after each branch.
pub(super) fn block(weights: &Scope<'_>, config: &DecoderConfig, attention: Attention) -> Result<Block> {
    let norms = |before: &str, inside: &str| -> Result<BranchNorms> {
        let [before, inside] = [norm(weights, before, config)?, norm(weights, inside, config)?];
        Ok(BranchNorms { before: Some(before), inside: Some(inside), after: None })
    };
    Ok(Block {
        attention,
        attention_norms: norms("input_layernorm", "post_attention_layernorm")?,
        mlp: Some(gated_mlp(&weights.at("mlp"), config, false)?),
        mlp_norms: norms("pre_feedforward_layernorm", "post_feedforward_layernorm")?,
    })
}
