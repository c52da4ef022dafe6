//! The files of a model folder in Hugging Face's layout, on disk or built into the program.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// A model folder: `config.json`, weights, tokenizer files.
#[derive(Debug, Clone)]
pub struct ModelFiles {
    /// What the model is called: a built-in name, or the folder's name.
    pub name: String,
    source: Source,
}

#[derive(Debug, Clone)]
enum Source {
    Folder(PathBuf),
    /// File name and content.
    BuiltIn(&'static [(&'static str, &'static [u8])]),
}

impl ModelFiles {
    /// A folder on disk, called by its folder's name.
    pub fn folder(path: &Path) -> Result<Self> {
        let full = path.canonicalize().with_context(|| format!("cannot open the model folder {}", path.display()))?;
        let name = full.file_name().map(|n| n.to_string_lossy().into_owned());
        let name = name.with_context(|| format!("{} has no folder name to call the model by", path.display()))?;
        Ok(ModelFiles { name, source: Source::Folder(full) })
    }

    /// A model that is part of the program.
    pub fn built_in(name: &str, files: &'static [(&'static str, &'static [u8])]) -> Self {
        ModelFiles { name: name.to_owned(), source: Source::BuiltIn(files) }
    }

    /// Content of a file of the folder; `None` if there is no such file.
    pub fn read(&self, file: &str) -> Result<Option<Cow<'static, [u8]>>> {
        match &self.source {
            Source::BuiltIn(files) => {
                Ok(files.iter().find(|(name, _)| *name == file).map(|(_, bytes)| Cow::Borrowed(*bytes)))
            }
            Source::Folder(_) => {
                let path = self.path_of(file);
                match std::fs::read(&path) {
                    Ok(bytes) => Ok(Some(Cow::Owned(bytes))),
                    Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
                    Err(e) => Err(e).with_context(|| format!("cannot read {}", path.display())),
                }
            }
        }
    }

    /// Where a file lies on disk, for memory mapping; `None` for a built-in model or if it is not there.
    pub fn on_disk(&self, file: &str) -> Option<PathBuf> {
        matches!(self.source, Source::Folder(_)).then(|| self.path_of(file)).filter(|p| p.is_file())
    }

    /// What errors call a file.
    pub fn display(&self, file: &str) -> String {
        self.path_of(file).display().to_string()
    }

    fn path_of(&self, file: &str) -> PathBuf {
        match &self.source {
            Source::Folder(path) => path.join(file),
            Source::BuiltIn(_) => Path::new("built-in").join(&self.name).join(file),
        }
    }
}
