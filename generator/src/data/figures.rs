//! Pictures of heads: `MODEL/prompts/HASH/L{l}/H{h}/NAME.{png,svg,svgz}`, or `NAME.error.txt`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use lens_schema::{LayerHead, path};

use super::DataDir;
use crate::{fs, image};

/// One head's folder.
#[derive(Debug, Clone)]
pub struct HeadDir {
    dir: PathBuf,
}

/// A picture or an error in a head's folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HeadFile {
    /// Name of the figure: of its function, or `function.figure`.
    pub figure: String,
    /// One of [`path::FIGURE_EXTENSIONS`].
    pub extension: String,
}

impl HeadFile {
    /// Splits a file's name; `None` if it is neither a picture nor an error.
    fn parse(file: &str) -> Option<HeadFile> {
        let (figure, extension) = path::parse_figure_file(file)?;
        path::is_safe_name(figure).then(|| HeadFile { figure: figure.to_owned(), extension: extension.to_owned() })
    }
}

impl DataDir {
    /// The folder of one head's pictures; it need not exist.
    pub fn head_dir(&self, model: &str, hash: &str, head: LayerHead) -> Result<HeadDir> {
        self.prompt_dir(model, hash)?;
        Ok(HeadDir { dir: self.root.join(path::head_dir(model, hash, head)) })
    }

    /// Removes every picture and error of a prompt's heads.
    pub fn remove_figures(&self, model: &str, hash: &str) -> Result<()> {
        let prompt = self.prompt_dir(model, hash)?;
        for file in walkdir::WalkDir::new(&prompt).min_depth(3).max_depth(3) {
            let file = file.with_context(|| format!("cannot list {}", prompt.display()))?;
            let name = file.file_name().to_str();
            if name.and_then(HeadFile::parse).is_some() {
                fs::remove_file(file.path())?;
            }
        }
        Ok(())
    }
}

impl HeadDir {
    /// What is there, sorted.
    pub fn files(&self) -> Result<Vec<HeadFile>> {
        if !self.dir.is_dir() {
            return Ok(Vec::new());
        }
        let mut files: Vec<_> = fs::list(&self.dir)?.iter().filter_map(|name| HeadFile::parse(name)).collect();
        files.sort_unstable();
        Ok(files)
    }

    pub fn read(&self, file: &HeadFile) -> Result<Vec<u8>> {
        fs::read(&self.path(&file.figure, &file.extension))
    }

    /// Whether a picture is not cut short.
    pub fn is_whole(&self, file: &HeadFile) -> bool {
        self.read(file).is_ok_and(|picture| image::is_whole(&file.extension, &picture))
    }

    /// Writes a picture or an error.
    pub fn write(&self, figure: &str, extension: &str, bytes: &[u8]) -> Result<()> {
        fs::write(&self.path(figure, extension), bytes)
    }

    /// Removes those files that are stale.
    pub fn remove(&self, there: &[HeadFile], is_stale: impl Fn(&HeadFile) -> bool) -> Result<()> {
        let mut stale = there.iter().filter(|file| is_stale(file));
        stale.try_for_each(|file| fs::remove_file(&self.path(&file.figure, &file.extension)))
    }

    pub fn create(&self) -> Result<()> {
        fs::create_dir_all(&self.dir)
    }

    pub fn display(&self) -> std::path::Display<'_> {
        Path::display(&self.dir)
    }

    fn path(&self, figure: &str, extension: &str) -> PathBuf {
        self.dir.join(format!("{figure}.{extension}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_pictures_or_errors() {
        let parse = |file| HeadFile::parse(file).map(|f| (f.figure, f.extension));
        assert_eq!(parse("raw.png"), Some(("raw".into(), "png".into())));
        assert_eq!(parse("svd.values.svgz"), Some(("svd.values".into(), "svgz".into())));
        assert_eq!(parse("raw.error.txt"), Some(("raw".into(), "error.txt".into())));
        assert_eq!(
            (parse("raw.txt"), parse(".raw.png.tmp"), parse(".png"), parse("a b.png")),
            (None, None, None, None)
        );
    }

    #[test]
    fn files_are_written_and_removed() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::new(dir.path()).unwrap();
        let head = data.head_dir("m", "hash", LayerHead { layer: 0, head: 1 }).unwrap();
        assert_eq!(head.files().unwrap(), []);
        head.create().unwrap();
        head.write("raw", path::FIGURE_ERROR, b"no").unwrap();
        head.write("raw", "png", b"picture").unwrap();
        let there = head.files().unwrap();
        assert_eq!(there.len(), 2);
        head.remove(&there, |file| file.extension == path::FIGURE_ERROR).unwrap();
        let files = head.files().unwrap();
        assert_eq!(files, [HeadFile { figure: "raw".into(), extension: "png".into() }]);
        assert_eq!(head.read(&files[0]).unwrap(), b"picture");
        assert!(data.head_dir("..", "hash", LayerHead { layer: 0, head: 0 }).is_err());
    }
}
