//! gpt-oss: attention with sinks and a window in every other layer, experts with clamped gates.

use anyhow::Result;
use candle_core::Tensor;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Architecture;
use super::experts::choice;
use super::layers;
use super::llama::{Biases, LlamaFields, attention, block, defaults_with, embedding, layer_of};
use crate::model::attention::Attention;
use crate::model::config::{DecoderConfig, Experts, Routing};
use crate::model::decoder::{Block, Embedding};
use crate::model::linear::Linear;
use crate::model::mlp::{Activation, FeedForward, Gate, Mixture, Mlp};
use crate::model::weights::{Scope, Weights};

/// Where the library clamps the hidden units, whatever `swiglu_limit` says.
const LIMIT: f32 = 7.0;

#[derive(Deserialize)]
pub(super) struct GptOss {
    #[serde(flatten)]
    common: LlamaFields,
    attention_bias: Option<bool>,
    sliding_window: Option<usize>,
    layer_types: Option<Vec<String>>,
    num_local_experts: usize,
    num_experts_per_tok: usize,
}

impl Architecture for GptOss {
    fn defaults(config: &Value) -> Value {
        let own = json!({
            "num_hidden_layers": 36,
            "num_local_experts": 128,
            "num_experts_per_tok": 4,
            "vocab_size": 201_088,
            "hidden_size": 2880,
            "intermediate_size": 2880,
            "head_dim": 64,
            "num_attention_heads": 64,
            "num_key_value_heads": 8,
            "sliding_window": 128,
            "rope_theta": 150_000.0,
            "max_position_embeddings": 131_072,
            "rms_norm_eps": 1e-5,
            "attention_bias": true,
        });
        let stretched = json!({"rope_scaling": {
            "rope_type": "yarn",
            "factor": 32.0,
            "beta_fast": 32.0,
            "beta_slow": 1.0,
            "truncate": false,
            "original_max_position_embeddings": 4096,
        }});
        let given = config.get("rope_parameters").is_some_and(|p| !p.is_null());
        defaults_with(if given { own } else { super::over(own, stretched) })
    }

    fn config(&self) -> Result<DecoderConfig> {
        let experts = Experts {
            n_experts: self.num_local_experts,
            per_token: self.num_experts_per_tok,
            routing: Routing::SoftmaxOfChosen,
        };
        let mut config = DecoderConfig {
            // x · σ(1.702 x), whatever `hidden_act` says.
            activation: Activation::GeluQuick,
            experts: Some(experts),
            ..self.common.config("GptOssForCausalLM")?
        };
        let types = layers::types(self.layer_types.as_ref(), config.n_layers(), layers::every(2)?)?;
        layers::slide(&mut config, &types, self.sliding_window)?;
        Ok(config)
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let weights = layer_of(weights, layer);
        let own = weights.at("self_attn");
        let attention = Attention {
            sinks: Some(own.tensor("sinks", &[config.n_heads])?.to_vec1()?),
            ..attention(&own, config, Biases::all(self.attention_bias == Some(true)))?
        };
        block(&weights, config, attention, mixture(&weights.at("mlp"), config)?)
    }
}

/// Experts stacked in one tensor, gates and what they multiply in turn.
fn mixture(weights: &Scope<'_>, config: &DecoderConfig) -> Result<Mlp> {
    let (d, d_mlp, choice) = (config.d_model, config.d_mlp.unwrap_or(0), choice(config)?);
    let n = choice.n_experts;
    let all = weights.at("experts");
    let read = |name: &str, shape: [usize; 3]| -> Result<[Tensor; 2]> {
        Ok([all.tensor(name, &shape)?, all.tensor(&format!("{name}_bias"), &[n, shape[2]])?])
    };
    let up = read("gate_up_proj", [n, d, 2 * d_mlp])?;
    let down = read("down_proj", [n, d_mlp, d])?;
    let gates_first: Vec<u32> = (0..2).flat_map(|part| (0..d_mlp).map(move |i| (2 * i + part) as u32)).collect();
    let expert = |i: usize| -> Result<FeedForward> {
        let map = |[weight, bias]: &[Tensor; 2]| -> Result<Linear> {
            Ok(Linear { weight: weight.get(i)?, bias: Some(bias.get(i)?) })
        };
        Ok(FeedForward {
            up: map(&up)?.select_outputs(&gates_first)?,
            down: map(&down)?,
            activation: config.activation,
            gate: Gate::Clamped { limit: LIMIT },
        })
    };
    let experts = (0..n).map(expert).collect::<Result<_>>()?;
    Ok(Mlp::Mixture(Mixture { router: weights.linear("router", d, n, true)?, experts, choice }))
}
