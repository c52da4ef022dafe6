//! The files of a model folder in Hugging Face's layout, on disk or built into the program.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use candle_core::DType;
use rayon::prelude::*;

use super::weights::Weights;
use crate::fs;

/// A model folder: `config.json`, weights, tokenizer files.
#[derive(Debug, Clone)]
pub struct ModelFiles {
    /// What the model is called: a built-in name, or the folder's name.
    pub name: String,
    /// Where its tokenizer was published: the hub id of a model of the hub, else its name.
    pub tokenizer_name: String,
    source: Source,
}

#[derive(Debug, Clone)]
enum Source {
    Folder(PathBuf),
    /// File name and content.
    BuiltIn(&'static [(&'static str, &'static [u8])]),
}

impl ModelFiles {
    /// A folder on disk, called by its folder's name; a link to a folder by its own.
    pub fn folder(path: &Path) -> Result<Self> {
        let full = path.canonicalize().with_context(|| format!("cannot open the model folder {}", path.display()))?;
        let name = path.file_name().or(full.file_name()).map(|n| n.to_string_lossy().into_owned());
        let name = name.with_context(|| format!("{} has no folder name to call the model by", path.display()))?;
        Ok(ModelFiles { tokenizer_name: name.clone(), name, source: Source::Folder(full) })
    }

    /// A folder that the files of a model of the hub were downloaded to.
    pub fn from_hub(name: String, id: String, folder: PathBuf) -> Self {
        ModelFiles { name, tokenizer_name: id, source: Source::Folder(folder) }
    }

    /// The same model, called otherwise.
    pub fn called(self, name: &str) -> Self {
        ModelFiles { name: name.to_owned(), ..self }
    }

    /// A model that is part of the program.
    pub fn built_in(name: &str, files: &'static [(&'static str, &'static [u8])]) -> Self {
        ModelFiles { name: name.to_owned(), tokenizer_name: name.to_owned(), source: Source::BuiltIn(files) }
    }

    /// Where the files are.
    pub fn place(&self) -> String {
        match &self.source {
            Source::Folder(path) => path.display().to_string(),
            Source::BuiltIn(_) => format!("built-in {}", self.name),
        }
    }

    pub fn is_same_place(&self, other: &ModelFiles) -> bool {
        self.place() == other.place()
    }

    /// Names of the files that there are, sorted.
    pub fn names(&self) -> Result<Vec<String>> {
        match &self.source {
            Source::BuiltIn(files) => {
                let mut names: Vec<String> = files.iter().map(|(name, _)| (*name).to_owned()).collect();
                names.sort_unstable();
                Ok(names)
            }
            Source::Folder(folder) => fs::list(folder),
        }
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

    /// A checksum of what makes the patterns: `config.json`, the weights, and the precision that they compute with.
    /// Other weights that lie beside those that are read do not count.
    pub fn checksum(&self, dtype: DType) -> Result<String> {
        // Whoever has none is told so when they are loaded.
        let weights = Weights::files(self).unwrap_or_default();
        let counts = |name: &String| name == "config.json" || weights.contains(name);
        let mut sum = crc32fast::Hasher::new();
        sum.update(dtype.as_str().as_bytes());
        match &self.source {
            Source::BuiltIn(files) => {
                files.iter().filter(|(name, _)| counts(&(*name).to_owned())).for_each(|(_, bytes)| sum.update(bytes));
            }
            Source::Folder(folder) => {
                for name in fs::list(folder)?.iter().filter(|name| counts(name)) {
                    let path = folder.join(name);
                    let of_file = checksum(&path).with_context(|| format!("cannot read {}", path.display()))?;
                    sum.combine(&of_file);
                }
            }
        }
        Ok(format!("{:08x}", sum.finalize()))
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

/// CRC-32 of a file, by all threads. Read rather than mapped, because pages of a map would count as this program's.
fn checksum(path: &Path) -> io::Result<crc32fast::Hasher> {
    const AT_ONCE: u64 = 1 << 20;
    let len = std::fs::metadata(path)?.len();
    let parts = (0..len.div_ceil(AT_ONCE)).into_par_iter().map_init(
        || (File::open(path), vec![0; AT_ONCE as usize]),
        |(file, buffer), part| {
            let file = file.as_mut().map_err(|e| io::Error::from(e.kind()))?;
            let start = part * AT_ONCE;
            let bytes = &mut buffer[..(len - start).min(AT_ONCE) as usize];
            file.seek(SeekFrom::Start(start))?;
            file.read_exact(bytes)?;
            let mut sum = crc32fast::Hasher::new();
            sum.update(bytes);
            Ok(sum)
        },
    );
    let mut all = crc32fast::Hasher::new();
    parts.collect::<io::Result<Vec<_>>>()?.iter().for_each(|part| all.combine(part));
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_tells_weights_and_precisions_apart() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).unwrap();
        let sum = |dtype| ModelFiles::folder(dir.path()).unwrap().checksum(dtype).unwrap();
        write("config.json", b"{}");
        write("model.safetensors", &[7; 1000]);
        let first = sum(DType::F32);
        write("tokenizer.json", b"{}");
        assert_eq!(first, sum(DType::F32));
        assert_ne!(first, sum(DType::BF16));
        write("pytorch_model.bin", &[1; 10]);
        assert_eq!(first, sum(DType::F32), "what is not read does not count");
        write("model.safetensors", &[8; 1000]);
        assert_ne!(first, sum(DType::F32));
    }

    #[test]
    fn parts_make_the_whole() {
        let bytes: Vec<u8> = (0..4_000_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let path = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(checksum(path.path()).unwrap().finalize(), 0);
        std::fs::write(path.path(), &bytes).unwrap();
        assert_eq!(checksum(path.path()).unwrap().finalize(), crc32fast::hash(&bytes));
        assert!(checksum(Path::new("/nowhere")).is_err());
    }

    #[test]
    fn folders_are_called_by_their_names() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("my-model");
        std::fs::create_dir_all(folder.join("inside")).unwrap();
        let name = |path: &Path| ModelFiles::folder(path).unwrap().name;
        for path in ["my-model", "my-model/", "my-model/.", "my-model/inside/.."] {
            assert_eq!(name(&dir.path().join(path)), "my-model");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&folder, dir.path().join("latest")).unwrap();
            assert_eq!(name(&dir.path().join("latest")), "latest");
        }
        assert!(ModelFiles::folder(&dir.path().join("none")).unwrap_err().to_string().contains("none"));
    }
}
