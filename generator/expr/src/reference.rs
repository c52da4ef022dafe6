//! The reference of the language, from its table. The viewer's help and the generator's documentation are made of it.

use std::fmt::Write;

use crate::function::{Entry, Group};
use crate::table::ENTRIES;

/// Expressions to begin with, and what they show.
pub static EXAMPLES: &[(&str, &str)] = &[
    ("log10(A + 1e-8)", "the pattern on a logarithmic scale"),
    ("rownorm(A * (1 - first_key))", "without the sink: the first key removed, rows renormalised"),
    ("A - A.T", "what is paid but not paid back, for bidirectional patterns"),
    ("A @ A.T", "how alike queries are in what they attend to"),
    ("A.T @ A", "how alike keys are in who attends to them"),
    ("matpow(A, 5)", "attention followed for five steps"),
    ("A * band(1, 1)", "attention to the previous token alone"),
    ("A * same_token * (i > j)", "attention to earlier copies of the token"),
    ("A * tril(roll(same_token, 1), -1)", "attention to what followed earlier copies: induction"),
    ("A * (i + 1)", "attention relative to uniform attention over the past"),
    ("A == max(A, axis=1)", "the most attended key of every query"),
    ("where(causal, A, nan)", "masked cells left out instead of 0"),
];

impl Group {
    pub const ALL: &[Group] =
        &[Group::Names, Group::Masks, Group::Operators, Group::Elementwise, Group::Reductions, Group::Matrices];

    /// The heading of the section.
    pub fn title(self) -> &'static str {
        match self {
            Group::Names => "Names",
            Group::Masks => "Masks: matrices of 0 and 1",
            Group::Operators => "Operators",
            Group::Elementwise => "Cell by cell",
            Group::Reductions => "Along rows and columns",
            Group::Matrices => "Matrices",
        }
    }

    /// What holds for all entries of the section; empty if nothing does.
    pub fn note(self) -> &'static str {
        match self {
            Group::Operators => {
                "From tight to loose: **; a minus before a value; * / @; + -; comparisons. \
                 A row, a column or a number is repeated to fit the other side."
            }
            Group::Reductions => {
                "axis=0 goes down the rows: one value per column, a row [1, n]. axis=1 goes across: one value per row, \
                 a column [n, 1]. Without an axis, all cells give one number. dim is another name for axis. \
                 Any function can also be written after its first argument: A.sum(axis=1)."
            }
            _ => "",
        }
    }

    /// The entries of the section.
    pub fn entries(self) -> impl Iterator<Item = &'static Entry> {
        ENTRIES.iter().filter(move |entry| entry.group == self)
    }
}

impl Entry {
    /// The documentation with the other spellings of the name.
    pub fn description(&self) -> String {
        match self.also {
            [] => self.doc.to_owned(),
            also => format!("{} Also {}.", self.doc, also.join(", ")),
        }
    }
}

/// The whole reference as Markdown.
pub fn markdown() -> String {
    let mut out = String::from("# Matrix expressions\n\n| expression | what it shows |\n|---|---|\n");
    for (source, shows) in EXAMPLES {
        let _ = writeln!(out, "| `{source}` | {shows} |");
    }
    for &group in Group::ALL {
        let _ = writeln!(out, "\n## {}\n", group.title());
        if !group.note().is_empty() {
            let _ = writeln!(out, "{}\n", escape(group.note()));
        }
        out.push_str("| | | example |\n|---|---|---|\n");
        for entry in group.entries() {
            let _ =
                writeln!(out, "| `{}` | {} | `{}` |", entry.signature(), escape(&entry.description()), entry.example);
        }
    }
    out
}

/// Text as Markdown shows it.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if matches!(c, '*' | '_' | '[' | ']' | '<' | '>' | '|' | '\\' | '`') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
