//! Keeps what the expression makes of the pattern up to date. What is quick is there at once; what takes longer is
//! computed after the page has been painted with the note that it is, and kept for a while.

use super::{Derived, Fault, Formula};
use crate::erase::effect;
use crate::frame;
use crate::signal::{Memo, RwSignal, memo};
use crate::single::link::Target;
use crate::single::page::{Page, Shown};

/// Results that took long are kept until so many others were made.
const KEPT: usize = 6;

/// A pattern as it is known, and an expression over it.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    target: Target,
    exact: bool,
    formula: Formula,
}

/// How far it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Derivation {
    /// There is no expression, or no pattern yet.
    #[default]
    None,
    Wrong(Fault),
    Computing(Job),
    Done(Derived),
}

/// Results of jobs that took long, the latest last.
pub type Kept = RwSignal<Vec<(Job, Result<Derived, Fault>)>>;

impl From<Result<Derived, Fault>> for Derivation {
    fn from(result: Result<Derived, Fault>) -> Self {
        result.map_or_else(Derivation::Wrong, Derivation::Done)
    }
}

/// The derivation of what is shown by what the address says.
pub fn of(source: Memo<Option<String>>, shown: RwSignal<Option<Shown>>, kept: Kept) -> Memo<Derivation> {
    memo(move || {
        let formula = match source.with(|source| source.as_deref().map(Formula::parse)) {
            None => return Derivation::None,
            Some(Err(fault)) => return Derivation::Wrong(fault),
            Some(Ok(formula)) => formula,
        };
        shown.with(|shown| match shown {
            None => Derivation::None,
            Some(shown) if formula.takes_long(shown.matrix.n) => {
                let job = Job { target: shown.target.clone(), exact: shown.matrix.exact, formula };
                let result = kept.with(|kept| kept.iter().find(|(one, _)| *one == job).map(|(_, r)| r.clone()));
                result.map_or(Derivation::Computing(job), Derivation::from)
            }
            Some(shown) => derive(&formula, shown).into(),
        })
    })
}

fn derive(formula: &Formula, shown: &Shown) -> Result<Derived, Fault> {
    formula.derive(&shown.matrix, &shown.prompt, &shown.labels)
}

/// Computes what takes long.
pub fn follow(page: Page) {
    effect(move || {
        let Derivation::Computing(job) = page.derivation.get() else { return };
        // Exact values that are on their way would have it computed again.
        if job.exact || page.inexact.with(Option::is_some) {
            frame::after_paint(move || compute(page, job));
        }
    });
}

/// Nothing, if something else is wanted by now.
fn compute(page: Page, job: Job) {
    let Some(Derivation::Computing(wanted)) = page.derivation.try_get_untracked() else { return };
    let Some(shown) = page.shown.get_untracked().filter(|_| wanted == job) else { return };
    let result = derive(&job.formula, &shown);
    page.derived.update(|kept| {
        kept.push((job, result));
        let before = kept.len().saturating_sub(KEPT);
        kept.drain(..before);
    });
}
