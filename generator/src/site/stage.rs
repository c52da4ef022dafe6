//! Where a site is built until it is whole: a folder beside the target that takes its place in the end.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use lens_schema::{Manifest, path};

use crate::fs::{create_dir_all, resolve, write_error};
use crate::lock::Lock;

/// A site in the making. Dropped before [`Stage::publish`], it leaves nothing behind.
#[derive(Debug)]
pub struct Stage {
    /// The site that will be replaced.
    out: PathBuf,
    /// `.NAME.partial` beside it.
    partial: PathBuf,
    /// `.NAME.old` beside it: the replaced site, for the moment of the exchange.
    old: PathBuf,
    /// `.NAME.lock` beside it.
    lock: Option<Lock>,
}

impl Stage {
    /// Prepares to replace `out`, which must not exist, be empty, or be a site.
    pub fn new(out: &Path) -> Result<Self> {
        let out = resolve(out);
        let (parent, name) = match (out.parent(), out.file_name()) {
            (Some(parent), Some(name)) => (parent, name.to_string_lossy()),
            _ => bail!("a site cannot be written to {}; name a directory, for example --out site", out.display()),
        };
        refuse_current_dir(&out)?;
        create_dir_all(parent)?;
        let beside = |what: &str| parent.join(format!(".{name}.{what}"));
        let (partial, old) = (beside("partial"), beside("old"));
        let lock = Lock::take(&beside("lock"), &out, "--out")?;
        recover(&old, &out)?;
        refuse_foreign(&out)?;
        remove_dir(&partial)?;
        create_dir_all(&partial)?;
        Ok(Stage { out, partial, old, lock: Some(lock) })
    }

    /// Where the finished site will lie.
    pub fn out(&self) -> &Path {
        &self.out
    }

    /// Writes a file of the site; `relative` as [`lens_schema::path`] spells it.
    pub fn write(&self, relative: &str, bytes: &[u8]) -> Result<()> {
        let path = self.partial.join(relative);
        if let Some(folder) = path.parent() {
            create_dir_all(folder)?;
        }
        fs::write(&path, bytes).map_err(|e| write_error(e, "write", &path))
    }

    /// A file written before.
    pub fn read(&self, relative: &str) -> Result<Vec<u8>> {
        let path = self.partial.join(relative);
        fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    /// A text written before.
    pub fn read_to_string(&self, relative: &str) -> Result<String> {
        let path = self.partial.join(relative);
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    /// Whether a file was written before.
    pub fn has(&self, relative: &str) -> bool {
        self.partial.join(relative).is_file()
    }

    /// How many prompts the site in place has that this one does not have.
    pub fn would_lose(&self) -> Result<usize> {
        let mut lost = 0;
        for model in models(&self.out)? {
            let there = match crate::fs::list(&self.out.join(path::prompts_dir(&model))) {
                Ok(hashes) => hashes,
                // A model without prompts has no such folder.
                Err(_) => continue,
            };
            let new = |hash: &String| self.partial.join(path::prompt_dir(&model, hash)).join(path::PROMPT).is_file();
            lost += there.iter().filter(|hash| !new(hash)).count();
        }
        Ok(lost)
    }

    /// Files and bytes written so far.
    pub fn size(&self) -> Result<(u64, u64)> {
        let (mut files, mut bytes) = (0, 0);
        for entry in walkdir::WalkDir::new(&self.partial) {
            let entry = entry.with_context(|| format!("cannot list {}", self.partial.display()))?;
            if entry.file_type().is_file() {
                files += 1;
                bytes += entry.metadata().with_context(|| format!("cannot read {}", entry.path().display()))?.len();
            }
        }
        Ok((files, bytes))
    }

    /// Puts the site in its place. What lies there and is no part of a site (`.git`, `CNAME`, a README) stays.
    pub fn publish(mut self) -> Result<()> {
        let swap = |from: &Path, to: &Path| {
            fs::rename(from, to).map_err(|e| write_error(e, &format!("move {} to", from.display()), to))
        };
        if self.out.exists() {
            refuse_foreign(&self.out)?;
            swap(&self.out, &self.old)?;
            if let Err(error) = swap(&self.partial, &self.out) {
                swap(&self.old, &self.out)?;
                return Err(error);
            }
            retire(&self.old, &self.out)?;
        } else {
            swap(&self.partial, &self.out)?;
        }
        self.lock = None;
        Ok(())
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // After `publish` there is nothing to remove; else a leftover is removed by the next build.
        if self.lock.is_some() {
            let _ = fs::remove_dir_all(&self.partial);
        }
    }
}

/// The exchange would pull the current directory away from under the program.
fn refuse_current_dir(out: &Path) -> Result<()> {
    let inside = std::env::current_dir().and_then(|d| d.canonicalize()).is_ok_and(|d| d.starts_with(out));
    ensure!(
        !inside,
        "a site cannot replace {}, which the program was started in; name another directory, for example --out site",
        out.display()
    );
    Ok(())
}

/// Finishes what a killed program began: puts a site back that was moved away, or clears it up.
fn recover(old: &Path, out: &Path) -> Result<()> {
    match (old.exists(), out.exists()) {
        (false, _) => Ok(()),
        (true, true) => retire(old, out),
        (true, false) => fs::rename(old, out).map_err(|e| write_error(e, "restore", out)),
    }
}

/// Moves what is no part of the old site into the new one and removes the old one.
fn retire(old: &Path, out: &Path) -> Result<()> {
    for name in foreign(old)? {
        let (from, to) = (old.join(&name), out.join(&name));
        if !to.exists() {
            fs::rename(&from, &to).with_context(|| {
                format!("the site is done, but cannot move {} back to {}", from.display(), to.display())
            })?;
        }
    }
    remove_dir(old)
}

/// Directories of the models that the site in `out` has; none if there is no site.
fn models(out: &Path) -> Result<Vec<String>> {
    let manifest = out.join(path::MANIFEST);
    match fs::read(&manifest) {
        Ok(json) => {
            let manifest: Manifest = serde_json::from_slice(&json).with_context(|| {
                format!("{} is damaged; delete {} to build the site anew", manifest.display(), out.display())
            })?;
            Ok(manifest.models.into_iter().map(|m| m.dir).collect())
        }
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(e) => Err(e).with_context(|| format!("cannot read {}", manifest.display())),
    }
}

/// Names in `out` that no site has put there.
fn foreign(out: &Path) -> Result<BTreeSet<String>> {
    let models = models(out)?;
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(out).with_context(|| format!("cannot list {}", out.display()))? {
        let entry = entry.with_context(|| format!("cannot list {}", out.display()))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !path::is_site_file(&name) && !models.contains(&name) {
            names.insert(name);
        }
    }
    Ok(names)
}

/// An error unless `out` is a site or holds nothing but what people put beside one.
fn refuse_foreign(out: &Path) -> Result<()> {
    if !out.exists() {
        return Ok(());
    }
    ensure!(out.is_dir(), "{} is a file; a site needs a directory: choose another --out", out.display());
    let foreign = foreign(out)?;
    if out.join(path::MANIFEST).is_file() {
        return Ok(());
    }
    let beside = |name: &String| name.starts_with('.') || name == "README.md" || name == "CNAME";
    if let Some(name) = foreign.iter().find(|name| !beside(name)) {
        bail!(
            "{} is not a site (it has {name} and no {}), so it is not replaced; choose another --out, or empty it",
            out.display(),
            path::MANIFEST
        );
    }
    Ok(())
}

fn remove_dir(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(write_error(e, "remove", folder)),
        _ => Ok(()),
    }
}
