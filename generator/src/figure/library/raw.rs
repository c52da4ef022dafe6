//! The pattern as it is.

use anyhow::Result;
use ndarray::Array2;

use crate::pattern::Pattern;

/// Raw attention matrix: query rows, key columns, darker is more.
///
/// Colours span the head's smallest to its largest value.
pub fn raw(pattern: &Pattern<'_>) -> Result<Array2<f32>> {
    Ok(pattern.values.to_owned())
}
