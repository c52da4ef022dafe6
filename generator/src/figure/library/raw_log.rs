//! The pattern on a logarithmic scale.

use anyhow::Result;
use lens_schema::scale::Scale;
use ndarray::Array2;

use crate::pattern::Pattern;

/// Attention matrix on a logarithmic scale: log10(max(A, 1e-4)).
///
/// Query rows, key columns, darker is more. It shows what a head does with the little attention that its first key, or another sink, leaves over.
pub fn raw_log(pattern: &Pattern<'_>) -> Result<Array2<f32>> {
    Ok(pattern.values.mapv(|value| Scale::Log.apply(value)))
}

#[cfg(test)]
mod tests {
    use crate::figure::tests::{assert_close, on_fixture};

    #[test]
    fn as_numpy() {
        on_fixture(|name, pattern| assert_close(&super::raw_log(pattern).unwrap(), &format!("{name}.raw_log"), 1e-6));
    }
}
