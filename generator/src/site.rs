//! The static site: indexes, packed patterns and figures, pages and the viewer.
//!
//! A [`SiteBuilder`] writes beside the target and takes its place in the end, so that a failed build never
//! replaces a good site. Prompts may be added from several threads; the same input gives the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result, bail, ensure};
use lens_schema::index::ManifestModel;
use lens_schema::{FigureEntry, Manifest, ModelEntry, Precision, PromptEntry, SCHEMA_VERSION, jsonl, path};

use crate::pattern::AttentionPatterns;

mod assets;
mod escape;
mod pack;
mod pages;
mod sheet;
mod stage;

use assets::Viewer;
use pages::Pages;
pub use pages::base_url;
use stage::Stage;

/// GitHub Pages publishes sites up to this many bytes.
pub const GITHUB_PAGES_LIMIT: u64 = 1_000_000_000;

/// What the user chose about the site as a whole.
#[derive(Debug, Clone, Default)]
pub struct SiteOptions {
    /// Title of the pages; "Attention patterns" if none is given.
    pub title: Option<String>,
    /// Folder of templates that override the built-in ones by name.
    pub templates: Option<PathBuf>,
    /// Where the site will be published, for absolute links.
    pub base_url: Option<String>,
    /// Folder of a built viewer that takes the place of the built-in one.
    pub viewer: Option<PathBuf>,
    /// Data without pages.
    pub no_pages: bool,
    /// How exactly values are kept.
    pub precision: Precision,
}

/// A model of the site, as [`SiteBuilder::add_model`] returns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelId(usize);

/// What was built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteReport {
    /// Where the site lies, absolute.
    pub out: PathBuf,
    /// Files of the site, its manifest included.
    pub files: u64,
    /// Bytes of the site, its manifest included.
    pub bytes: u64,
    /// What the user should know: no error, but not what they may expect either.
    pub notes: Vec<String>,
}

/// A site in the making.
#[derive(Debug)]
pub struct SiteBuilder {
    stage: Stage,
    /// `None` without pages.
    pages: Option<Pages>,
    title: String,
    precision: Precision,
    figures: Vec<FigureEntry>,
    /// Figures whose pictures are packed, each with the name of its function; the viewer draws the others itself.
    packed: BTreeMap<String, String>,
    models: Mutex<Vec<SiteModel>>,
}

#[derive(Debug)]
struct SiteModel {
    entry: ModelEntry,
    dir: String,
    /// By position in the model's list of prompts.
    prompts: BTreeMap<usize, SitePrompt>,
}

#[derive(Debug)]
struct SitePrompt {
    hash: String,
    figures: BTreeSet<String>,
}

impl SiteBuilder {
    /// Prepares a site that will replace `out`, with these figure functions.
    ///
    /// All that can go wrong with the options goes wrong here, before any model is run: an `out` that is something
    /// else than a site or that another program is writing, a template with an error, a viewer that is none.
    pub fn new(out: &Path, options: &SiteOptions, figures: &[FigureEntry]) -> Result<Self> {
        let title = options.title.clone().unwrap_or_else(|| "Attention patterns".to_owned());
        let pages = match options.no_pages {
            true => None,
            false => {
                let viewer = options.viewer.as_deref().map_or_else(Viewer::built_in, Viewer::folder)?;
                Some(Pages::new(viewer, options.templates.as_deref(), options.base_url.as_deref())?)
            }
        };
        let packed = figures.iter().filter(|f| f.matrix_style().is_none());
        let packed = packed.map(|f| (f.name.clone(), f.function().to_owned())).collect();
        Ok(SiteBuilder {
            stage: Stage::new(out)?,
            pages,
            title,
            precision: options.precision,
            figures: figures.to_vec(),
            packed,
            models: Mutex::default(),
        })
    }

    /// Adds a model. Models are listed in the order of these calls.
    pub fn add_model(&self, entry: &ModelEntry) -> Result<ModelId> {
        let dir = entry.dir();
        let name = &entry.model_name;
        ensure!(path::is_safe_name(&dir) && !path::is_site_file(&dir), "a site cannot have a model called {name:?}");
        let mut models = self.models();
        if models.iter().any(|m| m.dir.eq_ignore_ascii_case(&dir)) {
            bail!("two models would share the site's folder {dir}; rename one of them");
        }
        let mut entry = entry.clone();
        entry.sanitized_name = None;
        self.stage.write(&path::model_cfg(&dir), json(&entry)?.as_bytes())?;
        entry.sanitized_name = Some(dir.clone());
        models.push(SiteModel { entry, dir, prompts: BTreeMap::new() });
        Ok(ModelId(models.len() - 1))
    }

    /// Adds a prompt: packs its patterns, and the pictures that `prompt_dir` has for its heads.
    ///
    /// `position` is the prompt's place in the model's list; positions may have gaps and come in any order, from any
    /// thread. `prompt_dir` is the prompt's folder in the data directory. A prompt that is there already is left as
    /// it is.
    pub fn add_prompt(
        &self,
        model: ModelId,
        position: usize,
        prompt: &PromptEntry,
        patterns: &AttentionPatterns,
        prompt_dir: &Path,
    ) -> Result<()> {
        let (dir, shape) = {
            let model = &self.models()[model.0];
            (model.dir.clone(), (model.entry.n_layers, model.entry.n_heads))
        };
        let mut prompt = prompt.clone();
        if prompt.hash.is_empty() {
            prompt.hash = path::prompt_hash(&prompt.text);
        }
        let hash = prompt.hash.clone();
        let place = || format!("model {dir}, prompt {hash}");
        ensure!(path::is_safe_name(&hash), "{}: this hash cannot name a folder", place());
        let found = (patterns.n_layers(), patterns.n_heads());
        ensure!(
            found == shape,
            "{}: the activations have {} layers and {} heads, the model has {} and {}; run it again with --force",
            place(),
            found.0,
            found.1,
            shape.0,
            shape.1
        );
        self.stage.write(&path::prompt_json(&dir, &hash), json(&prompt)?.as_bytes())?;
        pack::patterns(&self.stage, &dir, &hash, patterns, self.precision).with_context(place)?;
        let figures = pack::figures(&self.stage, &dir, &hash, prompt_dir, patterns.heads(), &self.packed)?;
        self.models()[model.0].prompts.insert(position, SitePrompt { hash, figures });
        Ok(())
    }

    /// Every model and the hashes of its prompts, in the order in which the site lists them.
    pub fn prompts(&self) -> Vec<(ModelEntry, Vec<String>)> {
        let listed = |model: &SiteModel| {
            let mut seen = BTreeSet::new();
            let hashes = model.prompts.values().map(|prompt| prompt.hash.clone());
            (model.entry.clone(), hashes.filter(|hash| seen.insert(hash.clone())).collect())
        };
        self.models().iter().map(listed).collect()
    }

    /// Adds files, by paths as [`lens_schema::path`] spells them.
    pub fn add_files(&self, files: &[(String, Vec<u8>)]) -> Result<()> {
        files.iter().try_for_each(|(path, bytes)| self.stage.write(path, bytes))
    }

    /// Where the site will lie.
    pub fn out(&self) -> &Path {
        self.stage.out()
    }

    /// How many prompts of the site in place would be lost if this one took its place.
    pub fn would_lose(&self) -> Result<usize> {
        self.stage.would_lose()
    }

    /// Writes the indexes, the pages and the manifest, and puts the site in its place.
    pub fn finish(self) -> Result<SiteReport> {
        let SiteBuilder { stage, pages, title, precision, figures, models, .. } = self;
        let mut models = models.into_inner().unwrap_or_else(PoisonError::into_inner);
        for model in &mut models {
            let mut seen = BTreeSet::new();
            model.prompts.retain(|_, prompt| seen.insert(prompt.hash.clone()));
            let mut lines = String::new();
            for prompt in model.prompts.values() {
                lines.push_str(&stage.read_to_string(&path::prompt_json(&model.dir, &prompt.hash))?);
                lines.push('\n');
            }
            stage.write(&path::prompts(&model.dir), lines.as_bytes())?;
        }
        let entries: Vec<&ModelEntry> = models.iter().map(|m| &m.entry).collect();
        stage.write(path::MODELS, jsonl::to_string(&entries)?.as_bytes())?;
        stage.write(path::FIGURES, jsonl::to_string(&figures)?.as_bytes())?;
        stage.write(path::NO_JEKYLL, b"")?;
        let mut notes = Vec::new();
        if let Some(pages) = &pages {
            notes = pages.write(&stage, &title, &models)?;
        }
        let (files, bytes) = stage.size()?;
        let manifest = Manifest {
            schema: SCHEMA_VERSION,
            generator: concat!("lens-build ", env!("CARGO_PKG_VERSION")).to_owned(),
            title,
            precision,
            models: models.iter().map(|model| model.manifest(&stage)).collect(),
            files,
            bytes,
        };
        let manifest = json(&manifest)?;
        stage.write(path::MANIFEST, manifest.as_bytes())?;
        let bytes = bytes + manifest.len() as u64;
        if bytes > GITHUB_PAGES_LIMIT {
            notes.push(too_large(bytes, precision));
        }
        let out = stage.out().to_owned();
        stage.publish()?;
        Ok(SiteReport { out, files: files + 1, bytes, notes })
    }

    fn models(&self) -> MutexGuard<'_, Vec<SiteModel>> {
        self.models.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SiteModel {
    fn manifest(&self, stage: &Stage) -> ManifestModel {
        let mut figures: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for prompt in self.prompts.values() {
            for figure in &prompt.figures {
                figures.entry(figure.clone()).or_default().push(prompt.hash.clone());
            }
        }
        let n_prompts = self.prompts.len();
        let only = |hashes: Vec<String>| (hashes.len() < n_prompts).then_some(hashes);
        let figures = figures.into_iter().map(|(name, hashes)| (name, only(hashes))).collect();
        ManifestModel { dir: self.dir.clone(), n_prompts, figures, scores: stage.has(&path::scores(&self.dir)) }
    }
}

/// What to do about a site that GitHub Pages does not take.
fn too_large(bytes: u64, precision: Precision) -> String {
    let smaller = match precision {
        Precision::Overview => "",
        Precision::Exact => "keep 8 bits of each value (--precision overview), ",
        Precision::F32 => "keep 16 or 8 bits of each value (--precision exact, --precision overview), ",
    };
    format!(
        "the site has {:.2} GB, GitHub Pages takes 1 GB: {smaller}take fewer prompts (--n-samples) or shorter ones \
         (--max-tokens, --max-chars)",
        bytes as f64 / 1e9
    )
}

fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).context("cannot write JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_can_be_made_smaller() {
        let note = too_large(1_234_000_000, Precision::Exact);
        assert!(note.starts_with(
            "the site has 1.23 GB, GitHub Pages takes 1 GB: keep 8 bits of each value (--precision overview)"
        ));
        assert!(too_large(2_000_000_000, Precision::F32).contains("--precision exact, --precision overview"));
        assert!(!too_large(2_000_000_000, Precision::Overview).contains("--precision"));
    }
}
