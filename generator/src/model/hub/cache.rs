//! The cache that is shared with Python's `huggingface_hub`.
//!
//! ```text
//! models--OWNER--NAME/refs/REVISION                the commit that a branch or tag was
//! models--OWNER--NAME/snapshots/COMMIT/FILE        a link to the content
//! models--OWNER--NAME/blobs/ETAG                   the content; ETAG.incomplete while it is downloaded
//! .locks/models--OWNER--NAME/ETAG.lock             locked by who downloads
//! ```

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use hf_hub::{Cache, CacheRepo, Repo};
use same_file::Handle;

/// How often to look whether a lock is free.
const LOCK_POLL: Duration = Duration::from_millis(100);

/// What the cache has of a model, at one revision.
#[derive(Debug)]
pub struct CachedRepo {
    repo: Repo,
    paths: CacheRepo,
    folder: PathBuf,
    locks: PathBuf,
}

impl CachedRepo {
    pub fn new(cache: &Path, repo: &Repo) -> Self {
        let name = repo.folder_name();
        CachedRepo {
            repo: repo.clone(),
            paths: Cache::new(cache.to_owned()).repo(repo.clone()),
            folder: cache.join(&name),
            locks: cache.join(".locks").join(name),
        }
    }

    /// The commit of the revision when it was last asked for.
    pub fn commit(&self) -> Option<String> {
        let revision = self.repo.revision();
        let commit = match self.snapshot(revision).is_dir() {
            true => revision.to_owned(),
            false => std::fs::read_to_string(self.reference()).ok()?.trim().to_owned(),
        };
        (!commit.is_empty() && self.snapshot(&commit).is_dir()).then_some(commit)
    }

    /// The folder of a commit's files. It need not be there.
    pub fn snapshot(&self, commit: &str) -> PathBuf {
        self.paths.pointer_path(commit)
    }

    /// Where the content of this etag lies.
    pub fn blob(&self, etag: &str) -> PathBuf {
        self.paths.blob_path(etag)
    }

    /// Where it lies while it is downloaded.
    pub fn incomplete(&self, etag: &str) -> PathBuf {
        self.paths.blob_path(&format!("{etag}.incomplete"))
    }

    fn reference(&self) -> PathBuf {
        self.folder.join("refs").join(self.repo.revision())
    }

    /// Notes which commit the revision is.
    pub fn point(&self, commit: &str) -> Result<()> {
        let path = self.reference();
        let known = std::fs::read_to_string(&path).is_ok_and(|known| known.trim() == commit);
        if known || commit == self.repo.revision() {
            return Ok(());
        }
        let write = || {
            let dir = path.parent().unwrap_or(&self.folder);
            std::fs::create_dir_all(dir)?;
            // Nobody may read half of it.
            let mut file = tempfile::NamedTempFile::new_in(dir)?;
            file.write_all(commit.as_bytes())?;
            allow_reading(file.as_file())?;
            file.persist(&path)?;
            Ok(())
        };
        write().map_err(|e| self.cannot_write(e, &path))
    }

    /// Lets nobody else download the content of this etag, Python neither. Calls `wait` again and again while another
    /// program has the lock; its error ends the waiting. `None` on a file system without locks.
    pub fn lock(&self, etag: &str, mut wait: impl FnMut() -> Result<()>) -> Result<Option<File>> {
        let path = self.locks.join(format!("{etag}.lock"));
        std::fs::create_dir_all(&self.locks).map_err(|e| self.cannot_write(e, &self.locks))?;
        loop {
            let open = File::options().read(true).write(true).create(true).truncate(false).open(&path);
            let file = open.map_err(|e| self.cannot_write(e, &path))?;
            match file.try_lock() {
                Ok(()) => {
                    // Its owner before may have removed the file after it was opened here.
                    let ours = file.try_clone().and_then(Handle::from_file);
                    if ours.is_ok_and(|ours| Handle::from_path(&path).is_ok_and(|there| there == ours)) {
                        return Ok(Some(file));
                    }
                }
                Err(TryLockError::WouldBlock) => {
                    wait()?;
                    std::thread::sleep(LOCK_POLL);
                }
                Err(TryLockError::Error(e)) if e.kind() == ErrorKind::Unsupported => return Ok(None),
                Err(TryLockError::Error(e)) => {
                    return Err(e).with_context(|| format!("cannot lock {}", path.display()));
                }
            }
        }
    }

    /// Makes a commit's file a link to the content, which must be there.
    pub fn link(&self, etag: &str, commit: &str, file: &str) -> Result<()> {
        let path = self.snapshot(commit).join(file);
        let link = || {
            std::fs::create_dir_all(self.snapshot(commit))?;
            match link(etag, &self.blob(etag), &path) {
                // Another program was faster, or what was linked is gone.
                Err(e) if e.kind() == ErrorKind::AlreadyExists && !path.exists() => {
                    std::fs::remove_file(&path)?;
                    self::link(etag, &self.blob(etag), &path)
                }
                Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(()),
                linked => linked,
            }
        };
        link().map_err(|e| self.cannot_write(e, &path))
    }

    /// What could not be written into the cache, and what to do about it.
    pub fn cannot_write(&self, error: io::Error, path: &Path) -> anyhow::Error {
        let remedy = match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                ": the disk is full; free some space, or set HF_HUB_CACHE to a folder on another disk, and run the same \
                 command again, which goes on where the download ended"
            }
            ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => {
                ": set HF_HUB_CACHE to a folder that can be written"
            }
            ErrorKind::NotADirectory | ErrorKind::AlreadyExists => ": a file is in the way of a folder",
            _ => "",
        };
        anyhow!(error).context(format!("cannot write {} in the hub's cache{remedy}", path.display()))
    }

    /// An error if the disk has less than `bytes` to spare.
    pub fn check_space(&self, bytes: u64) -> Result<()> {
        match available(&self.folder) {
            Some(free) if free < bytes => bail!(
                "{} has {:.1} MB free, and {:.1} MB are to come; free some space, or set HF_HUB_CACHE to a folder on \
                 another disk",
                self.folder.display(),
                free as f64 / 1e6,
                bytes as f64 / 1e6
            ),
            _ => Ok(()),
        }
    }
}

#[cfg(unix)]
fn link(etag: &str, _: &Path, path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(Path::new("../../blobs").join(etag), path)
}

/// Without the right to make links, the content itself takes the place of the link, as in Python.
#[cfg(windows)]
fn link(etag: &str, blob: &Path, path: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(Path::new("..\\..\\blobs").join(etag), path)
        .or_else(|_| std::fs::rename(blob, path))
}

/// Gives a temporary file the permissions of an ordinary one.
#[cfg(unix)]
fn allow_reading(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn allow_reading(_: &File) -> io::Result<()> {
    Ok(())
}

/// Bytes that may still be written there, if the system tells.
#[cfg(unix)]
fn available(folder: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(folder).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}

#[cfg(not(unix))]
fn available(_: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_is_pythons() {
        let dir = tempfile::tempdir().unwrap();
        let of = |revision: &str| {
            let repo = Repo::with_revision("EleutherAI/x".into(), hf_hub::RepoType::Model, revision.into());
            CachedRepo::new(dir.path(), &repo)
        };
        let cached = of("refs/pr/1");
        assert_eq!(cached.commit(), None);
        let folder = dir.path().join("models--EleutherAI--x");
        std::fs::create_dir_all(folder.join("blobs")).unwrap();
        std::fs::write(cached.blob("abc"), "content").unwrap();
        for _ in 0..2 {
            cached.link("abc", "c0ffee", "config.json").unwrap();
        }
        cached.point("c0ffee").unwrap();
        let link = folder.join("snapshots/c0ffee/config.json");
        assert_eq!(std::fs::read_link(&link).unwrap(), Path::new("../../blobs/abc"));
        assert_eq!(std::fs::read_to_string(&link).unwrap(), "content");
        assert_eq!(std::fs::read_to_string(folder.join("refs/refs/pr/1")).unwrap(), "c0ffee");
        assert_eq!(cached.commit().as_deref(), Some("c0ffee"));
        assert_eq!(of("c0ffee").commit().as_deref(), Some("c0ffee"));
        assert_eq!(of("main").commit(), None);
        // A link to what is gone is replaced.
        std::fs::rename(cached.blob("abc"), cached.blob("abd")).unwrap();
        cached.link("abd", "c0ffee", "config.json").unwrap();
        assert_eq!(std::fs::read_link(&link).unwrap(), Path::new("../../blobs/abd"));
        assert!(cached.check_space(1).is_ok() && cached.check_space(u64::MAX).is_err());
    }

    #[test]
    fn one_program_downloads_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let cached = CachedRepo::new(dir.path(), &Repo::model("x".into()));
        let first = cached.lock("abc", || bail!("busy")).unwrap();
        assert!(first.is_some());
        assert_eq!(cached.lock("abc", || bail!("busy")).unwrap_err().to_string(), "busy");
        assert!(cached.lock("abd", || bail!("busy")).is_ok());
        drop(first);
        assert!(cached.lock("abc", || bail!("busy")).is_ok());
    }
}
