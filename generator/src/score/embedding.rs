//! A plane in which similar heads are near each other: classical multidimensional scaling.
//!
//! √JS is a metric that embeds in a Hilbert space (Fuglede & Topsøe 2004), and so is the root of a mean of JS: the
//! doubly centred matrix B = −½ J D J of the mean divergences D has no negative eigenvalues, and the first two of its
//! eigenvectors, times the roots of their eigenvalues, are the plane in which the squared distances between the heads
//! lose least (Torgerson 1952).

/// Directions that are iterated together; more than two, because neighbouring eigenvalues slow the iteration down.
const BLOCK: usize = 8;
const MOST_ITERATIONS: usize = 500;

/// `[n, 2]` coordinates for `[n, n]` divergences. The larger of a direction's extremes is positive.
pub fn plane(divergence: &[f32], n: usize) -> Vec<f32> {
    if n == 0 {
        return Vec::new();
    }
    let b = centred(divergence, n);
    let (vectors, values) = leading(&b, n);
    let mut plane = vec![0.0f32; 2 * n];
    for (axis, (vector, value)) in vectors.iter().zip(values).take(2).enumerate() {
        let extreme = vector.iter().fold(0.0f64, |m, v| if v.abs() > m.abs() { *v } else { m });
        let factor = value.max(0.0).sqrt().copysign(extreme);
        vector.iter().enumerate().for_each(|(i, v)| plane[2 * i + axis] = (v * factor) as f32);
    }
    plane
}

/// −½ J D J.
fn centred(divergence: &[f32], n: usize) -> Vec<f64> {
    let means: Vec<f64> =
        divergence.chunks_exact(n).map(|r| r.iter().map(|v| f64::from(*v)).sum::<f64>() / n as f64).collect();
    let mean = means.iter().sum::<f64>() / n as f64;
    let cell = |i: usize, j: usize| -0.5 * (f64::from(divergence[i * n + j]) - means[i] - means[j] + mean);
    (0..n * n).map(|at| cell(at / n, at % n)).collect()
}

/// Leading eigenvectors and their eigenvalues, largest first: orthogonal iteration with the Rayleigh–Ritz step
/// (Golub & Van Loan, Matrix Computations, 8.2.4).
fn leading(b: &[f64], n: usize) -> (Vec<Vec<f64>>, Vec<f64>) {
    let k = BLOCK.min(n);
    // Any start will do that is not orthogonal to what is sought; sines of uneven steps are no special directions.
    let start = |c: usize| (0..n).map(|i| ((i + 1) as f64 * (c + 1) as f64 * 0.7548776662466927).sin()).collect();
    let mut vectors: Vec<Vec<f64>> = (0..k).map(start).collect();
    orthonormalise(&mut vectors);
    let mut values = vec![0.0; k];
    for _ in 0..MOST_ITERATIONS {
        let mut images: Vec<Vec<f64>> = vectors.iter().map(|v| multiply(b, v)).collect();
        let mut small: Vec<Vec<f64>> =
            vectors.iter().map(|v| images.iter().map(|image| dot(v, image)).collect()).collect();
        let rotation = diagonalise(&mut small);
        let mut order: Vec<usize> = (0..k).collect();
        order.sort_by(|x, y| small[*y][*y].total_cmp(&small[*x][*x]));
        let before = std::mem::replace(&mut values, order.iter().map(|i| small[*i][*i]).collect());
        images = order.iter().map(|i| combine(&images, &rotation, *i)).collect();
        vectors = order.iter().map(|i| combine(&vectors, &rotation, *i)).collect();
        let scale = values[0].abs().max(f64::MIN_POSITIVE);
        let settled = before.iter().zip(&values).take(2).all(|(x, y)| (x - y).abs() <= 1e-13 * scale);
        if settled {
            break;
        }
        vectors = images;
        orthonormalise(&mut vectors);
    }
    (vectors, values)
}

/// Σ over c of `rotation[c][i]` · `vectors[c]`.
fn combine(vectors: &[Vec<f64>], rotation: &[Vec<f64>], i: usize) -> Vec<f64> {
    let mut sum = vec![0.0; vectors[0].len()];
    for (vector, row) in vectors.iter().zip(rotation) {
        sum.iter_mut().zip(vector).for_each(|(s, v)| *s += row[i] * v);
    }
    sum
}

fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

fn multiply(b: &[f64], v: &[f64]) -> Vec<f64> {
    b.chunks_exact(v.len()).map(|row| dot(row, v)).collect()
}

/// Gram–Schmidt, twice. A direction that is nothing new becomes 0.
fn orthonormalise(vectors: &mut [Vec<f64>]) {
    for i in 0..vectors.len() {
        let (done, rest) = vectors.split_at_mut(i);
        let vector = &mut rest[0];
        let before = dot(vector, vector).sqrt();
        for _ in 0..2 {
            for other in done.iter() {
                let along = dot(vector, other);
                vector.iter_mut().zip(other).for_each(|(v, o)| *v -= along * o);
            }
        }
        let norm = dot(vector, vector).sqrt();
        let factor = if norm > 1e-12 * before { 1.0 / norm } else { 0.0 };
        vector.iter_mut().for_each(|v| *v *= factor);
    }
}

/// Jacobi's method for a small symmetric matrix: it becomes diagonal, and its eigenvectors are the columns returned.
fn diagonalise(a: &mut [Vec<f64>]) -> Vec<Vec<f64>> {
    let n = a.len();
    let mut vectors: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    for _ in 0..20 {
        for p in 0..n {
            for q in p + 1..n {
                if a[p][q] == 0.0 {
                    continue;
                }
                let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
                let t = theta.signum() / (theta.abs() + theta.hypot(1.0));
                let c = 1.0 / t.hypot(1.0);
                let s = t * c;
                for row in a.iter_mut().chain(&mut vectors) {
                    (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
                }
                let (above, below) = a.split_at_mut(q);
                for (x, y) in above[p].iter_mut().zip(&mut below[0]) {
                    (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
                }
                (a[p][q], a[q][p]) = (0.0, 0.0);
            }
        }
    }
    vectors
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Squared distances of points in a plane give back the points, but for rotation.
    #[test]
    fn points_of_a_plane_are_found_again() {
        for n in [1usize, 2, 3, 12, 60] {
            let point = |i: usize| ((i * i % 17) as f32 * 0.05, (i * 7 % 11) as f32 * 0.03);
            let squared = |i: usize, j: usize| {
                let ((x, y), (u, v)) = (point(i), point(j));
                (x - u) * (x - u) + (y - v) * (y - v)
            };
            let divergence: Vec<f32> = (0..n * n).map(|at| squared(at / n, at % n)).collect();
            let plane = plane(&divergence, n);
            assert_eq!(plane.len(), 2 * n);
            for i in 0..n {
                for j in 0..n {
                    let distance =
                        (plane[2 * i] - plane[2 * j]).powi(2) + (plane[2 * i + 1] - plane[2 * j + 1]).powi(2);
                    assert!((distance - squared(i, j)).abs() < 1e-5, "{n}: {i} {j}");
                }
            }
            assert!(plane.iter().all(|v| v.is_finite()));
        }
    }

    #[test]
    fn heads_that_do_not_differ_lie_together() {
        assert_eq!(plane(&[0.0; 9], 3), [0.0; 6]);
        assert_eq!(plane(&[], 0), [0.0f32; 0]);
    }
}
