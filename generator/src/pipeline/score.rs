//! Scores the heads of a prompt, and puts a site's scores together.

use anyhow::Result;
use lens_schema::{ModelEntry, PromptEntry};

use crate::data::{DataDir, scores};
use crate::pattern::AttentionPatterns;
use crate::score;
use crate::site::SiteBuilder;

use super::Observer;

/// Computes a prompt's scores, unless they are there; always if `redo`. Whether they were computed.
pub fn prompt(
    data: &DataDir,
    model: &ModelEntry,
    prompt: &PromptEntry,
    patterns: &AttentionPatterns,
    redo: bool,
) -> Result<bool> {
    if !redo && data.prompt_scores(model, &prompt.hash)?.is_some() {
        return Ok(false);
    }
    data.write_prompt_scores(&model.dir(), &prompt.hash, &score::of_prompt(patterns, prompt))?;
    Ok(true)
}

/// Gives a site the scores that its prompts have.
pub fn site(data: &DataDir, site: &SiteBuilder, observer: &dyn Observer) -> Result<()> {
    for (model, hashes) in site.prompts() {
        let scores = data.gather_scores(&model, &hashes)?;
        let missing = hashes.len() - scores.as_ref().map_or(0, |scores| scores.table.prompts.len());
        if missing > 0 {
            let (n, dir) = (hashes.len(), model.dir());
            observer.note(&format!(
                "{missing} of {n} prompts of {dir} have no head scores; run `lens-build figures` to compute them"
            ));
        }
        if let Some(scores) = scores {
            site.add_files(&scores::files(&model.dir(), &scores)?)?;
        }
    }
    Ok(())
}
