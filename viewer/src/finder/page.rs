//! The page's state and what is shown of it now.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::Element;

use super::charts;
use super::data::{Data, Missing};
use super::dom::fill;
use super::events::Drag;
use super::plot::Plot;
use super::reading::Reading;
use super::skeleton;
use super::state::State;
use super::update::update;
use crate::index::Index;
use crate::url::{Address, Query, Step};

/// A head is looked at, not passed, after this long.
const REST: Duration = Duration::from_millis(120);

/// Everything that the parts of the page share.
#[derive(Debug, Clone, Copy)]
pub struct Finder {
    pub address: Address,
    pub index: StoredValue<Arc<Index>>,
    pub element: NodeRef<html::Div>,
    live: StoredValue<Live, LocalStorage>,
}

/// What is shown now.
#[derive(Debug, Clone, Default)]
struct Live {
    reading: Option<Rc<Reading>>,
    plots: Rc<[Plot; 3]>,
    drag: Option<Drag>,
    /// Where a rectangle that the keyboard makes begins.
    anchor: Option<usize>,
}

/// The model's data, or why there are none; `None` while they are fetched.
pub type Loaded = Option<Result<Rc<Data>, Missing>>;

impl Finder {
    pub fn new(address: Address, index: Arc<Index>) -> Self {
        let live = StoredValue::new_local(Live::default());
        Finder { address, index: StoredValue::new(index), element: NodeRef::new(), live }
    }

    /// The element that the page is in; nothing once that is gone.
    pub fn root(self) -> Option<Element> {
        self.element.try_get_untracked().flatten().map(Into::into)
    }

    /// Reads what is shown now.
    pub fn with(self, read: impl FnOnce(&Reading, &[Plot; 3])) {
        let live = self.live.get_value();
        if let Some(reading) = live.reading {
            read(&reading, &live.plots);
        }
    }

    /// Changes the state, and the URL with it.
    pub fn edit(self, step: Step, change: impl FnOnce(&mut State)) {
        self.address.update(step, |query| {
            let (mut state, _) = State::read(query);
            change(&mut state);
            state.write(query);
        });
    }

    /// Changes which heads are selected for the page of many patterns: of each, whether it is.
    pub fn select(self, step: Step, change: impl FnOnce(&Reading, &mut [bool])) {
        self.with(|reading, _| {
            let model = &reading.data.model;
            self.address.update(step, |query| {
                let mut selected = model.selected(query);
                change(reading, &mut selected);
                model.select(query, &selected);
            });
        });
    }

    /// Looks at a head and changes the selection, in one step.
    pub fn pick(self, at: usize, change: impl FnOnce(&mut [bool])) {
        self.with(|reading, _| {
            let model = &reading.data.model;
            self.address.update(Step::Push, |query| {
                let (mut state, _) = State::read(query);
                state.focus = Some(model.head(at));
                state.write(query);
                let mut selected = model.selected(query);
                change(&mut selected);
                model.select(query, &selected);
            });
        });
    }

    /// Goes to the figures of what is selected, on the prompt that tells most if none is chosen.
    pub fn show_figures(self) {
        self.with(|reading, _| {
            let selected = |at: &usize| reading.selected[*at];
            let at = reading.listed.iter().copied().find(selected).or((0..reading.selected.len()).find(selected));
            let prompt = reading.prompt_of(at.unwrap_or(reading.focus));
            self.address.update(Step::Push, |query| {
                query.set(super::VIEW, None);
                if query.list("prompts").is_empty() && !prompt.is_empty() {
                    query.set_list("prompts", &[prompt]);
                }
            });
        });
    }

    pub fn drag(self) -> Option<Drag> {
        self.live.with_value(|live| live.drag)
    }

    pub fn set_drag(self, drag: Option<Drag>) {
        self.live.update_value(|live| live.drag = drag);
    }

    /// Where the keyboard's rectangle began: at `from`, if none is being made; `None` ends it.
    pub fn anchor(self, from: Option<usize>) -> Option<usize> {
        self.live.try_update_value(|live| {
            live.anchor = from.and(live.anchor.or(from));
            live.anchor
        })?
    }

    /// Brings the page up to date.
    pub fn show(self, root: &Element, query: &Query, loaded: Loaded) {
        let before = self.live.with_value(|live| live.reading.clone());
        let data = match loaded {
            None if before.is_some() => return,
            None => return fill(root, &skeleton::waiting()),
            Some(Err(missing)) => {
                self.live.set_value(Live::default());
                return fill(root, &self.index.with_value(|index| skeleton::missing(index, &missing)));
            }
            Some(Ok(data)) => data,
        };
        let (state, complaints) = State::read(query);
        let mut reading = Reading::of(&data, &state, query, before.as_deref());
        reading.notices.splice(..0, complaints);
        if before.is_none_or(|before| !Rc::ptr_eq(&before.data, &data)) {
            fill(root, &self.index.with_value(|index| skeleton::page(index, &data)));
        }
        update(root, &state, &reading);
        let reading = Rc::new(reading);
        self.live.update_value(|live| live.reading = Some(reading.clone()));
        self.redraw();
        // Nothing is fetched for heads that are only passed.
        let root = root.clone();
        set_timeout(
            move || {
                let is_shown = |live: &Live| live.reading.as_ref().is_some_and(|now| Rc::ptr_eq(now, &reading));
                if self.live.try_with_value(is_shown) == Some(true) {
                    spawn_local(charts::pattern(root, reading));
                }
            },
            REST,
        );
    }

    /// Draws the pictures, once the page has its shape and its colours.
    pub fn redraw(self) {
        request_animation_frame(move || {
            let Some(Some(reading)) = self.live.try_with_value(|live| live.reading.clone()) else { return };
            if let Some(root) = self.root() {
                let plots = Rc::new(charts::redraw(&root, &reading));
                self.live.update_value(|live| live.plots = plots);
            }
        });
    }
}
