//! Powers of the pattern.

use anyhow::Result;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, s};

use crate::pattern::Pattern;

/// Rows of a product that are computed together: few, so that little of what is above the diagonal is, and enough for the
/// matrix product's speed.
const ROWS: usize = 32;

/// Powers of the pattern taken as a Markov chain: A², A⁴ and A⁸.
///
/// Entry i,j of Aᵗ is the probability that a walk which goes from query to key by the pattern's probabilities, t times,
/// leads from i to j.
///
/// Of a causal pattern all walks end at the first key, which has only itself to attend to; how soon is plotted by
/// `absorption`.
pub fn markov(pattern: &Pattern<'_>) -> Result<[Array2<f32>; 3]> {
    let second = square(pattern.values, pattern.causal);
    let fourth = square(second.view(), pattern.causal);
    let eighth = square(fourth.view(), pattern.causal);
    Ok([second, fourth, eighth])
}

/// The matrix times itself. Of a causal one the rows up to i have nothing beyond column i, nor has their product.
fn square(matrix: ArrayView2<'_, f32>, causal: bool) -> Array2<f32> {
    if !causal {
        return matrix.dot(&matrix);
    }
    let n = matrix.nrows();
    let mut product = Array2::zeros((n, n));
    for first in (0..n).step_by(ROWS) {
        let end = (first + ROWS).min(n);
        let (rows, above) = (matrix.slice(s![first..end, ..end]), matrix.slice(s![..end, ..end]));
        general_mat_mul(1.0, &rows, &above, 0.0, &mut product.slice_mut(s![first..end, ..end]));
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::tests::{assert_close, on_fixture};

    /// Of several groups of rows, the last of them smaller.
    #[test]
    fn a_causal_matrix_is_multiplied_as_any_other() {
        let n = 2 * ROWS + 7;
        let cell = |(i, j)| if j > i { 0.0 } else { ((i * 37 + j * 101 + i * j) % 13 + 1) as f32 / 8.0 };
        let matrix = Array2::from_shape_fn((n, n), cell);
        let (product, expected) = (square(matrix.view(), true), square(matrix.view(), false));
        assert!(product.iter().zip(&expected).all(|(a, b)| (a - b).abs() <= 1e-6 * b), "{product}");
        assert!(product.indexed_iter().all(|((i, j), v)| j <= i || *v == 0.0));
    }

    #[test]
    fn as_numpy() {
        on_fixture(|name, pattern| {
            for (power, t) in markov(pattern).unwrap().iter().zip([2, 4, 8]) {
                assert_close(power, &format!("{name}.markov.{t}"), 1e-6);
            }
        });
    }
}
