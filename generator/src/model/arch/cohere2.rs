//! Command R7B and A: layers with a window and rotary embedding; every fourth sees everything and knows no positions.

use anyhow::Result;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Architecture;
use super::cohere::{CohereFields, cohere_defaults};
use super::layers;
use super::llama::{embedding, layer_of};
use crate::model::config::DecoderConfig;
use crate::model::decoder::{Block, Embedding};
use crate::model::weights::Weights;

#[derive(Deserialize)]
pub(super) struct Cohere2 {
    #[serde(flatten)]
    common: CohereFields,
    sliding_window: Option<usize>,
    layer_types: Option<Vec<String>>,
    /// Every so many layers see everything, unless `layer_types` lists them.
    sliding_window_pattern: usize,
}

impl Architecture for Cohere2 {
    fn defaults(_: &Value) -> Value {
        cohere_defaults(json!({"sliding_window": 4096, "sliding_window_pattern": 4}))
    }

    fn config(&self) -> Result<DecoderConfig> {
        let mut config = self.common.config("Cohere2ForCausalLM")?;
        let slides = layers::every(self.sliding_window_pattern)?;
        let types = layers::types(self.layer_types.as_ref(), config.n_layers(), slides)?;
        layers::slide(&mut config, &types, self.sliding_window)?;
        layers::turn_windows_only(&mut config);
        Ok(config)
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        self.common.block(&layer_of(weights, layer), config)
    }
}
