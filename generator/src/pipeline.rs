//! The whole story: models run on prompts, patterns are kept and drawn, the site is packed.
//!
//! One pass: while the device computes a batch, worker threads write, draw and pack the one before. A worker does
//! not know whether the patterns it is handed were just computed or kept from an earlier run.

mod draw;
mod forward;
mod index;
mod kept;
mod score;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, bail};
use lens_schema::path::FIGURE_ERROR;
use lens_schema::{FigureEntry, ModelEntry, PromptEntry, path};

use crate::data::{DataDir, PatternFormat};
use crate::figure::{FigureFn, panic_message};
use crate::fs;
use crate::observer::Observer;
use crate::pattern::AttentionPatterns;
use crate::plan::{Input, Plan};
use crate::site::{ModelId, SiteBuilder, SiteReport};
use draw::Drawn;

pub use index::index;

/// What a run came to.
#[derive(Debug, Default)]
pub struct Summary {
    /// Prompts that were run, and prompts that were there already, over all models.
    pub computed: usize,
    pub kept: usize,
    /// Figures that were drawn, and figures that were there already.
    pub drawn: usize,
    pub figures_kept: usize,
    /// Prompts whose heads were scored, and prompts whose scores were there already.
    pub scored: usize,
    pub scores_kept: usize,
    /// What failed; everything else is finished.
    pub failures: Vec<String>,
    pub site: Option<SiteReport>,
}

/// Carries out a plan. `stop` ends it early: what is begun is finished, a second run goes on from there.
///
/// # Errors
/// What makes going on pointless. Failures of one model, prompt or figure are in the summary instead.
pub fn run(plan: &Plan, observer: &dyn Observer, stop: &AtomicBool) -> Result<Summary> {
    let data = DataDir::new(&plan.data)?;
    // Whatever is wrong with what is there is told before anything is written or computed.
    data.models()?;
    let (prompts, models) = match &plan.input {
        Input::Run(run) => (forward::prompts(&data, run)?, Vec::new()),
        Input::Kept { models, .. } => (Vec::new(), kept::models(&data, models)?),
    };
    let writes = matches!(plan.input, Input::Run(_)) || plan.figures.is_some();
    let _lock = writes.then(|| data.lock()).transpose()?;
    let figures = match &plan.figures {
        Some(selected) => data.merged_figures(&selected.iter().flat_map(FigureFn::entries).collect::<Vec<_>>())?,
        None => data.figures()?,
    };
    let site = match &plan.site {
        Some((out, options)) => Some(SiteBuilder::new(out, options, &with_derived(&figures, &plan.derived))?),
        None => None,
    };
    if plan.figures.is_some() {
        data.write_figures_index(&figures)?;
    }
    let work = Work { plan, data: &data, site: site.as_ref(), observer, stop, state: Mutex::default() };
    match &plan.input {
        Input::Run(run) => forward::run(&work, run, &prompts)?,
        Input::Kept { n_samples, .. } => kept::run(&work, &models, *n_samples)?,
    }
    let mut summary = work.finish()?;
    if writes {
        data.write_models_index()?;
    }
    if stop.load(Ordering::Relaxed) {
        bail!("stopped; what was finished is kept, run the same command again to go on");
    }
    if let Some(site) = site {
        score::site(&data, &site, observer)?;
        publish(site, &mut summary)?;
    }
    Ok(summary)
}

/// Puts the site in its place, unless that would lose something: after failures a good site may have more.
fn publish(site: SiteBuilder, summary: &mut Summary) -> Result<()> {
    if summary.computed + summary.kept == 0 {
        return Ok(());
    }
    if !summary.failures.is_empty() {
        let lost = site.would_lose()?;
        if lost > 0 {
            let out = site.out().display();
            summary.failures.push(format!(
                "site: {out} stays as it was, because {lost} of its prompts would be missing from the new one; \
                 see to the failures and run the same command again, or choose another --out"
            ));
            return Ok(());
        }
    }
    summary.site = Some(site.finish()?);
    Ok(())
}

/// What the viewer draws from the patterns themselves can be looked at, also where nobody has drawn it.
fn with_derived(figures: &[FigureEntry], derived: &[FigureEntry]) -> Vec<FigureEntry> {
    let missing = derived.iter().filter(|d| figures.iter().all(|f| f.name != d.name));
    let mut all: Vec<FigureEntry> = figures.iter().chain(missing).cloned().collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// What all threads share.
struct Work<'a> {
    plan: &'a Plan,
    data: &'a DataDir,
    site: Option<&'a SiteBuilder>,
    observer: &'a dyn Observer,
    stop: &'a AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    summary: Summary,
    /// What figure functions failed with, by their names.
    figure_failures: BTreeMap<String, Vec<String>>,
    /// What made going on pointless.
    fatal: Option<anyhow::Error>,
}

/// One prompt of one model, on its way to the workers.
struct Item<'a> {
    model: &'a ModelEntry,
    site_model: Option<ModelId>,
    /// The prompt's place in the model's list.
    position: usize,
    prompt: PromptEntry,
    /// Just computed and to be kept in this format; `None` if the data directory has them.
    patterns: Option<(AttentionPatterns, PatternFormat)>,
}

/// How many items wait for so many workers. Patterns of long prompts are large: few.
fn queue_len(workers: usize) -> usize {
    workers.min(2)
}

impl Work<'_> {
    /// Runs `feed`, which hands out items, beside the workers, who finish them.
    fn with_workers<'a>(&self, feed: impl FnOnce(&Queue<'_, 'a>) -> Result<()>) -> Result<()> {
        let jobs = rayon::current_num_threads();
        let (sender, receiver) = sync_channel(queue_len(jobs));
        let receiver = Mutex::new(receiver);
        std::thread::scope(|scope| {
            for _ in 0..jobs {
                scope.spawn(|| self.work_off(&receiver));
            }
            feed(&Queue { sender, work: self })
        })
    }

    fn work_off(&self, items: &Mutex<Receiver<Item<'_>>>) {
        loop {
            let next = items.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(item) = next else { return };
            if self.stopped() {
                continue;
            }
            let hash = item.prompt.hash.clone();
            let place = format!("model {}, prompt {hash}", item.model.model_name);
            let finish = AssertUnwindSafe(|| self.finish_prompt(item));
            // A panic would leave the others waiting for this worker.
            let result = catch_unwind(finish).unwrap_or_else(|panic| bail!("panicked: {}", panic_message(&*panic)));
            match result {
                Ok(()) => self.observer.advance(&hash),
                Err(e) if fs::is_fatal(&e) => self.give_up(e),
                Err(e) => self.fail(format!("{place}: {e:#}")),
            }
        }
    }

    /// Keeps, draws, scores and packs one prompt. What the data directory gets comes in an order that makes sense wherever a
    /// run is killed: the patterns, the `prompt.json` that completes them, and pictures and scores of nothing but these patterns.
    fn finish_prompt(&self, item: Item<'_>) -> Result<()> {
        let Item { model, site_model, position, prompt, patterns } = item;
        let (dir, hash) = (model.dir(), prompt.hash.clone());
        let computed = patterns.is_some();
        let patterns = match patterns {
            Some((patterns, format)) => {
                if self.data.has_other_patterns(model, &hash, &patterns) {
                    self.data.remove_figures(&dir, &hash)?;
                    self.data.remove_prompt_scores(&dir, &hash)?;
                }
                self.data.write_patterns(&dir, &hash, &patterns, format)?;
                self.data.write_prompt(&dir, &prompt)?;
                Some(patterns)
            }
            None if self.plan.figures.is_none() && self.site.is_none() => None,
            None => Some(self.data.read_patterns(model, &hash)?),
        };
        if let (Some(figures), Some(patterns)) = (&self.plan.figures, &patterns) {
            let redo = self.plan.force || computed;
            let Drawn { drawn, kept, failures } = draw::figures(self.data, &dir, &prompt, patterns, figures, redo)?;
            let scored = score::prompt(self.data, model, &prompt, patterns, redo)?;
            let mut state = self.state();
            state.summary.drawn += drawn;
            state.summary.figures_kept += kept;
            for (function, failure) in failures {
                state.figure_failures.entry(function).or_default().push(failure);
            }
            let count = if scored { &mut state.summary.scored } else { &mut state.summary.scores_kept };
            *count += 1;
        }
        if let (Some(site), Some(id), Some(patterns)) = (self.site, site_model, &patterns) {
            let folder = self.data.root().join(path::prompt_dir(&dir, &hash));
            site.add_prompt(id, position, &prompt, patterns, &folder)?;
        }
        let mut state = self.state();
        let count = if computed { &mut state.summary.computed } else { &mut state.summary.kept };
        *count += 1;
        Ok(())
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.state().fatal.is_some()
    }

    fn fail(&self, failure: String) {
        self.state().summary.failures.push(failure);
    }

    fn give_up(&self, error: anyhow::Error) {
        self.state().fatal.get_or_insert(error);
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The summary, unless going on was pointless.
    fn finish(self) -> Result<Summary> {
        let mut state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = state.fatal {
            return Err(error);
        }
        // Workers fail in any order.
        state.summary.failures.sort();
        for (function, failures) in state.figure_failures {
            state.summary.failures.extend(shortened(&function, failures));
        }
        Ok(state.summary)
    }
}

/// The first failures of a figure function, which may fail on every head, and how many more there are.
fn shortened(function: &str, mut failures: Vec<String>) -> Vec<String> {
    const MOST: usize = 5;
    failures.sort();
    if failures.len() > MOST + 1 {
        let more = failures.len() - MOST;
        failures.truncate(MOST);
        failures
            .push(format!("{function}: {more} more figures; {function}.{FIGURE_ERROR} in a head's folder says why"));
    }
    failures
}

/// Where items are handed to the workers.
struct Queue<'q, 'a> {
    sender: SyncSender<Item<'a>>,
    work: &'q Work<'q>,
}

impl<'a> Queue<'_, 'a> {
    /// Waits while the workers are busy. An error if all is to end.
    fn send(&self, item: Item<'a>) -> Result<()> {
        self.sender.send(item).ok().context("the worker threads are gone")
    }

    fn stopped(&self) -> bool {
        self.work.stopped()
    }
}
