//! AᵀA in tridiagonal form: a matrix whose eigenvalues are cheap to work with, the squares of A's singular values.
//!
//! Householder's reduction (Golub & Van Loan, Matrix Computations, 8.3.1), in f64: squaring the singular values would
//! leave nothing of the small ones in f32.

use pulp::{Arch, Simd, WithSimd};

/// Rows are filled up with zeros to a multiple of this, so that no vector instruction has a rest.
const WIDTH: usize = 8;
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
        let n = self.0.n_columns;
        let width = n.next_multiple_of(WIDTH);
        let mut g = gram(simd, self.0, width);
        reduce(simd, &mut g, n, width)
    }
}

/// AᵀA in rows of `width`.
#[inline(always)]
fn gram<S: Simd>(simd: S, matrix: Rows<'_>, width: usize) -> Vec<f64> {
    let Rows { values, stride, n_rows, n_columns: n, causal } = matrix;
    let mut gram = vec![0.0; width * width];
    let mut rows = vec![0.0; TOGETHER * width];
    for first in (0..n_rows).step_by(TOGETHER) {
        let count = TOGETHER.min(n_rows - first);
        let keys = if causal { (first + count).min(n) } else { n };
        rows.fill(0.0);
        for (to, i) in rows.chunks_exact_mut(width).zip(first..first + count) {
            let row = &values[i * stride..][..keys];
            to.iter_mut().zip(row).for_each(|(to, v)| *to = f64::from(*v));
        }
        // The lower triangle, and a little beyond it.
        for j in 0..keys {
            let columns = (j + 1).next_multiple_of(WIDTH);
            let (a, b) = (&rows[..columns], &rows[width..][..columns]);
            let (c, d) = (&rows[2 * width..][..columns], &rows[3 * width..][..columns]);
            add_combination(simd, &mut gram[j * width..][..columns], [a[j], b[j], c[j], d[j]], [a, b, c, d]);
        }
    }
    for i in 0..n {
        for j in 0..i {
            gram[j * width + i] = gram[i * width + j];
        }
    }
    gram
}

/// Reduces a symmetric matrix, from the last row up: a reflection 1 − u uᵀ / h leaves of row i nothing but its last value
/// before the diagonal, and turns what is above it into G − u qᵀ − q uᵀ. The matrix is read once per reflection: rows get
/// the last reflection, and their part of the product with the next u, at the same time.
#[inline(always)]
fn reduce<S: Simd>(simd: S, g: &mut [f64], n: usize, width: usize) -> Tridiagonal {
    let (mut diagonal, mut beside) = (vec![0.0; n], vec![0.0; n]);
    let zeros = || vec![0.0; width];
    // The last reflection, the next one, and the product G · next.
    let (mut u, mut q, mut next, mut product) = (zeros(), zeros(), zeros(), zeros());
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
        let norm = dot(simd, &next, &next);
        beside[i] = norm;
        let last = next[i - 1];
        let h = norm + last.abs() * norm.sqrt();
        next[i - 1] += norm.sqrt().copysign(last);
        product.fill(0.0);
        let columns = i.next_multiple_of(WIDTH);
        for first in (0..i).step_by(TOGETHER) {
            let rows = &mut g[first * width..][..TOGETHER * width];
            let (u_rows, q_rows) = (four(&u, first), four(&q, first));
            let last = Reflection { u: &u[..columns], q: &q[..columns], u_rows, q_rows };
            last.apply_and_multiply(simd, rows, width, four(&next, first), &mut product[..columns]);
        }
        // The rows below have no part in what follows.
        product[i..].fill(0.0);
        let inverse = if h > 0.0 { 1.0 / h } else { 0.0 };
        let k = dot(simd, &product, &next) * inverse * inverse / 2.0;
        for c in 0..width {
            q[c] = product[c] * inverse - k * next[c];
            u[c] = next[c];
        }
    }
    Tridiagonal { diagonal, beside }
}

#[inline(always)]
fn four(values: &[f64], first: usize) -> [f64; TOGETHER] {
    [values[first], values[first + 1], values[first + 2], values[first + 3]]
}

/// G ← G − u qᵀ − q uᵀ, of some rows of G.
struct Reflection<'a> {
    u: &'a [f64],
    q: &'a [f64],
    /// What u and q are at the rows.
    u_rows: [f64; TOGETHER],
    q_rows: [f64; TOGETHER],
}

impl Reflection<'_> {
    /// Applies it to rows of `width`, and adds to `product` their sum, each times its factor.
    #[inline(always)]
    fn apply_and_multiply<S: Simd>(
        &self,
        simd: S,
        rows: &mut [f64],
        width: usize,
        factors: [f64; TOGETHER],
        product: &mut [f64],
    ) {
        let [[u0, u1, u2, u3], [q0, q1, q2, q3]] = [splat(simd, self.u_rows), splat(simd, self.q_rows)];
        let [f0, f1, f2, f3] = splat(simd, factors);
        let (a, rest) = rows.split_at_mut(width);
        let (b, rest) = rest.split_at_mut(width);
        let (c, d) = rest.split_at_mut(width);
        let (a, b) = (S::as_mut_simd_f64s(a).0.iter_mut(), S::as_mut_simd_f64s(b).0.iter_mut());
        let (c, d) = (S::as_mut_simd_f64s(c).0.iter_mut(), S::as_mut_simd_f64s(d).0.iter_mut());
        let (us, qs) = (S::as_simd_f64s(self.u).0, S::as_simd_f64s(self.q).0);
        let columns = us.iter().zip(qs).zip(S::as_mut_simd_f64s(product).0);
        for ((((((us, qs), sum), a), b), c), d) in columns.zip(a).zip(b).zip(c).zip(d) {
            *a = simd.negate_mul_add_e_f64s(q0, *us, simd.negate_mul_add_e_f64s(u0, *qs, *a));
            *b = simd.negate_mul_add_e_f64s(q1, *us, simd.negate_mul_add_e_f64s(u1, *qs, *b));
            *c = simd.negate_mul_add_e_f64s(q2, *us, simd.negate_mul_add_e_f64s(u2, *qs, *c));
            *d = simd.negate_mul_add_e_f64s(q3, *us, simd.negate_mul_add_e_f64s(u3, *qs, *d));
            let two = simd.mul_add_e_f64s(f1, *b, simd.mul_add_e_f64s(f0, *a, *sum));
            *sum = simd.mul_add_e_f64s(f3, *d, simd.mul_add_e_f64s(f2, *c, two));
        }
    }
}

/// Adds the sum of rows, each times its factor.
#[inline(always)]
fn add_combination<S: Simd>(simd: S, to: &mut [f64], factors: [f64; TOGETHER], rows: [&[f64]; TOGETHER]) {
    let [f, g, h, k] = splat(simd, factors);
    let (a, b) = (S::as_simd_f64s(rows[0]).0, S::as_simd_f64s(rows[1]).0);
    let (c, d) = (S::as_simd_f64s(rows[2]).0, S::as_simd_f64s(rows[3]).0);
    for ((((to, a), b), c), d) in S::as_mut_simd_f64s(to).0.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        let first = simd.mul_add_e_f64s(g, *b, simd.mul_add_e_f64s(f, *a, *to));
        *to = simd.mul_add_e_f64s(k, *d, simd.mul_add_e_f64s(h, *c, first));
    }
}

/// Each value in all lanes. Written out: a closure would not be compiled for the vector instructions.
#[inline(always)]
fn splat<S: Simd>(simd: S, values: [f64; TOGETHER]) -> [S::f64s; TOGETHER] {
    let [a, b, c, d] = values;
    [simd.splat_f64s(a), simd.splat_f64s(b), simd.splat_f64s(c), simd.splat_f64s(d)]
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
