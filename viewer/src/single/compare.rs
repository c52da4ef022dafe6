//! Patterns side by side: the page's own, A, and those that the address names in `with=`. They share the cursor and the
//! part in view as far as they have as many positions, and one of them is taken off A.

pub mod add;
pub mod boards;
pub mod card;
pub mod difference;
pub mod load;
pub mod with;

use std::sync::Arc;

use lens_schema::scale::Lut;
use leptos::prelude::*;

use self::difference::difference;
use self::load::Slot;
use self::with::{Minus, Named, letter};
use super::axes;
use super::colours::Colours;
use super::expression::Formula;
use super::geometry::{Cell, Window};
use super::link::Target;
use super::look::{First, Look};
use super::matrix::Matrix;
use super::page::{Page, Shown};
use super::raster::Place;
use super::selection::{Role, Selection};
use crate::signal::{Memo, RwSignal, memo};
use crate::url::Step;

/// What expressions made of the others: of which pattern, by which expression.
type Made = StoredValue<Vec<(Arc<Matrix>, String, Arc<Matrix>)>>;

/// What can be drawn of a board.
#[derive(Debug, Clone)]
pub struct Picture {
    pub matrix: Arc<Matrix>,
    pub colours: Colours,
    pub indices: Arc<Vec<Place>>,
    /// Visible spelling of the tokens.
    pub labels: Arc<Vec<String>>,
}

impl PartialEq for Picture {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.matrix, &other.matrix) && Arc::ptr_eq(&self.indices, &other.indices)
    }
}

impl Picture {
    fn new(page: Page, matrix: Arc<Matrix>, labels: &[String], look: &Look) -> Self {
        let colours = Colours::of(&matrix, look, page.shared.get());
        let indices = Arc::new(matrix.indices(&colours, look.transposed));
        Picture { indices, colours, labels: Arc::new(axes::spelled(labels)), matrix }
    }

    pub fn lut(&self) -> Lut {
        self.colours.lut()
    }
}

/// One of the patterns, or the difference of two.
#[derive(Debug, Clone, PartialEq)]
pub struct Board {
    /// `A`, `B`, or `A − B`.
    pub name: String,
    /// `None` for a difference.
    pub target: Option<Target>,
    /// The beginning of the prompt, as far as it is known.
    pub prompt: String,
    /// Without a picture, why; nothing while it is on its way.
    pub picture: Result<Picture, String>,
}

/// Everything that the parts of the comparison share.
#[derive(Debug, Clone, Copy)]
pub struct Comparison {
    pub page: Page,
    /// The others as the address names them; the last may have no room.
    pub named: Memo<Vec<Named>>,
    pub minus: Memo<Minus>,
    /// All boards: A, the others, and the difference.
    pub boards: Memo<Vec<Board>>,
    /// A cell under the mouse of patterns of another length than A's, and the length.
    pub hovered: RwSignal<Option<(usize, Cell)>>,
}

impl Comparison {
    pub fn new(page: Page) -> Self {
        let address = page.address;
        let named = memo(move || {
            let here = page.target.get().ok();
            address.with(|query| with::others(query, here.as_ref()))
        });
        let minus = memo(move || address.with(|query| Minus::of(query, named.with(Vec::len).min(with::MOST - 1))));
        let slots = load::follow(page, named);
        let made: Made = StoredValue::new(Vec::new());
        // What is selected and in view changes nothing of what is drawn, which takes a while to make.
        let look = memo(move || {
            let look = page.look.get();
            Look { selection: Selection::None, role: Role::default(), window: None, ..look }
        });
        let boards = memo(move || boards_of(page, &look.get(), named, slots, minus.get(), made));
        Comparison { page, named, minus, boards, hovered: RwSignal::new(None) }
    }

    /// How many of the others have room.
    pub fn n_others(self) -> usize {
        self.named.with(Vec::len).min(with::MOST - 1)
    }

    /// Rows of A.
    fn n(self) -> usize {
        self.page.shown.with(|shown| shown.as_ref().map_or(0, |s| s.matrix.n))
    }

    /// The part in view of a board with `n` rows.
    pub fn window(self, n: usize) -> Window {
        if n == self.n() { self.page.window() } else { Window::whole(n) }
    }

    /// Whether a board with `n` rows shares cursor and view with A.
    pub fn is_linked(self, n: usize) -> bool {
        n == self.n()
    }

    /// Query and key that are looked at on boards with `n` rows.
    pub fn focus(self, n: usize) -> (Option<usize>, Option<usize>) {
        match self.hovered.get() {
            Some((of, cell)) if of == n => (Some(cell.query), Some(cell.key)),
            None if self.is_linked(n) => {
                let (selection, role) = self.page.focus();
                selection.lines(role)
            }
            _ => (None, None),
        }
    }

    /// Puts the mouse on a cell of a board with `n` rows, or on none.
    pub fn hover(self, at: Option<(usize, Cell)>) {
        let n = untrack(|| self.n());
        let linked = at.filter(|&(of, _)| of == n).map(|(_, cell)| cell);
        let own = if linked.is_some() { None } else { at };
        if self.page.hovered_cell.get_untracked() != linked {
            self.page.hovered_cell.set(linked);
        }
        if self.hovered.get_untracked() != own {
            self.hovered.set(own);
        }
    }

    /// Selects a cell, or lets go of it.
    pub fn select(self, cell: Cell) {
        let (now, role) = untrack(|| (self.page.selection(), self.page.look.with(|look| look.role)));
        let wanted = Selection::Cell(cell);
        self.page.select(Step::Push, if now == wanted { Selection::None } else { wanted }, role);
    }

    /// Does what a button of the board at a place asks for.
    pub fn act(self, action: &str, place: usize) {
        let Ok(mut here) = self.page.target.get_untracked() else { return };
        let (mut others, mut minus) = (self.named.get_untracked(), self.minus.get_untracked());
        let Some(at) = place.checked_sub(1).filter(|&at| at < others.len()) else { return };
        match (action, others[at].target.clone()) {
            ("minus", _) => minus = if minus == Minus::Place(place) { Minus::None } else { Minus::Place(place) },
            ("swap", Ok(target)) => others[at] = Named::from(&std::mem::replace(&mut here, target)),
            ("remove", _) => {
                others.remove(at);
                minus = Minus::Place(1);
            }
            _ => return,
        }
        self.hover(None);
        self.page.address.update(Step::Push, |query| {
            super::link::set_target(query, &here);
            with::set_others(query, &here, &others);
            minus.set(query);
        });
    }
}

/// Adds a pattern to those that A is compared with; `false` if there is no room.
pub fn add(page: Page, target: &Target) -> bool {
    let Ok(here) = page.target.get_untracked() else { return false };
    let mut others = page.address.with_untracked(|query| with::others(query, Some(&here)));
    let has_room = others.len() + 1 < with::MOST;
    if has_room {
        others.push(Named::from(target));
        page.address.update(Step::Push, |query| with::set_others(query, &here, &others));
    }
    has_room
}

fn boards_of(
    page: Page,
    look: &Look,
    named: Memo<Vec<Named>>,
    slots: RwSignal<Vec<(Target, Slot)>>,
    minus: Minus,
    made: Made,
) -> Vec<Board> {
    // Nothing is computed while nothing is compared.
    if named.with(Vec::is_empty) {
        return Vec::new();
    }
    let own = page.shown.get();
    let excerpt = |shown: &Shown| super::load::excerpt(&shown.prompt.text);
    let mut boards = vec![Board {
        name: letter(0).into(),
        target: page.target.get().ok(),
        prompt: own.as_ref().map(excerpt).unwrap_or_default(),
        picture: match (&own, page.matrix()) {
            (Some(shown), Some(matrix)) => Ok(Picture::new(page, matrix, &shown.labels, look)),
            _ => Err(String::new()),
        },
    }];
    for (place, Named { target, .. }) in named.get().into_iter().take(with::MOST - 1).enumerate() {
        let slot = match &target {
            Err(message) => Slot::Failed(message.clone()),
            Ok(target) => slots.with(|slots| {
                slots.iter().find(|(of, _)| of == target).map_or(Slot::Loading, |(_, slot)| slot.clone())
            }),
        };
        let (prompt, picture) = match slot {
            Slot::Loading => (String::new(), Err(String::new())),
            Slot::Failed(message) => (String::new(), Err(message)),
            Slot::Shown(shown) => {
                let matrix = drawn_of(&shown, look, made);
                (excerpt(&shown), matrix.map(|matrix| Picture::new(page, matrix, &shown.labels, look)))
            }
        };
        boards.push(Board { name: letter(place + 1).into(), target: target.ok(), prompt, picture });
    }
    if let Minus::Place(place) = minus {
        let picture = match (&boards[0].picture, &boards[place].picture) {
            (Ok(a), Ok(b)) => difference(&a.matrix, &b.matrix).map(|matrix| {
                let picture = Picture::new(page, Arc::new(matrix), &[], look);
                Picture { labels: a.labels.clone(), ..picture }
            }),
            (_, Err(problem)) if !problem.is_empty() => {
                Err(format!("There is no difference without {}.", letter(place)))
            }
            _ => Err(String::new()),
        };
        let name = format!("{} − {}", letter(0), letter(place));
        boards.push(Board { name, target: None, prompt: String::new(), picture });
    }
    boards
}

/// What is drawn of a pattern beside A: what the expression makes of it, and without its first key, as of A.
fn drawn_of(shown: &Shown, look: &Look, made: Made) -> Result<Arc<Matrix>, String> {
    let matrix = derived_of(shown, look, made)?;
    Ok(match look.first {
        First::Shown => matrix,
        first => Arc::new(matrix.without_first(first == First::Renormalised)),
    })
}

fn derived_of(shown: &Shown, look: &Look, made: Made) -> Result<Arc<Matrix>, String> {
    let pattern = &shown.matrix;
    // What cannot be read is said beside A.
    let formula = look.expression.as_deref().and_then(|source| Formula::parse(source).ok());
    // Exact values that are on their way would have it computed again.
    let Some(formula) = formula.filter(|formula| pattern.exact || !formula.takes_long(pattern.n)) else {
        return Ok(pattern.clone());
    };
    let source = formula.source();
    let is_it = |(of, by, _): &(Arc<Matrix>, String, Arc<Matrix>)| Arc::ptr_eq(of, pattern) && by == source;
    if let Some((.., matrix)) = made.with_value(|made| made.iter().find(|one| is_it(one)).cloned()) {
        return Ok(matrix);
    }
    let derived = formula.derive(pattern, &shown.prompt, &shown.labels).map_err(|fault| fault.message)?;
    made.update_value(|made| {
        made.push((pattern.clone(), source.to_owned(), derived.matrix.clone()));
        let before = made.len().saturating_sub(2 * with::MOST);
        made.drain(..before);
    });
    Ok(derived.matrix)
}
