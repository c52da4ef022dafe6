//! The pattern on a square-root scale.

use anyhow::Result;
use lens_schema::scale::Scale;
use ndarray::Array2;

use crate::pattern::Pattern;

/// Attention matrix on a square-root scale: √A.
///
/// Query rows, key columns, darker is more. Between `raw` and `raw_log`: small values are seen, and large ones still differ.
pub fn raw_sqrt(pattern: &Pattern<'_>) -> Result<Array2<f32>> {
    Ok(pattern.values.mapv(|value| Scale::Sqrt.apply(value)))
}

#[cfg(test)]
mod tests {
    use crate::figure::tests::{assert_close, on_fixture};

    #[test]
    fn as_numpy() {
        on_fixture(|name, pattern| assert_close(&super::raw_sqrt(pattern).unwrap(), &format!("{name}.raw_sqrt"), 1e-6));
    }
}
