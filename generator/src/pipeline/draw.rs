//! Draws the figures of one prompt's heads into the data directory.

use anyhow::Result;
use lens_schema::PromptEntry;
use lens_schema::path::FIGURE_ERROR;

use crate::data::DataDir;
use crate::data::figures::{HeadDir, HeadFile};
use crate::figure::FigureFn;
use crate::pattern::{AttentionPatterns, Pattern};

/// What became of one prompt's figures.
#[derive(Debug, Default)]
pub struct Drawn {
    pub drawn: usize,
    /// Figures that were there already.
    pub kept: usize,
    /// Names of functions that failed on a head, and with what.
    pub failures: Vec<(String, String)>,
}

/// Draws what is missing, or everything if `redo`. What a function fails with is kept beside the pictures, and
/// returned.
pub fn figures(
    data: &DataDir,
    model: &str,
    prompt: &PromptEntry,
    patterns: &AttentionPatterns,
    figures: &[FigureFn],
    redo: bool,
) -> Result<Drawn> {
    let labels = prompt.row_labels(patterns.n_ctx());
    let mut result = Drawn::default();
    for head in patterns.heads() {
        let folder = data.head_dir(model, &prompt.hash, head)?;
        let there = folder.files()?;
        let mut created = false;
        for function in figures {
            if !redo && is_drawn(function, &folder, &there) {
                result.kept += function.figures().len();
                continue;
            }
            if !created {
                folder.create()?;
                created = true;
            }
            let values = patterns.head(head);
            let pattern = Pattern { model, head, prompt, labels: &labels, values, causal: patterns.causal };
            // Of one function, a head has either all figures or an error.
            match function.draw(&pattern) {
                Ok(pictures) => {
                    for (figure, picture) in function.figures().iter().zip(&pictures) {
                        folder.write(figure, picture.format.extension(), &picture.bytes)?;
                    }
                    folder.remove(&there, |file| {
                        let drawn = function.figures().iter().zip(&pictures);
                        let mut names = drawn.map(|(figure, picture)| (figure, picture.format.extension()));
                        is_of(function, file) && !names.any(|(f, e)| *f == file.figure && e == file.extension)
                    })?;
                    result.drawn += pictures.len();
                }
                Err(e) => {
                    let message = format!("{e:#}");
                    folder.write(function.name(), FIGURE_ERROR, message.as_bytes())?;
                    folder.remove(&there, |file| is_of(function, file) && file.extension != FIGURE_ERROR)?;
                    let failure = format!("{}/{}: {message}", folder.display(), function.name());
                    result.failures.push((function.name().to_owned(), failure));
                }
            }
        }
    }
    Ok(result)
}

/// Whether every figure of a function is there, whole.
fn is_drawn(function: &FigureFn, folder: &HeadDir, there: &[HeadFile]) -> bool {
    let is = |figure: &String, file: &HeadFile| {
        file.figure == *figure && function.may_be(&file.extension) && folder.is_whole(file)
    };
    function.figures().iter().all(|figure| there.iter().any(|file| is(figure, file)))
}

/// Whether a file is a figure or the error of a function.
fn is_of(function: &FigureFn, file: &HeadFile) -> bool {
    file.figure == function.name() || function.figures().contains(&file.figure)
}
