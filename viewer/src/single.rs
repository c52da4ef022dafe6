//! The page that shows one pattern in full.

use leptos::prelude::*;

/// Everything below the title bar of `single.html`.
#[component]
pub fn SingleView() -> impl IntoView {}
