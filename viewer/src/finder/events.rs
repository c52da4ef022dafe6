//! What clicking, dragging and typing do. There is one listener for the whole page: what was meant stands at the
//! elements.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlInputElement, HtmlSelectElement, KeyboardEvent, PointerEvent};

use super::charts;
use super::dom::slot;
use super::filter::{Filter, bound};
use super::page::Finder;
use super::plot::Kind;
use super::reading::Reading;
use super::state::{State, TOP, head, top_name};
use super::update::href;
use crate::dom::first;
use crate::url::Step;

/// The events that are listened for.
pub const EVENTS: [&str; 10] = [
    "click",
    "dblclick",
    "change",
    "input",
    "keydown",
    "pointerdown",
    "pointermove",
    "pointerup",
    "pointercancel",
    "pointerout",
];

/// Further than this is a rectangle, not a click.
const MOVED: f64 = 4.0;

/// A rectangle that is being dragged.
#[derive(Debug, Clone, Copy)]
pub struct Drag {
    kind: Kind,
    from: (f64, f64),
    to: (f64, f64),
}

impl Drag {
    fn is_rectangle(self) -> bool {
        (self.from.0 - self.to.0).abs().max((self.from.1 - self.to.1).abs()) > MOVED
    }
}

/// Does what an event asks for.
pub fn handle(finder: Finder, event: &Event) {
    // What is taken out of the document may still lose the focus or the pointer.
    if finder.root().is_none() {
        return;
    }
    // What is not an element is the system's preference for light or dark.
    let Some(target) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else {
        return finder.redraw();
    };
    let chart = target.closest("[data-chart]").ok().flatten();
    let kind = chart.as_ref().and_then(|chart| {
        let name = chart.get_attribute("data-chart")?;
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    });
    match (event.type_().as_str(), kind, chart) {
        ("click", None, _) => press(finder, &target),
        ("change" | "input", None, _) => change(finder, &target, &event.type_()),
        ("keydown", Some(kind), _) => key(finder, kind, event.unchecked_ref()),
        ("dblclick", Some(_), _) => finder.with(|reading, _| open(reading, reading.focus)),
        (pointer, Some(kind), Some(chart)) if pointer.starts_with("pointer") => {
            point(finder, kind, &chart, event.unchecked_ref());
        }
        _ => {}
    }
}

fn open(reading: &Reading, at: usize) {
    let _refused_while_leaving = location().assign(&href(reading, at));
}

/// A press on something that says what it does.
fn press(finder: Finder, target: &Element) {
    // Links lead where they lead.
    if matches!(target.closest("a[href]"), Ok(Some(_))) {
        return;
    }
    let Ok(Some(button)) = target.closest("[data-do]") else { return };
    let get = |name: &str| button.get_attribute(name).unwrap_or_default();
    let (action, argument) = (get("data-do"), get("data-arg"));
    let named = || head(&argument);
    match action.as_str() {
        "focus" => finder.edit(Step::Push, |state| state.focus = named()),
        "score" => finder.edit(Step::Push, |state| state.score = Some(argument)),
        "order" => finder.edit(Step::Push, |state| state.ascending = !state.ascending),
        "filter" => finder.with(|reading, _| {
            finder.edit(Step::Push, |state| {
                state.filters.push(Filter { score: reading.score.clone(), ..Filter::default() })
            });
        }),
        "unfilter" => finder.edit(Step::Push, |state| {
            if let Some(at) = argument.parse().ok().filter(|at| *at < state.filters.len()) {
                state.filters.remove(at);
            }
        }),
        "toggle" => finder.select(Step::Push, |reading, selected| {
            if let Some(at) = named().and_then(|head| reading.data.model.number(head)) {
                selected[at] ^= true;
            }
        }),
        "listed" => finder.select(Step::Push, |reading, selected| {
            selected.fill(false);
            reading.listed.iter().for_each(|at| selected[*at] = true);
        }),
        "passing" => finder.select(Step::Push, |reading, selected| selected.clone_from_slice(&reading.bright)),
        "none" => finder.select(Step::Push, |_, selected| selected.fill(false)),
        "figures" => finder.show_figures(),
        _ => {}
    }
}

/// A field has another value.
fn change(finder: Finder, target: &Element, event: &str) {
    if let Some(select) = target.dyn_ref::<HtmlSelectElement>()
        && event == "change"
    {
        let value = select.value();
        let some = Some(value.clone()).filter(|value| !value.is_empty());
        finder.edit(Step::Push, |state| match select.name().as_str() {
            "model" => *state = State { model: some, focus: None, ..state.clone() },
            "score" => state.score = some,
            "on" => state.prompt = some,
            "x" => state.x = some,
            "y" => state.y = some,
            "hue" => state.hue = some,
            "top" => state.top = TOP.into_iter().find(|top| top_name(*top) == value).unwrap_or(TOP[0]),
            name => {
                if let Some(filter) = nth(state, name, "score") {
                    *filter = Filter { score: value, ..Filter::default() };
                }
            }
        });
    }
    if let Some(input) = target.dyn_ref::<HtmlInputElement>()
        && event == "input"
        && let Some(bound) = bound(&input.value())
    {
        let name = input.name();
        finder.edit(Step::Replace, |state| {
            if let Some(filter) = nth(state, &name, "min") {
                filter.min = bound;
            } else if let Some(filter) = nth(state, &name, "max") {
                filter.max = bound;
            }
        });
    }
}

/// The filter that a field called `min3` belongs to.
fn nth<'a>(state: &'a mut State, name: &str, what: &str) -> Option<&'a mut Filter> {
    state.filters.get_mut(name.strip_prefix(what)?.parse::<usize>().ok()?)
}

/// A key on a picture.
fn key(finder: Finder, kind: Kind, event: &KeyboardEvent) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return;
    }
    let direction = match event.key().as_str() {
        "ArrowRight" => (1.0, 0.0),
        "ArrowLeft" => (-1.0, 0.0),
        "ArrowDown" => (0.0, 1.0),
        "ArrowUp" => (0.0, -1.0),
        key => {
            match key {
                " " => finder.select(Step::Push, |reading, selected| selected[reading.focus] ^= true),
                "Enter" => finder.with(|reading, _| open(reading, reading.focus)),
                "Escape" => finder.select(Step::Push, |_, selected| selected.fill(false)),
                _ => return,
            }
            return event.prevent_default();
        }
    };
    event.prevent_default();
    finder.with(|reading, plots| {
        let plot = &plots[kind as usize];
        let Some(to) = plot.toward(reading.focus, direction) else { return };
        let mark = |at: usize| plot.marks.get(at).copied().flatten();
        let anchor = finder.anchor(event.shift_key().then_some(reading.focus));
        finder.edit(Step::Replace, |state| state.focus = Some(reading.data.model.head(to)));
        if let Some((a, b)) = anchor.and_then(mark).zip(mark(to)) {
            finder.select(Step::Replace, |_, selected| {
                selected.fill(false);
                plot.inside(a, b).for_each(|at| selected[at] = true);
            });
        }
        say(finder, &charts::says(kind, reading, to));
    });
}

/// Has a text read aloud.
fn say(finder: Finder, text: &str) {
    if let Some(said) = finder.root().and_then(|root| slot(&root, "said")) {
        said.set_text_content(Some(&text.replace('\n', ", ")));
    }
}

/// The pointer on a picture.
fn point(finder: Finder, kind: Kind, chart: &Element, event: &PointerEvent) {
    let bounds = chart.get_bounding_client_rect();
    let to = (f64::from(event.client_x()) - bounds.left(), f64::from(event.client_y()) - bounds.top());
    // A finger scrolls where a mouse drags.
    let is_finger = event.pointer_type() == "touch";
    let drag = finder.drag().map(|drag| Drag { to, ..drag }).filter(|drag| drag.kind == kind);
    match event.type_().as_str() {
        "pointerdown" if event.button() == 0 => {
            finder.set_drag(Some(Drag { kind, from: to, to }));
            if !is_finger {
                let _the_pointer_is_down = chart.set_pointer_capture(event.pointer_id());
            }
        }
        "pointermove" => finder.set_drag(drag),
        "pointerup" => {
            finder.set_drag(None);
            if let Some(drag) = drag.filter(|_| event.button() == 0) {
                released(finder, drag, event.shift_key() || event.ctrl_key() || event.meta_key(), is_finger);
            }
        }
        "pointercancel" => finder.set_drag(None),
        _ => {}
    }
    let is_over = event.type_() != "pointerout" && !is_finger;
    let rectangle = finder.drag().filter(|drag| drag.is_rectangle() && !is_finger);
    finder.with(|reading, plots| {
        let plot = &plots[kind as usize];
        let at = plot.at(to).filter(|_| is_over && rectangle.is_none());
        if let Some(root) = finder.root() {
            charts::tip(&root, kind, plot, reading, at);
        }
        let brush = first(chart, ".brush");
        if let Some(brush) = brush {
            brush.set_hidden(rectangle.is_none());
            if let Some(drag) = rectangle {
                charts::lay(&brush, drag.from, drag.to);
            }
        }
    });
}

/// A click looks at a head and selects it alone, a rectangle selects what lies in it; with a key held they add.
fn released(finder: Finder, drag: Drag, adds: bool, is_finger: bool) {
    finder.with(|_, plots| {
        let plot = &plots[drag.kind as usize];
        if drag.is_rectangle() && !is_finger {
            return finder.select(Step::Push, |_, selected| {
                if !adds {
                    selected.fill(false);
                }
                plot.inside(drag.from, drag.to).for_each(|at| selected[at] = true);
            });
        }
        let Some(at) = plot.at(drag.to) else { return };
        finder.pick(at, |selected| {
            let is_selected = !adds || !selected[at];
            if !adds {
                selected.fill(false);
            }
            selected[at] = is_selected;
        });
    });
}
