//! What of the pattern is looked at: selected, under the mouse, in view.

use std::time::Duration;

use leptos::prelude::*;

use super::geometry::{Cell, Window};
use super::page::Page;
use super::selection::{Role, Selection};
use crate::erase::effect;
use crate::url::Step;

/// The mouse or the keyboard rests on a cell after this long.
const REST: Duration = Duration::from_millis(30);

impl Page {
    /// Keeps [`Page::settled`] at what is looked at for a while.
    pub fn follow_focus(self) {
        let timer = StoredValue::new(None::<TimeoutHandle>);
        let stop = move || timer.try_update_value(|timer| timer.take().into_iter().for_each(|t| t.clear()));
        let settle = move || {
            let focus = untrack(|| self.focus());
            if self.settled.try_get_untracked().is_some_and(|before| before != focus) {
                self.settled.set(focus);
            }
        };
        effect(move || {
            self.focus();
            stop();
            timer.set_value(set_timeout_with_handle(settle, REST).ok());
        });
        on_cleanup(move || {
            stop();
        });
    }

    /// The selection if it lies inside of what is shown.
    pub fn selection(self) -> Selection {
        let n = self.shown.with(|shown| shown.as_ref().map_or(0, |s| s.matrix.n));
        Some(self.look.with(|look| look.selection.clone())).filter(|s| s.is_within(n)).unwrap_or_default()
    }

    /// What is wrong with the address for the pattern that is shown.
    pub fn outside(self) -> Option<String> {
        let n = self.shown.with(|shown| shown.as_ref().map(|s| s.matrix.n))?;
        let selection = self.look.with(|look| look.selection.clone());
        (!selection.is_within(n)).then(|| {
            format!("{selection} in the address lies outside of this pattern: its positions are 0 to {}.", n.max(1) - 1)
        })
    }

    /// What is looked at now, and from which side: what the mouse is on, else what is selected. A token under the
    /// mouse is looked at as if it were chosen.
    pub fn focus(self) -> (Selection, Role) {
        let role = self.look.with(|look| look.role);
        let n = self.shown.with(|shown| shown.as_ref().map_or(0, |s| s.matrix.n));
        let selection = self.selection();
        let cell = self.hovered_cell.get().map(|cell| (Selection::Cell(cell), role));
        let token = self.hovered_token.get().map(|(token, side)| (token, side.unwrap_or(role)));
        let token = token.map(|(token, side)| match selection {
            Selection::Cell(_) if side == role => (selection.choosing(role, token, role), role),
            // One of several is not looked at alone.
            Selection::Tokens(_) if side == role && selection.tokens(role).contains(&token) => {
                (selection.clone(), role)
            }
            _ => (Selection::Token(token), side),
        });
        let hovered = cell.or(token).filter(|(s, _)| s.is_within(n));
        hovered.unwrap_or((selection, role))
    }

    /// The part of what is shown that is in view.
    pub fn window(self) -> Window {
        let n = self.shown.with(|shown| shown.as_ref().map_or(0, |s| s.matrix.n));
        self.look.with(|look| look.window).unwrap_or(Window::whole(n)).within(n)
    }

    /// Whether a window shows everything there is.
    pub fn is_whole(self, window: Window) -> bool {
        window.is_whole(self.shown.with(|shown| shown.as_ref().map_or(0, |s| s.matrix.n)))
    }

    /// Selects, and brings a selected cell into view.
    pub fn select(self, step: Step, selection: Selection, role: Role) {
        let n = self.shown.with_untracked(|shown| shown.as_ref().map_or(0, |s| s.matrix.n));
        self.look_at(step, |look| {
            let (query, key) = selection.lines(role);
            look.selection = selection;
            look.role = role;
            if let (Some(window), Some(at)) = (look.window, query.or(key)) {
                let cell = Cell { query: query.unwrap_or(at), key: key.unwrap_or(at) };
                let shown = window.within(n).showing(cell, n);
                // A line needs to be in view across only.
                look.window = Some(Window {
                    query: if query.is_some() { shown.query } else { window.query },
                    key: if key.is_some() { shown.key } else { window.key },
                    ..shown
                });
            }
        });
    }

    /// Shows a part of the pattern.
    pub fn set_window(self, step: Step, window: Window) {
        let n = self.shown.with_untracked(|shown| shown.as_ref().map_or(0, |s| s.matrix.n));
        self.look_at(step, |look| look.window = (!window.is_whole(n)).then_some(window));
    }
}
