//! One writer per directory at a time.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use same_file::Handle;

use crate::fs;

/// A file that is locked while a directory is written; the operating system lets go of it when the process ends,
/// however it ends. Left behind, an unlocked file does no harm.
#[derive(Debug)]
pub struct Lock {
    file: PathBuf,
    _locked: File,
    /// The writer before did not come to its end.
    pub was_left_behind: bool,
}

impl Lock {
    /// Locks `file`, whose folder must exist, for a writer of `dir`. An error if another process has it;
    /// `flag` is the option that names another directory.
    pub fn take(file: &Path, dir: &Path, flag: &str) -> Result<Lock> {
        let cannot = |e| fs::write_error(e, "write", file);
        loop {
            let opened = File::options().read(true).write(true).create(true).truncate(false).open(file);
            let mut opened = opened.map_err(cannot)?;
            match opened.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let mut owner = String::new();
                    // The owner's number is only a help to find it.
                    let _ = opened.read_to_string(&mut owner);
                    let owner = owner.trim();
                    let which = if owner.is_empty() { String::new() } else { format!(" (process {owner})") };
                    let dir = dir.display();
                    bail!("another lens-build{which} is writing {dir}; wait until it ends, or choose another {flag}");
                }
                Err(TryLockError::Error(e)) => {
                    return Err(e).with_context(|| format!("cannot lock {}", file.display()));
                }
            }
            // The owner before may have removed the file after it was opened here: then the next one makes its own.
            let ours = opened.try_clone().and_then(Handle::from_file).map_err(cannot)?;
            if Handle::from_path(file).is_ok_and(|there| there == ours) {
                let was_left_behind = opened.metadata().map_err(cannot)?.len() > 0;
                let number = std::process::id();
                let noted =
                    opened.set_len(0).and_then(|()| opened.rewind()).and_then(|()| writeln!(opened, "{number}"));
                noted.map_err(cannot)?;
                return Ok(Lock { file: file.to_owned(), _locked: opened, was_left_behind });
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_owner_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("lock");
        let take = || Lock::take(&file, Path::new("data"), "--save-path");
        let first = take().unwrap();
        let me = std::process::id();
        assert_eq!(
            take().unwrap_err().to_string(),
            format!(
                "another lens-build (process {me}) is writing data; wait until it ends, or choose another --save-path"
            )
        );
        assert!(!first.was_left_behind);
        drop(first);
        assert!(!file.exists());
        std::fs::write(&file, "123\n").unwrap();
        assert!(take().unwrap().was_left_behind);
    }

    #[test]
    fn there_is_never_more_than_one_owner() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("lock");
        let owners = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        if let Ok(_lock) = Lock::take(&file, dir.path(), "--out") {
                            assert_eq!(owners.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0);
                            std::thread::yield_now();
                            owners.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                        }
                    }
                });
            }
        });
    }
}
