//! What is read off the scores: a value per head, on one prompt or on average, and what follows from the values.

use lens_schema::score::{Column, ScoreTable};
use lens_schema::sort;

/// What every model has besides its scores.
pub const PLACES: [&str; 2] = ["layer", "head"];

/// Scores that one may ask for by a word in the name: what the page begins with, if the model has it.
pub const FIRST: [&str; 2] = ["induction_random", "induction"];
pub const ACROSS: [&str; 2] = ["prev_token_random", "prev_token"];
pub const HUE: [&str; 2] = ["first_token", "entropy"];

/// Every score of every head: of one prompt, or the mean over all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Numbers {
    /// Name, and a value per head through the layers; NaN is none.
    pub columns: Vec<(String, Vec<f32>)>,
}

impl Numbers {
    /// Of the prompt in row `row` of the table, or of all prompts together. What belongs to no prompt is always the
    /// same.
    pub fn of(table: &ScoreTable, row: Option<usize>) -> Self {
        let n = table.n_layers * table.n_heads;
        let values = |column: &Column| match row {
            Some(row) if column.entry.per_prompt => column.values[row * n..(row + 1) * n].to_vec(),
            Some(_) => column.values.clone(),
            None => table.average(column),
        };
        let mut columns: Vec<_> = table.columns.iter().map(|c| (c.entry.name.clone(), values(c))).collect();
        let per_layer = table.n_heads.max(1);
        let places = [|at, n| at / n, |at, n| at % n] as [fn(usize, usize) -> usize; 2];
        for (name, place) in PLACES.into_iter().zip(places) {
            columns.push((name.to_owned(), (0..n).map(|at| place(at, per_layer) as f32).collect()));
        }
        Numbers { columns }
    }

    pub fn get(&self, name: &str) -> Option<&[f32]> {
        self.columns.iter().find(|(own, _)| own == name).map(|(_, values)| &values[..])
    }

    /// The name that was asked for if there is such a score, else the first of some that there is, else any.
    pub fn choose(&self, asked: Option<&str>, otherwise: &[&str]) -> String {
        let names = asked.into_iter().chain(otherwise.iter().copied());
        let found = names.into_iter().find(|name| self.get(name).is_some());
        found.or(self.columns.first().map(|c| c.0.as_str())).unwrap_or_default().to_owned()
    }
}

/// Number of values that are as large or larger, the head's own among them, and number of all values; `None` if the
/// head has none. The largest is first; equal ones share the better place.
pub fn rank(values: &[f32], head: usize) -> Option<(usize, usize)> {
    let own = *values.get(head).filter(|v| !v.is_nan())?;
    let larger = values.iter().filter(|v| **v > own).count();
    Some((larger + 1, values.iter().filter(|v| !v.is_nan()).count()))
}

/// A rank in words, from the nearer end: `2nd of 144`, `3rd lowest of 144`.
pub fn rank_words((rank, all): (usize, usize)) -> String {
    let (place, lowest) = if 2 * rank > all + 1 { (all + 1 - rank, " lowest") } else { (rank, "") };
    let ending = match (place % 10, place % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    match lowest {
        "" => format!("{place}{ending} of {all}"),
        _ if place == 1 => format!("lowest of {all}"),
        _ => format!("{place}{ending} lowest of {all}"),
    }
}

/// Heads by value, the largest or the smallest first, those without a value last; equal ones in the model's order.
pub fn sorted(values: &[f32], ascending: bool) -> Vec<usize> {
    // Absent values are below all others in both directions.
    let key = |at: usize| match values[at] {
        v if v.is_nan() => f32::NEG_INFINITY,
        v if ascending => -v,
        v => v,
    };
    sort::indexes(values.len(), &mut |a, b| key(b).total_cmp(&key(a)))
}

/// What a score on random tokens has in the prompts.
const KIN: [(&str, &str); 5] = [
    ("induction_random", "induction"),
    ("prefix_matching", "induction"),
    ("prefix_matching_preceding", "induction"),
    ("prev_token_random", "prev_token"),
    ("duplicate_random", "duplicate_token"),
];

/// The row of the prompt on which a head's score is largest, or smallest. Of scores on random tokens, the like score on
/// the prompts decides; where nothing does, it is the first.
pub fn telling_row(table: &ScoreTable, name: &str, head: usize, smallest: bool) -> usize {
    let kin = KIN.iter().find(|(own, _)| *own == name).map_or(name, |(_, kin)| *kin);
    let n = table.n_layers * table.n_heads;
    let Some(column) = table.column(kin).filter(|column| column.entry.per_prompt) else { return 0 };
    let of_head: Vec<f32> = column.values.iter().skip(head).step_by(n.max(1)).copied().collect();
    sorted(&of_head, smallest).first().copied().unwrap_or_default()
}

/// A value as text.
pub fn text(value: f32) -> String {
    match value.abs() {
        _ if value.is_nan() => "–".to_owned(),
        0.0 => "0".to_owned(),
        size if size < 5e-4 => format!("{value:.1e}"),
        size if size < 10.0 => format!("{value:.3}"),
        size if size < 100.0 => format!("{value:.2}"),
        size if size < 1000.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use lens_schema::score::ScoreEntry;

    use super::*;

    fn table() -> ScoreTable {
        let column = |name: &str, per_prompt: bool, values: &[f32]| Column {
            entry: ScoreEntry { name: name.to_owned(), per_prompt, ..ScoreEntry::default() },
            values: values.to_vec(),
        };
        ScoreTable {
            n_layers: 1,
            n_heads: 2,
            prompts: vec!["one".to_owned(), "two".to_owned()],
            columns: vec![
                column("induction", true, &[0.1, 0.8, f32::NAN, 0.4]),
                column("induction_random", false, &[0.9, 0.2]),
            ],
            absent: BTreeMap::new(),
        }
    }

    #[test]
    fn values_are_of_a_prompt_or_the_mean() {
        let (mean, second) = (Numbers::of(&table(), None), Numbers::of(&table(), Some(1)));
        assert_eq!(mean.get("induction"), Some(&[0.1, 0.6][..]));
        assert!(second.get("induction").unwrap()[0].is_nan());
        assert_eq!(second.get("induction_random"), Some(&[0.9, 0.2][..]));
        assert_eq!((mean.get("layer"), mean.get("head")), (Some(&[0.0, 0.0][..]), Some(&[0.0, 1.0][..])));
        assert_eq!(mean.choose(Some("head"), &FIRST), "head");
        assert_eq!(mean.choose(Some("nonsense"), &FIRST), "induction_random");
        assert_eq!(mean.choose(None, &ACROSS), "induction");
    }

    #[test]
    fn heads_are_ranked_and_sorted() {
        let values = [0.5, f32::NAN, 0.9, 0.5, -1.0];
        assert_eq!(
            [0, 1, 2, 3, 4].map(|at| rank(&values, at)),
            [Some((2, 4)), None, Some((1, 4)), Some((2, 4)), Some((4, 4))]
        );
        assert_eq!((sorted(&values, false), sorted(&values, true)), (vec![2, 0, 3, 4, 1], vec![4, 0, 3, 2, 1]));
        let words = [(1, 144), (2, 144), (11, 144), (23, 144), (143, 144), (144, 144), (1, 1)].map(rank_words);
        let expected = [
            "1st of 144",
            "2nd of 144",
            "11th of 144",
            "23rd of 144",
            "2nd lowest of 144",
            "lowest of 144",
            "1st of 1",
        ];
        assert_eq!(words, expected);
    }

    #[test]
    fn the_telling_prompt_has_the_extreme() {
        let table = table();
        let row = |name, head, smallest| telling_row(&table, name, head, smallest);
        assert_eq!((row("induction", 1, false), row("induction", 1, true)), (0, 1));
        assert_eq!((row("induction", 0, true), row("induction_random", 1, false), row("layer", 1, false)), (0, 0, 0));
    }

    #[test]
    fn values_are_short() {
        let values = [0.0, 0.8333333, -0.25, 1e-5, 12.345, 123.46, 4096.0, f32::NAN];
        assert_eq!(values.map(text), ["0", "0.833", "-0.250", "1.0e-5", "12.35", "123.5", "4096", "–"]);
    }
}
