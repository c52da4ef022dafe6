//! The operations as loops over f32 slices on the CPU: each reads and writes its data once, on all threads.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use candle_core::{CpuStorage, Storage, Tensor};
use half::slice::HalfFloatSliceExt as _;
use rayon::prelude::*;

use super::gemm::{Matrix, Threads, multiply};
use super::vector::{self, vectorised};
use super::{Attended, Kernels, attend};
use crate::model::attention::{AttentionPlan, Prompts};
use crate::model::linear::Linear;
use crate::model::mlp::{FeedForward, Gate};
use crate::model::norm::Norm;
use crate::model::rope::RotaryTable;

/// The CPU. Activations are f32; matrices and tables of embeddings may be kept in half the space, and are then widened
/// piece by piece while they are used.
#[derive(Debug, Default)]
pub(in crate::model) struct Fused {
    /// Nanoseconds spent on attention.
    attention: AtomicU64,
}

impl Fused {
    pub fn attention_time(&self) -> Duration {
        Duration::from_nanos(self.attention.load(Ordering::Relaxed))
    }
}

/// Values of a matrix in half precision that are widened together: few enough to stay near the processor.
const WIDENED: usize = 4 << 20;

/// Row-major values.
pub(in crate::model) struct Rows {
    pub values: Vec<f32>,
    pub width: usize,
}

impl Rows {
    fn zeros(rows: usize, width: usize) -> Rows {
        Rows { values: vec![0.0; rows * width], width }
    }

    pub fn len(&self) -> usize {
        self.values.len().checked_div(self.width).unwrap_or(0)
    }

    /// Groups of a few rows, for as many threads. Work that computes rather than moves is to be `#[inline(always)]`:
    /// what is inlined here is compiled for the widest vector instructions.
    fn for_each_row(&mut self, work: impl Fn(usize, &mut [f32]) + Sync) {
        const ROWS_AT_ONCE: usize = 16;
        let width = self.width.max(1);
        self.values.par_chunks_mut(width * ROWS_AT_ONCE).enumerate().for_each(|(group, rows)| {
            vectorised(
                #[inline(always)]
                || {
                    for (r, row) in rows.chunks_mut(width).enumerate() {
                        work(group * ROWS_AT_ONCE + r, row);
                    }
                },
            );
        });
    }
}

/// Values as they are kept.
#[derive(Clone, Copy)]
enum Kept<'a> {
    F32(&'a [f32]),
    F16(&'a [half::f16]),
    Bf16(&'a [half::bf16]),
}

impl Kept<'_> {
    /// As many values as `to` has, from the one at `start` on.
    fn widen(self, start: usize, to: &mut [f32]) {
        let range = start..start + to.len();
        match self {
            Kept::F32(values) => to.copy_from_slice(&values[range]),
            Kept::F16(values) => values[range].convert_to_f32_slice(to),
            Kept::Bf16(values) => values[range].convert_to_f32_slice(to),
        }
    }
}

/// The values of a contiguous tensor on the CPU.
fn with_kept<R>(tensor: &Tensor, work: impl FnOnce(Kept<'_>) -> R) -> Result<R> {
    let (storage, layout) = tensor.storage_and_layout();
    let (start, end) = layout.contiguous_offsets().context("a weight is not contiguous")?;
    let Storage::Cpu(storage) = &*storage else { anyhow::bail!("a weight is not on the CPU") };
    Ok(work(match storage {
        CpuStorage::F32(values) => Kept::F32(&values[start..end]),
        CpuStorage::F16(values) => Kept::F16(&values[start..end]),
        CpuStorage::BF16(values) => Kept::Bf16(&values[start..end]),
        _ => anyhow::bail!("a weight of type {:?}", tensor.dtype()),
    }))
}

/// The values of a contiguous f32 tensor on the CPU.
fn with_values<R>(tensor: &Tensor, work: impl FnOnce(&[f32]) -> R) -> Result<R> {
    with_kept(tensor, |kept| match kept {
        Kept::F32(values) => Ok(work(values)),
        _ => anyhow::bail!("a weight of type {:?} where f32 is needed", tensor.dtype()),
    })?
}

fn with_optional<R>(tensor: Option<&Tensor>, work: impl FnOnce(Option<&[f32]>) -> R) -> Result<R> {
    match tensor {
        Some(tensor) => with_values(tensor, |values| work(Some(values))),
        None => Ok(work(None)),
    }
}

/// to ← x · weight (+ to if `add`)
fn multiply_into(to: &mut Rows, x: &Rows, linear: &Linear, add: bool) -> Result<()> {
    let (d_in, d_out) = linear.weight.dims2()?;
    ensure!(
        x.width == d_in && to.width == d_out,
        "a linear map of {} to {} values got {d_in} to {d_out}",
        x.width,
        to.width
    );
    let (rows, a) = (x.len(), Matrix::rows(&x.values, d_in));
    with_kept(&linear.weight, |weight| {
        if let Kept::F32(weight) = weight {
            multiply([rows, d_in, d_out], a, Matrix::rows(weight, d_out), &mut to.values, d_out, add, Threads::All);
            return;
        }
        // Some columns at a time.
        let width = (WIDENED / d_in.max(1)).next_multiple_of(64).min(d_out).max(1);
        let mut wide = vec![0.0; d_in * width];
        for first in (0..d_out).step_by(width) {
            let width = width.min(d_out - first);
            let wide = &mut wide[..d_in * width];
            wide.par_chunks_mut(width).enumerate().for_each(|(r, row)| weight.widen(r * d_out + first, row));
            let to = to.values.get_mut(first..).unwrap_or_default();
            multiply([rows, d_in, width], a, Matrix::rows(wide, width), to, d_out, add, Threads::All);
        }
    })
}

impl Kernels for Fused {
    type Rows = Rows;

    fn gather(&self, table: &Tensor, ids: &[u32]) -> Result<Rows> {
        let (height, width) = table.dims2()?;
        if let Some(id) = ids.iter().find(|id| **id as usize >= height) {
            anyhow::bail!("row {id} of a table of {height} rows is asked for");
        }
        let mut out = Rows::zeros(ids.len(), width);
        with_kept(table, |table| out.for_each_row(|r, row| table.widen(ids[r] as usize * width, row)))?;
        Ok(out)
    }

    fn linear(&self, x: &Rows, linear: &Linear) -> Result<Rows> {
        let mut out = Rows::zeros(x.len(), linear.d_out());
        if let Some(bias) = &linear.bias {
            with_values(bias, |bias| out.for_each_row(|_, row| row.copy_from_slice(bias)))?;
        }
        // The zeros are not read: that would cost fresh memory a page fault more.
        multiply_into(&mut out, x, linear, linear.bias.is_some())?;
        Ok(out)
    }

    fn add_linear(&self, to: &mut Rows, x: &Rows, linear: &Linear) -> Result<()> {
        if let Some(bias) = &linear.bias {
            with_values(bias, |bias| to.for_each_row(|_, row| vector::add(row, bias)))?;
        }
        multiply_into(to, x, linear, true)
    }

    fn add(&self, to: &mut Rows, x: &Rows) -> Result<()> {
        to.for_each_row(|r, row| vector::add(row, &x.values[r * x.width..][..x.width]));
        Ok(())
    }

    fn values(&self, x: &Rows) -> Result<Vec<f32>> {
        Ok(x.values.clone())
    }

    fn zeros_like(&self, x: &Rows) -> Result<Rows> {
        Ok(Rows::zeros(x.len(), x.width))
    }

    fn select(&self, x: &Rows, rows: &[u32]) -> Result<Rows> {
        let mut out = Rows::zeros(rows.len(), x.width);
        out.for_each_row(|r, row| row.copy_from_slice(&x.values[rows[r] as usize * x.width..][..x.width]));
        Ok(out)
    }

    fn add_to_rows(&self, to: &mut Rows, rows: &[u32], x: &Rows, factors: &[f32]) -> Result<()> {
        for ((row, factor), x) in rows.iter().zip(factors).zip(x.values.chunks_exact(x.width)) {
            let to = &mut to.values[*row as usize * to.width..][..to.width];
            to.iter_mut().zip(x).for_each(|(to, x)| *to += factor * x);
        }
        Ok(())
    }

    fn scale(&self, x: &mut Rows, factor: f32) -> Result<()> {
        x.for_each_row(|_, row| row.iter_mut().for_each(|v| *v *= factor));
        Ok(())
    }

    fn clamp(&self, x: &mut Rows, limit: f32) -> Result<()> {
        x.for_each_row(|_, row| row.iter_mut().for_each(|v| *v = v.clamp(-limit, limit)));
        Ok(())
    }

    fn norm(&self, x: &Rows, norm: &Norm) -> Result<Rows> {
        let mut out = Rows::zeros(x.len(), x.width);
        with_optional(norm.weight.as_ref(), |weight| {
            with_optional(norm.bias.as_ref(), |bias| {
                out.for_each_row(
                    #[inline(always)]
                    |r, row| {
                        row.copy_from_slice(&x.values[r * x.width..][..x.width]);
                        vector::norm(row, norm.kind, norm.eps, weight, bias);
                    },
                );
            })
        })??;
        Ok(out)
    }

    fn norm_columns(&self, x: &mut Rows, columns: Range<usize>, group: usize, norm: &Norm) -> Result<()> {
        with_optional(norm.weight.as_ref(), |weight| {
            with_optional(norm.bias.as_ref(), |bias| {
                x.for_each_row(
                    #[inline(always)]
                    |_, row| {
                        for (g, part) in row[columns.clone()].chunks_exact_mut(group).enumerate() {
                            let at = g * group..(g + 1) * group;
                            let (weight, bias) = (weight.map(|w| &w[at.clone()]), bias.map(|b| &b[at.clone()]));
                            vector::norm(part, norm.kind, norm.eps, weight, bias);
                        }
                    },
                );
            })
        })?
    }

    fn hidden(&self, x: &Rows, mlp: &FeedForward) -> Result<Rows> {
        let mut up = Rows::zeros(x.len(), mlp.up.d_out());
        multiply_into(&mut up, x, &mlp.up, false)?;
        with_optional(mlp.up.bias.as_ref(), |bias| {
            if mlp.gate == Gate::None {
                up.for_each_row(
                    #[inline(always)]
                    |_, row| {
                        bias.into_iter().for_each(|bias| vector::add(row, bias));
                        vector::activate(row, mlp.activation);
                    },
                );
                return up;
            }
            let half = up.width / 2;
            let mut out = Rows::zeros(up.len(), half);
            let bias = bias.map(|bias| bias.split_at(half));
            let limit = match mlp.gate {
                Gate::Clamped { limit } => Some(limit),
                _ => None,
            };
            let clamped = |v: f32| limit.map_or(v, |l| v.clamp(-l, l) + 1.0);
            out.for_each_row(
                #[inline(always)]
                |r, row| {
                    let (gate, factor) = up.values[r * up.width..][..up.width].split_at(half);
                    row.copy_from_slice(gate);
                    bias.into_iter().for_each(|(bias, _)| vector::add(row, bias));
                    limit.into_iter().for_each(|l| row.iter_mut().for_each(|v| *v = v.min(l)));
                    vector::activate(row, mlp.activation);
                    match bias {
                        Some((_, bias)) => {
                            row.iter_mut().zip(factor).zip(bias).for_each(|((v, f), b)| *v *= clamped(f + b));
                        }
                        None => row.iter_mut().zip(factor).for_each(|(v, f)| *v *= clamped(*f)),
                    }
                },
            );
            out
        })
    }

    fn rotate(
        &self,
        x: &mut Rows,
        prompts: &Prompts,
        tables: &[Arc<RotaryTable>],
        interleaved: bool,
        heads: usize,
        d_head: usize,
    ) -> Result<()> {
        let places: Vec<(usize, usize)> =
            prompts.rows.iter().enumerate().flat_map(|(p, rows)| (0..rows.len()).map(move |t| (p, t))).collect();
        x.for_each_row(
            #[inline(always)]
            |r, row| {
                let (prompt, position) = places[r];
                let table = &tables[prompt];
                let at = position * table.pairs..(position + 1) * table.pairs;
                let (cos, sin) = (&table.cos[at.clone()], &table.sin[at]);
                for head in row[..heads * d_head].chunks_exact_mut(d_head) {
                    vector::rotate(&mut head[..2 * table.pairs], cos, sin, interleaved);
                }
            },
        );
        Ok(())
    }

    fn attend(&self, qkv: &Rows, prompts: &Prompts, plan: &AttentionPlan<'_>, mix: bool) -> Result<Attended<Rows>> {
        let begin = Instant::now();
        let width = plan.n_heads * plan.d_head;
        let mut mixed = mix.then(|| Rows::zeros(qkv.len(), width));
        let patterns = attend::attend(qkv, prompts, plan, mixed.as_mut().map(|m| m.values.as_mut_slice()));
        self.attention.fetch_add(begin.elapsed().as_nanos() as u64, Ordering::Relaxed);
        Ok((patterns, mixed))
    }
}
