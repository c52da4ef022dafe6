//! What follows the state: notices, ranges, the list, the head that is looked at, and the selection.

use lens_schema::scale::min_max;
use lens_schema::{PatternId, path};
use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement, HtmlSelectElement};

use super::dom::{fill, slot, when};
use super::filter::shown;
use super::numbers::{rank, rank_words, text};
use super::reading::Reading;
use super::skeleton::{button, score_options, select};
use super::state::{State, top_name};
use crate::dom::{around, element, first, set, style, words};

/// Similar heads that are listed.
const SIMILAR: usize = 6;

/// Brings everything but the pictures up to date.
pub fn update(root: &Element, state: &State, reading: &Reading) {
    let values = [
        ("model", reading.data.model.dir.clone()),
        ("score", reading.score.clone()),
        ("on", reading.row.map(|row| reading.data.table.prompts[row].clone()).unwrap_or_default()),
        ("x", reading.x.clone()),
        ("y", reading.y.clone()),
        ("hue", reading.hue.clone()),
        ("top", top_name(state.top)),
    ];
    for (name, value) in values {
        set_value(root, name, &value);
    }
    let put = |name: &str, children: Vec<HtmlElement>| {
        if let Some(slot) = slot(root, name) {
            fill(&slot, &children);
        }
    };
    put("doc", documentation(reading));
    let notices = reading.notices.iter().map(|notice| words("p", &[], notice));
    put("notices", notices.collect());
    put("list", vec![list(reading)]);
    put("focus", looked_at(root, reading));
    put("selection", selection(reading));
    let is_empty = reading.notices.is_empty();
    filters(root, state, reading);
    let lists_none = reading.listed.is_empty();
    for (name, hidden) in [
        ("[data-slot=notices]", is_empty),
        ("[data-do=listed]", lists_none),
        ("[data-do=passing]", !reading.is_filtered || lists_none),
    ] {
        if let Some(element) = first(root, name) {
            element.set_hidden(hidden);
        }
    }
}

/// Sets a field, unless one types into it.
fn set_value(root: &Element, name: &str, value: &str) {
    let Some(field) = first(root, &format!("[name=\"{name}\"]")) else { return };
    match field.dyn_ref::<HtmlSelectElement>() {
        Some(select) => select.set_value(value),
        None if document().active_element().as_ref() == Some(&field) => {}
        None => field.unchecked_ref::<HtmlInputElement>().set_value(value),
    }
}

/// What the score is: its description, unit, range, source, and why values may be absent.
fn documentation(reading: &Reading) -> Vec<HtmlElement> {
    let Some(entry) = reading.data.entry(&reading.score) else { return Vec::new() };
    let doc = entry.doc.replace('\n', " ");
    let (doc, source) = doc.split_once(" Source: ").unwrap_or((&doc, ""));
    let range = match (entry.min, entry.max) {
        (Some(min), Some(max)) => format!(", {min} to {max}"),
        (Some(min), None) => format!(", from {min}"),
        (None, Some(max)) => format!(", up to {max}"),
        (None, None) => String::new(),
    };
    let mut more = format!("In {}{range}.", entry.unit);
    if !source.is_empty() {
        more += &format!(" Source: {source}");
    }
    if let Some(why) = &entry.undefined {
        more += &format!(" No value where {why}.");
    }
    if reading.row.is_some() && !entry.per_prompt {
        more += " The same on every prompt.";
    }
    vec![words("span", &[], doc), words("span", &[("class", "muted")], &format!(" {more}"))]
}

/// The ranges; their fields are made anew only if others are needed.
fn filters(root: &Element, state: &State, reading: &Reading) {
    let (Some(rows), Some(count)) = (slot(root, "filters"), slot(root, "passing")) else { return };
    let names: Vec<&str> = state.filters.iter().map(|f| f.score.as_str()).collect();
    let names = names.join(" ");
    if rows.get_attribute("data-names").as_deref() != Some(&names) {
        set(&rows, "data-names", &names);
        let range = |(at, name): (usize, &str)| {
            let (min, max) = min_max(reading.values(name).iter().copied().filter(|v| v.is_finite()));
            let field = |end: &str, value: f32, label: &str| {
                let own = format!("{end}{at}");
                let attributes = [
                    ("type", "number"),
                    ("step", "any"),
                    ("name", &own),
                    ("data-testid", &own),
                    ("data-key", &own),
                    ("placeholder", &text(value)),
                    ("aria-label", &format!("{label} {name}")),
                ];
                element("input", &attributes)
            };
            let score = select("Range of", &format!("score{at}"), score_options(&reading.data.table, true));
            let remove = button("×", "unfilter", &at.to_string(), "Remove this range");
            set(&remove, "aria-label", &format!("Remove the range of {name}"));
            let parts =
                [score, field("min", min, "Least"), words("span", &[], "to"), field("max", max, "Most"), remove];
            around("div", &[("class", "range")], &parts)
        };
        let ranges = state.filters.iter().map(|f| f.score.as_str()).enumerate().map(range);
        fill(&rows, &ranges.collect::<Vec<_>>());
    }
    for (at, filter) in state.filters.iter().enumerate() {
        set_value(root, &format!("score{at}"), &filter.score);
        set_value(root, &format!("min{at}"), &shown(filter.min));
        set_value(root, &format!("max{at}"), &shown(filter.max));
    }
    let all = reading.bright.len();
    let passing = match reading.is_filtered {
        true => format!("{} of {all} heads pass", reading.n_passing()),
        false => format!("All {all} heads"),
    };
    count.set_text_content(Some(&passing));
}

/// A bar as long as a value's part of a range.
fn bar(part: f32) -> HtmlElement {
    let bar = element("span", &[("class", "bar"), ("aria-hidden", "true")]);
    style(&bar, "--part", &format!("{:.3}", if part.is_nan() { 0.0 } else { part.clamp(0.0, 1.0) }));
    bar
}

/// Address of a head's pattern, on the prompt that tells most, in the colours of this page.
pub fn href(reading: &Reading, at: usize) -> String {
    let model = &reading.data.model;
    let id = PatternId { model: model.dir.clone(), head: model.head(at) };
    reading.shade.after(path::single_url(&id, reading.prompt_of(at)))
}

fn list(reading: &Reading) -> HtmlElement {
    let (model, values) = (&reading.data.model, reading.values(&reading.score));
    let range = min_max(values.iter().copied().filter(|v| v.is_finite()));
    let sort = if reading.ascending { "ascending" } else { "descending" };
    let order = button(&reading.score, "order", "", "Turn the order round");
    order.set_class_name("sort");
    let mut head = vec![words("th", &[("scope", "col")], "#"), words("th", &[("scope", "col")], "Head")];
    head.push(around("th", &[("scope", "col"), ("aria-sort", sort)], &[order]));
    head.push(around("th", &[("scope", "col")], &[words("span", &[("class", "sr-only")], "Selected")]));
    let row = |(place, at): (usize, &usize)| {
        let name = model.head(*at).to_string();
        let value = values[*at];
        let selected = reading.selected[*at];
        let link =
            words("a", &[("href", &href(reading, *at)), ("title", "Open its pattern"), ("data-key", &name)], &name);
        let part = (value - range.0) / (range.1 - range.0);
        let cell = [bar(part), words("span", &[], &text(value))];
        let check = element(
            "input",
            &[
                ("type", "checkbox"),
                ("aria-label", &format!("Select {name}")),
                ("data-do", "toggle"),
                ("data-arg", &name),
                ("data-key", &format!("toggle {name}")),
                when(selected, "checked"),
            ],
        );
        let attributes = [
            ("data-do", "focus"),
            ("data-arg", name.as_str()),
            ("data-testid", &format!("row-{name}")),
            when(*at == reading.focus, "aria-current"),
        ];
        let cells = [
            words("td", &[], &(place + 1).to_string()),
            around("th", &[("scope", "row")], &[link]),
            around("td", &[("class", "value")], &cell),
            around("td", &[], &[check]),
        ];
        around("tr", &attributes, &cells)
    };
    let rows = reading.listed.iter().enumerate().map(row).collect::<Vec<_>>();
    let caption = words("caption", &[("class", "sr-only")], &format!("Heads of {} by {}", model.name, reading.score));
    let parts = [caption, around("thead", &[], &[around("tr", &[], &head)]), around("tbody", &[], &rows)];
    let table = around("table", &[("class", "by-score"), ("data-testid", "heads")], &parts);
    match reading.listed.is_empty() {
        true => words("p", &[("class", "muted nothing")], "No head lies in these ranges."),
        false => table,
    }
}

/// The card of the head that is looked at.
fn looked_at(root: &Element, reading: &Reading) -> Vec<HtmlElement> {
    let (data, at) = (&reading.data, reading.focus);
    if data.model.is_empty() {
        return Vec::new();
    }
    let name = data.model.head(at).to_string();
    let toggle = button(if reading.selected[at] { "Unselect" } else { "Select" }, "toggle", &name, "For the figures");
    let header = [words("h2", &[("data-testid", "focus")], &name), toggle];
    let prompt = data.table.prompts.iter().position(|hash| hash == reading.prompt_of(at));
    let prompt = prompt.map_or("", |row| &data.prompts[row]);
    let href = href(reading, at);
    // A picture that is there already stays.
    let picture = first(root, ".pattern").filter(|a| a.get_attribute("href").as_ref() == Some(&href));
    let picture = picture.unwrap_or_else(|| {
        let label = format!("Open the pattern of {name} on the prompt {prompt}");
        let link = [
            ("class", "pattern"),
            ("href", &href),
            ("data-key", "open"),
            ("data-testid", "open"),
            ("aria-label", &label),
        ];
        let text =
            around("span", &[], &[words("strong", &[], "Open its pattern"), words("q", &[("class", "muted")], prompt)]);
        around("a", &link, &[element("canvas", &[("aria-hidden", "true")]), text])
    });
    let similar = data.distances.nearest(at, SIMILAR).into_iter().map(|(other, differs)| {
        let other = data.model.head(other).to_string();
        // ln 2 is the largest divergence.
        let parts = [
            words("span", &[("class", "name")], &other),
            bar(1.0 - differs / std::f32::consts::LN_2),
            words("span", &[], &text(differs)),
        ];
        let key = format!("focus {other}");
        around(
            "li",
            &[],
            &[around(
                "button",
                &[("class", "quiet"), ("data-do", "focus"), ("data-arg", &other), ("data-key", &key)],
                &parts,
            )],
        )
    });
    let similar = around("ol", &[("class", "similar"), ("data-testid", "similar")], &similar.collect::<Vec<_>>());
    vec![
        around("header", &[], &header),
        picture,
        words("h3", &[], "Similar heads, and how much they differ in nats"),
        similar,
        words("h3", &[], "Its scores and ranks"),
        own_scores(reading, at),
    ]
}

/// All scores of a head with its rank among all heads; a click shows the score.
fn own_scores(reading: &Reading, at: usize) -> HtmlElement {
    let rows = reading.data.table.columns.iter().map(|column| {
        let name = column.entry.name.as_str();
        let values = reading.values(name);
        let place = rank(values, at).map_or_else(|| "no value".to_owned(), rank_words);
        let key = format!("score {name}");
        let attributes = [
            ("class", "quiet"),
            ("data-do", "score"),
            ("data-arg", name),
            ("data-key", &key),
            ("title", &column.entry.doc),
            when(name == reading.score, "aria-current"),
        ];
        let value = values[at];
        let why = column.entry.undefined.as_deref().filter(|_| value.is_nan()).unwrap_or_default();
        let parts = [
            around("dt", &[], &[words("button", &attributes, name)]),
            words("dd", &[], &text(value)),
            words("dd", &[("class", "muted"), ("title", why)], &place),
        ];
        around("div", &[], &parts)
    });
    around("dl", &[("class", "own-scores"), ("data-testid", "own-scores")], &rows.collect::<Vec<_>>())
}

/// What is selected for the page of many patterns, and the way there.
fn selection(reading: &Reading) -> Vec<HtmlElement> {
    let model = &reading.data.model;
    let selected = (0..model.len()).filter(|at| reading.selected[*at]);
    let n = selected.clone().count();
    if n == 0 {
        return Vec::new();
    }
    let names = selected.take(8).map(|at| model.head(at).to_string()).collect::<Vec<_>>().join(", ");
    let names = match n {
        n if n == model.len() => format!("all {n} heads of {}", model.name),
        n if n > 8 => format!("{names} and {} more", n - 8),
        _ => names,
    };
    let count = format!("{n} selected: ");
    let show = button("Show their patterns", "figures", "", "Go to the figures of the selected heads");
    show.set_class_name("primary");
    vec![
        words("strong", &[], &count),
        words("span", &[("class", "names")], &names),
        show,
        button("Clear", "none", "", "Select no head"),
    ]
}
