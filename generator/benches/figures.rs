//! What is computed about the patterns, beside the forward pass that they come from: the scores, every figure, and the run
//! on random tokens. All on one thread, of a random model of GPT-2-small's shape on prompts of 206 tokens.

mod input;

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};
use clap::Parser;
use lens_build::figure::{FigureFn, Registry};
use lens_build::model::files::ModelFiles;
use lens_build::model::{LoadOptions, Model};
use lens_build::pattern::{AttentionPatterns, Pattern};
use lens_build::score::{self, random};
use lens_schema::PromptEntry;
use lens_schema::index::INPUT_IDS;

/// Times scores and figures beside the forward pass
#[derive(Debug, Parser)]
struct Arguments {
    /// Only figure functions that contain this text
    #[arg(long, default_value = "")]
    only: String,
    /// Tokens of a prompt
    #[arg(long, default_value_t = 206)]
    tokens: usize,
    /// How many prompts are run
    #[arg(long, default_value_t = 10)]
    prompts: usize,
    /// For how many of these the run on random tokens, of which a model has one, is to be reckoned
    #[arg(long, default_value_t = 50)]
    n_samples: usize,
    /// How often everything is run; medians are printed
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Passed by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

#[allow(clippy::print_stdout, reason = "a benchmark prints its result")]
fn main() -> Result<()> {
    lens_build::memory::keep_freed();
    let Arguments { only, tokens, prompts, n_samples, runs, .. } = Arguments::parse();
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global()?;
    let (folder, _) = input::make(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench/random-gpt2"))?;
    let model = Model::load(&ModelFiles::folder(&folder)?, &LoadOptions::default())?;
    let ids: Vec<Vec<u32>> = (0..prompts).map(|prompt| ids(prompt, tokens)).collect();
    let batch: Vec<&[u32]> = ids.iter().map(Vec::as_slice).collect();
    let entries: Vec<PromptEntry> = ids.iter().map(|ids| entry(ids)).collect();
    let patterns = model.patterns(&batch)?;
    let registry = Registry::with([])?;
    println!("one thread, {prompts} prompts of {tokens} tokens; medians of {runs} runs\n");

    let forward = median(runs, || model.patterns(&batch).map(drop))? / prompts as f64;
    let scores = median(runs, || {
        patterns.iter().zip(&entries).for_each(|(p, e)| drop(score::of_prompt(p, e)));
        Ok(())
    })? / prompts as f64;
    let raw = registry.all().iter().find(|f| f.name() == "raw").context("no figure is called raw")?;
    let raw = draw(raw, runs, &patterns, &entries)? * patterns[0].heads().count() as f64;
    let on_random = random_tokens(&model, runs)? / n_samples as f64;
    for (what, seconds) in [
        ("forward pass", forward),
        ("scores", scores),
        ("raw", raw),
        ("random tokens", on_random),
        ("scores and raw", scores + raw),
        ("all three", scores + raw + on_random),
    ] {
        println!("{what:<16} {:>9.2} ms a prompt  {:>6.1} %", 1e3 * seconds, 100.0 * seconds / forward);
    }
    println!();
    for function in registry.all().iter().filter(|f| f.name().contains(&only)) {
        println!("{:<16} {:>9.3} ms a head", function.name(), 1e3 * draw(function, runs, &patterns, &entries)?);
    }
    Ok(())
}

/// Token ids of which most occur a few times, as in a text.
fn ids(prompt: usize, tokens: usize) -> Vec<u32> {
    (0..tokens).map(|i| (101 * prompt + i * i % 101) as u32).collect()
}

fn entry(ids: &[u32]) -> PromptEntry {
    let mut entry = PromptEntry { n_tokens: Some(ids.len()), ..PromptEntry::default() };
    entry.tokens = Some(ids.iter().map(u32::to_string).collect());
    entry.labels = entry.tokens.clone();
    entry.rest.insert(INPUT_IDS.to_owned(), ids.into());
    entry
}

/// Seconds of a run on random tokens, scores included.
fn random_tokens(model: &Model, runs: usize) -> Result<f64> {
    let ids: Vec<u32> = (1..model.config().d_vocab as u32).collect();
    let sequences = random::sequences(&ids, model.n_ctx(), 1).map_err(anyhow::Error::msg)?;
    let inputs: Vec<Vec<u32>> = sequences.iter().map(|s| s.input(&[0], &[])).collect();
    let inputs: Vec<&[u32]> = inputs.iter().map(Vec::as_slice).collect();
    median(runs, || {
        sequences.iter().zip(model.patterns(&inputs)?).for_each(|(s, p)| drop(s.scores(&p, 1)));
        Ok(())
    })
}

/// Seconds of a head.
fn draw(function: &FigureFn, runs: usize, patterns: &[AttentionPatterns], prompts: &[PromptEntry]) -> Result<f64> {
    // A seventh of the heads, of all layers.
    let mut heads = 0;
    let seconds = median(runs, || {
        heads = 0;
        for (patterns, prompt) in patterns.iter().zip(prompts) {
            let labels = prompt.row_labels(patterns.n_ctx());
            for head in patterns.heads().step_by(7) {
                let values = patterns.head(head);
                let model = "bench";
                function.draw(&Pattern { model, head, prompt, labels: &labels, values, causal: patterns.causal })?;
                heads += 1;
            }
        }
        Ok(())
    })?;
    Ok(seconds / heads as f64)
}

/// Median time in seconds.
fn median(runs: usize, mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut times = Vec::with_capacity(runs);
    for _ in 0..runs.max(1) {
        let begin = Instant::now();
        work()?;
        times.push(begin.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}
