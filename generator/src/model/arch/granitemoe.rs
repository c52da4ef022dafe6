//! Granite with experts.

use anyhow::Result;
use serde::Deserialize;
use serde_json::{Value, json};

use super::experts::{choice, stacked};
use super::granite::Granite;
use super::llama::{embedding, layer_of};
use super::{Architecture, over};
use crate::model::config::{DecoderConfig, Experts, Routing};
use crate::model::decoder::{Block, Embedding};
use crate::model::mlp::{Mixture, Mlp};
use crate::model::weights::{Scope, Weights};

#[derive(Deserialize)]
pub(super) struct GraniteMoe {
    #[serde(flatten)]
    dense: Granite,
    num_local_experts: usize,
    num_experts_per_tok: usize,
}

impl Architecture for GraniteMoe {
    fn defaults(config: &Value) -> Value {
        over(json!({"num_local_experts": 8, "num_experts_per_tok": 2}), Granite::defaults(config))
    }

    fn config(&self) -> Result<DecoderConfig> {
        let experts = Experts {
            n_experts: self.num_local_experts,
            per_token: self.num_experts_per_tok,
            routing: Routing::SoftmaxOfChosen,
        };
        Ok(DecoderConfig { experts: Some(experts), ..self.dense.decoder("GraniteMoeForCausalLM")? })
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let weights = layer_of(weights, layer);
        self.dense.block_with(&weights, config, mixture(&weights.at("block_sparse_moe"), config)?)
    }
}

fn mixture(weights: &Scope<'_>, config: &DecoderConfig) -> Result<Mlp> {
    let choice = choice(config)?;
    let router = weights.linear("router.layer", config.d_model, choice.n_experts, false)?;
    let experts = stacked(weights, config, ["input_linear.weight", "output_linear.weight"])?;
    Ok(Mlp::Mixture(Mixture { router, experts, choice }))
}
