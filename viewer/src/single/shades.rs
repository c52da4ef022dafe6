//! How strongly the tokens of the text are shaded, and which of them need to be painted now.

use std::ops::Range;

use super::matrix::Matrix;
use super::selection::Role;

/// How a token is shown: percent of full shade, below 0 for values below 0 of colours that go apart from there; `None`
/// where no attention is possible, or the value is not finite.
pub type Shade = Option<i8>;

/// The shade of every token: the sum of the rows or the columns of the tokens looked at, relative to its largest value
/// and stretched by a square root, so that weak attention can be seen. What an expression has below 0, as a logarithm
/// has, is stretched already. Nothing is shaded when nothing is looked at.
pub fn shades(matrix: &Matrix, tokens: &[usize], role: Role) -> Vec<Shade> {
    if tokens.is_empty() || tokens.iter().any(|&token| token >= matrix.n) {
        return vec![Some(0); matrix.n];
    }
    let sums = matrix.sum(tokens, role);
    let strength = |sum: f32| matrix.strength(sum / tokens.len() as f32);
    let largest = sums.iter().flatten().copied().map(strength).fold(f32::MIN_POSITIVE, f32::max);
    let diverges = matrix.diverges();
    let is_stretched = matrix.range.0 < 0.0 && !diverges;
    let shade = |sum: f32| {
        let part = strength(sum) / largest;
        let percent = (100.0 * if is_stretched { part } else { part.sqrt() }).round() as i8;
        if diverges && sum < 0.0 { -percent } else { percent }
    };
    sums.into_iter().map(|sum| sum.filter(|sum| sum.is_finite()).map(shade)).collect()
}

/// The tokens between two heights of a text, by the top and bottom edge of each; in reading order, edges only grow.
pub fn between(n: usize, edges: impl Fn(usize) -> (f64, f64), top: f64, bottom: f64) -> Range<usize> {
    let first = |is_before: &dyn Fn(usize) -> bool| {
        let (mut low, mut high) = (0, n);
        while low < high {
            let middle = (low + high) / 2;
            if is_before(middle) { low = middle + 1 } else { high = middle }
        }
        low
    };
    first(&|token| edges(token).1 < top)..first(&|token| edges(token).0 <= bottom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_shaded_by_row_or_column() {
        let matrix = Matrix::of(3, true, vec![1.0, 0.0, 0.0, 0.2, 0.8, 0.0, 0.5, 0.125, 0.375]);
        assert_eq!(shades(&matrix, &[1], Role::Query), [Some(50), Some(100), None]);
        assert_eq!(shades(&matrix, &[1], Role::Key), [None, Some(100), Some(40)]);
        assert_eq!(shades(&matrix, &[], Role::Key), [Some(0); 3]);
        assert_eq!(shades(&matrix, &[3], Role::Key), [Some(0); 3]);
        // 0.7, 0.925, 0.375: the sum of two rows.
        assert_eq!(shades(&matrix, &[1, 2], Role::Query), [Some(87), Some(100), Some(64)]);
        let pattern = Matrix::of(2, false, vec![0.5; 4]);
        let signed = pattern.derive(vec![-2.0, 0.5, f32::NAN, 1.0]);
        assert_eq!(shades(&signed, &[0], Role::Query), [Some(-100), Some(50)]);
        assert_eq!(shades(&signed, &[1], Role::Query), [None, Some(100)]);
        let logarithms = pattern.derive(vec![-8.0, -4.0, -2.0, 0.0]);
        assert_eq!(shades(&logarithms, &[0], Role::Key), [Some(0), Some(100)]);
        assert_eq!(shades(&logarithms, &[1], Role::Key), [Some(50), Some(100)]);
        let both = Matrix::of(2, false, vec![0.0; 4]);
        assert_eq!(shades(&both, &[0], Role::Key), [Some(0); 2]);
    }

    #[test]
    fn only_what_is_in_view_is_painted() {
        // Ten tokens a line of 20 pixels.
        let edges = |token: usize| ((token / 10 * 20) as f64, (token / 10 * 20 + 20) as f64);
        assert_eq!(between(1000, edges, 50.0, 90.0), 20..50);
        assert_eq!(between(1000, edges, 0.0, 1e9), 0..1000);
        assert_eq!(between(0, edges, 0.0, 10.0), 0..0);
    }
}
