//! Choosing heads of one model: a grid of layers and heads to click and drag on, and the same as text.

use std::collections::BTreeSet;

use lens_schema::{HeadSelection, LayerHead};
use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent, PointerEvent};

use crate::grid::Store;
use crate::grid::tiles::heads_of;
use crate::url::Step;

/// A rectangle that is being dragged over the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Drag {
    from: LayerHead,
    to: LayerHead,
    /// Whether the rectangle is added to what was chosen, or taken out.
    add: bool,
}

/// What was chosen, with the rectangle added or taken out.
fn dragged(base: &BTreeSet<LayerHead>, drag: Option<Drag>) -> BTreeSet<LayerHead> {
    let mut out = base.clone();
    let Some(Drag { from, to, add }) = drag else { return out };
    for layer in from.layer.min(to.layer)..=from.layer.max(to.layer) {
        for head in from.head.min(to.head)..=from.head.max(to.head) {
            let cell = LayerHead { layer, head };
            if add {
                out.insert(cell)
            } else {
                out.remove(&cell)
            };
        }
    }
    out
}

/// Takes all of `line` out if all of it is chosen, else adds it.
fn toggled(base: &BTreeSet<LayerHead>, line: impl Iterator<Item = LayerHead> + Clone) -> BTreeSet<LayerHead> {
    let all = line.clone().all(|cell| base.contains(&cell));
    let mut out = base.clone();
    line.for_each(|cell| {
        if all {
            out.remove(&cell)
        } else {
            out.insert(cell)
        };
    });
    out
}

/// The cell that an arrow key leads to.
fn moved(at: LayerHead, key: &str, n_layers: usize, n_heads: usize) -> Option<LayerHead> {
    let LayerHead { layer, head } = at;
    Some(match key {
        "ArrowUp" => LayerHead { layer: layer.saturating_sub(1), head },
        "ArrowDown" => LayerHead { layer: (layer + 1).min(n_layers - 1), head },
        "ArrowLeft" => LayerHead { layer, head: head.saturating_sub(1) },
        "ArrowRight" => LayerHead { layer, head: (head + 1).min(n_heads - 1) },
        "Home" => LayerHead { layer, head: 0 },
        "End" => LayerHead { layer, head: n_heads - 1 },
        _ => return None,
    })
}

/// A selection as it is shown to be edited.
fn spaced(text: &str) -> String {
    text.replace('~', ", ")
}

/// A selection as the URL has it.
fn compact(text: &str) -> String {
    let terms = text.split(|c: char| matches!(c, '~' | ',') || c.is_whitespace()).filter(|t| !t.is_empty());
    terms.collect::<Vec<_>>().join("~")
}

/// The picker of one chosen model.
#[component]
pub fn HeadPicker(dir: String) -> impl IntoView {
    let store = Store::here();
    let Some(model) = store.index().model(&dir).cloned() else { return ().into_any() };
    let (n_layers, n_heads) = (model.n_layers, model.n_heads);
    let name = model.model_name.clone();
    let text = {
        let (dir, name) = (dir.clone(), name.clone());
        Memo::new(move |_| store.state.with(|s| s.heads.get(&dir).or_else(|| s.heads.get(&name)).cloned()))
    };
    let parsed = Memo::new(move |_| heads_of(text.get().as_deref(), &model));
    // While a selection is invalid, the grid starts from nothing.
    let base = Memo::new(move |_| parsed.get().unwrap_or_default());
    let drag = RwSignal::new(None::<Drag>);
    let chosen = Memo::new(move |_| base.with(|base| dragged(base, drag.get())));
    let stored = StoredValue::new((dir.clone(), name.clone()));
    let set_text = move |step: Step, text: String| {
        let (dir, name) = stored.get_value();
        store.edit(step, |s| {
            s.heads.remove(&name);
            match text.as_str() {
                // A model's heads are all chosen unless the URL says otherwise.
                "L*" => s.heads.remove(&dir),
                _ => s.heads.insert(dir, text),
            };
        });
    };
    let set = move |heads: &BTreeSet<LayerHead>| {
        set_text(Step::Push, HeadSelection::of(heads, n_layers, n_heads).to_string());
    };

    // What is being typed is left alone as long as it means what the URL says.
    let typed = RwSignal::new(String::new());
    Effect::new(move || {
        let now = text.get().unwrap_or_else(|| "L*".to_owned());
        if compact(&typed.get_untracked()) != compact(&now) {
            typed.set(spaced(&now));
        }
    });
    let input = move |event| {
        let value = event_target_value(&event);
        typed.set(value.clone());
        set_text(Step::Replace, compact(&value));
    };
    let problem = move || parsed.with(|p| p.as_ref().err().cloned());
    let hint = format!("heads-problem-{dir}");
    view! {
        <div class="picker" data-testid=format!("picker-{dir}")>
            <div class="picker-head">
                <h3 title=name.clone()>{name.clone()}</h3>
                <span class="muted">
                    {move || format!("{} of {}", chosen.with(BTreeSet::len), n_layers * n_heads)}
                </span>
                <button class="small" on:click=move |_| set(&all(n_layers, n_heads))>"All"</button>
                <button class="small" on:click=move |_| set(&BTreeSet::new())>"None"</button>
            </div>
            <input
                class="mono"
                type="text"
                spellcheck="false"
                autocomplete="off"
                placeholder="L3H7, L2-4, H0, L*"
                aria-label=format!("Heads of {name}")
                aria-describedby=hint.clone()
                aria-invalid=move || problem().is_some().to_string()
                data-testid=format!("heads-{dir}")
                prop:value=typed
                on:input=input
            />
            <p class="problem" id=hint role="status" data-testid=format!("heads-problem-{dir}")>{problem}</p>
            <Cells name n_layers n_heads base chosen drag set=Callback::new(move |heads| set(&heads)) />
        </div>
    }
    .into_any()
}

fn all(n_layers: usize, n_heads: usize) -> BTreeSet<LayerHead> {
    HeadSelection::all().heads(n_layers, n_heads).unwrap_or_default()
}

/// The grid: a row per layer, a column per head, headers that choose a whole line.
#[component]
fn Cells(
    name: String,
    n_layers: usize,
    n_heads: usize,
    base: Memo<BTreeSet<LayerHead>>,
    chosen: Memo<BTreeSet<LayerHead>>,
    drag: RwSignal<Option<Drag>>,
    set: Callback<BTreeSet<LayerHead>>,
) -> impl IntoView {
    let root = NodeRef::<leptos::html::Div>::new();
    let active = RwSignal::new(LayerHead { layer: 0, head: 0 });
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
    // The button may be released anywhere.
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
    let flip = move |cell: LayerHead| set.run(toggled(&base.get_untracked(), std::iter::once(cell)));
    let click = move |event: leptos::ev::MouseEvent| {
        // A finger taps; a mouse has dragged a rectangle of one cell.
        let touch = event.dyn_ref::<PointerEvent>().is_some_and(|e| e.pointer_type() == "touch");
        if touch && let Some(cell) = event.target().and_then(|t| cell_of(t.unchecked_ref())) {
            active.set(cell);
            flip(cell);
        }
    };
    let key = move |event: KeyboardEvent| {
        let Some(at) = event.target().and_then(|t| cell_of(t.unchecked_ref())) else { return };
        if matches!(event.key().as_str(), " " | "Enter") {
            event.prevent_default();
            flip(at);
        } else if let Some(to) = moved(at, &event.key(), n_layers, n_heads) {
            event.prevent_default();
            active.set(to);
            if event.shift_key() {
                set.run(dragged(&base.get_untracked(), Some(Drag { from: at, to, add: true })));
            }
            if let Some(root) = root.get_untracked() {
                focus(&root, to);
            }
        }
    };
    let line = move |label: String, what: String, cells: Vec<LayerHead>| {
        let press = move |_| set.run(toggled(&base.get_untracked(), cells.iter().copied()));
        view! {
            <button class="line" tabindex="-1" aria-label=what on:click=press>
                {label}
            </button>
        }
    };
    let columns = (0..n_heads).map(|head| {
        let cells = (0..n_layers).map(|layer| LayerHead { layer, head }).collect();
        // Names of columns where they have room.
        let label = if n_heads <= 24 || head % 4 == 0 { head.to_string() } else { String::new() };
        view! { <div role="columnheader">{line(label, format!("Head {head} in every layer"), cells)}</div> }
    });
    let columns: Vec<_> = columns.collect();
    let rows = (0..n_layers).map(|layer| {
        let cells = (0..n_heads).map(|head| LayerHead { layer, head }).collect();
        let header = line(format!("L{layer}"), format!("All heads of layer {layer}"), cells);
        let cells = (0..n_heads).map(move |head| {
            let cell = LayerHead { layer, head };
            let is_chosen = Memo::new(move |_| chosen.with(|c| c.contains(&cell)));
            view! {
                <div
                    role="gridcell"
                    class="cell"
                    title=cell.to_string()
                    aria-label=cell.to_string()
                    aria-selected=move || is_chosen.get().to_string()
                    tabindex=move || if active.get() == cell { "0" } else { "-1" }
                    data-cell=cell.to_string()
                ></div>
            }
        });
        let cells: Vec<_> = cells.collect();
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
                class:many=(n_heads > 24)
                role="grid"
                aria-multiselectable="true"
                aria-label=format!("Heads of {name} by layer")
                style:--heads=n_heads.to_string()
                node_ref=root
                on:pointerdown=down
                on:pointerover=over
                on:click=click
                on:keydown=key
            >
                <div role="row" class="line-of-cells">
                    <div role="columnheader">
                        {line(String::new(), "All heads".to_owned(), all(n_layers, n_heads).into_iter().collect())}
                    </div>
                    {columns}
                </div>
                {rows}
            </div>
        </div>
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(layer: usize, head: usize) -> LayerHead {
        LayerHead { layer, head }
    }

    #[test]
    fn rectangles_are_added_and_taken_out() {
        let base = BTreeSet::from([cell(0, 0)]);
        let drag = Drag { from: cell(2, 1), to: cell(1, 2), add: true };
        let with = dragged(&base, Some(drag));
        assert_eq!(with, BTreeSet::from([cell(0, 0), cell(1, 1), cell(1, 2), cell(2, 1), cell(2, 2)]));
        assert_eq!(dragged(&with, Some(Drag { add: false, ..drag })), base);
        assert_eq!(dragged(&base, None), base);
    }

    #[test]
    fn lines_are_completed_first() {
        let line = (0..3).map(|head| cell(1, head));
        let some = BTreeSet::from([cell(1, 1)]);
        let full = toggled(&some, line.clone());
        assert_eq!(full.len(), 3);
        assert!(toggled(&full, line).is_empty());
    }

    #[test]
    fn arrows_stay_inside() {
        assert_eq!(moved(cell(0, 0), "ArrowUp", 2, 3), Some(cell(0, 0)));
        assert_eq!(moved(cell(1, 2), "ArrowDown", 2, 3), Some(cell(1, 2)));
        assert_eq!(moved(cell(1, 0), "End", 2, 3), Some(cell(1, 2)));
        assert_eq!(moved(cell(1, 0), "x", 2, 3), None);
    }

    #[test]
    fn text_is_spaced_for_reading() {
        assert_eq!(spaced("L0H1~L2"), "L0H1, L2");
        assert_eq!(compact(" L0H1,L2  H3, "), "L0H1~L2~H3");
    }
}
