//! The panel of prompts: filters, buttons that choose many, the table, and its pages.

use std::collections::BTreeSet;
use std::sync::Arc;

use lens_schema::sort::set;
use leptos::prelude::*;

use crate::erase::{live, memo, on};
use crate::grid::panel::FoldingPanel;
use crate::grid::prompt_filters::Filters;
use crate::grid::prompt_table::PromptTable;
use crate::grid::state::{PAGES, Panel, Prompts};
use crate::grid::store::Store;
use crate::grid::table::{PromptRow, pages};
use crate::grid::thousands;
use crate::url::Step;

/// What the panel's parts share.
#[derive(Debug, Clone, Copy)]
pub struct Chosen {
    pub store: Store,
    /// Hashes of the chosen prompts; the choice of all is spelled out.
    pub hashes: Memo<BTreeSet<String>>,
    /// The rows on the page of the table.
    pub on_page: Memo<Vec<Arc<PromptRow>>>,
    /// The page, from 0.
    page: Memo<usize>,
}

impl Chosen {
    fn new(store: Store) -> Self {
        let hashes = memo(move || match store.state.with(|s| s.prompts.clone()) {
            Prompts::Some(hashes) => set(hashes),
            Prompts::All => set(store.rows.get().iter().flat_map(|rows| rows.iter()).map(|r| r.hash.clone())),
        });
        let per_page = memo(move || store.state.with(|s| s.per_page));
        let page = memo(move || {
            let last = pages(store.filtered.with(Vec::len), per_page.get()) - 1;
            store.state.with(|s| s.page).min(last)
        });
        let on_page = memo(move || {
            let rows = store.rows.get();
            let per_page = per_page.get();
            let shown = store.filtered.get().into_iter().skip(page.get() * per_page).take(per_page);
            rows.map(|rows| shown.map(|i| rows[i].clone()).collect::<Vec<_>>()).unwrap_or_default()
        });
        Chosen { store, hashes, on_page, page }
    }

    /// Adds these to the choice, or takes them out.
    pub fn set(&self, these: Vec<String>, add: bool) {
        let before = self.hashes.get_untracked();
        let rows = self.store.rows.get_untracked();
        self.store.edit(Step::Push, |s| {
            let mut list: Vec<String> = match &s.prompts {
                Prompts::Some(list) => list.clone(),
                Prompts::All => rows.iter().flat_map(|rows| rows.iter()).map(|r| r.hash.clone()).collect(),
            };
            if add {
                list.extend(these.into_iter().filter(|hash| !before.contains(hash)));
            } else {
                let gone: BTreeSet<&String> = set(&these);
                list.retain(|hash| !gone.contains(hash));
            }
            let chosen: BTreeSet<&String> = set(&list);
            let all = rows.is_some_and(|rows| rows.len() > 1 && rows.iter().all(|r| chosen.contains(&r.hash)));
            s.prompts = if all { Prompts::All } else { Prompts::Some(list) };
        });
    }
}

/// The prompts of the chosen models.
#[component]
pub fn PromptPanel() -> impl IntoView {
    let store = Store::here();
    let chosen = Chosen::new(store);
    let summary = move || {
        let total = store.rows.with(|r| r.as_ref().map(|r| r.len()));
        total
            .map(|n| format!("{} of {}", thousands(chosen.hashes.with(BTreeSet::len)), thousands(n)))
            .unwrap_or_default()
    };
    view! {
        <FoldingPanel panel=Panel::Prompts title="Prompts" summary=Signal::derive(summary)>
            <Filters />
            <Bulk chosen />
            <PromptTable chosen />
            <Paging chosen />
        </FoldingPanel>
    }
}

/// Buttons that choose many at once.
#[component]
fn Bulk(chosen: Chosen) -> impl IntoView {
    let store = chosen.store;
    let all_filtered = move || {
        let rows = store.rows.get_untracked();
        let indexes = store.filtered.get_untracked();
        rows.map(|rows| indexes.into_iter().map(|i| rows[i].hash.clone()).collect::<Vec<_>>()).unwrap_or_default()
    };
    let n_filtered = memo(move || store.filtered.with(Vec::len));
    let is_filtered = memo(move || store.rows.with(|r| r.as_ref().is_some_and(|r| r.len() != n_filtered.get())));
    view! {
        <div class="bulk">
            <button
                class="small"
                data-testid="choose-filtered"
                disabled=live(move || n_filtered.get() == 0)
                on:click=on(move |_| chosen.set(all_filtered(), true))
            >
                {move || {
                    let n = thousands(n_filtered.get());
                    if is_filtered.get() { format!("Choose {n} found") } else { format!("Choose all {n}") }
                }}
            </button>
            <button
                class="small"
                data-testid="choose-none"
                disabled=live(move || chosen.hashes.with(BTreeSet::is_empty))
                on:click=on(move |_| store.edit(Step::Push, |s| s.prompts = Prompts::Some(Vec::new())))
            >
                "Choose none"
            </button>
        </div>
    }
}

#[component]
fn Paging(chosen: Chosen) -> impl IntoView {
    let store = chosen.store;
    let n_rows = memo(move || store.filtered.with(Vec::len));
    let per_page = memo(move || store.state.with(|s| s.per_page));
    let go = move |to: usize| store.edit(Step::Replace, |s| s.page = to);
    let step = move |text: &'static str, what: &'static str, name: &'static str, to: usize, at: usize| {
        view! {
            <button class="icon" aria-label=what data-testid=name disabled=to == at on:click=on(move |_| go(to))>
                {text}
            </button>
        }
    };
    let sizes = move |event| {
        if let Ok(n) = event_target_value(&event).parse() {
            store.edit(Step::Replace, |s| (s.per_page, s.page) = (n, 0));
        }
    };
    move || {
        let (n, at, per_page) = (n_rows.get(), chosen.page.get(), per_page.get());
        (n > PAGES[0]).then(|| {
            let last = pages(n, per_page) - 1;
            let (from, to) = (thousands(at * per_page + 1), thousands(n.min((at + 1) * per_page)));
            let options = PAGES.map(|n| view! { <option value=n.to_string() selected=n == per_page>{n}</option> });
            view! {
                <nav class="paging" aria-label="Pages of prompts" data-testid="paging">
                    {step("«", "First page", "page-first", 0, at)}
                    {step("‹", "Previous page", "page-previous", at.saturating_sub(1), at)}
                    <span>{format!("{from}–{to} of {}", thousands(n))}</span>
                    {step("›", "Next page", "page-next", (at + 1).min(last), at)}
                    {step("»", "Last page", "page-last", last, at)}
                    <select aria-label="Prompts on a page" data-testid="per-page" on:change=on(sizes)>
                        {options}
                    </select>
                </nav>
            }
        })
    }
}
