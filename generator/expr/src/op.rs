//! A parsed expression is a program of a stack machine: operands first, then what is done with them. It is checked,
//! priced and run by a loop, so that no chain of operators is too long for the stack of calls.

use std::ops::Range;

use crate::function::{Axis, Entry, Meaning};

#[derive(Debug, Clone)]
pub(crate) struct Op {
    pub kind: OpKind,
    /// Bytes of the source: of a number, a name, an operator, or a whole call.
    pub span: Range<usize>,
}

#[derive(Debug, Clone)]
pub(crate) enum OpKind {
    /// Pushes a number.
    Number(f64),
    /// Pops the entry's values, as many as it has parameters that are no axis, and pushes the result. The axis is
    /// that of the call, [`Axis::Both`] for those who have none.
    Apply(&'static Entry, Axis),
}

impl Op {
    pub fn uses_tokens(&self) -> bool {
        matches!(&self.kind, OpKind::Apply(entry, _) if matches!(entry.meaning, Meaning::SameToken))
    }
}
