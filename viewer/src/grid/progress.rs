//! How far drawing is: of the figures in view, how many are painted.

use std::collections::BTreeMap;

use leptos::prelude::*;

use crate::grid::store::Store;
use crate::grid::thousands;

#[derive(Debug, Clone, Copy, Default)]
pub struct Progress {
    pub in_view: RwSignal<usize>,
    pub drawn: RwSignal<usize>,
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

/// What is chosen, what of it is in view, and how much of that is drawn.
#[component]
pub fn ProgressLine() -> impl IntoView {
    let store = Store::here();
    let progress = store.progress;
    let total = Memo::new(move |_| store.tiles.with(|t| t.tiles.len()));
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
            data-total=move || total.get().to_string()
            data-in-view=move || progress.in_view.get().to_string()
            data-drawn=move || progress.drawn.get().to_string()
        >
            <strong role="status">
                {move || match total.get() {
                    0 => String::new(),
                    1 => "1 figure".to_owned(),
                    n => format!("{} figures", thousands(n)),
                }}
            </strong>
            <span class="muted">{text}</span>
            <span class="meter" aria-hidden="true" class:full=move || { done() >= 1.0 }>
                <span style:transform=move || format!("scaleX({:.3})", done())></span>
            </span>
        </p>
    }
}
