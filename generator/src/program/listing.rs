//! What `lens-build models` prints.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::model::catalog::{BuiltIn, CachedModel, Catalog, KnownModel};

use super::console::bytes;

/// Longest line of the overview.
const WIDTH: usize = 100;

/// What there is, in short.
pub fn overview(catalog: &Catalog) -> String {
    let mut out = String::new();
    section(&mut out, "Built-in models", &rows(catalog.built_in.iter().map(built_in)));
    section(&mut out, "Architectures (model_type of config.json)", &wrapped(&catalog.architectures));
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let can_run = catalog.known.iter().filter(|known| known.refused.is_none());
    for (architecture, name) in can_run.filter_map(|known| Some((known.architecture?, known.name))) {
        groups.entry(architecture).or_default().push(name);
    }
    let rows = rows(groups.iter().map(|(architecture, names)| {
        vec![(*architecture).to_owned(), names.len().to_string(), shortened(names, WIDTH - 20)]
    }));
    let title =
        "Names known from TransformerLens; a pattern lists them in full, for example `lens-build models pythia`";
    section(&mut out, title, &rows);
    cached(&mut out, catalog);
    out.push_str("\nAny other hub id of these architectures, and any folder with such a model, can be named as well.");
    out
}

/// What fits a pattern, in full.
pub fn table(catalog: &Catalog) -> String {
    let mut out = String::new();
    section(&mut out, "Built-in models", &rows(catalog.built_in.iter().map(built_in)));
    section(&mut out, "Architectures (model_type of config.json)", &wrapped(&catalog.architectures));
    let (can_run, refused): (Vec<_>, Vec<_>) = catalog.known.iter().partition(|known| known.refused.is_none());
    let title = "Names known from TransformerLens, with hub id, architecture and aliases";
    section(&mut out, title, &rows(can_run.into_iter().map(known)));
    let mut reasons: BTreeMap<&str, Vec<&KnownModel>> = BTreeMap::new();
    for known in refused {
        reasons.entry(known.refused.as_deref().unwrap_or_default()).or_default().push(known);
    }
    for (reason, models) in reasons {
        section(&mut out, &format!("Cannot be run; {reason}"), &rows(models.into_iter().map(refused_name)));
    }
    cached(&mut out, catalog);
    out.trim_end().to_owned()
}

fn built_in(model: &BuiltIn) -> Vec<String> {
    vec![model.name.to_owned(), bytes(model.bytes), model.description.to_owned()]
}

fn known(known: &KnownModel) -> Vec<String> {
    let name = if known.cached { format!("{} (cached)", known.name) } else { known.name.to_owned() };
    let architecture = known.architecture.unwrap_or_default().to_owned();
    vec![name, known.id.to_owned(), architecture, known.aliases.join(" ")]
}

fn refused_name(known: &KnownModel) -> Vec<String> {
    vec![known.name.to_owned(), known.id.to_owned()]
}

fn cached(out: &mut String, catalog: &Catalog) {
    let row = |model: &CachedModel| {
        let architecture = model.architecture.clone().unwrap_or_default();
        vec![model.id.clone(), architecture, bytes(model.bytes), model.revisions.join(" ")]
    };
    let title = format!("In the hub's cache, {}", catalog.cache.display());
    section(out, &title, &rows(catalog.cached.iter().filter(|model| model.can_run).map(row)));
}

/// A title and its lines, unless there are none.
fn section(out: &mut String, title: &str, lines: &[String]) {
    if !lines.is_empty() {
        let gap = if out.is_empty() { "" } else { "\n" };
        let _ = writeln!(out, "{gap}{title}:");
        lines.iter().for_each(|line| {
            let _ = writeln!(out, "  {line}");
        });
    }
}

/// Lines whose columns are aligned.
fn rows(rows: impl Iterator<Item = Vec<String>>) -> Vec<String> {
    let rows: Vec<Vec<String>> = rows.collect();
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|c| c.chars().count()).max();
    let line = |row: &Vec<String>| {
        let cells = row.iter().enumerate().map(|(column, cell)| {
            let width = width(column).unwrap_or(0);
            format!("{cell:<width$}")
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// Words in lines that fit.
fn wrapped(words: &[&str]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push((*word).to_owned()),
        }
    }
    lines
}

/// As many words as fit, and a sign if there are more.
fn shortened(words: &[&str], width: usize) -> String {
    let mut line = String::new();
    for word in words {
        if !line.is_empty() && line.len() + 1 + word.len() > width {
            line.push_str(" …");
            break;
        }
        let _ = write!(line, "{}{word}", if line.is_empty() { "" } else { " " });
    }
    line
}
