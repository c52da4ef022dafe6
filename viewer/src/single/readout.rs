//! What is under the cursor, in words and numbers.

use leptos::prelude::*;

use super::format;
use super::geometry::Cell;
use super::matrix::Matrix;
use super::page::{Page, Shown};
use super::selection::{Role, Selection};

/// What the picture shows, for those who do not see it.
pub fn description(shown: &Shown) -> String {
    let kind = if shown.matrix.causal { "causal" } else { "bidirectional" };
    let n = shown.matrix.n;
    let (head, model) = (shown.target.id.head, &shown.target.id.model);
    format!("Attention of layer {}, head {} of {model}: {kind}, {n} queries by {n} keys", head.layer, head.head)
}

/// A value as far as it is known.
pub fn value(matrix: &Matrix, cell: Cell) -> String {
    match matrix.value(cell) {
        _ if matrix.is_masked(cell) => "0".to_owned(),
        value if matrix.exact => format::exact(value),
        value => format::approximate(value),
    }
}

/// A selection in one sentence, to be read aloud.
pub fn sentence(shown: &Shown, selection: Selection, role: Role) -> String {
    let token = |index: usize| format!("{index} {}", format::visible(&shown.labels[index]));
    match selection {
        Selection::None => "Nothing is selected".to_owned(),
        Selection::Cell(cell) => {
            let masked = if shown.matrix.is_masked(cell) { ", masked" } else { "" };
            let value = value(&shown.matrix, cell);
            format!("Query {}, key {}: {value}{masked}", token(cell.query), token(cell.key))
        }
        Selection::Token(index) => format!("{} {}", role.title(), token(index)),
    }
}

/// The line over the heatmap; it has the same height whatever it says.
#[component]
pub fn Readout() -> impl IntoView {
    let page = Page::here();
    let focus = Memo::new(move |_| page.focus());
    let token = move |role: Role| {
        page.shown.with(|shown| {
            let (selection, looked_at) = focus.get();
            let (query, key) = selection.lines(looked_at);
            let index = if role == Role::Query { query } else { key }?;
            Some((index, format::visible(shown.as_ref()?.labels.get(index)?)))
        })
    };
    let side = move |role: Role, testid: &'static str| {
        view! {
            <span class="end" data-testid=testid>
                <span class=format!("role {}", role.name())>{role.name()}</span>
                {move || match token(role) {
                    Some((index, text)) => {
                        view! { <span class="place">{index}</span> <span class="token">{text}</span> }.into_any()
                    }
                    None => view! { <span class="place">"–"</span> }.into_any(),
                }}
            </span>
        }
    };
    let number = move || {
        page.shown.with(|shown| match (shown, focus.get().0) {
            (Some(shown), Selection::Cell(cell)) => value(&shown.matrix, cell),
            _ => String::new(),
        })
    };
    let note = move || {
        page.shown.with(|shown| {
            let shown = shown.as_ref()?;
            match focus.get().0 {
                Selection::Cell(cell) if shown.matrix.is_masked(cell) => Some("masked".to_owned()),
                _ if shown.matrix.exact => None,
                _ if shown.matrix.pool > 1 => {
                    let pool = shown.matrix.pool;
                    Some(format!("approximate: the largest of {pool} × {pool} cells"))
                }
                _ => Some("approximate".to_owned()),
            }
        })
    };
    let spoken = move || {
        page.shown.with(|shown| shown.as_ref().map(|s| sentence(s, page.selection(), page.look.with(|look| look.role))))
    };
    view! {
        <div class="readout" data-testid="readout">
            {side(Role::Query, "readout-query")} <span class="leads-to" aria-hidden="true">"→"</span>
            {side(Role::Key, "readout-key")}
            {move || note().map(|note| view! { <span class="note" data-testid="note">{note}</span> })}
            <span class="reading" data-testid="value">{number}</span>
        </div>
        <div class="sr-only" role="status" aria-live="polite" data-testid="announcement">{spoken}</div>
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::single::link::target;
    use crate::url::Query;

    fn shown(causal: bool) -> Shown {
        Shown {
            target: target(&Query::parse("head=m.L3.H7&prompt=x")).unwrap(),
            prompt: Arc::default(),
            labels: Arc::new(vec!["<BOS>".to_owned(), " the".to_owned()]),
            matrix: Arc::new(Matrix::of(2, causal, vec![1.0, 0.0, 0.25, 0.75])),
            n_layers: 4,
            n_heads: 8,
        }
    }

    #[test]
    fn selections_are_told() {
        let cell = |query, key| Selection::Cell(Cell { query, key });
        assert_eq!(sentence(&shown(true), cell(1, 0), Role::Key), "Query 1 ·the, key 0 <BOS>: 0.250000");
        assert_eq!(sentence(&shown(true), cell(0, 1), Role::Key), "Query 0 <BOS>, key 1 ·the: 0, masked");
        assert_eq!(sentence(&shown(false), cell(0, 1), Role::Key), "Query 0 <BOS>, key 1 ·the: 0.000000");
        assert_eq!(sentence(&shown(true), Selection::Token(1), Role::Query), "Query 1 ·the");
        assert_eq!(description(&shown(true)), "Attention of layer 3, head 7 of m: causal, 2 queries by 2 keys");
    }
}
