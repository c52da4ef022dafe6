//! Whether a head looks back at what looks at it.

use super::{Head, Score};

pub static SCORES: &[Score] = &[score! {
    /// Symmetry of a bidirectional pattern: tr(A²) / ‖A‖², that is Σ A[i, j] A[j, i] / Σ A[i, j]². 1 where A is
    /// symmetric, 0 where no two different tokens look at each other and none at itself.
    /// Source: with S and N the symmetric and antisymmetric parts of A, tr(A²) = ‖S‖² − ‖N‖² and ‖A‖² = ‖S‖² + ‖N‖².
    "symmetry", unit: "fraction", range: Some(0.0), Some(1.0),
    undefined: "the pattern is causal: a token cannot look at a later one, so there is nothing to compare"
}];

pub fn measure(head: &Head<'_>, out: &mut Vec<f32>) {
    if head.causal {
        return out.push(f32::NAN);
    }
    let product = |i: usize, j: usize| f64::from(head.at(i, j)) * f64::from(head.at(j, i));
    let below: f64 = (0..head.n).map(|i| (0..i).map(|j| product(i, j)).sum::<f64>()).sum();
    let diagonal: f64 = (0..head.n).map(|i| product(i, i)).sum();
    out.push(((2.0 * below + diagonal) / head.sums.squares) as f32);
}
