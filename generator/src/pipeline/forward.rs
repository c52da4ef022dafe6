//! Patterns that are computed: models run on prompts, longest first.

mod random;

use std::cmp::Reverse;

use anyhow::{Context as _, Result, bail};
use candle_core::DType;
use lens_schema::index::INPUT_IDS;
use lens_schema::path::sanitize_name;
use lens_schema::{ModelEntry, PromptEntry};
use serde_json::Value;

use super::{Item, Queue, Work, queue_len};
use crate::data::DataDir;
use crate::model::config::DecoderConfig;
use crate::model::files::ModelFiles;
use crate::model::hub::{self, settings::Settings};
use crate::model::source::ModelSource;
use crate::model::{BosPolicy, Model};
use crate::plan::RunPlan;
use crate::prompt;
use crate::site::ModelId;
use crate::tokens::{Tokenizer, Tokens};
use crate::{demo, memory};

/// Bytes of a batch, unless --batch-size says otherwise: more gains nothing, and several batches are in memory at a time.
const BATCH_BYTES: std::ops::Range<u64> = 8 << 20..192 << 20;
/// The share of the memory that there is, where that is little.
const BATCH_SHARE: u64 = 16;

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

/// A model that can be run as far as one can tell without its weights.
enum Found {
    Files(ModelFiles),
    Hub(Box<hub::Found>),
}

/// Looks for all models before hours are spent on the first.
fn find<'m>(work: &Work<'_>, models: &'m [ModelSource]) -> Vec<(&'m ModelSource, Result<Found>)> {
    let find = |source: &ModelSource| match source {
        ModelSource::Files(files) => Ok(Found::Files(files.clone())),
        ModelSource::Hub(model) => {
            let found = model.find(&Settings::from_env(), work.observer, work.stop)?;
            Ok(Found::Hub(Box::new(found)))
        }
    };
    models.iter().map(|source| (source, find(source))).collect()
}

impl Found {
    /// The model's files, downloaded if they have to be.
    fn fetch(self, work: &Work<'_>, run: &RunPlan) -> Result<ModelFiles> {
        match self {
            Found::Files(files) => Ok(files),
            Found::Hub(found) => {
                let load = &run.load;
                if !found.is_whole() && !load.device.is_cuda() {
                    // What would not fit need not be downloaded to find out.
                    let weights = Model::weights_bytes(found.files(), load.dtype)?;
                    let remedies = ["give --dtype bf16, which halves the weights", "take a smaller model"];
                    let remedies = &remedies.map(str::to_owned)[usize::from(load.dtype != DType::F32)..];
                    memory::Need { weights, batch: 0, waiting: 0 }.check(memory::available(), remedies)?;
                }
                found.fetch(work.observer, work.stop)
            }
        }
    }
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
            self.check_memory(&jobs).with_context(|| format!("cannot run {}", self.files.name))?;
            let model = Model::load(self.files, &self.run.load);
            Ok((encoder, jobs, model.with_context(|| format!("cannot load {}", self.files.name))?))
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

    /// Refuses what would not fit, before the weights are read. Prompts are sorted, so the first batch is the largest.
    fn check_memory(&self, jobs: &[Job]) -> Result<()> {
        let (config, load) = (Model::read_config(self.files)?, &self.run.load);
        let batch: Vec<&Job> = jobs.iter().take(self.batch_len(&config, jobs.iter().map(|job| job.rows))).collect();
        let patterns: u64 = batch.iter().map(|job| config.patterns_bytes(job.rows)).sum();
        let longest = batch.first().map_or(0, |job| job.rows);
        // Patterns in the queue and with the workers, who hold about as much again of what they make of them.
        let threads = rayon::current_num_threads();
        let waiting = (queue_len(threads) + 2 * threads).min(2 * jobs.len()) as u64;
        // A GPU's weights pass through a layer at a time.
        let weights = if load.device.is_cuda() { 0 } else { Model::weights_bytes(self.files, load.dtype)? };
        let need = memory::Need {
            weights: weights.saturating_add(config.layer_bytes()),
            batch: patterns.saturating_add(config.pass_bytes(batch.iter().map(|job| job.rows))),
            waiting: config.patterns_bytes(longest).saturating_mul(waiting),
        };
        let mut remedies = Vec::new();
        if load.dtype == DType::F32 {
            remedies.push("give --dtype bf16, which halves the weights".to_owned());
        }
        if batch.len() > 1 {
            remedies.push("give --batch-size 1".to_owned());
        }
        remedies.push(format!("give --max-tokens, so that prompts are shorter than {longest} tokens"));
        remedies.push("take a smaller model".to_owned());
        need.check(memory::available(), &remedies)
    }

    /// What is there was asked for once; it is kept, but not in silence where this run would give something else.
    fn check_kept(&self) -> Result<()> {
        let (mut other_weights, mut other_tokens) = (0, 0);
        for &position in &self.kept {
            let prompt = &self.prompts[position];
            // A damaged file is told when it is its turn.
            let Ok(there) = self.work.data.prompt(&self.dir, &prompt.hash) else { continue };
            let checksum = there.rest.get(MODEL_CHECKSUM).and_then(Value::as_str);
            other_weights += usize::from(checksum.is_some_and(|c| c != self.checksum));
            if let (Some(encoder), Some(ids)) = (&self.encoder, there.rest.get(INPUT_IDS)) {
                let now = encoder.encode(&prompt.text).map(|tokens| Value::from(tokens.ids));
                other_tokens += usize::from(now.is_ok_and(|now| now != *ids));
            }
        }
        let (root, n_kept) = (self.work.data.root().display(), self.kept.len());
        if other_weights > 0 {
            bail!(
                "{other_weights} of the {n_kept} prompts that {root} has of it were run with other weights, another \
                 config.json or another --dtype; --force runs them again, another --save-path keeps both"
            );
        }
        if other_tokens > 0 {
            self.work.observer.note(&format!(
                "{}: {other_tokens} of the {n_kept} prompts that {root} has are kept as they were run, with other \
                 tokens than now (--max-tokens, --prepend-bos or the tokenizer differ); --force runs them again",
                self.files.name
            ));
        }
        Ok(())
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

    /// How many inputs of these lengths go through the model together, at least 1.
    fn batch_len(&self, config: &DecoderConfig, rows: impl ExactSizeIterator<Item = usize>) -> usize {
        if let Some(size) = self.run.batch_size {
            return size.min(rows.len());
        }
        let share = memory::available().unwrap_or(u64::MAX) / BATCH_SHARE;
        let most = share.clamp(BATCH_BYTES.start, BATCH_BYTES.end);
        let mut bytes = 0;
        let fits = |rows: &usize| {
            bytes += config.patterns_bytes(*rows) + config.activations_bytes(*rows);
            bytes <= most
        };
        rows.take_while(fits).count().max(1)
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

/// From a prompt to the model's input, as the user wants it.
struct Encoder {
    tokenizer: Tokenizer,
    special: BosPolicy,
    max_tokens: usize,
}

impl Encoder {
    fn new(files: &ModelFiles, run: &RunPlan) -> Result<Self> {
        let config = Model::read_config(files)?;
        Ok(Encoder {
            tokenizer: Tokenizer::load(files)?,
            special: run.prepend_bos.resolve(config.bos),
            max_tokens: run.max_tokens.unwrap_or(usize::MAX).min(config.n_ctx),
        })
    }

    fn encode(&self, text: &str) -> Result<Tokens> {
        self.tokenizer.encode(text, self.special, self.max_tokens)
    }
}
