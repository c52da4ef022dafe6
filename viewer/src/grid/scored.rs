//! Scores of heads, to sort figures by.

use std::rc::Rc;

use lens_schema::score::{Column, ScoreTable};
use lens_schema::sort;

use crate::grid::order::{Key, MEAN, Order, Tile};
use crate::grid::tiles::Tiles;

/// The tables of the models that were chosen when they were fetched, with their directories.
#[derive(Debug, Default)]
pub struct Scores {
    pub tables: Vec<(String, Rc<ScoreTable>)>,
    /// Directories of those that the site has no scores of.
    pub absent: Vec<String>,
    /// What went wrong with fetching them.
    pub errors: Vec<String>,
}

/// A score of one model's heads.
struct Values<'a> {
    column: &'a Column,
    /// Of every head.
    average: Vec<f32>,
    /// Heads in a layer, and in the model.
    n_heads: usize,
    size: usize,
    /// By the prompts of the tiles, where the table has them.
    rows: Vec<Option<usize>>,
}

impl Values<'_> {
    /// A prompt's own value if it has one, else the average over all prompts of the site.
    fn of(&self, tile: &Tile) -> Option<f32> {
        let head = tile.layer as usize * self.n_heads + tile.head as usize;
        match self.rows.get(tile.prompt as usize).copied().flatten() {
            Some(row) if self.column.entry.per_prompt => self.column.values.get(row * self.size + head).copied(),
            _ => self.average.get(head).copied(),
        }
    }
}

impl Scores {
    /// The names of all scores, as the first table that has them orders them.
    pub fn names(&self) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        for column in self.tables.iter().flat_map(|(_, table)| &table.columns) {
            if !out.contains(&column.entry.name) {
                out.push(column.entry.name.clone());
            }
        }
        out
    }

    /// The value that the order's score has for a tile of `tiles`, and sentences on what has none.
    pub fn of(&self, tiles: &Tiles, order: &Order) -> (impl Fn(&Tiles, &Tile) -> Option<f32> + use<'_>, Vec<String>) {
        let mut notices = if order.score.is_some() { self.errors.clone() } else { Vec::new() };
        let values = tiles.models.iter().map(|model| {
            let name = order.score.as_ref()?;
            let Some((_, table)) = self.tables.iter().find(|(dir, _)| *dir == model.dir) else {
                if self.absent.contains(&model.dir) {
                    notices.push(format!("{} has no scores on this site; its figures come last.", model.name));
                }
                return None;
            };
            let Some(column) = table.column(name) else {
                let why = match table.absent.get(name) {
                    Some(why) => why.clone(),
                    None => format!("there are {}", self.names().join(", ")),
                };
                notices.push(format!("{} has no score {name}: {why}.", model.name));
                return None;
            };
            let by_hash = sort::indexes(table.prompts.len(), &mut |a, b| table.prompts[a].cmp(&table.prompts[b]));
            let row = |hash: &String| {
                let at = by_hash.binary_search_by(|row| table.prompts[*row].cmp(hash));
                at.ok().map(|at| by_hash[at])
            };
            Some(Values {
                column,
                average: table.average(column),
                n_heads: table.n_heads,
                size: table.n_layers * table.n_heads,
                rows: tiles.prompts.iter().map(|prompt| row(&prompt.hash)).collect(),
            })
        });
        let values: Vec<Option<Values>> = values.collect();
        let value = move |tiles: &Tiles, tile: &Tile| {
            let values = values[tile.model as usize].as_ref()?;
            if tile.head != MEAN {
                return values.of(tile);
            }
            let members = tiles.members(tile);
            let known = members.iter().filter_map(|member| values.of(member)).filter(|v| !v.is_nan());
            let (sum, n) = known.fold((0.0, 0), |(sum, n), value| (sum + value, n + 1));
            Some(sum / n as f32)
        };
        (value, notices)
    }
}

impl Order {
    /// What the figures are sorted by first, in words.
    pub fn words(&self) -> String {
        match (self.ranks[0].key, &self.score) {
            (_, Some(score)) => format!("Sort by {score}"),
            (key, None) => format!("Sort by {}", key.name()),
        }
    }

    /// A key's name, of a score its own.
    pub fn name(&self, at: usize) -> String {
        match (self.ranks[at].key, &self.score) {
            (Key::Score, Some(score)) => score.clone(),
            (key, _) => key.name().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use lens_schema::score::ScoreEntry;
    use lens_schema::{LayerHead, PromptEntry};

    use super::*;
    use crate::grid::table::merge;
    use crate::grid::tiles::ChosenModel;

    #[test]
    fn a_prompts_own_score_comes_first() {
        let entry = |name: &str, per_prompt| ScoreEntry { name: name.to_owned(), per_prompt, ..ScoreEntry::default() };
        let table = ScoreTable {
            n_layers: 1,
            n_heads: 2,
            prompts: vec!["p".into(), "q".into()],
            columns: vec![
                Column { entry: entry("own", true), values: vec![1.0, 2.0, 3.0, 6.0] },
                Column { entry: entry("model", false), values: vec![7.0, 8.0] },
            ],
            absent: [("rank".to_owned(), "not computed".to_owned())].into(),
        };
        let prompt = |hash: &str| PromptEntry { hash: hash.to_owned(), ..Default::default() };
        let heads = vec![LayerHead { layer: 0, head: 0 }, LayerHead { layer: 0, head: 1 }];
        let model = |dir: &str| ChosenModel {
            dir: dir.into(),
            name: dir.into(),
            n_layers: 1,
            n_heads: 2,
            heads: heads.clone(),
        };
        let tiles = Tiles {
            models: vec![model("a"), model("b")],
            prompts: merge(&[("a".to_owned(), Arc::new(vec![prompt("q"), prompt("new")]))]),
            ..Tiles::default()
        };
        let mut scores = Scores { tables: vec![("a".to_owned(), Rc::new(table))], ..Scores::default() };
        let ask = |scores: &Scores, name: &str, prompt, head| {
            let order = Order::read(&[format!("score:{name}")]);
            let (value, notices) = scores.of(&tiles, &order);
            (value(&tiles, &Tile { model: 0, prompt, layer: 0, head, function: 0 }), notices)
        };
        // What is still to be fetched is not missing.
        assert_eq!(ask(&scores, "own", 0, 0).1, [""; 0]);
        scores.absent.push("b".to_owned());
        let ask = |name: &str, prompt, head| ask(&scores, name, prompt, head);
        assert_eq!(ask("own", 0, 1).0, Some(6.0));
        // A prompt without a row, and no prompt at all: the average.
        assert_eq!((ask("own", 1, 1).0, ask("own", MEAN, 0).0), (Some(4.0), Some(2.0)));
        assert_eq!((ask("model", 0, 1).0, ask("own", 0, MEAN).0), (Some(8.0), Some(4.5)));
        assert_eq!(ask("own", 0, 0).1, ["b has no scores on this site; its figures come last."]);
        assert_eq!(ask("rank", 0, 0).1[0], "a has no score rank: not computed.");
        assert!(ask("nope", 0, 0).1[0].contains("there are own, model"));
        assert_eq!(scores.names(), ["own", "model"]);
    }
}
