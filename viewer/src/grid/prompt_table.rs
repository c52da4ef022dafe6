//! The table of prompts: sorted, chosen from, and each opened to its full text.

use std::sync::Arc;

use leptos::ev;
use leptos::prelude::*;

use crate::erase::{live, memo, on};
use crate::grid::prompts::Chosen;
use crate::grid::table::{PromptColumn, PromptRow, Sort};
use crate::url::Step;

#[component]
pub fn PromptTable(chosen: Chosen) -> impl IntoView {
    let store = chosen.store;
    let sort = memo(move || store.state.with(|s| s.prompt_sort.clone()));
    let header = PromptColumn::ALL.map(|column| {
        let press = move |_| {
            store.edit(Step::Replace, |s| {
                s.prompt_sort = Sort::pressed(s.prompt_sort.take(), column);
                s.page = 0;
            });
        };
        view! {
            <th
                scope="col"
                class=format!("col-{}", column.name())
                class:number=column == PromptColumn::Tokens
                aria-sort=live(move || Sort::aria(sort.get().as_ref(), &column))
            >
                <button class="sort" data-testid=format!("sort-prompts-{}", column.name()) on:click=on(press)>
                    {column.title()}
                </button>
            </th>
        }
    });
    let empty = move || match store.rows.with(|r| r.as_ref().map(|r| r.len())) {
        None => Some("Loading…"),
        Some(0) => Some("The chosen models have no prompts."),
        Some(_) if store.filtered.with(Vec::is_empty) => Some("No prompt passes the filters; widen or clear them."),
        _ => None,
    };
    // The row that was pressed last: with shift held, everything from there to here follows.
    let last = StoredValue::new(None::<String>);
    view! {
        <div class="table-scroll">
            <table class="rows prompts" data-testid="prompts">
                <thead>
                    <tr>
                        <th scope="col">
                            <PageBox chosen />
                        </th>
                        {header}
                        <th scope="col" class="col-open"><span class="sr-only">"Full text"</span></th>
                    </tr>
                </thead>
                <tbody>
                    <For
                        each=move || chosen.on_page.get()
                        key=|row| (row.hash.clone(), row.models.len())
                        children=move |row| view! { <Row chosen row last /> }
                    />
                </tbody>
            </table>
        </div>
        {move || empty().map(|message| view! { <p class="muted nothing">{message}</p> })}
    }
}

/// Chooses every row of the page, or takes them out.
#[component]
fn PageBox(chosen: Chosen) -> impl IntoView {
    let count = memo(move || {
        chosen.on_page.with(|rows| {
            chosen.hashes.with(|hashes| (rows.iter().filter(|r| hashes.contains(&r.hash)).count(), rows.len()))
        })
    });
    let all = move || count.get().0 == count.get().1 && count.get().1 > 0;
    let toggle = move |_| {
        let add = !untrack(all);
        chosen.set(chosen.on_page.get_untracked().iter().map(|r| r.hash.clone()).collect(), add);
    };
    view! {
        <input
            type="checkbox"
            title="All on this page"
            aria-label="All prompts on this page"
            data-testid="choose-page"
            prop:checked=all
            prop:indeterminate=live(move || { count.get().0 > 0 && !all() })
            on:change=on(toggle)
        />
    }
}

#[component]
fn Row(chosen: Chosen, row: Arc<PromptRow>, last: StoredValue<Option<String>>) -> impl IntoView {
    let store = chosen.store;
    let hash = StoredValue::new(row.hash.clone());
    let is_chosen = memo(move || chosen.hashes.with(|c| c.contains(&hash.get_value())));
    let toggle = move |with_shift: bool| {
        let here = hash.get_value();
        let rows = chosen.on_page.get_untracked();
        let place = |hash: &String| rows.iter().position(|r| r.hash == *hash);
        let from = last.get_value().filter(|_| with_shift).as_ref().and_then(place);
        let these = match (from, place(&here)) {
            (Some(a), Some(b)) => rows[a.min(b)..=a.max(b)].iter().map(|r| r.hash.clone()).collect(),
            _ => vec![here.clone()],
        };
        chosen.set(these, !is_chosen.get_untracked());
        last.set_value(Some(here));
    };
    let is_open = memo(move || store.state.with(|s| s.open.contains(&hash.get_value())));
    let fold = move |event: ev::MouseEvent| {
        event.stop_propagation();
        let hash = hash.get_value();
        store.edit(Step::Replace, |s| match s.open.contains(&hash) {
            true => s.open.retain(|h| *h != hash),
            false => s.open.push(hash),
        });
    };
    let short_hash: String = row.hash.chars().take(6).collect();
    let models = row.models.iter().map(|m| m.0.as_str()).collect::<Vec<_>>().join(", ");
    let full = row.clone();
    view! {
        <tr
            class:chosen=is_chosen
            data-testid=format!("prompt-{}", row.hash)
            on:mousedown=on(|event: web_sys::MouseEvent| {
                // Shift would select text.
                if event.shift_key() {
                    event.prevent_default();
                }
            })
            on:click=on(move |event: web_sys::MouseEvent| toggle(event.shift_key()))
        >
            <td>
                <input
                    type="checkbox"
                    aria-label=row.preview(60)
                    prop:checked=is_chosen
                    on:click=on(move |event: ev::MouseEvent| {
                        event.stop_propagation();
                        toggle(event.shift_key());
                    })
                />
            </td>
            <td class="col-text">
                <span class="clamp">{row.preview(200)}</span>
            </td>
            <td class="number">{row.tokens_text()}</td>
            <td class="col-dataset" title=row.dataset.clone()>
                <span class="clamp">{row.dataset.clone()}</span>
            </td>
            <td class="col-hash mono" title=row.hash.clone()>{short_hash}</td>
            <td class="col-open">
                <button
                    class="icon small fold-row"
                    title="Full text"
                    aria-label=format!("Full text of {}", row.preview(60))
                    aria-expanded=live(move || is_open.get().to_string())
                    data-testid=format!("open-{}", row.hash)
                    on:click=on(fold)
                >
                    <span class="chevron" aria-hidden="true"></span>
                </button>
            </td>
        </tr>
        <Show when=move || is_open.get()>
            <tr class="full" data-testid=format!("full-{}", full.hash)>
                <td colspan=(PromptColumn::ALL.len() + 2).to_string()>
                    <pre tabindex="0">{full.text.clone()}</pre>
                    <p class="muted">
                        <span class="mono">{full.hash.clone()}</span>
                        " · "
                        {models.clone()}
                    </p>
                </td>
            </tr>
        </Show>
    }
}
