//! Which models there are, and how they are trained.

use anyhow::Result;
use candle_nn::{AdamW, Optimizer as _, ParamsAdamW};
use rand::SeedableRng as _;
use tokenizers::Tokenizer;

use crate::Random;
use crate::batches::{Batch, Batches};
use crate::model::{Config, Model};
use crate::tokenizer::VOCAB_SIZE;

/// A model, and how it is trained.
#[derive(Debug, Clone, Copy)]
pub struct Recipe {
    pub name: &'static str,
    pub config: Config,
    pub steps: usize,
    /// Rows of a batch, each `n_positions` tokens.
    pub rows: usize,
    /// Rows of a batch that are random tokens that repeat; the others are text.
    pub repeats: usize,
    /// At its highest.
    pub learning_rate: f64,
}

const ATTENTION_ONLY: Config =
    Config { vocab_size: VOCAB_SIZE, n_positions: 256, n_embd: 128, n_layer: 1, n_head: 4, n_inner: 0 };

pub const MODELS: [Recipe; 3] = [
    Recipe { name: "attn-only-1l-demo", config: ATTENTION_ONLY, steps: 800, rows: 8, repeats: 3, learning_rate: 3e-3 },
    Recipe {
        name: "attn-only-2l-demo",
        config: Config { n_layer: 2, ..ATTENTION_ONLY },
        steps: 5000,
        rows: 8,
        repeats: 6,
        learning_rate: 3e-3,
    },
    Recipe {
        name: "relu-4l-demo",
        config: Config { n_layer: 4, n_inner: 256, ..ATTENTION_ONLY },
        steps: 1200,
        rows: 8,
        repeats: 3,
        learning_rate: 3e-3,
    },
];

/// Steps in which the learning rate rises.
const WARM_UP: usize = 100;

/// How a model does on batches that it does not learn from, in nats per token.
#[derive(Debug)]
pub struct Progress {
    pub step: usize,
    pub text: f32,
    pub repeats: f32,
}

/// Trains a model from random weights; `report` hears now and then how it does.
pub fn train(recipe: &Recipe, tokenizer: &Tokenizer, mut report: impl FnMut(Progress)) -> Result<Model> {
    let model = Model::new(recipe.config, &mut Random::seed_from_u64(1))?;
    let n_ctx = recipe.config.n_positions;
    let batches = |seed, rows, repeats| Batches { tokenizer, rng: Random::seed_from_u64(seed), n_ctx, rows, repeats };
    let (text, repeats) = (batches(3, 16, 0).batch()?, batches(4, 16, 16).batch()?);
    let mut batches = batches(2, recipe.rows, recipe.repeats);
    let parameters = ParamsAdamW { beta2: 0.98, weight_decay: 0.01, ..ParamsAdamW::default() };
    let mut optimizer = AdamW::new(model.variables(), parameters)?;
    for step in 0..recipe.steps {
        optimizer.set_learning_rate(recipe.learning_rate * schedule(step, recipe.steps));
        let loss = model.loss(&batches.batch()?)?;
        optimizer.backward_step(&loss)?;
        if step % 100 == 0 || step + 1 == recipe.steps {
            let loss = |batch: &Batch| Ok::<f32, anyhow::Error>(model.loss(batch)?.to_scalar()?);
            report(Progress { step, text: loss(&text)?, repeats: loss(&repeats)? });
        }
    }
    Ok(model)
}

/// The share of the highest learning rate: it rises evenly, then falls as a cosine to a twentieth.
fn schedule(step: usize, steps: usize) -> f64 {
    let done = step.saturating_sub(WARM_UP) as f64 / steps.saturating_sub(WARM_UP).max(1) as f64;
    let rise = ((step + 1) as f64 / WARM_UP as f64).min(1.0);
    rise * (0.05 + 0.95 * 0.5 * (1.0 + (std::f64::consts::PI * done).cos()))
}
