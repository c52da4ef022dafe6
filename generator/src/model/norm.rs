//! Layer norm and root-mean-square norm.

use anyhow::Result;
use candle_core::{Device, Tensor};

use super::config::NormKind;

/// A norm with its weights; without weight and bias it only standardises.
#[derive(Debug, Clone)]
pub struct Norm {
    pub kind: NormKind,
    pub eps: f32,
    /// `[width]`
    pub weight: Option<Tensor>,
    /// `[width]`
    pub bias: Option<Tensor>,
}

impl Norm {
    /// The same norm with `offset` added to its weight (some families store `weight − 1`).
    pub fn weight_plus(mut self, offset: f64) -> Result<Norm> {
        self.weight = self.weight.map(|w| w + offset).transpose()?;
        Ok(self)
    }

    /// The same norm elsewhere; its weights are few and stay f32.
    pub(super) fn to(&self, device: &Device) -> Result<Norm> {
        let to = |t: &Option<Tensor>| t.as_ref().map(|t| t.to_device(device)).transpose();
        Ok(Norm { weight: to(&self.weight)?, bias: to(&self.bias)?, ..*self })
    }
}

/// Norms around one branch (attention or MLP) of a layer. Families use one or two of them.
#[derive(Debug, Clone, Default)]
pub struct BranchNorms {
    /// Of the branch's input.
    pub before: Option<Norm>,
    /// Of the branch's output, before it is added to the stream.
    pub inside: Option<Norm>,
    /// Of the stream, after the addition.
    pub after: Option<Norm>,
}

impl BranchNorms {
    /// The usual place.
    pub fn before(norm: Norm) -> Self {
        BranchNorms { before: Some(norm), ..Default::default() }
    }

    /// On the stream, as the first transformers had it.
    pub fn after(norm: Norm) -> Self {
        BranchNorms { after: Some(norm), ..Default::default() }
    }

    pub(super) fn to(&self, device: &Device) -> Result<BranchNorms> {
        let to = |n: &Option<Norm>| n.as_ref().map(|n| n.to(device)).transpose();
        Ok(BranchNorms { before: to(&self.before)?, inside: to(&self.inside)?, after: to(&self.after)? })
    }
}
