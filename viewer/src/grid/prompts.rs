//! The panel of prompts: filters, buttons that choose many, the table, and its pages.

use std::sync::Arc;

use lens_schema::sort::set;
use leptos::prelude::*;

use crate::erase::{live, on, part};
use crate::grid::list::{Act, Column, Line, List, Table, nothing};
use crate::grid::panel::folding;
use crate::grid::prompt_filters::filters;
use crate::grid::state::{PAGES, Panel, Prompts, toggle};
use crate::grid::store::Store;
use crate::grid::table::{PromptColumn, PromptRow, Sort, pages};
use crate::grid::thousands;
use crate::signal::{Memo, memo};
use crate::url::Step;

/// What the panel's parts share.
#[derive(Debug, Clone, Copy)]
pub struct Chosen {
    pub store: Store,
    /// Hashes of the chosen prompts, in order; the choice of all is spelled out.
    pub hashes: Memo<Vec<String>>,
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
                list.extend(these.into_iter().filter(|hash| before.binary_search(hash).is_err()));
            } else {
                let gone = set(these);
                list.retain(|hash| gone.binary_search(hash).is_err());
            }
            let chosen = set(list.iter().map(String::as_str));
            let is_chosen = |row: &Arc<PromptRow>| chosen.binary_search(&row.hash.as_str()).is_ok();
            let all = rows.is_some_and(|rows| rows.len() > 1 && rows.iter().all(is_chosen));
            s.prompts = if all { Prompts::All } else { Prompts::Some(list) };
        });
    }
}

/// The columns of the table, as [`PromptColumn`] sorts by them.
const COLUMNS: [Column; 4] = [
    Column { key: "text", title: "Prompt", meaning: "The first words of the prompt", number: false },
    Column { key: "tokens", title: "Tokens", meaning: "Number of tokens; models may count differently", number: true },
    Column { key: "dataset", title: "Data set", meaning: "Where the prompt is from", number: false },
    Column { key: "hash", title: "Hash", meaning: "What links call the prompt", number: false },
];

/// The prompts of the chosen models.
#[component]
pub fn PromptPanel() -> impl IntoView {
    let store = Store::here();
    let chosen = Chosen::new(store);
    let summary = live(move || {
        let total = store.rows.with(|r| r.as_ref().map(|r| r.len()));
        total.map(|n| format!("{} of {}", thousands(chosen.hashes.with(Vec::len)), thousands(n))).unwrap_or_default()
    });
    let act = move |act| match act {
        Act::Choose(hashes, add) => chosen.set(hashes, add),
        Act::Open(hash) => store.edit(Step::Replace, |s| toggle(&mut s.open, hash)),
        Act::Sort(column) => store.edit(Step::Replace, |s| {
            let before = s.prompt_sort.take();
            s.prompt_sort = PromptColumn::parse(column).and_then(|column| Sort::pressed(before, column));
            s.page = 0;
        }),
    };
    let full = move |hash: String| {
        let row = chosen.on_page.with_untracked(|rows| rows.iter().find(|row| row.hash == hash).cloned())?;
        let models = row.models.iter().map(|m| m.0.as_str()).collect::<Vec<_>>().join(", ");
        Some((row.text.clone(), format!("{hash} · {models}")))
    };
    let list = List {
        name: "prompt",
        all: ("All prompts on this page", "choose-page"),
        columns: &COLUMNS,
        lines: memo(move || chosen.on_page.with(|rows| rows.iter().map(|row| line(row)).collect())),
        sort: memo(move || {
            let now = store.state.with(|s| s.prompt_sort.clone());
            now.map(|now| Sort { column: now.column.name().to_owned(), descending: now.descending })
        }),
        chosen: chosen.hashes,
        open: memo(move || store.state.with(|s| s.open.clone())),
        full: Some(Callback::new(full)),
        act: Callback::new(act),
    };
    let empty = memo(move || match store.rows.with(|r| r.as_ref().map(|r| r.len())) {
        None => Some("Loading…"),
        Some(0) => Some("The chosen models have no prompts."),
        Some(_) if store.filtered.with(Vec::is_empty) => Some("No prompt passes the filters; widen or clear them."),
        _ => None,
    });
    let children = view! {
        {filters(store)}
        <Bulk chosen />
        <Table list />
        {nothing(empty)}
        <Paging chosen />
    };
    folding(store, Panel::Prompts, "Prompts", summary, children.into_any())
}

/// A prompt's row.
fn line(row: &PromptRow) -> Line {
    let short_hash: String = row.hash.chars().take(6).collect();
    Line {
        key: row.hash.clone(),
        name: row.preview(60),
        cells: vec![
            (row.preview(200), String::new()),
            (row.tokens_text(), String::new()),
            (row.dataset.clone(), row.dataset.clone()),
            (short_hash, row.hash.clone()),
        ],
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
                {live(move || {
                    let n = thousands(n_filtered.get());
                    if is_filtered.get() { format!("Choose {n} found") } else { format!("Choose all {n}") }
                })}
            </button>
            <button
                class="small"
                data-testid="choose-none"
                disabled=live(move || chosen.hashes.with(Vec::is_empty))
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
    part(move || {
        let (n, at, per_page) = (n_rows.get(), chosen.page.get(), per_page.get());
        if n <= PAGES[0] {
            return ().into_any();
        }
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
        .into_any()
    })
}
