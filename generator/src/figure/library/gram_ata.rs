//! Which keys are attended to together.

use anyhow::Result;
use ndarray::Array2;

use crate::pattern::Pattern;

/// Gram matrix of the columns, Aᵀ·A: which keys are attended to by the same queries.
///
/// Entry i,j is Σ_q A[q,i]·A[q,j].
pub fn gram_ata(pattern: &Pattern<'_>) -> Result<Array2<f32>> {
    Ok(pattern.values.t().dot(&pattern.values))
}

#[cfg(test)]
mod tests {
    use crate::figure::tests::{assert_close, on_fixture};

    #[test]
    fn as_numpy() {
        on_fixture(|name, pattern| assert_close(&super::gram_ata(pattern).unwrap(), &format!("{name}.gram_ata"), 1e-6));
    }
}
