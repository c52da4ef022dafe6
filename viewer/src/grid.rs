//! The page that shows many patterns at once: what to choose from at the side, the figures beside it.

pub mod colours;
pub mod figures;
pub mod functions;
pub mod heads;
pub mod layout;
pub mod menu;
pub mod models;
pub mod order;
pub mod packed;
pub mod panel;
pub mod prompts;
pub mod row;
pub mod start;
pub mod state;
pub mod table;
pub mod tiles;
pub mod toolbar;

use std::sync::Arc;

use leptos::prelude::*;

use crate::app::use_index;
use crate::grid::figures::Figures;
use crate::grid::functions::FunctionPanel;
use crate::grid::models::ModelPanel;
use crate::grid::prompts::PromptPanel;
use crate::grid::start::Start;
use crate::grid::state::{Panel, State, Tab};
use crate::grid::table::{PromptRow, filtered, merge};
use crate::grid::tiles::{Choice, Tiles, choose, find_model};
use crate::grid::toolbar::Toolbar;
use crate::index::{self, Index};
use crate::url::{Address, Step};

/// What the parts of the page share: the state, and what follows from it and the site.
#[derive(Debug, Clone, Copy)]
pub struct Store {
    address: Address,
    index: StoredValue<Arc<Index>>,
    pub state: Memo<State>,
    /// Directories of the chosen models, in the site's order.
    pub chosen_models: Memo<Vec<String>>,
    /// The prompts of the chosen models, or of all if none is chosen; `None` while they are fetched.
    pub rows: Memo<Option<Arc<Vec<Arc<PromptRow>>>>>,
    /// The rows that the filters let through.
    pub filtered: Memo<Vec<usize>>,
    pub tiles: Memo<Arc<Tiles>>,
    /// What went wrong with fetching the prompts.
    pub prompts_error: Memo<Option<String>>,
    pub progress: Progress,
}

/// How far drawing is: of the tiles in view, and what failed.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    pub in_view: RwSignal<usize>,
    pub drawn: RwSignal<usize>,
    pub failed: RwSignal<Vec<String>>,
    /// Counts the times that failed tiles were tried again.
    pub attempt: RwSignal<u64>,
}

impl Store {
    fn new() -> Self {
        let index = use_index();
        let address = Address::here();
        let state = Memo::new(move |_| address.with(State::read));
        let stored = StoredValue::new(index);
        let chosen_models = Memo::new(move |_| {
            let index = stored.get_value();
            let wanted = state.with(|s| s.models.clone());
            let chosen = |dir: &String| wanted.iter().any(|w| find_model(&index, w).is_some_and(|m| m.dir() == *dir));
            index.models.iter().map(|m| m.dir()).filter(chosen).collect::<Vec<_>>()
        });
        let dirs = Memo::new(move |_| {
            let chosen = chosen_models.get();
            let all = || stored.with_value(|i| i.models.iter().map(|m| m.dir()).collect());
            if chosen.is_empty() { all() } else { chosen }
        });
        let fetched = LocalResource::new(move || {
            let dirs = dirs.get();
            async move { index::prompts_of(&dirs).await.map(|prompts| Arc::new(merge(&prompts, &dirs))) }
        });
        let rows = Memo::new(move |_| fetched.with(|f| f.as_ref()?.as_ref().ok().cloned()));
        let prompts_error = Memo::new(move |_| fetched.with(|f| f.as_ref()?.as_ref().err().cloned()));
        let filtered = Memo::new(move |_| {
            let rows = rows.get();
            state.with(|s| rows.map(|rows| filtered(&rows, s)).unwrap_or_default())
        });
        let choice = Memo::new(move |_| state.with(Choice::of));
        let tiles = Memo::new(move |_| {
            let rows = rows.get();
            let rows = rows.as_ref().map(|r| r.as_slice());
            Arc::new(choice.with(|c| stored.with_value(|index| choose(index, c, rows))))
        });
        let progress = Progress {
            in_view: RwSignal::new(0),
            drawn: RwSignal::new(0),
            failed: RwSignal::new(Vec::new()),
            attempt: RwSignal::new(0),
        };
        Store { address, index: stored, state, chosen_models, rows, filtered, tiles, prompts_error, progress }
    }

    /// The page's store; only within the page.
    pub fn here() -> Self {
        expect_context()
    }

    pub fn index(&self) -> Arc<Index> {
        self.index.get_value()
    }

    /// Changes the state, and the URL with it.
    pub fn edit(&self, step: Step, change: impl FnOnce(&mut State)) {
        self.address.update(step, |query| {
            let mut state = State::read(query);
            change(&mut state);
            state.write(query);
        });
    }

    /// Adds a model to the choice, or takes it out.
    pub fn toggle_model(&self, dir: &str) {
        let index = self.index();
        let is = |name: &String| find_model(&index, name).is_some_and(|m| m.dir() == dir);
        self.edit(Step::Push, |s| match s.models.iter().any(is) {
            true => s.models.retain(|name| !is(name)),
            false => s.models.push(dir.to_owned()),
        });
    }
}

/// Everything below the title bar of `index.html`.
#[component]
pub fn GridView() -> impl IntoView {
    let store = Store::new();
    provide_context(store);
    let total = Memo::new(move |_| store.tiles.with(|t| t.tiles.len()));
    let tab = Memo::new(move |_| {
        let by_content = if total.get() > 0 { Tab::Figures } else { Tab::Select };
        store.state.with(|s| s.tab).unwrap_or(by_content)
    });
    let side_closed = Memo::new(move |_| store.state.with(|s| s.closed.contains(&Panel::Side)));
    let tab_button = move |this: Tab, name: &'static str| {
        view! {
            <button
                aria-pressed=move || (tab.get() == this).to_string()
                data-testid=format!("tab-{name}")
                on:click=move |_| store.edit(Step::Replace, |s| s.tab = Some(this))
            >
                {if this == Tab::Select { "Select" } else { "Figures" }}
                {(this == Tab::Figures).then(|| view! { <span class="count">{move || thousands(total.get())}</span> })}
            </button>
        }
    };
    view! {
        <div
            class="grid-page"
            class:side-closed=side_closed
            data-tab=move || if tab.get() == Tab::Select { "select" } else { "figures" }
        >
            <div class="tabs" role="group" aria-label="Shown on a small screen">
                {tab_button(Tab::Select, "select")} {tab_button(Tab::Figures, "figures")}
            </div>
            <aside class="chooser" aria-label="What to show" hidden=move || side_closed.get()>
                <ModelPanel />
                <PromptPanel />
                <FunctionPanel />
            </aside>
            <section class="pane" aria-label="Figures">
                <h1 class="sr-only">"Attention patterns"</h1>
                <Toolbar />
                <Start />
                <Figures />
            </section>
        </div>
    }
}

/// A number with thin spaces between thousands.
pub fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) && digits.len() > 4 {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn large_numbers_are_grouped() {
        assert_eq!(
            [7, 1024, 50_000, 1_234_567].map(thousands),
            ["7", "1024", "50\u{202f}000", "1\u{202f}234\u{202f}567"]
        );
    }
}
