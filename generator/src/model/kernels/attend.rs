//! Attention on the CPU: scores, softmax and mixtures of values of a block of queries while they are in the cache.

use ndarray::Array3;
use rayon::prelude::*;

use super::fused::Rows;
use super::gemm::{Matrix, Threads, multiply};
use super::vector::{softmax, vectorised};
use crate::model::attention::{AttentionPlan, Prompts};

/// Queries worked on together. A causal block skips the keys after its last query.
const BLOCK: usize = 64;

/// A block of queries of one prompt, and where its results go.
struct Block<'a> {
    /// The prompt's first row and its length.
    start: usize,
    n: usize,
    /// Position of the block's first query in the prompt.
    first: usize,
    queries: usize,
    /// Per head `[queries, n]`, zero.
    patterns: Vec<&'a mut [f32]>,
    /// `[queries, n_heads · d_head]`
    mixed: Option<&'a mut [f32]>,
}

/// The patterns of every prompt; mixtures of values are added to the zeros of `mixed` if given.
pub(super) fn attend(
    qkv: &Rows,
    prompts: &Prompts,
    plan: &AttentionPlan<'_>,
    mut mixed: Option<&mut [f32]>,
) -> Vec<Array3<f32>> {
    let mut patterns: Vec<Array3<f32>> =
        prompts.rows.iter().map(|rows| Array3::zeros((plan.n_heads, rows.len(), rows.len()))).collect();
    let width = plan.n_heads * plan.d_head;
    let mut blocks = Vec::new();
    for (rows, pattern) in prompts.rows.iter().zip(&mut patterns) {
        let n = rows.len();
        // A fresh array is contiguous; heads and blocks of rows are runs of it.
        let values = pattern.as_slice_mut().unwrap_or_default();
        let mut heads: Vec<_> = values.chunks_mut((n * n).max(1)).map(|head| head.chunks_mut(BLOCK * n)).collect();
        for first in (0..n).step_by(BLOCK) {
            let queries = BLOCK.min(n - first);
            let patterns = heads.iter_mut().filter_map(Iterator::next).collect();
            let mixed = mixed.as_mut().and_then(|m| m.split_off_mut(..queries * width));
            blocks.push(Block { start: rows.start, n, first, queries, patterns, mixed });
        }
    }
    blocks.into_par_iter().for_each(|block| block.run(qkv, plan));
    patterns
}

impl Block<'_> {
    fn run(self, qkv: &Rows, plan: &AttentionPlan<'_>) {
        let Block { start, n, first, queries, patterns, mut mixed } = self;
        let (d, width) = (plan.d_head, plan.n_heads * plan.d_head);
        // The keys that some query of the block sees.
        let keys = plan.mask.keys(first, n).start..plan.mask.keys(first + queries - 1, n).end;
        let at = |row: usize, column: usize| Matrix::rows(&qkv.values[row * qkv.width + column..], qkv.width);
        for (head, pattern) in patterns.into_iter().enumerate() {
            let shared = head * plan.n_key_value_heads / plan.n_heads;
            let key_column = (plan.n_heads + shared) * d;
            let key = at(start + keys.start, key_column).transposed();
            let shape = [queries, d, keys.len()];
            multiply(shape, at(start + first, head * d), key, &mut pattern[keys.start..], n, false, Threads::One);
            vectorised(
                #[inline(always)]
                || {
                    for (q, row) in pattern.chunks_exact_mut(n).enumerate() {
                        let seen = plan.mask.keys(first + q, n);
                        row[keys.start..seen.start].fill(0.0);
                        row[seen.end..keys.end].fill(0.0);
                        let bias = plan.bias.map(|b| &b.row(head, first + q, n)[seen.clone()]);
                        let sink = plan.sinks.map(|s| s[head]);
                        softmax(&mut row[seen], plan.scale, plan.soft_cap, bias, sink);
                    }
                },
            );
            if let Some(mixed) = &mut mixed {
                let value = at(start + keys.start, key_column + plan.n_key_value_heads * d);
                let probabilities = Matrix::rows(&pattern[keys.start..], n);
                let shape = [queries, keys.len(), d];
                multiply(shape, probabilities, value, &mut mixed[head * d..], width, false, Threads::One);
            }
        }
    }
}
