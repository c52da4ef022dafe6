//! The head scores of the site's models: fetched when asked for, kept within a budget of memory.

use std::rc::Rc;

use lens_schema::path;
use lens_schema::score::{HeadDistances, ScoreTable};

use crate::fetch::{self, Cache};
use crate::index::Index;

thread_local! {
    static TABLES: Cache<ScoreTable> = Cache::new(64 << 20);
    static DISTANCES: Cache<HeadDistances> = Cache::new(32 << 20);
}

/// Whether the site has scores of the model in directory `dir`. Where it has none, nothing is to be fetched.
pub fn has(index: &Index, dir: &str) -> bool {
    index.manifest_model(dir).is_some_and(|model| model.scores)
}

/// Every score of every head of the model in directory `dir`.
pub async fn table(dir: &str) -> Result<Rc<ScoreTable>, String> {
    let url = path::scores(dir);
    let name = url.clone();
    let load = async move {
        let file = fetch::bytes(&url).await?;
        let table = ScoreTable::read(&file).map_err(|e| format!("{url}: {e}"))?;
        let size = table.columns.iter().map(|column| size_of_val(&column.values[..])).sum();
        Ok((table, size))
    };
    TABLES.with(|cache| cache.get(&name, load)).await
}

/// How much the heads of the model in directory `dir` differ from each other.
pub async fn distances(dir: &str) -> Result<Rc<HeadDistances>, String> {
    let table = table(dir).await?;
    let url = path::head_distances(dir);
    let name = url.clone();
    let load = async move {
        let file = fetch::bytes(&url).await?;
        let distances = HeadDistances::read(&file, table.n_layers, table.n_heads).map_err(|e| format!("{url}: {e}"))?;
        let size = size_of_val(&distances.divergence[..]);
        Ok((distances, size))
    };
    DISTANCES.with(|cache| cache.get(&name, load)).await
}
