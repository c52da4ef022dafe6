//! The rows of the prompt table: every prompt of several models once, filtered, sorted and paged.

use std::cmp::Ordering;
use std::sync::Arc;

use lens_schema::PromptEntry;
use lens_schema::sort::{set, sort_by};

use crate::grid::state::State;

/// A column to sort by, and the direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort<C> {
    pub column: C,
    pub descending: bool,
}

impl<C: PartialEq> Sort<C> {
    /// `tokens` or `-tokens`.
    pub fn read(text: &str, parse: impl Fn(&str) -> Option<C>) -> Option<Self> {
        let (name, descending) = match text.strip_prefix('-') {
            Some(name) => (name, true),
            None => (text, false),
        };
        parse(name).map(|column| Sort { column, descending })
    }

    pub fn write<'a>(&'a self, name: impl Fn(&'a C) -> &'a str) -> String {
        format!("{}{}", if self.descending { "-" } else { "" }, name(&self.column))
    }

    /// What pressing a column's header changes to: ascending, descending, unsorted.
    pub fn pressed(now: Option<Self>, column: C) -> Option<Self> {
        match now {
            Some(sort) if sort.column == column => (!sort.descending).then_some(Sort { column, descending: true }),
            _ => Some(Sort { column, descending: false }),
        }
    }

    /// The value of `aria-sort` for a column's header.
    pub fn aria(now: Option<&Self>, column: &C) -> &'static str {
        match now {
            Some(sort) if sort.column == *column && sort.descending => "descending",
            Some(sort) if sort.column == *column => "ascending",
            _ => "none",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromptColumn {
    Text,
    Tokens,
    Dataset,
    Hash,
}

impl PromptColumn {
    pub const ALL: [PromptColumn; 4] =
        [PromptColumn::Text, PromptColumn::Tokens, PromptColumn::Dataset, PromptColumn::Hash];

    pub fn name(&self) -> &'static str {
        match self {
            PromptColumn::Text => "text",
            PromptColumn::Tokens => "tokens",
            PromptColumn::Dataset => "dataset",
            PromptColumn::Hash => "hash",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.name() == name)
    }
}

/// A prompt, whichever models have it.
#[derive(Debug, Clone, PartialEq)]
pub struct PromptRow {
    pub hash: String,
    pub text: String,
    /// Lower case, to be searched.
    folded: String,
    pub dataset: String,
    /// Directories of the models that have this prompt, with its number of tokens where that is known.
    pub models: Vec<(String, Option<usize>)>,
}

impl PromptRow {
    /// Fewest and most tokens among the models.
    pub fn tokens(&self) -> Option<(usize, usize)> {
        let counts = self.models.iter().filter_map(|m| m.1);
        counts.clone().min().zip(counts.max())
    }

    /// `81`, or `79–81` where models count differently.
    pub fn tokens_text(&self) -> String {
        match self.tokens() {
            None => "–".to_owned(),
            Some((a, b)) if a == b => a.to_string(),
            Some((a, b)) => format!("{a}–{b}"),
        }
    }

    pub fn has_model(&self, dir: &str) -> bool {
        self.models.iter().any(|m| m.0 == dir)
    }

    /// The first words, on one line.
    pub fn preview(&self, chars: usize) -> String {
        let mut words = self.text.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some((end, _)) = words.char_indices().nth(chars) {
            words.truncate(words[..end].trim_end().len());
            words.push('…');
        }
        words
    }
}

/// Every prompt of several models, which are named by their directories, once, in the order that the models, taken one
/// after the other, have them.
pub fn merge(models: &[(String, Arc<Vec<PromptEntry>>)]) -> Vec<Arc<PromptRow>> {
    let mut rows: Vec<PromptRow> = Vec::new();
    let hashes = set(models.iter().flat_map(|(_, prompts)| prompts.iter().map(|prompt| prompt.hash.as_str())));
    // The row of each hash.
    let mut places = vec![None; hashes.len()];
    for (model, prompts) in models {
        for prompt in prompts.iter() {
            let hash = hashes.partition_point(|other| *other < prompt.hash.as_str());
            let place = *places[hash].get_or_insert_with(|| {
                rows.push(PromptRow {
                    hash: prompt.hash.clone(),
                    text: prompt.text.clone(),
                    folded: prompt.text.to_lowercase(),
                    dataset: prompt.dataset().unwrap_or_default().to_owned(),
                    models: Vec::new(),
                });
                rows.len() - 1
            });
            let n_tokens = prompt.n_tokens.or_else(|| prompt.tokens.as_ref().map(Vec::len));
            rows[place].models.push((model.clone(), n_tokens));
        }
    }
    rows.into_iter().map(Arc::new).collect()
}

/// The data sets of the rows, with how many prompts each has, by name.
pub fn datasets(rows: &[Arc<PromptRow>]) -> Vec<(String, usize)> {
    let named = || rows.iter().map(|row| row.dataset.as_str()).filter(|name| !name.is_empty());
    let names = set(named());
    let mut counts = vec![0; names.len()];
    named().for_each(|name| counts[names.partition_point(|other| *other < name)] += 1);
    names.into_iter().map(str::to_owned).zip(counts).collect()
}

/// The rows that the filters let through, in the order of the table: indexes into `rows`.
pub fn filtered(rows: &[Arc<PromptRow>], state: &State) -> Vec<usize> {
    let words: Vec<String> = state.search.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let (least, most) = state.tokens;
    let fits = |row: &PromptRow| {
        let (fewest, longest) = row.tokens().unwrap_or_default();
        least.is_none_or(|n| longest >= n)
            && most.is_none_or(|n| fewest <= n)
            && (state.datasets.is_empty() || state.datasets.contains(&row.dataset))
            && words.iter().all(|w| row.folded.contains(w) || row.hash.to_lowercase().starts_with(w))
    };
    let mut out: Vec<usize> = (0..rows.len()).filter(|&i| fits(&rows[i])).collect();
    if let Some(sort) = &state.prompt_sort {
        // Stable, so that equal rows keep their order in either direction.
        sort_by(&mut out, |&a, &b| compare(&rows[a], &rows[b], sort));
    }
    out
}

/// Reads numbers of tokens: `10-20`, `10-`, `-20`, or one number.
pub fn read_range(text: &str) -> Option<(Option<usize>, Option<usize>)> {
    let end = |t: &str| if t.is_empty() { Some(None) } else { t.parse().ok().map(Some) };
    match text.split_once('-') {
        Some((from, to)) => Some((end(from)?, end(to)?)),
        None => text.parse().ok().map(|n| (Some(n), Some(n))),
    }
}

/// What [`read_range`] reads; nothing if there is no bound.
pub fn write_range(range: (Option<usize>, Option<usize>)) -> Option<String> {
    let end = |n: Option<usize>| n.map(|n| n.to_string()).unwrap_or_default();
    (range != (None, None)).then(|| format!("{}-{}", end(range.0), end(range.1)))
}

/// Puts prompts in the order of the table.
pub fn sorted(rows: &mut Vec<Arc<PromptRow>>, sort: Option<&Sort<PromptColumn>>) {
    if let Some(sort) = sort {
        sort_by(rows, |a, b| compare(a, b, sort));
    }
}

fn compare(a: &PromptRow, b: &PromptRow, sort: &Sort<PromptColumn>) -> Ordering {
    let ordering = match sort.column {
        PromptColumn::Text => a.folded.cmp(&b.folded),
        PromptColumn::Tokens => a.tokens().cmp(&b.tokens()),
        PromptColumn::Dataset => a.dataset.cmp(&b.dataset),
        PromptColumn::Hash => a.hash.cmp(&b.hash),
    };
    if sort.descending { ordering.reverse() } else { ordering }
}

/// Number of pages, at least one.
pub fn pages(n_rows: usize, per_page: usize) -> usize {
    n_rows.div_ceil(per_page.max(1)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt(text: &str, n_tokens: usize, dataset: &str) -> PromptEntry {
        let json = serde_json::json!({"text": text, "hash": text, "n_tokens": n_tokens, "dataset": dataset});
        serde_json::from_value(json).unwrap()
    }

    fn rows() -> Vec<Arc<PromptRow>> {
        let a = vec![prompt("Cats purr", 3, "pets"), prompt("dogs\nbark", 5, "pets")];
        let b = vec![prompt("dogs\nbark", 4, "pets"), prompt("Ünits", 9, "math")];
        merge(&[("b".to_owned(), Arc::new(b)), ("a".to_owned(), Arc::new(a))])
    }

    fn texts(change: impl FnOnce(&mut State)) -> Vec<String> {
        let mut state = State::default();
        change(&mut state);
        let rows = rows();
        filtered(&rows, &state).into_iter().map(|i| rows[i].preview(99)).collect()
    }

    #[test]
    fn each_prompt_is_there_once() {
        let rows = rows();
        assert_eq!(rows.iter().map(|r| r.preview(6)).collect::<Vec<_>>(), ["dogs b…", "Ünits", "Cats p…"]);
        assert_eq!(rows.iter().map(|r| r.tokens_text()).collect::<Vec<_>>(), ["4–5", "9", "3"]);
        assert!(rows[0].has_model("a") && rows[0].has_model("b") && !rows[1].has_model("a"));
        assert_eq!(datasets(&rows), [("math".to_owned(), 1), ("pets".to_owned(), 2)]);
    }

    #[test]
    fn filters_apply_together() {
        assert_eq!(texts(|s| s.search = "BARK dog".into()), ["dogs bark"]);
        assert_eq!(texts(|s| s.search = "ünit".into()), ["Ünits"]);
        assert_eq!(texts(|s| s.tokens = (Some(5), None)), ["dogs bark", "Ünits"]);
        assert_eq!(texts(|s| s.tokens = (None, Some(4))), ["dogs bark", "Cats purr"]);
        assert_eq!(texts(|s| s.datasets = vec!["math".into()]), ["Ünits"]);
        assert!(texts(|s| (s.datasets, s.search) = (vec!["math".into()], "dogs".into())).is_empty());
    }

    #[test]
    fn columns_sort_both_ways() {
        let by = |text: &str| texts(|s| s.prompt_sort = Sort::read(text, PromptColumn::parse));
        assert_eq!(by("tokens"), ["Cats purr", "dogs bark", "Ünits"]);
        assert_eq!(by("-tokens"), ["Ünits", "dogs bark", "Cats purr"]);
        assert_eq!(by("dataset"), ["Ünits", "dogs bark", "Cats purr"]);
        assert_eq!(by("-dataset"), ["dogs bark", "Cats purr", "Ünits"]);
        assert_eq!(by("text"), ["Cats purr", "dogs bark", "Ünits"]);
        assert_eq!(by("nothing"), texts(|_| ()));
    }

    #[test]
    fn headers_go_round() {
        let once = Sort::pressed(None, PromptColumn::Text);
        let twice = Sort::pressed(once.clone(), PromptColumn::Text);
        assert_eq!(Sort::aria(once.as_ref(), &PromptColumn::Text), "ascending");
        assert_eq!(Sort::aria(twice.as_ref(), &PromptColumn::Text), "descending");
        assert_eq!(Sort::aria(twice.as_ref(), &PromptColumn::Hash), "none");
        assert_eq!(Sort::pressed(twice.clone(), PromptColumn::Text), None);
        assert_eq!(Sort::pressed(twice, PromptColumn::Hash), Sort::read("hash", PromptColumn::parse));
        assert_eq!([0, 20, 21].map(|n| pages(n, 20)), [1, 1, 2]);
    }
}
