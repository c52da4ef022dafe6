//! The prompt's tokens as flowing text, each shaded by the attention between it and the token that is looked at.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent, PointerEvent};

use super::format;
use super::keys::{self, Held, InText};
use super::page::Page;
use super::selection::Role;
use super::shades::{Shade, between, shades};
use crate::erase::{effect, live, memo, on};
use crate::url::Step;

/// The text, with the choice of what its colours mean.
#[component]
pub fn Strip() -> impl IntoView {
    let page = Page::here();
    let text = NodeRef::<html::Div>::new();
    let labels = memo(move || page.shown.with(|shown| shown.as_ref().map(|s| s.labels.clone())));
    // What should be seen, and what is painted already: only what changes, and is near what is in view, is touched.
    let wanted = StoredValue::new(Vec::<Shade>::new());
    let painted = StoredValue::new(Vec::<Option<Shade>>::new());
    let paint = move || {
        if let Some(text) = text.get_untracked() {
            wanted.with_value(|wanted| painted.update_value(|painted| repaint(&text, wanted, painted)));
        }
    };
    let marked = StoredValue::new((None, None));
    let announced = StoredValue::new(None::<usize>);
    // The elements of another prompt's tokens may be used again, as they were left.
    effect(move || {
        labels.track();
        painted.set_value(Vec::new());
    });
    effect(move || {
        labels.track();
        let (selection, role) = page.settled.get();
        let Some(text) = text.get() else { return };
        let Some(matrix) = page.matrix() else { return };
        wanted.set_value(shades(&matrix, selection.token(role), role));
        paint();
        let tokens = text.children();
        let lines = selection.lines(role);
        let (was_query, was_key) = marked.get_value();
        for (index, class) in [(was_query, "as-query"), (was_key, "as-key")] {
            if let Some(token) = index.and_then(|index| html_at(&tokens, index)) {
                let _class_names_are_valid = token.class_list().remove_1(class);
            }
        }
        for (index, class) in [(lines.0, "as-query"), (lines.1, "as-key")] {
            if let Some(token) = index.and_then(|index| html_at(&tokens, index)) {
                let _class_names_are_valid = token.class_list().add_1(class);
            }
        }
        marked.set_value(lines);
    });

    // What is selected elsewhere is brought into view; what the mouse is on stays where it is.
    effect(move || {
        let role = page.look.with(|look| look.role);
        let token = page.selection().token(role);
        labels.track();
        let Some(text) = text.get() else { return };
        for (index, is_selected) in [(announced.get_value(), "false"), (token, "true")] {
            if let Some(token) = index.and_then(|index| html_at(&text.children(), index)) {
                let _attribute_names_are_valid = token.set_attribute("aria-selected", is_selected);
            }
        }
        announced.set_value(token);
        if let Some(token) = token {
            request_animation_frame(move || reveal(&text, token));
        }
    });

    let role_now = move || page.look.with_untracked(|look| look.role);
    let choose = move |index: usize, role: Role| {
        let (selection, role) = untrack(|| page.selection()).toggling(role_now(), index, role);
        page.select(Step::Push, selection, role);
    };
    // Fingers have one button only: they choose for the side that the buttons above say.
    let click = move |event: web_sys::MouseEvent| {
        let is_touch = event.dyn_ref::<PointerEvent>().is_some_and(|event| event.pointer_type() == "touch");
        if let Some(index) = token_of(&event) {
            choose(index, if is_touch { role_now() } else { Role::Key });
        }
    };
    let menu = move |event: web_sys::MouseEvent| {
        if let Some(index) = token_of(&event) {
            event.prevent_default();
            choose(index, Role::Query);
        }
    };
    let hover = move |event: web_sys::MouseEvent| page.hovered_token.set(token_of(&event));
    let key = move |event: KeyboardEvent| {
        let n = labels.with_untracked(|labels| labels.as_ref().map_or(0, |labels| labels.len()));
        let held = Held { ctrl: event.ctrl_key() || event.meta_key(), shift: event.shift_key(), alt: event.alt_key() };
        let (selection, role) = (untrack(|| page.selection()), role_now());
        match keys::in_text(&event.key(), held, selection.token(role), n) {
            Some(InText::Choose(token)) => page.select(Step::Replace, selection.choosing(role, token, role), role),
            Some(InText::SwapRole) => page.select(Step::Replace, selection, role.other()),
            None => return,
        }
        event.prevent_default();
    };
    let current = move || {
        let selected = page.selection().token(page.look.with(|look| look.role))?;
        Some(format!("token-{selected}"))
    };
    let sides = [Role::Key, Role::Query].map(|role| {
        let (name, title) = match role {
            Role::Key => ("as key", "Shade the queries that attend to the selected token (t)"),
            Role::Query => ("as query", "Shade the keys that the selected token attends to (t)"),
        };
        view! {
            <button
                title=title
                data-testid=format!("role-{}", role.name())
                aria-pressed=live(move || page.look.with(|look| look.role == role).to_string())
                on:click=on(move |_| page.select(Step::Push, untrack(|| page.selection()), role))
            >
                {name}
            </button>
        }
    });
    view! {
        <section class="card strip" aria-labelledby="strip-title">
            <header>
                <h2 id="strip-title">"Tokens"</h2>
                <div class="segmented" role="group" aria-label="Side of the selected token">{sides.collect_view()}</div>
            </header>
            <div
                class="token-text"
                node_ref=text
                role="listbox"
                tabindex="0"
                aria-label="Tokens of the prompt"
                aria-activedescendant=current
                data-testid="tokens"
                on:scroll=on(move |_| paint())
                on:click=on(click)
                on:contextmenu=on(menu)
                on:mouseover=on(hover)
                on:mouseleave=on(move |_| page.hovered_token.set(None))
                on:keydown=on(key)
            >
                {move || labels.get().map(|labels| tokens(&labels))}
            </div>
        </section>
    }
}

fn tokens(labels: &Arc<Vec<String>>) -> impl IntoView + use<> {
    let token = |(index, label): (usize, &String)| {
        view! {
            <span
                class="token"
                id=format!("token-{index}")
                role="option"
                data-i=index
                data-testid=format!("token-{index}")
                aria-selected="false"
                title=format!("{index} {}", format::visible(label))
            >
                {format::flowing(label)}
            </span>
        }
    };
    labels.iter().enumerate().map(token).collect_view()
}

fn html_at(tokens: &web_sys::HtmlCollection, index: usize) -> Option<HtmlElement> {
    tokens.item(index as u32)?.dyn_into().ok()
}

/// Scrolls the text, and nothing around it, so that a token out of view stands in the middle.
fn reveal(text: &HtmlElement, token: usize) {
    let Some(token) = html_at(&text.children(), token) else { return };
    let (view, line) = (text.get_bounding_client_rect(), token.get_bounding_client_rect());
    if line.top() < view.top() || line.bottom() > view.bottom() {
        let over = (line.top() + line.bottom() - view.top() - view.bottom()) / 2.0;
        text.set_scroll_top(text.scroll_top() + over as i32);
    }
}

/// Paints the shades that changed of the tokens in view, and of one screen before and after them.
fn repaint(text: &HtmlElement, wanted: &[Shade], painted: &mut Vec<Option<Shade>>) {
    painted.resize(wanted.len(), None);
    let tokens = text.children();
    let edges = |index: usize| {
        let token = html_at(&tokens, index);
        token.map_or((0.0, 0.0), |t| (f64::from(t.offset_top()), f64::from(t.offset_top() + t.offset_height())))
    };
    let (top, high) = (f64::from(text.scroll_top()), f64::from(text.client_height()));
    for index in between(wanted.len(), edges, top - high, top + 2.0 * high) {
        if painted[index] != Some(wanted[index])
            && let Some(token) = html_at(&tokens, index)
        {
            shade(&token, wanted[index]);
            painted[index] = Some(wanted[index]);
        }
    }
}

fn shade(token: &HtmlElement, shade: Shade) {
    let _property_and_class_names_are_valid = (
        token.style().set_property("--shade", &format!("{}%", shade.unwrap_or(0).unsigned_abs())),
        token.class_list().toggle_with_force("below", shade.is_some_and(|shade| shade < 0)),
        token.class_list().toggle_with_force("impossible", shade.is_none()),
    );
}

/// The token that an event is on.
fn token_of(event: &web_sys::MouseEvent) -> Option<usize> {
    let element = event.target()?.dyn_into::<Element>().ok()?;
    element.closest("[data-i]").ok().flatten()?.get_attribute("data-i")?.parse().ok()
}
