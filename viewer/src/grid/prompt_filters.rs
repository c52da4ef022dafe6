//! What the table of prompts is narrowed by: words, number of tokens, data sets.

use leptos::prelude::*;

use crate::erase::{live, on, part};
use crate::grid::field::{Number, number, search};
use crate::grid::state::toggle;
use crate::grid::store::Store;
use crate::grid::table::datasets;
use crate::signal::memo;
use crate::url::Step;

/// Data sets that are shown as buttons; more than these scroll.
const DATASET_BUTTONS: usize = 8;

/// One end of the range of tokens.
const fn end(name: &'static str, placeholder: &'static str, label: &'static str) -> Number {
    Number { name, label, placeholder, class: "token-end", least: 0, most: None }
}

/// The filters. Each begins at the first page.
pub fn filters(store: Store) -> AnyView {
    let names = ("search", "Search text or hash");
    view! {
        <div class="filters">
            {search(store, names, |s| s.search.clone(), |s, text| (s.search, s.page) = (text, 0))}
            <span class="tokens-range" role="group" aria-label="Number of tokens">
                {number(
                    store,
                    end("tokens-min", "min", "Fewest tokens"),
                    |s| s.tokens.0,
                    |s, n| (s.tokens.0, s.page) = (n, 0),
                )}
                <span class="muted">"–"</span>
                {number(
                    store,
                    end("tokens-max", "max", "Most tokens"),
                    |s| s.tokens.1,
                    |s, n| (s.tokens.1, s.page) = (n, 0),
                )}
                <span class="muted">"tokens"</span>
            </span>
        </div>
        <Datasets />
    }
    .into_any()
}

#[component]
fn Datasets() -> impl IntoView {
    let store = Store::here();
    let all = memo(move || {
        let mut all = store.rows.get().map(|rows| datasets(&rows)).unwrap_or_default();
        // One that is filtered by can be pressed again, even where no prompt is of it.
        for name in store.state.with(|s| s.datasets.clone()) {
            if !all.iter().any(|(there, _)| *there == name) {
                all.push((name, 0));
            }
        }
        all
    });
    let press = move |name: &str| {
        store.edit(Step::Replace, |s| {
            toggle(&mut s.datasets, name.to_owned());
            s.page = 0;
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
                on:click=on(move |_| press(&mine))
            >
                <span class="chip-name">{name.clone()}</span>
                <span class="count">{count.to_string()}</span>
            </button>
        }
        .into_any()
    };
    // One data set is no choice.
    part(move || {
        let all = all.get();
        let many = all.len() > DATASET_BUTTONS;
        if all.len() < 2 && store.state.with(|s| s.datasets.is_empty()) {
            return ().into_any();
        }
        view! {
            <div class="datasets" class:long=many role="group" aria-label="Data sets" data-testid="datasets">
                {all.into_iter().map(button).collect::<Vec<_>>()}
            </div>
        }
        .into_any()
    })
}
