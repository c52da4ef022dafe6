//! A model folder's tensors, checked as they are read.

mod file;
mod find;
mod pickle;
mod safetensors;
mod view;

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Result, bail};
use candle_core::{Device, Tensor};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::blank::blank;
use super::config::{NormConfig, NormKind};
use super::files::ModelFiles;
use super::linear::Linear;
use super::norm::Norm;
use file::WeightFile;
use find::{Found, find};

/// What a `.gguf` is to this program. Its tensors, names and tokens are arranged for another one, differently for each
/// architecture, and mostly quantised.
pub const NO_GGUF: &str = "a GGUF, which is not supported; give the model that it was converted from: the folder with its \
    config.json, safetensors and tokenizer";

/// All tensors of a model, on disk until they are asked for.
#[derive(Debug)]
pub struct Weights {
    files: Vec<WeightFile>,
    /// Tensor name → index into `files`.
    tensors: BTreeMap<String, usize>,
    /// What the index of a sharded model is called, and the file that it promises a tensor in.
    index: Option<(String, BTreeMap<String, String>)>,
    /// Other names of the token embedding.
    tied: &'static [&'static str],
    content: Content,
}

/// What is taken from the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Values,
    /// Names and shapes: tensors are blank.
    Shapes,
    /// Names: every tensor has the shape that is asked for, and random values.
    Names,
}

/// What a file is makes it useless here, though it is whole.
#[derive(Debug)]
struct Unsupported(String);

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unsupported {}

impl Weights {
    /// Names of the files that have the weights.
    pub fn files(folder: &ModelFiles) -> Result<Vec<String>> {
        Ok(find(folder)?.files)
    }

    /// Finds the weights and reads their table of contents.
    pub fn open(folder: &ModelFiles) -> Result<Weights> {
        let Found { files: names, index } = find(folder)?;
        let mut weights =
            Weights { files: Vec::new(), tensors: BTreeMap::new(), index, tied: &[], content: Content::Values };
        for name in &names {
            let file = WeightFile::open(folder, name)?;
            weights.tensors.extend(file.names().map(|tensor| (tensor.clone(), weights.files.len())));
            weights.files.push(file);
        }
        // Where several shards have a tensor, the index says which is meant.
        if let Some((_, map)) = &weights.index {
            for (tensor, name) in map {
                let at = names.binary_search(name).ok().filter(|at| weights.files[*at].has(tensor));
                if let Some(at) = at {
                    weights.tensors.insert(tensor.clone(), at);
                }
            }
        }
        Ok(weights)
    }

    /// The same, where the token embedding may also have these names.
    pub fn tied(self, names: &'static [&'static str]) -> Weights {
        Weights { tied: names, ..self }
    }

    /// Random values for a model of any size that has the tensors of `like`, as many layers as it may have.
    pub(super) fn random(like: &ModelFiles) -> Result<Weights> {
        Ok(Weights { content: Content::Names, ..Self::open(like)? })
    }

    /// The same, of which only names and shapes are looked at.
    pub(super) fn without_values(self) -> Weights {
        Weights { content: Content::Shapes, ..self }
    }

    fn has(&self, name: &str) -> bool {
        if self.content != Content::Names {
            return self.tensors.contains_key(name);
        }
        let same = |a: &str, b: &str| a == b || (a.parse::<usize>().is_ok() && b.parse::<usize>().is_ok());
        let parts = || name.split('.');
        let like = |other: &String| {
            other.split('.').count() == parts().count() && other.split('.').zip(parts()).all(|(a, b)| same(a, b))
        };
        self.tensors.keys().any(like)
    }

    /// The tensors below the first of `prefixes` that has the tensor `anchor`. Where none has, those below the one
    /// longer name that ends with it, as wrapped and nested models have; without any, below the first prefix.
    pub fn below(&self, prefixes: &[&str], anchor: &str) -> Scope<'_> {
        let has = |prefix: &&&str| self.tensors.contains_key(&format!("{prefix}{anchor}"));
        let prefix = match prefixes.iter().find(has) {
            Some(prefix) => prefix,
            None => {
                let before = |name| str::strip_suffix(name, anchor).filter(|prefix| prefix.ends_with('.'));
                let mut longer = self.tensors.keys().filter_map(|name| before(name.as_str()));
                match (longer.next(), longer.next()) {
                    (Some(only), None) => only,
                    _ => prefixes.first().copied().unwrap_or_default(),
                }
            }
        };
        Scope { weights: self, prefix: prefix.to_owned() }
    }

    /// A tensor as f32 on the CPU; a matrix if `transposed` by columns, as `[columns, rows]`.
    fn tensor(&self, name: &str, shape: &[usize], transposed: bool) -> Result<Tensor> {
        let mut own_shape = shape.to_vec();
        if transposed {
            own_shape.reverse();
        }
        let values = match self.content {
            Content::Names => random_values(name, shape),
            Content::Shapes => {
                self.file(name, shape)?.check(name, shape)?;
                return blank(&own_shape);
            }
            Content::Values => self.values(name, shape, transposed)?,
        };
        Ok(Tensor::from_vec(values, own_shape, &Device::Cpu)?)
    }

    /// The file that has a tensor.
    fn file(&self, name: &str, shape: &[usize]) -> Result<&WeightFile> {
        match self.tensors.get(name) {
            Some(at) => Ok(&self.files[*at]),
            None => bail!("{}", self.missing(name, shape)),
        }
    }

    /// Values of a tensor as f32 in C order, all of them finite; of a matrix if `transposed` by columns.
    fn values(&self, name: &str, shape: &[usize], transposed: bool) -> Result<Vec<f32>> {
        let file = self.file(name, shape)?;
        let values = file.read(name, shape, transposed)?;
        // Without an early end within a run of values, so that the check is made of vector instructions.
        let finite = |run: &[f32]| run.iter().fold(true, |all, v| all & v.is_finite());
        if !values.par_chunks(1 << 16).all(finite) {
            let at = values.iter().position(|v| !v.is_finite()).unwrap_or_default();
            bail!("tensor {name} in {} has the value {} at index {at}", file.path, values[at]);
        }
        Ok(values)
    }

    /// Why there is no such tensor, as far as the names that there are tell.
    fn missing(&self, name: &str, shape: &[usize]) -> String {
        let files: Vec<&str> = self.files.iter().map(|f| f.path.as_str()).collect();
        let files = files.join(", ");
        // What quantisers put in the place of a matrix.
        let stem = name.strip_suffix(".weight").map_or_else(|| format!("{name}_"), |stem| format!("{stem}."));
        let instead = ["qweight", "weight_packed", "weight_quantized", "blocks", "packed", "scales"];
        if let Some(other) = instead.map(|end| format!("{stem}{end}")).iter().find(|n| self.tensors.contains_key(*n)) {
            return format!(
                "tensor {name} is missing in {files}, which has {other} instead: quantised weights (GPTQ, AWQ and their \
                 like) are not supported; give the original model"
            );
        }
        let promised = match &self.index {
            Some((index, map)) => map.get(name).map(|file| format!("; {index} says that {file} has it")),
            None => None,
        };
        format!("tensor {name} of shape {shape:?} is missing in {files}{}", promised.unwrap_or_default())
    }
}

/// Even numbers of deviation 0.02, the same for the same name and size.
fn random_values(name: &str, shape: &[usize]) -> Vec<f32> {
    const AT_ONCE: usize = 1 << 16;
    const LIMIT: f32 = 0.035;
    let mut values = vec![0.0; shape.iter().product()];
    let seed = u64::from(crc32fast::hash(name.as_bytes()));
    values.par_chunks_mut(AT_ONCE).enumerate().for_each(|(chunk, values)| {
        let mut random = ChaCha8Rng::seed_from_u64(seed << 32 | chunk as u64);
        values.iter_mut().for_each(|v| *v = random.random_range(-LIMIT..LIMIT));
    });
    values
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
        self.weights.has(&format!("{}{name}", self.prefix))
    }

    /// A tensor as f32 on the CPU; its shape must be exactly `shape`, its values finite.
    pub fn tensor(&self, name: &str, shape: &[usize]) -> Result<Tensor> {
        self.weights.tensor(&format!("{}{name}", self.prefix), shape, false)
    }

    /// The vectors of the tokens, `[d_vocab, width]`. Where they are the output embedding too, a file may have them by
    /// that name alone.
    pub fn token_embedding(&self, name: &str, shape: [usize; 2]) -> Result<Tensor> {
        let other = self.weights.tied.iter().find(|other| !self.has(name) && self.weights.has(other));
        match other {
            Some(other) => Scope { weights: self.weights, prefix: String::new() }.tensor(other, &shape),
            None => self.tensor(name, &shape),
        }
    }

    /// `name.weight` stored `[d_out, d_in]`, and `name.bias` if the model has biases there.
    pub fn linear(&self, name: &str, d_in: usize, d_out: usize, bias: bool) -> Result<Linear> {
        let weight = self.weights.tensor(&format!("{}{name}.weight", self.prefix), &[d_out, d_in], true)?;
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
