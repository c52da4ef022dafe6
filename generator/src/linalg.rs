//! Linear algebra that no dependency of this program has.

pub(crate) mod tridiagonal;

use anyhow::{Result, ensure};
use ndarray::ArrayView2;

use tridiagonal::{Rows, Tridiagonal};

/// Singular values, largest first: the square roots of the eigenvalues of AᵀA.
///
/// In f64, so that values above 1e-7 of the largest are right for a matrix that was f32. The product is brought to
/// tridiagonal form by Householder reflections (Golub & Van Loan, Matrix Computations, 8.3), whose eigenvalues come from
/// QL iterations without square roots (Reinsch 1973, Algorithm 464).
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
    let mut squares = eigenvalues(Tridiagonal::of_gram(rows))?;
    squares.sort_by(|a, b| b.total_cmp(a));
    Ok(squares.into_iter().map(|square| square.max(0.0).sqrt()).collect())
}

/// The eigenvalues of a symmetric tridiagonal matrix, each with an error of rounding of the largest.
fn eigenvalues(matrix: Tridiagonal) -> Result<Vec<f64>> {
    let Tridiagonal { mut diagonal, beside } = matrix;
    let n = diagonal.len();
    // From the squares before each entry to those after it.
    let mut beside: Vec<f64> = beside.into_iter().skip(1).chain([0.0]).collect();
    let bound = diagonal.iter().zip(&beside).map(|(d, b)| d.abs() + b.sqrt()).fold(0.0, f64::max);
    let rounding = (f64::EPSILON * bound).max(f64::MIN_POSITIVE);
    let not_zero = |v: f64| if v == 0.0 { rounding } else { v };
    // What was taken off all that is left of the diagonal.
    let mut taken = 0.0;
    for low in 0..n {
        let mut rounds = 0;
        loop {
            // The block that begins at `low` ends where what is beside the diagonal is rounding.
            let high = (low..n - 1).find(|&i| beside[i] <= rounding * rounding).unwrap_or(n - 1);
            if high == low {
                break;
            }
            rounds += 1;
            ensure!(rounds < 100, "the eigenvalues do not converge");
            // Wilkinson's shift.
            let root = beside[low].sqrt();
            let half = (diagonal[low + 1] - diagonal[low]) / (2.0 * root);
            let shift = diagonal[low] - root / (half + half.hypot(1.0).copysign(half));
            diagonal[low..].iter_mut().for_each(|d| *d -= shift);
            taken += shift;
            let mut g = not_zero(diagonal[high]);
            let (mut h, mut sine) = (g, 0.0);
            for i in (low..high).rev() {
                let (d, b, p) = (diagonal[i], beside[i], g * h);
                let r = p + b;
                beside[i + 1] = sine * r;
                sine = b / r;
                diagonal[i + 1] = h + sine * (h + d);
                g = not_zero(d - b / g);
                h = g * (p / r);
            }
            beside[low] = sine * g * h;
            diagonal[low] = h;
        }
        diagonal[low] += taken;
    }
    Ok(diagonal)
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
    fn values_far_apart() {
        // A reflection, which changes no singular value, of columns of lengths from 1 to 1e-8.
        let n = 300;
        let length = |j: usize| 10f64.powf(-8.0 * j as f64 / (n - 1) as f64);
        let reflected = |i: usize, j: usize| f64::from(u8::from(i == j)) - 2.0 / n as f64;
        let matrix = Array2::from_shape_fn((n, n), |(i, j)| (reflected(i, j) * length(j)) as f32);
        assert_values(&matrix, &(0..n).map(length).collect::<Vec<_>>());
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
