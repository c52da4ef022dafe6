//! How far a head looks.

use super::{Head, Score};

pub static SCORES: &[Score] = &[
    score! {
        /// How far back the head looks: d = Σ A[i, j] |i − j| / n. Grows with the length of the prompt.
        /// Source: Vig & Belinkov, arXiv 1906.04284; Neuronpedia.
        "mean_distance", unit: "tokens", range: Some(0.0), None,
        undefined: "never"
    },
    score! {
        /// Variance of that distance: Σ A[i, j] (i − j)² / n − d². 0 where the head always looks equally far.
        /// Source: Neuronpedia.
        "distance_var", unit: "tokens²", range: Some(0.0), None,
        undefined: "never"
    },
    score! {
        /// Attention to the tokens nearby: Σ A[i, j] / n over |i − j| ≤ w, with w = max(1, ⌊n / 4⌋).
        /// Source: attention-motifs, features.py.
        "window_mass", unit: "probability", range: Some(0.0), Some(1.0),
        undefined: "never"
    },
];

pub fn measure(head: &Head<'_>, out: &mut Vec<f32>) {
    let n = head.n as f64;
    let mean = head.sums.distance / n;
    out.push(mean as f32);
    out.push((head.sums.distance_squared / n - mean * mean).max(0.0) as f32);
    out.push((head.sums.window / n) as f32);
}
