//! Qwen 2 and 2.5: Llama with biases of queries, keys and values, and a window in the upper layers if it is asked for.

use anyhow::Result;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Architecture;
use super::layers;
use super::llama::{Biases, LlamaFields, attention, block, defaults_with, embedding, gated_mlp, layer_of};
use crate::model::config::{BosPolicy, DecoderConfig};
use crate::model::decoder::{Block, Embedding};
use crate::model::weights::Weights;

#[derive(Deserialize)]
pub(super) struct Qwen2 {
    #[serde(flatten)]
    common: LlamaFields,
    #[serde(flatten)]
    window: WindowFields,
}

/// The keys that give the upper layers a window.
#[derive(Deserialize)]
pub(super) struct WindowFields {
    use_sliding_window: Option<bool>,
    sliding_window: Option<usize>,
    /// The layers below this see everything.
    max_window_layers: Option<usize>,
    layer_types: Option<Vec<String>>,
}

impl WindowFields {
    /// The window that is in use.
    fn window(&self) -> Option<usize> {
        self.sliding_window.filter(|_| self.use_sliding_window == Some(true))
    }

    pub fn apply(&self, config: &mut DecoderConfig) -> Result<()> {
        let window = self.window();
        let slides = |layer| window.is_some() && layer >= self.max_window_layers.unwrap_or(0);
        let types = layers::types(self.layer_types.as_ref(), config.n_layers(), slides)?;
        layers::slide(config, &types, window)
    }
}

/// What Qwen's models take for keys that are missing.
pub(super) fn qwen_defaults(own: Value) -> Value {
    let qwen = json!({
        "vocab_size": 151936,
        "intermediate_size": 22016,
        "num_key_value_heads": 32,
        "max_position_embeddings": 32768,
        "sliding_window": 4096,
        "max_window_layers": 28,
    });
    defaults_with(super::over(own, qwen))
}

impl Architecture for Qwen2 {
    fn defaults(_: &Value) -> Value {
        qwen_defaults(json!({}))
    }

    fn config(&self) -> Result<DecoderConfig> {
        let mut config = self.common.config("Qwen2ForCausalLM")?;
        self.window.apply(&mut config)?;
        Ok(DecoderConfig { bos: BosPolicy::None, ..config })
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let weights = layer_of(weights, layer);
        let attention = attention(&weights.at("self_attn"), config, Biases { qkv: true, output: false })?;
        block(&weights, config, attention, gated_mlp(&weights.at("mlp"), config, false)?)
    }
}
