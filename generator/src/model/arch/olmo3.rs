//! OLMo 3: OLMo 2 with a window in three of four layers, whose rotary embedding is not stretched.

use anyhow::{Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Architecture;
use super::layers;
use super::llama::{LlamaFields, defaults_with, embedding, layer_of};
use super::olmo2::block;
use crate::model::config::DecoderConfig;
use crate::model::decoder::{Block, Embedding};
use crate::model::rope::{Rotary, Scaling};
use crate::model::weights::Weights;

#[derive(Deserialize)]
pub(super) struct Olmo3 {
    #[serde(flatten)]
    common: LlamaFields,
    attention_bias: Option<bool>,
    sliding_window: Option<usize>,
    layer_types: Option<Vec<String>>,
}

impl Architecture for Olmo3 {
    fn defaults(_: &Value) -> Value {
        defaults_with(json!({"vocab_size": 50304, "rms_norm_eps": 1e-5, "sliding_window": 4096}))
    }

    fn config(&self) -> Result<DecoderConfig> {
        let mut config = self.common.config("Olmo3ForCausalLM")?;
        ensure!(
            self.common.rotary.rope_parameters.is_none() || config.rotary[0].scaling == Scaling::None,
            "rope_parameters: versions of transformers differ in which layers of OLMo 3 they stretch; give them as \
             rope_scaling to stretch those that see everything"
        );
        let types = layers::types(self.layer_types.as_ref(), config.n_layers(), layers::every(4)?)?;
        layers::slide(&mut config, &types, self.sliding_window)?;
        config.rotary.push(Rotary { scaling: Scaling::None, ..config.rotary[0].clone() });
        for layer in config.layers.iter_mut().filter(|layer| layer.window.is_some()) {
            layer.rotary = Some(1);
        }
        Ok(config)
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        block(&layer_of(weights, layer), config, self.attention_bias == Some(true))
    }
}
