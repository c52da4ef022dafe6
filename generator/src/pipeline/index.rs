//! Rebuilds the indexes from what lies in the data directory.

use std::path::Path;

use anyhow::Result;

use super::kept;
use crate::data::DataDir;
use crate::figure::{FigureFn, REGISTRY};

/// Writes `models.jsonl`, `figures.jsonl`, and `prompts.jsonl` of these models (all if none is named).
/// Returns the directory of each of them and how many prompts it has.
pub fn index(save_path: &Path, models: &[String]) -> Result<Vec<(String, usize)>> {
    let data = DataDir::new(save_path)?;
    let models = kept::models(&data, models)?;
    let _lock = data.lock()?;
    let mut indexed = Vec::new();
    for model in models {
        let dir = model.dir();
        let n_prompts = data.write_prompts_index(&dir, &[])?;
        indexed.push((dir, n_prompts));
    }
    data.write_models_index()?;
    let figures: Vec<_> = REGISTRY.iter().map(FigureFn::entry).collect();
    data.write_figures_index(&data.merged_figures(&figures)?)?;
    Ok(indexed)
}
