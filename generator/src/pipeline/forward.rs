//! Patterns that are computed: models run on prompts, longest first.

mod check;
mod encoder;
mod find;
mod random;

use std::cmp::Reverse;

use anyhow::{Context as _, Result};
use lens_schema::index::INPUT_IDS;
use lens_schema::path::sanitize_name;
use lens_schema::{ModelEntry, PromptEntry};

use super::{Item, Queue, Work};
use crate::data::DataDir;
use crate::demo;
use crate::model::Model;
use crate::model::files::ModelFiles;
use crate::model::source::ModelSource;
use crate::plan::RunPlan;
use crate::prompt;
use crate::site::ModelId;
use crate::tokens::Tokens;
use encoder::Encoder;
use find::find;

/// Key of `prompt.json`: [`ModelFiles::checksum`] of the model that the patterns come from.
const MODEL_CHECKSUM: &str = "model_checksum";

/// The prompts of the files; without files those that the data directory has, else the built-in ones.
///
/// A directory with nothing but built-in prompts may be what a run of them that was stopped has left.
pub fn prompts(data: &DataDir, run: &RunPlan) -> Result<Vec<PromptEntry>> {
    if !run.prompts.is_empty() {
        return prompt::load(&run.prompts, &run.selection);
    }
    let mut there = Vec::new();
    for model in data.models()? {
        let dir = model.dir();
        for hash in data.hashes(&dir)? {
            there.push(untokenized(data.prompt(&dir, &hash)?));
        }
    }
    let built_in = demo::prompts()?;
    if there.iter().all(|prompt| built_in.iter().any(|b| b.text == prompt.text)) {
        return prompt::select(built_in.into_iter().map(Ok), &run.selection, "the built-in prompts");
    }
    prompt::select(there.into_iter().map(Ok), &run.selection, &data.root().display().to_string())
}

/// A prompt without what one model made of it.
fn untokenized(mut prompt: PromptEntry) -> PromptEntry {
    prompt.rest.shift_remove(INPUT_IDS);
    prompt.rest.shift_remove(MODEL_CHECKSUM);
    PromptEntry { n_tokens: None, tokens: None, labels: None, ..prompt }
}

/// Runs every model. A model that cannot be run is a failure, and the others go on.
pub fn run(work: &Work<'_>, run: &RunPlan, prompts: &[PromptEntry]) -> Result<()> {
    for (source, found) in find(work, &run.models) {
        if work.stopped() {
            break;
        }
        let model = || -> Result<()> {
            let files = found?.fetch(work, run)?;
            let files = match source {
                ModelSource::Hub(model) => match work.data.name_of(&model.spellings)? {
                    Some(name) => files.called(&name),
                    None => files,
                },
                ModelSource::Files(_) => files,
            };
            ModelRun::new(work, run, &files, prompts)?.run()
        };
        if let Err(e) = model() {
            if crate::fs::is_fatal(&e) {
                return Err(e);
            }
            work.fail(format!("model {}: {e:#}", source.name()));
        }
    }
    Ok(())
}

/// One model and all prompts, by their positions in the list.
struct ModelRun<'a> {
    work: &'a Work<'a>,
    run: &'a RunPlan,
    files: &'a ModelFiles,
    prompts: &'a [PromptEntry],
    /// Name of its directory.
    dir: String,
    checksum: String,
    /// `None` only where nothing is missing and the folder has no tokenizer that could say how prompts were run.
    encoder: Option<Encoder>,
    /// Prompts that the data directory has already.
    kept: Vec<usize>,
    missing: Vec<usize>,
}

/// A prompt that is to be run.
struct Job {
    position: usize,
    /// Tokens, special ones included.
    rows: usize,
}

impl<'a> ModelRun<'a> {
    fn new(work: &'a Work<'a>, run: &'a RunPlan, files: &'a ModelFiles, prompts: &'a [PromptEntry]) -> Result<Self> {
        let dir = sanitize_name(&files.name);
        let (mut kept, mut missing) = (Vec::new(), Vec::new());
        for (position, prompt) in prompts.iter().enumerate() {
            let there = !work.plan.force && work.data.has_patterns(&dir, &prompt.hash)?;
            if there { &mut kept } else { &mut missing }.push(position);
        }
        let encoder = Encoder::new(files, run);
        let encoder = if missing.is_empty() { encoder.ok() } else { Some(encoder?) };
        let checksum = files.checksum(run.load.dtype)?;
        Ok(ModelRun { work, run, files, prompts, dir, checksum, encoder, kept, missing })
    }

    fn run(&self) -> Result<()> {
        self.check_kept()?;
        let mut random = self.random_tokens();
        let to_compute = !self.missing.is_empty() || random.is_some();
        let loaded = self.encoder.as_ref().filter(|_| to_compute).map(|encoder| {
            let jobs = self.jobs(encoder);
            let cannot = |what: &str| format!("cannot {what} {}", self.files.name);
            // First: what another model's config.json asks for says nothing about memory.
            Model::check(self.files).with_context(|| cannot("load"))?;
            self.check_memory(&jobs).with_context(|| cannot("run"))?;
            let model = Model::load(self.files, &self.run.load).with_context(|| cannot("load"))?;
            Ok((encoder, jobs, model))
        });
        let (encoder, jobs, model) = match loaded {
            Some(Ok(loaded)) => loaded,
            Some(Err(e)) if !self.missing.is_empty() => return Err(e),
            // Nothing to compute: the weights are not even loaded, or need not be there any more.
            other => {
                if let Some(Err(e)) = other {
                    self.note_not_run(&e);
                }
                return self.hand_out(&self.work.data.model(&self.dir)?, |_, _, _| Ok(()));
            }
        };
        let mut entry = model.entry().clone();
        entry.sanitized_name = None;
        self.work.data.write_model(&entry)?;
        self.hand_out(&entry, |queue, entry, site_model| {
            let item = |position, prompt, patterns| Item {
                model: entry,
                site_model,
                position,
                prompt,
                patterns: Some((patterns, self.run.format)),
            };
            self.compute(queue, &model, encoder, &jobs, item)?;
            match random.take() {
                Some(tokens) if !queue.stopped() => self.run_random(&model, entry, &tokens),
                _ => Ok(()),
            }
        })
    }

    /// The missing prompts, longest first: trouble with memory shows at once, and the time left is honest.
    fn jobs(&self, encoder: &Encoder) -> Vec<Job> {
        let mut jobs = Vec::new();
        for &position in &self.missing {
            let prompt = &self.prompts[position];
            match encoder.encode(&prompt.text) {
                Ok(tokens) => {
                    let rows = tokens.ids.len();
                    if let Some(all) = tokens.cut_from {
                        let (name, hash) = (&self.files.name, &prompt.hash);
                        self.work.observer.note(&format!("{name}: prompt {hash} is cut from {all} to {rows} tokens"));
                    }
                    jobs.push(Job { position, rows });
                }
                Err(e) => self.fail(position, &e),
            }
        }
        jobs.sort_by_key(|job| (Reverse(job.rows), job.position));
        jobs
    }

    /// Hands everything, computed or kept, to the workers; then writes the model's index.
    fn hand_out(
        &self,
        entry: &ModelEntry,
        compute: impl for<'e> FnOnce(&Queue<'_, 'e>, &'e ModelEntry, Option<ModelId>) -> Result<()>,
    ) -> Result<()> {
        let Work { data, site, observer, .. } = self.work;
        let site_model = site.map(|site| site.add_model(entry)).transpose()?;
        observer.begin(&entry.model_name, self.prompts.len());
        self.work.with_workers(|queue| {
            compute(queue, entry, site_model)?;
            for &position in self.kept.iter().take_while(|_| !queue.stopped()) {
                match data.prompt(&self.dir, &self.prompts[position].hash) {
                    Ok(prompt) => queue.send(Item { model: entry, site_model, position, prompt, patterns: None })?,
                    Err(e) => self.fail(position, &e),
                }
            }
            Ok(())
        })?;
        let hashes: Vec<&str> = self.prompts.iter().map(|p| p.hash.as_str()).collect();
        data.write_prompts_index(&self.dir, &hashes)?;
        data.write_scores_index(entry)
    }

    /// Runs the jobs batch by batch. A batch that fails is run prompt by prompt, so that one does not spoil the others.
    fn compute<'e>(
        &self,
        queue: &Queue<'_, 'e>,
        model: &Model,
        encoder: &Encoder,
        jobs: &[Job],
        item: impl Fn(usize, PromptEntry, crate::pattern::AttentionPatterns) -> Item<'e>,
    ) -> Result<()> {
        let mut rest = jobs;
        let mut again: Vec<&[Job]> = Vec::new();
        while !queue.stopped() {
            let batch = match again.pop() {
                Some(one) => one,
                None if rest.is_empty() => break,
                None => {
                    let rows = rest.iter().map(|job| job.rows);
                    let (batch, others) = rest.split_at(self.batch_len(model.config(), rows));
                    rest = others;
                    batch
                }
            };
            let texts = batch.iter().map(|job| &self.prompts[job.position].text);
            let tokens = texts.map(|text| encoder.encode(text)).collect::<Result<Vec<_>>>()?;
            let ids: Vec<&[u32]> = tokens.iter().map(|tokens| tokens.ids.as_slice()).collect();
            match model.patterns(&ids) {
                Ok(patterns) => {
                    for ((job, tokens), patterns) in batch.iter().zip(tokens).zip(patterns) {
                        queue.send(item(job.position, self.tokenized(job.position, tokens), patterns))?;
                    }
                }
                Err(e) if batch.len() == 1 => self.fail(batch[0].position, &e),
                Err(_) => again.extend(batch.chunks(1).rev()),
            }
        }
        Ok(())
    }

    /// What `prompt.json` holds.
    fn tokenized(&self, position: usize, tokens: Tokens) -> PromptEntry {
        let mut prompt = self.prompts[position].clone();
        prompt.n_tokens = Some(tokens.tokens.len());
        prompt.tokens = Some(tokens.tokens);
        prompt.labels = Some(tokens.labels);
        prompt.rest.insert(INPUT_IDS.to_owned(), tokens.ids.into());
        prompt.rest.insert(MODEL_CHECKSUM.to_owned(), self.checksum.as_str().into());
        prompt
    }

    fn fail(&self, position: usize, error: &anyhow::Error) {
        self.work.fail(format!("model {}, prompt {}: {error:#}", self.files.name, self.prompts[position].hash));
    }
}
