//! How far drawing is: of the figures in view, how many are painted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use leptos::prelude::*;
use web_sys::Element;

use crate::erase::{live, memo};
use crate::grid::store::Store;
use crate::grid::thousands;

#[derive(Debug, Clone, Copy, Default)]
pub struct Progress {
    pub in_view: RwSignal<usize>,
    pub drawn: RwSignal<usize>,
    /// Figures, in view or not, whose data is fetched and unpacked in advance.
    pub loaded: RwSignal<usize>,
    /// Why figures in view could not be drawn, and how many for each reason.
    pub failed: RwSignal<BTreeMap<String, usize>>,
    /// Counts the times that what failed was tried again.
    pub attempt: RwSignal<u64>,
}

impl Progress {
    /// Figures in view that could not be drawn.
    pub fn lost(&self) -> usize {
        self.failed.with(|f| f.values().sum())
    }

    /// Tries again what failed.
    pub fn try_again(&self) {
        self.attempt.update(|n| *n += 1);
    }
}

/// Counts what a row has drawn and could not draw, and takes it back when the row goes out of view.
#[derive(Debug, Clone)]
pub struct Tally {
    progress: Progress,
    own: Arc<Mutex<Own>>,
}

#[derive(Debug, Default)]
struct Own {
    drawn: usize,
    failed: Vec<String>,
}

impl Tally {
    pub fn new(progress: Progress, len: usize) -> Self {
        let own = Arc::new(Mutex::new(Own::default()));
        progress.in_view.update(|n| *n += len);
        let counted = own.clone();
        on_cleanup(move || {
            let own = std::mem::take(&mut *counted.lock().unwrap_or_else(PoisonError::into_inner));
            progress.in_view.update(|n| *n -= len);
            progress.drawn.update(|n| *n -= own.drawn);
            if !own.failed.is_empty() {
                progress.failed.update(|f| own.failed.iter().for_each(|message| forget(f, message)));
            }
        });
        Tally { progress, own }
    }

    fn own(&self) -> MutexGuard<'_, Own> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn drew(&self, tile: &Element) {
        mark(tile, "drawn");
        self.own().drawn += 1;
        self.progress.drawn.update(|n| *n += 1);
    }

    pub fn failed(&self, tile: &Element, message: &str) {
        mark(tile, "failed");
        let _attribute_names_are_valid = tile.set_attribute("title", message);
        self.own().failed.push(message.to_owned());
        self.progress.failed.update(|f| *f.entry(message.to_owned()).or_default() += 1);
    }
}

/// Takes back one figure that failed with `message`.
fn forget(failed: &mut BTreeMap<String, usize>, message: &str) {
    if let Some(n) = failed.get_mut(message) {
        *n -= 1;
        if *n == 0 {
            failed.remove(message);
        }
    }
}

fn mark(tile: &Element, state: &str) {
    let _attribute_names_are_valid = tile.set_attribute("data-state", state);
}

/// What is chosen, what of it is in view, and how much of that is drawn.
#[component]
pub fn ProgressLine() -> impl IntoView {
    let store = Store::here();
    let progress = store.progress;
    let total = memo(move || store.tiles.with(|t| t.tiles.len()));
    let text = move || {
        let (drawn, in_view, lost) = (progress.drawn.get(), progress.in_view.get(), progress.lost());
        match total.get() {
            0 if store.rows.with(Option::is_none) => "Loading prompts…".to_owned(),
            0 => String::new(),
            _ if in_view == 0 => String::new(),
            _ if lost > 0 => {
                format!("{} of {} in view drawn, {} failed", thousands(drawn), thousands(in_view), thousands(lost))
            }
            _ => format!("{} of {} in view drawn", thousands(drawn), thousands(in_view)),
        }
    };
    let done = move || match (progress.drawn.get() + progress.lost(), progress.in_view.get()) {
        (_, 0) => 1.0,
        (done, in_view) => done as f64 / in_view as f64,
    };
    view! {
        <p
            class="progress"
            data-testid="progress"
            data-total=live(move || total.get().to_string())
            data-in-view=live(move || progress.in_view.get().to_string())
            data-drawn=live(move || progress.drawn.get().to_string())
            data-loaded=live(move || progress.loaded.get().to_string())
        >
            <strong role="status">
                {move || match total.get() {
                    0 => String::new(),
                    1 => "1 figure".to_owned(),
                    n => format!("{} figures", thousands(n)),
                }}
            </strong>
            <span class="muted">{text}</span>
            <span class="meter" aria-hidden="true" class:full=live(move || { done() >= 1.0 })>
                <span style:transform=live(move || format!("scaleX({:.3})", done()))></span>
            </span>
        </p>
    }
}
