//! The operations as compositions of tensor operations, for any device and precision. Softmax and norms
//! are computed in f32 whatever the precision of the rest.

use std::ops::Range;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use candle_core::{D, DType, Device, Tensor};
use candle_nn::ops::{sigmoid, softmax_last_dim};
use candle_transformers::utils::repeat_kv;
use ndarray::Array3;

use super::{Attended, Kernels};
use crate::model::attention::{AttentionPlan, Prompts};
use crate::model::config::NormKind;
use crate::model::linear::Linear;
use crate::model::mlp::{Activation, FeedForward, Gate};
use crate::model::norm::Norm;
use crate::model::rope::RotaryTable;

/// Tensor operations on a device.
#[derive(Debug)]
pub(in crate::model) struct Composed {
    pub device: Device,
    pub dtype: DType,
}

impl Kernels for Composed {
    type Rows = Tensor;

    fn gather(&self, table: &Tensor, ids: &[u32]) -> Result<Tensor> {
        Ok(table.index_select(&Tensor::from_slice(ids, ids.len(), &self.device)?, 0)?)
    }

    fn linear(&self, x: &Tensor, linear: &Linear) -> Result<Tensor> {
        let y = x.matmul(&linear.weight)?;
        Ok(match &linear.bias {
            Some(bias) => y.broadcast_add(&bias.to_dtype(self.dtype)?)?,
            None => y,
        })
    }

    fn add_linear(&self, to: &mut Tensor, x: &Tensor, linear: &Linear) -> Result<()> {
        *to = (&*to + self.linear(x, linear)?)?;
        Ok(())
    }

    fn add(&self, to: &mut Tensor, x: &Tensor) -> Result<()> {
        *to = (&*to + x)?;
        Ok(())
    }

    fn values(&self, x: &Tensor) -> Result<Vec<f32>> {
        Ok(x.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?)
    }

    fn zeros_like(&self, x: &Tensor) -> Result<Tensor> {
        Ok(x.zeros_like()?)
    }

    fn select(&self, x: &Tensor, rows: &[u32]) -> Result<Tensor> {
        Ok(x.index_select(&Tensor::from_slice(rows, rows.len(), &self.device)?, 0)?)
    }

    fn add_to_rows(&self, to: &mut Tensor, rows: &[u32], x: &Tensor, factors: &[f32]) -> Result<()> {
        let factors = Tensor::from_slice(factors, (factors.len(), 1), &self.device)?.to_dtype(self.dtype)?;
        let rows = Tensor::from_slice(rows, rows.len(), &self.device)?;
        *to = to.index_add(&rows, &x.broadcast_mul(&factors)?, 0)?;
        Ok(())
    }

    fn scale(&self, x: &mut Tensor, factor: f32) -> Result<()> {
        *x = (&*x * f64::from(factor))?;
        Ok(())
    }

    fn clamp(&self, x: &mut Tensor, limit: f32) -> Result<()> {
        *x = x.clamp(-limit, limit)?;
        Ok(())
    }

    fn norm(&self, x: &Tensor, norm: &Norm) -> Result<Tensor> {
        let wide = x.to_dtype(DType::F32)?;
        let wide = match norm.kind {
            NormKind::Layer => wide.broadcast_sub(&wide.mean_keepdim(D::Minus1)?)?,
            NormKind::Rms => wide,
        };
        let square = (wide.sqr()?.mean_keepdim(D::Minus1)? + f64::from(norm.eps))?;
        let mut y = wide.broadcast_div(&square.sqrt()?)?;
        if let Some(weight) = &norm.weight {
            y = y.broadcast_mul(weight)?;
        }
        if let Some(bias) = &norm.bias {
            y = y.broadcast_add(bias)?;
        }
        Ok(y.to_dtype(self.dtype)?)
    }

    fn norm_columns(&self, x: &mut Tensor, columns: Range<usize>, group: usize, norm: &Norm) -> Result<()> {
        let (rows, width) = x.dims2()?;
        let groups = columns.len() / group;
        let part = x.narrow(1, columns.start, columns.len())?.reshape((rows, groups, group))?;
        let by_group = |t: &Option<Tensor>| t.as_ref().map(|t| t.reshape((groups, group))).transpose();
        let norm = Norm { weight: by_group(&norm.weight)?, bias: by_group(&norm.bias)?, ..*norm };
        let part = self.norm(&part, &norm)?.reshape((rows, columns.len()))?;
        *x = replace_columns(x, &part, columns, width)?;
        Ok(())
    }

    fn hidden(&self, x: &Tensor, mlp: &FeedForward) -> Result<Tensor> {
        let up = self.linear(x, &mlp.up)?;
        if mlp.gate == Gate::None {
            return activate(up, mlp.activation);
        }
        let half = up.dim(1)? / 2;
        let (mut gate, mut value) = (up.narrow(1, 0, half)?.contiguous()?, up.narrow(1, half, half)?);
        if let Gate::Clamped { limit } = mlp.gate {
            (gate, value) = (gate.minimum(limit)?, (value.clamp(-limit, limit)? + 1.0)?);
        }
        Ok((activate(gate, mlp.activation)? * value)?)
    }

    fn rotate(
        &self,
        x: &mut Tensor,
        prompts: &Prompts,
        tables: &[Arc<RotaryTable>],
        interleaved: bool,
        heads: usize,
        d_head: usize,
    ) -> Result<()> {
        let (rows, width) = x.dims2()?;
        let pairs = tables.first().context("no prompt")?.pairs;
        let column = |values: fn(&RotaryTable) -> &Vec<f32>| -> Result<Tensor> {
            let rows_of = |(t, r): (&Arc<RotaryTable>, &Range<usize>)| values(t)[..r.len() * pairs].to_vec();
            let all: Vec<f32> = tables.iter().zip(&prompts.rows).flat_map(rows_of).collect();
            Ok(Tensor::from_vec(all, (rows, 1, pairs), &self.device)?.to_dtype(self.dtype)?)
        };
        let (cos, sin) = (column(|t| &t.cos)?, column(|t| &t.sin)?);
        let part = x.narrow(1, 0, heads * d_head)?.reshape((rows, heads, d_head))?;
        let turned = part.narrow(2, 0, 2 * pairs)?;
        let (a, b) = if interleaved {
            let split = turned.reshape((rows, heads, pairs, 2))?;
            (split.narrow(3, 0, 1)?.squeeze(3)?, split.narrow(3, 1, 1)?.squeeze(3)?)
        } else {
            (turned.narrow(2, 0, pairs)?, turned.narrow(2, pairs, pairs)?)
        };
        let new_a = (a.broadcast_mul(&cos)? - b.broadcast_mul(&sin)?)?;
        let new_b = (b.broadcast_mul(&cos)? + a.broadcast_mul(&sin)?)?;
        let turned = if interleaved {
            Tensor::stack(&[new_a, new_b], 3)?.reshape((rows, heads, 2 * pairs))?
        } else {
            Tensor::cat(&[new_a, new_b], 2)?
        };
        let kept = part.narrow(2, 2 * pairs, d_head - 2 * pairs)?;
        let part = if kept.elem_count() == 0 { turned } else { Tensor::cat(&[turned, kept], 2)? };
        *x = replace_columns(x, &part.reshape((rows, heads * d_head))?, 0..heads * d_head, width)?;
        Ok(())
    }

    fn attend(&self, qkv: &Tensor, prompts: &Prompts, plan: &AttentionPlan<'_>, mix: bool) -> Result<Attended<Tensor>> {
        let (mut patterns, mut mixed) = (Vec::new(), Vec::new());
        for rows in &prompts.rows {
            let n = rows.len();
            let own = qkv.narrow(0, rows.start, n)?;
            let heads = |first: usize, count: usize| -> Result<Tensor> {
                let part = own.narrow(1, first * plan.d_head, count * plan.d_head)?;
                let part = part.reshape((1, n, count, plan.d_head))?.transpose(1, 2)?.contiguous()?;
                Ok(repeat_kv(part, plan.n_heads / count)?.squeeze(0)?)
            };
            let queries = heads(0, plan.n_heads)?;
            let keys = heads(plan.n_heads, plan.n_key_value_heads)?;
            let pattern = self.pattern(&queries, &keys, plan, n)?;
            if mix {
                let values = heads(plan.n_heads + plan.n_key_value_heads, plan.n_key_value_heads)?;
                let z = pattern.to_dtype(self.dtype)?.matmul(&values)?.transpose(0, 1)?;
                mixed.push(z.reshape((n, plan.n_heads * plan.d_head))?);
            }
            let values = pattern.flatten_all()?.to_vec1::<f32>()?;
            patterns.push(Array3::from_shape_vec((plan.n_heads, n, n), values)?);
        }
        let mixed = mix.then(|| Tensor::cat(&mixed, 0)).transpose()?;
        Ok((patterns, mixed))
    }
}

impl Composed {
    /// One prompt's pattern `[n_heads, n, n]` in f32.
    fn pattern(&self, queries: &Tensor, keys: &Tensor, plan: &AttentionPlan<'_>, n: usize) -> Result<Tensor> {
        let scores = queries.matmul(&keys.t()?.contiguous()?)?.to_dtype(DType::F32)?;
        let mut scores = (scores * f64::from(plan.scale))?;
        if let Some(cap) = plan.soft_cap {
            scores = ((scores / f64::from(cap))?.tanh()? * f64::from(cap))?;
        }
        if let Some(bias) = plan.bias {
            let rows = (0..plan.n_heads).flat_map(|h| (0..n).flat_map(move |i| bias.row(h, i, n).iter().copied()));
            scores = (scores + Tensor::from_iter(rows, &self.device)?.reshape((plan.n_heads, n, n))?)?;
        }
        let seen =
            |i: usize| (0..n).map(move |j| if plan.mask.keys(i, n).contains(&j) { 0.0 } else { f32::NEG_INFINITY });
        let mask = Tensor::from_iter((0..n).flat_map(seen), &self.device)?.reshape((1, n, n))?;
        scores = scores.broadcast_add(&mask)?;
        if let Some(sinks) = plan.sinks {
            let sinks = Tensor::from_slice(sinks, (plan.n_heads, 1, 1), &self.device)?;
            scores = Tensor::cat(&[scores, sinks.broadcast_as((plan.n_heads, n, 1))?.contiguous()?], 2)?;
        }
        Ok(softmax_last_dim(&scores.contiguous()?)?.narrow(2, 0, n)?.contiguous()?)
    }
}

fn activate(x: Tensor, activation: Activation) -> Result<Tensor> {
    Ok(match activation {
        Activation::Gelu => x.gelu_erf()?,
        Activation::GeluTanh => x.gelu()?,
        Activation::GeluQuick => (&x * sigmoid(&(&x * 1.702)?)?)?,
        Activation::Silu => x.silu()?,
        Activation::Relu => x.relu()?,
        Activation::ReluSquared => x.relu()?.sqr()?,
        Activation::Tanh => x.tanh()?,
        Activation::Sigmoid => sigmoid(&x)?,
        Activation::Identity => x,
    })
}

/// `x` with some of its columns replaced.
fn replace_columns(x: &Tensor, part: &Tensor, columns: Range<usize>, width: usize) -> Result<Tensor> {
    let mut parts = Vec::new();
    if columns.start > 0 {
        parts.push(x.narrow(1, 0, columns.start)?);
    }
    parts.push(part.clone());
    if columns.end < width {
        parts.push(x.narrow(1, columns.end, width - columns.end)?);
    }
    Ok(Tensor::cat(&parts, 1)?)
}
