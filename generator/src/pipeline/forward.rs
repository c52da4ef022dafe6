//! Patterns that are computed: models run on prompts, longest first.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use lens_schema::path::sanitize_name;
use lens_schema::{ModelEntry, PromptEntry};

use super::{Item, Queue, Work};
use crate::data::DataDir;
use crate::demo;
use crate::model::Model;
use crate::model::files::ModelFiles;
use crate::plan::RunPlan;
use crate::prompt;
use crate::tokens::{Tokenizer, Tokens};

/// Patterns of a batch, in bytes, unless --batch-size says otherwise.
const BATCH_BYTES: u64 = 192 << 20;

/// A prompt that is to be run, and its place in the list of prompts.
struct Job {
    position: usize,
    prompt: PromptEntry,
    tokens: Tokens,
}

/// Runs every model. A model that cannot be run is a failure, and the others go on.
pub fn run(work: &Work<'_>, run: &RunPlan) -> Result<()> {
    let prompts = prompts(work.data, run)?;
    for files in &run.models {
        if work.stopped() {
            break;
        }
        if let Err(e) = run_model(work, run, files, &prompts) {
            if crate::fs::is_fatal(&e) {
                return Err(e);
            }
            work.fail(format!("model {}: {e:#}", files.name));
        }
    }
    Ok(())
}

/// The prompts of the files; without files those that the data directory has, else the built-in ones.
///
/// A directory with nothing but built-in prompts may be what a run of them that was stopped has left.
fn prompts(data: &DataDir, run: &RunPlan) -> Result<Vec<PromptEntry>> {
    if !run.prompts.is_empty() {
        return prompt::load(&run.prompts, &run.selection);
    }
    let mut there = Vec::new();
    for model in data.models()? {
        there.extend(data.prompts(&model.dir())?);
    }
    let built_in = demo::prompts()?;
    if there.iter().all(|prompt| built_in.iter().any(|b| b.text == prompt.text)) {
        return prompt::select(built_in.into_iter().map(Ok), &run.selection, "the built-in prompts");
    }
    for prompt in &mut there {
        *prompt = untokenized(std::mem::take(prompt));
    }
    prompt::select(there.into_iter().map(Ok), &run.selection, &data.root().display().to_string())
}

/// A prompt without what one model's tokenizer made of it.
fn untokenized(mut prompt: PromptEntry) -> PromptEntry {
    prompt.rest.shift_remove(INPUT_IDS);
    PromptEntry { n_tokens: None, tokens: None, labels: None, ..prompt }
}

/// Key of `prompt.json`: one token id per row of the pattern.
const INPUT_IDS: &str = "input_ids";

fn run_model(work: &Work<'_>, run: &RunPlan, files: &ModelFiles, prompts: &[PromptEntry]) -> Result<()> {
    let dir = sanitize_name(&files.name);
    let mut kept = BTreeSet::new();
    for prompt in prompts {
        if !work.plan.force && work.data.has_patterns(&dir, &prompt.hash)? {
            kept.insert(prompt.hash.clone());
        }
    }
    let hashes: Vec<String> = prompts.iter().map(|p| p.hash.clone()).collect();
    if kept.len() == prompts.len() {
        // Nothing to compute: the weights are not even read.
        let model = work.data.model(&dir)?;
        return finish_model(work, &model, None, run, prompts, &kept, Vec::new(), &hashes);
    }
    let model = Model::load(files, &run.load).with_context(|| format!("cannot load {}", files.name))?;
    let tokenizer = Tokenizer::load(files)?;
    let special = run.prepend_bos.resolve(model.bos_policy());
    let max_tokens = run.max_tokens.unwrap_or(usize::MAX).min(model.n_ctx());
    let mut jobs = Vec::new();
    for (position, prompt) in prompts.iter().enumerate().filter(|(_, p)| !kept.contains(&p.hash)) {
        match tokenizer.encode(&prompt.text, special, max_tokens) {
            Ok(tokens) => {
                if let Some(all) = tokens.cut_from {
                    let cut = tokens.ids.len();
                    work.observer
                        .note(&format!("{}: prompt {} is cut from {all} to {cut} tokens", files.name, prompt.hash));
                }
                jobs.push(Job { position, prompt: tokenized(prompt, &tokens), tokens });
            }
            Err(e) => work.fail(format!("model {}, prompt {}: {e:#}", files.name, prompt.hash)),
        }
    }
    let mut entry = model.entry().clone();
    entry.sanitized_name = None;
    work.data.write_model(&entry)?;
    finish_model(work, &entry, Some(&model), run, prompts, &kept, jobs, &hashes)
}

fn tokenized(prompt: &PromptEntry, tokens: &Tokens) -> PromptEntry {
    let mut prompt = prompt.clone();
    prompt.n_tokens = Some(tokens.tokens.len());
    prompt.tokens = Some(tokens.tokens.clone());
    prompt.labels = Some(tokens.labels.clone());
    prompt.rest.insert(INPUT_IDS.to_owned(), tokens.ids.clone().into());
    prompt
}

/// Computes the jobs and hands everything, computed or kept, to the workers; then writes the model's index.
#[expect(clippy::too_many_arguments)]
fn finish_model(
    work: &Work<'_>,
    entry: &ModelEntry,
    model: Option<&Model>,
    run: &RunPlan,
    prompts: &[PromptEntry],
    kept: &BTreeSet<String>,
    jobs: Vec<Job>,
    hashes: &[String],
) -> Result<()> {
    let site_model = work.site.map(|site| site.add_model(entry)).transpose()?;
    work.observer.begin(&entry.model_name, prompts.len());
    let dir = entry.dir();
    work.with_workers(|queue| {
        if let Some(model) = model {
            compute(queue, run, model, jobs, |job, patterns| Item {
                model: entry,
                site_model,
                position: job.position,
                prompt: job.prompt,
                patterns: Some((patterns, run.format)),
            })?;
        }
        for (position, prompt) in prompts.iter().enumerate().filter(|(_, p)| kept.contains(&p.hash)) {
            if queue.stopped() {
                break;
            }
            let prompt = work.data.prompt(&dir, &prompt.hash)?;
            queue.send(Item { model: entry, site_model, position, prompt, patterns: None })?;
        }
        Ok(())
    })?;
    work.data.write_prompts_index(&dir, hashes)?;
    Ok(())
}

/// Runs the jobs batch by batch, longest first: trouble with memory shows at once, and the time left is honest.
fn compute<'a>(
    queue: &Queue<'_, 'a>,
    run: &RunPlan,
    model: &Model,
    mut jobs: Vec<Job>,
    item: impl Fn(Job, crate::pattern::AttentionPatterns) -> Item<'a>,
) -> Result<()> {
    jobs.sort_by_key(|job| (std::cmp::Reverse(job.tokens.ids.len()), job.position));
    let mut rest = jobs.into_iter().peekable();
    while rest.peek().is_some() && !queue.stopped() {
        let mut batch: Vec<Job> = Vec::new();
        let mut bytes = 0;
        while let Some(job) = rest.next_if(|job| match run.batch_size {
            Some(size) => batch.len() < size,
            None => batch.is_empty() || bytes + model.patterns_bytes(job.tokens.ids.len()) <= BATCH_BYTES,
        }) {
            bytes += model.patterns_bytes(job.tokens.ids.len());
            batch.push(job);
        }
        let ids: Vec<&[u32]> = batch.iter().map(|job| job.tokens.ids.as_slice()).collect();
        match model.patterns(&ids) {
            Ok(patterns) => {
                for (job, patterns) in batch.into_iter().zip(patterns) {
                    queue.send(item(job, patterns))?;
                }
            }
            Err(e) => {
                for job in batch {
                    queue.work.fail(format!("model {}, prompt {}: {e:#}", model.entry().model_name, job.prompt.hash));
                }
            }
        }
    }
    Ok(())
}
