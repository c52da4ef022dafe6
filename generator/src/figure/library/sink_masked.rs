//! The pattern without its first key.

use anyhow::Result;
use ndarray::{Array2, s};

use crate::pattern::Pattern;

/// Attention without the first key, rows summing to 1 again.
///
/// B[i,0] = 0, and B[i,j] = A[i,j] / Σ_{k≥1} A[i,k] for j ≥ 1.
///
/// Many heads put most of their attention on the first key, whatever it is (the attention sink: Xiao et al. 2023,
/// arXiv 2309.17453). This shows what they do with the rest. A row that attends to the first key alone is 0
/// throughout.
pub fn sink_masked(pattern: &Pattern<'_>) -> Result<Array2<f32>> {
    let mut masked = pattern.values.to_owned();
    for mut row in masked.rows_mut() {
        row[0] = 0.0;
        // Not 1 − A[i,0], which loses its digits where the sink takes nearly all.
        let rest = row.slice(s![1..]).sum();
        if rest > 0.0 {
            row /= rest;
        }
    }
    Ok(masked)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use crate::figure::tests::{assert_close, on_fixture, with_pattern};

    #[test]
    fn as_numpy() {
        on_fixture(|name, pattern| {
            assert_close(&super::sink_masked(pattern).unwrap(), &format!("{name}.sink_masked"), 1e-6);
        });
        let all_on_the_first = with_pattern(&array![[1.0, 0.0], [1.0, 0.0]], |p| super::sink_masked(p).unwrap());
        assert_eq!(all_on_the_first, array![[0.0, 0.0], [0.0, 0.0]]);
    }
}
