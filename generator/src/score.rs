//! Scores: numbers about a head that say what it looks at, on every prompt and over all of them.
//!
//! A score is declared in the file of its group below `score/`; its doc comment there is its published documentation.
//! A is a pattern of n rows: row i is a query, column j a key, both counted from 0, a BOS included.

macro_rules! score {
    ($(#[doc = $doc:literal])+ $name:literal, unit: $unit:literal, range: $min:expr, $max:expr,
     undefined: $undefined:literal) => {
        $crate::score::Score { name: $name, doc: &[$($doc),+], unit: $unit, min: $min, max: $max, undefined: $undefined }
    };
}

mod detection;
mod diagonal;
mod distance;
pub mod divergence;
mod embedding;
mod entropy;
mod lanes;
pub mod random;
mod rank;
mod repeat;
mod rows;
mod sink;
mod symmetry;
pub mod table;
mod token_kind;
pub mod tokens;
pub mod variability;

use lens_schema::PromptEntry;
use lens_schema::score::ScoreEntry;

use crate::pattern::AttentionPatterns;
use rows::Sums;
use tokens::PromptTokens;

/// Changes whenever a score's value or the list of scores does: what was computed before is then computed again.
pub const VERSION: u32 = 1;

/// What a score is.
#[derive(Debug, Clone, Copy)]
pub struct Score {
    pub name: &'static str,
    doc: &'static [&'static str],
    pub unit: &'static str,
    /// Bounds of the values.
    pub min: Option<f32>,
    pub max: Option<f32>,
    /// When it is NaN.
    pub undefined: &'static str,
}

impl Score {
    /// Its published description, as the files of scores carry it.
    pub fn entry(&self, per_prompt: bool) -> ScoreEntry {
        let doc = self.doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join("\n");
        let Score { name, unit, min, max, .. } = *self;
        ScoreEntry { name: name.to_owned(), doc, unit: unit.to_owned(), min, max, per_prompt, undefined: None }
    }
}

/// Scores that are computed together, and how: `measure` pushes a value for each of them.
struct Group {
    scores: &'static [Score],
    measure: fn(&Head<'_>, &mut Vec<f32>),
}

/// Every score of a head on a prompt.
static GROUPS: &[Group] = &[
    Group { scores: diagonal::SCORES, measure: diagonal::measure },
    Group { scores: sink::SCORES, measure: sink::measure },
    Group { scores: repeat::SCORES, measure: repeat::measure },
    Group { scores: detection::SCORES, measure: detection::measure },
    Group { scores: entropy::SCORES, measure: entropy::measure },
    Group { scores: distance::SCORES, measure: distance::measure },
    Group { scores: rank::SCORES, measure: rank::measure },
    Group { scores: symmetry::SCORES, measure: symmetry::measure },
    Group { scores: token_kind::SCORES, measure: token_kind::measure },
];

/// The scores of a head on a prompt, in their order.
pub fn per_prompt() -> impl Iterator<Item = &'static Score> {
    GROUPS.iter().flat_map(|group| group.scores)
}

/// What a score sees: one head on one prompt.
struct Head<'a> {
    /// `[n, n]` in C order.
    values: &'a [f32],
    /// Rows and columns.
    n: usize,
    causal: bool,
    tokens: &'a PromptTokens,
    sums: Sums,
}

impl Head<'_> {
    fn at(&self, query: usize, key: usize) -> f32 {
        self.values[query * self.n + key]
    }

    /// Σ A over these cells.
    fn sum(&self, cells: impl IntoIterator<Item = (usize, usize)>) -> f64 {
        // Not `sum`, which is −0 of nothing.
        cells.into_iter().fold(0.0, |sum, (query, key)| sum + f64::from(self.at(query, key)))
    }
}

/// All scores of one prompt, and what the scores over all prompts need of it.
#[derive(Debug, Clone, PartialEq)]
pub struct PromptScores {
    pub n_layers: usize,
    pub n_heads: usize,
    /// `[score][layer, head]`, in the order of [`per_prompt`].
    pub values: Vec<Vec<f32>>,
    /// See [`variability::corner`].
    pub corner: Vec<f32>,
    /// See [`divergence::of_prompt`].
    pub divergence: Vec<f32>,
}

/// Scores of every head on one prompt.
pub fn of_prompt(patterns: &AttentionPatterns, prompt: &PromptEntry) -> PromptScores {
    let (n_layers, n_heads, n) = (patterns.n_layers(), patterns.n_heads(), patterns.n_ctx());
    let tokens = PromptTokens::new(prompt, n);
    let mut values = vec![Vec::with_capacity(n_layers * n_heads); per_prompt().count()];
    let mut of_head = Vec::with_capacity(values.len());
    for layer in &patterns.layers {
        let layer = layer.as_standard_layout();
        let layer = layer.as_slice().unwrap_or_default();
        for head in layer.chunks_exact((n * n).max(1)) {
            let sums = rows::sums(head, n, patterns.causal);
            let head = Head { values: head, n, causal: patterns.causal, tokens: &tokens, sums };
            of_head.clear();
            GROUPS.iter().for_each(|group| (group.measure)(&head, &mut of_head));
            values.iter_mut().zip(&of_head).for_each(|(column, value)| column.push(*value));
        }
    }
    let (corner, divergence) = (variability::corner(patterns), divergence::of_prompt(patterns));
    PromptScores { n_layers, n_heads, values, corner, divergence }
}

#[cfg(test)]
mod tests;
