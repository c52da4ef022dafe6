//! What the parts of the page share: the state, and what follows from it and the site.

use std::rc::Rc;
use std::sync::Arc;

use leptos::prelude::*;

use crate::app::use_index;
use crate::erase::effect;
use crate::grid::progress::Progress;
use crate::grid::scored::Scores;
use crate::grid::state::State;
use crate::grid::table::{PromptRow, filtered, merge};
use crate::grid::tiles::{Choice, Tiles, choose, find_model};
use crate::index::{self, Index};
use crate::scores;
use crate::signal::{Memo, RwSignal, awaited, memo};
use crate::task::Task;
use crate::url::{Address, Step};

#[derive(Debug, Clone, Copy)]
pub struct Store {
    pub address: Address,
    index: StoredValue<Arc<Index>>,
    pub state: Memo<State>,
    /// Directories of the chosen models, in the site's order.
    pub chosen_models: Memo<Vec<String>>,
    /// The prompts of the chosen models, or of all if none is chosen; `None` until the first are fetched, and
    /// those of the choice before until those of the next are.
    pub rows: Memo<Option<Arc<Vec<Arc<PromptRow>>>>>,
    /// The rows that the filters let through.
    pub filtered: Memo<Vec<usize>>,
    pub tiles: Memo<Arc<Tiles>>,
    /// What went wrong with fetching the prompts.
    pub prompts_errors: Memo<Vec<String>>,
    pub progress: Progress,
    /// Whether the menu of orders is open, which lists scores.
    pub sorting: RwSignal<bool>,
    /// The scores of the chosen models, once they are asked for.
    pub scores: RwSignal<Rc<Scores>>,
    /// Whether the sheet of keys is open.
    pub help: RwSignal<bool>,
}

impl Store {
    /// Makes the page's store and puts it into the context.
    pub fn provide() -> Self {
        let address = Address::here();
        let state = memo(move || address.with(State::read));
        let index = StoredValue::new(use_index());
        let progress = Progress::default();
        let chosen_models = memo(move || {
            let index = index.get_value();
            let wanted = state.with(|s| s.models.clone());
            let chosen = |dir: &String| wanted.iter().any(|w| find_model(&index, w).is_some_and(|m| m.dir() == *dir));
            index.models.iter().map(|m| m.dir()).filter(chosen).collect::<Vec<_>>()
        });
        let dirs = memo(move || {
            let chosen = chosen_models.get();
            let all = || index.with_value(|i| i.models.iter().map(|m| m.dir()).collect());
            if chosen.is_empty() { all() } else { chosen }
        });
        let fetched = awaited(move || {
            let dirs = dirs.get();
            // What was fetched is kept; only what failed is fetched again.
            progress.attempt.track();
            async move {
                let (prompts, errors) = index::prompts_of(&dirs).await;
                (Arc::new(merge(&prompts)), errors)
            }
        });
        let rows = memo(move || fetched.with(|f| f.as_ref().map(|f| f.0.clone())));
        let prompts_errors = memo(move || fetched.with(|f| f.as_ref().map(|f| f.1.clone()).unwrap_or_default()));
        let filtered = memo(move || {
            let rows = rows.get();
            state.with(|s| rows.map(|rows| filtered(&rows, s)).unwrap_or_default())
        });
        let (sorting, scores) = (RwSignal::new(false), RwSignal::new(Rc::default()));
        follow_scores(
            index,
            chosen_models,
            scores,
            memo(move || sorting.get() || state.with(|s| s.order.score.is_some())),
        );
        let choice = memo(move || state.with(Choice::of));
        let tiles = memo(move || {
            let rows = rows.get();
            let rows = rows.as_ref().map(|r| r.as_slice());
            let is_scored = choice.with(|c| c.order.score.is_some());
            let scores = if is_scored { scores.get() } else { Rc::default() };
            Arc::new(choice.with(|c| index.with_value(|index| choose(index, c, rows, &scores))))
        });
        let store = Store {
            address,
            index,
            state,
            chosen_models,
            rows,
            filtered,
            tiles,
            prompts_errors,
            progress,
            sorting,
            scores,
            help: RwSignal::new(false),
        };
        provide_context(store);
        store
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

    /// Adds models to the choice, or takes them out.
    pub fn choose_models(&self, dirs: &[String], add: bool) {
        let index = self.index();
        let among = |name: &String| find_model(&index, name).is_some_and(|m| dirs.contains(&m.dir()));
        self.edit(Step::Push, |s| {
            s.models.retain(|name| !among(name));
            if add {
                s.models.extend_from_slice(dirs);
            }
        });
    }

    /// Whether there is anything to show.
    pub fn is_empty(&self) -> bool {
        self.tiles.with(|t| t.tiles.is_empty())
    }
}

/// Fetches the scores of the chosen models while they are wanted.
fn follow_scores(
    index: StoredValue<Arc<Index>>,
    models: Memo<Vec<String>>,
    scores: RwSignal<Rc<Scores>>,
    wanted: Memo<bool>,
) {
    let task = StoredValue::new_local(None::<Task>);
    effect(move || {
        if !wanted.get() {
            return;
        }
        let (models, index) = (models.get(), index.get_value());
        task.set_value(Some(Task::new(async move {
            let mut found = Scores::default();
            for dir in models {
                if !scores::has(&index, &dir) {
                    found.absent.push(dir);
                    continue;
                }
                match scores::table(&dir).await {
                    Ok(table) => found.tables.push((dir, table)),
                    Err(message) => found.errors.push(message),
                }
            }
            scores.set(Rc::new(found));
        })));
    });
}
