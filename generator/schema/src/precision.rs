//! How exactly a site keeps values.

use serde::{Deserialize, Serialize};

/// How exactly a site keeps the values of patterns; see [`crate::shard`] for the files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Overviews only: within 2/257 where they are not pooled, and no file for a layer.
    Overview,
    /// Within 1.6e-5.
    #[default]
    Exact,
    /// Every bit.
    F32,
}
