//! The order of the figures: keys, directions, headings and new rows.

use leptos::prelude::*;

use crate::erase::{live, memo, on};
use crate::grid::menu::Menu;
use crate::grid::order::Key;
use crate::grid::store::Store;
use crate::grid::toolbar::KeySelect;
use crate::url::Step;

/// The keys in their order, with direction, headings and new rows.
#[component]
pub fn OrderMenu() -> impl IntoView {
    let store = Store::here();
    let order = memo(move || store.state.with(|s| s.order));
    let label = move || format!("Sort by {}", order.get().0[0].key.name());
    let item = move |at: usize| {
        let rank = move || order.get().0[at];
        let name = move || rank().key.name();
        let shift = move |to: usize| store.edit(Step::Replace, |s| s.order.shift(at, to));
        view! {
            <li data-testid=format!("order-{at}")>
                <span class="order-name">{name}</span>
                <button
                    class="small"
                    data-testid=format!("direction-{at}")
                    aria-label=live(move || format!("{}: {}", name(), if rank().descending { "descending" } else { "ascending" }))
                    on:click=on(move |_| store.edit(Step::Replace, |s| s.order.0[at].descending ^= true))
                >
                    {move || if rank().descending { "↓ last first" } else { "↑ first first" }}
                </button>
                <button
                    class="icon small"
                    disabled=at == 0
                    data-testid=format!("earlier-{at}")
                    aria-label=live(move || format!("Sort by {} earlier", name()))
                    on:click=on(move |_| shift(at.saturating_sub(1)))
                >
                    "▴"
                </button>
                <button
                    class="icon small"
                    disabled=at + 1 == Key::ALL.len()
                    aria-label=live(move || format!("Sort by {} later", name()))
                    on:click=on(move |_| shift(at + 1))
                >
                    "▾"
                </button>
            </li>
        }
    };
    let headings = move |n: usize| {
        let names = order.get().0[..n].iter().map(|r| r.key.name()).collect::<Vec<_>>().join(" › ");
        let text = if n == 0 { "none".to_owned() } else { names };
        view! {
            <option value=n.to_string() selected=live(move || store.state.with(|s| s.headings == n))>{text}</option>
        }
    };
    view! {
        <Menu label=Signal::derive(label) name="order">
            <ol class="order">{(0..Key::ALL.len()).map(item).collect::<Vec<_>>()}</ol>
            <label class="option">
                <span>"Headings"</span>
                <select
                    data-testid="headings"
                    on:change=on(move |event| {
                        let n = event_target_value(&event).parse().unwrap_or_default();
                        store.edit(Step::Replace, |s| s.headings = n);
                    })
                >
                    {move || (0..=3).map(headings).collect::<Vec<_>>()}
                </select>
            </label>
            <KeySelect label="New row for each" name="rows" none="–" get=|s| s.row set=|s, key| s.row = key />
        </Menu>
    }
}
