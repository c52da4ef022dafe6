//! What the site holds: the manifest, the models, the figure functions and the prompts.

use std::sync::Arc;

use lens_schema::index::ManifestModel;
use lens_schema::{FigureEntry, Manifest, ModelEntry, PromptEntry, SCHEMA_VERSION, jsonl, path};

use crate::fetch::{self, Cache};

/// What is known of a site before a prompt is looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Index {
    pub manifest: Manifest,
    pub models: Vec<ModelEntry>,
    pub figures: Vec<FigureEntry>,
}

impl Index {
    /// Fetches and checks the site's index files. Errors are sentences to show.
    pub async fn load() -> Result<Self, String> {
        let (manifest, models, figures) =
            futures::join!(fetch::text(path::MANIFEST), fetch::text(path::MODELS), fetch::text(path::FIGURES));
        // A wrong manifest explains whatever is wrong with the others.
        let manifest = read_manifest(&manifest?)?;
        Ok(Index {
            manifest,
            models: jsonl::parse(path::MODELS, &models?).map_err(|e| e.to_string())?,
            figures: jsonl::parse(path::FIGURES, &figures?).map_err(|e| e.to_string())?,
        })
    }

    /// The model in directory `dir`.
    pub fn model(&self, dir: &str) -> Option<&ModelEntry> {
        self.models.iter().find(|m| m.dir() == dir)
    }

    /// What the manifest says of the model in directory `dir`.
    pub fn manifest_model(&self, dir: &str) -> Option<&ManifestModel> {
        self.manifest.models.iter().find(|m| m.dir == dir)
    }

    pub fn figure(&self, name: &str) -> Option<&FigureEntry> {
        self.figures.iter().find(|f| f.name == name)
    }
}

/// Parses the manifest; its schema version comes first, because another version may have other keys.
fn read_manifest(text: &str) -> Result<Manifest, String> {
    #[derive(serde::Deserialize)]
    struct Version {
        schema: u32,
        #[serde(default)]
        generator: String,
    }
    let damaged = |e: serde_json::Error| format!("{} is damaged ({e}); build the site again", path::MANIFEST);
    let version: Version = serde_json::from_str(text).map_err(damaged)?;
    if version.schema != SCHEMA_VERSION {
        let by =
            if version.generator.is_empty() { String::new() } else { format!(" (written by {})", version.generator) };
        return Err(format!(
            "this site's data has schema {}{by}, and its pages read schema {SCHEMA_VERSION}; \
             build the site again with one version of lens-build, and reload the page past the browser's cache",
            version.schema
        ));
    }
    serde_json::from_str(text).map_err(damaged)
}

thread_local! {
    static PROMPTS: Cache<Arc<Vec<PromptEntry>>> = Cache::new(64 << 20);
}

/// The prompts of the model in directory `dir`.
pub async fn prompts(dir: &str) -> Result<Arc<Vec<PromptEntry>>, String> {
    let url = path::prompts(dir);
    let name = url.clone();
    let load = async move {
        let text = fetch::text(&url).await?;
        let prompts = jsonl::parse(&url, &text).map_err(|e| e.to_string())?;
        Ok((Arc::new(prompts), text.len() * 2))
    };
    PROMPTS.with(|cache| cache.get(&name, load)).await.map(|prompts| Arc::clone(&prompts))
}

/// The prompts of several models, with their directories, fetched at the same time, and what went wrong with others.
pub async fn prompts_of(dirs: &[String]) -> (Vec<(String, Arc<Vec<PromptEntry>>)>, Vec<String>) {
    let loads = dirs.iter().map(|dir| async move { (dir.clone(), prompts(dir).await) });
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    for (dir, loaded) in futures::future::join_all(loads).await {
        match loaded {
            Ok(prompts) => found.push((dir, prompts)),
            Err(message) => errors.push(message),
        }
    }
    (found, errors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_schema_is_named() {
        let good = r#"{"schema":2,"generator":"lens-build 0.1.0","title":"t","models":[],"files":1,"bytes":2}"#;
        assert_eq!(read_manifest(good).unwrap().title, "t");
        let newer = read_manifest(r#"{"schema":3,"generator":"lens-build 9","other":[]}"#).unwrap_err();
        assert!(
            newer.starts_with("this site's data has schema 3 (written by lens-build 9), and its pages read schema 2;")
        );
        let older = read_manifest(&good.replace("\"schema\":2", "\"schema\":1")).unwrap_err();
        assert!(
            older.starts_with(
                "this site's data has schema 1 (written by lens-build 0.1.0), and its pages read schema 2;"
            )
        );
        for damaged in ["", "[]", r#"{"schema":2}"#, "<!doctype html>"] {
            let error = read_manifest(damaged).unwrap_err();
            assert!(error.starts_with("lens.json is damaged ("), "{error}");
        }
    }
}
