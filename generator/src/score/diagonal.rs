//! Attention along a diagonal: to the token before, to the token itself.

use super::{Head, Score};

pub static SCORES: &[Score] = &[
    score! {
        /// Attention to the token before: the mean over i ≥ 1 of A[i, i−1].
        /// Source: TransformerLens, Exploratory_Analysis_Demo; Neuronpedia.
        "prev_token", unit: "probability", range: Some(0.0), Some(1.0),
        undefined: "the prompt has one token"
    },
    score! {
        /// Attention of each token to itself: the mean over i of A[i, i]. For a causal pattern these are its
        /// eigenvalues.
        /// Source: Neuronpedia.
        "self", unit: "probability", range: Some(0.0), Some(1.0),
        undefined: "never"
    },
];

pub fn measure(head: &Head<'_>, out: &mut Vec<f32>) {
    let n = head.n;
    // Of one row, 0 / 0 is the NaN that is wanted.
    out.push((head.sum((1..n).map(|i| (i, i - 1))) / (n - 1) as f64) as f32);
    out.push((head.sum((0..n).map(|i| (i, i))) / n as f64) as f32);
}
