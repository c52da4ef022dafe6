//! The grid of one model's heads: a row per layer, a column per head, and headers that choose a whole line.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use lens_schema::LayerHead;
use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlElement, KeyboardEvent, PointerEvent};

use crate::dom;
use crate::erase::effect;
use crate::grid::pick::{Drag, Size, dragged, toggled};
use crate::signal::{Memo, RwSignal};

/// Heads that a grid names in its header one by one; of more, every fourth is.
const NAMED: usize = 24;

/// The grid, once made.
#[derive(Debug)]
struct Grid {
    size: Size,
    root: HtmlElement,
    cells: Vec<HtmlElement>,
    /// Whether each head is chosen; a rectangle that is being dragged is not yet in it.
    base: RefCell<Vec<bool>>,
    drag: Cell<Option<Drag>>,
    /// The cell that the tabulator key reaches.
    active: Cell<LayerHead>,
    count: RwSignal<usize>,
    set: Callback<Vec<bool>>,
}

/// `base` is what is chosen; `count` is kept at how many heads are, with those that are being dragged over.
#[component]
pub fn Cells(
    name: String,
    size: Size,
    base: Memo<Vec<bool>>,
    count: RwSignal<usize>,
    set: Callback<Vec<bool>>,
) -> impl IntoView {
    let root = NodeRef::<html::Div>::new();
    let grid = StoredValue::new_local(None::<Rc<Grid>>);
    effect(move || {
        let Some(root) = root.get() else { return };
        let made = grid.get_value().unwrap_or_else(|| {
            let new = Grid::new(&name, size, count, set);
            dom::append(&root, &new.root);
            grid.set_value(Some(new.clone()));
            new
        });
        made.base.replace(base.get());
        made.show();
    });
    // A rectangle is done when the button is released, wherever that is.
    let up = window_event_listener(ev::pointerup, move |_| {
        grid.with_value(|grid| grid.iter().for_each(|grid| grid.release(true)));
    });
    let cancel = window_event_listener(ev::pointercancel, move |_| {
        grid.with_value(|grid| grid.iter().for_each(|grid| grid.release(false)));
    });
    on_cleanup(move || {
        up.remove();
        cancel.remove();
    });
    view! { <div class="cells-scroll" node_ref=root></div> }
}

impl Grid {
    fn new(name: &str, size: Size, count: RwSignal<usize>, set: Callback<Vec<bool>>) -> Rc<Self> {
        let many = size.n_heads > NAMED;
        let label = format!("Heads of {name} by layer");
        let root = dom::element(
            "div",
            &[
                ("class", if many { "cells many" } else { "cells" }),
                ("role", "grid"),
                ("aria-multiselectable", "true"),
                ("aria-label", &label),
                (
                    "aria-description",
                    "Space chooses a head, with shift its layer, with control the head in every layer",
                ),
            ],
        );
        dom::style(&root, "--heads", &size.n_heads.to_string());
        // Headers are for the mouse; the keyboard has shift or ctrl with space instead.
        let header = |role: &str, text: &str, what: &str, line: &str| {
            let attributes =
                [("class", "line"), ("tabindex", "-1"), ("title", what), ("aria-label", what), ("data-line", line)];
            dom::around("div", &[("role", role)], &[&dom::words("button", &attributes, text)])
        };
        let row = dom::element("div", &[("role", "row"), ("class", "line-of-cells")]);
        dom::append(&root, &row);
        dom::append(&row, &header("columnheader", "all", "All heads", ""));
        for head in 0..size.n_heads {
            let text = if !many || head % 4 == 0 { head.to_string() } else { String::new() };
            let what = format!("Head {head} of every layer");
            dom::append(&row, &header("columnheader", &text, &what, &format!("H{head}")));
        }
        let mut cells = Vec::new();
        for layer in 0..size.n_layers {
            let row = dom::element("div", &[("role", "row"), ("class", "line-of-cells")]);
            dom::append(&root, &row);
            let text = format!("L{layer}");
            dom::append(&row, &header("rowheader", &text, &format!("L{layer}: all heads of the layer"), &text));
            for head in 0..size.n_heads {
                let name = LayerHead { layer, head }.to_string();
                let attributes = [
                    ("role", "gridcell"),
                    ("class", "cell"),
                    ("title", &*name),
                    ("aria-label", &*name),
                    ("tabindex", "-1"),
                    ("data-cell", &*name),
                ];
                let cell = dom::element("div", &attributes);
                dom::append(&row, &cell);
                cells.push(cell);
            }
        }
        let active = Cell::new(LayerHead { layer: 0, head: 0 });
        let (base, drag) = (RefCell::default(), Cell::new(None));
        let grid = Rc::new(Grid { size, root, cells, base, drag, active, count, set });
        grid.activate(grid.active.get());
        dom::listen_for(&grid, &grid.root, "pointerdown", |grid, event| grid.down(&event));
        dom::listen_for(&grid, &grid.root, "pointerover", |grid, event| grid.over(&event));
        dom::listen_for(&grid, &grid.root, "click", |grid, event| grid.click(&event));
        dom::listen_for(&grid, &grid.root, "keydown", |grid, event| grid.key(&event));
        grid
    }

    /// What is chosen, with what is being dragged over.
    fn chosen(&self) -> Vec<bool> {
        dragged(&self.base.borrow(), self.size, self.drag.get())
    }

    fn show(&self) {
        let chosen = self.chosen();
        for (is_chosen, element) in chosen.iter().zip(&self.cells) {
            dom::set(element, "aria-selected", if *is_chosen { "true" } else { "false" });
        }
        self.count.set(chosen.iter().filter(|is_chosen| **is_chosen).count());
    }

    fn element(&self, cell: LayerHead) -> Option<&HtmlElement> {
        self.cells.get(self.size.number(cell))
    }

    fn activate(&self, cell: LayerHead) {
        let before = self.active.replace(cell);
        for (cell, index) in [(before, "-1"), (cell, "0")] {
            if let Some(element) = self.element(cell) {
                dom::set(element, "tabindex", index);
            }
        }
    }

    fn toggle(&self, these: &[usize]) {
        let heads = toggled(&self.base.borrow(), these);
        self.set.run(heads);
    }

    fn down(&self, event: &PointerEvent) {
        if event.button() != 0 || event.pointer_type() == "touch" {
            return;
        }
        if let Some(cell) = cell_of(event) {
            let add = !self.base.borrow()[self.size.number(cell)];
            self.drag.set(Some(Drag { from: cell, to: cell, add }));
            self.activate(cell);
            self.show();
        }
    }

    fn over(&self, event: &PointerEvent) {
        if let Some(now) = self.drag.get()
            && let Some(to) = cell_of(event)
            && to != now.to
        {
            self.drag.set(Some(Drag { to, ..now }));
            self.show();
        }
    }

    fn release(&self, done: bool) {
        if self.drag.get().is_some() {
            let heads = self.chosen();
            self.drag.set(None);
            if done {
                self.set.run(heads);
            } else {
                self.show();
            }
        }
    }

    fn click(&self, event: &PointerEvent) {
        if let Some(line) = dom::closest(event, "[data-line]").and_then(|line| line.get_attribute("data-line")) {
            let number = line.get(1..).and_then(|n| n.parse().ok()).unwrap_or_default();
            return self.toggle(&match line.get(..1) {
                Some("L") => self.size.layer(number),
                Some(_) => self.size.head(number),
                None => self.size.all(),
            });
        }
        // A finger taps; a mouse has dragged a rectangle of one cell.
        if event.pointer_type() == "touch"
            && let Some(cell) = cell_of(event)
        {
            self.activate(cell);
            self.toggle(&[self.size.number(cell)]);
        }
    }

    fn key(&self, event: &KeyboardEvent) {
        let Some(at) = cell_of(event) else { return };
        let held = event.ctrl_key() || event.meta_key();
        match event.key().as_str() {
            " " if event.shift_key() => self.toggle(&self.size.layer(at.layer)),
            " " if held => self.toggle(&self.size.head(at.head)),
            " " | "Enter" => self.toggle(&[self.size.number(at)]),
            "a" if held => self.toggle(&self.size.all()),
            key => {
                let Some(to) = self.size.moved(at, key) else { return };
                self.activate(to);
                if event.shift_key() {
                    let heads = dragged(&self.base.borrow(), self.size, Some(Drag { from: at, to, add: true }));
                    self.set.run(heads);
                }
                dom::focus(self.element(to).cloned());
            }
        }
        event.prevent_default();
    }
}

/// The cell that an event is about.
fn cell_of(event: &Event) -> Option<LayerHead> {
    let name = dom::closest(event.unchecked_ref(), "[data-cell]")?.get_attribute("data-cell")?;
    let (layer, head) = name.strip_prefix('L')?.split_once('H')?;
    Some(LayerHead { layer: layer.parse().ok()?, head: head.parse().ok()? })
}
