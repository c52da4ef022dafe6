//! EXAONE 4: Llama with its norms after each branch, norms of each head's queries and keys, and in its larger models a
//! window in three of four layers; those without window then know no positions.

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Architecture;
use super::layers;
use super::llama::{LlamaFields, defaults_with, embedding, gated_mlp, layer_of};
use super::olmo2::norm_after;
use super::qwen3::normed_attention;
use crate::model::config::DecoderConfig;
use crate::model::decoder::{Block, Embedding};
use crate::model::weights::Weights;

#[derive(Deserialize)]
pub(super) struct Exaone4 {
    #[serde(flatten)]
    common: LlamaFields,
    sliding_window: Option<usize>,
    layer_types: Option<Vec<String>>,
    /// Every so many layers see everything, unless `layer_types` lists them. Beside such a list it may be a text.
    sliding_window_pattern: Value,
}

impl Exaone4 {
    fn types(&self) -> Result<Vec<&'static str>> {
        let (listed, n_layers) = (self.layer_types.as_ref(), self.common.num_hidden_layers);
        if listed.is_some() || self.sliding_window.is_none() {
            return layers::types(listed, n_layers, |_| false);
        }
        let pattern = &self.sliding_window_pattern;
        let period =
            pattern.as_u64().with_context(|| format!("sliding_window_pattern is {pattern}; give layer_types"))?;
        layers::types(None, n_layers, layers::every(period as usize)?)
    }
}

impl Architecture for Exaone4 {
    fn defaults(_: &Value) -> Value {
        defaults_with(json!({
            "vocab_size": 102_400,
            "intermediate_size": 16384,
            "num_key_value_heads": 32,
            "rms_norm_eps": 1e-5,
            "sliding_window": 4096,
            "sliding_window_pattern": 4,
        }))
    }

    fn config(&self) -> Result<DecoderConfig> {
        let mut config = self.common.config("Exaone4ForCausalLM")?;
        layers::slide(&mut config, &self.types()?, self.sliding_window)?;
        if self.sliding_window.is_some() {
            layers::turn_windows_only(&mut config);
        }
        Ok(config)
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let weights = layer_of(weights, layer);
        Ok(Block {
            attention: normed_attention(&weights.at("self_attn"), config, false)?,
            attention_norms: norm_after(&weights, "post_attention_layernorm", config)?,
            mlp: Some(gated_mlp(&weights.at("mlp"), config, false)?),
            mlp_norms: norm_after(&weights, "post_feedforward_layernorm", config)?,
        })
    }
}
