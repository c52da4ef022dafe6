//! The data directory: patterns, figures and indexes, as Python pattern-lens writes and reads them.
//!
//! ```text
//! models.jsonl  figures.jsonl
//! MODEL/model_cfg.json  MODEL/prompts.jsonl  MODEL/random_tokens.npz
//! MODEL/scores.npz  MODEL/heads.jsonl  MODEL/head_distances.npz
//! MODEL/prompts/HASH/prompt.json  activations.npz  scores.npz  L{l}/H{h}/NAME.{png,svg,…}
//! ```
//! The folders are the truth; the `.jsonl` files and the model's scores are an index of them, in which only keys that
//! are not ours may stand alone. A prompt is complete when both its patterns and its `prompt.json` are there;
//! `prompt.json` is written last.

pub mod figures;
pub mod index;
pub(crate) mod npy;
mod npz;
pub mod scores;
mod zero_runs;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use lens_schema::{ModelEntry, PromptEntry, path};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::fs;
use crate::lock::Lock;
use crate::pattern::AttentionPatterns;

/// How patterns are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatternFormat {
    /// `activations.npz`, an entry per layer; the level is zlib's (0 stores, 1 drops zeros only).
    Npz { level: u32 },
    /// One array of all layers, not compressed.
    Stacked,
}

/// Name of the file that a writer holds locked.
const LOCK: &str = ".lens-build.lock";

/// No model has as many heads by far; memory is taken for each.
const MOST_HEADS: usize = 1 << 20;

/// How far two values of a pattern may differ and still be the same but for rounding.
const ROUNDING: f32 = 1e-4;

/// A data directory. Reading needs no lock; who writes holds [`DataDir::lock`].
#[derive(Debug, Clone)]
pub struct DataDir {
    root: PathBuf,
}

impl DataDir {
    /// The directory may be missing or empty: it then has no models.
    pub fn new(root: &Path) -> Result<Self> {
        if root.join(path::MANIFEST).exists() {
            bail!("{} is a site, not a data directory; --save-path names the data directory", root.display());
        }
        ensure!(!root.exists() || root.is_dir(), "{} is not a directory", root.display());
        Ok(DataDir { root: root.to_owned() })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Makes the directory where it is missing, and lets nobody else write it. What a killed writer has left half
    /// written is removed.
    pub fn lock(&self) -> Result<Lock> {
        fs::create_dir_all(&self.root)?;
        let lock = Lock::take(&self.root.join(LOCK), &self.root, "--save-path")?;
        if lock.was_left_behind {
            fs::remove_temporary(&self.root)?;
        }
        Ok(lock)
    }

    /// Every model, sorted by its directory's name. `sanitized_name` is that name, whatever the file says.
    pub fn models(&self) -> Result<Vec<ModelEntry>> {
        if !self.root.exists() {
            return Ok(Vec::new());
        }
        let names = fs::list(&self.root)?;
        let names = names.iter().filter(|name| self.root.join(path::model_cfg(name)).is_file());
        let model = |name: &String| {
            check_name_of(&self.root.join(name), name)?;
            self.model(name)
        };
        names.map(model).collect()
    }

    /// One model, by its directory's name.
    pub fn model(&self, dir: &str) -> Result<ModelEntry> {
        check_name(dir)?;
        let file = self.root.join(path::model_cfg(dir));
        let remedy = "delete it and run `lens-build activations` for this model again";
        let mut entry: ModelEntry = read_json(&file, remedy)?;
        let (layers, heads) = (entry.n_layers, entry.n_heads);
        ensure!(
            (1..=MOST_HEADS).contains(&layers.saturating_mul(heads)),
            "{} is damaged; {remedy}: no model has {layers} layers of {heads} heads",
            file.display()
        );
        entry.sanitized_name = Some(dir.to_owned());
        Ok(entry)
    }

    /// What the directory calls the model that has these names: the first of them that one of its models has, however
    /// its letters are cased.
    pub fn name_of(&self, spellings: &[String]) -> Result<Option<String>> {
        let models = self.models()?;
        let is = |model: &&ModelEntry, spelling: &str| model.dir().eq_ignore_ascii_case(&path::sanitize_name(spelling));
        let found = spellings.iter().find_map(|spelling| models.iter().find(|model| is(model, spelling)));
        // A name that would lead to another directory is not the one that the directory was made for.
        let name =
            |m: &ModelEntry| if path::sanitize_name(&m.model_name) == m.dir() { m.model_name.clone() } else { m.dir() };
        Ok(found.map(name))
    }

    /// Hashes of a model's complete or begun prompts: in the order of `prompts.jsonl`, then those that it does not
    /// list, sorted.
    pub fn hashes(&self, model: &str) -> Result<Vec<String>> {
        self.hashes_in_order(model, &self.listed(model)?)
    }

    fn hashes_in_order(&self, model: &str, order: &[String]) -> Result<Vec<String>> {
        check_name(model)?;
        let folder = self.root.join(path::prompts_dir(model));
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let place: std::collections::BTreeMap<&str, usize> =
            order.iter().enumerate().rev().map(|(i, hash)| (hash.as_str(), i)).collect();
        let mut hashes = fs::list(&folder)?;
        hashes.retain(|hash| self.root.join(path::prompt_json(model, hash)).is_file());
        hashes.iter().try_for_each(|hash| check_name_of(&folder.join(hash), hash))?;
        hashes.sort_by_key(|hash| place.get(hash.as_str()).copied().unwrap_or(usize::MAX));
        Ok(hashes)
    }

    /// One prompt. `hash` is the folder's name, whatever the file says.
    pub fn prompt(&self, model: &str, hash: &str) -> Result<PromptEntry> {
        let file = self.prompt_dir(model, hash)?.join(path::PROMPT);
        let mut entry: PromptEntry = read_json(&file, "delete its folder and run `lens-build activations` again")?;
        entry.hash = hash.to_owned();
        Ok(entry)
    }

    /// Whether a prompt is complete.
    pub fn has_patterns(&self, model: &str, hash: &str) -> Result<bool> {
        let dir = self.prompt_dir(model, hash)?;
        let patterns = dir.join(path::ACTIVATIONS_NPZ).is_file() || dir.join(path::ACTIVATIONS_NPY).is_file();
        Ok(patterns && dir.join(path::PROMPT).is_file())
    }

    /// Reads a prompt's patterns, in whichever form they are kept.
    pub fn read_patterns(&self, model: &ModelEntry, hash: &str) -> Result<AttentionPatterns> {
        let dir = self.prompt_dir(&model.dir(), hash)?;
        let (npz, npy) = (dir.join(path::ACTIVATIONS_NPZ), dir.join(path::ACTIVATIONS_NPY));
        let (file, layers) = match (npz.is_file(), npy.is_file()) {
            (true, _) => (&npz, npz::read(&fs::read(&npz)?)),
            (false, true) => (&npy, npz::read_stacked(&fs::read(&npy)?)),
            (false, false) => bail!("{} is missing; run `lens-build activations` to make it", npz.display()),
        };
        let damaged = || format!("{} is damaged; delete it and run `lens-build activations` again", file.display());
        let layers = layers.with_context(damaged)?;
        let (n_layers, n_heads) = (model.n_layers, model.n_heads);
        for (l, layer) in layers.iter().enumerate() {
            let found = layer.dim();
            let fits = layers.len() == n_layers && found.0 == n_heads && found.1 == layers[0].dim().1;
            ensure!(
                fits,
                "{}: layer {l} of {} is {found:?}; {} has {n_layers} layers of {n_heads} heads",
                damaged(),
                layers.len(),
                model.model_name
            );
        }
        for (l, layer) in layers.iter().enumerate() {
            let wrong = layer.iter().find(|v| !(0.0..=1.0 + ROUNDING).contains(*v));
            ensure!(wrong.is_none(), "{}: layer {l} has {}, which is no probability", damaged(), wrong.unwrap_or(&0.0));
        }
        let causal = model.text("attention_dir") != Some("bidirectional");
        Ok(AttentionPatterns { causal: causal && layers.iter().all(is_lower_triangular), layers })
    }

    /// Whether there are patterns of this prompt, and they are not these: what was drawn of them is out of date.
    pub fn has_other_patterns(&self, model: &ModelEntry, hash: &str, patterns: &AttentionPatterns) -> bool {
        match self.has_patterns(&model.dir(), hash) {
            Ok(true) => !self.read_patterns(model, hash).is_ok_and(|there| there.is_close(patterns, ROUNDING)),
            _ => false,
        }
    }

    /// Writes a prompt's patterns, and removes them in the other form.
    pub fn write_patterns(
        &self,
        model: &str,
        hash: &str,
        patterns: &AttentionPatterns,
        format: PatternFormat,
    ) -> Result<()> {
        let dir = self.prompt_dir(model, hash)?;
        fs::create_dir_all(&dir)?;
        let (npz, npy) = (dir.join(path::ACTIVATIONS_NPZ), dir.join(path::ACTIVATIONS_NPY));
        match format {
            PatternFormat::Npz { level } => {
                fs::write_with(&npz, |out| npz::write(out, &patterns.layers, level))?;
                fs::remove_file(&npy)
            }
            PatternFormat::Stacked => {
                fs::write_with(&npy, |out| npz::write_stacked(out, &patterns.layers))?;
                fs::remove_file(&npz)
            }
        }
    }

    /// Writes `model_cfg.json`; keys that only the existing file has are kept.
    ///
    /// An error if the directory holds another model of the same name: their patterns must not be mixed.
    pub fn write_model(&self, entry: &ModelEntry) -> Result<()> {
        let dir = entry.dir();
        check_name(&dir)?;
        let file = self.root.join(path::model_cfg(&dir));
        if file.is_file() {
            let there = self.model(&dir)?;
            ensure!(
                (there.n_layers, there.n_heads) == (entry.n_layers, entry.n_heads),
                "{} belongs to another model called {} ({} layers of {} heads; this one has {} of {}); \
                 choose another --save-path",
                self.root.join(&dir).display(),
                entry.model_name,
                there.n_layers,
                there.n_heads,
                entry.n_layers,
                entry.n_heads
            );
        }
        fs::create_dir_all(&self.root.join(&dir))?;
        write_json_keeping(&file, entry)
    }

    /// Writes `prompt.json`; keys that only the existing file has are kept.
    pub fn write_prompt(&self, model: &str, entry: &PromptEntry) -> Result<()> {
        let dir = self.prompt_dir(model, &entry.hash)?;
        fs::create_dir_all(&dir)?;
        write_json_keeping(&dir.join(path::PROMPT), entry)
    }

    /// `MODEL/prompts/HASH`, for names that stay inside of the directory.
    fn prompt_dir(&self, model: &str, hash: &str) -> Result<PathBuf> {
        check_name(model)?;
        check_name(hash)?;
        Ok(self.root.join(path::prompt_dir(model, hash)))
    }
}

/// Refuses a name that is no plain path component.
fn check_name(name: &str) -> Result<()> {
    let hint = "; names of models and prompts are made of A-Z a-z 0-9 . _ - and must not be reserved";
    ensure!(path::is_safe_name(name), "{name:?} cannot be the name of a directory{hint}");
    Ok(())
}

/// The same of a folder that is there.
fn check_name_of(folder: &Path, name: &str) -> Result<()> {
    check_name(name).with_context(|| format!("{} must be renamed or moved away", folder.display()))
}

fn is_lower_triangular(layer: &ndarray::Array3<f32>) -> bool {
    let above = |(q, row): (usize, ndarray::ArrayView1<'_, f32>)| row.iter().skip(q + 1).all(|&v| v == 0.0);
    layer.outer_iter().all(|head| head.outer_iter().enumerate().all(above))
}

fn read_json<T: DeserializeOwned>(file: &Path, remedy: &str) -> Result<T> {
    serde_json::from_slice(&fs::read(file)?).with_context(|| format!("{} is damaged; {remedy}", file.display()))
}

/// Writes an entry's keys, followed by those that only the existing file has.
fn write_json_keeping(file: &Path, entry: &impl Serialize) -> Result<()> {
    let mut value = serde_json::to_value(entry)?;
    // A damaged old file has nothing to keep.
    let old: Option<Map<String, Value>> = std::fs::read(file).ok().and_then(|old| serde_json::from_slice(&old).ok());
    if let (Value::Object(new), Some(old)) = (&mut value, old) {
        for (key, value) in old {
            new.entry(key).or_insert(value);
        }
    }
    fs::write(file, &serde_json::to_vec(&value)?)
}

#[cfg(test)]
mod tests;
