//! AᵀA in tridiagonal form: a matrix whose eigenvalues are cheap to work with, the squares of A's singular values.
//!
//! Householder's reduction (Golub & Van Loan, Matrix Computations, 8.3.1), in f64: squaring the singular values would
//! leave nothing of the small ones in f32.

use pulp::{Arch, Simd, WithSimd};

/// Rows are filled up with zeros to a multiple of this, so that no vector instruction has a rest.
const WIDTH: usize = 8;
/// Bytes of a cache line. A vector that lies across two of them takes twice the time.
const LINE: usize = 64;
/// Rows that are worked on together.
const TOGETHER: usize = 4;

/// A symmetric tridiagonal matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Tridiagonal {
    pub diagonal: Vec<f64>,
    /// Squares of what is before the diagonal; entry 0 is 0.
    pub beside: Vec<f64>,
}

/// A matrix in C order, or its upper left part.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    pub values: &'a [f32],
    /// Values from one row to the next.
    pub stride: usize,
    pub n_rows: usize,
    pub n_columns: usize,
    /// Nothing is above the diagonal.
    pub causal: bool,
}

impl Tridiagonal {
    /// Of AᵀA.
    pub fn of_gram(matrix: Rows<'_>) -> Tridiagonal {
        Arch::new().dispatch(Reduction(matrix))
    }
}

struct Reduction<'a>(Rows<'a>);

impl WithSimd for Reduction<'_> {
    type Output = Tridiagonal;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Tridiagonal {
        let (n, n_rows) = (self.0.n_columns, self.0.n_rows);
        let width = n.next_multiple_of(WIDTH);
        let mut space = vec![0.0; (width + n_rows + 6) * width + WIDTH];
        let start = space.as_ptr().align_offset(LINE).min(WIDTH);
        let (g, rest) = space[start..].split_at_mut(width * width);
        let (panels, vectors) = rest.split_at_mut(n_rows * width);
        fill_panels(self.0, panels);
        gram(simd, self.0, panels, g);
        reduce(simd, g, n, vectors)
    }
}

/// A, cut into panels of [`WIDTH`] columns.
#[inline(always)]
fn fill_panels(matrix: Rows<'_>, panels: &mut [f64]) {
    let Rows { values, stride, n_rows, n_columns, causal } = matrix;
    for row in 0..n_rows {
        let keys = if causal { (row + 1).min(n_columns) } else { n_columns };
        for (p, values) in values[row * stride..][..keys].chunks(WIDTH).enumerate() {
            let to = &mut panels[(p * n_rows + row) * WIDTH..];
            to.iter_mut().zip(values).for_each(|(to, v)| *to = f64::from(*v));
        }
    }
}

/// The lower triangle of AᵀA, square by square; those on the diagonal are whole.
#[inline(always)]
fn gram<S: Simd>(simd: S, matrix: Rows<'_>, panels: &[f64], gram: &mut [f64]) {
    let Rows { n_rows, n_columns, causal, .. } = matrix;
    let width = n_columns.next_multiple_of(WIDTH);
    let panel = |p: usize| panels[p * n_rows * WIDTH..][..n_rows * WIDTH].as_chunks::<WIDTH>().0;
    for p in 0..width / WIDTH {
        let first = if causal { (p * WIDTH).min(n_rows) } else { 0 };
        for q in 0..=p {
            for lanes in 0..WIDTH / S::F64_LANES {
                let mut sums = [simd.splat_f64s(0.0); WIDTH];
                for (a, b) in panel(p)[first..].iter().zip(&panel(q)[first..]) {
                    let b = S::as_simd_f64s(b).0[lanes];
                    for r in 0..WIDTH {
                        sums[r] = simd.mul_add_e_f64s(simd.splat_f64s(a[r]), b, sums[r]);
                    }
                }
                for r in 0..WIDTH {
                    S::as_mut_simd_f64s(&mut gram[(p * WIDTH + r) * width + q * WIDTH..][..WIDTH]).0[lanes] = sums[r];
                }
            }
        }
    }
}

/// Reduces a symmetric matrix, given as [`gram`] leaves it, from the last row up: a reflection 1 − u uᵀ / h leaves of row i
/// nothing but its last value before the diagonal, and turns what is above it into G − u qᵀ − q uᵀ. The matrix is read
/// once per reflection: rows get the last reflection, and their part of the product with the next u, at the same time.
#[inline(always)]
fn reduce<S: Simd>(simd: S, g: &mut [f64], n: usize, vectors: &mut [f64]) -> Tridiagonal {
    let width = n.next_multiple_of(WIDTH);
    let (mut diagonal, mut beside) = (vec![0.0; n], vec![0.0; n]);
    vectors.fill(0.0);
    // The last reflection, the next u, and G · next: what the lower triangle gives, and what it stands for in the upper.
    let (u, rest) = vectors.split_at_mut(width);
    let (q, rest) = rest.split_at_mut(width);
    let (next, rest) = rest.split_at_mut(width);
    let (product, rest) = rest.split_at_mut(width);
    let (upper, rest) = rest.split_at_mut(width);
    // `next` as far as columns are left of the square on the diagonal, which stands for itself only.
    let left = &mut rest[..width];
    for i in (0..n).rev() {
        let row = &g[i * width..][..width];
        next.fill(0.0);
        for c in 0..i {
            next[c] = row[c] - (u[i] * q[c] + q[i] * u[c]);
        }
        diagonal[i] = row[i] - 2.0 * u[i] * q[i];
        if i == 0 {
            break;
        }
        let norm = dot(simd, next, next);
        beside[i] = norm;
        let last = next[i - 1];
        let h = norm + last.abs() * norm.sqrt();
        next[i - 1] += norm.sqrt().copysign(last);
        product.fill(0.0);
        left.fill(0.0);
        for first in (0..i).step_by(TOGETHER) {
            let square = first / WIDTH * WIDTH;
            let columns = square + WIDTH;
            let rows = &mut g[first * width..][..TOGETHER * width];
            let vectors = [&u[..columns], &q[..columns], &left[..columns]];
            let at_rows = [&u[first..], &q[first..], &next[first..]];
            let sums = apply_and_multiply(simd, rows, vectors, at_rows, &mut product[..columns]);
            upper[first..first + TOGETHER].copy_from_slice(&sums);
            if (first + TOGETHER).is_multiple_of(WIDTH) {
                left[square..columns].copy_from_slice(&next[square..columns]);
            }
        }
        product.iter_mut().zip(&*upper).for_each(|(sum, upper)| *sum += upper);
        // The rows below have no part in what follows.
        product[i..].fill(0.0);
        let inverse = if h > 0.0 { 1.0 / h } else { 0.0 };
        let k = dot(simd, product, next) * inverse * inverse / 2.0;
        for c in 0..width {
            q[c] = product[c] * inverse - k * next[c];
            u[c] = next[c];
        }
    }
    Tridiagonal { diagonal, beside }
}

/// Applies the last reflection, u and q, to rows of G, and adds to `product` the sum of these rows, each times its value
/// of the next u. Returns the product of each row with the third vector. `at_rows` is u, q and next from the first row on.
#[inline(always)]
fn apply_and_multiply<S: Simd>(
    simd: S,
    rows: &mut [f64],
    [us, qs, ns]: [&[f64]; 3],
    at_rows: [&[f64]; 3],
    product: &mut [f64],
) -> [f64; TOGETHER] {
    let [u0, u1, u2, u3] = splat(simd, at_rows[0]);
    let [q0, q1, q2, q3] = splat(simd, at_rows[1]);
    let [n0, n1, n2, n3] = splat(simd, at_rows[2]);
    let [mut s0, mut s1, mut s2, mut s3] = [simd.splat_f64s(0.0); TOGETHER];
    let width = rows.len() / TOGETHER;
    let (a, rest) = rows.split_at_mut(width);
    let (b, rest) = rest.split_at_mut(width);
    let (c, d) = rest.split_at_mut(width);
    let (a, b) = (S::as_mut_simd_f64s(a).0.iter_mut(), S::as_mut_simd_f64s(b).0.iter_mut());
    let (c, d) = (S::as_mut_simd_f64s(c).0.iter_mut(), S::as_mut_simd_f64s(d).0.iter_mut());
    let (us, qs, ns) = (S::as_simd_f64s(us).0.iter(), S::as_simd_f64s(qs).0, S::as_simd_f64s(ns).0);
    let sums = S::as_mut_simd_f64s(product).0;
    for (((((((us, qs), ns), sum), a), b), c), d) in us.zip(qs).zip(ns).zip(sums).zip(a).zip(b).zip(c).zip(d) {
        let (us, qs, ns) = (*us, *qs, *ns);
        let row0 = simd.negate_mul_add_e_f64s(q0, us, simd.negate_mul_add_e_f64s(u0, qs, *a));
        let row1 = simd.negate_mul_add_e_f64s(q1, us, simd.negate_mul_add_e_f64s(u1, qs, *b));
        let row2 = simd.negate_mul_add_e_f64s(q2, us, simd.negate_mul_add_e_f64s(u2, qs, *c));
        let row3 = simd.negate_mul_add_e_f64s(q3, us, simd.negate_mul_add_e_f64s(u3, qs, *d));
        let two = simd.mul_add_e_f64s(n1, row1, simd.mul_add_e_f64s(n0, row0, *sum));
        *sum = simd.mul_add_e_f64s(n3, row3, simd.mul_add_e_f64s(n2, row2, two));
        s0 = simd.mul_add_e_f64s(row0, ns, s0);
        s1 = simd.mul_add_e_f64s(row1, ns, s1);
        s2 = simd.mul_add_e_f64s(row2, ns, s2);
        s3 = simd.mul_add_e_f64s(row3, ns, s3);
        (*a, *b, *c, *d) = (row0, row1, row2, row3);
    }
    [simd.reduce_sum_f64s(s0), simd.reduce_sum_f64s(s1), simd.reduce_sum_f64s(s2), simd.reduce_sum_f64s(s3)]
}

/// Each of the first values in all lanes. Written out: a closure would not be compiled for the vector instructions.
#[inline(always)]
fn splat<S: Simd>(simd: S, values: &[f64]) -> [S::f64s; TOGETHER] {
    [simd.splat_f64s(values[0]), simd.splat_f64s(values[1]), simd.splat_f64s(values[2]), simd.splat_f64s(values[3])]
}

/// Σ x · y.
#[inline(always)]
fn dot<S: Simd>(simd: S, x: &[f64], y: &[f64]) -> f64 {
    let mut sum = simd.splat_f64s(0.0);
    for (x, y) in S::as_simd_f64s(x).0.iter().zip(S::as_simd_f64s(y).0) {
        sum = simd.mul_add_e_f64s(*x, *y, sum);
    }
    simd.reduce_sum_f64s(sum)
}
