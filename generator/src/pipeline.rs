//! The whole story: models run on prompts, patterns are kept and drawn, the site is packed.
//!
//! One pass: while the device computes a batch, worker threads write, draw and pack the one before. A worker does
//! not know whether the patterns it is handed were just computed or kept from an earlier run.

mod draw;
mod forward;
mod kept;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, bail};
use lens_schema::{FigureEntry, ModelEntry, PromptEntry, path};

use crate::data::lock::Lock;
use crate::data::{DataDir, PatternFormat};
use crate::figure::{FigureFn, REGISTRY};
use crate::fs;
use crate::pattern::AttentionPatterns;
use crate::plan::{Input, Plan};
use crate::site::{ModelId, SiteBuilder, SiteReport};

/// Who wants to know how far the work is.
pub trait Observer: Sync {
    /// Work on `total` prompts of a model begins.
    fn begin(&self, model: &str, total: usize);
    /// One prompt is done.
    fn advance(&self, prompt: &str);
    /// Something that the user should know and that is no error.
    fn note(&self, text: &str);
}

/// What a run came to.
#[derive(Debug, Default)]
pub struct Summary {
    /// Prompts that were run, and prompts that were there already, over all models.
    pub computed: usize,
    pub kept: usize,
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
    let models = match &plan.input {
        Input::Run(_) => Vec::new(),
        Input::Kept { models, .. } => kept::models(&data, models)?,
    };
    let writes = matches!(plan.input, Input::Run(_)) || plan.figures.is_some();
    let _lock = writes.then(|| Lock::take(&plan.data)).transpose()?;
    let figures = match &plan.figures {
        Some(selected) => data.write_figures_index(&selected.iter().map(|f| f.entry()).collect::<Vec<_>>())?,
        None => with_raw(data.figures()?),
    };
    let site = match &plan.site {
        Some((out, options)) => Some(SiteBuilder::new(out, options, &figures)?),
        None => None,
    };
    let work = Work { plan, data: &data, site: site.as_ref(), observer, stop, state: Mutex::default() };
    match &plan.input {
        Input::Run(run) => forward::run(&work, run)?,
        Input::Kept { n_samples, .. } => kept::run(&work, &models, *n_samples)?,
    }
    let mut summary = work.finish()?;
    if writes {
        data.write_models_index()?;
    }
    // A site without a single prompt must not replace a good one.
    let any = summary.computed + summary.kept > 0;
    summary.site = site.filter(|_| any).map(SiteBuilder::finish).transpose()?;
    Ok(summary)
}

/// The pattern itself can always be looked at, also where nobody has drawn it.
fn with_raw(mut figures: Vec<FigureEntry>) -> Vec<FigureEntry> {
    if figures.is_empty() {
        figures.extend(REGISTRY.iter().filter(|f| f.name == "raw").map(FigureFn::entry));
    }
    figures
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

impl Work<'_> {
    /// Runs `feed`, which hands out items, beside the workers, who finish them.
    fn with_workers<'a>(&self, feed: impl FnOnce(&Queue<'_, 'a>) -> Result<()>) -> Result<()> {
        let jobs = self.plan.jobs;
        // Patterns of long prompts are large: few wait.
        let (sender, receiver) = sync_channel(jobs.min(2));
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
            match self.finish_prompt(item) {
                Ok(()) => self.observer.advance(&hash),
                Err(e) if fs::is_fatal(&e) => self.give_up(e),
                Err(e) => self.fail(format!("{place}: {e:#}")),
            }
        }
    }

    /// Keeps, draws and packs one prompt. `prompt.json` comes last of what the data directory gets, so that a
    /// prompt that has one is complete.
    fn finish_prompt(&self, item: Item<'_>) -> Result<()> {
        let Item { model, site_model, position, prompt, patterns } = item;
        let (dir, hash) = (model.dir(), prompt.hash.clone());
        let computed = patterns.is_some();
        let patterns = match patterns {
            Some((patterns, format)) => {
                self.data.write_patterns(&dir, &hash, &patterns, format)?;
                patterns
            }
            None => self.data.read_patterns(model, &hash)?,
        };
        if let Some(figures) = &self.plan.figures {
            let redo = self.plan.force || computed;
            let failures = draw::figures(self.data, &dir, &prompt, &patterns, figures, redo)?;
            failures.into_iter().for_each(|failure| self.fail(failure));
        }
        if computed {
            self.data.write_prompt(&dir, &prompt)?;
        }
        if let (Some(site), Some(id)) = (self.site, site_model) {
            let folder = self.data.root().join(path::prompt_dir(&dir, &hash));
            site.add_prompt(id, position, &prompt, &patterns, &folder)?;
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

    /// The summary, unless the work was cut short.
    fn finish(self) -> Result<Summary> {
        let mut state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = state.fatal {
            return Err(error);
        }
        if self.stop.load(Ordering::Relaxed) {
            bail!("stopped; what was finished is kept, run the same command again to go on");
        }
        // Workers fail in any order.
        state.summary.failures.sort();
        Ok(state.summary)
    }
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
