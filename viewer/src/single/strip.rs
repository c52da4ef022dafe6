//! The prompt's tokens as flowing text, each shaded by the attention between it and the token that is looked at.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

use super::format;
use super::matrix::Matrix;
use super::page::Page;
use super::selection::{Role, Selection};
use crate::url::Step;

/// How a token is shown: percent of full shade, `None` where no attention is possible.
type Shade = Option<u8>;

/// The shade of every token: the row or the column of the token looked at, relative to its largest value and stretched
/// by a square root, so that weak attention can be seen. Nothing is shaded when nothing is looked at.
fn shades(matrix: &Matrix, token: Option<usize>, role: Role) -> Vec<Shade> {
    let Some(token) = token.filter(|&token| token < matrix.n) else { return vec![Some(0); matrix.n] };
    let values: Vec<f32> = match role {
        Role::Query => matrix.row(token).to_vec(),
        Role::Key => matrix.column(token).collect(),
    };
    let largest = values.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    let possible = |other: usize| match role {
        _ if !matrix.causal => true,
        Role::Query => other <= token,
        Role::Key => other >= token,
    };
    let shade =
        |(other, value): (usize, f32)| possible(other).then(|| (100.0 * (value / largest).sqrt()).round() as u8);
    values.into_iter().enumerate().map(shade).collect()
}

/// The text, with the choice of what its colours mean.
#[component]
pub fn Strip() -> impl IntoView {
    let page = Page::here();
    let text = NodeRef::<html::Div>::new();
    let labels = Memo::new(move |_| page.shown.with(|shown| shown.as_ref().map(|s| s.labels.clone())));
    // What is painted now, so that only what changes is touched.
    let painted = StoredValue::new(Vec::<Shade>::new());
    let marked = StoredValue::new((None, None));
    let announced = StoredValue::new(None::<usize>);
    Effect::new(move || {
        labels.track();
        painted.set_value(Vec::new());
        marked.set_value((None, None));
        announced.set_value(None);
    });
    Effect::new(move || {
        labels.track();
        let (selection, role) = page.settled.get();
        let Some(text) = text.get() else { return };
        let Some(matrix) = page.shown.with(|shown| shown.as_ref().map(|s| s.matrix.clone())) else { return };
        let now = shades(&matrix, selection.token(role), role);
        let tokens = text.children();
        painted.update_value(|before| {
            before.resize(now.len(), Some(0));
            for (index, (before, now)) in before.iter().zip(&now).enumerate() {
                if let (true, Some(token)) = (before != now, html_at(&tokens, index)) {
                    shade(&token, *now);
                }
            }
            *before = now;
        });
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
    Effect::new(move || {
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

    let select = move |index: usize, role: Role| {
        let now = (untrack(|| page.selection()), page.look.with_untracked(|look| look.role));
        let wanted = (Selection::Token(index), role);
        page.select(Step::Push, if now == wanted { Selection::None } else { wanted.0 }, role);
    };
    let click = move |event: web_sys::MouseEvent| {
        if let Some(index) = token_of(&event) {
            select(index, page.look.with_untracked(|look| look.role));
        }
    };
    let menu = move |event: web_sys::MouseEvent| {
        if let Some(index) = token_of(&event) {
            event.prevent_default();
            select(index, Role::Query);
        }
    };
    let hover = move |event: web_sys::MouseEvent| page.hovered_token.set(token_of(&event));
    let key = move |event: KeyboardEvent| {
        let Some(n) = labels.with_untracked(|labels| labels.as_ref().map(|l| l.len())).filter(|&n| n > 0) else {
            return;
        };
        let role = page.look.with_untracked(|look| look.role);
        let at = untrack(|| page.selection()).token(role);
        let to = match (event.key().as_str(), at) {
            ("ArrowRight" | "ArrowDown" | "ArrowLeft" | "ArrowUp" | "Home", None) => 0,
            ("ArrowRight" | "ArrowDown", Some(at)) => (at + 1).min(n - 1),
            ("ArrowLeft" | "ArrowUp", Some(at)) => at.saturating_sub(1),
            ("Home", _) => 0,
            ("End", _) => n - 1,
            ("Enter" | " ", _) => {
                event.prevent_default();
                return page.select(Step::Replace, untrack(|| page.selection()), role.other());
            }
            _ => return,
        };
        event.prevent_default();
        page.select(Step::Replace, Selection::Token(to), role);
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
                aria-pressed=move || page.look.with(|look| look.role == role).to_string()
                on:click=move |_| page.select(Step::Push, untrack(|| page.selection()), role)
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
                on:click=click
                on:contextmenu=menu
                on:mouseover=hover
                on:mouseleave=move |_| page.hovered_token.set(None)
                on:keydown=key
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

/// Scrolls the text, and nothing around it, as little as it takes.
fn reveal(text: &HtmlElement, token: usize) {
    let Some(token) = html_at(&text.children(), token) else { return };
    let (view, line) = (text.get_bounding_client_rect(), token.get_bounding_client_rect());
    let over = if line.top() < view.top() {
        line.top() - view.top() - line.height()
    } else if line.bottom() > view.bottom() {
        line.bottom() - view.bottom() + line.height()
    } else {
        return;
    };
    text.set_scroll_top(text.scroll_top() + over as i32);
}

fn shade(token: &HtmlElement, shade: Shade) {
    let _property_and_class_names_are_valid = (
        token.style().set_property("--shade", &format!("{}%", shade.unwrap_or(0))),
        token.class_list().toggle_with_force("impossible", shade.is_none()),
    );
}

/// The token that an event is on.
fn token_of(event: &web_sys::MouseEvent) -> Option<usize> {
    let element = event.target()?.dyn_into::<Element>().ok()?;
    element.closest("[data-i]").ok().flatten()?.get_attribute("data-i")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_shaded_by_row_or_column() {
        let matrix = Matrix::of(3, true, vec![1.0, 0.0, 0.0, 0.2, 0.8, 0.0, 0.5, 0.125, 0.375]);
        assert_eq!(shades(&matrix, Some(1), Role::Query), [Some(50), Some(100), None]);
        assert_eq!(shades(&matrix, Some(1), Role::Key), [None, Some(100), Some(40)]);
        assert_eq!(shades(&matrix, None, Role::Key), [Some(0); 3]);
        assert_eq!(shades(&matrix, Some(3), Role::Key), [Some(0); 3]);
        let both = Matrix::of(2, false, vec![0.0; 4]);
        assert_eq!(shades(&both, Some(0), Role::Key), [Some(0); 2]);
    }
}
