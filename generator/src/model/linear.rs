//! A linear map with an optional bias.

use anyhow::{Context as _, Result};
use candle_core::{DType, Device, Tensor};

use super::blank::made_of;

/// y = x · weight + bias
#[derive(Debug, Clone)]
pub struct Linear {
    /// `[d_in, d_out]`, contiguous.
    pub weight: Tensor,
    /// `[d_out]`
    pub bias: Option<Tensor>,
}

impl Linear {
    pub fn d_out(&self) -> usize {
        self.weight.dims().last().copied().unwrap_or(0)
    }

    fn d_in(&self) -> usize {
        self.weight.dims().first().copied().unwrap_or(0)
    }

    /// Several maps of the same input as one: outputs side by side. Where only some have a bias, the others' is 0.
    pub fn concat(parts: &[Linear]) -> Result<Linear> {
        let weights: Vec<&Tensor> = parts.iter().map(|p| &p.weight).collect();
        let first = parts.first().context("no maps to put side by side")?;
        let shape = [first.d_in(), parts.iter().map(Linear::d_out).sum()];
        let weight = made_of(&first.weight, shape, || Tensor::cat(&weights, 1)?.contiguous())?;
        let bias = if parts.iter().any(|p| p.bias.is_some()) {
            let zero = |p: &Linear| Tensor::zeros(p.d_out(), p.weight.dtype(), p.weight.device());
            let biases = parts.iter().map(|p| p.bias.clone().map_or_else(|| zero(p), Ok));
            Some(Tensor::cat(&biases.collect::<Result<Vec<_>, _>>()?, 0)?)
        } else {
            None
        };
        Ok(Linear { weight, bias })
    }

    /// The outputs in another order: output `i` of the result is output `order[i]` of this map.
    pub fn select_outputs(&self, order: &[u32]) -> Result<Linear> {
        let shape = [self.d_in(), order.len()];
        let order = Tensor::from_slice(order, order.len(), self.weight.device())?;
        let bias = self.bias.as_ref().map(|b| b.contiguous()?.index_select(&order, 0)).transpose()?;
        Ok(Linear { weight: made_of(&self.weight, shape, || self.weight.index_select(&order, 1))?, bias })
    }

    /// The first `n` outputs.
    pub fn first_outputs(&self, n: usize) -> Result<Linear> {
        let bias = self.bias.as_ref().map(|b| b.narrow(0, 0, n)).transpose()?;
        Ok(Linear { weight: self.weight.narrow(1, 0, n)?.contiguous()?, bias })
    }

    /// The map followed by a multiplication.
    pub fn scaled(&self, factor: f64) -> Result<Linear> {
        let bias = self.bias.as_ref().map(|b| b * factor).transpose()?;
        Ok(Linear { weight: made_of(&self.weight, [self.d_in(), self.d_out()], || &self.weight * factor)?, bias })
    }

    /// The same map elsewhere, its matrix in this precision; biases are few and stay f32.
    pub(super) fn to(&self, device: &Device, dtype: DType) -> Result<Linear> {
        let bias = self.bias.as_ref().map(|t| t.to_device(device)).transpose()?;
        // In this order: less is sent to a device, and nothing is converted there that it may not have room for twice.
        Ok(Linear { weight: self.weight.to_dtype(dtype)?.to_device(device)?, bias })
    }
}
