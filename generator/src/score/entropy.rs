//! How widely a head spreads its attention.

use super::{Head, Score};

pub static SCORES: &[Score] = &[
    score! {
        /// Entropy of the rows: the mean over i of Hᵢ = −Σⱼ A[i, j] ln A[i, j], with 0 ln 0 = 0. 0 where every row looks
        /// at one token, at most ln n.
        /// Source: Clark et al. 2019, What Does BERT Look At?; Neuronpedia.
        "entropy", unit: "nats", range: Some(0.0), None,
        undefined: "never"
    },
    score! {
        /// Entropy relative to its maximum: the mean of Hᵢ / ln(number of keys), which is i + 1 for a causal pattern and n
        /// for a bidirectional one, over the rows with several keys. 1 where attention is uniform.
        /// Source: after arXiv 2212.11185.
        "entropy_norm", unit: "fraction", range: Some(0.0), Some(1.0),
        undefined: "the prompt has one token"
    },
    score! {
        /// Number of tokens that a row looks at: the mean over i of exp Hᵢ. 1 where every row looks at one token, at
        /// most n.
        /// Source: after arXiv 2212.11185.
        "effective_tokens", unit: "tokens", range: Some(1.0), None,
        undefined: "never"
    },
];

pub fn measure(head: &Head<'_>, out: &mut Vec<f32>) {
    let n = head.n as f64;
    let several = if head.causal || head.n == 1 { n - 1.0 } else { n };
    out.push((head.sums.entropy / n) as f32);
    // Of one row, 0 / 0 is the NaN that is wanted.
    out.push((head.sums.entropy_norm / several) as f32);
    out.push((head.sums.effective_tokens / n) as f32);
}
