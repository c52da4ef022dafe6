//! ModernBERT as a decoder (Ettin): queries, keys and values have maps of their own.

use anyhow::{Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Architecture;
use super::modernbert::{ModernBert, model};
use crate::model::config::DecoderConfig;
use crate::model::decoder::{Block, Embedding};
use crate::model::linear::Linear;
use crate::model::weights::Weights;

#[derive(Deserialize)]
pub(super) struct ModernBertDecoder(ModernBert);

impl Architecture for ModernBertDecoder {
    fn defaults(_: &Value) -> Value {
        json!({"local_rope_theta": 160_000.0})
    }

    fn config(&self) -> Result<DecoderConfig> {
        let config = self.0.with_window("ModernBertDecoderForCausalLM", self.0.local_attention / 2)?;
        ensure!(
            self.0.rotary.rope_parameters.is_some() || config.rotary[0] == config.rotary[1],
            "versions of transformers differ in whether local_rope_theta counts; it must be global_rope_theta"
        );
        Ok(config)
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        self.0.embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let (weights, d) = (model(weights).at("layers").at(layer), config.d_model);
        let map = |name: &str| weights.at("attn").linear(name, d, d, self.0.attention_bias);
        let qkv = Linear::concat(&[map("q_proj")?, map("k_proj")?, map("v_proj")?])?;
        self.0.block_with(&weights, config, layer, qkv)
    }
}
