//! The parts of the page that stay while its state changes: controls, and cards that the state fills.

use lens_schema::score::ScoreTable;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlSelectElement};

use super::data::{Data, Missing};
use super::dom::when;
use super::groups::grouped;
use super::numbers::PLACES;
use super::plot::Kind;
use super::state::{TOP, top_name};
use crate::dom::{around, element, find, words};
use crate::index::Index;
use crate::scores;

/// Everything below the title bar.
pub fn page(index: &Index, data: &Data) -> Vec<HtmlElement> {
    let table = &data.table;
    let prompts = table.prompts.iter().zip(&data.prompts).map(|(hash, text)| option(hash, text));
    let mean = option("", &format!("the mean over {}", prompts_text(table.prompts.len())));
    let bar = [
        models(index),
        select("Score", "score", score_options(table, false)),
        select("Prompt", "on", std::iter::once(mean).chain(prompts).collect()),
        slot("p", "doc", "doc"),
    ];
    let list = vec![
        select("Show", "top", TOP.map(|top| option(&top_name(top), &top_name(top))).into()),
        button("Select these", "listed", "", "Select the listed heads for the figures"),
    ];
    let axes = [("Across", "x"), ("Up", "y"), ("Colour", "hue")];
    let axes = axes.map(|(label, name)| select(label, name, score_options(table, true))).into();
    let map = card("map", "Layers and heads", vec![], vec![chart(Kind::Map), colour_bar("map-bar")]);
    let scatter = card("scatter", "Two scores", axes, vec![chart(Kind::Scatter), colour_bar("scatter-bar")]);
    let list = card("list", "Heads by score", list, vec![slot("div", "list", "table-scroll")]);
    let plane = vec![chart(Kind::Plane), words("p", &[("class", "muted")], PLANE)];
    let plane = card("plane", "Alike and unlike", vec![], plane);
    let focus = [("class", "card looked-at"), ("aria-label", "The head that is looked at"), ("data-slot", "focus")];
    let column = |cards: Vec<HtmlElement>| around("div", &[("class", "column")], &cards);
    let cards = [column(vec![map, scatter]), column(vec![list, plane]), element("section", &focus)];
    vec![
        words("h1", &[("class", "sr-only")], "Heads by their scores"),
        around("div", &[("class", "finder-bar"), ("role", "group"), ("aria-label", "What is shown")], &bar),
        element("div", &[("class", "notes"), ("role", "status"), ("data-slot", "notices"), ("data-testid", "notices")]),
        around(
            "div",
            &[("class", "finder-bar ranges"), ("role", "group"), ("aria-label", "Ranges that heads must lie in")],
            &[
                slot("div", "filters", "filters"),
                button("Add a range", "filter", "", "Only heads whose score lies in a range"),
                slot("span", "passing", "muted"),
                button("Select them", "passing", "", "Select the heads that pass, for the figures"),
            ],
        ),
        around("div", &[("class", "finder-cards")], &cards),
        words("p", &[("class", "muted keys"), ("id", "finder-keys")], KEYS),
        element("div", &[("class", "finder-selection"), ("data-slot", "selection"), ("data-testid", "selection")]),
        element("p", &[("class", "sr-only"), ("role", "status"), ("data-slot", "said")]),
    ]
}

const PLANE: &str = "Near heads attend alike: a plane fitted to their Jensen–Shannon divergences.";
const KEYS: &str = "Click a head to look at it and select it, or drag a rectangle over several; with Shift they are added. \
    On a picture, arrow keys go from head to head, Shift with them selects a rectangle, Space selects or not, Enter \
    opens the pattern, Escape clears the selection.";

/// Why there is nothing to show, and what to do about it.
pub fn missing(index: &Index, missing: &Missing) -> Vec<HtmlElement> {
    let (dir, name) = match missing {
        Missing::Failed(dir, message) => {
            let title = words("h1", &[], "The scores cannot be shown");
            let parts = [title, words("p", &[], message), chosen_model(index, dir)];
            return vec![around(
                "section",
                &[("class", "failure"), ("role", "alert"), ("data-testid", "error")],
                &parts,
            )];
        }
        Missing::Scores(None) => ("", "any model"),
        Missing::Scores(Some((dir, name))) => (dir.as_str(), name.as_str()),
    };
    let text = format!("This site has no head scores of {name}. They are computed from the patterns that are kept:");
    let parts = [
        words("h1", &[], "No head scores"),
        words("p", &[], &text),
        words("pre", &[], "lens-build figures\nlens-build site"),
        words(
            "p",
            &[("class", "muted")],
            "The first command computes what is missing, the second builds the site again.",
        ),
        chosen_model(index, dir),
    ];
    vec![around("section", &[("class", "card without"), ("data-testid", "without-scores")], &parts)]
}

/// The models, to choose another than this one.
fn chosen_model(index: &Index, dir: &str) -> HtmlElement {
    let models = models(index);
    find(&models, "select").unchecked_into::<HtmlSelectElement>().set_value(dir);
    models
}

fn models(index: &Index) -> HtmlElement {
    let models = index.models.iter().map(|model| {
        let dir = model.dir();
        let lacks = if scores::has(index, &dir) { "" } else { " (no scores)" };
        option(&dir, &format!("{}{lacks}", model.model_name))
    });
    select("Model", "model", models.collect())
}

/// Grey shapes where the page will be.
pub fn waiting() -> Vec<HtmlElement> {
    let shape = || element("div", &[("class", "card skeleton")]);
    vec![around(
        "div",
        &[("class", "finder-cards"), ("aria-hidden", "true")],
        &(0..5).map(|_| shape()).collect::<Vec<_>>(),
    )]
}

pub fn prompts_text(n: usize) -> String {
    format!("{n} prompt{}", if n == 1 { "" } else { "s" })
}

fn slot(tag: &str, name: &str, class: &str) -> HtmlElement {
    element(tag, &[("data-slot", name), ("class", class), ("data-testid", name)])
}

fn card(name: &str, title: &str, controls: Vec<HtmlElement>, body: Vec<HtmlElement>) -> HtmlElement {
    let id = format!("finder-{name}");
    let mut header = vec![words("h2", &[("id", &id)], title)];
    header.extend(controls);
    let mut parts = vec![around("header", &[], &header)];
    parts.extend(body);
    around("section", &[("class", &format!("card {name}")), ("aria-labelledby", &id)], &parts)
}

/// A picture with what is laid over it: the frames of the head that is looked at and of the one under the pointer, its
/// values, and the rectangle that is dragged.
fn chart(kind: Kind) -> HtmlElement {
    let mut parts = vec![element("canvas", &[("aria-hidden", "true")])];
    parts.extend(["ring focus", "ring", "brush", "tip"].map(|c| element("span", &[("class", c), ("hidden", "")])));
    let attributes = [
        ("class", "chart"),
        ("data-chart", kind.name()),
        ("data-testid", kind.name()),
        ("tabindex", "0"),
        ("role", "application"),
        ("aria-describedby", "finder-keys"),
    ];
    around("div", &[("class", "chart-box")], &[around("div", &attributes, &parts)])
}

/// A colour map with the values at its ends and its middle.
fn colour_bar(name: &str) -> HtmlElement {
    let bar = element("canvas", &[("width", "256"), ("height", "1"), ("aria-hidden", "true")]);
    let ticks = around("figcaption", &[], &(0..4).map(|_| element("span", &[])).collect::<Vec<_>>());
    around("figure", &[("class", "shades"), ("data-slot", name), ("data-testid", name)], &[bar, ticks])
}

pub fn button(label: &str, action: &str, argument: &str, title: &str) -> HtmlElement {
    let key = format!("{action} {argument}");
    let attributes = [
        ("class", "small"),
        ("data-do", action),
        ("data-arg", argument),
        ("data-key", &key),
        ("title", title),
        ("data-testid", action),
    ];
    words("button", &attributes, label)
}

pub fn option(value: &str, label: &str) -> HtmlElement {
    words("option", &[("value", value)], label)
}

pub fn select(label: &str, name: &str, options: Vec<HtmlElement>) -> HtmlElement {
    let attributes = [("name", name), ("data-testid", name), ("data-key", name), ("aria-label", label)];
    let select = around("select", &attributes, &options);
    around("label", &[("class", "option")], &[words("span", &[("aria-hidden", "true")], label), select])
}

/// Every score by group, each with its documentation; those that have no value cannot be chosen and say why.
pub fn score_options(table: &ScoreTable, places: bool) -> Vec<HtmlElement> {
    let mut names: Vec<&str> = table.columns.iter().map(|c| c.entry.name.as_str()).collect();
    names.extend(table.absent.keys().map(String::as_str));
    if places {
        names.extend(PLACES);
    }
    let named = |name: &String| {
        let absent = table.absent.get(name);
        let doc = table.column(name).map(|c| c.entry.doc.as_str()).or(absent.map(String::as_str)).unwrap_or_default();
        let label = if absent.is_some() { format!("{name} (no value)") } else { name.clone() };
        words("option", &[("value", name), ("title", doc), when(absent.is_some(), "disabled")], &label)
    };
    let group = |(title, members): (&str, Vec<String>)| {
        around("optgroup", &[("label", title)], &members.iter().map(named).collect::<Vec<_>>())
    };
    grouped(&names).into_iter().map(group).collect()
}
