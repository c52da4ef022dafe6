//! Whether a head looks at places or at what stands there.

use ndarray::{Axis, s};

use super::Score;
use crate::pattern::AttentionPatterns;

/// Rows and columns of a prompt that are compared.
const ROWS: usize = 10;

pub static SCORE: Score = score! {
    /// How much the pattern depends on the text: Σ |A − Ā| / (2 Σ A), summed over the prompts and over their first 10 rows
    /// and columns, with Ā the mean over the prompts that have the row. 0 where the head looks at positions whatever stands
    /// there.
    /// Source: Vig & Belinkov, arXiv 1906.04284.
    "variability", unit: "fraction", range: Some(0.0), Some(1.0),
    undefined: "it compares prompts, and there is only one"
};

/// The first rows and columns of every head, `[n_layers, n_heads, rows, rows]`, as far as the prompt has them.
pub fn corner(patterns: &AttentionPatterns) -> Vec<f32> {
    let rows = patterns.n_ctx().min(ROWS);
    let layers = patterns.layers.iter().flat_map(|layer| layer.axis_iter(Axis(0)));
    layers.flat_map(|head| head.slice(s![..rows, ..rows]).iter().copied().collect::<Vec<_>>()).collect()
}

/// Rows of a corner of that many heads.
fn rows_of(corner: &[f32], n_heads: usize) -> usize {
    (corner.len() / n_heads.max(1)).isqrt()
}

/// Ā: the mean of the prompts' corners.
#[derive(Debug)]
pub struct Mean {
    n_heads: usize,
    /// `[head][row, column]`.
    sums: Vec<f64>,
    /// How many prompts have the row.
    prompts: [usize; ROWS],
}

impl Mean {
    /// `n_heads` in all layers together.
    pub fn new(n_heads: usize) -> Self {
        Mean { n_heads, sums: vec![0.0; n_heads * ROWS * ROWS], prompts: [0; ROWS] }
    }

    pub fn add(&mut self, corner: &[f32]) {
        let rows = rows_of(corner, self.n_heads);
        self.prompts[..rows].iter_mut().for_each(|n| *n += 1);
        for (at, value) in cells(self.n_heads, rows).zip(corner) {
            self.sums[at] += f64::from(*value);
        }
    }

    /// The corner's share of the sums: for every head Σ |A − Ā| and Σ A are added to `deviation` and `mass`.
    pub fn compare(&self, corner: &[f32], deviation: &mut [f64], mass: &mut [f64]) {
        let rows = rows_of(corner, self.n_heads);
        for (at, value) in cells(self.n_heads, rows).zip(corner) {
            let (head, row) = (at / (ROWS * ROWS), at / ROWS % ROWS);
            let mean = self.sums[at] / self.prompts[row] as f64;
            deviation[head] += (f64::from(*value) - mean).abs();
            mass[head] += f64::from(*value);
        }
    }
}

/// Places in [`Mean::sums`] of a corner's cells, in the corner's order.
fn cells(n_heads: usize, rows: usize) -> impl Iterator<Item = usize> {
    (0..n_heads).flat_map(move |h| (0..rows).flat_map(move |r| (0..rows).map(move |c| h * ROWS * ROWS + r * ROWS + c)))
}
