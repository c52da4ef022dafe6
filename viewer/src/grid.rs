//! The page that shows many patterns at once.

use leptos::prelude::*;

/// Everything below the title bar of `index.html`.
#[component]
pub fn GridView() -> impl IntoView {}
