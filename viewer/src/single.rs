//! The page that shows one pattern in full.

pub mod axis;
pub mod format;
pub mod geometry;
pub mod gesture;
pub mod keys;
pub mod link;
pub mod load;
pub mod matrix;
pub mod neighbours;
pub mod page;
pub mod ranking;
pub mod raster;
pub mod selection;

use leptos::prelude::*;

/// Everything below the title bar of `single.html`.
#[component]
pub fn SingleView() -> impl IntoView {}
