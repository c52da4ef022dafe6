//! What is under the cursor, in words and numbers.

use web_sys::Element;

use super::format;
use super::geometry::Cell;
use super::matrix::Matrix;
use super::page::{Page, Shown};
use super::selection::{Role, Selection};
use crate::dom;
use crate::erase::effect;

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
        _ if matrix.is_out_of_reach(cell) && !matrix.derived => "0".to_owned(),
        value if matrix.derived && matrix.exact => format::number(value),
        value if matrix.derived => format!("≈ {}", format::tick(value)),
        value if matrix.lossless => format::lossless(value),
        value if matrix.exact => format::exact(value),
        value => format::approximate(value),
    }
}

/// A selection in one sentence, to be read aloud.
pub fn sentence(shown: &Shown, matrix: &Matrix, selection: &Selection, role: Role) -> String {
    let token = |index: usize| format!("{index} {}", format::visible(&shown.labels[index]));
    match selection {
        Selection::None => "Nothing is selected".to_owned(),
        &Selection::Cell(cell) => {
            let left_out = left_out(matrix, cell).map(|word| format!(", {word}")).unwrap_or_default();
            let own = if matrix.derived { format!(", pattern {}", value(&shown.matrix, cell)) } else { String::new() };
            let value = value(matrix, cell);
            format!("Query {}, key {}: {value}{own}{left_out}", token(cell.query), token(cell.key))
        }
        _ => {
            let tokens: Vec<String> = selection.tokens(role).into_iter().map(token).collect();
            format!("{} {}", role.title(), tokens.join(" + "))
        }
    }
}

/// Why the picture has no colour for a cell, if it has none.
fn left_out(matrix: &Matrix, cell: Cell) -> Option<&'static str> {
    match cell {
        cell if matrix.is_hidden(cell) => Some("hidden"),
        cell if matrix.is_out_of_reach(cell) => Some("masked"),
        _ => None,
    }
}

/// What is to be noticed about the value.
fn note(shown: &Shown, matrix: &Matrix, focus: &Selection) -> Option<String> {
    match focus {
        Selection::Cell(cell) if matrix.is_masked(*cell) => left_out(matrix, *cell).map(str::to_owned),
        _ if shown.matrix.exact => None,
        _ if shown.matrix.pool > 1 => {
            let pool = shown.matrix.pool;
            Some(format!("approximate: the largest of {pool} × {pool} cells"))
        }
        _ => Some("approximate".to_owned()),
    }
}

/// Brings the line over the heatmap to life; it has the same height whatever it says.
pub fn start(page: Page, root: &Element) {
    let side = |name: &str| {
        let side = dom::part(root, name);
        (dom::find(&side, ".place"), dom::find(&side, ".token"))
    };
    let sides = [(Role::Query, side("readout-query")), (Role::Key, side("readout-key"))];
    let line = dom::part(root, "readout");
    let (number, extra) = (dom::part(root, "value"), dom::find(&line, ".extra"));
    effect(move || {
        let (focus, looked_at) = page.focus();
        let matrix = page.matrix();
        page.shown.with(|shown| {
            let (Some(shown), Some(matrix)) = (shown, matrix) else { return };
            let (queries, keys) = focus.all_lines(looked_at);
            for (role, (place, token)) in &sides {
                let tokens = if *role == Role::Query { &queries } else { &keys };
                let label = tokens.last().and_then(|&index| shown.labels.get(index));
                place.set_text_content(Some(&match tokens.len() {
                    0 => "–".to_owned(),
                    1 => tokens[0].to_string(),
                    n => format!("{n} tokens, last {}", tokens[n - 1]),
                }));
                token.set_text_content(label.map(|label| format::visible(label)).as_deref());
            }
            let cell = if let Selection::Cell(cell) = focus { Some(cell) } else { None };
            number.set_text_content(cell.map(|cell| value(&matrix, cell)).as_deref());
            let mut parts = Vec::new();
            parts.extend(note(shown, &matrix, &focus).map(|note| dom::named(dom::make("span", "note", &note), "note")));
            // Beside what was derived, the pattern's own value.
            if let Some(cell) = cell.filter(|_| matrix.derived) {
                let own = dom::named(dom::make("span", "", &value(&shown.matrix, cell)), "own-value");
                let own = dom::around("span", &[("class", "own")], &[dom::make("span", "", "A "), own]);
                own.set_title("The pattern's value");
                parts.push(own);
            }
            dom::put(&extra, &parts);
        });
    });
    dom::text(dom::part(root, "announcement"), move || {
        let (selection, role) = (page.selection(), page.look.with(|look| look.role));
        let Some(matrix) = page.matrix() else { return String::new() };
        page.shown
            .with(|shown| shown.as_ref().map(|shown| sentence(shown, &matrix, &selection, role)).unwrap_or_default())
    });
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
        let sentence = |shown: &Shown, selection, role| sentence(shown, &shown.matrix, &selection, role);
        assert_eq!(sentence(&shown(true), cell(1, 0), Role::Key), "Query 1 ·the, key 0 <BOS>: 0.250000");
        assert_eq!(sentence(&shown(true), cell(0, 1), Role::Key), "Query 0 <BOS>, key 1 ·the: 0, masked");
        assert_eq!(sentence(&shown(false), cell(0, 1), Role::Key), "Query 0 <BOS>, key 1 ·the: 0.000000");
        assert_eq!(sentence(&shown(true), Selection::Token(1), Role::Query), "Query 1 ·the");
        let several = Selection::Tokens([1, 0].into());
        assert_eq!(sentence(&shown(true), several, Role::Query), "Query 1 ·the + 0 <BOS>");
        let shown = shown(true);
        let hidden = shown.matrix.without_first(false);
        let noted = |query, key| note(&shown, &hidden, &cell(query, key));
        assert_eq!((noted(1, 0), noted(0, 1), noted(1, 1)), (Some("hidden".into()), Some("masked".into()), None));
        let told = |at| super::sentence(&shown, &hidden, &at, Role::Key);
        assert_eq!(told(cell(1, 0)), "Query 1 ·the, key 0 <BOS>: 0.250000, hidden");
        let derived = shown.matrix.derive(vec![-8.0, 0.0, -2.5, f32::NAN]);
        let told = |at| super::sentence(&shown, &derived, &at, Role::Key);
        assert_eq!(told(cell(1, 0)), "Query 1 ·the, key 0 <BOS>: -2.5000, pattern 0.250000");
        assert_eq!(told(cell(1, 1)), "Query 1 ·the, key 1 ·the: NaN, pattern 0.750000");
        assert!(description(&shown, Some("A\nB")).starts_with("A↵B, derived from: Attention of layer 3"));
    }

    #[test]
    fn the_picture_is_described() {
        assert_eq!(description(&shown(true), None), "Attention of layer 3, head 7 of m: causal, 2 queries by 2 keys");
    }
}
