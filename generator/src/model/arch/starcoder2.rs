//! StarCoder 2: Mistral's attention with layer norms, biases, and MLPs without gate.

use anyhow::Result;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Architecture;
use super::llama::{Biases, LlamaFields, attention, block, defaults_with, embedding, layer_of};
use crate::model::config::{DecoderConfig, NormConfig, NormKind};
use crate::model::decoder::{Block, Embedding};
use crate::model::mlp::Mlp;
use crate::model::weights::Weights;

#[derive(Deserialize)]
pub(super) struct Starcoder2 {
    #[serde(flatten)]
    common: LlamaFields,
    sliding_window: Option<usize>,
    norm_epsilon: f64,
    use_bias: Option<bool>,
}

impl Architecture for Starcoder2 {
    fn defaults(_: &Value) -> Value {
        defaults_with(json!({
            "vocab_size": 49152,
            "hidden_size": 3072,
            "intermediate_size": 12288,
            "num_hidden_layers": 30,
            "num_attention_heads": 24,
            "num_key_value_heads": 2,
            "hidden_act": "gelu_pytorch_tanh",
            "max_position_embeddings": 4096,
            "norm_epsilon": 1e-5,
            "use_bias": true,
            "tie_word_embeddings": true,
        }))
    }

    fn config(&self) -> Result<DecoderConfig> {
        Ok(DecoderConfig {
            norm: NormConfig { kind: NormKind::Layer, eps: self.norm_epsilon },
            gated_mlp: false,
            ..self.common.config("Starcoder2ForCausalLM")?.with_window(self.sliding_window)
        })
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let weights = layer_of(weights, layer);
        let (d, d_mlp, bias) = (config.d_model, config.d_mlp.unwrap_or(0), self.use_bias == Some(true));
        let attention = attention(&weights.at("self_attn"), config, Biases::all(bias))?;
        let mlp = weights.at("mlp");
        let (up, down) = (mlp.linear("c_fc", d, d_mlp, bias)?, mlp.linear("c_proj", d_mlp, d, bias)?);
        block(&weights, config, attention, Mlp::dense(up, down, config.activation))
    }
}
