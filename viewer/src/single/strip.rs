//! The prompt's tokens as flowing text, each shaded by the attention between it and the tokens that are looked at: in
//! full for the side that is looked at, underlined for the other one.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use leptos::prelude::*;
use web_sys::{Element, Event, HtmlElement, KeyboardEvent, MouseEvent, PointerEvent};

use super::format;
use super::keys::{self, Held, InText};
use super::page::Page;
use super::selection::{Role, Selection};
use super::shades::{Shade, between, shades};
use super::text::flowing;
use crate::dom;
use crate::erase::effect;
use crate::signal::memo;
use crate::url::Step;

/// How a token is shown: shaded, underlined.
type Look = (Shade, Shade);

/// What should be seen, and what is painted already: only what changes, and is near what is in view, is touched.
#[derive(Debug, Default)]
struct Paint {
    tokens: Vec<HtmlElement>,
    wanted: Vec<Look>,
    painted: Vec<Option<Look>>,
    /// Tokens with an outline, and those announced as selected.
    marked: Vec<(usize, &'static str)>,
    selected: Vec<usize>,
}

/// Brings the text of tokens to life.
pub fn start(page: Page, root: &Element) {
    let text = dom::part(root, "tokens");
    let paint = Rc::new(RefCell::new(Paint::default()));
    let labels = memo(move || page.shown.with(|s| s.as_ref().map(|s| (s.labels.clone(), s.target.hash.clone()))));

    let (all, here) = (paint.clone(), text.clone());
    effect(move || {
        let tokens = labels.with(|labels| {
            let Some((labels, _)) = labels else { return Vec::new() };
            let text = page.shown.with_untracked(|s| s.as_ref().map(|s| s.prompt.text.clone())).unwrap_or_default();
            tokens(labels, &text)
        });
        dom::put(&here, &tokens);
        *all.borrow_mut() = Paint { tokens, ..Paint::default() };
    });
    let (all, here) = (paint.clone(), text.clone());
    effect(move || {
        labels.track();
        let (selection, role) = page.settled.get();
        let Some(matrix) = page.matrix() else { return };
        let looked_at = shades(&matrix, &selection.tokens(role), role);
        let is_cell = matches!(selection, Selection::Cell(_));
        let other =
            if is_cell { vec![Some(0); matrix.n] } else { shades(&matrix, &selection.tokens(role), role.other()) };
        let mut paint = all.borrow_mut();
        paint.wanted = looked_at.into_iter().zip(other).collect();
        dom::toggle(&here, "from-query", role == Role::Query);
        let (queries, keys) = selection.all_lines(role);
        let marks = queries.into_iter().map(|at| (at, "as-query")).chain(keys.into_iter().map(|at| (at, "as-key")));
        paint.mark(marks.collect());
        // Where the tokens lie is asked in the frame that they are shown in: asked now, it would be found out twice.
        let (all, here) = (all.clone(), here.clone());
        request_animation_frame(move || all.borrow_mut().repaint(&here));
    });
    // What is selected elsewhere is brought into view; what the mouse is on stays where it is.
    let (all, here) = (paint.clone(), text.clone());
    effect(move || {
        labels.track();
        let role = page.look.with(|look| look.role);
        let tokens = page.selection().tokens(role);
        let last = tokens.last().copied();
        all.borrow_mut().announce(tokens);
        dom::set_or_remove(&here, "aria-activedescendant", last.map(|token| format!("token-{token}")).as_deref());
        if let Some(token) = last {
            let here = here.clone();
            request_animation_frame(move || reveal(&here, token));
        }
    });
    let (all, here) = (paint, text.clone());
    dom::listen(&text, "scroll", move |_: Event| all.borrow_mut().repaint(&here));
    listen(page, &text);
}

fn listen(page: Page, text: &HtmlElement) {
    let role_now = move || page.look.with_untracked(|look| look.role);
    let choose = move |index: usize, role: Role| {
        let (selection, role) = untrack(|| page.selection()).toggling(role_now(), index, role);
        page.select(Step::Push, selection, role);
    };
    // Fingers have one button only: they choose for the side that the buttons above say. With Ctrl one token more or
    // less is chosen, with Shift all up to this one.
    dom::listen(text, "click", move |event: PointerEvent| {
        let Some(index) = token_of(&event) else { return };
        let (role, selection) = (role_now(), untrack(|| page.selection()));
        if event.ctrl_key() || event.meta_key() {
            page.select(Step::Push, selection.with(index, role), role);
        } else if event.shift_key() {
            page.select(Step::Push, selection.through(index, role), role);
        } else {
            choose(index, if event.pointer_type() == "touch" { role } else { Role::Key });
        }
    });
    // A selection of text is not meant.
    dom::listen(text, "mousedown", |event: MouseEvent| {
        if event.shift_key() {
            event.prevent_default();
        }
    });
    dom::listen(text, "contextmenu", move |event: MouseEvent| {
        if let Some(index) = token_of(&event) {
            event.prevent_default();
            choose(index, Role::Query);
        }
    });
    dom::listen(text, "mouseover", move |event: Event| {
        page.hovered_token.set(token_of(&event).map(|token| (token, None)));
    });
    dom::listen(text, "mouseleave", move |_: Event| page.hovered_token.set(None));
    dom::listen(text, "keydown", move |event: KeyboardEvent| {
        let n = page.shown.with_untracked(|shown| shown.as_ref().map_or(0, |shown| shown.matrix.n));
        let held = Held { ctrl: event.ctrl_key() || event.meta_key(), shift: event.shift_key(), alt: event.alt_key() };
        let (selection, role) = (untrack(|| page.selection()), role_now());
        match keys::in_text(&event.key(), held, selection.token(role), n) {
            Some(InText::Choose(token)) => page.select(Step::Replace, selection.moving(role, token), role),
            Some(InText::PutDown) => page.select(Step::Replace, selection.put_down(role), role),
            Some(InText::SwapRole) => page.select(Step::Replace, selection, role.other()),
            None => return,
        }
        // What the mouse happens to rest on is not what is looked at now.
        page.hovered_token.set(None);
        event.prevent_default();
    });
}

fn tokens(labels: &Arc<Vec<String>>, text: &str) -> Vec<HtmlElement> {
    let token = |(index, (label, text)): (usize, (&String, String))| {
        let name = format!("token-{index}");
        let token = dom::named(dom::make("span", "token", &text), &name);
        token.set_id(&name);
        token.set_title(&format!("{index} {}", format::visible(label)));
        for (name, value) in [("role", "option"), ("data-i", &index.to_string()), ("aria-selected", "false")] {
            dom::set(&token, name, value);
        }
        token
    };
    labels.iter().zip(flowing(labels, text)).enumerate().map(token).collect()
}

impl Paint {
    /// Paints what changed of the tokens in view, and of one screen before and after them.
    fn repaint(&mut self, text: &HtmlElement) {
        let n = self.wanted.len().min(self.tokens.len());
        self.painted.resize(n, None);
        let edges = |index: usize| {
            let token = &self.tokens[index];
            (f64::from(token.offset_top()), f64::from(token.offset_top() + token.offset_height()))
        };
        let (top, high) = (f64::from(text.scroll_top()), f64::from(text.client_height()));
        for index in between(n, edges, top - high, top + 2.0 * high) {
            if self.painted[index] != Some(self.wanted[index]) {
                shade(&self.tokens[index], self.wanted[index]);
                self.painted[index] = Some(self.wanted[index]);
            }
        }
    }

    /// Outlines tokens.
    fn mark(&mut self, marks: Vec<(usize, &'static str)>) {
        for (marks, on) in [(&self.marked, false), (&marks, true)] {
            for (index, class) in marks {
                self.tokens.get(*index).into_iter().for_each(|token| dom::toggle(token, class, on));
            }
        }
        self.marked = marks;
    }

    fn announce(&mut self, tokens: Vec<usize>) {
        for (tokens, value) in [(&self.selected, "false"), (&tokens, "true")] {
            for index in tokens {
                self.tokens.get(*index).into_iter().for_each(|token| dom::set(token, "aria-selected", value));
            }
        }
        self.selected = tokens;
    }
}

/// Scrolls the text, and nothing around it, so that a token out of view stands in the middle.
fn reveal(text: &HtmlElement, token: usize) {
    let Some(token) = text.children().item(token as u32) else { return };
    let (view, line) = (text.get_bounding_client_rect(), token.get_bounding_client_rect());
    if line.top() < view.top() || line.bottom() > view.bottom() {
        let over = (line.top() + line.bottom() - view.top() - view.bottom()) / 2.0;
        text.set_scroll_top(text.scroll_top() + over as i32);
    }
}

fn shade(token: &HtmlElement, (shade, under): Look) {
    dom::style(token, "--shade", &format!("{}%", shade.unwrap_or(0).unsigned_abs()));
    dom::style(token, "--under", &format!("{}%", under.unwrap_or(0).unsigned_abs()));
    dom::toggle(token, "below", shade.is_some_and(|shade| shade < 0));
    dom::toggle(token, "impossible", shade.is_none());
}

/// The token that an event is on.
fn token_of(event: &Event) -> Option<usize> {
    dom::closest(event, "[data-i]")?.get_attribute("data-i")?.parse().ok()
}
