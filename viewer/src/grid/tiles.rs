//! Which figures the choice amounts to, and what of it this site does not have.

use std::sync::Arc;

use lens_schema::index::MatrixStyle;
use lens_schema::sort::set;
use lens_schema::{FigureEntry, HeadSelection, LayerHead, ModelEntry};

use crate::grid::mean::Mean;
use crate::grid::order::{MEAN, Order, Tile, arrange};
use crate::grid::scored::Scores;
use crate::grid::state::{Prompts, State};
use crate::grid::table::{PromptColumn, PromptRow, Sort, sorted};
use crate::index::Index;
use crate::url::Query;

/// The part of the state that decides which figures are shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    pub models: Vec<String>,
    pub heads: Query,
    pub prompts: Prompts,
    pub functions: Option<Vec<String>>,
    pub mean: Option<Mean>,
    pub order: Order,
    pub prompt_sort: Option<Sort<PromptColumn>>,
}

impl Choice {
    pub fn of(state: &State) -> Self {
        Choice {
            models: state.models.clone(),
            heads: state.heads.clone(),
            prompts: state.prompts.clone(),
            functions: state.functions.clone(),
            mean: state.mean,
            order: state.order.clone(),
            prompt_sort: state.prompt_sort.clone(),
        }
    }
}

/// A model of the choice.
#[derive(Debug, Clone, PartialEq)]
pub struct ChosenModel {
    pub dir: String,
    pub name: String,
    pub n_layers: usize,
    pub n_heads: usize,
    /// Those that are chosen, layer by layer.
    pub heads: Vec<LayerHead>,
}

/// Something that is drawn of a head: by the viewer, or packed as pictures.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    pub name: String,
    /// How the viewer draws it; `None` where pictures are packed.
    pub matrix: Option<MatrixStyle>,
    /// Place of its documentation in the site's index.
    pub entry: Option<usize>,
}

/// The chosen figures in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tiles {
    pub models: Vec<ChosenModel>,
    pub prompts: Vec<Arc<PromptRow>>,
    pub functions: Vec<Function>,
    pub tiles: Vec<Tile>,
    /// The score that they are sorted by, of each; empty where they are sorted by none.
    pub scores: Vec<Option<f32>>,
    /// Sentences on what was asked for and is not there.
    pub notices: Vec<String>,
}

/// Everything that the site has pictures of, in the order of its index.
pub fn functions(index: &Index) -> Vec<Function> {
    let packed = set(index.manifest.models.iter().flat_map(|m| m.figures.keys().map(String::as_str)));
    let mut out = Vec::new();
    for (entry, figure) in index.figures.iter().enumerate() {
        if let Some(matrix) = figure.matrix_style() {
            out.push(Function { name: figure.name.clone(), matrix: Some(matrix), entry: Some(entry) });
        }
        // A figure that is listed itself is not its function's too.
        let listed = |name: &str| name != figure.name && index.figures.iter().any(|other| other.name == name);
        let own =
            packed.iter().filter(|name| belongs(name, figure) && !listed(name) && figure.matrix_style().is_none());
        out.extend(own.map(|name| Function { name: (*name).to_owned(), matrix: None, entry: Some(entry) }));
    }
    let unlisted = packed.iter().filter(|name| out.iter().all(|f| f.name != **name));
    let unlisted: Vec<_> =
        unlisted.map(|name| Function { name: (*name).to_owned(), matrix: None, entry: None }).collect();
    out.extend(unlisted);
    out
}

/// Whether packed figures called `name` are by this function, which may draw several, called `function.figure`.
fn belongs(name: &str, figure: &FigureEntry) -> bool {
    name.strip_prefix(figure.name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The names of the chosen functions: where none were named, `raw`, or else the first.
pub fn chosen_functions(chosen: Option<&[String]>, all: &[Function]) -> Vec<String> {
    match chosen {
        Some(names) => names.to_vec(),
        None => all.iter().find(|f| f.name == "raw").or(all.first()).map(|f| f.name.clone()).into_iter().collect(),
    }
}

/// The model that a link means: by directory, or by its full name.
pub fn find_model<'a>(index: &'a Index, name: &str) -> Option<&'a ModelEntry> {
    index.model(name).or_else(|| index.models.iter().find(|m| m.model_name == name))
}

/// Whether each head of a model, counted through the layers, is named by its selection: all are where there is none.
pub fn heads_of(text: Option<&str>, model: &ModelEntry) -> Result<Vec<bool>, String> {
    let selection = text.map_or_else(|| Ok(HeadSelection::all()), str::parse)?;
    selection.heads(model.n_layers, model.n_heads)
}

impl Tiles {
    /// The tiles that a tile is the average of, or itself.
    pub fn members(&self, tile: &Tile) -> Vec<Tile> {
        let model = &self.models[tile.model as usize];
        let prompts: Vec<u32> = match tile.prompt {
            MEAN => {
                (0..self.prompts.len()).filter(|&p| self.prompts[p].has_model(&model.dir)).map(|p| p as u32).collect()
            }
            prompt => vec![prompt],
        };
        let is_member = |wanted: u32, own: usize| wanted == MEAN || wanted as usize == own;
        let heads = model.heads.iter().filter(|h| is_member(tile.layer, h.layer) && is_member(tile.head, h.head));
        let heads: Vec<(u32, u32)> = heads.map(|h| (h.layer as u32, h.head as u32)).collect();
        let of = |prompt| heads.iter().map(move |&(layer, head)| Tile { prompt, layer, head, ..*tile });
        prompts.into_iter().flat_map(of).collect()
    }
}

/// Enumerates and orders what is chosen. `rows` are the prompts of the chosen models; `None` while they are fetched.
pub fn choose(index: &Index, choice: &Choice, rows: Option<&[Arc<PromptRow>]>, scores: &Scores) -> Tiles {
    let mut out = Tiles::default();
    let mut entries: Vec<&ModelEntry> = Vec::new();
    for entry in &index.models {
        let dir = entry.dir();
        if !choice.models.iter().any(|name| find_model(index, name).is_some_and(|m| m.dir() == dir)) {
            continue;
        }
        let text = choice.heads.get(&dir).or_else(|| choice.heads.get(&entry.model_name));
        match heads_of(text, entry) {
            Ok(heads) => {
                entries.push(entry);
                out.models.push(ChosenModel {
                    dir,
                    name: entry.model_name.clone(),
                    n_layers: entry.n_layers,
                    n_heads: entry.n_heads,
                    heads: (0..heads.len())
                        .filter(|at| heads[*at])
                        .map(|at| LayerHead::nth(at, entry.n_heads))
                        .collect(),
                });
            }
            Err(message) => out.notices.push(format!("{dir}: {message}.")),
        }
    }
    for name in choice.models.iter().filter(|name| find_model(index, name).is_none()) {
        out.notices.push(format!("There is no model {name} on this site."));
    }
    let all = functions(index);
    for name in chosen_functions(choice.functions.as_deref(), &all) {
        match all.iter().find(|f| f.name == name) {
            Some(function) => out.functions.push(function.clone()),
            None => out.notices.push(format!("There are no figures called {name} on this site.")),
        }
    }
    let Some(rows) = rows else { return out };
    out.prompts = match &choice.prompts {
        Prompts::All => rows.to_vec(),
        Prompts::Some(hashes) => {
            let wanted = set(hashes.iter().map(String::as_str));
            let is_wanted = |row: &&Arc<PromptRow>| wanted.binary_search(&row.hash.as_str()).is_ok();
            let found: Vec<Arc<PromptRow>> = rows.iter().filter(is_wanted).cloned().collect();
            if found.len() < wanted.len() && !choice.models.is_empty() {
                let n = wanted.len() - found.len();
                out.notices.push(format!(
                    "{} among those of the chosen models.",
                    counted(n, "chosen prompt is not", "chosen prompts are not")
                ));
            }
            found
        }
    };
    sorted(&mut out.prompts, choice.prompt_sort.as_ref());
    out.tiles = enumerate(&mut out, index, choice.mean);
    let (value, notices) = scores.of(&out, &choice.order);
    out.notices.extend(notices);
    let mut tiles = std::mem::take(&mut out.tiles);
    arrange(&mut tiles, &choice.order, |tile| value(&out, tile));
    if choice.order.score.is_some() {
        out.scores = tiles.iter().map(|tile| value(&out, tile)).collect();
    }
    out.tiles = tiles;
    out
}

/// Every figure, in the default order; adds notices on those that are missing.
fn enumerate(of: &mut Tiles, index: &Index, mean: Option<Mean>) -> Vec<Tile> {
    let mut out: Vec<Tile> = Vec::new();
    // By function.
    let mut missing = vec![0; of.functions.len()];
    for (m, model) in of.models.iter().enumerate() {
        let manifest = index.manifest_model(&model.dir);
        // An average over prompts is there once.
        let most = if mean == Some(Mean::Prompts) { 1 } else { usize::MAX };
        let prompts = of.prompts.iter().enumerate().filter(|(_, p)| p.has_model(&model.dir));
        for (p, prompt) in prompts.take(most) {
            for (f, function) in of.functions.iter().enumerate() {
                let there = match function.matrix {
                    Some(_) => true,
                    None => mean.is_none() && manifest.is_some_and(|m| m.has_figure(&function.name, &prompt.hash)),
                };
                if !there {
                    missing[f] += model.heads.len();
                    continue;
                }
                for head in &model.heads {
                    let (layer, head) = (head.layer as u32, head.head as u32);
                    let tile = Tile { model: m as u32, prompt: p as u32, layer, head, function: f as u32 };
                    let tile = mean.map_or(tile, |mean| mean.of(tile));
                    if mean.is_none() || out.last() != Some(&tile) {
                        out.push(tile);
                    }
                }
            }
        }
    }
    let missing = of.functions.iter().zip(missing).filter(|(_, n)| *n > 0);
    of.notices.extend(missing.map(|(Function { name, .. }, n)| match mean {
        Some(_) => format!("{name} is drawn as pictures, which have no average."),
        None => format!(
            "{} by {name}: not drawn when the site was built.",
            counted(n, "figure is missing", "figures are missing")
        ),
    }));
    out
}

/// `1 figure is missing`, `2 figures are missing`.
pub fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use lens_schema::index::{Manifest, ManifestModel};
    use lens_schema::{Precision, PromptEntry, SCHEMA_VERSION};

    use super::*;
    use crate::grid::table::merge;

    fn index() -> Index {
        let figures = BTreeMap::from([("svd.left".to_owned(), Some(vec!["p".to_owned()])), ("odd".to_owned(), None)]);
        let model = |name: &str| serde_json::json!({"model_name": name, "n_layers": 2, "n_heads": 3});
        let figure = |name: &str| FigureEntry { name: name.to_owned(), ..Default::default() };
        Index {
            manifest: Manifest {
                schema: SCHEMA_VERSION,
                generator: String::new(),
                title: String::new(),
                precision: Precision::Exact,
                models: vec![
                    ManifestModel { dir: "a-x".into(), n_prompts: 2, figures, scores: false },
                    ManifestModel { dir: "b".into(), n_prompts: 1, ..Default::default() },
                ],
                files: 0,
                bytes: 0,
            },
            models: ["a/x", "b"].map(|n| serde_json::from_value(model(n)).unwrap()).to_vec(),
            figures: ["svd", "raw"].map(figure).to_vec(),
        }
    }

    fn tiles(query: &str) -> Tiles {
        let prompt = |hash: &str| PromptEntry { hash: hash.to_owned(), ..Default::default() };
        let of_a = Arc::new(vec![prompt("p"), prompt("q")]);
        let of_b = Arc::new(vec![prompt("q")]);
        let rows = merge(&[("a-x".to_owned(), of_a), ("b".to_owned(), of_b)]);
        choose(&index(), &Choice::of(&State::read(&Query::parse(query))), Some(&rows), &Scores::default())
    }

    #[test]
    fn figures_are_models_times_prompts_times_heads() {
        assert_eq!(tiles("").tiles.len(), 0);
        assert_eq!(tiles("models=a-x").tiles.len(), 0);
        assert_eq!(tiles("models=a-x&prompts=p").tiles.len(), 6);
        assert_eq!(tiles("models=a/x&prompts=*&heads-a-x=L1").tiles.len(), 6);
        assert_eq!(tiles("models=a-x&prompts=p&heads-a-x").tiles.len(), 0);
        // b does not have the prompt p.
        assert_eq!(tiles("models=a-x~b&prompts=p~q").tiles.len(), 6 + 6 + 6);
        assert_eq!(tiles("models=a-x~b&prompts=p~q").notices, [""; 0]);
        let raw = &tiles("models=b&prompts=q").functions;
        assert_eq!((raw.len(), raw[0].name.as_str()), (1, "raw"));
    }

    #[test]
    fn what_is_missing_is_said() {
        assert_eq!(
            tiles("models=a-x~c&prompts=p~z&functions=raw~nope&heads-a-x=L7").notices,
            [
                "a-x: L7: there is no layer 7; the model has layers 0 to 1.",
                "There is no model c on this site.",
                "There are no figures called nope on this site.",
                "1 chosen prompt is not among those of the chosen models.",
            ]
        );
        let packed = tiles("models=a-x&prompts=p~q&functions=svd.left");
        assert_eq!(packed.tiles.len(), 6);
        assert_eq!(packed.notices, ["6 figures are missing by svd.left: not drawn when the site was built."]);
    }

    #[test]
    fn averages_stand_for_their_members() {
        let all = "models=a-x~b&prompts=p~q&functions=raw~svd.left&heads-a-x=L0~L1H1";
        let mean = |over: &str| {
            let tiles = tiles(&format!("{all}&mean={over}"));
            assert_eq!(tiles.notices, ["svd.left is drawn as pictures, which have no average."]);
            tiles.tiles.iter().map(|tile| tiles.members(tile).len()).collect::<Vec<_>>()
        };
        // a-x: two prompts, three heads in layer 0 and one in layer 1; b: one prompt, all six heads.
        assert_eq!(mean("heads"), [3, 1, 3, 1, 3, 3]);
        assert_eq!(mean("layers"), [4, 4, 6]);
        assert_eq!(mean("prompts"), [2, 2, 2, 2, 1, 1, 1, 1, 1, 1]);
        let plain = tiles("models=b&prompts=q");
        assert_eq!(plain.members(&plain.tiles[4]), [plain.tiles[4]]);
    }

    #[test]
    fn functions_are_what_the_site_has() {
        let names: Vec<_> = functions(&index()).into_iter().map(|f| (f.name, f.entry, f.matrix.is_some())).collect();
        assert_eq!(
            names,
            [
                ("svd.left".to_owned(), Some(0), false),
                ("raw".to_owned(), Some(1), true),
                ("odd".to_owned(), None, false)
            ]
        );
    }
}
