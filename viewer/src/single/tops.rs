//! What the tokens looked at attend to most, and what attends to them most.

use std::cell::RefCell;
use std::rc::Rc;

use web_sys::{Element, HtmlElement, MouseEvent};

use super::format;
use super::geometry::Cell;
use super::matrix::Matrix;
use super::page::{Page, Shown};
use super::ranking::{Ranked, top};
use super::readout;
use super::refill::refill;
use super::selection::{Role, Selection};
use crate::dom;
use crate::erase::effect;
use crate::url::Step;

/// Entries of a list; shorter lists keep the room, so that nothing below them jumps.
const COUNT: usize = 8;

/// Brings both lists to life: keys of queries, queries of keys.
pub fn start(page: Page, root: &Element) {
    let card = dom::find(root, ".tops");
    effect(move || {
        let rows = page.shown.with(|shown| shown.as_ref().map_or(COUNT, |s| s.matrix.n.min(COUNT)));
        dom::style(&card, "--rows", &rows.to_string());
    });
    for (role, name) in [(Role::Query, "top-keys"), (Role::Key, "top-queries")] {
        list(page, &dom::part(root, name), role);
    }
}

fn list(page: Page, root: &HtmlElement, role: Role) {
    let (what, largest, empty) = match role {
        Role::Query => {
            ("attends to", "– largest of the row", "Point at a cell or a token to see which keys it attends to.")
        }
        Role::Key => ("is attended by", "– largest of the column", "… and which queries attend to it."),
    };
    let (title, entries) = (dom::find(root, "h3"), dom::find(root, "div"));
    // What a click on an entry selects.
    let targets = Rc::new(RefCell::new(Vec::new()));
    let shown_targets = targets.clone();
    effect(move || {
        let (selection, looked_at) = page.settled.get();
        let tokens = match &selection {
            Selection::Cell(_) => selection.tokens(role),
            _ => selection.tokens(looked_at),
        };
        page.shown.with(|shown| {
            let (Some(shown), Some(matrix)) = (shown, page.matrix()) else { return };
            let name = match &tokens[..] {
                [] => {
                    title.set_text_content(Some(what));
                    return dom::put(&entries, &[dom::make("p", "muted", empty)]);
                }
                &[token] => shown.labels.get(token).map(|label| format::visible(label)).unwrap_or_default(),
                tokens => format!("{} tokens", tokens.len()),
            };
            let says = match (tokens.len(), role) {
                _ if matrix.derived => largest,
                (1, _) => what,
                (_, Role::Query) => "attend to, summed",
                (_, Role::Key) => "are attended by, summed",
            };
            let name = dom::make("span", if tokens.len() == 1 { "token" } else { "" }, &name);
            dom::put(&title, &[name, dom::make("span", "", &format!(" {says}"))]);
            let (rows, cells) = rank(shown, &matrix, role, &tokens);
            refill(&entries, &[dom::around("ol", &[], &rows)], "data-at");
            *shown_targets.borrow_mut() = cells;
        });
    });
    dom::listen(root, "click", move |event: MouseEvent| {
        let place =
            dom::closest(&event, "[data-at]").and_then(|entry| entry.get_attribute("data-at")?.parse::<usize>().ok());
        let target = place.and_then(|place| targets.borrow().get(place).cloned());
        target.into_iter().for_each(|selection| page.select(Step::Push, selection, role));
    });
}

/// The entries, and what a click on each selects.
fn rank(shown: &Shown, matrix: &Matrix, role: Role, tokens: &[usize]) -> (Vec<HtmlElement>, Vec<Selection>) {
    // Attention of 0 is none; what was derived may be below.
    let floor = if matrix.range.0 < 0.0 { f32::NEG_INFINITY } else { 0.0 };
    let sums = matrix.sum(tokens, role).into_iter().map(|sum| sum.unwrap_or(f32::NAN));
    let entry = |(place, Ranked { index, value }): (usize, Ranked)| {
        let cell = match (role, tokens) {
            (Role::Query, &[query]) => Some(Cell { query, key: index }),
            (Role::Key, &[key]) => Some(Cell { query: index, key }),
            _ => None,
        };
        let number = match cell {
            Some(cell) => readout::value(matrix, cell),
            None if matrix.derived => format::number(value),
            None if matrix.exact => format::exact(value),
            None => format::approximate(value),
        };
        let share = dom::make("span", "share", "");
        dom::style(&share, "width", &format!("{:.1}%", 100.0 * matrix.strength(value / tokens.len() as f32)));
        let parts = [
            share,
            dom::make("span", "place", &index.to_string()),
            dom::make("span", "token", &format::visible(&shown.labels[index])),
            dom::make("span", "reading", &number),
        ];
        let button = dom::around("button", &[("class", "quiet")], &parts);
        dom::set(&button, "data-at", &place.to_string());
        (dom::around("li", &[], &[button]), cell.map_or(Selection::Token(index), Selection::Cell))
    };
    top(sums, floor, COUNT).into_iter().enumerate().map(entry).unzip()
}
