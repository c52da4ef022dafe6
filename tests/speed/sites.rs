//! Made sites to measure on, as large as is interesting.

use std::path::Path;

use anyhow::Result;
use lens_build::pattern::AttentionPatterns;
use lens_build::site::{SiteBuilder, SiteOptions};
use lens_schema::{FigureEntry, PromptEntry, path};
use ndarray::Array3;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::json;

/// The name of the model.
pub const MODEL: &str = "made";

/// Layers, heads, and the rows of each prompt's patterns.
pub struct Size {
    pub layers: usize,
    pub heads: usize,
    pub rows: Vec<usize>,
}

/// Builds a site of one model of this size.
pub fn build(out: &Path, size: &Size) -> Result<()> {
    let raw = FigureEntry { name: "raw".to_owned(), ..Default::default() };
    let builder = SiteBuilder::new(out, &SiteOptions::default(), &[raw])?;
    let model = json!({ "model_name": MODEL, "n_layers": size.layers, "n_heads": size.heads });
    let id = builder.add_model(&serde_json::from_value(model)?)?;
    let mut random = StdRng::seed_from_u64(0);
    for (position, &n) in size.rows.iter().enumerate() {
        let tokens: Vec<String> = (1..n).map(|i| format!(" word{position}x{i}")).collect();
        let text = tokens.concat();
        let entry: PromptEntry = serde_json::from_value(json!({
            "text": text, "hash": path::prompt_hash(&text), "tokens": tokens, "n_tokens": tokens.len(),
        }))?;
        let layers = (0..size.layers).map(|_| layer(size.heads, n, &mut random)).collect();
        let patterns = AttentionPatterns { layers, causal: true };
        builder.add_prompt(id, position, &entry, &patterns, Path::new("no pictures"))?;
    }
    builder.finish().map(drop)
}

/// Patterns that look like attention: each query attends to few keys, much to the first.
fn layer(heads: usize, n: usize, random: &mut StdRng) -> Array3<f32> {
    let mut patterns = Array3::zeros((heads, n, n));
    for mut head in patterns.outer_iter_mut() {
        for (query, mut row) in head.outer_iter_mut().enumerate() {
            let weights =
                (0..=query).map(|key| (random.random::<f32>() * 9.0 + if key == 0 { 3.0 } else { 0.0 }).exp());
            row.iter_mut().zip(weights).for_each(|(cell, weight)| *cell = weight);
            let sum = row.sum();
            row /= sum;
        }
    }
    patterns
}
