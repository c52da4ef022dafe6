//! What is under the cursor, in words and numbers.

use leptos::prelude::*;

use super::format;
use super::geometry::Cell;
use super::matrix::Matrix;
use super::page::{Page, Shown};
use super::selection::{Role, Selection};
use crate::erase::memo;

/// What the picture shows, for those who do not see it.
pub fn description(shown: &Shown, expression: Option<&str>) -> String {
    let kind = if shown.matrix.causal { "causal" } else { "bidirectional" };
    let n = shown.matrix.n;
    let (head, model) = (shown.target.id.head, &shown.target.id.model);
    let derived =
        expression.map(|source| format!("{}, derived from: ", format::on_one_line(source))).unwrap_or_default();
    format!(
        "{derived}Attention of layer {}, head {} of {model}: {kind}, {n} queries by {n} keys",
        head.layer, head.head
    )
}

/// A value as far as it is known.
pub fn value(matrix: &Matrix, cell: Cell) -> String {
    match matrix.value(cell) {
        _ if matrix.is_masked(cell) && !matrix.derived => "0".to_owned(),
        value if matrix.derived && matrix.exact => format::number(value),
        value if matrix.derived => format!("≈ {}", format::tick(value)),
        value if matrix.lossless => format::lossless(value),
        value if matrix.exact => format::exact(value),
        value => format::approximate(value),
    }
}

/// A selection in one sentence, to be read aloud.
pub fn sentence(shown: &Shown, matrix: &Matrix, selection: Selection, role: Role) -> String {
    let token = |index: usize| format!("{index} {}", format::visible(&shown.labels[index]));
    match selection {
        Selection::None => "Nothing is selected".to_owned(),
        Selection::Cell(cell) => {
            let masked = if matrix.is_masked(cell) { ", masked" } else { "" };
            let own = if matrix.derived { format!(", pattern {}", value(&shown.matrix, cell)) } else { String::new() };
            let value = value(matrix, cell);
            format!("Query {}, key {}: {value}{own}{masked}", token(cell.query), token(cell.key))
        }
        Selection::Token(index) => format!("{} {}", role.title(), token(index)),
    }
}

/// The line over the heatmap; it has the same height whatever it says.
#[component]
pub fn Readout() -> impl IntoView {
    let page = Page::here();
    let focus = memo(move || page.focus());
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
    let number = move || match (page.matrix(), focus.get().0) {
        (Some(matrix), Selection::Cell(cell)) => value(&matrix, cell),
        _ => String::new(),
    };
    // Beside what was derived, the pattern's own value.
    let own = move || {
        let Selection::Cell(cell) = focus.get().0 else { return None };
        page.matrix().filter(|matrix| matrix.derived)?;
        page.shown.with(|shown| Some(value(&shown.as_ref()?.matrix, cell)))
    };
    let note = move || {
        page.shown.with(|shown| {
            let shown = shown.as_ref()?;
            match focus.get().0 {
                Selection::Cell(cell) if page.matrix()?.is_masked(cell) => Some("masked".to_owned()),
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
        let (selection, role) = (page.selection(), page.look.with(|look| look.role));
        let matrix = page.matrix()?;
        page.shown.with(|shown| Some(sentence(shown.as_ref()?, &matrix, selection, role)))
    };
    view! {
        <div class="readout" data-testid="readout">
            {side(Role::Query, "readout-query")} <span class="leads-to" aria-hidden="true">"→"</span>
            {side(Role::Key, "readout-key")}
            {move || note().map(|note| view! { <span class="note" data-testid="note">{note}</span> })}
            {move || {
                own().map(|own| {
                    view! {
                        <span class="own" title="The pattern's value">
                            "A " <span data-testid="own-value">{own}</span>
                        </span>
                    }
                })
            }}
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
        let sentence = |shown: &Shown, selection, role| sentence(shown, &shown.matrix, selection, role);
        assert_eq!(sentence(&shown(true), cell(1, 0), Role::Key), "Query 1 ·the, key 0 <BOS>: 0.250000");
        assert_eq!(sentence(&shown(true), cell(0, 1), Role::Key), "Query 0 <BOS>, key 1 ·the: 0, masked");
        assert_eq!(sentence(&shown(false), cell(0, 1), Role::Key), "Query 0 <BOS>, key 1 ·the: 0.000000");
        assert_eq!(sentence(&shown(true), Selection::Token(1), Role::Query), "Query 1 ·the");
        let shown = shown(true);
        let derived = shown.matrix.derive(vec![-8.0, 0.0, -2.5, f32::NAN]);
        let told = |at| super::sentence(&shown, &derived, at, Role::Key);
        assert_eq!(told(cell(1, 0)), "Query 1 ·the, key 0 <BOS>: -2.5000, pattern 0.250000");
        assert_eq!(told(cell(1, 1)), "Query 1 ·the, key 1 ·the: NaN, pattern 0.750000");
        assert!(description(&shown, Some("A\nB")).starts_with("A↵B, derived from: Attention of layer 3"));
    }

    #[test]
    fn the_picture_is_described() {
        assert_eq!(description(&shown(true), None), "Attention of layer 3, head 7 of m: causal, 2 queries by 2 keys");
    }
}
