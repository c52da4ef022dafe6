//! The reference of the language, to search and to pick from.

use lens_expr::{EXAMPLES, Entry, Form, Group};
use leptos::prelude::*;

use crate::erase::on;

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

/// Examples and all entries by group. A click on a name inserts it, one on an example replaces what is there.
#[component]
pub fn Reference(insert: Callback<Insert>) -> impl IntoView {
    let sought = RwSignal::new(String::new());
    let example = move |source: &'static str| pick(insert, "example", source.to_owned(), Insert::Whole(source));
    let entry = move |entry: &'static Entry| {
        let name = pick(insert, "name", entry.signature(), Insert::Part(snippet(entry)));
        row("entry", vec![name, text(entry.description()), example(entry.example)])
    };
    let found = move |sought: &str| {
        let examples = EXAMPLES.iter().filter(|(source, shows)| has(&[source, shows], sought));
        let examples = examples.map(|&(source, shows)| row("whole", vec![example(source), text(shows.to_owned())]));
        let groups = Group::ALL.iter().map(|group| {
            let entries = group.entries().filter(|entry| matches(entry, sought));
            (group.title(), group.note(), entries.map(entry).collect())
        });
        let sections: Vec<AnyView> = std::iter::once(("Examples", "", examples.collect()))
            .chain(groups)
            .filter(|(.., rows): &(_, _, Vec<AnyView>)| !rows.is_empty())
            .map(|(title, note, rows)| section(title, note, rows))
            .collect();
        if sections.is_empty() { vec![text("Nothing in the reference has these words.".to_owned())] } else { sections }
    };
    view! {
        <div class="reference" id="expression-reference" data-testid="expression-reference">
            <input
                type="search"
                placeholder="Search the reference"
                aria-label="Search the reference"
                data-testid="expression-search"
                prop:value=sought
                on:input=on(move |event| sought.set(event_target_value(&event)))
            />
            <div class="entries" tabindex="0" role="group" aria-label="Reference of expressions">
                {move || sought.with(|sought| found(sought))}
            </div>
        </div>
    }
}

/// A button that brings something into the field.
pub fn pick(insert: Callback<Insert>, class: &'static str, label: String, what: Insert) -> AnyView {
    let title = match what {
        Insert::Whole(_) => "Use this expression",
        Insert::Part(_) => "Insert at the cursor",
    };
    view! {
        <button class=format!("quiet mono {class}") title=title on:click=on(move |_| insert.run(what.clone()))>{label}</button>
    }
    .into_any()
}

fn section(title: &'static str, note: &'static str, rows: Vec<AnyView>) -> AnyView {
    view! { <h3>{title}</h3><p class="muted">{note}</p><ul>{rows}</ul> }.into_any()
}

fn row(class: &'static str, cells: Vec<AnyView>) -> AnyView {
    view! { <li class=class>{cells}</li> }.into_any()
}

fn text(text: String) -> AnyView {
    view! { <span>{text}</span> }.into_any()
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
