//! The arithmetic of the forward pass, in two implementations of one set of operations: fused loops on the CPU, and
//! compositions of tensor operations on every other device.

mod attend;
mod composed;
mod fused;
mod gemm;
mod vector;

use std::ops::Range;
use std::sync::Arc;

use anyhow::Result;
use candle_core::Tensor;
use ndarray::Array3;

use super::attention::{AttentionPlan, Prompts};
use super::linear::Linear;
use super::mlp::FeedForward;
use super::norm::Norm;
use super::rope::RotaryTable;

pub(super) use composed::Composed;
pub(super) use fused::Fused;

/// The pattern of every prompt, `[n_heads, n, n]`, and mixtures of values `[tokens, n_heads · d_head]` if asked for.
pub(super) type Attended<Rows> = (Vec<Array3<f32>>, Option<Rows>);

/// Operations on `Rows`: one row of activations per token, the tokens of all prompts of a pass below each other.
pub(super) trait Kernels: std::fmt::Debug + Send + Sync {
    type Rows;

    /// Rows `ids` of a table `[n, width]`.
    fn gather(&self, table: &Tensor, ids: &[u32]) -> Result<Self::Rows>;
    /// x · weight + bias
    fn linear(&self, x: &Self::Rows, linear: &Linear) -> Result<Self::Rows>;
    /// to ← to + x · weight + bias
    fn add_linear(&self, to: &mut Self::Rows, x: &Self::Rows, linear: &Linear) -> Result<()>;
    /// to ← to + x
    fn add(&self, to: &mut Self::Rows, x: &Self::Rows) -> Result<()>;
    /// All values, row by row.
    fn values(&self, x: &Self::Rows) -> Result<Vec<f32>>;
    fn zeros_like(&self, x: &Self::Rows) -> Result<Self::Rows>;
    /// Some of the rows.
    fn select(&self, x: &Self::Rows, rows: &[u32]) -> Result<Self::Rows>;
    /// Row `rows[i]` of `to` ← itself + `factors[i]` · row i of x; no row is named twice.
    fn add_to_rows(&self, to: &mut Self::Rows, rows: &[u32], x: &Self::Rows, factors: &[f32]) -> Result<()>;
    fn scale(&self, x: &mut Self::Rows, factor: f32) -> Result<()>;
    /// Every value to at least −limit and at most limit.
    fn clamp(&self, x: &mut Self::Rows, limit: f32) -> Result<()>;
    fn norm(&self, x: &Self::Rows, norm: &Norm) -> Result<Self::Rows>;
    /// Norms each run of `group` columns of `columns` by itself; the norm's weights span all `columns`.
    fn norm_columns(&self, x: &mut Self::Rows, columns: Range<usize>, group: usize, norm: &Norm) -> Result<()>;
    /// The hidden units of an MLP: activation(up(x)), or with a gate activation(left half of up(x)) · right half.
    fn hidden(&self, x: &Self::Rows, mlp: &FeedForward) -> Result<Self::Rows>;
    /// Turns the first `2 · pairs` columns of each of the first `heads` runs of `d_head` columns; one table per prompt.
    fn rotate(
        &self,
        x: &mut Self::Rows,
        prompts: &Prompts,
        tables: &[Arc<RotaryTable>],
        interleaved: bool,
        heads: usize,
        d_head: usize,
    ) -> Result<()>;
    /// The patterns of every prompt, `[n_heads, n, n]`, and if `mix` the mixtures of values `[tokens, n_heads · d_head]`.
    /// Without `mix`, `qkv` may lack the values.
    fn attend(
        &self,
        qkv: &Self::Rows,
        prompts: &Prompts,
        plan: &AttentionPlan<'_>,
        mix: bool,
    ) -> Result<Attended<Self::Rows>>;
}
