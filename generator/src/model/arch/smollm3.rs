//! SmolLM 3: Llama in which every fourth layer knows no positions.

use anyhow::{Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Architecture;
use super::layers;
use super::llama::{Biases, LlamaFields, attention, block, defaults_with, embedding, gated_mlp, layer_of};
use crate::model::config::DecoderConfig;
use crate::model::decoder::{Block, Embedding};
use crate::model::weights::Weights;

#[derive(Deserialize)]
pub(super) struct SmolLm3 {
    #[serde(flatten)]
    common: LlamaFields,
    attention_bias: Option<bool>,
    mlp_bias: Option<bool>,
    use_sliding_window: Option<bool>,
    sliding_window: Option<usize>,
    layer_types: Option<Vec<String>>,
    /// 1 for layers with rotary embedding, in spite of the name.
    no_rope_layers: Option<Vec<u8>>,
    /// Every so many layers have none, unless they are listed.
    no_rope_layer_interval: usize,
}

impl Architecture for SmolLm3 {
    fn defaults(_: &Value) -> Value {
        defaults_with(json!({
            "vocab_size": 128_256,
            "hidden_size": 2048,
            "num_hidden_layers": 36,
            "num_attention_heads": 16,
            "num_key_value_heads": 4,
            "max_position_embeddings": 32768,
            "rope_theta": 2e6,
            "no_rope_layer_interval": 4,
            "tie_word_embeddings": true,
        }))
    }

    fn config(&self) -> Result<DecoderConfig> {
        let mut config = self.common.config("SmolLM3ForCausalLM")?;
        let n_layers = config.n_layers();
        let turned: Vec<bool> = match &self.no_rope_layers {
            Some(listed) => listed.iter().map(|turned| *turned != 0).collect(),
            None => {
                ensure!(self.no_rope_layer_interval > 0, "no_rope_layer_interval is 0");
                (1..=n_layers).map(|layer| !layer.is_multiple_of(self.no_rope_layer_interval)).collect()
            }
        };
        ensure!(turned.len() == n_layers, "no_rope_layers lists {} layers of {n_layers}", turned.len());
        let windowed = self.use_sliding_window == Some(true) && self.sliding_window.is_some();
        let types = layers::types(self.layer_types.as_ref(), n_layers, |layer| windowed && !turned[layer])?;
        layers::slide(&mut config, &types, self.sliding_window)?;
        for (layer, turned) in config.layers.iter_mut().zip(turned) {
            layer.rotary = layer.rotary.filter(|_| turned);
        }
        Ok(config)
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let weights = layer_of(weights, layer);
        let biases = Biases::all(self.attention_bias == Some(true));
        let attention = attention(&weights.at("self_attn"), config, biases)?;
        block(&weights, config, attention, gated_mlp(&weights.at("mlp"), config, self.mlp_bias == Some(true))?)
    }
}
