//! What the site has of the model that is looked at.

use std::rc::Rc;

use lens_schema::ModelEntry;
use lens_schema::score::{HeadDistances, ScoreEntry, ScoreTable};

use super::state::Model;
use crate::grid::tiles::find_model;
use crate::index::{self, Index};
use crate::scores;
use crate::single::load::excerpt;

/// A model with the scores of its heads.
#[derive(Debug)]
pub struct Data {
    pub model: Model,
    pub table: Rc<ScoreTable>,
    pub distances: Rc<HeadDistances>,
    /// The beginning of each prompt, in the order of the table.
    pub prompts: Vec<String>,
}

/// Why there is nothing to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// The site has no scores of the model of this directory and name; no models at all, if it is none.
    Scores(Option<(String, String)>),
    /// What went wrong with the scores of the model of this directory, as a sentence.
    Failed(String, String),
}

impl Data {
    /// Fetches everything. Errors are sentences to show.
    pub async fn load(entry: ModelEntry) -> Result<Rc<Self>, String> {
        let ModelEntry { n_layers, n_heads, .. } = entry;
        let model = Model { dir: entry.dir(), name: entry.model_name, n_layers, n_heads };
        let dir = &model.dir;
        let (table, distances, prompts) =
            futures::join!(scores::table(dir), scores::distances(dir), index::prompts(dir));
        let (table, prompts) = (table?, prompts?);
        if (table.n_layers, table.n_heads) != (n_layers, n_heads) {
            return Err(format!("the scores of {dir} are of another size than the model; build the site again"));
        }
        let text =
            |hash: &String| prompts.iter().find(|p| p.hash == *hash).map_or_else(|| hash.clone(), |p| excerpt(&p.text));
        let prompts = table.prompts.iter().map(text).collect();
        Ok(Rc::new(Data { model, table, distances: distances?, prompts }))
    }

    pub fn entry(&self, score: &str) -> Option<&ScoreEntry> {
        self.table.column(score).map(|column| &column.entry)
    }
}

/// The model to show: the one that was asked for, else the first of the chosen ones that has scores, else the first
/// that has.
pub fn model<'a>(index: &'a Index, asked: Option<&str>, chosen: &[String]) -> Option<&'a ModelEntry> {
    let has = |model: &&ModelEntry| scores::has(index, &model.dir());
    let chosen = || chosen.iter().filter_map(|name| find_model(index, name)).find(has);
    asked
        .and_then(|name| find_model(index, name))
        .or_else(chosen)
        .or_else(|| index.models.iter().find(has))
        .or(index.models.first())
}
