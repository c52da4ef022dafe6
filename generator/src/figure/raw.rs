//! The pattern as it is.

use anyhow::Result;
use lens_schema::index::MatrixStyle;

use super::Figure;
use crate::pattern::Pattern;

/// Raw attention matrix: query rows, key columns, darker is more. Colours span the head's smallest to its
/// largest value.
pub fn raw<'a>(pattern: &Pattern<'a>) -> Result<Figure<'a>> {
    Ok(Figure::Matrix { values: pattern.values.into(), style: MatrixStyle::default() })
}
