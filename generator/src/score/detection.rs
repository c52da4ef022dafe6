//! How near a pattern is to what a head of a known kind would show, as TransformerLens' `head_detector.py` measures it.

use super::{Head, Score};

pub static SCORES: &[Score] = &[
    score! {
        /// Share of the attention that a previous-token head would give: Σ A∘D / Σ A, with D[i, i−1] = 1, else 0. 0 of
        /// one token.
        /// Source: TransformerLens, head_detector.py, previous_token_head, error measure mul.
        "previous_token_head_mul", unit: "fraction", range: Some(0.0), Some(1.0),
        undefined: "never"
    },
    score! {
        /// Likeness to a previous-token head: 1 − Σ |A − D| / n, with D[i, i−1] = 1, else 0. Not rounded.
        /// Source: TransformerLens, head_detector.py, previous_token_head, error measure abs.
        "previous_token_head_abs", unit: "score", range: Some(-1.0), Some(1.0),
        undefined: "never"
    },
    score! {
        /// Share of the attention that goes to earlier occurrences of the same token: Σ A∘D / Σ A, with D[i, j] = 1 where
        /// j < i is the same token, else 0.
        /// Source: TransformerLens, head_detector.py, duplicate_token_head, error measure mul.
        "duplicate_token_head_mul", unit: "fraction", range: Some(0.0), Some(1.0),
        undefined: "the prompt's tokens are unknown"
    },
    score! {
        /// Likeness to a duplicate-token head: 1 − Σ |A − D| / n, with D[i, j] = 1 where j < i is the same token, else 0.
        /// Below −1 where tokens occur often. Not rounded.
        /// Source: TransformerLens, head_detector.py, duplicate_token_head, error measure abs.
        "duplicate_token_head_abs", unit: "score", range: None, Some(1.0),
        undefined: "the prompt's tokens are unknown"
    },
    score! {
        /// Share of the attention that goes to what came after earlier occurrences of the same token: Σ A∘D / Σ A, with
        /// D[i, j] = 1 where j − 1 < i is the same token, else 0.
        /// Source: TransformerLens, head_detector.py, induction_head, error measure mul.
        "induction_head_mul", unit: "fraction", range: Some(0.0), Some(1.0),
        undefined: "the prompt's tokens are unknown"
    },
    score! {
        /// Likeness to an induction head: 1 − Σ |A − D| / n, with D[i, j] = 1 where j − 1 < i is the same token, else 0.
        /// Below −1 where tokens occur often. Not rounded.
        /// Source: TransformerLens, head_detector.py, induction_head, error measure abs.
        "induction_head_abs", unit: "score", range: None, Some(1.0),
        undefined: "the prompt's tokens are unknown"
    },
];

pub fn measure(head: &Head<'_>, out: &mut Vec<f32>) {
    let previous = (1..head.n).map(|i| (i, i - 1));
    out.extend(likeness(head, previous.len(), previous));
    match &head.tokens.repeats {
        None => out.extend([f32::NAN; 4]),
        Some(repeats) => {
            let (n, pairs) = (repeats.pairs.len(), repeats.pairs.iter());
            out.extend(likeness(head, n, pairs.clone().copied()));
            out.extend(likeness(head, n, pairs.map(|(i, p)| (*i, p + 1))));
        }
    }
}

/// `mul` and `abs` for a detection pattern that is 1 in these cells and 0 elsewhere.
fn likeness(head: &Head<'_>, n_cells: usize, cells: impl Iterator<Item = (usize, usize)>) -> [f32; 2] {
    let hit = head.sum(cells);
    // |A − D| is A where D is 0, and 1 − A where it is 1.
    let difference = head.sums.mass + n_cells as f64 - 2.0 * hit;
    [(hit / head.sums.mass) as f32, (1.0 - difference / head.n as f64) as f32]
}
