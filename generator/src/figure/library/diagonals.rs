//! Attention by distance.

use anyhow::Result;

use crate::figure::Axes;
use crate::pattern::Pattern;

/// Mean attention by the distance from query to key.
///
/// For each distance d, the mean of A[i,j] over the diagonal i − j = d: n − |d| cells.
///
/// A head that looks at the previous token has its peak at 1; induction on a text that repeats after L tokens, at
/// L − 1 (TransformerLens' demos average the same diagonals). Of a causal pattern only d ≥ 0 is plotted.
pub fn diagonals(pattern: &Pattern<'_>, axes: &mut Axes) -> Result<()> {
    let n = pattern.values.nrows() as isize;
    let mut sums = vec![0f64; 2 * n as usize - 1];
    for (i, row) in pattern.values.rows().into_iter().enumerate() {
        for (j, value) in row.iter().enumerate() {
            sums[i + n as usize - 1 - j] += f64::from(*value);
        }
    }
    let from = if pattern.causal { 0 } else { 1 - n };
    let means = (from..n).map(|d| sums[(d + n - 1) as usize] / (n - d.abs()) as f64);
    axes.title("Attention by distance").xlabel("query − key, tokens").ylabel("mean attention");
    axes.plot(from..n, means);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::figure::tests::{assert_plot, on_fixture};

    #[test]
    fn as_numpy() {
        on_fixture(|name, pattern| {
            assert_plot(super::diagonals, pattern, 0, &format!("{name}.diagonals"), 1e-6);
        });
    }
}
