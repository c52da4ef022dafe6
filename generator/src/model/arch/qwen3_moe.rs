//! Qwen 3 with experts, in all layers or some.

use anyhow::{Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Architecture;
use super::experts::mixture;
use super::llama::{LlamaFields, block, embedding, gated_mlp_of, layer_of};
use super::qwen2::qwen_defaults;
use super::qwen3::normed_attention;
use crate::model::config::{BosPolicy, DecoderConfig, Experts, Routing};
use crate::model::decoder::{Block, Embedding};
use crate::model::weights::Weights;

#[derive(Deserialize)]
pub(super) struct Qwen3Moe {
    #[serde(flatten)]
    common: LlamaFields,
    attention_bias: Option<bool>,
    use_sliding_window: Option<bool>,
    sliding_window: Option<usize>,
    /// Every so many layers have experts.
    decoder_sparse_step: usize,
    /// These layers have none.
    mlp_only_layers: Option<Vec<usize>>,
    moe_intermediate_size: usize,
    num_experts: Option<usize>,
    /// What version 5 of the library writes.
    num_local_experts: Option<usize>,
    num_experts_per_tok: usize,
    norm_topk_prob: Option<bool>,
}

impl Qwen3Moe {
    fn n_experts(&self) -> usize {
        self.num_experts.or(self.num_local_experts).unwrap_or(128)
    }

    fn has_experts(&self, layer: usize) -> bool {
        let dense = self.mlp_only_layers.as_ref().is_some_and(|dense| dense.contains(&layer));
        !dense && self.n_experts() > 0 && (layer + 1).is_multiple_of(self.decoder_sparse_step)
    }
}

impl Architecture for Qwen3Moe {
    fn defaults(_: &Value) -> Value {
        qwen_defaults(json!({
            "hidden_size": 2048,
            "intermediate_size": 6144,
            "num_hidden_layers": 24,
            "num_key_value_heads": 4,
            "decoder_sparse_step": 1,
            "moe_intermediate_size": 768,
            "num_experts_per_tok": 8,
        }))
    }

    fn config(&self) -> Result<DecoderConfig> {
        ensure!(self.decoder_sparse_step > 0, "decoder_sparse_step is 0");
        let chosen = self.norm_topk_prob == Some(true);
        let experts = Experts {
            n_experts: self.n_experts(),
            per_token: self.num_experts_per_tok,
            routing: if chosen { Routing::SoftmaxOfChosen } else { Routing::Softmax },
        };
        let window = self.sliding_window.filter(|_| self.use_sliding_window == Some(true));
        let some = (0..self.common.num_hidden_layers).any(|layer| self.has_experts(layer));
        Ok(DecoderConfig {
            d_mlp: Some(if some { self.moe_intermediate_size } else { self.common.intermediate_size }),
            experts: some.then_some(experts),
            bos: BosPolicy::None,
            ..self.common.config("Qwen3MoeForCausalLM")?.with_window(window)
        })
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let weights = layer_of(weights, layer);
        let attention = normed_attention(&weights.at("self_attn"), config, self.attention_bias == Some(true))?;
        let mlp = weights.at("mlp");
        let mlp = if self.has_experts(layer) {
            mixture(&mlp, config, ["gate_proj", "up_proj", "down_proj"])?
        } else {
            gated_mlp_of(&mlp, config, self.common.intermediate_size, false)?
        };
        block(&weights, config, attention, mlp)
    }
}
