//! The table of prompts: searched, filtered, sorted, paged, and chosen from.

use std::collections::BTreeSet;
use std::sync::Arc;

use leptos::prelude::*;

use crate::grid::panel::FoldingPanel;
use crate::grid::state::{Panel, Prompts, State};
use crate::grid::table::{PAGE, PromptColumn, PromptRow, Sort, datasets, pages};
use crate::grid::{Store, thousands};
use crate::url::Step;

/// Data sets that are shown as buttons; more than these are in a list.
const DATASET_BUTTONS: usize = 8;

/// What the panel's parts share.
#[derive(Clone, Copy)]
struct Chosen {
    store: Store,
    /// Hashes of the chosen prompts; the choice of all is spelled out.
    hashes: Memo<BTreeSet<String>>,
}

impl Chosen {
    fn new(store: Store) -> Self {
        let hashes = Memo::new(move |_| match store.state.with(|s| s.prompts.clone()) {
            Prompts::Some(hashes) => hashes.into_iter().collect(),
            Prompts::All => {
                store.rows.get().iter().flat_map(|rows| rows.iter()).map(|r| r.hash.clone()).collect::<BTreeSet<_>>()
            }
        });
        Chosen { store, hashes }
    }

    /// Adds these to the choice, or takes them out.
    fn set(&self, these: Vec<String>, add: bool) {
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
                let gone: BTreeSet<&String> = these.iter().collect();
                list.retain(|hash| !gone.contains(hash));
            }
            let chosen: BTreeSet<&String> = list.iter().collect();
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
    let page = Memo::new(move |_| {
        let last = pages(store.filtered.with(Vec::len)) - 1;
        store.state.with(|s| s.page).min(last)
    });
    let on_page = Memo::new(move |_| {
        let rows = store.rows.get();
        let filtered = store.filtered.get();
        let shown = filtered.into_iter().skip(page.get() * PAGE).take(PAGE);
        rows.map(|rows| shown.map(|i| rows[i].clone()).collect::<Vec<_>>()).unwrap_or_default()
    });
    let summary = move || {
        let total = store.rows.with(|r| r.as_ref().map(|r| r.len()));
        total
            .map(|n| format!("{} of {}", thousands(chosen.hashes.with(BTreeSet::len)), thousands(n)))
            .unwrap_or_default()
    };
    view! {
        <FoldingPanel panel=Panel::Prompts title="Prompts" summary=Signal::derive(summary)>
            <Filters />
            {move || store.prompts_error.get().map(|message| view! { <p class="problem" role="alert">{message}</p> })}
            <Bulk chosen on_page />
            <Table chosen on_page />
            <Paging page />
        </FoldingPanel>
    }
}

/// Search, number of tokens, data sets.
#[component]
fn Filters() -> impl IntoView {
    let store = Store::here();
    let edit = move |change: &dyn Fn(&mut State)| {
        store.edit(Step::Replace, |s| {
            change(s);
            s.page = 0;
        });
    };
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
                prop:value=move || store.state.with(get).map(|n| n.to_string()).unwrap_or_default()
                on:input=move |event| {
                    let n = event_target_value(&event).parse().ok();
                    edit(&|s| set(s, n));
                }
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
                prop:value=move || store.state.with(|s| s.search.clone())
                on:input=move |event| {
                    let text = event_target_value(&event);
                    edit(&|s| s.search.clone_from(&text));
                }
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
    let all = Memo::new(move |_| store.rows.get().map(|rows| datasets(&rows)).unwrap_or_default());
    let toggle = move |name: &str| {
        store.edit(Step::Replace, |s| {
            match s.datasets.iter().any(|d| d == name) {
                true => s.datasets.retain(|d| d != name),
                false => s.datasets.push(name.to_owned()),
            }
            s.page = 0;
        });
    };
    let button = move |(name, count): (String, usize)| {
        let (on, pressed) = (name.clone(), name.clone());
        view! {
            <button
                class="chip"
                aria-pressed=move || store.state.with(|s| s.datasets.contains(&pressed)).to_string()
                on:click=move |_| toggle(&on)
            >
                <span class="chip-name">{name}</span>
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

/// Buttons that choose many at once.
#[component]
fn Bulk(chosen: Chosen, on_page: Memo<Vec<Arc<PromptRow>>>) -> impl IntoView {
    let store = chosen.store;
    let all_filtered = move || {
        let rows = store.rows.get_untracked();
        let indexes = store.filtered.get_untracked();
        rows.map(|rows| indexes.into_iter().map(|i| rows[i].hash.clone()).collect::<Vec<_>>()).unwrap_or_default()
    };
    let n_filtered = Memo::new(move |_| store.filtered.with(Vec::len));
    let is_filtered = Memo::new(move |_| store.rows.with(|r| r.as_ref().is_some_and(|r| r.len() != n_filtered.get())));
    view! {
        <div class="bulk">
            <button class="small" data-testid="choose-filtered" on:click=move |_| chosen.set(all_filtered(), true)>
                {move || {
                    let n = thousands(n_filtered.get());
                    if is_filtered.get() { format!("Choose {n} found") } else { format!("Choose all {n}") }
                }}
            </button>
            <button
                class="small"
                data-testid="choose-page"
                on:click=move |_| chosen.set(on_page.get_untracked().iter().map(|r| r.hash.clone()).collect(), true)
            >
                "Choose page"
            </button>
            <button
                class="small"
                data-testid="choose-none"
                disabled=move || chosen.hashes.with(BTreeSet::is_empty)
                on:click=move |_| store.edit(Step::Push, |s| s.prompts = Prompts::Some(Vec::new()))
            >
                "None"
            </button>
        </div>
    }
}

#[component]
fn Table(chosen: Chosen, on_page: Memo<Vec<Arc<PromptRow>>>) -> impl IntoView {
    let store = chosen.store;
    let sort = Memo::new(move |_| store.state.with(|s| s.prompt_sort.clone()));
    let header = PromptColumn::ALL.map(|column| {
        let press = move |_| {
            store.edit(Step::Replace, |s| {
                s.prompt_sort = Sort::pressed(s.prompt_sort.take(), column);
                s.page = 0;
            });
        };
        let title = match column {
            PromptColumn::Text => "Prompt",
            PromptColumn::Tokens => "Tokens",
            PromptColumn::Dataset => "Data set",
            PromptColumn::Hash => "Hash",
        };
        view! {
            <th
                scope="col"
                class=format!("col-{}", column.name())
                class:number=column == PromptColumn::Tokens
                aria-sort=move || Sort::aria(sort.get().as_ref(), &column)
            >
                <button class="sort" data-testid=format!("sort-prompts-{}", column.name()) on:click=press>
                    {title}
                </button>
            </th>
        }
    });
    let empty = move || match store.rows.with(|r| r.as_ref().map(|r| r.len())) {
        None if store.prompts_error.with(Option::is_none) => Some("Loading…"),
        Some(0) => Some("The chosen models have no prompts."),
        Some(_) if store.filtered.with(Vec::is_empty) => Some("No prompt passes the filters; widen or clear them."),
        _ => None,
    };
    view! {
        <div class="table-scroll">
            <table class="rows prompts" data-testid="prompts">
                <thead>
                    <tr>
                        <th scope="col"><span class="sr-only">"Chosen"</span></th>
                        {header}
                    </tr>
                </thead>
                <tbody>
                    <For each=move || on_page.get() key=|row| (row.hash.clone(), row.models.len()) children=move |row| view! { <Row chosen row /> } />
                </tbody>
            </table>
        </div>
        {move || empty().map(|message| view! { <p class="muted nothing">{message}</p> })}
    }
}

#[component]
fn Row(chosen: Chosen, row: Arc<PromptRow>) -> impl IntoView {
    let hash = StoredValue::new(row.hash.clone());
    let is_chosen = Memo::new(move |_| chosen.hashes.with(|c| c.contains(&hash.get_value())));
    let toggle = move || chosen.set(vec![hash.get_value()], !is_chosen.get_untracked());
    let preview = row.preview(200);
    let short_hash: String = row.hash.chars().take(6).collect();
    view! {
        <tr class:chosen=is_chosen data-testid=format!("prompt-{}", row.hash) on:click=move |_| toggle()>
            <td>
                <input
                    type="checkbox"
                    aria-label=row.preview(60)
                    prop:checked=is_chosen
                    on:click=|event| event.stop_propagation()
                    on:change=move |_| toggle()
                />
            </td>
            <td class="col-text" title=row.text.clone()>
                <span class="clamp">{preview}</span>
            </td>
            <td class="number">{row.tokens_text()}</td>
            <td class="col-dataset" title=row.dataset.clone()>
                <span class="clamp">{row.dataset.clone()}</span>
            </td>
            <td class="col-hash mono" title=row.hash.clone()>{short_hash}</td>
        </tr>
    }
}

#[component]
fn Paging(page: Memo<usize>) -> impl IntoView {
    let store = Store::here();
    let n_rows = Memo::new(move |_| store.filtered.with(Vec::len));
    let go = move |to: usize| store.edit(Step::Replace, |s| s.page = to);
    move || {
        let (n, at) = (n_rows.get(), page.get());
        (n > PAGE).then(|| {
            let last = pages(n) - 1;
            view! {
                <nav class="paging" aria-label="Pages of prompts" data-testid="paging">
                    <button class="icon" aria-label="First page" disabled=at == 0 on:click=move |_| go(0)>"«"</button>
                    <button class="icon" aria-label="Previous page" disabled=at == 0 on:click=move |_| go(at.saturating_sub(1))>"‹"</button>
                    <span>
                        {format!("{}–{} of {}", thousands(at * PAGE + 1), thousands(n.min((at + 1) * PAGE)), thousands(n))}
                    </span>
                    <button class="icon" aria-label="Next page" disabled=at == last on:click=move |_| go(at + 1)>"›"</button>
                    <button class="icon" aria-label="Last page" disabled=at == last on:click=move |_| go(last)>"»"</button>
                </nav>
            }
        })
    }
}
