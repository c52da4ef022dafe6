//! GPT-2 as it is trained: its weights by the names that Hugging Face gives them, and its loss.

use std::collections::BTreeMap;

use anyhow::Result;
use candle_core::{D, DType, Device, Tensor, Var};
use rand::Rng as _;

use crate::Random;
use crate::batches::Batch;
use crate::ops;

/// Sizes, by the names of Hugging Face's `GPT2Config`.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    pub vocab_size: usize,
    pub n_positions: usize,
    pub n_embd: usize,
    pub n_layer: usize,
    pub n_head: usize,
    /// Hidden units of an MLP; 0: the model has none.
    pub n_inner: usize,
}

impl Config {
    /// Hidden units as they are stored. Hugging Face cannot run a GPT-2 without MLPs, so that a model without them is
    /// stored with one hidden unit whose weights are all 0.
    pub fn stored_inner(&self) -> usize {
        self.n_inner.max(1)
    }
}

pub const LAYER_NORM_EPSILON: f64 = 1e-5;

pub struct Model {
    pub config: Config,
    pub weights: BTreeMap<String, Var>,
}

impl Model {
    /// Random weights: matrices are normal with a standard deviation of 1 / √inputs, and those that write to the
    /// residual stream smaller by √(2 · layers); biases are 0. Positions start as [`waves`].
    ///
    /// Embeddings are large: small ones would move more in the first steps than they are long, the same way for all
    /// tokens that are rare, so that no head could tell those apart any more.
    pub fn new(config: Config, rng: &mut Random) -> Result<Model> {
        let mut model = Model { config, weights: BTreeMap::new() };
        let Config { vocab_size, n_positions, n_embd: d, n_layer, .. } = config;
        let n_inner = config.stored_inner();
        model.matrix(rng, "wte.weight", vocab_size, d, 0.5)?;
        model.insert("wpe.weight", waves(n_positions, d), &[n_positions, d])?;
        let inward = (d as f64).powf(-0.5);
        let outward = |inputs: usize| (inputs as f64 * 2.0 * n_layer as f64).powf(-0.5);
        let mlp = |deviation: f64| if config.n_inner > 0 { deviation } else { 0.0 };
        for layer in 0..n_layer {
            let name = |part: &str| format!("h.{layer}.{part}");
            model.norm(&name("ln_1"))?;
            model.linear(rng, &name("attn.c_attn"), d, 3 * d, inward)?;
            model.linear(rng, &name("attn.c_proj"), d, d, outward(d))?;
            model.norm(&name("ln_2"))?;
            model.linear(rng, &name("mlp.c_fc"), d, n_inner, mlp(inward))?;
            model.linear(rng, &name("mlp.c_proj"), n_inner, d, mlp(outward(n_inner)))?;
        }
        model.norm("ln_f")?;
        model.matrix(rng, "lm_head.weight", vocab_size, d, 0.02)?;
        Ok(model)
    }

    fn matrix(&mut self, rng: &mut Random, name: &str, rows: usize, columns: usize, deviation: f64) -> Result<()> {
        let values: Vec<f32> = (0..rows * columns).map(|_| (deviation * normal(rng)) as f32).collect();
        self.insert(name, values, &[rows, columns])
    }

    fn insert(&mut self, name: &str, values: Vec<f32>, shape: &[usize]) -> Result<()> {
        let weight = Var::from_tensor(&Tensor::from_vec(values, shape, &Device::Cpu)?)?;
        self.weights.insert(name.to_owned(), weight);
        Ok(())
    }

    fn linear(&mut self, rng: &mut Random, name: &str, inputs: usize, outputs: usize, deviation: f64) -> Result<()> {
        self.matrix(rng, &format!("{name}.weight"), inputs, outputs, deviation)?;
        self.weights.insert(format!("{name}.bias"), Var::zeros(outputs, DType::F32, &Device::Cpu)?);
        Ok(())
    }

    fn norm(&mut self, name: &str) -> Result<()> {
        let d = self.config.n_embd;
        self.weights.insert(format!("{name}.weight"), Var::ones(d, DType::F32, &Device::Cpu)?);
        self.weights.insert(format!("{name}.bias"), Var::zeros(d, DType::F32, &Device::Cpu)?);
        Ok(())
    }

    /// The weights that training changes: all but those of MLPs that the model does not have.
    pub fn variables(&self) -> Vec<Var> {
        let trained = |name: &str| self.config.n_inner > 0 || !(name.contains(".mlp.") || name.contains(".ln_2."));
        self.weights.iter().filter(|(name, _)| trained(name)).map(|(_, weight)| weight.clone()).collect()
    }

    /// Cross-entropy of the next tokens in nats, the mean over all of them.
    pub fn loss(&self, batch: &Batch) -> Result<Tensor> {
        let (rows, n) = batch.ids.dims2()?;
        let d = self.config.n_embd;
        let tokens = self.weight("wte.weight").index_select(&batch.ids.flatten_all()?, 0)?;
        let positions = self.weight("wpe.weight").narrow(0, 0, n)?;
        let mut stream = tokens.reshape((rows, n, d))?.broadcast_add(&positions)?.reshape((rows * n, d))?;
        for layer in 0..self.config.n_layer {
            let name = |part: &str| format!("h.{layer}.{part}");
            let attention = self.attention(&name("attn"), &self.normed(&name("ln_1"), &stream)?, rows)?;
            stream = (stream + attention)?;
            if self.config.n_inner > 0 {
                let hidden = self.mapped(&name("mlp.c_fc"), &self.normed(&name("ln_2"), &stream)?)?.relu()?;
                stream = (stream + self.mapped(&name("mlp.c_proj"), &hidden)?)?;
            }
        }
        let logits = self.normed("ln_f", &stream)?.matmul(&self.weight("lm_head.weight").t()?)?;
        Ok(ops::cross_entropy(&logits, batch.next.clone())?)
    }

    fn attention(&self, name: &str, input: &Tensor, rows: usize) -> Result<Tensor> {
        let (d, heads) = (self.config.n_embd, self.config.n_head);
        let n = input.dim(0)? / rows;
        let (weight, bias) =
            (self.weight(&format!("{name}.c_attn.weight")), self.weight(&format!("{name}.c_attn.bias")));
        let part = |at: usize| -> Result<Tensor> {
            let weight = weight.narrow(1, at * d, d)?.contiguous()?;
            let part = input.matmul(&weight)?.broadcast_add(&bias.narrow(0, at * d, d)?)?;
            Ok(part.reshape((rows, n, heads, d / heads))?.transpose(1, 2)?.contiguous()?)
        };
        let (query, key, value) = (part(0)?, part(1)?, part(2)?);
        let scale = ((d / heads) as f64).powf(-0.5);
        let pattern = ops::causal_softmax(&(query * scale)?.matmul(&key.t()?)?)?;
        let mixed = pattern.matmul(&value)?.transpose(1, 2)?.reshape((rows * n, d))?;
        self.mapped(&format!("{name}.c_proj"), &mixed)
    }

    fn mapped(&self, name: &str, input: &Tensor) -> Result<Tensor> {
        let product = input.matmul(self.weight(&format!("{name}.weight")))?;
        Ok(product.broadcast_add(self.weight(&format!("{name}.bias")))?)
    }

    fn normed(&self, name: &str, input: &Tensor) -> Result<Tensor> {
        let centred = input.broadcast_sub(&input.mean_keepdim(D::Minus1)?)?;
        let deviation = (centred.sqr()?.mean_keepdim(D::Minus1)? + LAYER_NORM_EPSILON)?.sqrt()?;
        let scaled = centred.broadcast_div(&deviation)?.broadcast_mul(self.weight(&format!("{name}.weight")))?;
        Ok(scaled.broadcast_add(self.weight(&format!("{name}.bias")))?)
    }

    fn weight(&self, name: &str) -> &Tensor {
        self.weights[name].as_tensor()
    }
}

/// `[positions, d]`: sines and cosines of the position (Vaswani et al. 2017, "Attention is all you need"), with wave
/// lengths from 2π to 2π · positions / 4. A step back is the same linear map everywhere, so that a head learns to look at
/// the previous token from all positions at once; from random vectors it takes many times longer.
fn waves(positions: usize, d: usize) -> Vec<f32> {
    let wave = |position: usize, i: usize| {
        let frequency = (positions as f64 / 4.0).powf(-((i / 2) as f64) / (d / 2) as f64);
        let angle = position as f64 * frequency;
        0.7 * if i.is_multiple_of(2) { angle.sin() } else { angle.cos() }
    };
    (0..positions).flat_map(|p| (0..d).map(move |i| wave(p, i) as f32)).collect()
}

/// A standard normal number (Box and Muller 1958).
fn normal(rng: &mut Random) -> f64 {
    let (u, v): (f64, f64) = (1.0 - rng.random::<f64>(), rng.random());
    (-2.0 * u.ln()).sqrt() * (2.0 * std::f64::consts::PI * v).cos()
}
