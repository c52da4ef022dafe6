//! How much two heads differ: the Jensen–Shannon divergence of their rows.
//!
//! JS(a, b) = H((a + b) / 2) − (H(a) + H(b)) / 2 in nats, 0 where two heads look alike, ln 2 where they look at
//! different tokens; the mean over the rows of a prompt, then over the prompts. Source: Clark et al. 2019,
//! `head_distances.py`. All pairs of heads on all rows would take longer than the model itself: where a prompt has more
//! than [`CELLS`] cells to compare, evenly spaced rows stand for all of them.

use std::f32::consts::LN_2;

use ndarray::Axis;

use super::lanes::{LANES, sum, total, vectorised, x_ln_x};
use crate::pattern::AttentionPatterns;

/// Cells that are compared on one prompt, over all pairs of heads.
const CELLS: usize = 20_000_000;
/// Rows that are compared at least.
const FEWEST_ROWS: usize = 8;

/// Place of the pair `a < b` of `n` heads among all pairs: (0, 1), (0, 2), … (1, 2), …
pub fn pair(a: usize, b: usize, n: usize) -> usize {
    a * (2 * n - a - 1) / 2 + b - a - 1
}

/// The rows that stand for all `n`, for `pairs` pairs of heads.
fn rows(n: usize, pairs: usize, causal: bool) -> impl Iterator<Item = usize> {
    let cells = if causal { n * (n + 1) / 2 } else { n * n };
    let most = (CELLS as f64 / (pairs.max(1) as f64 * cells.max(1) as f64) * n as f64) as usize;
    let count = most.clamp(FEWEST_ROWS.min(n), n);
    (0..count).map(move |k| (2 * k + 1) * n / (2 * count))
}

/// The mean divergence over the rows of a prompt, for every pair of heads in the order of [`pair`]. Heads are counted
/// through the layers.
pub fn of_prompt(patterns: &AttentionPatterns) -> Vec<f32> {
    let (n, n_heads) = (patterns.n_ctx(), patterns.heads().count());
    let mut sums = vec![0.0f32; n_heads * n_heads.saturating_sub(1) / 2];
    let mut count = 0;
    let mut values = Vec::new();
    let mut of_heads = Vec::new();
    for i in rows(n, sums.len(), patterns.causal) {
        let keys = if patterns.causal { i + 1 } else { n };
        let width = keys.next_multiple_of(LANES);
        values.clear();
        values.resize(n_heads * width, 0.0);
        let heads = patterns.layers.iter().flat_map(|layer| layer.axis_iter(Axis(0)));
        for (to, head) in values.chunks_exact_mut(width).zip(heads) {
            to.iter_mut().zip(head.row(i).iter().take(keys)).for_each(|(to, v)| *to = *v);
        }
        vectorised(
            #[inline(always)]
            || compare(&values, width, &mut of_heads, &mut sums),
        );
        count += 1;
    }
    sums.iter_mut().for_each(|sum| *sum /= count as f32);
    sums
}

/// Adds the divergence of every pair on one row; `values` is `[head, width]`.
#[inline(always)]
fn compare(values: &[f32], width: usize, of_heads: &mut Vec<f32>, sums: &mut [f32]) {
    of_heads.clear();
    // Σ a ln a + ln 2 · Σ a, so that half the sum of two of them less half of Σ (a + b) ln (a + b) is the divergence.
    of_heads.extend(values.chunks_exact(width).map(|a| sum(a, |v, _| x_ln_x(v)) + LN_2 * sum(a, |v, _| v)));
    let mut sums = sums.iter_mut();
    for (h, a) in values.chunks_exact(width).enumerate() {
        for (k, b) in values[(h + 1) * width..].chunks_exact(width).enumerate() {
            let divergence = 0.5 * (of_heads[h] + of_heads[h + 1 + k] - together(a, b));
            if let Some(sum) = sums.next() {
                *sum += divergence.clamp(0.0, LN_2);
            }
        }
    }
}

/// Σ (a + b) ln (a + b).
#[inline(always)]
fn together(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0; LANES];
    for (a, b) in a.as_chunks::<LANES>().0.iter().zip(b.as_chunks::<LANES>().0) {
        for l in 0..LANES {
            lanes[l] += x_ln_x(a[l] + b[l]);
        }
    }
    total(lanes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_counted_without_gaps() {
        let mut expected = 0;
        for a in 0..7 {
            for b in a + 1..7 {
                assert_eq!(pair(a, b, 7), expected);
                expected += 1;
            }
        }
    }

    #[test]
    fn few_cells_are_compared_on_all_rows_and_many_on_some() {
        assert!(rows(81, 120, true).eq(0..81));
        assert!(rows(5, 1_000_000, true).eq(0..5));
        let some: Vec<usize> = rows(206, 10_296, true).collect();
        assert!((16..24).contains(&some.len()), "{some:?}");
        assert!(some[0] < 10 && some[some.len() - 1] > 195, "{some:?}");
        assert_eq!(rows(4096, 1_000_000, false).count(), FEWEST_ROWS);
    }
}
