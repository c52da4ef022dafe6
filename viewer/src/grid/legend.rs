//! What the border colours mean.

use leptos::prelude::*;

use crate::erase::part;
use crate::grid::colours::legend;
use crate::grid::store::Store;
use crate::grid::thousands;
use crate::signal::memo;

/// Entries of the legend; of more, the number is told.
const ENTRIES: usize = 16;

#[component]
pub fn Legend() -> impl IntoView {
    let store = Store::here();
    let colour = memo(move || store.state.with(|s| s.colour));
    part(move || {
        let Some(key) = colour.get() else { return ().into_any() };
        let (shown, more) = store.tiles.with(|t| legend(t, key, ENTRIES));
        if shown.is_empty() {
            return ().into_any();
        }
        let entries = shown.into_iter().map(|(label, colour)| {
            view! {
                <li title=label.clone()>
                    <span class="swatch" style:background=colour></span>
                    <span class="clamp">{label.clone()}</span>
                </li>
            }
        });
        view! {
            <ul class="legend" aria-label=format!("Border colours by {}", key.name()) data-testid="legend">
                {entries.collect::<Vec<_>>()}
                {(more > 0).then(|| view! { <li class="muted">{format!("and {} more", thousands(more))}</li> })}
            </ul>
        }
        .into_any()
    })
}
