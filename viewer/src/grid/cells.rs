//! The grid of one model's heads: a row per layer, a column per head, and headers that choose a whole line.

use std::collections::BTreeSet;

use lens_schema::LayerHead;
use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent, PointerEvent};

use crate::erase::{live, memo, on};
use crate::grid::pick::{Drag, Size, dragged, toggled};

/// Heads that a grid names in its header one by one; of more, every fourth is.
const NAMED: usize = 24;

/// `base` is what is chosen, `chosen` the same with the rectangle that is being dragged.
#[component]
pub fn Cells(
    name: String,
    size: Size,
    base: Memo<BTreeSet<LayerHead>>,
    chosen: Memo<BTreeSet<LayerHead>>,
    drag: RwSignal<Option<Drag>>,
    set: Callback<BTreeSet<LayerHead>>,
) -> impl IntoView {
    let root = NodeRef::<leptos::html::Div>::new();
    let active = RwSignal::new(LayerHead { layer: 0, head: 0 });
    let toggle = move |these: &[LayerHead]| set.run(toggled(&base.get_untracked(), these));
    listen_for_release(drag, chosen, set);
    let down = move |event: PointerEvent| {
        if event.button() != 0 || event.pointer_type() == "touch" {
            return;
        }
        if let Some(cell) = event.target().and_then(|t| cell_of(t.unchecked_ref())) {
            let add = !base.with_untracked(|b| b.contains(&cell));
            drag.set(Some(Drag { from: cell, to: cell, add }));
            active.set(cell);
        }
    };
    let over = move |event: PointerEvent| {
        if let Some(now) = drag.get_untracked()
            && let Some(to) = event.target().and_then(|t| cell_of(t.unchecked_ref()))
            && to != now.to
        {
            drag.set(Some(Drag { to, ..now }));
        }
    };
    let click = move |event: ev::MouseEvent| {
        // A finger taps; a mouse has dragged a rectangle of one cell.
        let touch = event.dyn_ref::<PointerEvent>().is_some_and(|e| e.pointer_type() == "touch");
        if touch && let Some(cell) = event.target().and_then(|t| cell_of(t.unchecked_ref())) {
            active.set(cell);
            toggle(&[cell]);
        }
    };
    let key = move |event: KeyboardEvent| {
        let Some(at) = event.target().and_then(|t| cell_of(t.unchecked_ref())) else { return };
        let held = event.ctrl_key() || event.meta_key();
        let key = event.key();
        match key.as_str() {
            " " if event.shift_key() => toggle(&size.layer(at.layer)),
            " " if held => toggle(&size.head(at.head)),
            " " | "Enter" => toggle(&[at]),
            "a" if held => toggle(&size.all()),
            key => {
                let Some(to) = size.moved(at, key) else { return };
                active.set(to);
                if event.shift_key() {
                    set.run(dragged(&base.get_untracked(), Some(Drag { from: at, to, add: true })));
                }
                if let Some(root) = root.get_untracked() {
                    focus(&root, to);
                }
            }
        }
        event.prevent_default();
    };
    // Headers are for the mouse; the keyboard has shift or ctrl with space instead.
    let line = move |label: String, what: String, cells: Vec<LayerHead>| {
        view! {
            <button class="line" tabindex="-1" title=what.clone() aria-label=what on:click=on(move |_| toggle(&cells))>
                {label}
            </button>
        }
    };
    let columns = (0..size.n_heads).map(|head| {
        let label = if size.n_heads <= NAMED || head % 4 == 0 { head.to_string() } else { String::new() };
        view! { <div role="columnheader">{line(label, format!("Head {head} of every layer"), size.head(head))}</div> }
    });
    let columns: Vec<_> = columns.collect();
    let rows = (0..size.n_layers).map(|layer| {
        let header = line(format!("L{layer}"), format!("L{layer}: all heads of the layer"), size.layer(layer));
        let cells: Vec<_> = size.layer(layer).into_iter().map(|cell| view! { <Cell cell chosen active /> }).collect();
        view! {
            <div role="row" class="line-of-cells">
                <div role="rowheader">{header}</div>
                {cells}
            </div>
        }
    });
    let rows: Vec<_> = rows.collect();
    view! {
        <div class="cells-scroll">
            <div
                class="cells"
                class:many=(size.n_heads > NAMED)
                role="grid"
                aria-multiselectable="true"
                aria-label=format!("Heads of {name} by layer")
                aria-description="Space chooses a head, with shift its layer, with control the head in every layer"
                style:--heads=size.n_heads.to_string()
                node_ref=root
                on:pointerdown=on(down)
                on:pointerover=on(over)
                on:click=on(click)
                on:keydown=on(key)
            >
                <div role="row" class="line-of-cells">
                    <div role="columnheader">{line("all".to_owned(), "All heads".to_owned(), size.all())}</div>
                    {columns}
                </div>
                {rows}
            </div>
        </div>
    }
}

#[component]
fn Cell(cell: LayerHead, chosen: Memo<BTreeSet<LayerHead>>, active: RwSignal<LayerHead>) -> impl IntoView {
    let is_chosen = memo(move || chosen.with(|c| c.contains(&cell)));
    view! {
        <div
            role="gridcell"
            class="cell"
            title=cell.to_string()
            aria-label=cell.to_string()
            aria-selected=live(move || is_chosen.get().to_string())
            tabindex=live(move || if active.get() == cell { "0" } else { "-1" })
            data-cell=cell.to_string()
        ></div>
    }
}

/// A rectangle is done when the button is released, wherever that is.
fn listen_for_release(
    drag: RwSignal<Option<Drag>>,
    chosen: Memo<BTreeSet<LayerHead>>,
    set: Callback<BTreeSet<LayerHead>>,
) {
    let up = window_event_listener(ev::pointerup, move |_| {
        if drag.get_untracked().is_some() {
            let heads = chosen.get_untracked();
            drag.set(None);
            set.run(heads);
        }
    });
    let cancel = window_event_listener(ev::pointercancel, move |_| drag.set(None));
    on_cleanup(move || {
        up.remove();
        cancel.remove();
    });
}

/// The cell that an element is.
fn cell_of(element: &Element) -> Option<LayerHead> {
    let name = element.get_attribute("data-cell")?;
    let (layer, head) = name.strip_prefix('L')?.split_once('H')?;
    Some(LayerHead { layer: layer.parse().ok()?, head: head.parse().ok()? })
}

fn focus(root: &Element, cell: LayerHead) {
    if let Ok(Some(element)) = root.query_selector(&format!("[data-cell=\"{cell}\"]")) {
        let _focusable = element.unchecked_into::<HtmlElement>().focus();
    }
}
