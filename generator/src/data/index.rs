//! The `.jsonl` files that list what a data directory has.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};

use anyhow::{Context as _, Result};
use lens_schema::index::INPUT_IDS;
use lens_schema::{FigureEntry, ModelEntry, PromptEntry, jsonl, path};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::DataDir;
use crate::fs;

/// What the listing of a prompt is good for where it is only read: its place.
#[derive(serde::Deserialize)]
struct Listed {
    hash: String,
}

/// The keys of a listed prompt that are not ours: they may be in the listing alone.
#[derive(serde::Deserialize)]
#[serde(from = "PromptEntry")]
struct Foreign {
    hash: String,
    keys: Map<String, Value>,
}

impl From<PromptEntry> for Foreign {
    fn from(mut prompt: PromptEntry) -> Self {
        prompt.rest.shift_remove(INPUT_IDS);
        Foreign { hash: prompt.hash, keys: prompt.rest }
    }
}

/// Adds the keys that only the old entry has.
fn keep(new: &mut Map<String, Value>, old: Map<String, Value>) {
    for (key, value) in old {
        new.entry(key).or_insert(value);
    }
}

impl DataDir {
    /// Writes `models.jsonl` from the models' folders. Keys that only the listing had stay, as in the other indexes.
    pub fn write_models_index(&self) -> Result<Vec<ModelEntry>> {
        let mut models = self.models()?;
        // Of a damaged listing nothing can be kept, and it is whole again afterwards.
        let listed: Vec<ModelEntry> = self.read_index(path::MODELS).unwrap_or_default();
        let mut listed: BTreeMap<String, ModelEntry> = listed.into_iter().map(|model| (model.dir(), model)).collect();
        for model in &mut models {
            if let Some(old) = listed.remove(&model.dir()) {
                keep(&mut model.rest, old.rest);
            }
        }
        fs::write(&self.root.join(path::MODELS), jsonl::to_string(&models)?.as_bytes())?;
        Ok(models)
    }

    /// Writes a model's `prompts.jsonl` from its prompts' folders: first those that `first` names, in its order,
    /// then the others in the order that they were listed in, then those that were not, by hash. Returns how many.
    pub fn write_prompts_index(&self, model: &str, first: &[&str]) -> Result<usize> {
        // A damaged listing is what this function is asked to repair.
        let listed: Vec<Foreign> = self.read_index(&path::prompts(model)).unwrap_or_default();
        let first = first.iter().map(|hash| (*hash).to_owned());
        let order: Vec<String> = first.chain(listed.iter().map(|prompt| prompt.hash.clone())).collect();
        let hashes = self.hashes_in_order(model, &order)?;
        let mut foreign: BTreeMap<String, Map<String, Value>> =
            listed.into_iter().map(|prompt| (prompt.hash, prompt.keys)).collect();
        let mut unreadable = None;
        // One by one: all of them may not fit into memory.
        let written = fs::write_with(&self.root.join(path::prompts(model)), |out| {
            for hash in &hashes {
                let mut prompt = self.prompt(model, hash).map_err(|e| {
                    unreadable = Some(e);
                    io::Error::other("a prompt cannot be read")
                })?;
                keep(&mut prompt.rest, foreign.remove(hash).unwrap_or_default());
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
            let mut figure = figure.clone();
            keep(&mut figure.rest, all.remove(&figure.name).map(|old| old.rest).unwrap_or_default());
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
