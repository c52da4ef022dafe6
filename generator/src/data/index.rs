//! The `.jsonl` files that list what a data directory has.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};

use anyhow::{Context as _, Result};
use lens_schema::{FigureEntry, ModelEntry, jsonl, path};
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
    /// then the others in the order that they were listed in, then those that were not, by hash. Returns how many.
    pub fn write_prompts_index(&self, model: &str, first: &[&str]) -> Result<usize> {
        // A damaged listing is what this function is asked to repair.
        let listed = self.listed(model).unwrap_or_default();
        let order: Vec<String> = first.iter().map(|hash| (*hash).to_owned()).chain(listed).collect();
        let hashes = self.hashes_in_order(model, &order)?;
        let mut unreadable = None;
        // One by one: all of them may not fit into memory.
        let written = fs::write_with(&self.root.join(path::prompts(model)), |out| {
            for hash in &hashes {
                let prompt = self.prompt(model, hash).map_err(|e| {
                    unreadable = Some(e);
                    io::Error::other("a prompt cannot be read")
                })?;
                serde_json::to_writer(&mut *out, &prompt)?;
                out.write_all(b"\n")?;
            }
            Ok(())
        });
        unreadable.map_or(written, Err)?;
        Ok(hashes.len())
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

    /// The given functions and those that are listed already, sorted by name.
    pub fn merged_figures(&self, figures: &[FigureEntry]) -> Result<Vec<FigureEntry>> {
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
        Ok(all.into_values().collect())
    }

    /// Writes `figures.jsonl`.
    pub fn write_figures_index(&self, figures: &[FigureEntry]) -> Result<()> {
        fs::write(&self.root.join(path::FIGURES), jsonl::to_string(figures)?.as_bytes())
    }

    /// The entries of an index, read line by line; none if there is no such file.
    fn read_index<T: DeserializeOwned>(&self, name: &str) -> Result<Vec<T>> {
        let path = self.root.join(name);
        let file = match File::open(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            file => file.with_context(|| format!("cannot read {}", path.display()))?,
        };
        let mut entries = Vec::new();
        for (i, line) in BufReader::new(file).lines().enumerate() {
            let damaged =
                || format!("{}:{}: the index is damaged; delete it and run `lens-build index`", path.display(), i + 1);
            let line = line.with_context(damaged)?;
            if !line.trim().is_empty() {
                entries.push(serde_json::from_str(&line).with_context(damaged)?);
            }
        }
        Ok(entries)
    }
}
