//! How many independent directions a pattern has.
//!
//! Singular values of every head are the one thing here that costs n³, so both scores look at the first [`MOST_ROWS`]
//! rows and columns: for a causal pattern, what the head does on a prompt of so many tokens. AᵀA is brought to tridiagonal
//! form T. The singular values σ themselves are never needed, only the largest, Σ σ and Σ σ ln σ. With λ = σ²
//!
//! √λ = 1/π ∫ λ / (λ + eᵗ) · e^{t/2} dt and √λ ln λ = 1/π ∫ λ / (λ + eᵗ) · e^{t/2} · t dt
//!
//! (both from the integral of a power, 0 < a < 1: λᵃ = sin(πa)/π ∫ λ / (λ + s) · sᵃ⁻¹ ds, the second by its derivative
//! in a), and Σ λ / (λ + s) = n − s · tr (T + s)⁻¹ follows from a recurrence over T. The trapezoidal rule with step 1
//! is exact to 1e-8 here.

use std::f64::consts::PI;

use super::lanes::{LANES, vectorised};
use super::{Head, Score};
use crate::linalg::tridiagonal::{Rows, Tridiagonal};

/// Rows and columns that are looked at.
pub const MOST_ROWS: usize = 128;

pub static SCORES: &[Score] = &[
    score! {
        /// Effective rank: exp(−Σ p ln p), with p = σ / Σ σ over the singular values σ of A. Of a longer prompt, A is the
        /// pattern of its first 128 tokens. 1 where all rows are alike, at most n.
        /// Source: Roy & Vetterli 2007, The effective rank: a measure of effective dimensionality.
        "effective_rank", unit: "dimensions", range: Some(1.0), Some(128.0),
        undefined: "never"
    },
    score! {
        /// Stable rank: ‖A‖² / σ², with the Frobenius norm and the largest singular value σ. Of a longer prompt, A is the
        /// pattern of its first 128 tokens. 1 where all rows are alike, at most n.
        /// Source: Rudelson & Vershynin 2007, Sampling from large matrices (as the numerical rank).
        "stable_rank", unit: "dimensions", range: Some(1.0), Some(128.0),
        undefined: "never"
    },
];

pub fn measure(head: &Head<'_>, out: &mut Vec<f32>) {
    let n = head.n.min(MOST_ROWS);
    let part = Rows { values: head.values, stride: head.n, n_rows: n, n_columns: n, causal: head.causal };
    let t = Tridiagonal::of_gram(part);
    let mut ranks = [0.0; 2];
    vectorised(
        #[inline(always)]
        || {
            // ‖A‖² is the sum of all λ.
            let trace = t.diagonal.iter().sum::<f64>();
            ranks = [t.effective_rank(trace).max(1.0) as f32, (trace / t.largest(trace)).max(1.0) as f32];
        },
    );
    out.extend(ranks);
}

impl Tridiagonal {
    /// The largest eigenvalue; `trace` is the sum of all of them.
    #[inline(always)]
    fn largest(&self, trace: f64) -> f64 {
        let (mut low, mut high) = (0.0f64, trace);
        // Each round leaves one of 17 parts, so this many are as exact as f64 is.
        for _ in 0..13 {
            let width = (high - low) / (LANES + 1) as f64;
            let mut above = [true; LANES];
            let mut q = [-1.0; LANES];
            for (d, b) in self.diagonal.iter().zip(&self.beside) {
                for l in 0..LANES {
                    q[l] = d - (low + width * (l + 1) as f64) - b / q[l];
                    // T − x is negative definite, that is x is above all eigenvalues, if all of these are negative.
                    above[l] &= q[l] < 0.0;
                }
            }
            let below = above.iter().take_while(|above| !**above).count();
            (low, high) = (low + width * below as f64, low + width * (below + 1) as f64);
        }
        high
    }

    /// exp(−Σ p ln p) of the square roots of the eigenvalues; `trace` is the sum of the eigenvalues.
    #[inline(always)]
    fn effective_rank(&self, trace: f64) -> f64 {
        // Points t of the rule, relative to ln trace, which no eigenvalue exceeds; eigenvalues below e⁻³³ of it are noise.
        const FIRST: f64 = -33.0;
        const POINTS: usize = 3 * LANES;
        const LAST: f64 = FIRST + POINTS as f64 - 1.0;
        let (mut sum, mut weighted) = (0.0, 0.0);
        let mut smallest = 0.0;
        for block in 0..POINTS / LANES {
            let t: [f64; LANES] = std::array::from_fn(|l| FIRST + (block * LANES + l) as f64);
            let counts = self.counts(&t.map(|t| trace * t.exp()));
            if block == 0 {
                smallest = counts[0];
            }
            for (t, count) in t.iter().zip(counts) {
                sum += count * (t / 2.0).exp();
                weighted += count * (t / 2.0).exp() * t;
            }
        }
        // Beyond the points: to the left the count stays as it is, to the right it is trace / s; geometric series.
        let x = (-0.5f64).exp();
        let (series, series_k) = (x / (1.0 - x), x / (1.0 - x).powi(2));
        let (left, right) = (smallest * (FIRST / 2.0).exp(), (-LAST / 2.0).exp());
        sum += left * series + right * series;
        weighted += left * (FIRST * series - series_k) + right * (LAST * series + series_k);
        // In units of √trace: Σ σ, and Σ σ ln σ² = 2 Σ σ ln σ.
        let (sum, weighted) = (sum / PI, weighted / PI);
        (sum.ln() - weighted / 2.0 / sum).exp()
    }

    /// Σ λ / (λ + s) over the eigenvalues λ, for every s.
    #[inline(always)]
    fn counts(&self, s: &[f64; LANES]) -> [f64; LANES] {
        // tr (T + s)⁻¹ is the derivative of ln det(T + s) = Σ ln q, with q the pivots of the factorisation of T + s.
        let (mut trace, mut inverse, mut ratio) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
        for (d, b) in self.diagonal.iter().zip(&self.beside) {
            for l in 0..LANES {
                let r = b * inverse[l];
                // No pivot of a matrix without negative eigenvalues is below s; rounding must not take it there.
                inverse[l] = 1.0 / (d + s[l] - r).max(s[l]);
                ratio[l] = (1.0 + r * ratio[l]) * inverse[l];
                trace[l] += ratio[l];
            }
        }
        std::array::from_fn(|l| (self.diagonal.len() as f64 - s[l] * trace[l]).max(0.0))
    }
}
