//! Draws the figures of one prompt's heads into the data directory.

use anyhow::Result;
use lens_schema::PromptEntry;
use lens_schema::path::FIGURE_ERROR;

use crate::data::DataDir;
use crate::data::figures::HeadFile;
use crate::figure::FigureFn;
use crate::pattern::{AttentionPatterns, Pattern};

/// What became of one prompt's figures.
#[derive(Debug, Default)]
pub struct Drawn {
    pub drawn: usize,
    pub failures: Vec<String>,
}

/// Draws what is missing, or everything if `redo`. What a function fails with is kept beside the pictures, and
/// returned.
pub fn figures(
    data: &DataDir,
    model: &str,
    prompt: &PromptEntry,
    patterns: &AttentionPatterns,
    figures: &[&FigureFn],
    redo: bool,
) -> Result<Drawn> {
    let labels = prompt.row_labels(patterns.n_ctx());
    let mut result = Drawn::default();
    for head in patterns.heads() {
        let folder = data.head_dir(model, &prompt.hash, head)?;
        let there = folder.files()?;
        let drawn = |f: &FigureFn, file: &HeadFile| {
            file.figure == f.name && file.extension == f.format && folder.is_whole(file)
        };
        let missing = figures.iter().filter(|f| redo || !there.iter().any(|file| drawn(f, file)));
        for (i, figure) in missing.enumerate() {
            if i == 0 {
                folder.create()?;
            }
            let values = patterns.head(head);
            let pattern = Pattern { model, head, prompt, labels: &labels, values, causal: patterns.causal };
            match figure.draw(&pattern) {
                Ok(picture) => {
                    folder.write(figure.name, figure.format, &picture, &there)?;
                    result.drawn += 1;
                }
                Err(e) => {
                    let message = format!("{e:#}");
                    folder.write(figure.name, FIGURE_ERROR, message.as_bytes(), &there)?;
                    result.failures.push(format!("{}/{}: {message}", folder.display(), figure.name));
                }
            }
        }
    }
    Ok(result)
}
