//! What the scores know about a prompt's tokens.

use std::collections::BTreeMap;

use lens_schema::index::INPUT_IDS;
use lens_schema::{PromptEntry, token};
use serde_json::Value;

/// A prompt's tokens, a row of the pattern each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PromptTokens {
    /// Equal tokens; `None` where the prompt's tokens are unknown.
    pub repeats: Option<Repeats>,
    /// Rows that are no token of the text: BOS, `[CLS]`, `[SEP]`.
    pub special: Option<Vec<usize>>,
    /// Rows that are nothing but punctuation.
    pub punctuation: Option<Vec<usize>>,
}

/// Where tokens occur again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repeats {
    /// Every row and each earlier row of the same token.
    pub pairs: Vec<(usize, usize)>,
    /// Rows that have an earlier row of the same token.
    pub rows: usize,
}

impl PromptTokens {
    /// For a pattern of `n` rows.
    pub fn new(prompt: &PromptEntry, n: usize) -> Self {
        let labels = labels(prompt, n);
        let repeats = match (ids(prompt, n), &labels) {
            (Some(ids), _) => Some(Repeats::of(&ids)),
            (None, Some(labels)) => Some(Repeats::of(labels)),
            (None, None) => None,
        };
        let rows_where = |is: fn(&str) -> bool| {
            let rows = |labels: &Vec<String>| (0..n).filter(|i| is(&labels[*i])).collect();
            labels.as_ref().map(rows)
        };
        PromptTokens { repeats, special: special(prompt, n), punctuation: rows_where(is_punctuation) }
    }
}

impl Repeats {
    pub fn of<T: Ord>(tokens: &[T]) -> Repeats {
        let mut seen: BTreeMap<&T, Vec<usize>> = BTreeMap::new();
        let mut repeats = Repeats::default();
        for (row, token) in tokens.iter().enumerate() {
            let earlier = seen.entry(token).or_default();
            repeats.rows += usize::from(!earlier.is_empty());
            repeats.pairs.extend(earlier.iter().map(|p| (row, *p)));
            earlier.push(row);
        }
        repeats
    }
}

/// One id per row.
fn ids(prompt: &PromptEntry, n: usize) -> Option<Vec<u64>> {
    let ids: Option<Vec<u64>> = prompt.rest.get(INPUT_IDS)?.as_array()?.iter().map(Value::as_u64).collect();
    ids.filter(|ids| ids.len() == n)
}

/// One label per row, where the prompt has tokens for them.
fn labels(prompt: &PromptEntry, n: usize) -> Option<Vec<String>> {
    let fits = |n_tokens: usize| n_tokens == n || n_tokens + 1 == n;
    let known =
        prompt.labels.as_ref().is_some_and(|l| l.len() == n) || prompt.tokens.as_ref().is_some_and(|t| fits(t.len()));
    known.then(|| prompt.row_labels(n))
}

/// Rows before and after those of the text's own tokens.
fn special(prompt: &PromptEntry, n: usize) -> Option<Vec<usize>> {
    let tokens = prompt.tokens.as_ref()?;
    let extra = n.checked_sub(tokens.len())?;
    let before = match (extra, &prompt.labels) {
        (0 | 1, _) => extra,
        (_, Some(labels)) => {
            let text: Vec<String> = tokens.iter().map(|t| token::readable(t)).collect();
            (0..=extra).find(|b| labels.get(*b..).is_some_and(|rest| rest.starts_with(&text)))?
        }
        _ => return None,
    };
    Some((0..before).chain(before + tokens.len()..n).collect())
}

/// ASCII punctuation, and the dashes, quotes, dots and brackets of Unicode that are used with it.
fn is_punctuation(label: &str) -> bool {
    let punctuation = |c: char| {
        c.is_ascii_punctuation()
            || matches!(c, '¡' | '«' | '»' | '¿' | '‐'..='‧' | '‰'..='⁞' | '、'..='〃' | '〈'..='】')
    };
    let text = label.trim();
    !text.is_empty() && text.chars().all(punctuation)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt(json: &str) -> PromptEntry {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn repeats_are_found_by_id_or_by_spelling() {
        let expected = Repeats { pairs: vec![(2, 0), (4, 0), (4, 2)], rows: 2 };
        assert_eq!(Repeats::of(&[7, 8, 7, 9, 7]), expected);
        let by_id = prompt(r#"{"text":"","tokens":["a","b","c","d"],"input_ids":[7,8,7,9,7]}"#);
        assert_eq!(PromptTokens::new(&by_id, 5).repeats, Some(expected));
        let by_spelling = prompt(r#"{"text":"","tokens":["a","b","a"]}"#);
        assert_eq!(PromptTokens::new(&by_spelling, 4).repeats.unwrap().pairs, [(3, 1)]);
        assert_eq!(PromptTokens::new(&by_spelling, 3).repeats.unwrap().pairs, [(2, 0)]);
        assert_eq!(PromptTokens::new(&by_spelling, 5), PromptTokens::default());
        assert_eq!(PromptTokens::new(&prompt(r#"{"text":""}"#), 5), PromptTokens::default());
    }

    #[test]
    fn special_rows_are_those_around_the_text() {
        let special = |json: &str, n| PromptTokens::new(&prompt(json), n).special;
        assert_eq!(special(r#"{"text":"","tokens":["a","b"]}"#, 3), Some(vec![0]));
        assert_eq!(special(r#"{"text":"","tokens":["a","b"]}"#, 2), Some(vec![]));
        let both = r###"{"text":"","tokens":["a","Ġb"],"row_labels":["[CLS]","a"," b","[SEP]"]}"###;
        assert_eq!(special(both, 4), Some(vec![0, 3]));
    }

    #[test]
    fn punctuation_is_nothing_else() {
        for yes in [".", " ,", "...\n", "“", "—", "##.", "。"] {
            assert!(is_punctuation(yes), "{yes}");
        }
        for no in ["", " ", "a.", "</s>", "[CLS]", "é", "1"] {
            assert!(!is_punctuation(no), "{no}");
        }
        let p = prompt(r#"{"text":"","tokens":["a",".","b"]}"#);
        assert_eq!(PromptTokens::new(&p, 4).punctuation, Some(vec![2]));
    }
}
