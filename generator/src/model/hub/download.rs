//! Getting a model's files into the cache: what is there is kept, what was begun goes on.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use hf_hub::Repo;
use sha2::{Digest as _, Sha256};

use super::cache::CachedRepo;
use super::client::{Client, Reply};
use super::error::HubError;
use crate::observer::Observer;

/// How often a connection may break without bringing anything.
const ATTEMPTS: u32 = 5;
/// The wait before the second attempt; it doubles with each.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const BUFFER: usize = 1 << 20;

/// Downloads the files of one commit.
pub struct Downloader<'a> {
    pub client: &'a Client<'a>,
    pub repo: &'a Repo,
    pub cached: &'a CachedRepo,
    pub commit: String,
    /// What the commit has, if the hub told.
    pub files: Option<BTreeSet<String>>,
    pub observer: &'a dyn Observer,
    pub stop: &'a AtomicBool,
    pub meter: Meter<'a>,
}

/// How far the download of a model's weights is.
#[derive(Debug)]
pub struct Meter<'a> {
    pub model: &'a str,
    /// Bytes of the files that are done.
    done: u64,
    /// Bytes of all files, as far as they are known.
    total: u64,
}

impl<'a> Meter<'a> {
    pub fn new(model: &'a str) -> Self {
        Meter { model, done: 0, total: 0 }
    }
}

impl Downloader<'_> {
    pub fn folder(&self) -> PathBuf {
        self.cached.snapshot(&self.commit)
    }

    /// Makes sure that a file is in the cache; `false` if the commit has no such file.
    pub fn get(&mut self, file: &str) -> Result<bool> {
        let path = self.folder().join(file);
        if path.exists() {
            if is_weights(file) {
                let size = std::fs::metadata(&path).map_or(0, |m| m.len());
                self.meter.total = self.meter.total.saturating_sub(size);
            }
            return Ok(true);
        }
        if self.files.as_ref().is_some_and(|files| !files.contains(file)) {
            return Ok(false);
        }
        match self.download(file) {
            Err(e) if e.downcast_ref::<HubError>() == Some(&HubError::NoFile) => Ok(false),
            // Without a list, a server that says no more than 404 says that too.
            Err(e) if self.files.is_none() && is_404(&e) => Ok(false),
            Err(e) => Err(e),
            Ok(()) => {
                if file.ends_with(".index.json") {
                    self.meter.total = total_size(&path).unwrap_or(0);
                }
                Ok(true)
            }
        }
    }

    /// All weights are there.
    pub fn finish(&self) {
        if self.meter.done > 0 {
            self.observer.download(self.meter.model, self.meter.done, self.meter.done);
        }
    }

    fn download(&mut self, file: &str) -> Result<()> {
        let reply = self.ask(file, 0)?;
        let odd = |what: &str| HubError::Odd { url: format!("{file} of {}", self.repo.url()), what: what.to_owned() };
        let etag = reply.etag.clone().ok_or_else(|| match &reply.elsewhere {
            Some(to) => odd(&format!("it has no ETag, but sends to {to}; if that is the hub, set HF_ENDPOINT to it")),
            None => odd("it has no ETag"),
        })?;
        let mut waited = false;
        let lock = self.cached.lock(&etag, || {
            if !waited {
                waited = true;
                let model = self.meter.model;
                self.observer.note(&format!("{model}: another program is downloading {file}; waiting for it"));
            }
            self.check_stop()
        })?;
        let there = std::fs::metadata(self.cached.blob(&etag)).ok().map(|m| m.len());
        // Content of another size is damaged.
        if there.is_none_or(|there| reply.size.is_some_and(|size| size != there)) {
            // What was asked for before the wait has gone stale.
            self.complete(file, &etag, if waited { self.ask(file, 0)? } else { reply })?;
        }
        self.cached.link(&etag, &self.commit, file)?;
        drop(lock);
        Ok(())
    }

    /// Downloads what is missing of a content, checks it, and gives it its name.
    fn complete(&mut self, file: &str, etag: &str, reply: Reply) -> Result<()> {
        let (blob, path) = (self.cached.blob(etag), self.cached.incomplete(etag));
        let cannot_write = |e| self.cached.cannot_write(e, &path);
        std::fs::create_dir_all(blob.parent().unwrap_or(Path::new("."))).map_err(cannot_write)?;
        let there = std::fs::metadata(&path).map_or(0, |m| m.len());
        let size = reply.size;
        let to_come = size.unwrap_or(0).max(self.meter.total.saturating_sub(self.meter.done));
        self.cached.check_space(to_come.saturating_sub(there))?;
        let mut sum = self.fill(file, &path, size, Some(reply))?;
        if !is_sum_of(etag, &sum) && there > 0 {
            // The part that was there is damaged.
            std::fs::remove_file(&path).map_err(cannot_write)?;
            sum = self.fill(file, &path, size, None)?;
        }
        if !is_sum_of(etag, &sum) {
            std::fs::remove_file(&path).map_err(cannot_write)?;
            bail!("{file} arrived damaged: its SHA-256 is {sum} instead of {etag}; run the same command again");
        }
        std::fs::rename(&path, &blob).map_err(cannot_write)?;
        if is_weights(file) {
            self.meter.done += std::fs::metadata(&blob).map_or(0, |m| m.len());
        }
        Ok(())
    }

    /// Appends to `path` until it has the whole file. Connections that break are made again. Returns the SHA-256.
    fn fill(&self, file: &str, path: &Path, size: Option<u64>, mut reply: Option<Reply>) -> Result<String> {
        let cannot_write = |e| self.cached.cannot_write(e, path);
        let mut out = File::options().read(true).append(true).create(true).open(path).map_err(cannot_write)?;
        let mut done = out.metadata().map_err(cannot_write)?.len();
        let mut hash = Sha256::new();
        let mut failures = 0;
        if size.is_some_and(|size| done > size) {
            out.set_len(0).map_err(cannot_write)?;
            done = 0;
        }
        std::io::copy(&mut out, &mut hash).with_context(|| format!("cannot read {}", path.display()))?;
        let mut buffer = vec![0; BUFFER];
        while size.is_none_or(|size| done < size) {
            let before = done;
            let reply = reply.take().filter(|_| done == 0);
            let reply = reply.map_or_else(|| self.client.file(self.repo, &self.commit, file, done), Ok);
            let error = match reply {
                Err(e) => e,
                Ok(reply) => {
                    if reply.start != done {
                        // This server begins at the beginning.
                        out.set_len(0).map_err(cannot_write)?;
                        (done, hash) = (0, Sha256::new());
                    }
                    let mut body = reply.reader();
                    let cause = loop {
                        self.check_stop()?;
                        self.tell(file, done, size);
                        match body.read(&mut buffer) {
                            Ok(0) => break "it ended early".to_owned(),
                            Ok(n) => {
                                out.write_all(&buffer[..n]).map_err(cannot_write)?;
                                hash.update(&buffer[..n]);
                                done += n as u64;
                            }
                            Err(e) => break e.to_string(),
                        }
                    };
                    if size.is_none_or(|size| done >= size) {
                        break;
                    }
                    HubError::Broken(cause)
                }
            };
            failures = if done > before { 0 } else { failures + 1 };
            if !error.is_passing() || failures >= ATTEMPTS {
                let of = size.map(|size| format!(" of {size}")).unwrap_or_default();
                return Err(error).with_context(|| {
                    format!("{file} broke off after {done}{of} bytes; the same command goes on from there")
                });
            }
            self.pause(failures)?;
        }
        if let Some(size) = size.filter(|size| done != *size) {
            // Nothing of it can be used.
            std::fs::remove_file(path).map_err(cannot_write)?;
            bail!("{file} arrived with {done} bytes instead of {size}; run the same command again");
        }
        Ok(hex(hash))
    }

    /// Asks for a file, again if the hub is only busy.
    fn ask(&self, file: &str, start: u64) -> Result<Reply> {
        let mut failures = 0;
        loop {
            match self.client.file(self.repo, &self.commit, file, start) {
                Err(e) if e.is_passing() && failures + 1 < ATTEMPTS => failures += 1,
                Err(e) if e.is_passing() => return Err(e).with_context(|| format!("cannot download {file}")),
                answer => return Ok(answer?),
            }
            self.pause(failures)?;
        }
    }

    /// Waits, the longer the more attempts have failed.
    fn pause(&self, failures: u32) -> Result<()> {
        let end = std::time::Instant::now() + FIRST_WAIT * 2u32.pow(failures.saturating_sub(1));
        while failures > 0 && std::time::Instant::now() < end {
            self.check_stop()?;
            std::thread::sleep(FIRST_WAIT / 5);
        }
        Ok(())
    }

    fn check_stop(&self) -> Result<()> {
        ensure!(!self.stop.load(Ordering::Relaxed), "stopped; run the same command again to go on with the download");
        Ok(())
    }

    fn tell(&self, file: &str, done: u64, size: Option<u64>) {
        let Meter { model, done: before, total } = self.meter;
        if let Some(size) = size.filter(|size| is_weights(file) && done < *size) {
            self.observer.download(model, before + done, total.max(before + size));
        }
    }
}

fn is_404(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(HubError::Status { code: 404, .. }))
}

fn is_weights(file: &str) -> bool {
    file.ends_with(".safetensors") || file.ends_with(".bin")
}

/// What the index of sharded weights says their size is.
fn total_size(index: &Path) -> Option<u64> {
    let index: serde_json::Value = serde_json::from_slice(&std::fs::read(index).ok()?).ok()?;
    index.get("metadata")?.get("total_size")?.as_u64()
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Etags of large files are their SHA-256; other etags say nothing that could be checked.
fn is_sum_of(etag: &str, sum: &str) -> bool {
    let is_sha256 = etag.len() == 64 && etag.bytes().all(|b| b.is_ascii_hexdigit());
    !is_sha256 || etag.eq_ignore_ascii_case(sum)
}
