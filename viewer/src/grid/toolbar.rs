//! How figures are shown: order, colours and sizes; how far drawing is; and starting again.

use leptos::prelude::*;

use crate::erase::{live, memo, on};
use crate::grid::order::Key;
use crate::grid::ordering::OrderMenu;
use crate::grid::progress::ProgressLine;
use crate::grid::shade::ColourMenu;
use crate::grid::state::{PER_ROW, Panel, State, TILE};
use crate::grid::store::Store;
use crate::url::Step;

#[component]
pub fn Toolbar() -> impl IntoView {
    let store = Store::here();
    let side_closed = memo(move || store.state.with(|s| s.closed.contains(&Panel::Side)));
    let fold_side = move |_| {
        store.edit(Step::Replace, |s| match s.closed.contains(&Panel::Side) {
            true => s.closed.retain(|p| *p != Panel::Side),
            false => s.closed.push(Panel::Side),
        });
    };
    let is_clear = memo(move || store.state.with(State::is_clear));
    view! {
        <div
            class="tools"
            class:idle=live(move || store.is_empty() && is_clear.get())
            role="group"
            aria-label="How figures are shown"
        >
            <button
                class="icon fold-side"
                title="Show or hide what to choose from"
                aria-label="Panel at the side"
                aria-pressed=live(move || (!side_closed.get()).to_string())
                data-testid="toggle-side"
                on:click=on(fold_side)
            >
                <span class="side-icon" aria-hidden="true"></span>
            </button>
            <ProgressLine />
            <div class="options" hidden=live(move || store.is_empty())>
                <OrderMenu />
                <ColourMenu />
                <PerRow />
                <Size />
            </div>
            <button
                class="quiet clear"
                data-testid="clear"
                title="Clear the choice, the filters and how figures are shown; the browser's back button undoes it"
                hidden=is_clear
                on:click=on(move |_| store.edit(Step::Push, State::clear))
            >
                "Clear all"
            </button>
        </div>
    }
}

/// A choice among the keys, or none of them.
#[component]
pub fn KeySelect(
    label: &'static str,
    name: &'static str,
    none: &'static str,
    get: fn(&State) -> Option<Key>,
    set: fn(&mut State, Option<Key>),
) -> impl IntoView {
    let store = Store::here();
    let now = memo(move || store.state.with(get));
    view! {
        <label class="option">
            <span>{label}</span>
            <select
                data-testid=name
                prop:value=live(move || now.get().map_or("", Key::name))
                on:change=on(move |event| {
                    let key = Key::parse(&event_target_value(&event));
                    store.edit(Step::Replace, |s| set(s, key));
                })
            >
                <option value="" selected=live(move || now.get().is_none())>{none}</option>
                {Key::ALL
                    .map(|key| {
                        view! {
                            <option value=key.name() selected=live(move || now.get() == Some(key))>
                                {key.name()}
                            </option>
                        }
                    })}
            </select>
        </label>
    }
}

#[component]
fn PerRow() -> impl IntoView {
    let store = Store::here();
    view! {
        <label class="option per-row" title="Figures in a row; as many as fit, if empty">
            <span>"Per row"</span>
            <input
                type="number"
                min=PER_ROW.start().to_string()
                max=PER_ROW.end().to_string()
                inputmode="numeric"
                placeholder="fit"
                data-testid="cols"
                prop:value=live(move || store.state.with(|s| s.per_row).map(|n| n.to_string()).unwrap_or_default())
                on:input=on(move |event| {
                    let n = event_target_value(&event).parse().ok().filter(|n| PER_ROW.contains(n));
                    store.edit(Step::Replace, |s| s.per_row = n);
                })
            />
        </label>
    }
}

#[component]
fn Size() -> impl IntoView {
    let store = Store::here();
    let now = memo(move || store.state.with(|s| s.tile));
    let fixed = memo(move || store.state.with(|s| s.per_row.is_some()));
    view! {
        <label class="option size" title=live(move || fixed.get().then_some("The number per row decides the size"))>
            <span>"Size"</span>
            <input
                type="range"
                min=TILE.start().to_string()
                max=TILE.end().to_string()
                step="8"
                data-testid="size"
                disabled=fixed
                prop:value=live(move || now.get().to_string())
                on:input=on(move |event| {
                    if let Ok(n) = event_target_value(&event).parse() {
                        store.edit(Step::Replace, |s| s.tile = n);
                    }
                })
            />
        </label>
    }
}
