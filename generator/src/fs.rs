//! `std::fs` whose errors name the path and the remedy, and whose writes leave a whole file or none.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// Whole content of a file.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Whole content of a text file; an error names the first byte that is not UTF-8.
pub fn read_to_string(path: &Path) -> Result<String> {
    String::from_utf8(read(path)?)
        .map_err(|e| anyhow::anyhow!("{}: byte {} is not UTF-8", path.display(), e.utf8_error().valid_up_to()))
}

/// Creates a directory and its parents; it may be there already.
pub fn create_dir_all(path: &Path) -> Result<()> {
    std::fs::create_dir_all(path).map_err(|e| write_error(e, "create the directory", path))
}

/// Names of a directory's entries, sorted. Names that are not Unicode are left out: none of ours is.
pub fn list(path: &Path) -> Result<Vec<String>> {
    let cannot = || format!("cannot list {}", path.display());
    let mut names = Vec::new();
    for entry in std::fs::read_dir(path).with_context(cannot)? {
        names.extend(entry.with_context(cannot)?.file_name().into_string().ok());
    }
    names.sort_unstable();
    Ok(names)
}

/// Removes a file; it need not be there.
pub fn remove_file(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(write_error(e, "remove", path)),
        _ => Ok(()),
    }
}

/// Writes a file whole or not at all; see [`write_with`].
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_with(path, |file| file.write_all(bytes))
}

/// Writes a file whole or not at all: `fill` writes a temporary file beside it, which then takes its name.
///
/// The temporary name is fixed (`.NAME.tmp`), so that what a killed run leaves is overwritten by the next.
/// The directory must exist, and a path must have one writer at a time; see [`crate::data::lock`].
pub fn write_with(path: &Path, fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> Result<()> {
    let temporary = temporary(path);
    let written = (|| {
        let mut file = BufWriter::with_capacity(1 << 16, File::create(&temporary)?);
        fill(&mut file)?;
        file.into_inner().map_err(io::IntoInnerError::into_error)?;
        std::fs::rename(&temporary, path)
    })();
    written.map_err(|e| {
        // The error at hand says more than one about the leftover would.
        let _ = std::fs::remove_file(&temporary);
        write_error(e, "write", path)
    })
}

fn temporary(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.tmp"))
}

/// Whether an error leaves no hope for the writes that follow: the disk is full or may not be written.
pub fn is_fatal(error: &anyhow::Error) -> bool {
    let kind = |e: &io::Error| {
        use ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        matches!(e.kind(), StorageFull | QuotaExceeded | ReadOnlyFilesystem | PermissionDenied)
    };
    error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>()).any(kind)
}

pub(crate) fn write_error(error: io::Error, verb: &str, path: &Path) -> anyhow::Error {
    let remedy = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            ": the disk is full; free some space and run the same command again, finished work is kept"
        }
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => {
            ": the directory cannot be written; make it writable or choose another with --save-path or --out"
        }
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => ": a file is in the way of a directory",
        _ => "",
    };
    anyhow::Error::new(error).context(format!("cannot {verb} {}{remedy}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.txt");
        write(&path, b"old").unwrap();
        let error = write_with(&path, |file| {
            file.write_all(b"half of the n")?;
            Err(ErrorKind::StorageFull.into())
        })
        .unwrap_err();
        assert_eq!(read_to_string(&path).unwrap(), "old");
        assert_eq!(list(dir.path()).unwrap(), ["a.txt"]);
        assert!(is_fatal(&error));
        assert!(format!("{error:#}").contains("the disk is full; free some space"), "{error:#}");
        write(&path, b"new").unwrap();
        assert_eq!(read(&path).unwrap(), b"new");
    }

    #[test]
    fn errors_name_the_path() {
        let dir = tempfile::tempdir().unwrap();
        let missing = dir.path().join("no").join("file");
        for error in [read(&missing).unwrap_err(), list(&missing).unwrap_err(), write(&missing, b"").unwrap_err()] {
            assert!(error.to_string().contains(&missing.display().to_string()), "{error}");
        }
        let path = dir.path().join("latin1.txt");
        write(&path, b"abc\xe9").unwrap();
        assert!(read_to_string(&path).unwrap_err().to_string().ends_with("latin1.txt: byte 3 is not UTF-8"));
        assert!(remove_file(&missing).is_ok());
        let error = create_dir_all(&path.join("sub")).unwrap_err();
        assert!(format!("{error:#}").contains("a file is in the way of a directory"), "{error:#}");
    }
}
