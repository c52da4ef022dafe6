//! Linear algebra that no dependency of this program has.

pub(crate) mod tridiagonal;

use anyhow::{Result, ensure};
use ndarray::ArrayView2;

use tridiagonal::{Rows, Tridiagonal};

/// Singular values, largest first: the square roots of the eigenvalues of AᵀA.
///
/// In f64, so that values above 1e-7 of the largest are right for a matrix that was f32. The product is brought to
/// tridiagonal form by Householder reflections, whose eigenvalues come from QL iterations with implicit shifts (Golub &
/// Van Loan, Matrix Computations, 8.3).
///
/// # Errors
/// A value that is not finite.
pub fn singular_values(matrix: ArrayView2<'_, f32>) -> Result<Vec<f64>> {
    ensure!(matrix.iter().all(|v| v.is_finite()), "a matrix with values that are not finite has no singular values");
    // The smaller of AᵀA and AAᵀ.
    let tall = if matrix.nrows() < matrix.ncols() { matrix.reversed_axes() } else { matrix };
    let (n_rows, n_columns) = tall.dim();
    if n_columns == 0 {
        return Ok(Vec::new());
    }
    let tall = tall.as_standard_layout();
    let rows = Rows {
        values: tall.as_slice().unwrap_or_default(),
        stride: n_columns,
        n_rows,
        n_columns,
        causal: tall.indexed_iter().all(|((row, column), v)| column <= row || *v == 0.0),
    };
    let Tridiagonal { mut diagonal, beside } = Tridiagonal::of_gram(rows);
    // From the squares before each entry to what is after it.
    let mut beside: Vec<f64> = beside.iter().skip(1).chain(&[0.0]).map(|square| square.sqrt()).collect();
    eigenvalues(&mut diagonal, &mut beside)?;
    diagonal.sort_by(|a, b| b.total_cmp(a));
    Ok(diagonal.into_iter().map(|square| square.max(0.0).sqrt()).collect())
}

/// Replaces the diagonal of a symmetric tridiagonal matrix by its eigenvalues. `beside[i]` is between `i` and `i + 1`.
fn eigenvalues(diagonal: &mut [f64], beside: &mut [f64]) -> Result<()> {
    let n = diagonal.len();
    for low in 0..n {
        let mut rounds = 0;
        loop {
            // The block that begins at `low` ends where what is beside the diagonal is rounding.
            let negligible = |i: usize, diagonal: &[f64], beside: &[f64]| {
                beside[i].abs() <= f64::EPSILON * (diagonal[i].abs() + diagonal[i + 1].abs())
            };
            let high = (low..n - 1).find(|&i| negligible(i, diagonal, beside)).unwrap_or(n - 1);
            if high == low {
                break;
            }
            rounds += 1;
            ensure!(rounds < 100, "the eigenvalues do not converge");
            let half = (diagonal[low + 1] - diagonal[low]) / (2.0 * beside[low]);
            let root = half.hypot(1.0).copysign(half);
            // Wilkinson's shift is taken off, and the bulge that it makes is chased from the bottom to the top.
            let mut g = diagonal[high] - diagonal[low] + beside[low] / (half + root);
            let (mut sine, mut cosine, mut taken) = (1.0, 1.0, 0.0);
            let mut split = false;
            for i in (low..high).rev() {
                let (f, b) = (sine * beside[i], cosine * beside[i]);
                let r = (f * f + g * g).sqrt();
                beside[i + 1] = r;
                if r == 0.0 {
                    diagonal[i + 1] -= taken;
                    split = true;
                    break;
                }
                (sine, cosine) = (f / r, g / r);
                let d = diagonal[i + 1] - taken;
                let s = (diagonal[i] - d) * sine + 2.0 * cosine * b;
                taken = sine * s;
                diagonal[i + 1] = d + taken;
                g = cosine * s - b;
            }
            beside[high] = 0.0;
            if !split {
                diagonal[low] -= taken;
                beside[low] = g;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, Array2, array};

    use super::*;

    #[track_caller]
    fn assert_values(matrix: &Array2<f32>, expected: &[f64]) {
        let values = singular_values(matrix.view()).unwrap();
        assert_eq!(values.len(), expected.len());
        assert!(values.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{values:?}");
    }

    #[test]
    fn known_values() {
        assert_values(&array![[3.0, 0.0], [4.0, 5.0]], &[45f64.sqrt(), 5f64.sqrt()]);
        assert_values(&array![[1.0, 2.0, 2.0]], &[3.0]);
        assert_values(&array![[1.0], [2.0], [2.0]], &[3.0]);
        assert_values(&Array2::eye(7), &[1.0; 7]);
        assert_values(&Array2::zeros((3, 3)), &[0.0; 3]);
        assert_values(&Array2::zeros((0, 3)), &[]);
        let mut diagonal: Vec<f64> = (0..40).map(|i| f64::from((i * 7) % 40)).collect();
        let matrix = Array2::from_diag(&Array1::from_iter(diagonal.iter().map(|v| -*v as f32)));
        diagonal.sort_by(|a, b| b.total_cmp(a));
        assert_values(&matrix, &diagonal);
        assert!(singular_values(array![[f32::NAN]].view()).is_err());
    }

    #[test]
    fn squares_sum_to_those_of_the_entries() {
        for n in [1usize, 2, 3, 17, 60] {
            let matrix = Array2::from_shape_fn((n, n), |(i, j)| ((i * 37 + j * 101 + i * j) % 13) as f32 - 6.0);
            let squares: f64 = singular_values(matrix.view()).unwrap().iter().map(|v| v * v).sum();
            let expected: f64 = matrix.iter().map(|v| f64::from(v * v)).sum();
            assert!((squares - expected).abs() <= 1e-9 * expected, "{n}: {squares} {expected}");
        }
    }
}
