//! Trains the built-in models, from nothing but this code and a seed, and writes them as Hugging Face model folders.
//!
//! ```sh
//! cargo run --release --example train_demo                      # all of them, into generator/assets/demo
//! cargo run --release --example train_demo -- attn-only-2l-demo --out models
//! ```
//!
//! The text is written by grammars ([`text`]), the tokenizer is learned from it ([`tokenizer`]), the model is a GPT-2
//! ([`model`]), with or without MLPs. What is drawn at random is drawn from a seeded generator, so the same machine
//! trains the same weights; another processor rounds differently and gets others of the same quality.
#![allow(clippy::print_stdout, reason = "a program for developers, who watch it work")]

mod batches;
mod folder;
mod model;
mod ops;
mod text;
mod tokenizer;
mod training;

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Parser;

use training::{MODELS, Progress, Recipe};

/// Every random choice comes from this generator: its stream is the same on every machine.
type Random = rand_chacha::ChaCha8Rng;

/// Train the built-in models
#[derive(Parser, Debug)]
struct Args {
    /// Models to train; all of them if none is named
    models: Vec<String>,
    /// Where their folders are written
    #[arg(long, value_name = "DIR", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/demo"))]
    out: PathBuf,
}

fn report(Progress { step, text, repeats }: Progress) {
    println!("  step {step:5}  loss on text {text:.3}, on repeated random tokens {repeats:.3}");
}

fn main() -> Result<()> {
    lens_build::memory::keep_freed();
    let args = Args::parse();
    let names = MODELS.map(|m| m.name);
    for name in &args.models {
        ensure!(names.contains(&name.as_str()), "no model is called {name}; there are {}", names.join(", "));
    }
    let wanted = |m: &&Recipe| args.models.is_empty() || args.models.iter().any(|name| name == m.name);
    let tokenizer = tokenizer::train()?;
    for recipe in MODELS.iter().filter(wanted) {
        let started = std::time::Instant::now();
        println!("{}", recipe.name);
        let model = training::train(recipe, &tokenizer, report)?;
        let folder = args.out.join(recipe.name);
        folder::write(&folder, &model, &tokenizer)?;
        println!("  {} after {:.0} s", folder.display(), started.elapsed().as_secs_f32());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    fn committed(model: &str, file: &str) -> String {
        let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo");
        fs::read_to_string(assets.join(model).join(file)).unwrap()
    }

    /// The folders that are built into the program are those that this program writes.
    #[test]
    fn committed_folders_are_of_these_recipes() {
        let tokenizer = folder::tokenizer_json(&tokenizer::train().unwrap()).unwrap();
        for Recipe { name, config, .. } in &MODELS {
            assert_eq!(committed(name, "config.json"), folder::pretty(&folder::config(config)).unwrap(), "{name}");
            let ours = folder::pretty(&folder::tokenizer_config(config)).unwrap();
            assert_eq!(committed(name, "tokenizer_config.json"), ours, "{name}");
            assert_eq!(committed(name, "tokenizer.json"), tokenizer, "{name}");
        }
    }

    /// The same seeds give the same weights, and training improves them.
    #[test]
    fn training_can_be_repeated() {
        let tokenizer = tokenizer::train().unwrap();
        let small = model::Config { n_positions: 32, n_embd: 16, n_inner: 8, ..MODELS[2].config };
        let recipe = Recipe { config: small, steps: 8, rows: 4, repeats: 1, ..MODELS[2] };
        let train = || {
            let mut losses = Vec::new();
            let model = training::train(&recipe, &tokenizer, |progress| losses.push(progress.text)).unwrap();
            let folder = tempfile::tempdir().unwrap();
            folder::write(folder.path(), &model, &tokenizer).unwrap();
            (losses, fs::read(folder.path().join("model.safetensors")).unwrap())
        };
        let (losses, weights) = train();
        assert!(losses.len() == 2 && losses[1] < losses[0], "{losses:?}");
        assert_eq!((losses, weights), train());
    }
}
