//! One matrix less another, and where they differ most.

use crate::single::geometry::Cell;
use crate::single::matrix::Matrix;

/// `a − b`; why there is none if their sizes differ. The range is the same on both sides of 0.
pub fn difference(a: &Matrix, b: &Matrix) -> Result<Matrix, String> {
    if a.n != b.n {
        let (a, b) = (a.n, b.n);
        return Err(format!(
            "There is no difference: the patterns have {a} and {b} positions, and must have the same."
        ));
    }
    let mut values = a.values().to_vec();
    for (value, other) in values.iter_mut().zip(b.values()) {
        *value -= other;
    }
    let mut matrix = a.derive(values);
    let largest = matrix.range.1.max(-matrix.range.0);
    matrix.range = (-largest, largest);
    matrix.exact = a.exact && b.exact;
    matrix.pool = a.pool.max(b.pool);
    Ok(matrix)
}

/// The cells with the largest absolute values, the largest first; cells of 0 are none.
pub fn largest(matrix: &Matrix, count: usize) -> Vec<(Cell, f32)> {
    let mut found: Vec<(Cell, f32)> = Vec::with_capacity(count + 1);
    for (query, row) in matrix.values().chunks_exact(matrix.n.max(1)).enumerate() {
        for (key, &value) in row.iter().enumerate() {
            let is_larger = |than: f32| value.abs() > than.abs();
            if !value.is_finite() || !is_larger(found.get(count.wrapping_sub(1)).map_or(0.0, |&(_, least)| least)) {
                continue;
            }
            let place = found.partition_point(|&(_, other)| !is_larger(other));
            found.insert(place, (Cell { query, key }, value));
            found.truncate(count);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_centred_on_zero() {
        let a = Matrix::of(2, true, vec![1.0, 0.0, 0.25, 0.75]);
        let b = Matrix::of(2, true, vec![1.0, 0.0, 0.5, 0.5]);
        let matrix = difference(&a, &b).unwrap();
        assert_eq!((matrix.values(), matrix.range), (&[0.0, 0.0, -0.25, 0.25][..], (-0.25, 0.25)));
        assert!(matrix.diverges() && matrix.causal && matrix.exact);
        // One without a mask shows through the other's.
        let open = Matrix::of(2, false, vec![0.5, 0.5, 0.5, 0.5]);
        let matrix = difference(&a, &open).unwrap();
        assert_eq!((matrix.values(), matrix.causal), (&[0.5, -0.5, -0.25, 0.25][..], false));
        assert!(!difference(&open, &a).unwrap().causal);
        let mut approximate = b;
        approximate.exact = false;
        assert!(!difference(&a, &approximate).unwrap().exact);
        assert_eq!(difference(&a, &a).unwrap().range, (0.0, 0.0));
        let three = Matrix::of(3, false, vec![0.0; 9]);
        assert!(difference(&a, &three).unwrap_err().contains("2 and 3 positions"));
    }

    #[test]
    fn the_largest_come_first() {
        let pattern = Matrix::of(3, false, vec![0.0; 9]);
        let matrix = pattern.derive(vec![0.1, -0.9, f32::NAN, 0.0, 0.5, -0.5, 0.2, 0.0, f32::INFINITY]);
        let found: Vec<_> = largest(&matrix, 4).iter().map(|(cell, value)| (cell.query, cell.key, *value)).collect();
        assert_eq!(found, [(0, 1, -0.9), (1, 1, 0.5), (1, 2, -0.5), (2, 0, 0.2)]);
        assert_eq!(largest(&matrix, 9).len(), 5);
        assert!(largest(&pattern, 4).is_empty());
    }
}
