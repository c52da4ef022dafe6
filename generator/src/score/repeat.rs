//! What a head does where a token of the prompt occurs again.

use super::{Head, Score};

/// Weaker attention does not count as induction.
const THRESHOLD: f32 = 0.01;

pub static SCORES: &[Score] = &[
    score! {
        /// Attention to earlier occurrences of the same token: Σ A[i, p] over all p < i whose token is that of i, divided by
        /// the number of rows i that have one.
        /// Source: the natural-text form of TransformerLens' duplicate-token score.
        "duplicate_token", unit: "probability", range: Some(0.0), Some(1.0),
        undefined: "no token of the prompt occurs twice, or its tokens are unknown"
    },
    score! {
        /// Attention to what came after earlier occurrences of the same token: Σ A[i, p + 1] · 1[A[i, p + 1] ≥ 0.01] over
        /// all p < i whose token is that of i, divided by the number of rows i that have one.
        /// Source: Neuronpedia, compute-head-metrics.py.
        "induction", unit: "probability", range: Some(0.0), Some(1.0),
        undefined: "no token of the prompt occurs twice, or its tokens are unknown"
    },
];

pub fn measure(head: &Head<'_>, out: &mut Vec<f32>) {
    let Some(repeats) = &head.tokens.repeats else {
        return out.extend([f32::NAN; 2]);
    };
    let strong = |(i, p): &(usize, usize)| head.at(*i, p + 1) >= THRESHOLD;
    let duplicate = head.sum(repeats.pairs.iter().copied());
    let induction = head.sum(repeats.pairs.iter().filter(|pair| strong(pair)).map(|(i, p)| (*i, p + 1)));
    // Without repeats, 0 / 0 is the NaN that is wanted.
    out.extend([duplicate, induction].map(|sum| (sum / repeats.rows as f64) as f32));
}
