//! One file of weights, memory-mapped or built in.

use std::borrow::Cow;
use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use memmap2::Mmap;

use super::view::View;
use super::{Unsupported, pickle, safetensors};
use crate::model::files::ModelFiles;

/// An open file of weights; its content has been checked against its table of contents.
pub(super) struct WeightFile {
    /// As errors call it.
    pub path: String,
    bytes: Bytes,
    tensors: BTreeMap<String, View>,
}

enum Bytes {
    Mapped(Mmap),
    InMemory(Cow<'static, [u8]>),
}

impl std::ops::Deref for Bytes {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        match self {
            Bytes::Mapped(map) => map,
            Bytes::InMemory(bytes) => bytes,
        }
    }
}

impl Bytes {
    /// Gives pages back that have been read: what was converted needs no second copy in memory.
    fn release(&self, range: std::ops::Range<usize>) {
        #[cfg(unix)]
        if let (Bytes::Mapped(map), false) = (self, range.is_empty()) {
            // SAFETY: the map is of a file and never written, so its pages come back from there with the same content.
            // A refusal leaves them where they are.
            let _ = unsafe { map.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, range.start, range.len()) };
        }
    }
}

impl std::fmt::Debug for WeightFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WeightFile").field("path", &self.path).finish_non_exhaustive()
    }
}

impl WeightFile {
    /// Opens a file of the model folder.
    pub fn open(folder: &ModelFiles, name: &str) -> Result<WeightFile> {
        let path = folder.display(name);
        let bytes = match folder.on_disk(name) {
            Some(on_disk) => {
                let file = std::fs::File::open(on_disk).with_context(|| format!("cannot read {path}"))?;
                // SAFETY: the map is only read. If another program shortens the file meanwhile, the
                // process is killed by the system, as with any reader of memory-mapped weights.
                Bytes::Mapped(unsafe { Mmap::map(&file) }.with_context(|| format!("cannot map {path}"))?)
            }
            None => Bytes::InMemory(folder.read(name)?.with_context(|| format!("{path} is missing"))?),
        };
        ensure!(
            !bytes.starts_with(b"version https://git-lfs"),
            "{path} is a pointer of Git LFS, not the file itself; run `git lfs pull` there, or get it again"
        );
        let table = if name.ends_with(".safetensors") { safetensors::table } else { pickle::table };
        let tensors = table(&bytes).map_err(|e| match e.is::<Unsupported>() {
            true => e.context(format!("cannot use {path}")),
            false => e.context(format!("{path} is damaged or cut short; get it again")),
        })?;
        Ok(WeightFile { path, bytes, tensors })
    }

    /// Names of the tensors.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.tensors.keys()
    }

    pub fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// A tensor's view, which has this shape.
    pub fn check(&self, name: &str, shape: &[usize]) -> Result<&View> {
        let path = &self.path;
        let view = self.tensors.get(name).with_context(|| format!("tensor {name} is missing in {path}"))?;
        // Quantised weights have shapes of their own; that they are quantised says more.
        view.kind.check().with_context(|| format!("cannot use tensor {name} in {path}"))?;
        let found = &view.shape;
        ensure!(found == shape, "tensor {name} in {path} has shape {found:?}, but config.json asks for {shape:?}");
        Ok(view)
    }

    /// Values of a tensor of this shape, as f32 in C order; of a matrix if `transposed` by columns.
    pub fn read(&self, name: &str, shape: &[usize], transposed: bool) -> Result<Vec<f32>> {
        let view = self.check(name, shape)?.clone();
        let view = if transposed { view.transposed() } else { view };
        let values = view.values(&self.bytes)?;
        self.bytes.release(view.bytes());
        Ok(values)
    }
}
