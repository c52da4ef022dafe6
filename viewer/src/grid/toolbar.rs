//! How figures are shown: order, colours, averages and sizes; how far drawing is; and starting again.

use leptos::prelude::*;

use crate::erase::{live, on};
use crate::grid::field::{Number, choice, number, options};
use crate::grid::mean::Mean;
use crate::grid::ordering::order_menu;
use crate::grid::progress::ProgressLine;
use crate::grid::shade::colour_menu;
use crate::grid::state::{PER_ROW, Panel, State, TILE};
use crate::grid::store::Store;
use crate::signal::memo;
use crate::url::Step;

const PER_ROW_FIELD: Number = Number {
    name: "cols",
    label: "Figures in a row; as many as fit, if empty",
    placeholder: "fit",
    class: "per-row",
    least: *PER_ROW.start(),
    most: Some(*PER_ROW.end()),
};

#[component]
pub fn Toolbar() -> impl IntoView {
    let store = Store::here();
    let side_closed = memo(move || store.state.with(|s| s.closed.contains(&Panel::Side)));
    let is_clear = memo(move || store.state.with(State::is_clear));
    // Of what cannot be averaged there is no figure, and yet a way back.
    let is_bare = memo(move || store.is_empty() && store.state.with(|s| s.mean.is_none()));
    let means = || options("no", Mean::ALL.map(|mean| (mean.name(), mean.title())));
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
                on:click=on(move |_| store.edit(Step::Replace, |s| s.fold(Panel::Side)))
            >
                <span class="side-icon" aria-hidden="true"></span>
            </button>
            <ProgressLine />
            <div class="options" hidden=live(move || is_bare.get())>
                {order_menu(store)} {colour_menu(store)}
                {choice(
                    store,
                    ("mean", "Average"),
                    means,
                    |s| s.mean.map_or("", Mean::name).to_owned(),
                    |s, name| s.mean = Mean::parse(&name),
                )}
                <label class="option" title=PER_ROW_FIELD.label>
                    <span>"Per row"</span>
                    {number(store, PER_ROW_FIELD, |s| s.per_row, |s, n| s.per_row = n)}
                </label>
                <Size />
            </div>
            <button
                class="quiet clear"
                data-testid="clear"
                title="Clear the choice, the filters and how figures are shown; the browser's back button undoes it"
                hidden=live(move || is_clear.get())
                on:click=on(move |_| store.edit(Step::Push, State::clear))
            >
                "Clear all"
            </button>
            <button
                class="icon keys"
                title="Keys and pointer: ?"
                aria-label="Keys and pointer"
                data-testid="help"
                on:click=on(move |_| store.help.set(true))
            >
                "?"
            </button>
        </div>
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
                disabled=live(move || fixed.get())
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
