//! How alike the queries' attention is.

use anyhow::Result;
use ndarray::Array2;

use crate::pattern::Pattern;

/// Gram matrix of the rows, A·Aᵀ: which queries attend to the same keys.
///
/// Entry i,j is Σ_k A[i,k]·A[j,k]. Its eigenvalues are the squares of A's singular values (see `svd_spectra`).
pub fn gram_aat(pattern: &Pattern<'_>) -> Result<Array2<f32>> {
    Ok(pattern.values.dot(&pattern.values.t()))
}

#[cfg(test)]
mod tests {
    use crate::figure::tests::{assert_close, on_fixture};

    #[test]
    fn as_numpy() {
        on_fixture(|name, pattern| assert_close(&super::gram_aat(pattern).unwrap(), &format!("{name}.gram_aat"), 1e-6));
    }
}
