//! What the table of prompts is narrowed by: words, number of tokens, data sets.

use leptos::prelude::*;

use crate::erase::{live, memo, on};
use crate::grid::state::State;
use crate::grid::store::Store;
use crate::grid::table::datasets;
use crate::url::Step;

/// Data sets that are shown as buttons; more than these scroll.
const DATASET_BUTTONS: usize = 8;

/// Changes a filter, and begins at the first page.
fn edit(store: Store, change: impl FnOnce(&mut State)) {
    store.edit(Step::Replace, |s| {
        change(s);
        s.page = 0;
    });
}

#[component]
pub fn Filters() -> impl IntoView {
    let store = Store::here();
    let end = move |name: &'static str,
                    label: &'static str,
                    get: fn(&State) -> Option<usize>,
                    set: fn(&mut State, Option<usize>)| {
        view! {
            <input
                class="token-end"
                type="number"
                min="0"
                inputmode="numeric"
                placeholder=name
                aria-label=label
                data-testid=format!("tokens-{name}")
                prop:value=live(move || store.state.with(get).map(|n| n.to_string()).unwrap_or_default())
                on:input=on(move |event| {
                    let n = event_target_value(&event).parse().ok();
                    edit(store, |s| set(s, n));
                })
            />
        }
    };
    view! {
        <div class="filters">
            <input
                class="search"
                type="search"
                placeholder="Search text or hash"
                aria-label="Search prompts"
                data-testid="search"
                prop:value=live(move || store.state.with(|s| s.search.clone()))
                on:input=on(move |event| {
                    let text = event_target_value(&event);
                    edit(store, |s| s.search = text);
                })
            />
            <span class="tokens-range" role="group" aria-label="Number of tokens">
                {end("min", "Fewest tokens", |s| s.tokens.0, |s, n| s.tokens.0 = n)}
                <span class="muted">"–"</span>
                {end("max", "Most tokens", |s| s.tokens.1, |s, n| s.tokens.1 = n)}
                <span class="muted">"tokens"</span>
            </span>
        </div>
        <Datasets />
    }
}

#[component]
fn Datasets() -> impl IntoView {
    let store = Store::here();
    let all = memo(move || {
        let mut all = store.rows.get().map(|rows| datasets(&rows)).unwrap_or_default();
        // One that is filtered by can be pressed again, even where no prompt is of it.
        for name in store.state.with(|s| s.datasets.clone()) {
            all.entry(name).or_default();
        }
        all
    });
    let toggle = move |name: &str| {
        edit(store, |s| match s.datasets.iter().any(|d| d == name) {
            true => s.datasets.retain(|d| d != name),
            false => s.datasets.push(name.to_owned()),
        });
    };
    let button = move |(name, count): (String, usize)| {
        let (mine, pressed) = (name.clone(), name.clone());
        let id = format!("dataset-{name}");
        view! {
            <button
                class="chip"
                title=name.clone()
                aria-pressed=live(move || store.state.with(|s| s.datasets.contains(&pressed)).to_string())
                data-testid=id
                on:click=on(move |_| toggle(&mine))
            >
                <span class="chip-name">{name.clone()}</span>
                <span class="count">{count}</span>
            </button>
        }
    };
    // One data set is no choice.
    move || {
        let all = all.get();
        let many = all.len() > DATASET_BUTTONS;
        (all.len() > 1 || store.state.with(|s| !s.datasets.is_empty())).then(|| {
            view! {
                <div class="datasets" class:long=many role="group" aria-label="Data sets" data-testid="datasets">
                    {all.into_iter().map(button).collect::<Vec<_>>()}
                </div>
            }
        })
    }
}
