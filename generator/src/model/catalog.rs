//! What can be run: built-in models, architectures, known names, and what the hub's cache has.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, Result};
use hf_hub::{Repo, RepoType};
use serde::Serialize;

use super::hub::cache::CachedRepo;
use super::hub::{self, settings::Settings};
use super::names::{self, Known};
use super::{Model, arch};
use crate::demo;

/// Everything that fits a pattern.
#[derive(Debug, Serialize)]
pub struct Catalog {
    pub built_in: Vec<BuiltIn>,
    /// Values of `model_type`.
    pub architectures: Vec<&'static str>,
    pub known: Vec<KnownModel>,
    pub cached: Vec<CachedModel>,
    /// Where `cached` was looked for.
    #[serde(skip)]
    pub cache: std::path::PathBuf,
}

/// A model that is part of the program.
#[derive(Debug, Serialize)]
pub struct BuiltIn {
    pub name: &'static str,
    pub description: &'static str,
    pub n_layers: usize,
    pub n_heads: usize,
    /// Size of its weights.
    pub bytes: u64,
}

/// A model that TransformerLens knows.
#[derive(Debug, Serialize)]
pub struct KnownModel {
    pub name: &'static str,
    /// Its hub id.
    pub id: &'static str,
    pub aliases: Vec<&'static str>,
    /// `model_type` of its `config.json`.
    pub architecture: Option<&'static str>,
    /// Why it cannot be run; `None` if it can.
    pub refused: Option<String>,
    /// Whether the hub's cache has it whole.
    pub cached: bool,
}

/// A model that the hub's cache has.
#[derive(Debug, Serialize)]
pub struct CachedModel {
    /// Its hub id.
    pub id: String,
    pub architecture: Option<String>,
    /// Branches and tags, or commits if it has no other names for them.
    pub revisions: Vec<String>,
    /// What its files take on the disk.
    pub bytes: u64,
    /// Whether one of the revisions is there whole, and of a supported architecture.
    pub can_run: bool,
}

impl Catalog {
    /// What contains `pattern`, or matches it as a glob, in a name, a hub id or an architecture; letters of any case.
    pub fn of(pattern: &str, settings: &Settings) -> Result<Catalog> {
        let pattern = pattern.to_lowercase();
        let glob = globset::GlobBuilder::new(&pattern).build();
        let glob = glob.with_context(|| format!("{pattern:?} is no pattern"))?.compile_matcher();
        let fits = |text: &str| {
            let text = text.to_lowercase();
            text.contains(&pattern) || glob.is_match(text)
        };
        let all_cached = cached(&settings.cache);
        let is_whole = |known: &Known| {
            let is = |c: &CachedModel| known.spellings().any(|s| s.eq_ignore_ascii_case(&c.id));
            all_cached.iter().any(|c| c.can_run && is(c))
        };
        let known = names::known().iter().filter(|k| k.spellings().any(fits) || k.architecture.is_ok_and(fits));
        Ok(Catalog {
            built_in: demo::models().iter().filter(|m| fits(m.name)).map(built_in).collect::<Result<_>>()?,
            architectures: arch::model_types().filter(|name| fits(name)).collect(),
            known: known.map(|known| known_model(known, is_whole(known))).collect(),
            cache: settings.cache.clone(),
            cached: all_cached
                .into_iter()
                .filter(|c| fits(&c.id) || c.architecture.as_deref().is_some_and(fits))
                .collect(),
        })
    }

    pub fn is_empty(&self) -> bool {
        self.built_in.is_empty() && self.architectures.is_empty() && self.known.is_empty() && self.cached.is_empty()
    }
}

fn built_in(model: &demo::DemoModel) -> Result<BuiltIn> {
    let files = model.files();
    let config = Model::read_config(&files)?;
    let bytes = files.read("model.safetensors")?.map_or(0, |weights| weights.len() as u64);
    Ok(BuiltIn {
        name: model.name,
        description: model.description,
        n_layers: config.n_layers(),
        n_heads: config.n_heads,
        bytes,
    })
}

fn known_model(known: &'static Known, cached: bool) -> KnownModel {
    let refused = match known.architecture {
        Err(refusal) => Some(refusal.reason().to_owned()),
        Ok(name) if !is_supported(name) => Some(format!("the architecture {name} is not supported")),
        Ok(_) => None,
    };
    let aliases = known.aliases.clone();
    KnownModel { name: known.name, id: known.id, aliases, architecture: known.architecture.ok(), refused, cached }
}

fn is_supported(architecture: &str) -> bool {
    arch::model_types().any(|name| name == architecture)
}

/// The models of a cache, by id. What cannot be read is not there.
fn cached(cache: &Path) -> Vec<CachedModel> {
    let names = crate::fs::list(cache).unwrap_or_default();
    let ids = names.iter().filter_map(|name| name.strip_prefix("models--")).map(|id| id.replace("--", "/"));
    let mut models: Vec<CachedModel> = ids.filter_map(|id| cached_model(cache, id)).collect();
    models.sort_by(|a, b| a.id.cmp(&b.id));
    models
}

fn cached_model(cache: &Path, id: String) -> Option<CachedModel> {
    let repo = Repo::new(id.clone(), RepoType::Model);
    let folder = cache.join(repo.folder_name());
    let snapshots = crate::fs::list(&folder.join("snapshots")).unwrap_or_default();
    let refs = folder.join("refs");
    let mut named = BTreeSet::new();
    let mut commits = BTreeSet::new();
    for entry in walkdir::WalkDir::new(&refs).sort_by_file_name().into_iter().filter_map(Result::ok) {
        let commit = std::fs::read_to_string(entry.path()).unwrap_or_default().trim().to_owned();
        if entry.file_type().is_file() && snapshots.contains(&commit) {
            named.extend(entry.path().strip_prefix(&refs).ok().map(|name| name.to_string_lossy().into_owned()));
            commits.insert(commit);
        }
    }
    named.extend(snapshots.iter().filter(|commit| !commits.contains(*commit)).cloned());
    let at = |commit: &String| CachedRepo::new(cache, &repo).snapshot(commit);
    let architecture = snapshots.iter().find_map(|commit| model_type(&at(commit)));
    let whole = snapshots.iter().any(|commit| hub::is_whole(&at(commit)));
    let blobs = walkdir::WalkDir::new(folder.join("blobs")).into_iter().filter_map(|e| e.ok()?.metadata().ok());
    (!snapshots.is_empty()).then(|| CachedModel {
        id,
        can_run: whole && architecture.as_deref().is_some_and(is_supported),
        architecture,
        revisions: named.into_iter().collect(),
        bytes: blobs.filter(std::fs::Metadata::is_file).map(|m| m.len()).sum(),
    })
}

fn model_type(snapshot: &Path) -> Option<String> {
    let config: serde_json::Value = serde_json::from_slice(&std::fs::read(snapshot.join("config.json")).ok()?).ok()?;
    Some(config.get("model_type")?.as_str()?.to_owned())
}
