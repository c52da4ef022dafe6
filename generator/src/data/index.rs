//! The `.jsonl` files that list what a data directory has.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use lens_schema::{FigureEntry, ModelEntry, PromptEntry, jsonl, path};
use serde::de::DeserializeOwned;

use super::DataDir;
use crate::fs;

/// What the listing of a prompt is good for here: its place.
#[derive(serde::Deserialize)]
struct Listed {
    hash: String,
}

impl DataDir {
    /// Writes `models.jsonl` from the models' folders.
    pub fn write_models_index(&self) -> Result<Vec<ModelEntry>> {
        let models = self.models()?;
        fs::write(&self.root.join(path::MODELS), jsonl::to_string(&models)?.as_bytes())?;
        Ok(models)
    }

    /// Writes a model's `prompts.jsonl` from its prompts' folders: first those that `first` names, in its order,
    /// then the others in the order that they were listed in, then those that were not, by hash.
    pub fn write_prompts_index(&self, model: &str, first: &[String]) -> Result<Vec<PromptEntry>> {
        // A damaged listing is what this function is asked to repair.
        let listed = self.listed(model).unwrap_or_default();
        let seen: BTreeSet<&String> = first.iter().collect();
        let order: Vec<String> =
            first.iter().chain(listed.iter().filter(|hash| !seen.contains(hash))).cloned().collect();
        let prompts = self.prompts_in_order(model, &order)?;
        fs::write(&self.root.join(path::prompts(model)), jsonl::to_string(&prompts)?.as_bytes())?;
        Ok(prompts)
    }

    /// Hashes in the order of `prompts.jsonl`; none if there is no such file.
    pub(super) fn listed(&self, model: &str) -> Result<Vec<String>> {
        let listed: Vec<Listed> = self.read_index(&path::prompts(model))?;
        Ok(listed.into_iter().map(|l| l.hash).collect())
    }

    /// The figure functions that the directory knows, by name.
    pub fn figures(&self) -> Result<Vec<FigureEntry>> {
        self.read_index(path::FIGURES)
    }

    /// Writes `figures.jsonl`: the given functions and those that are listed already, sorted by name.
    pub fn write_figures_index(&self, figures: &[FigureEntry]) -> Result<Vec<FigureEntry>> {
        let mut all: BTreeMap<String, FigureEntry> =
            self.figures()?.into_iter().map(|figure| (figure.name.clone(), figure)).collect();
        for figure in figures {
            // Keys that others wrote stay.
            let mut figure = figure.clone();
            if let Some(old) = all.remove(&figure.name) {
                old.rest.into_iter().for_each(|(key, value)| {
                    figure.rest.entry(key).or_insert(value);
                });
            }
            all.insert(figure.name.clone(), figure);
        }
        let all: Vec<FigureEntry> = all.into_values().collect();
        fs::write(&self.root.join(path::FIGURES), jsonl::to_string(&all)?.as_bytes())?;
        Ok(all)
    }

    fn read_index<T: DeserializeOwned>(&self, name: &str) -> Result<Vec<T>> {
        let file = self.root.join(name);
        if !file.is_file() {
            return Ok(Vec::new());
        }
        let text = fs::read_to_string(&file)?;
        jsonl::parse(&file.display().to_string(), &text)
            .context("an index is damaged; delete it and run `lens-build index`")
    }
}
