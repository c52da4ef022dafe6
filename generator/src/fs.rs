//! `std::fs` whose errors name the path and the remedy, and whose writes leave a whole file or none.

use std::error::Error;
use std::fmt;
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

/// The absolute path of what may not exist yet, without links as far as it does exist.
pub fn resolve(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let found = path.ancestors().find_map(|there| Some((there.canonicalize().ok()?, path.strip_prefix(there).ok()?)));
    // Joining an empty rest would add a separator.
    match found {
        Some((there, rest)) if rest.as_os_str().is_empty() => there,
        Some((there, rest)) => there.join(rest),
        None => path,
    }
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

/// Removes the temporary files of [`write_with`] everywhere below a directory.
pub fn remove_temporary(dir: &Path) -> Result<()> {
    for entry in walkdir::WalkDir::new(dir) {
        let entry = entry.with_context(|| format!("cannot list {}", dir.display()))?;
        let name = entry.file_name().to_string_lossy();
        if entry.file_type().is_file() && name.starts_with('.') && name.ends_with(".tmp") {
            remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn temporary(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.tmp"))
}

/// What could not be written, and what to do about it.
#[derive(Debug)]
struct CannotWrite(String);

impl fmt::Display for CannotWrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether an error leaves no hope for the writes that follow: the disk is full or may not be written.
pub fn is_fatal(error: &anyhow::Error) -> bool {
    let kind = |e: &io::Error| {
        use ErrorKind::{FileTooLarge, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        matches!(e.kind(), StorageFull | QuotaExceeded | FileTooLarge | ReadOnlyFilesystem | PermissionDenied)
    };
    // What cannot be read spoils one model or prompt only.
    error.downcast_ref::<CannotWrite>().is_some()
        && error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>()).any(kind)
}

pub(crate) fn write_error(error: io::Error, verb: &str, path: &Path) -> anyhow::Error {
    let error = system_error(&error).map_or(error, io::Error::from_raw_os_error);
    let remedy = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            ": the disk is full; free some space and run the same command again, finished work is kept"
        }
        ErrorKind::FileTooLarge => {
            ": the file is larger than this file system or `ulimit -f` allows; finished work is kept"
        }
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => {
            ": the directory cannot be written; make it writable or choose another with --save-path or --out"
        }
        ErrorKind::ResourceBusy | ErrorKind::CrossesDevices => {
            ": it is in use, perhaps as a mount point; choose a directory below it"
        }
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => ": a file is in the way of a directory",
        _ => "",
    };
    anyhow::Error::new(error).context(CannotWrite(format!("cannot {verb} {}{remedy}", path.display())))
}

/// What the system said, also where a library has wrapped it.
fn system_error(error: &io::Error) -> Option<i32> {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(this) = cause {
        if let Some(code) = this.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error) {
            return Some(code);
        }
        cause = this.source();
    }
    None
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
        assert!(is_fatal(&error.context("model m")));
        let unreadable = anyhow::Error::new(io::Error::from(ErrorKind::PermissionDenied)).context("cannot read");
        assert!(!is_fatal(&unreadable));
        write(&path, b"new").unwrap();
        assert_eq!(read(&path).unwrap(), b"new");
    }

    #[test]
    fn what_does_not_exist_has_a_path_too() {
        let dir = tempfile::tempdir().unwrap();
        let real = dir.path().canonicalize().unwrap();
        assert_eq!(resolve(dir.path()), real);
        assert_eq!(resolve(&dir.path().join("a/./b/")), real.join("a/b"));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&real, dir.path().join("link")).unwrap();
            assert_eq!(resolve(&dir.path().join("link/new")), real.join("new"));
        }
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
