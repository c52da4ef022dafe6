//! Models of the Hugging Face hub: which files a model needs, from the hub or from the cache.
//!
//! The cache's layout is that of Python's `huggingface_hub`, so that each reads what the other has downloaded.

pub mod cache;
mod client;
mod download;
mod error;
mod needed;
pub mod settings;

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

use anyhow::{Result, anyhow};
use hf_hub::{Repo, RepoType};

use super::Model;
use super::files::ModelFiles;
use super::names;
use crate::observer::Observer;
use cache::CachedRepo;
use client::{Client, Listing};
use download::{Downloader, Meter};
use needed::{CONFIG, Lacking, check_whole, gather};
use settings::Settings;

pub use error::HubError;
pub use needed::is_whole;

/// The revision of who names none.
pub const MAIN: &str = "main";

/// A model of the hub at a revision.
#[derive(Debug, Clone)]
pub struct HubModel {
    /// What it is called here: [`crate::model::names`], and the revision if one was named.
    pub name: String,
    /// All that it may be called, `name` first.
    pub spellings: Vec<String>,
    /// Its ids, the one to download first; the cache may have it by another.
    pub ids: Vec<String>,
    /// `main` unless one was named.
    pub revision: String,
}

/// A model whose `config.json` was read and can be used.
#[derive(Debug)]
pub struct Found {
    settings: Settings,
    repo: Repo,
    commit: String,
    files: ModelFiles,
    rest: Rest,
}

/// What the cache lacks.
enum NotCached {
    Nothing(String),
    Part(String),
}

/// Where the rest of a model's files is.
#[derive(Debug)]
enum Rest {
    InCache,
    /// On the hub, whose list of the commit's files is there if it gave one.
    OnHub(Option<BTreeSet<String>>),
}

impl HubModel {
    fn repo(&self, id: &str) -> Repo {
        Repo::with_revision(id.to_owned(), RepoType::Model, self.revision.clone())
    }

    /// By the first of its ids that the cache has, else by the first.
    fn cached_repo(&self, settings: &Settings) -> Repo {
        let repos = self.ids.iter().map(|id| self.repo(id));
        let cached = repos.clone().find(|repo| CachedRepo::new(&settings.cache, repo).commit().is_some());
        cached.or(repos.into_iter().next()).unwrap_or_else(|| self.repo(&self.name))
    }

    /// Reads `config.json`, from the hub or, where it cannot be asked, from the cache, and makes sure that it can be
    /// used: whoever cannot be run needs no download.
    pub fn find(&self, settings: &Settings, observer: &dyn Observer, stop: &AtomicBool) -> Result<Found> {
        let repo = self.cached_repo(settings);
        let found = if settings.offline {
            let remedy = "unset it to ask the hub, or give a folder that has the model with --model DIR";
            self.in_cache(&repo, settings).map_err(|lacking| match lacking {
                NotCached::Nothing(what) | NotCached::Part(what) => {
                    anyhow!("{what}, and HF_HUB_OFFLINE is set; {remedy}{}", names::meant(&repo.url()))
                }
            })?
        } else {
            match self.on_hub(&repo, settings, observer, stop) {
                Ok(found) => found,
                Err(e) => {
                    let Some(reason) = e.downcast_ref::<HubError>() else { return Err(e) };
                    let explained = anyhow!(reason.explain(&repo, settings));
                    match self.in_cache(&repo, settings) {
                        _ if !reason.leaves_the_cache() => return Err(explained),
                        Ok(found) => {
                            observer.note(&format!("{}: {reason}; what the cache has of it is used", self.name));
                            found
                        }
                        Err(NotCached::Part(part)) => return Err(anyhow!("{explained}; {part}")),
                        Err(NotCached::Nothing(_)) => return Err(explained),
                    }
                }
            }
        };
        Model::read_config(&found.files)?;
        Ok(found)
    }

    fn on_hub(&self, repo: &Repo, settings: &Settings, observer: &dyn Observer, stop: &AtomicBool) -> Result<Found> {
        let client = Client::new(settings)?;
        let Listing { commit, files } = match client.listing(repo) {
            // Some servers have the files and no list of them.
            Err(HubError::Status { code: 404 | 405 | 501, .. }) => Listing { commit: None, files: None },
            listing => listing?,
        };
        let commit = match commit {
            Some(commit) => commit,
            None => {
                let reply = client.file(repo, &self.revision, CONFIG, 0).map_err(|e| match e {
                    HubError::Status { code: 404, .. } => HubError::NoModel,
                    e => e,
                })?;
                let what = "it has no X-Repo-Commit".to_owned();
                reply.commit.ok_or(HubError::Odd { url: settings.endpoint.clone(), what })?
            }
        };
        let cached = CachedRepo::new(&settings.cache, repo);
        let mut download = Downloader {
            client: &client,
            repo,
            cached: &cached,
            commit: commit.clone(),
            files: files.clone(),
            observer,
            stop,
            meter: Meter::new(&self.name),
        };
        if !download.get(CONFIG)? {
            return Err(HubError::NoFile.into());
        }
        Ok(self.found(repo, commit, Rest::OnHub(files), settings))
    }

    /// The whole model, as the cache has it.
    fn in_cache(&self, repo: &Repo, settings: &Settings) -> Result<Found, NotCached> {
        let cached = CachedRepo::new(&settings.cache, repo);
        let (cache, id, revision) = (settings.cache.display(), repo.url(), repo.revision());
        let Some(commit) = cached.commit() else {
            return Err(NotCached::Nothing(format!("the cache {cache} has no {id} at {revision}")));
        };
        let folder = cached.snapshot(&commit);
        let part = |lacks: &dyn std::fmt::Display| {
            NotCached::Part(format!("the cache {cache} has only a part of {id} at {revision}: {lacks}"))
        };
        check_whole(&folder).map_err(|e| part(&format_args!("{e:#}")))?;
        Ok(self.found(repo, commit, Rest::InCache, settings))
    }

    fn found(&self, repo: &Repo, commit: String, rest: Rest, settings: &Settings) -> Found {
        let folder = CachedRepo::new(&settings.cache, repo).snapshot(&commit);
        let files = ModelFiles::from_hub(self.name.clone(), repo.url(), folder);
        Found { settings: settings.clone(), repo: repo.clone(), commit, files, rest }
    }
}

impl Found {
    /// The model's folder, which may have no more than `config.json` yet.
    pub fn files(&self) -> &ModelFiles {
        &self.files
    }

    /// Whether nothing has to be downloaded.
    pub fn is_whole(&self) -> bool {
        is_whole(&CachedRepo::new(&self.settings.cache, &self.repo).snapshot(&self.commit))
    }

    /// Downloads what the cache lacks. Returns the model's folder.
    pub fn fetch(&self, observer: &dyn Observer, stop: &AtomicBool) -> Result<ModelFiles> {
        let Found { settings, repo, commit, files, rest } = self;
        let Rest::OnHub(listing) = rest else { return Ok(files.clone()) };
        let (client, cached) = (Client::new(settings)?, CachedRepo::new(&settings.cache, repo));
        let mut download = Downloader {
            client: &client,
            repo,
            cached: &cached,
            commit: commit.clone(),
            files: listing.clone(),
            observer,
            stop,
            meter: Meter::new(&files.name),
        };
        let folder = download.folder();
        gather(&folder, &mut |file| download.get(file)).map_err(|e| {
            let reason = e.downcast_ref::<HubError>().filter(|e| !e.is_passing()).map(|e| e.explain(repo, settings));
            let has = listing.iter().flatten().filter(|f| f.contains('.') && !f.starts_with('.')).map(String::as_str);
            match reason {
                Some(reason) => anyhow!(reason),
                None if e.is::<Lacking>() => e.context(format!(
                    "{} at {} has only {}",
                    repo.url(),
                    repo.revision(),
                    has.collect::<Vec<_>>().join(", ")
                )),
                None => e,
            }
        })?;
        download.finish();
        if let Err(e) = cached.point(commit) {
            // Only who has no connection would need it.
            observer.note(&format!("{}: {e:#}", files.name));
        }
        Ok(files.clone())
    }
}
