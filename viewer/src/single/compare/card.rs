//! The boards side by side, what is under the cursor on all of them, and where two of them differ most.

use std::rc::Rc;

use web_sys::{Element, Event, HtmlElement, MouseEvent, WheelEvent};

use super::boards::Canvases;
use super::difference::largest;
use super::with::{MOST, Minus};
use super::{Board, Comparison, Picture};
use crate::dom;
use crate::erase::effect;
use crate::signal::memo;
use crate::single::format;
use crate::single::geometry::Cell;
use crate::single::link::Target;
use crate::single::links;
use crate::single::page::Page;
use crate::single::readout;
use crate::single::refill::refill;
use crate::single::selection::Selection;

/// So many of the largest differences are listed.
const LISTED: usize = 8;

/// What is said of a board.
#[derive(Debug, Clone, PartialEq)]
struct Said {
    name: String,
    /// What the pattern is; none for a difference.
    target: Option<Target>,
    prompt: String,
    /// The range of its colours.
    range: String,
    /// Why there is no picture; nothing while it is on its way.
    problem: Option<String>,
    /// It is what is taken off A.
    is_minus: bool,
    /// It is one of the others, neither A nor a difference.
    is_other: bool,
    /// The place of the pattern, which its buttons act on.
    place: usize,
}

/// Brings the card to life; it is shown while the address names patterns to compare with.
pub fn start(page: Page, root: &Element) {
    let slot = dom::find(root, ".slot.comparison");
    dom::fill(&slot, include_str!("card.html"));
    let card = dom::part(&slot, "compare");
    let comparison = Comparison::new(page);
    let boards = dom::find(&card, ".boards");
    let all = memo(move || {
        let said = |(place, board): (usize, &Board)| said(comparison, place, board);
        comparison.boards.with(|boards| boards.iter().enumerate().map(said).collect::<Vec<_>>())
    });
    let shown = card.clone();
    effect(move || shown.set_hidden(comparison.named.with(Vec::is_empty)));
    let here = boards.clone();
    effect(move || {
        let figures: Vec<_> = all.with(|all| all.iter().map(|said| figure(page, said)).collect());
        refill(&here, &figures, "data-testid");
    });
    dom::children(dom::part(&card, "compare-values"), move || values(comparison));
    dom::children(dom::part(&card, "compare-largest"), move || differences(comparison));
    dom::text(dom::find(&card, ".compare > .problem"), move || {
        let more = comparison.named.with(Vec::len) - comparison.n_others();
        if more == 0 { String::new() } else { format!("{MOST} patterns have room; the address names {more} more.") }
    });
    let canvases = Canvases::new(comparison, boards.clone());
    follow_the_mouse(comparison, &canvases, &boards);
    dom::listen(&card, "click", move |event: MouseEvent| {
        let Some(button) = dom::closest(&event, "[data-do]") else { return canvases.click(&event) };
        let get = |name: &str| button.get_attribute(name).unwrap_or_default();
        match (get("data-do").as_str(), get("data-at").parse()) {
            ("cell", Ok(Selection::Cell(cell))) => comparison.select(cell),
            (action, _) => comparison.act(action, get("data-at").parse().unwrap_or_default()),
        }
    });
}

fn follow_the_mouse(comparison: Comparison, canvases: &Rc<Canvases>, boards: &HtmlElement) {
    let (over, turned) = (canvases.clone(), canvases.clone());
    dom::listen(boards, "pointermove", move |event: MouseEvent| over.go(&event));
    dom::listen(boards, "pointerleave", move |_: Event| comparison.hover(None));
    dom::listen(boards, "wheel", move |event: WheelEvent| turned.wheel(&event));
}

fn said(comparison: Comparison, place: usize, board: &Board) -> Said {
    let (range, problem) = match &board.picture {
        Ok(picture) => {
            let (low, high) = picture.colours.range;
            (format!("{} to {}", format::tick(low), format::tick(high)), None)
        }
        Err(message) => (String::new(), Some(message.clone())),
    };
    Said {
        name: board.name.clone(),
        target: board.target.clone(),
        prompt: board.prompt.clone(),
        range,
        problem,
        is_minus: comparison.minus.get() == Minus::Place(place),
        is_other: (1..=comparison.n_others()).contains(&place),
        place,
    }
}

fn figure(page: Page, said: &Said) -> HtmlElement {
    let Said { name, place, .. } = said;
    let at = place.to_string();
    let button = |action: &str, title: &str, sign: &str| {
        let button = dom::named(dom::make("button", "icon", sign), &format!("compare-{action}-{name}"));
        for (attribute, value) in [("data-do", action), ("data-at", &at), ("title", title), ("aria-label", title)] {
            dom::set(&button, attribute, value);
        }
        button
    };
    let mut caption = vec![dom::make("b", "", name)];
    let what = said.target.as_ref().map(|target| format!("{} {}", target.id.model, target.id.head));
    if let Some((target, what)) = said.target.as_ref().zip(what.as_deref()) {
        let link = links::to(page, target);
        link.set_text_content(Some(what));
        caption.push(link);
    }
    let prompt = dom::make("span", "muted excerpt", &said.prompt);
    prompt.set_title(&said.prompt);
    caption.push(prompt);
    if said.is_other {
        let minus = button("minus", &format!("Show A − {name}"), "−");
        dom::set(&minus, "aria-pressed", if said.is_minus { "true" } else { "false" });
        let (swap, remove) = (format!("Swap {name} and A"), format!("Remove {name}"));
        caption.extend([minus, button("swap", &swap, "⇄"), button("remove", &remove, "×")]);
    }
    let is_loading = said.problem.as_deref() == Some("");
    let inside = match &said.problem {
        Some(problem) => vec![dom::make("p", "problem", problem)],
        None => ["cells", "crosshair"].map(|class| dom::make("canvas", class, "")).to_vec(),
    };
    if let [cells, crosshair] = &inside[..] {
        [cells, crosshair].iter().for_each(|canvas| dom::set(canvas, "data-place", &at));
        dom::set(cells, "aria-hidden", "true");
        dom::set(crosshair, "role", "img");
        dom::set(crosshair, "aria-label", &format!("{name}: {}", what.as_deref().unwrap_or("difference")));
    }
    let field = dom::around("div", &[("class", if is_loading { "field skeleton" } else { "field" })], &inside);
    let parts = [dom::around("figcaption", &[], &caption), field, dom::make("p", "muted range", &said.range)];
    let figure = dom::named(dom::around("figure", &[], &parts), &format!("compare-{name}"));
    dom::set(&figure, "aria-busy", if is_loading { "true" } else { "false" });
    figure
}

/// A part of a line in which a token that is written from right to left turns nothing but itself.
fn apart(text: &str) -> HtmlElement {
    dom::words("bdi", &[("dir", "ltr")], text)
}

/// Position and token, where all pictures have the same one there.
fn token<'a>(mut pictures: impl Iterator<Item = &'a Picture>, at: usize) -> String {
    let label = |picture: &'a Picture| picture.labels.get(at).map(String::as_str).unwrap_or_default();
    let first = pictures.next().map(label).unwrap_or_default();
    if pictures.all(|picture| label(picture) == first) { format!("{at} {first}") } else { at.to_string() }
}

/// The values under the cursor of all boards that have the cell.
fn values(comparison: Comparison) -> Vec<HtmlElement> {
    comparison.boards.with(|boards| {
        let picture = |board: &'_ Board| board.picture.as_ref().ok().map(|picture| picture.matrix.n);
        let n = match comparison.hovered.get() {
            Some((n, _)) => Some(n),
            None => boards.first().and_then(picture),
        };
        let (Some(query), Some(key)) = n.map_or((None, None), |n| comparison.focus(n)) else {
            return vec![dom::make("span", "muted", "Point at a cell: its value on every board stands here.")];
        };
        let linked = || boards.iter().filter_map(|board| Some((board, board.picture.as_ref().ok()?)));
        let linked = || linked().filter(|(_, picture)| Some(picture.matrix.n) == n);
        let pictures = || linked().map(|(_, picture)| picture);
        let [query_is, key_is] = [query, key].map(|at| apart(&token(pictures(), at)));
        let word = |text: &str| dom::make("span", "", text);
        let place = [word("query "), query_is, word(" → key "), key_is];
        let place = dom::around("span", &[("class", "place")], &place);
        let value = |(board, picture): (&Board, &Picture)| {
            let value = readout::value(&picture.matrix, Cell { query, key });
            let value = dom::named(dom::make("span", "", &value), &format!("compare-value-{}", board.name));
            dom::around("span", &[("class", "reading")], &[dom::make("b", "", &board.name), value])
        };
        std::iter::once(place).chain(linked().map(value)).collect()
    })
}

/// Where the two differ most.
fn differences(comparison: Comparison) -> Vec<HtmlElement> {
    let Minus::Place(place) = comparison.minus.get() else { return Vec::new() };
    comparison.boards.with(|boards| {
        let picture = |place: usize| boards.get(place).and_then(|board| board.picture.as_ref().ok());
        let last = boards.len().saturating_sub(1);
        let (Some(a), Some(b), Some(minus)) = (picture(0), picture(place), picture(last)) else { return Vec::new() };
        let both = || [a, b].into_iter();
        let row = |(cell, value): (Cell, f32)| {
            let [query, key] = [cell.query, cell.key].map(|at| apart(&token(both(), at)));
            let place = [query, dom::make("span", "", " → "), key];
            let value = format!("{}{}", if value > 0.0 { "+" } else { "" }, format::number(value));
            let parts = [dom::around("span", &[("class", "token")], &place), dom::make("span", "", &value)];
            let button = dom::around("button", &[("class", "quiet")], &parts);
            button.set_title(&format!("{}, {}", readout::value(&a.matrix, cell), readout::value(&b.matrix, cell)));
            dom::set(&button, "data-do", "cell");
            dom::set(&button, "data-at", &Selection::Cell(cell).to_string());
            dom::around("li", &[], &[button])
        };
        let rows: Vec<HtmlElement> = largest(&minus.matrix, LISTED).into_iter().map(row).collect();
        match rows.is_empty() {
            true => vec![dom::make("p", "muted", "The two are equal.")],
            false => vec![dom::make("h3", "", "Largest differences"), dom::around("ol", &[], &rows)],
        }
    })
}
