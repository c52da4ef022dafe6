//! The reference of the language, to search and to pick from.

use std::cell::RefCell;
use std::rc::Rc;

use lens_expr::{EXAMPLES, Entry, Form, Group};
use leptos::prelude::*;
use web_sys::{Event, HtmlElement};

use crate::dom;

/// What a click brings into the field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Insert {
    /// In place of everything.
    Whole(&'static str),
    /// Where the cursor is.
    Part(String),
}

/// What an entry adds to an expression.
fn snippet(entry: &Entry) -> String {
    match entry.form {
        Form::Name => entry.name.to_owned(),
        Form::Function => format!("{}()", entry.name),
        Form::Operator(_) if entry.parameters.len() == 1 => entry.name.to_owned(),
        Form::Operator(_) => format!(" {} ", entry.name),
    }
}

/// Whether every word that is sought is somewhere in the texts.
fn has(texts: &[&str], sought: &str) -> bool {
    let texts = texts.join("\n").to_ascii_lowercase();
    sought.to_ascii_lowercase().split_whitespace().all(|word| texts.contains(word))
}

fn matches(entry: &Entry, sought: &str) -> bool {
    has(&[&entry.signature(), &entry.description(), entry.example], sought)
}

/// Examples and all entries by group, with a field to search them. A click on a name inserts it, one on an example
/// replaces what is there; `picks` learns what each button brings.
pub fn reference(picks: &Picks) -> HtmlElement {
    let attributes = [
        ("type", "search"),
        ("placeholder", "Search the reference"),
        ("aria-label", "Search the reference"),
        ("data-testid", "expression-search"),
    ];
    let search = dom::element("input", &attributes);
    let attributes =
        [("class", "entries"), ("tabindex", "0"), ("role", "group"), ("aria-label", "Reference of expressions")];
    let entries = dom::around("div", &attributes, &found("", picks));
    let (list, picks) = (entries.clone(), picks.clone());
    dom::listen(&search, "input", move |event: Event| dom::put(&list, &found(&event_target_value(&event), &picks)));
    let attributes = [("class", "reference"), ("id", "expression-reference"), ("data-testid", "expression-reference")];
    dom::around("div", &attributes, &[search, entries])
}

/// What matches, section by section.
fn found(sought: &str, picks: &Picks) -> Vec<HtmlElement> {
    let text = |text: String| dom::make("span", "", &text);
    let example = |source: &'static str| pick(picks, "example", source, Insert::Whole(source));
    let row = |class: &str, cells: &[HtmlElement]| dom::around("li", &[("class", class)], cells);
    let examples = EXAMPLES.iter().filter(|(source, shows)| has(&[source, shows], sought));
    let examples = examples.map(|&(source, shows)| row("whole", &[example(source), text(shows.to_owned())]));
    let mut sections = vec![("Examples", "", examples.collect::<Vec<_>>())];
    for group in Group::ALL {
        let entries = group.entries().filter(|entry| matches(entry, sought)).map(|entry| {
            let name = pick(picks, "name", &entry.signature(), Insert::Part(snippet(entry)));
            row("entry", &[name, text(entry.description()), example(entry.example)])
        });
        sections.push((group.title(), group.note(), entries.collect()));
    }
    let mut parts = Vec::new();
    for (title, note, rows) in sections.into_iter().filter(|(.., rows)| !rows.is_empty()) {
        parts.extend([dom::make("h3", "", title), dom::make("p", "muted", note), dom::around("ul", &[], &rows)]);
    }
    if parts.is_empty() { vec![text("Nothing in the reference has these words.".to_owned())] } else { parts }
}

/// What buttons bring into the field, by the number that each of them has.
pub type Picks = Rc<RefCell<Vec<Insert>>>;

/// A button that brings something into the field.
pub fn pick(picks: &Picks, class: &str, label: &str, what: Insert) -> HtmlElement {
    let button = dom::make("button", &format!("quiet mono {class}"), label);
    button.set_title(match what {
        Insert::Whole(_) => "Use this expression",
        Insert::Part(_) => "Insert at the cursor",
    });
    let mut picks = picks.borrow_mut();
    let number = picks.iter().position(|one| *one == what).unwrap_or(picks.len());
    if number == picks.len() {
        picks.push(what);
    }
    dom::set(&button, "data-pick", &number.to_string());
    button
}

#[cfg(test)]
mod tests {
    use lens_expr::{ENTRIES, Expr};

    use super::*;

    fn entry(signature: &str) -> &'static Entry {
        ENTRIES.iter().find(|entry| entry.signature() == signature).unwrap()
    }

    #[test]
    fn what_is_inserted_can_be_completed() {
        let inserted = ["A", "-x", "x @ y", "band(lo, hi)"].map(|signature| snippet(entry(signature)));
        assert_eq!(inserted, ["A", "-", " @ ", "band()"]);
    }

    #[test]
    fn words_are_found_wherever_they_stand() {
        assert!(matches(entry("first_key"), "SINK"));
        assert!(matches(entry("matpow(x, t)"), "steps walk"));
        assert!(!matches(entry("eye"), "sink"));
        assert!(matches(entry("eye"), " "));
    }

    #[test]
    fn everything_that_can_be_picked_is_right() {
        let entries = ENTRIES.iter().map(|entry| entry.example);
        for source in EXAMPLES.iter().map(|(source, _)| *source).chain(entries) {
            assert!(Expr::parse(source).is_ok(), "{source}");
        }
    }
}
