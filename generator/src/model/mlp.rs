//! The position-wise part of a layer: activations, dense and gated MLPs.

use anyhow::Result;
use candle_core::{DType, Device};
use serde::Deserialize;

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

/// Weights of one MLP.
#[derive(Debug, Clone)]
pub struct Mlp {
    /// To the hidden units; for a gated MLP `[d_model, 2 · d_mlp]`: the gate first, then what it multiplies.
    pub up: Linear,
    pub down: Linear,
    pub activation: Activation,
    pub gated: bool,
}

impl Mlp {
    pub fn dense(up: Linear, down: Linear, activation: Activation) -> Self {
        Mlp { up, down, activation, gated: false }
    }

    /// down(activation(gate(x)) · up(x))
    pub fn gated(gate: Linear, up: Linear, down: Linear, activation: Activation) -> Result<Self> {
        Ok(Mlp { up: Linear::concat(&[gate, up])?, down, activation, gated: true })
    }

    pub(super) fn to(&self, device: &Device, dtype: DType) -> Result<Mlp> {
        Ok(Mlp { up: self.up.to(device, dtype)?, down: self.down.to(device, dtype)?, ..*self })
    }
}
