//! The page's state as signals: what the address says, what is loaded, what the pointer is on.

use std::rc::Rc;
use std::sync::Arc;

use lens_schema::shard::Overview;
use lens_schema::{LayerHead, ModelEntry, PatternId, PromptEntry};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

use super::colours::Colours;
use super::expression::derivation::{self, Derivation, Kept};
use super::geometry::Cell;
use super::link::{self, Target};
use super::look::{self, First, Look, Range};
use super::matrix::Matrix;
use super::neighbours::{self, Along};
use super::selection::{Role, Selection};
use crate::erase::effect;
use crate::index::Index;
use crate::signal::{Memo, RwSignal, memo};
use crate::url::{Address, Step};

/// A head on a prompt with everything that is drawn of it. It stays until the next one is complete, so that nothing
/// flickers or jumps on the way.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    pub target: Target,
    pub prompt: Arc<PromptEntry>,
    /// One per row, as [`PromptEntry::row_labels`] has them.
    pub labels: Arc<Vec<String>>,
    pub matrix: Arc<Matrix>,
    pub n_layers: usize,
    pub n_heads: usize,
}

/// A matrix that is drawn; equal if it is the same one.
#[derive(Debug, Clone)]
struct Drawn(Arc<Matrix>);

impl PartialEq for Drawn {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// From the smallest to the largest of all.
fn union<'a>(ranges: impl IntoIterator<Item = &'a (f32, f32)>) -> Option<(f32, f32)> {
    ranges.into_iter().copied().reduce(|(low, high), (min, max)| (low.min(min), high.max(max)))
}

/// Why there is nothing to show, and what can be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub message: String,
    /// Text and address of the ways out.
    pub links: Vec<(String, String)>,
}

/// Everything that the parts of the page share.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    pub address: Address,
    pub index: StoredValue<Arc<Index>>,
    /// Where the address leads.
    pub target: Memo<Result<Target, String>>,
    pub look: Memo<Look>,
    /// Parameters of the address that could not be read.
    pub complaints: Memo<Vec<String>>,
    pub shown: RwSignal<Option<Shown>>,
    /// What the expression makes of it.
    pub derivation: Memo<Derivation>,
    /// What is drawn: what the expression makes of the pattern, else the pattern, as far as it is to be seen.
    drawn: Memo<Option<Drawn>>,
    /// The range of all the patterns that are to have the same colours.
    pub shared: Memo<Option<(f32, f32)>>,
    /// What expressions made that took long.
    pub derived: Kept,
    pub problem: RwSignal<Option<Problem>>,
    /// Why the values stay approximate.
    pub inexact: RwSignal<Option<String>>,
    /// The heads of what is shown, and whose they are: model and prompt.
    pub overview: RwSignal<Option<(String, String, Rc<Overview>)>>,
    /// The ranges of its heads, layer by layer.
    pub ranges: RwSignal<Vec<Vec<(f32, f32)>>>,
    /// The model's prompts by hash, in the order of the site.
    pub prompts: RwSignal<Arc<Vec<PromptEntry>>>,
    /// The cell under the mouse.
    pub hovered_cell: RwSignal<Option<Cell>>,
    /// The token under the mouse, and the side that it is looked at from, if that is not the one that is chosen.
    pub hovered_token: RwSignal<Option<(usize, Option<Role>)>>,
    /// What is looked at for more than a moment: for what takes longer to show than a frame.
    pub settled: RwSignal<(Selection, Role)>,
    pub help: RwSignal<bool>,
    /// Changes when colours do: with the theme of the page or of the system.
    pub appearance: RwSignal<u32>,
}

impl Page {
    pub fn provide(index: Arc<Index>) -> Self {
        let address = Address::here();
        let look = memo(move || address.with(|query| look::read(query).0));
        let expression = memo(move || look.with(|look| look.expression.clone()));
        let (shown, derived) = (RwSignal::new(None), RwSignal::new(Vec::new()));
        let derivation = derivation::of(expression, shown, derived);
        let ranges = RwSignal::new(Vec::new());
        // What is selected and in view changes nothing of the matrix, which takes a while to make.
        let first = memo(move || look.with(|look| look.first));
        let layer = memo(move || shown.with(|shown: &Option<Shown>| shown.as_ref().map(|s| s.target.id.head.layer)));
        let page = Page {
            address,
            index: StoredValue::new(index),
            target: memo(move || address.with(link::target)),
            look,
            complaints: memo(move || address.with(look::read).1),
            shown,
            derivation,
            drawn: memo(move || {
                let matrix = derivation.with(|derivation| match derivation {
                    Derivation::Done(derived) => Some(derived.matrix.clone()),
                    _ => shown.with(|shown| shown.as_ref().map(|s| s.matrix.clone())),
                })?;
                Some(Drawn(match first.get() {
                    First::Shown => matrix,
                    first => Arc::new(matrix.without_first(first == First::Renormalised)),
                }))
            }),
            shared: memo(move || {
                let range = look.with(|look| look.range);
                let layer = layer.get()?;
                ranges.with(|ranges| match range {
                    Range::Layer => union(ranges.get(layer)?),
                    Range::Prompt => union(ranges.iter().flatten()),
                    _ => None,
                })
            }),
            derived,
            problem: RwSignal::new(None),
            inexact: RwSignal::new(None),
            overview: RwSignal::new(None),
            ranges,
            prompts: RwSignal::new(Arc::default()),
            hovered_cell: RwSignal::new(None),
            hovered_token: RwSignal::new(None),
            settled: RwSignal::default(),
            help: RwSignal::new(false),
            appearance: RwSignal::new(0),
        };
        page.follow_appearance();
        page.follow_focus();
        provide_context(page);
        page
    }

    /// Only within the page.
    pub fn here() -> Self {
        expect_context()
    }

    fn follow_appearance(self) {
        let bump = move || self.appearance.update(|count| *count += 1);
        let theme = memo(move || self.address.with(|query| query.get("theme").map(str::to_owned)));
        effect(move || {
            theme.track();
            bump();
        });
        if let Ok(Some(media)) = window().match_media("(prefers-color-scheme: dark)") {
            let changed = Closure::<dyn FnMut()>::new(bump);
            let _listening = media.add_event_listener_with_callback("change", changed.as_ref().unchecked_ref());
            let kept = StoredValue::new_local((media, changed));
            on_cleanup(move || {
                kept.try_with_value(|(media, changed)| {
                    media.remove_event_listener_with_callback("change", changed.as_ref().unchecked_ref())
                });
            });
        }
    }

    /// The model of the target, if the site has it.
    pub fn model(self) -> Option<ModelEntry> {
        let model = self.target.with(|target| target.as_ref().ok().map(|t| t.id.model.clone()))?;
        self.index.with_value(|index| index.model(&model).cloned())
    }

    /// Where the page with many patterns is.
    pub fn back(self) -> String {
        if let Some(before) = link::came_from(&document().referrer(), &location().href().unwrap_or_default()) {
            return before;
        }
        match self.target.get() {
            Ok(target) => self.address.with(|query| link::back(query, &target)),
            Err(_) => lens_schema::path::INDEX_HTML.to_owned(),
        }
    }

    /// Whether what is shown is no longer, or not yet, what the address names.
    pub fn is_stale(self) -> bool {
        let shown = self.shown.with(|shown| shown.as_ref().map(|s| s.target.clone()));
        shown.is_some_and(|shown| self.target.with(|target| target.as_ref() != Ok(&shown)))
    }

    /// The matrix that is drawn: what the expression makes of the pattern, else the pattern, as far as it is to be seen.
    pub fn matrix(self) -> Option<Arc<Matrix>> {
        self.drawn.with(|drawn| drawn.as_ref().map(|drawn| drawn.0.clone()))
    }

    /// How the matrix that is drawn is coloured.
    pub fn colours(self) -> Colours {
        self.look.with(|look| match self.matrix() {
            Some(matrix) => Colours::of(&matrix, look, self.shared.get()),
            None => Colours::default(),
        })
    }

    /// How the small patterns of this prompt are coloured: as the large one, but for what is derived.
    pub fn small_colours(self, own: (f32, f32)) -> Colours {
        self.look.with(|look| Colours {
            colormap: look.colormap,
            scale: look.scale,
            floor: look.floor,
            range: if look.range == Range::Unit { (0.0, 1.0) } else { self.shared.get().unwrap_or(own) },
            diverge: false,
        })
    }

    /// Changes how the pattern is looked at.
    pub fn look_at(self, step: Step, change: impl FnOnce(&mut Look)) {
        let mut look = self.look.get_untracked();
        change(&mut look);
        self.address.update(step, |query| look::write(query, &look));
    }

    /// Goes to another head or prompt.
    pub fn go(self, to: &Target) {
        self.hovered_cell.set(None);
        self.hovered_token.set(None);
        self.address.update(Step::Push, |query| link::set_target(query, to));
    }

    /// The address of another head or prompt, with everything else as it is.
    pub fn href(self, to: &Target) -> String {
        let mut query = self.address.get();
        link::set_target(&mut query, to);
        format!("?{query}")
    }

    /// The same prompt with another head.
    pub fn with_head(self, head: LayerHead) -> Option<Target> {
        let target = self.target.get().ok()?;
        Some(Target { id: PatternId { head, ..target.id }, ..target })
    }

    /// What comes `step` places on; `None` at the ends.
    pub fn neighbour(self, along: Along, step: isize) -> Option<Target> {
        let target = self.target.get().ok()?;
        let model = self.model()?;
        let at = target.id.head;
        match along {
            Along::Head => self.with_head(neighbours::head(at, step, model.n_layers, model.n_heads)?),
            Along::Layer => self.with_head(neighbours::layer(at, step, model.n_layers)?),
            Along::Prompt => self.prompts.with(|prompts| {
                let hash = neighbours::in_list(prompts, |p| &p.hash, &target.hash, step)?.hash.clone();
                Some(Target { hash, ..target })
            }),
        }
    }
}
