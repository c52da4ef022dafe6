//! One writer per directory at a time.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::fs;

/// Name of the lock file. It stays when the lock goes: removing it would race with the next owner.
pub const LOCK: &str = ".lens-build.lock";

/// Held while a directory is written; the operating system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Creates the directory where it is missing and takes its lock; an error if another process has it.
    pub fn take(dir: &Path) -> Result<Lock> {
        fs::create_dir_all(dir)?;
        let path = dir.join(LOCK);
        let mut options = File::options();
        let file = options.read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = file.map_err(|e| fs::write_error(e, "write", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut owner = String::new();
                // The owner's number is only a help to find it.
                let _ = file.read_to_string(&mut owner);
                let owner = owner.trim();
                let which = if owner.is_empty() { String::new() } else { format!(" (process {owner})") };
                bail!(
                    "another lens-build{which} is writing to {}; wait until it ends or choose another directory",
                    dir.display()
                );
            }
            Err(TryLockError::Error(e)) => {
                return Err(e).with_context(|| format!("cannot lock {}", path.display()));
            }
        }
        let note = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id()));
        note.map_err(|e| fs::write_error(e, "write", &path))?;
        Ok(Lock { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_owner_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let first = Lock::take(&data).unwrap();
        let error = Lock::take(&data).unwrap_err().to_string();
        let me = format!("another lens-build (process {}) is writing to {}", std::process::id(), data.display());
        assert!(error.starts_with(&me), "{error}");
        drop(first);
        Lock::take(&data).unwrap();
    }
}
