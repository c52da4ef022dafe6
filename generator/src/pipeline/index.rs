//! Rebuilds the indexes from what lies in the data directory.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;
use lens_schema::path::FIGURE_ERROR;
use lens_schema::{FigureEntry, LayerHead};

use super::kept;
use crate::data::DataDir;
use crate::figure::{FigureFn, Registry};

/// Writes `models.jsonl`, `figures.jsonl`, and `prompts.jsonl` and the scores of these models (all if none is named).
/// Returns the directory of each of them and how many prompts it has.
pub fn index(save_path: &Path, models: &[String], registry: &Registry) -> Result<Vec<(String, usize)>> {
    let data = DataDir::new(save_path)?;
    let models = kept::models(&data, models)?;
    let _lock = data.lock()?;
    let mut indexed = Vec::new();
    let mut drawn = BTreeSet::new();
    for model in models {
        let dir = model.dir();
        let n_prompts = data.write_prompts_index(&dir, &[])?;
        for hash in data.hashes(&dir)? {
            // Every function has left a picture or an error of the first head.
            let files = data.head_dir(&dir, &hash, LayerHead { layer: 0, head: 0 })?.files()?;
            drawn.extend(files.into_iter().map(|file| (file.figure, file.extension)));
        }
        data.write_scores_index(&model)?;
        indexed.push((dir, n_prompts));
    }
    data.write_models_index()?;
    data.write_figures_index(&data.merged_figures(&found(&data, &drawn, registry)?)?)?;
    Ok(indexed)
}

/// Entries of the figures of which there are files, given by name and extension. Those of registered functions are
/// complete; of others no more is known than their names, unless they are listed already.
fn found(data: &DataDir, drawn: &BTreeSet<(String, String)>, registry: &Registry) -> Result<Vec<FigureEntry>> {
    let listed = data.figures()?;
    let mut entries: Vec<FigureEntry> = registry.all().iter().flat_map(FigureFn::entries).collect();
    // A function that failed has left its own name.
    entries.retain(|entry| drawn.iter().any(|(name, _)| *name == entry.name || name == entry.function()));
    for (name, extension) in drawn.iter().filter(|(_, extension)| extension != FIGURE_ERROR) {
        if entries.iter().chain(&listed).all(|entry| entry.name != *name) {
            let function = name.split_once('.').map_or(name.as_str(), |(function, _)| function);
            entries.push(FigureEntry {
                name: name.clone(),
                func_name: function.to_owned(),
                figure_save_fmt: Some(extension.clone()),
                ..FigureEntry::default()
            });
        }
    }
    Ok(entries)
}
