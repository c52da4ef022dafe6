//! What the token looked at attends to most, and what attends to it most.

use leptos::prelude::*;

use super::format;
use super::geometry::Cell;
use super::matrix::Matrix;
use super::page::{Page, Shown};
use super::ranking::{Ranked, top};
use super::readout;
use super::selection::{Role, Selection};
use crate::erase::{live, memo, on};
use crate::url::Step;

/// Entries of a list; shorter lists keep the room, so that nothing below them jumps.
const COUNT: usize = 8;

/// Two lists: keys of a query, queries of a key.
#[component]
pub fn Tops() -> impl IntoView {
    let page = Page::here();
    let rows = move || page.shown.with(|shown| shown.as_ref().map_or(COUNT, |s| s.matrix.n.min(COUNT)));
    view! {
        <section class="card tops" aria-label="Strongest attention" style:--rows=live(move || rows().to_string())>
            <List role=Role::Query />
            <List role=Role::Key />
        </section>
    }
}

#[component]
fn List(role: Role) -> impl IntoView {
    let page = Page::here();
    let token = move || {
        let (selection, looked_at) = page.settled.get();
        match (selection, role) {
            (Selection::Token(token), _) => Some(token),
            (selection, Role::Query) => selection.lines(looked_at).0,
            (selection, Role::Key) => selection.lines(looked_at).1,
        }
    };
    let (what, largest, testid) = match role {
        Role::Query => ("attends to", "– largest of the row", "top-keys"),
        Role::Key => ("is attended by", "– largest of the column", "top-queries"),
    };
    let is_derived = memo(move || page.matrix().is_some_and(|matrix| matrix.derived));
    let title = move || {
        let token = token()?;
        let what = if is_derived.get() { largest } else { what };
        page.shown.with(|shown| {
            let label = format::visible(shown.as_ref()?.labels.get(token)?);
            Some(view! { <span class="token">{label}</span> " " {what} }.into_any())
        })
    };
    let rows = move || {
        page.shown.with(|shown| {
            let (shown, matrix, token) = (shown.as_ref()?, page.matrix()?, token()?);
            Some(entries(page, shown, &matrix, role, token))
        })
    };
    let empty = match role {
        Role::Query => "Point at a cell or a token to see which keys it attends to.",
        Role::Key => "… and which queries attend to it.",
    };
    view! {
        <div class="list" data-testid=testid>
            <h3>{move || title().unwrap_or_else(|| view! { {what} }.into_any())}</h3>
            {move || match rows() {
                Some(rows) => view! { <ol>{rows}</ol> }.into_any(),
                None => view! { <p class="muted">{empty}</p> }.into_any(),
            }}
        </div>
    }
}

fn entries(page: Page, shown: &Shown, matrix: &Matrix, role: Role, token: usize) -> Vec<impl IntoView + use<>> {
    let cell = |index: usize| match role {
        Role::Query => Cell { query: token, key: index },
        Role::Key => Cell { query: index, key: token },
    };
    let open = |index: usize| Some(cell(index)).filter(|&cell| !matrix.is_masked(cell));
    let values = (0..matrix.n).map(|index| open(index).map_or(f32::NAN, |cell| matrix.value(cell)));
    // Attention of 0 is none; what was derived may be below.
    let floor = if matrix.range.0 < 0.0 { f32::NEG_INFINITY } else { 0.0 };
    let ranked = top(values, floor, COUNT);
    let entry = |Ranked { index, value }: Ranked| {
        let cell = cell(index);
        let number = readout::value(matrix, cell);
        view! {
            <li>
                <button class="quiet" on:click=on(move |_| page.select(Step::Push, Selection::Cell(cell), role))>
                    <span class="share" style:width=format!("{:.1}%", 100.0 * matrix.strength(value))></span>
                    <span class="place">{index}</span>
                    <span class="token">{format::visible(&shown.labels[index])}</span>
                    <span class="reading">{number}</span>
                </button>
            </li>
        }
    };
    ranked.into_iter().map(entry).collect()
}
