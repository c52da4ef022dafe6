//! Heads and the grammar that selects them: `L0H1~L2Hx~L3-5H*`.
//!
//! A selection is a list of terms, separated by `~`, `,` or white space. A term names layers, heads, or both:
//! `L3H7`, `L3` (all its heads), `H7` (in every layer), ranges `L2-4H0-3`, and `*` or `x` for all.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A head of a model, counted from 0. Written `L3H7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LayerHead {
    pub layer: usize,
    pub head: usize,
}

impl LayerHead {
    /// Head number `at`, counted through the layers of a model that has `n_heads` in each.
    pub fn nth(at: usize, n_heads: usize) -> Self {
        LayerHead { layer: at / n_heads.max(1), head: at % n_heads.max(1) }
    }
}

impl fmt::Display for LayerHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "L{}H{}", self.layer, self.head)
    }
}

/// Inclusive bounds, or everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Span {
    All,
    Range(usize, usize),
}

impl Span {
    /// The indexes in `0..len` that the span names; an error if a bound lies outside.
    fn within(self, len: usize, what: &str) -> Result<std::ops::Range<usize>, String> {
        match self {
            Span::All => Ok(0..len),
            Span::Range(from, to) if to < len => Ok(from..to + 1),
            Span::Range(_, to) if len == 0 => Err(format!("there is no {what} {to}")),
            Span::Range(_, to) => Err(format!("there is no {what} {to}; the model has {what}s 0 to {}", len - 1)),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Span::All => write!(f, "*"),
            Span::Range(a, b) if a == b => write!(f, "{a}"),
            Span::Range(a, b) => write!(f, "{a}-{b}"),
        }
    }
}

/// One term of a selection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Term {
    pub layers: Span,
    pub heads: Span,
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.layers, self.heads) {
            (layers, Span::All) => write!(f, "L{layers}"),
            (Span::All, heads) => write!(f, "H{heads}"),
            (layers, heads) => write!(f, "L{layers}H{heads}"),
        }
    }
}

/// A parsed selection, not yet held against a model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeadSelection {
    pub terms: Vec<Term>,
}

impl HeadSelection {
    /// Every head of a model.
    pub fn all() -> Self {
        HeadSelection { terms: vec![Term { layers: Span::All, heads: Span::All }] }
    }

    /// Whether each head of a model is selected, counted through the layers. A bound outside of the model is an error
    /// that names it.
    pub fn heads(&self, n_layers: usize, n_heads: usize) -> Result<Vec<bool>, String> {
        let mut out = vec![false; n_layers * n_heads];
        for term in &self.terms {
            let layers = term.layers.within(n_layers, "layer").map_err(|e| format!("{term}: {e}"))?;
            let heads = term.heads.within(n_heads, "head").map_err(|e| format!("{term}: {e}"))?;
            for layer in layers {
                out[layer * n_heads..][heads.clone()].fill(true);
            }
        }
        Ok(out)
    }

    /// A short selection of exactly these heads, as [`HeadSelection::heads`] has them, of a model that has `n_heads` in
    /// each layer: whole grids, rows and columns of the grid and runs are joined.
    pub fn of(selected: &[bool], n_heads: usize) -> Self {
        let n_layers = selected.len() / n_heads.max(1);
        // Per layer the runs of selected heads; then equal consecutive layers are joined.
        let mut rows: Vec<(usize, Vec<Span>)> = Vec::new();
        for (layer, selected) in selected.chunks(n_heads.max(1)).enumerate() {
            if selected.iter().all(|is_selected| *is_selected) {
                rows.push((layer, vec![Span::All]));
            } else if selected.contains(&true) {
                rows.push((layer, runs(selected)));
            }
        }
        let mut terms = Vec::new();
        let mut i = 0;
        while i < rows.len() {
            let mut j = i;
            while j + 1 < rows.len() && rows[j + 1].0 == rows[j].0 + 1 && rows[j + 1].1 == rows[i].1 {
                j += 1;
            }
            let whole = i == 0 && j + 1 == n_layers;
            let layers = if whole { Span::All } else { Span::Range(rows[i].0, rows[j].0) };
            terms.extend(rows[i].1.iter().map(|&heads| Term { layers, heads }));
            i = j + 1;
        }
        HeadSelection { terms }
    }
}

/// The numbers of those that are selected, consecutive ones joined into ranges.
fn runs(selected: &[bool]) -> Vec<Span> {
    let mut out: Vec<Span> = Vec::new();
    for (n, _) in selected.iter().enumerate().filter(|(_, is_selected)| **is_selected) {
        match out.last_mut() {
            Some(Span::Range(_, to)) if *to + 1 == n => *to = n,
            _ => out.push(Span::Range(n, n)),
        }
    }
    out
}

impl fmt::Display for HeadSelection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, term) in self.terms.iter().enumerate() {
            write!(f, "{}{term}", if i == 0 { "" } else { "~" })?;
        }
        Ok(())
    }
}

impl FromStr for HeadSelection {
    type Err = String;

    /// Accepts `L*`, `L3`, `L2-4`, `H7`, `H0-3`, `Hx` and their combinations, in either case.
    fn from_str(text: &str) -> Result<Self, String> {
        let terms = text
            .split(|c: char| matches!(c, '~' | ',') || c.is_whitespace())
            .filter(|t| !t.is_empty())
            .map(parse_term)
            .collect::<Result<_, _>>()?;
        Ok(HeadSelection { terms })
    }
}

fn parse_term(text: &str) -> Result<Term, String> {
    let wrong = || format!("{text:?} is not a head selection; write L3H7, L3, H7, L2-4H0-3, or * for all");
    if text == "*" {
        return Ok(Term { layers: Span::All, heads: Span::All });
    }
    let lower = text.to_ascii_lowercase();
    let (layers, heads) = match (lower.strip_prefix('l'), lower.strip_prefix('h')) {
        (Some(rest), _) => match rest.split_once('h') {
            Some((layers, heads)) => (parse_span(layers), parse_span(heads)),
            None => (parse_span(rest), Some(Span::All)),
        },
        (None, Some(rest)) => (Some(Span::All), parse_span(rest)),
        (None, None) => return Err(wrong()),
    };
    match (layers, heads) {
        (Some(layers), Some(heads)) => Ok(Term { layers, heads }),
        _ => Err(wrong()),
    }
}

fn parse_span(text: &str) -> Option<Span> {
    if matches!(text, "*" | "x") {
        return Some(Span::All);
    }
    let number = |t: &str| t.bytes().all(|b| b.is_ascii_digit()).then(|| t.parse::<usize>().ok()).flatten();
    match text.split_once('-') {
        Some((from, to)) => {
            let (from, to) = (number(from)?, number(to)?);
            (from <= to).then_some(Span::Range(from, to))
        }
        None => number(text).map(|n| Span::Range(n, n)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heads(text: &str) -> Result<Vec<String>, String> {
        let heads = text.parse::<HeadSelection>()?.heads(6, 4)?;
        Ok((0..24).filter(|&at| heads[at]).map(|at| LayerHead::nth(at, 4).to_string()).collect())
    }

    #[test]
    fn every_form_of_the_grammar() {
        assert_eq!(heads("L0H1").unwrap(), ["L0H1"]);
        assert_eq!(heads("L3").unwrap(), ["L3H0", "L3H1", "L3H2", "L3H3"]);
        assert_eq!(heads("L3Hx").unwrap(), heads("l3h*").unwrap());
        assert_eq!(heads("H3").unwrap().len(), 6);
        assert_eq!(heads("H0-3").unwrap().len(), 24);
        assert_eq!(heads("L*").unwrap().len(), 24);
        assert_eq!(heads("*").unwrap().len(), 24);
        assert_eq!(heads("L2-4").unwrap().len(), 12);
        assert_eq!(heads("L0H1~L2Hx~L3-5H*").unwrap().len(), 17);
        assert_eq!(heads("L1-3H2-3").unwrap(), ["L1H2", "L1H3", "L2H2", "L2H3", "L3H2", "L3H3"]);
        assert_eq!(heads("").unwrap().len(), 0);
    }

    #[test]
    fn wrong_terms_and_bounds_are_errors() {
        for bad in ["L", "H", "3", "L3-1", "L1H", "L-1", "L1-", "Q3", "L1H2H3", "L99999999999999999999999"] {
            assert!(heads(bad).is_err(), "{bad:?}");
        }
        assert_eq!(heads("L1-3H4-5").unwrap_err(), "L1-3H4-5: there is no head 5; the model has heads 0 to 3");
        assert_eq!(heads("L6").unwrap_err(), "L6: there is no layer 6; the model has layers 0 to 5");
    }

    #[test]
    fn a_set_is_written_shortly_and_read_back() {
        for (text, short) in [
            ("L0-5H0-3", "L*"),
            ("L0 L1 L2", "L0-2"),
            ("H1 H2", "H1-2"),
            ("L0H1 L0H2 L2H1", "L0H1-2~L2H1"),
            ("L0H0 L0H2", "L0H0~L0H2"),
        ] {
            let set = text.parse::<HeadSelection>().unwrap().heads(6, 4).unwrap();
            let written = HeadSelection::of(&set, 4).to_string();
            assert_eq!(written, short);
            assert_eq!(written.parse::<HeadSelection>().unwrap().heads(6, 4).unwrap(), set);
        }
        assert_eq!(HeadSelection::of(&[false; 24], 4).to_string(), "");
        assert_eq!(HeadSelection::of(&[], 0).to_string(), "");
    }
}
