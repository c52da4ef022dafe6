//! A model folder's tensors, checked as they are read.

mod file;

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use candle_core::{Device, Tensor};
use rayon::prelude::*;

use super::config::{NormConfig, NormKind};
use super::files::ModelFiles;
use super::linear::Linear;
use super::norm::Norm;
use file::WeightFile;

/// Where the weights may be, in the order of preference: one file, or the index of several.
const SINGLE: [&str; 2] = ["model.safetensors", "pytorch_model.bin"];
const SHARDED: [&str; 2] = ["model.safetensors.index.json", "pytorch_model.bin.index.json"];

/// All tensors of a model, on disk until they are asked for.
#[derive(Debug)]
pub struct Weights {
    files: Vec<WeightFile>,
    /// Tensor name → index into `files`.
    tensors: BTreeMap<String, usize>,
}

impl Weights {
    /// Finds the weights and reads their table of contents.
    pub fn open(folder: &ModelFiles) -> Result<Weights> {
        for (single, index) in SINGLE.into_iter().zip(SHARDED) {
            if let Some(file) = WeightFile::open(folder, single)? {
                let tensors = file.names().map(|name| (name, 0)).collect();
                return Ok(Weights { files: vec![file], tensors });
            }
            if let Some(bytes) = folder.read(index)? {
                return Self::open_sharded(folder, &bytes)
                    .with_context(|| format!("cannot use {}", folder.display(index)));
            }
        }
        let [first, second] = SINGLE.map(|f| folder.display(f));
        bail!("no weights: neither {first} nor {second} is there, nor the index of a sharded one")
    }

    fn open_sharded(folder: &ModelFiles, index: &[u8]) -> Result<Weights> {
        #[derive(serde::Deserialize)]
        struct Index {
            weight_map: BTreeMap<String, String>,
        }
        let Index { weight_map } = serde_json::from_slice(index)?;
        let mut names: Vec<&String> = weight_map.values().collect();
        names.sort_unstable();
        names.dedup();
        let mut weights = Weights { files: Vec::new(), tensors: BTreeMap::new() };
        for name in names {
            ensure!(!name.contains(['/', '\\']), "it names the file {name:?}, which is not in the model folder");
            let missing = || format!("it names {}, which is not there", folder.display(name));
            let file = WeightFile::open(folder, name)?.with_context(missing)?;
            let at = weights.files.len();
            weights.tensors.extend(file.names().map(|tensor| (tensor, at)));
            weights.files.push(file);
        }
        match weight_map.keys().find(|name| !weights.tensors.contains_key(*name)) {
            Some(name) => {
                bail!("it names the tensor {name}, which {} does not have", folder.display(&weight_map[name]))
            }
            None => Ok(weights),
        }
    }

    /// The tensors below the first of `prefixes` that has the tensor `anchor`; without any, the first prefix.
    pub fn below(&self, prefixes: &[&str], anchor: &str) -> Scope<'_> {
        let has = |prefix: &&&str| self.tensors.contains_key(&format!("{prefix}{anchor}"));
        let prefix = prefixes.iter().find(has).or(prefixes.first()).copied().unwrap_or_default();
        Scope { weights: self, prefix: prefix.to_owned() }
    }

    /// Values of a tensor as f32, in C order.
    fn values(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let Some(file) = self.tensors.get(name).map(|at| &self.files[*at]) else {
            let files: Vec<&str> = self.files.iter().map(|f| f.path.as_str()).collect();
            bail!("tensor {name} of shape {shape:?} is missing in {}", files.join(", "));
        };
        let (found, values) = file.read(name).with_context(|| format!("cannot read tensor {name} in {}", file.path))?;
        ensure!(
            found == shape,
            "tensor {name} in {} has shape {found:?}, but config.json asks for {shape:?}",
            file.path
        );
        // Without an early end within a run of values, so that the check is made of vector instructions.
        let finite = |run: &[f32]| run.iter().fold(true, |all, v| all & v.is_finite());
        if !values.par_chunks(1 << 16).all(finite) {
            let at = values.iter().position(|v| !v.is_finite()).unwrap_or_default();
            bail!("tensor {name} in {} has the value {} at index {at}", file.path, values[at]);
        }
        Ok(values)
    }
}

/// Tensors whose names start alike.
#[derive(Debug, Clone)]
pub struct Scope<'a> {
    weights: &'a Weights,
    prefix: String,
}

impl Scope<'_> {
    /// The tensors below `name.`.
    pub fn at(&self, name: impl std::fmt::Display) -> Self {
        Scope { weights: self.weights, prefix: format!("{}{name}.", self.prefix) }
    }

    pub fn has(&self, name: &str) -> bool {
        self.weights.tensors.contains_key(&format!("{}{name}", self.prefix))
    }

    /// A tensor as f32 on the CPU; its shape must be exactly `shape`, its values finite.
    pub fn tensor(&self, name: &str, shape: &[usize]) -> Result<Tensor> {
        let values = self.weights.values(&format!("{}{name}", self.prefix), shape)?;
        Ok(Tensor::from_vec(values, shape, &Device::Cpu)?)
    }

    /// `name.weight` stored `[d_out, d_in]`, and `name.bias` if the model has biases there.
    pub fn linear(&self, name: &str, d_in: usize, d_out: usize, bias: bool) -> Result<Linear> {
        let full = format!("{}{name}.weight", self.prefix);
        let values = transposed(&self.weights.values(&full, &[d_out, d_in])?, d_in);
        let weight = Tensor::from_vec(values, (d_in, d_out), &Device::Cpu)?;
        Ok(Linear { weight, bias: self.bias(name, d_out, bias)? })
    }

    /// `name.weight` stored `[d_in, d_out]`, and `name.bias`.
    pub fn conv1d(&self, name: &str, d_in: usize, d_out: usize) -> Result<Linear> {
        let weight = self.tensor(&format!("{name}.weight"), &[d_in, d_out])?;
        Ok(Linear { weight, bias: self.bias(name, d_out, true)? })
    }

    /// `name.weight`, and `name.bias` for a layer norm.
    pub fn norm(&self, name: &str, width: usize, config: NormConfig) -> Result<Norm> {
        self.norm_with(name, width, config, config.kind == NormKind::Layer)
    }

    /// `name.weight`, and `name.bias` if `bias`. The older names `gamma` and `beta` are understood.
    pub fn norm_with(&self, name: &str, width: usize, config: NormConfig, bias: bool) -> Result<Norm> {
        let old = self.has(&format!("{name}.gamma"));
        let (weight_name, bias_name) = if old { ("gamma", "beta") } else { ("weight", "bias") };
        let read = |part: &str| self.tensor(&format!("{name}.{part}"), &[width]);
        let bias = bias.then(|| read(bias_name)).transpose()?;
        Ok(Norm { kind: config.kind, eps: config.eps as f32, weight: Some(read(weight_name)?), bias })
    }

    fn bias(&self, name: &str, width: usize, wanted: bool) -> Result<Option<Tensor>> {
        wanted.then(|| self.tensor(&format!("{name}.bias"), &[width])).transpose()
    }
}

/// A `[rows, columns]` matrix by columns. Tiles keep both sides in the cache.
fn transposed(values: &[f32], columns: usize) -> Vec<f32> {
    const TILE: usize = 32;
    if columns == 0 {
        return Vec::new();
    }
    let rows = values.len() / columns;
    let mut out = vec![0f32; values.len()];
    out.par_chunks_mut(rows.max(1) * TILE).enumerate().for_each(|(band, out)| {
        for first in (0..rows).step_by(TILE) {
            for (c, out) in out.chunks_mut(rows).enumerate() {
                let column = band * TILE + c;
                for r in first..(first + TILE).min(rows) {
                    out[r] = values[r * columns + column];
                }
            }
        }
    });
    out
}

#[cfg(test)]
mod tests {
    use super::transposed;

    #[test]
    fn transposes_odd_shapes() {
        let (rows, columns) = (37, 70);
        let values: Vec<f32> = (0..rows * columns).map(|v| v as f32).collect();
        let out = transposed(&values, columns);
        assert!((0..rows).all(|r| (0..columns).all(|c| out[c * rows + r] == values[r * columns + c])));
    }
}
