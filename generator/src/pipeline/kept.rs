//! Patterns that the data directory has.

use std::path::Path;

use anyhow::{Result, bail, ensure};
use lens_schema::ModelEntry;
use lens_schema::path::sanitize_name;

use super::{Item, Work};
use crate::data::DataDir;
use crate::model::names;

/// The models of the data directory; those of `names` if there are any: by name, by directory, by model folder, or by
/// another name of the same model.
pub fn models(data: &DataDir, names: &[String]) -> Result<Vec<ModelEntry>> {
    let all = data.models()?;
    let root = data.root().display();
    if all.is_empty() {
        bail!("{root} has no models; run `lens-build activations` first, or name the data directory with --save-path");
    }
    if names.is_empty() {
        return Ok(all);
    }
    let mut chosen: Vec<ModelEntry> = Vec::new();
    for name in names {
        let folder = Path::new(name).file_name().map(|n| sanitize_name(&n.to_string_lossy()));
        let is = |m: &&ModelEntry| m.model_name == *name || m.dir() == sanitize_name(name) || Some(m.dir()) == folder;
        let known = names::find(name);
        let is_known = |m: &&ModelEntry| {
            let is = |s: &str| sanitize_name(s).eq_ignore_ascii_case(&m.dir());
            known.is_some_and(|known| known.spellings().any(is))
        };
        let Some(model) = all.iter().find(is).or_else(|| all.iter().find(is_known)) else {
            let have = all.iter().map(ModelEntry::dir).collect::<Vec<_>>().join(", ");
            bail!("--model {name}: not in {root}, which has {have}");
        };
        if !chosen.contains(model) {
            chosen.push(model.clone());
        }
    }
    Ok(chosen)
}

/// Hands out every complete prompt of these models. A model that cannot be read is a failure, and the others go on.
pub fn run(work: &Work<'_>, models: &[ModelEntry], n_samples: Option<usize>) -> Result<()> {
    for model in models {
        if work.stopped() {
            break;
        }
        if let Err(e) = run_model(work, model, n_samples) {
            if crate::fs::is_fatal(&e) {
                return Err(e);
            }
            work.fail(format!("model {}: {e:#}", model.dir()));
        }
    }
    Ok(())
}

fn run_model(work: &Work<'_>, model: &ModelEntry, n_samples: Option<usize>) -> Result<()> {
    let dir = model.dir();
    let mut hashes = work.data.hashes(&dir)?;
    hashes.truncate(n_samples.unwrap_or(usize::MAX));
    let mut complete = Vec::new();
    for hash in &hashes {
        if work.data.has_patterns(&dir, hash)? {
            complete.push(hash);
        }
    }
    ensure!(
        !complete.is_empty(),
        "{} has no prompt with patterns of it; run `lens-build activations` first",
        work.data.root().display()
    );
    if complete.len() < hashes.len() {
        work.observer.note(&format!(
            "{} of {} prompts of {dir} have no patterns and are left out; run `lens-build activations` to make them",
            hashes.len() - complete.len(),
            hashes.len()
        ));
    }
    let site_model = work.site.map(|site| site.add_model(model)).transpose()?;
    work.observer.begin(&model.model_name, complete.len());
    work.with_workers(|queue| {
        for (position, hash) in complete.into_iter().enumerate() {
            if queue.stopped() {
                break;
            }
            match work.data.prompt(&dir, hash) {
                Ok(prompt) => queue.send(Item { model, site_model, position, prompt, patterns: None })?,
                Err(e) => work.fail(format!("model {dir}, prompt {hash}: {e:#}")),
            }
        }
        Ok(())
    })?;
    match work.plan.figures {
        Some(_) => work.data.write_scores_index(model),
        None => Ok(()),
    }
}
