//! How broadly each query attends.

use anyhow::Result;

use crate::figure::Axes;
use crate::pattern::Pattern;

/// Entropy of each query's attention, in nats.
///
/// H_i = −Σ_j A[i,j] ln A[i,j] with 0·ln 0 = 0, beside the largest that it can be: ln(i+1) of a causal pattern, else
/// ln n.
///
/// 0 is attention to a single key. Clark et al. (2019, arXiv 1906.04341) use it to tell heads that attend broadly.
pub fn row_entropy(pattern: &Pattern<'_>, axes: &mut Axes) -> Result<()> {
    let n = pattern.values.nrows();
    let term = |a: &f32| if *a > 0.0 { -a * a.ln() } else { 0.0 };
    let entropies = pattern.values.rows().into_iter().map(|row| row.iter().map(term).sum::<f32>());
    let largest = (0..n).map(|i| ((if pattern.causal { i + 1 } else { n }) as f64).ln());
    axes.title("Entropy of each query's attention").xlabel("query").ylabel("nats");
    axes.plot(0..n, largest).muted().label("largest possible");
    axes.plot(0..n, entropies).label("this head");
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::figure::tests::{assert_plot, on_fixture};

    #[test]
    fn as_numpy() {
        on_fixture(|name, pattern| {
            assert_plot(super::row_entropy, pattern, 0, &format!("{name}.row_entropy.largest"), 1e-6);
            assert_plot(super::row_entropy, pattern, 1, &format!("{name}.row_entropy"), 1e-6);
        });
    }
}
