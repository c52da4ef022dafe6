//! Patterns that the data directory has.

use anyhow::{Result, bail};
use lens_schema::ModelEntry;
use lens_schema::path::sanitize_name;

use super::{Item, Work};
use crate::data::DataDir;

/// The models of the data directory; those of `names` if there are any, by name or by directory.
pub fn models(data: &DataDir, names: &[String]) -> Result<Vec<ModelEntry>> {
    let all = data.models()?;
    let root = data.root().display();
    if all.is_empty() {
        bail!("{root} has no models; run `lens-build activations` first, or name the data directory with --save-path");
    }
    if names.is_empty() {
        return Ok(all);
    }
    let find = |name: &String| {
        let is = |m: &&ModelEntry| m.model_name == *name || m.dir() == sanitize_name(name);
        all.iter().find(is).cloned().ok_or_else(|| {
            let have = all.iter().map(ModelEntry::dir).collect::<Vec<_>>().join(", ");
            anyhow::anyhow!("--model {name}: not in {root}, which has {have}")
        })
    };
    names.iter().map(find).collect()
}

/// Hands out every complete prompt of these models.
pub fn run(work: &Work<'_>, models: &[ModelEntry], n_samples: Option<usize>) -> Result<()> {
    for model in models {
        let dir = model.dir();
        let mut prompts = work.data.prompts(&dir)?;
        prompts.truncate(n_samples.unwrap_or(usize::MAX));
        let before = prompts.len();
        let mut complete = Vec::new();
        for prompt in prompts {
            if work.data.has_patterns(&dir, &prompt.hash)? {
                complete.push(prompt);
            }
        }
        if complete.len() < before {
            let missing = before - complete.len();
            work.observer.note(&format!(
                "{missing} of {before} prompts of {dir} have no patterns and are left out; \
                 run `lens-build activations` to make them"
            ));
        }
        let site_model = work.site.map(|site| site.add_model(model)).transpose()?;
        work.observer.begin(&model.model_name, complete.len());
        work.with_workers(|queue| {
            for (position, prompt) in complete.into_iter().enumerate() {
                if queue.stopped() {
                    break;
                }
                queue.send(Item { model, site_model, position, prompt, patterns: None })?;
            }
            Ok(())
        })?;
    }
    Ok(())
}
