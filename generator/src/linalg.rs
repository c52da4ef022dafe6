//! Linear algebra that no dependency of this program has.

use anyhow::{Result, ensure};
use ndarray::{Array2, ArrayView2};

/// Singular values, largest first: the square roots of the eigenvalues of A·Aᵀ.
///
/// In f64, so that values above 1e-7 of the largest are right for a matrix that was f32. The product is brought to
/// tridiagonal form by Householder reflections, whose eigenvalues come from QL iterations with implicit shifts (Golub &
/// Van Loan, Matrix Computations, 8.3).
///
/// # Errors
/// A value that is not finite.
pub fn singular_values(matrix: ArrayView2<'_, f32>) -> Result<Vec<f64>> {
    ensure!(matrix.iter().all(|v| v.is_finite()), "a matrix with values that are not finite has no singular values");
    let wide = match matrix.nrows() <= matrix.ncols() {
        true => matrix.mapv(f64::from),
        false => matrix.t().mapv(f64::from),
    };
    let mut gram = wide.dot(&wide.t());
    let mut tridiagonal = (Vec::new(), Vec::new());
    pulp::Arch::new().dispatch(|| tridiagonal = tridiagonalise(&mut gram));
    let (mut diagonal, mut beside) = tridiagonal;
    eigenvalues(&mut diagonal, &mut beside)?;
    diagonal.sort_by(|a, b| b.total_cmp(a));
    Ok(diagonal.into_iter().map(|square| square.max(0.0).sqrt()).collect())
}

const LANES: usize = 8;

/// Diagonal and subdiagonal of a tridiagonal matrix with the eigenvalues of a symmetric one, of which the lower half is
/// read and overwritten.
#[inline(always)]
fn tridiagonalise(matrix: &mut Array2<f64>) -> (Vec<f64>, Vec<f64>) {
    let n = matrix.nrows();
    let Some(cells) = matrix.as_slice_mut() else { return (Vec::new(), Vec::new()) };
    let mut beside = vec![0.0; n];
    // The reflected vector, and its product with the matrix.
    let (mut v, mut p) = (vec![0.0; n], vec![0.0; n]);
    for k in (2..n).rev() {
        // Clears row k left of its subdiagonal entry: H = I − v·vᵀ/h acts on the first k coordinates.
        let row = &cells[k * n..k * n + k];
        let norm = dot(row, row).sqrt();
        let last = row[k - 1];
        if norm == 0.0 {
            continue;
        }
        let pivot = if last > 0.0 { -norm } else { norm };
        beside[k - 1] = pivot;
        v[..k].copy_from_slice(row);
        v[k - 1] = last - pivot;
        let h = norm * norm - last * pivot;
        p[..k].fill(0.0);
        for i in 0..k {
            let row = &cells[i * n..i * n + i + 1];
            // The lower half stands for both.
            p[i] += dot(row, &v[..=i]);
            add(&mut p[..i], v[i], &row[..i]);
        }
        let (v, p) = (&v[..k], &mut p[..k]);
        p.iter_mut().for_each(|p| *p /= h);
        let share = dot(p, v) / (2.0 * h);
        add(p, -share, v);
        for i in 0..k {
            let row = &mut cells[i * n..i * n + i + 1];
            add_two(row, -v[i], &p[..=i], -p[i], &v[..=i]);
        }
    }
    if n > 1 {
        beside[0] = cells[n];
    }
    ((0..n).map(|i| cells[i * n + i]).collect(), beside)
}

/// The scalar product, in fixed lanes.
#[inline(always)]
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; LANES];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a.iter().zip(b) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    lanes.iter().sum::<f64>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f64>()
}

#[inline(always)]
fn add(to: &mut [f64], factor: f64, from: &[f64]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += factor * from);
}

#[inline(always)]
fn add_two(to: &mut [f64], a: f64, from_a: &[f64], b: f64, from_b: &[f64]) {
    to.iter_mut().zip(from_a).zip(from_b).for_each(|((to, x), y)| *to += a * x + b * y);
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
    use ndarray::{Array1, array};

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
