//! The page that shows many patterns at once.

pub mod colours;
pub mod layout;
pub mod order;
pub mod state;
pub mod table;
pub mod tiles;

use leptos::prelude::*;

/// Everything below the title bar of `index.html`.
#[component]
pub fn GridView() -> impl IntoView {}
