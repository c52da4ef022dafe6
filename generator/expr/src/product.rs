//! Matrix products and powers.

use std::borrow::Cow;

/// Rows of the right side that are kept near while all rows of the left side pass, and columns of a strip.
const DEPTH: usize = 32;
const WIDTH: usize = 512;

/// Floating-point operations of the product of `[rows, inner]` and `[inner, columns]`.
pub(crate) fn operations([rows, inner, columns]: [u64; 3]) -> u64 {
    2u64.saturating_mul(rows).saturating_mul(inner).saturating_mul(columns)
}

/// The product of `[rows, inner]` and `[inner, columns]`, all by rows.
///
/// Four rows of the right side at a time, scaled, are added to a row of the result: the compiler makes vectors of
/// that. If all values are finite, zeros are skipped, which changes nothing and makes triangles several times faster.
/// The order of the sums depends on the shape alone.
pub(crate) fn product(left: &[f64], right: &[f64], [rows, inner, columns]: [usize; 3]) -> Vec<f64> {
    let mut out = vec![0.0; rows * columns];
    let finite = |cells: &[f64]| cells.iter().all(|x| x.is_finite());
    let skip = finite(left) && finite(right);
    let right_row = |k: usize| &right[k * columns..(k + 1) * columns];
    let filled: Vec<(usize, usize)> =
        (0..inner).map(|k| if skip { filled(right_row(k)) } else { (0, columns) }).collect();
    for from in (0..columns).step_by(WIDTH) {
        let to = columns.min(from + WIDTH);
        for depth in (0..inner).step_by(DEPTH) {
            let depths = depth..inner.min(depth + DEPTH);
            for i in 0..rows {
                let left_row = &left[i * inner..(i + 1) * inner];
                let out_row = &mut out[i * columns..(i + 1) * columns];
                for k in depths.clone().step_by(4) {
                    let four = k..depths.end.min(k + 4);
                    if skip && left_row[four.clone()].iter().all(|&x| x == 0.0) {
                        continue;
                    }
                    let start = filled[four.clone()].iter().map(|f| f.0).min().unwrap_or(0).max(from);
                    let end = filled[four.clone()].iter().map(|f| f.1).max().unwrap_or(0).min(to);
                    if start >= end {
                        continue;
                    }
                    let out_part = &mut out_row[start..end];
                    if let [a, b, c, d] = left_row[four.clone()] {
                        let [p, q, r, s] = [k, k + 1, k + 2, k + 3].map(|k| &right_row(k)[start..end]);
                        for ((((out, p), q), r), s) in out_part.iter_mut().zip(p).zip(q).zip(r).zip(s) {
                            *out += a * p + b * q + c * r + d * s;
                        }
                    } else {
                        for k in four {
                            let a = left_row[k];
                            out_part.iter_mut().zip(&right_row(k)[start..end]).for_each(|(out, p)| *out += a * p);
                        }
                    }
                }
            }
        }
    }
    out
}

/// From the first to after the last cell that is not 0.
fn filled(cells: &[f64]) -> (usize, usize) {
    let end = cells.iter().rposition(|&x| x != 0.0).map_or(0, |last| last + 1);
    (cells[..end].iter().position(|&x| x != 0.0).unwrap_or(0), end)
}

/// How many products `power` makes.
pub(crate) fn products_of_power(t: u64) -> u64 {
    match t {
        0 => 0,
        _ => u64::from(t.ilog2() + t.count_ones() - 1),
    }
}

/// The product of t matrices `[n, n]`, by repeated squaring; the identity for t = 0.
pub(crate) fn power(matrix: &[f64], n: usize, mut t: u64) -> Vec<f64> {
    let multiply = |a: &[f64], b: &[f64]| product(a, b, [n, n, n]);
    let mut result: Option<Vec<f64>> = None;
    let mut square = Cow::Borrowed(matrix);
    while t > 0 {
        if t & 1 == 1 {
            result = Some(result.map_or_else(|| square.to_vec(), |result| multiply(&result, &square)));
        }
        t >>= 1;
        if t > 0 {
            square = Cow::Owned(multiply(&square, &square));
        }
    }
    result.unwrap_or_else(|| (0..n * n).map(|at| f64::from(at / n == at % n)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition.
    fn plain(left: &[f64], right: &[f64], [rows, inner, columns]: [usize; 3]) -> Vec<f64> {
        let cell = |i: usize, j: usize| (0..inner).map(|k| left[i * inner + k] * right[k * columns + j]).sum();
        (0..rows * columns).map(|at| cell(at / columns, at % columns)).collect()
    }

    /// Small whole numbers, whose sums are exact in any order.
    fn numbers(count: usize, seed: usize) -> Vec<f64> {
        (0..count).map(|at| ((at * 7919 + seed * 104_729) % 23) as f64 - 11.0).collect()
    }

    #[test]
    fn products_are_those_of_the_definition() {
        for shape in [[1, 1, 1], [3, 5, 7], [4, 4, 4], [1, 9, 1], [9, 1, 9], [35, 70, 33], [2, 33, 1100], [0, 0, 0]] {
            let (left, right) = (numbers(shape[0] * shape[1], 1), numbers(shape[1] * shape[2], 2));
            assert_eq!(product(&left, &right, shape), plain(&left, &right, shape), "{shape:?}");
        }
    }

    #[test]
    fn triangles_are_as_exact_as_full_matrices() {
        let n = 70;
        let lower = |at: usize| at % n <= at / n;
        let keep = |values: Vec<f64>, keep: &dyn Fn(usize) -> bool| -> Vec<f64> {
            values.into_iter().enumerate().map(|(at, x)| if keep(at) { x } else { 0.0 }).collect()
        };
        let full = numbers(n * n, 3);
        let low = keep(numbers(n * n, 4), &lower);
        let high = keep(numbers(n * n, 5), &|at| !lower(at));
        for (left, right) in [(&low, &low), (&low, &high), (&high, &low), (&high, &high), (&full, &low), (&high, &full)]
        {
            assert_eq!(product(left, right, [n, n, n]), plain(left, right, [n, n, n]));
        }
    }

    #[test]
    fn zeros_do_not_hide_what_is_not_finite() {
        let right = [f64::INFINITY, 1.0, 2.0, 3.0];
        let out = product(&[0.0, 1.0, 0.0, 0.0], &right, [2, 2, 2]);
        assert!(out[0].is_nan() && out[2].is_nan());
        assert_eq!((out[1], out[3]), (3.0, 0.0));
        assert!(product(&[f64::NAN, 0.0, 0.0, 0.0], &[0.0; 4], [2, 2, 2])[1].is_nan());
    }

    #[test]
    fn powers_by_squaring() {
        let n = 3;
        let matrix = [1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 2.0, 0.0, 1.0];
        let mut expected = power(&matrix, n, 0);
        assert_eq!(expected, [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
        for t in 1..20 {
            expected = plain(&expected, &matrix, [n, n, n]);
            assert_eq!(power(&matrix, n, t), expected, "{t}");
        }
        assert_eq!([0, 1, 2, 3, 5, 8, 15].map(products_of_power), [0, 0, 1, 2, 3, 3, 6]);
        assert_eq!(power(&[], 0, 0), [0.0; 0]);
    }
}
