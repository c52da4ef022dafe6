//! How figures are shown: order, headings, colours, sizes; how far drawing is; and starting again.

use leptos::prelude::*;

use crate::grid::colours::legend;
use crate::grid::menu::Menu;
use crate::grid::order::Key;
use crate::grid::state::{Panel, State, TILE};
use crate::grid::{Store, thousands};
use crate::url::Step;

/// Choices of images per row.
const PER_ROW: [usize; 11] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48];
/// Entries of the colour legend.
const LEGEND: usize = 16;

#[component]
pub fn Toolbar() -> impl IntoView {
    let store = Store::here();
    let side_closed = Memo::new(move |_| store.state.with(|s| s.closed.contains(&Panel::Side)));
    let fold_side = move |_| {
        store.edit(Step::Replace, |s| match s.closed.contains(&Panel::Side) {
            true => s.closed.retain(|p| *p != Panel::Side),
            false => s.closed.push(Panel::Side),
        });
    };
    view! {
        <div class="tools" role="toolbar" aria-label="How figures are shown">
            <button
                class="icon fold-side"
                title="Show or hide what to choose from"
                aria-label="Panel at the side"
                aria-pressed=move || (!side_closed.get()).to_string()
                data-testid="toggle-side"
                on:click=fold_side
            >
                <span class="side-icon" aria-hidden="true"></span>
            </button>
            <ProgressLine />
            <OrderMenu />
            <KeySelect label="Colour by" name="color" none="none" get=|s| s.colour set=|s, key| s.colour = key />
            <PerRow />
            <Size />
            <button
                class="quiet"
                data-testid="clear"
                title="Clear the choice, the filters and how figures are shown"
                on:click=move |_| store.edit(Step::Push, State::clear)
            >
                "Clear all"
            </button>
        </div>
        <Legend />
        <Notices />
    }
}

/// What is chosen, what of it is in view, and how much of that is drawn.
#[component]
fn ProgressLine() -> impl IntoView {
    let store = Store::here();
    let total = Memo::new(move |_| store.tiles.with(|t| t.tiles.len()));
    let progress = store.progress;
    let waiting = move || store.rows.with(Option::is_none) && store.prompts_error.with(Option::is_none);
    let text = move || {
        let (drawn, in_view) = (progress.drawn.get(), progress.in_view.get());
        match total.get() {
            0 if waiting() => "Loading prompts…".to_owned(),
            0 => String::new(),
            _ if in_view == 0 => String::new(),
            _ => format!("{} of {} in view drawn", thousands(drawn), thousands(in_view)),
        }
    };
    let done = move || {
        let (drawn, in_view) = (progress.drawn.get(), progress.in_view.get());
        if in_view == 0 { 1.0 } else { drawn as f64 / in_view as f64 }
    };
    view! {
        <p
            class="progress"
            data-testid="progress"
            data-total=move || total.get().to_string()
            data-in-view=move || progress.in_view.get().to_string()
            data-drawn=move || progress.drawn.get().to_string()
        >
            <strong role="status">
                {move || match total.get() {
                    0 => String::new(),
                    1 => "1 figure".to_owned(),
                    n => format!("{} figures", thousands(n)),
                }}
            </strong>
            <span class="muted">{text}</span>
            <span class="meter" aria-hidden="true" class:full=move || { done() >= 1.0 }>
                <span style:transform=move || format!("scaleX({:.3})", done())></span>
            </span>
        </p>
    }
}

/// The keys in their order, with direction, headings and new rows.
#[component]
fn OrderMenu() -> impl IntoView {
    let store = Store::here();
    let order = Memo::new(move |_| store.state.with(|s| s.order));
    let label = move || {
        let keys = order.get().0;
        format!("Sort: {}, {}, …", keys[0].key.name(), keys[1].key.name())
    };
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
                    aria-label=move || format!("{}: {}", name(), if rank().descending { "descending" } else { "ascending" })
                    on:click=move |_| store.edit(Step::Replace, |s| s.order.0[at].descending ^= true)
                >
                    {move || if rank().descending { "↓ last first" } else { "↑ first first" }}
                </button>
                <button
                    class="icon small"
                    disabled=at == 0
                    data-testid=format!("earlier-{at}")
                    aria-label=move || format!("Sort by {} earlier", name())
                    on:click=move |_| shift(at.saturating_sub(1))
                >
                    "▴"
                </button>
                <button
                    class="icon small"
                    disabled=at + 1 == Key::ALL.len()
                    aria-label=move || format!("Sort by {} later", name())
                    on:click=move |_| shift(at + 1)
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
            <option value=n.to_string() selected=move || store.state.with(|s| s.headings == n)>{text}</option>
        }
    };
    view! {
        <Menu label=Signal::derive(label) name="order">
            <ol class="order">{(0..Key::ALL.len()).map(item).collect::<Vec<_>>()}</ol>
            <label class="option">
                <span>"Headings"</span>
                <select
                    data-testid="headings"
                    on:change=move |event| {
                        let n = event_target_value(&event).parse().unwrap_or_default();
                        store.edit(Step::Replace, |s| s.headings = n);
                    }
                >
                    {move || (0..=3).map(headings).collect::<Vec<_>>()}
                </select>
            </label>
            <KeySelect label="New row for each" name="rows" none="–" get=|s| s.row set=|s, key| s.row = key />
        </Menu>
    }
}

/// A choice among the keys, or none of them.
#[component]
fn KeySelect(
    label: &'static str,
    name: &'static str,
    none: &'static str,
    get: fn(&State) -> Option<Key>,
    set: fn(&mut State, Option<Key>),
) -> impl IntoView {
    let store = Store::here();
    let now = Memo::new(move |_| store.state.with(get));
    view! {
        <label class="option">
            <span>{label}</span>
            <select
                data-testid=name
                prop:value=move || now.get().map_or("", Key::name)
                on:change=move |event| {
                    let key = Key::parse(&event_target_value(&event));
                    store.edit(Step::Replace, |s| set(s, key));
                }
            >
                <option value="" selected=move || now.get().is_none()>{none}</option>
                {Key::ALL
                    .map(|key| {
                        view! {
                            <option value=key.name() selected=move || now.get() == Some(key)>
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
    let now = Memo::new(move |_| store.state.with(|s| s.per_row));
    // A number from a link stands in the list too.
    let choices = move || {
        let mut all = PER_ROW.to_vec();
        all.extend(now.get().filter(|n| !PER_ROW.contains(n)));
        all.sort_unstable();
        all.into_iter()
            .map(|n| {
                view! {
                    <option value=n.to_string() selected=now.get_untracked() == Some(n)>{n}</option>
                }
            })
            .collect::<Vec<_>>()
    };
    view! {
        <label class="option">
            <span>"Per row"</span>
            <select
                data-testid="cols"
                on:change=move |event| {
                    let n = event_target_value(&event).parse().ok();
                    store.edit(Step::Replace, |s| s.per_row = n);
                }
            >
                <option value="" selected=move || now.get().is_none()>"fit"</option>
                {choices}
            </select>
        </label>
    }
}

#[component]
fn Size() -> impl IntoView {
    let store = Store::here();
    let now = Memo::new(move |_| store.state.with(|s| s.tile));
    let fixed = Memo::new(move |_| store.state.with(|s| s.per_row.is_some()));
    view! {
        <label class="option size" title=move || fixed.get().then_some("Images per row decide the size")>
            <span>"Size"</span>
            <input
                type="range"
                min=TILE.start().to_string()
                max=TILE.end().to_string()
                step="8"
                data-testid="size"
                disabled=fixed
                prop:value=move || now.get().to_string()
                on:input=move |event| {
                    if let Ok(n) = event_target_value(&event).parse() {
                        store.edit(Step::Replace, |s| s.tile = n);
                    }
                }
            />
        </label>
    }
}

/// What the border colours mean.
#[component]
fn Legend() -> impl IntoView {
    let store = Store::here();
    let colour = Memo::new(move |_| store.state.with(|s| s.colour));
    move || {
        let key = colour.get()?;
        let (shown, more) = store.tiles.with(|t| legend(t, key, LEGEND));
        (!shown.is_empty()).then(|| {
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
        })
    }
}

/// What was asked for and is not there, and what could not be drawn.
#[component]
fn Notices() -> impl IntoView {
    let store = Store::here();
    let notices = Memo::new(move |_| store.tiles.with(|t| t.notices.clone()));
    let progress = store.progress;
    let failures = move || {
        let failed = progress.failed.get();
        let first = failed.first()?.clone();
        let others = failed.iter().filter(|f| **f != first).count();
        Some(view! {
            <li class="failed" data-testid="failures">
                <span>
                    {format!("Not drawn: {first}")}
                    {(others > 0).then(|| format!(" (and {others} other problems)"))}
                </span>
                <button class="small" on:click=move |_| progress.attempt.update(|n| *n += 1)>"Try again"</button>
            </li>
        })
    };
    let any = move || notices.with(|n| !n.is_empty()) || progress.failed.with(|f| !f.is_empty());
    view! {
        <ul class="notes" role="status" data-testid="notices" hidden=move || !any()>
            {move || notices.get().into_iter().map(|text| view! { <li>{text}</li> }).collect::<Vec<_>>()}
            {failures}
        </ul>
    }
}
