//! What the page shows, from its state and the scores of a model.

use std::rc::Rc;

use super::data::Data;
use super::numbers::{self, Numbers};
use super::state::State;
use crate::grid::shade::Shade;
use crate::url::Query;

/// Everything that is drawn and listed. Heads are numbered through the layers.
#[derive(Debug, Clone)]
pub struct Reading {
    pub data: Rc<Data>,
    /// Row of the prompt in the table; `None` is the mean over all.
    pub row: Option<usize>,
    pub numbers: Rc<Numbers>,
    /// Names of scores that there are.
    pub score: String,
    pub x: String,
    pub y: String,
    pub hue: String,
    pub ascending: bool,
    /// Whether each head passes the filters, and whether there are any.
    pub bright: Vec<bool>,
    pub is_filtered: bool,
    /// The heads of the list.
    pub listed: Vec<usize>,
    /// Whether each head is selected for the figures.
    pub selected: Vec<bool>,
    /// The head that is looked at: the first of the list, where none was asked for.
    pub focus: usize,
    /// How patterns are coloured.
    pub shade: Shade,
    /// What was asked for and is not there.
    pub notices: Vec<String>,
}

impl Reading {
    /// `before` is used again as far as it is still right.
    pub fn of(data: &Rc<Data>, state: &State, query: &Query, before: Option<&Reading>) -> Self {
        let (table, model) = (&data.table, &data.model);
        let mut notices = Vec::new();
        let is_other = |asked: &&String| **asked != model.dir && **asked != model.name;
        if let Some(asked) = state.model.as_ref().filter(is_other) {
            notices.push(format!("There is no model {asked} on this site; this is {}.", model.name));
        }
        let row = state.prompt.as_ref().and_then(|hash| table.prompts.iter().position(|own| own == hash));
        if let (None, Some(hash)) = (row, &state.prompt) {
            notices.push(format!("There are no scores of {} on prompt {hash}; these are means.", model.name));
        }
        let kept = before.filter(|b| Rc::ptr_eq(&b.data, data) && b.row == row).map(|b| b.numbers.clone());
        let numbers = kept.unwrap_or_else(|| Rc::new(Numbers::of(table, row)));

        let filtered = state.filters.iter().map(|filter| &filter.score);
        let asked = [&state.score, &state.x, &state.y, &state.hue].into_iter().flatten().chain(filtered);
        for name in asked.filter(|name| numbers.get(name).is_none()) {
            let notice = match table.absent.get(name) {
                Some(why) => format!("No head of {} has {name}: {why}.", model.name),
                None => format!("{} has no score {name}; choose one of the list.", model.name),
            };
            if !notices.contains(&notice) {
                notices.push(notice);
            }
        }
        let choose = |asked: &Option<String>, first: &[&str]| numbers.choose(asked.as_deref(), first);
        let score = choose(&state.score, &numbers::FIRST);
        let (x, y) = (choose(&state.x, &numbers::ACROSS), choose(&state.y, &numbers::FIRST));
        let hue = choose(&state.hue, &numbers::HUE);

        let filters: Vec<_> = state.filters.iter().filter_map(|f| Some((f, numbers.get(&f.score)?))).collect();
        let passes = |at: usize| filters.iter().all(|(filter, values)| filter.admits(values[at]));
        let bright: Vec<bool> = (0..model.len()).map(passes).collect();
        let values = numbers.get(&score).unwrap_or_default();
        let mut listed = numbers::sorted(values, state.ascending);
        let first = listed.first().copied().unwrap_or_default();
        listed.retain(|at| bright[*at]);
        listed.truncate(state.top);
        let asked = state.focus.map(|head| (head, model.number(head)));
        if let Some((head, None)) = asked {
            notices.push(format!(
                "{} has no head {head}: it has layers 0 to {} and heads 0 to {}.",
                model.name,
                model.n_layers.max(1) - 1,
                model.n_heads.max(1) - 1
            ));
        }
        let focus = asked.and_then(|(_, at)| at).or(listed.first().copied()).unwrap_or(first);
        let selected = model.selected(query);
        let is_filtered = !filters.is_empty();
        Reading {
            data: data.clone(),
            row,
            score,
            x,
            y,
            hue,
            ascending: state.ascending,
            bright,
            is_filtered,
            listed,
            selected,
            focus,
            shade: Shade::read(query),
            notices,
            numbers,
        }
    }

    pub fn values(&self, score: &str) -> &[f32] {
        self.numbers.get(score).unwrap_or_default()
    }

    /// A head's value of a score, in words.
    pub fn says(&self, score: &str, at: usize) -> String {
        format!("{score} {}", numbers::text(self.values(score)[at]))
    }

    /// How many heads pass the filters.
    pub fn n_passing(&self) -> usize {
        self.bright.iter().filter(|passes| **passes).count()
    }

    /// Hash of the prompt on which a head is shown: the chosen one, or the one that tells most of the score.
    pub fn prompt_of(&self, at: usize) -> &str {
        let table = &self.data.table;
        let row = self.row.unwrap_or_else(|| numbers::telling_row(table, &self.score, at, self.ascending));
        table.prompts.get(row).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use lens_schema::score::{Column, HeadDistances, ScoreEntry, ScoreTable};

    use super::*;
    use crate::finder::state::Model;

    fn data() -> Rc<Data> {
        let column = |name: &str, values: &[f32]| Column {
            entry: ScoreEntry { name: name.to_owned(), per_prompt: true, ..ScoreEntry::default() },
            values: values.to_vec(),
        };
        let table = ScoreTable {
            n_layers: 2,
            n_heads: 2,
            prompts: vec!["one".to_owned(), "two".to_owned()],
            columns: vec![
                column("induction", &[0.1, 0.2, 0.3, f32::NAN, 0.9, 0.0, 0.3, f32::NAN]),
                column("entropy", &[1.0, 2.0, 3.0, 4.0, 1.0, 2.0, 3.0, 4.0]),
            ],
            absent: BTreeMap::from([("symmetry".to_owned(), "it is causal".to_owned())]),
        };
        let model = Model { dir: "m".to_owned(), name: "M".to_owned(), n_layers: 2, n_heads: 2 };
        let prompts = table.prompts.clone();
        Rc::new(Data { model, table: Rc::new(table), distances: Rc::new(HeadDistances::default()), prompts })
    }

    fn read(text: &str) -> Reading {
        let query = Query::parse(text);
        Reading::of(&data(), &State::read(&query).0, &query, None)
    }

    #[test]
    fn the_best_head_is_looked_at_first() {
        let reading = read("");
        assert_eq!((reading.score.as_str(), &reading.listed[..], reading.focus), ("induction", &[0, 2, 1, 3][..], 0));
        assert_eq!(reading.prompt_of(0), "two");
        let reading = read("order=up&focus=L1H1");
        assert_eq!((&reading.listed[..], reading.focus, reading.prompt_of(0)), (&[1, 2, 0, 3][..], 3, "one"));
        assert_eq!(read("on=one").listed, [2, 1, 0, 3]);
        assert_eq!(read("on=one").says("induction", 0), "induction 0.100");
    }

    #[test]
    fn filters_leave_what_lies_within_all() {
        let reading = read("filter=entropy:2-~induction:0.05-");
        assert_eq!((&reading.listed[..], reading.is_filtered), (&[2, 1][..], true));
        assert_eq!(reading.bright, [false, true, true, false]);
        let nothing = read("filter=entropy:9-&score=entropy");
        assert!(nothing.listed.is_empty() && nothing.n_passing() == 0);
        assert_eq!(nothing.focus, 3);
    }

    #[test]
    fn what_is_not_there_is_said() {
        let reading =
            read("model=n&score=symmetry&x=nonsense&filter=symmetry:0-1&on=three&focus=L2H0&models=m&heads-m=L1");
        assert_eq!(
            (reading.listed.len(), reading.is_filtered, reading.selected),
            (4, false, vec![false, false, true, true])
        );
        let expected = [
            "There is no model n on this site; this is M.",
            "There are no scores of M on prompt three; these are means.",
            "No head of M has symmetry: it is causal.",
            "M has no score nonsense; choose one of the list.",
            "M has no head L2H0: it has layers 0 to 1 and heads 0 to 1.",
        ];
        assert_eq!(reading.notices, expected);
    }
}
