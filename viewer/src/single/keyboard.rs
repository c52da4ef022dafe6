//! Carries out what keys ask for, anywhere on the page.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

use super::expression::card;
use super::geometry::{Cell, Geometry};
use super::keys::{self, Action, Held};
use super::look::{self, View};
use super::moves::{Move, moved};
use super::page::Page;
use super::selection::Selection;
use crate::url::Step;

/// Listens for as long as the page lives.
pub fn listen(page: Page) {
    let listener = window_event_listener(ev::keydown, move |event| {
        let held = Held { ctrl: event.ctrl_key() || event.meta_key(), shift: event.shift_key(), alt: event.alt_key() };
        let Some(action) = keys::action(&event.key(), held) else { return };
        if !belongs_elsewhere(&event, action, page) {
            event.prevent_default();
            act(page, action);
        }
    });
    on_cleanup(move || listener.remove());
}

/// Fields, dialogs and sheets keep their keys, and Escape closes the sheet that is open, wherever the focus is. The
/// arrows scroll the page as long as the heatmap is not focused and nothing is selected.
fn belongs_elsewhere(event: &KeyboardEvent, action: Action, page: Page) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let is_in = |selector: &str| target.as_ref().is_some_and(|t| t.closest(selector).ok().flatten().is_some());
    if event.default_prevented() || is_in("input, select, textarea, dialog, [popover]") {
        return true;
    }
    if action == Action::Clear && document().query_selector(":popover-open").is_ok_and(|sheet| sheet.is_some()) {
        return true;
    }
    action.is_move() && !is_in(".board") && untrack(|| page.selection()) == Selection::None
}

/// Does what a key or a button asks for.
pub fn act(page: Page, action: Action) {
    let look = page.look.get_untracked();
    let (selection, window) = untrack(|| (page.selection(), page.window()));
    let pattern = page.shown.with_untracked(|shown| shown.as_ref().map(|s| (s.matrix.n, s.matrix.causal)));
    match action {
        Action::Move(step) => {
            let Some((n, causal)) = pattern else { return };
            let start = page.hovered_cell.get_untracked();
            page.hovered_cell.set(None);
            // Down is down, whatever the rows are.
            let step = match step {
                Move::By { down, right } if look.transposed && look.view == View::Matrix => {
                    Move::By { down: right, right: down }
                }
                step => step,
            };
            page.select(Step::Replace, moved(&selection, look.role, step, n, causal, start), look.role);
        }
        Action::Clear => {
            page.hovered_cell.set(None);
            page.select(Step::Replace, Selection::None, look.role);
        }
        Action::Step(along, step) => {
            if let Some(target) = untrack(|| page.neighbour(along, step)) {
                page.go(&target);
            }
        }
        Action::Zoom(factor) => {
            let Some((n, _)) = pattern else { return };
            let geometry = Geometry { n, window, side: window.span, transposed: false };
            let (query, key) = selection.lines(look.role);
            let middle = window.span / 2.0;
            let at = |line: Option<usize>, first: f64| line.map_or(middle, |line| line as f64 + 0.5 - first);
            let (x, y) = (at(key, window.key), at(query, window.query));
            page.set_window(Step::Replace, geometry.zoomed(x, y, factor));
            if let Selection::Cell(Cell { .. }) = selection {
                page.select(Step::Replace, selection, look.role);
            }
        }
        Action::Fit => page.look_at(Step::Replace, |look| look.window = None),
        Action::SwapRole => page.select(Step::Replace, selection, look.role.other()),
        Action::Next("scale" | "range") if look.view == View::Lines => {}
        Action::Next(setting) => page.look_at(Step::Push, |look| look::next(look, setting)),
        Action::Expression => card::focus(),
        Action::Help => page.help.set(true),
    }
}
