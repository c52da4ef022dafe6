//! How far drawing is: of the figures in view, how many are painted.

use std::cell::{Cell, RefCell};

use leptos::prelude::*;
use web_sys::Element;

use crate::dom;
use crate::erase::live;
use crate::grid::store::Store;
use crate::grid::thousands;
use crate::signal::{RwSignal, memo};

#[derive(Debug, Clone, Copy, Default)]
pub struct Progress {
    pub in_view: RwSignal<usize>,
    pub drawn: RwSignal<usize>,
    /// Figures, in view or not, whose data is fetched and unpacked in advance.
    pub loaded: RwSignal<usize>,
    /// Why figures in view could not be drawn, and how many for each reason.
    pub failed: RwSignal<Vec<(String, usize)>>,
    /// Counts the times that what failed was tried again.
    pub attempt: RwSignal<u64>,
}

impl Progress {
    /// Figures in view that could not be drawn.
    pub fn lost(&self) -> usize {
        self.failed.with(|f| f.iter().map(|(_, n)| n).sum())
    }

    /// Tries again what failed.
    pub fn try_again(&self) {
        self.attempt.update(|n| *n += 1);
    }
}

/// Counts what a row has drawn and could not draw, and takes it back when it is dropped.
#[derive(Debug)]
pub struct Tally {
    progress: Progress,
    drawn: Cell<usize>,
    failed: RefCell<Vec<String>>,
}

impl Tally {
    pub fn new(progress: Progress) -> Self {
        Tally { progress, drawn: Cell::default(), failed: RefCell::default() }
    }

    pub fn drew(&self, tile: &Element) {
        dom::set(tile, "data-state", "drawn");
        self.drawn.set(self.drawn.get() + 1);
        self.progress.drawn.update(|n| *n += 1);
    }

    pub fn failed(&self, tile: &Element, message: &str) {
        dom::set(tile, "data-state", "failed");
        dom::set(tile, "title", message);
        self.failed.borrow_mut().push(message.to_owned());
        self.progress.failed.update(|failed| match failed.iter_mut().find(|(why, _)| why == message) {
            Some((_, n)) => *n += 1,
            None => failed.push((message.to_owned(), 1)),
        });
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        // Signals are gone when the page is.
        self.progress.drawn.update(|n| *n -= self.drawn.get());
        let failed = self.failed.take();
        if !failed.is_empty() {
            self.progress.failed.update(|f| failed.iter().for_each(|message| forget(f, message)));
        }
    }
}

/// Takes back one figure that failed with `message`.
fn forget(failed: &mut Vec<(String, usize)>, message: &str) {
    if let Some((_, n)) = failed.iter_mut().find(|(why, _)| why == message) {
        *n -= 1;
    }
    failed.retain(|(_, n)| *n > 0);
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
                {live(move || match total.get() {
                    0 => String::new(),
                    1 => "1 figure".to_owned(),
                    n => format!("{} figures", thousands(n)),
                })}
            </strong>
            <span class="muted">{live(text)}</span>
            <span class="meter" aria-hidden="true" class:full=live(move || { done() >= 1.0 })>
                <span style:transform=live(move || format!("scaleX({:.3})", done()))></span>
            </span>
        </p>
    }
}
