//! Attention that ends up at the first token.

use super::{Head, Score};

/// A head with more than this at the first token has a sink there.
const SINK: f64 = 0.3;

pub static SCORES: &[Score] = &[
    score! {
        /// Attention to the first token, the sink mass α₀: the mean over i of A[i, 0], row 0 included, where it is 1 in
        /// every causal pattern.
        /// Source: Gu et al., When Attention Sink Emerges in Language Models; Xiao et al., arXiv 2309.17453.
        "first_token", unit: "probability", range: Some(0.0), Some(1.0),
        undefined: "never"
    },
    score! {
        /// 1 where first_token is above 0.3, else 0: its average is the fraction of prompts on which the head has a
        /// sink at the first token.
        /// Source: Gu et al., When Attention Sink Emerges in Language Models.
        "sink_rate", unit: "fraction", range: Some(0.0), Some(1.0),
        undefined: "never"
    },
];

pub fn measure(head: &Head<'_>, out: &mut Vec<f32>) {
    let first = head.sum((0..head.n).map(|i| (i, 0))) / head.n as f64;
    out.push(first as f32);
    out.push(if first > SINK { 1.0 } else { 0.0 });
}
