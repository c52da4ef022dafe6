//! One file of weights: safetensors (memory-mapped or built in), or PyTorch's pickled archive.

use std::borrow::Cow;

use anyhow::{Context as _, Result, bail};
use candle_core::pickle::PthTensors;
use half::{bf16, f16};
use memmap2::Mmap;
use rayon::prelude::*;
use safetensors::tensor::{Dtype, Metadata, SafeTensors};

use crate::model::files::ModelFiles;

/// An open file of weights; its content has been checked against its table of contents.
pub(super) struct WeightFile {
    /// As errors call it.
    pub path: String,
    content: Content,
}

enum Content {
    Safetensors { bytes: Bytes, metadata: Metadata, data_start: usize },
    Pickle(PthTensors),
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

impl std::fmt::Debug for WeightFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WeightFile").field("path", &self.path).finish_non_exhaustive()
    }
}

impl WeightFile {
    /// Opens a file of the model folder; `None` if there is no such file.
    pub fn open(folder: &ModelFiles, name: &str) -> Result<Option<WeightFile>> {
        let path = folder.display(name);
        let damaged = || format!("{path} is damaged or cut short; get it again");
        let on_disk = folder.on_disk(name);
        let content = if name.ends_with(".bin") {
            let Some(on_disk) = on_disk else { return Ok(None) };
            Content::Pickle(PthTensors::new(on_disk, None).with_context(damaged)?)
        } else {
            let bytes = match on_disk {
                Some(on_disk) => {
                    let file = std::fs::File::open(on_disk).with_context(|| format!("cannot read {path}"))?;
                    // SAFETY: the map is only read. If another program shortens the file meanwhile, the
                    // process is killed by the system, as with any reader of memory-mapped weights.
                    Bytes::Mapped(unsafe { Mmap::map(&file) }.with_context(|| format!("cannot map {path}"))?)
                }
                None => match folder.read(name)? {
                    Some(bytes) => Bytes::InMemory(bytes),
                    None => return Ok(None),
                },
            };
            let (header, metadata) = SafeTensors::read_metadata(&bytes).with_context(damaged)?;
            Content::Safetensors { bytes, metadata, data_start: header + size_of::<u64>() }
        };
        Ok(Some(WeightFile { path, content }))
    }

    /// Names of the tensors.
    pub fn names(&self) -> impl Iterator<Item = String> {
        let mut names: Vec<String> = match &self.content {
            Content::Safetensors { metadata, .. } => metadata.tensors().into_keys().collect(),
            Content::Pickle(tensors) => tensors.tensor_infos().keys().cloned().collect(),
        };
        names.sort_unstable();
        names.into_iter()
    }

    /// Shape and values of a tensor, as f32 in C order.
    pub fn read(&self, name: &str) -> Result<(Vec<usize>, Vec<f32>)> {
        match &self.content {
            Content::Safetensors { bytes, metadata, data_start } => {
                let info = metadata.info(name).context("no such tensor")?;
                let (start, end) = info.data_offsets;
                let values = to_f32(&bytes[data_start + start..data_start + end], info.dtype)?;
                Ok((info.shape.clone(), values))
            }
            Content::Pickle(tensors) => {
                let tensor = tensors.get(name)?.context("no such tensor")?;
                if !tensor.dtype().is_float() {
                    bail!("values of type {:?} are not weights", tensor.dtype());
                }
                let shape = tensor.dims().to_vec();
                let values = tensor.to_dtype(candle_core::DType::F32)?.flatten_all()?.to_vec1()?;
                Ok((shape, values))
            }
        }
    }
}

fn to_f32(bytes: &[u8], dtype: Dtype) -> Result<Vec<f32>> {
    fn convert<const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> f32 + Sync) -> Vec<f32> {
        const AT_ONCE: usize = 1 << 16;
        let stored = bytes.as_chunks::<N>().0;
        let mut values = vec![0.0; stored.len()];
        values.par_chunks_mut(AT_ONCE).zip(stored.par_chunks(AT_ONCE)).for_each(|(values, stored)| {
            values.iter_mut().zip(stored).for_each(|(v, b)| *v = value(*b));
        });
        values
    }
    Ok(match dtype {
        Dtype::F32 => convert(bytes, f32::from_le_bytes),
        Dtype::F16 => convert(bytes, |b| f16::from_le_bytes(b).to_f32()),
        Dtype::BF16 => convert(bytes, |b| bf16::from_le_bytes(b).to_f32()),
        Dtype::F64 => convert(bytes, |b| f64::from_le_bytes(b) as f32),
        other => bail!("values of type {other:?}: only f64, f32, f16 and bf16 weights are supported"),
    })
}
