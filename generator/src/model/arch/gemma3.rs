//! Gemma 3's text models: Gemma 2 with norms of queries and keys in place of the soft cap, and a rotary embedding of
//! its own in the layers that have a window.

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use super::gemma2::{Gemma2Fields, block, gemma2_defaults};
use super::layers::{self, FULL, SLIDING};
use super::llama::{Biases, attention, embedding, layer_of};
use super::rotary::RotaryFields;
use super::{Architecture, Described, read};
use crate::model::attention::{Attention, HeadNorm};
use crate::model::config::{BosPolicy, DecoderConfig};
use crate::model::decoder::{Block, Embedding};
use crate::model::weights::Weights;

#[derive(Deserialize)]
pub(super) struct Gemma3 {
    #[serde(flatten)]
    common: Gemma2Fields,
    /// Theta of the layers that have a window.
    rope_local_base_freq: f64,
    /// Every so many layers see everything, unless `layer_types` lists them.
    sliding_window_pattern: usize,
    use_bidirectional_attention: Option<bool>,
}

/// The text part of a model that also reads pictures.
pub(super) fn read_text_config(config: Value) -> Result<Described> {
    read::<Gemma3>(config.get("text_config").cloned().context("text_config is missing")?)
}

impl Architecture for Gemma3 {
    fn defaults(_: &Value) -> Value {
        gemma2_defaults(json!({
            "vocab_size": 262_208,
            "max_position_embeddings": 131_072,
            "rope_theta": 1e6,
            "rope_local_base_freq": 1e4,
            "sliding_window_pattern": 6,
        }))
    }

    fn config(&self) -> Result<DecoderConfig> {
        let Gemma2Fields { llama, layer_types, sliding_window, .. } = &self.common;
        let base = llama.unturned("Gemma3ForCausalLM")?;
        let (d_head, n_ctx) = (base.d_head, base.n_ctx);
        let local = RotaryFields { rope_theta: Some(self.rope_local_base_freq), ..RotaryFields::default() };
        let full = llama.rotary.of_layers(FULL, &llama.rotary, d_head, n_ctx)?;
        let local = llama.rotary.of_layers(SLIDING, &local, d_head, n_ctx)?;

        let mut config = self.common.config(base.with_rotary(full))?;
        config.rotary.push(local);
        let both_ways = self.use_bidirectional_attention == Some(true);
        let types =
            layers::types(layer_types.as_ref(), config.n_layers(), layers::every(self.sliding_window_pattern)?)?;
        // Of a window in both directions, half lies on either side.
        let window = sliding_window.map(|w| if both_ways { w / 2 + 1 } else { w });
        layers::slide(&mut config, &types, window)?;
        for layer in config.layers.iter_mut().filter(|layer| layer.window.is_some()) {
            layer.rotary = Some(1);
        }
        if both_ways {
            return Ok(DecoderConfig { causal: false, bos: BosPolicy::Template, ..config });
        }
        Ok(config)
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let weights = layer_of(weights, layer);
        let own = weights.at("self_attn");
        let norm =
            |name: &str, heads| HeadNorm::shared(own.norm(name, config.d_head, config.norm)?.weight_plus(1.0)?, heads);
        let attention = Attention {
            query_norm: Some(norm("q_norm", config.n_heads)?),
            key_norm: Some(norm("k_norm", config.n_key_value_heads)?),
            ..attention(&own, config, Biases::all(self.common.attention_bias == Some(true)))?
        };
        block(&weights, config, attention)
    }
}
