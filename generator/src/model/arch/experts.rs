//! Mixtures of gated experts, as both versions of the library store them.

use anyhow::{Context as _, Result};
use candle_core::Tensor;

use crate::model::blank::made_of;
use crate::model::config::{DecoderConfig, Experts};
use crate::model::linear::Linear;
use crate::model::mlp::{FeedForward, Gate, Mixture, Mlp};
use crate::model::weights::Scope;

/// The router `gate`, and `experts`: up to version 4 of the library each expert has its own maps, called gate, up and
/// down by `names`; from version 5 on they may be stacked in `gate_up_proj` and `down_proj`.
pub(super) fn mixture(weights: &Scope<'_>, config: &DecoderConfig, names: [&str; 3]) -> Result<Mlp> {
    let (d, d_mlp, choice) = (config.d_model, config.d_mlp.unwrap_or(0), choice(config)?);
    let router = weights.linear("gate", d, choice.n_experts, false)?;
    let all = weights.at("experts");
    let experts = if all.has("gate_up_proj") {
        stacked(&all, config, ["gate_up_proj", "down_proj"])?
    } else {
        let [gate, up, down] = names;
        let own = |i: usize| {
            let weights = all.at(i);
            let up = Linear::concat(&[weights.linear(gate, d, d_mlp, false)?, weights.linear(up, d, d_mlp, false)?])?;
            Ok(expert(up, weights.linear(down, d_mlp, d, false)?, config))
        };
        (0..choice.n_experts).map(own).collect::<Result<_>>()?
    };
    Ok(Mlp::Mixture(Mixture { router, experts, choice }))
}

/// All experts in two tensors `[n_experts, 2 · d_mlp, d_model]` and `[n_experts, d_model, d_mlp]`; of the first, gates
/// come before what they multiply.
pub(super) fn stacked(weights: &Scope<'_>, config: &DecoderConfig, [up, down]: [&str; 2]) -> Result<Vec<FeedForward>> {
    let (d, d_mlp, n) = (config.d_model, config.d_mlp.unwrap_or(0), choice(config)?.n_experts);
    let up = weights.tensor(up, &[n, 2 * d_mlp, d])?;
    let down = weights.tensor(down, &[n, d, d_mlp])?;
    let map = |stack: &Tensor, i| -> Result<Linear> {
        let matrix = stack.get(i)?.t()?;
        Ok(Linear { weight: made_of(&matrix, matrix.dims2()?.into(), || matrix.contiguous())?, bias: None })
    };
    (0..n).map(|i| Ok(expert(map(&up, i)?, map(&down, i)?, config))).collect()
}

fn expert(up: Linear, down: Linear, config: &DecoderConfig) -> FeedForward {
    FeedForward { up, down, activation: config.activation, gate: Gate::Plain }
}

/// The experts of a configuration that has some.
pub(super) fn choice(config: &DecoderConfig) -> Result<Experts> {
    config.experts.context("the number of experts is not configured")
}
