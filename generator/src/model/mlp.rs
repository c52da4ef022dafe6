//! The position-wise part of a layer: activations, dense and gated MLPs, mixtures of experts.

use anyhow::Result;
use candle_core::{DType, Device};
use serde::Deserialize;

use super::config::{Experts, Routing};
use super::linear::Linear;

/// Activation functions, by the names that `config.json` uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Activation {
    /// x · Φ(x), with the exact normal distribution function.
    #[serde(rename = "gelu", alias = "gelu_python")]
    Gelu,
    /// x · Φ(x), with Φ approximated through a hyperbolic tangent.
    #[serde(
        rename = "gelu_new",
        alias = "gelu_pytorch_tanh",
        alias = "gelu_python_tanh",
        alias = "gelu_fast",
        alias = "gelu_accurate"
    )]
    GeluTanh,
    /// x · σ(1.702 x)
    #[serde(rename = "quick_gelu")]
    GeluQuick,
    /// x · σ(x)
    #[serde(rename = "silu", alias = "swish")]
    Silu,
    #[serde(rename = "relu")]
    Relu,
    /// max(x, 0)²
    #[serde(rename = "relu2")]
    ReluSquared,
    #[serde(rename = "tanh")]
    Tanh,
    #[serde(rename = "sigmoid")]
    Sigmoid,
    #[serde(rename = "linear")]
    Identity,
}

impl Activation {
    /// As TransformerLens and `config.json` call it.
    pub fn name(self) -> &'static str {
        match self {
            Activation::Gelu => "gelu",
            Activation::GeluTanh => "gelu_new",
            Activation::GeluQuick => "quick_gelu",
            Activation::Silu => "silu",
            Activation::Relu => "relu",
            Activation::ReluSquared => "relu2",
            Activation::Tanh => "tanh",
            Activation::Sigmoid => "sigmoid",
            Activation::Identity => "linear",
        }
    }
}

/// The position-wise part of a layer.
#[derive(Debug, Clone)]
pub enum Mlp {
    /// All tokens take the same way.
    Dense(FeedForward),
    /// Each token takes a few of several ways.
    Mixture(Mixture),
}

/// Weights of one MLP, or of one expert.
#[derive(Debug, Clone)]
pub struct FeedForward {
    /// To the hidden units; with a gate `[d_model, 2 · d_mlp]`: the gate first, then what it multiplies.
    pub up: Linear,
    pub down: Linear,
    pub activation: Activation,
    pub gate: Gate,
}

/// What becomes of the hidden units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Gate {
    /// activation(x)
    None,
    /// activation(gate) · x
    Plain,
    /// activation(min(gate, limit)) · (clamp(x, −limit, limit) + 1)
    Clamped { limit: f32 },
}

/// Shazeer et al. 2017, "Outrageously Large Neural Networks": experts, and the map that chooses among them.
#[derive(Debug, Clone)]
pub struct Mixture {
    /// To one score per expert.
    pub router: Linear,
    pub experts: Vec<FeedForward>,
    pub choice: Experts,
}

/// What one expert gets to do in a pass.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Share {
    /// Tokens that are sent to it, ascending.
    pub rows: Vec<u32>,
    /// What its output is multiplied by, for each of them.
    pub weights: Vec<f32>,
}

impl Mlp {
    pub fn dense(up: Linear, down: Linear, activation: Activation) -> Self {
        Mlp::Dense(FeedForward { up, down, activation, gate: Gate::None })
    }

    /// down(activation(gate(x)) · up(x))
    pub fn gated(gate: Linear, up: Linear, down: Linear, activation: Activation) -> Result<Self> {
        Ok(Mlp::Dense(FeedForward { up: Linear::concat(&[gate, up])?, down, activation, gate: Gate::Plain }))
    }

    /// The same with every output multiplied.
    pub fn scaled(mut self, factor: f64) -> Result<Self> {
        let all = match &mut self {
            Mlp::Dense(mlp) => std::slice::from_mut(mlp),
            Mlp::Mixture(mixture) => &mut mixture.experts,
        };
        for mlp in all {
            mlp.down = mlp.down.scaled(factor)?;
        }
        Ok(self)
    }

    pub(super) fn to(&self, device: &Device, dtype: DType) -> Result<Mlp> {
        Ok(match self {
            Mlp::Dense(mlp) => Mlp::Dense(mlp.to(device, dtype)?),
            Mlp::Mixture(mixture) => Mlp::Mixture(Mixture {
                router: mixture.router.to(device, dtype)?,
                experts: mixture.experts.iter().map(|e| e.to(device, dtype)).collect::<Result<_>>()?,
                choice: mixture.choice,
            }),
        })
    }
}

impl FeedForward {
    fn to(&self, device: &Device, dtype: DType) -> Result<FeedForward> {
        Ok(FeedForward { up: self.up.to(device, dtype)?, down: self.down.to(device, dtype)?, ..*self })
    }
}

impl Experts {
    /// Each expert's share, from the router's scores `[tokens, n_experts]`. Of equal scores the first wins.
    pub(super) fn shares(&self, scores: &[f32]) -> Vec<Share> {
        let mut shares = vec![Share::default(); self.n_experts];
        for (row, scores) in scores.chunks_exact(self.n_experts).enumerate() {
            let mut order: Vec<usize> = (0..self.n_experts).collect();
            order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
            let chosen = &order[..self.per_token];
            let exp = |expert: &usize| (scores[*expert] - scores[order[0]]).exp();
            let total: f32 = match self.routing {
                Routing::Softmax => order.iter().map(exp).sum(),
                Routing::SoftmaxOfChosen => chosen.iter().map(exp).sum(),
            };
            for expert in chosen {
                shares[*expert].rows.push(row as u32);
                shares[*expert].weights.push(exp(expert) / total);
            }
        }
        shares
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_shared_out() {
        let scores = [0.0, 2f32.ln(), 3f32.ln(), 1.0, 0.0, 0.0];
        let weights = |routing| {
            let shares = Experts { n_experts: 3, per_token: 2, routing }.shares(&scores);
            let rows: Vec<&[u32]> = shares.iter().map(|s| s.rows.as_slice()).collect();
            assert_eq!(rows, [[1].as_slice(), &[0, 1], &[0]]);
            [shares[1].weights[0], shares[2].weights[0]]
        };
        let near = |found: [f32; 2], wanted: [f32; 2]| found.iter().zip(wanted).all(|(f, w)| (f - w).abs() < 1e-6);
        assert!(near(weights(Routing::Softmax), [2.0 / 6.0, 3.0 / 6.0]));
        assert!(near(weights(Routing::SoftmaxOfChosen), [2.0 / 5.0, 3.0 / 5.0]));
    }
}
