//! The run of a program over a pattern.

use std::borrow::Cow;

use crate::error::EvalError;
use crate::function::{Axis, Entry, Meaning};
use crate::op::{Op, OpKind};
use crate::product::{power, product};
use crate::value::Value;

/// One head's pattern and the tokens that it is about.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The number of tokens.
    pub n: usize,
    /// `[n, n]` by rows: the attention that each query pays to each key.
    pub pattern: &'a [f32],
    /// One number per token, equal for equal tokens: their ids, or any other numbering. May be empty for an expression
    /// that does not look at tokens.
    pub token_ids: &'a [u32],
}

impl Input<'_> {
    pub(crate) fn validate(&self, uses_tokens: bool) -> Result<(), EvalError> {
        let Input { n, pattern, token_ids } = *self;
        if n.checked_mul(n) != Some(pattern.len()) {
            return Err(EvalError::Pattern { n, values: pattern.len() });
        }
        if uses_tokens && token_ids.len() != n {
            return Err(EvalError::Tokens { n, tokens: token_ids.len() });
        }
        Ok(())
    }
}

/// The result of an expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    pub n: usize,
    /// `[n, n]` by rows.
    pub values: Vec<f32>,
    /// How many values are NaN, as from 0 / 0.
    pub nan: usize,
    /// How many are inf or -inf, as from log(0).
    pub infinite: usize,
}

pub(crate) fn eval(ops: &[Op], input: &Input) -> Matrix {
    let pattern: Vec<f64> = input.pattern.iter().copied().map(f64::from).collect();
    let mut stack: Vec<Value> = Vec::new();
    for op in ops {
        let value = match &op.kind {
            OpKind::Number(value) => Value::number(*value),
            OpKind::Apply(entry, axis) => {
                let values = stack.split_off(stack.len() - entry.values());
                apply(entry, *axis, values, input, &pattern)
            }
        };
        stack.push(value);
    }
    let result = stack.pop().expect("a program that was parsed leaves its result");
    let values: Vec<f32> = result.cells.iter().map(|&x| x as f32).collect();
    let nan = values.iter().filter(|x| x.is_nan()).count();
    let infinite = values.iter().filter(|x| x.is_infinite()).count();
    Matrix { n: input.n, values, nan, infinite }
}

fn apply<'a>(entry: &Entry, axis: Axis, mut values: Vec<Value<'a>>, input: &Input, pattern: &'a [f64]) -> Value<'a> {
    let n = input.n;
    match entry.meaning {
        Meaning::Pattern => Value { rows: n, columns: n, cells: Cow::Borrowed(pattern) },
        Meaning::Length => Value::number(n as f64),
        Meaning::Constant(value) => Value::number(value),
        Meaning::Place(cell) => Value::square(n, cell),
        Meaning::SameToken => Value::square(n, |i, j| f64::from(input.token_ids[i] == input.token_ids[j])),
        Meaning::Cells(kernel) => Value::cellwise(kernel, values),
        Meaning::Reduce(kernel) => values.remove(0).reduce(kernel, axis),
        Meaning::Along(kernel, fixed) => values.remove(0).along(kernel, fixed.unwrap_or(axis)),
        Meaning::Transpose => values.remove(0).transpose(),
        Meaning::Product => {
            let [left, right] = [&values[0], &values[1]];
            let cells = product(&left.cells, &right.cells, [left.rows, left.columns, right.columns]);
            Value { rows: left.rows, columns: right.columns, cells: Cow::Owned(cells) }
        }
        Meaning::Power => {
            let t = values[1].first() as u64;
            Value { rows: n, columns: n, cells: Cow::Owned(power(&values[0].cells, n, t)) }
        }
        Meaning::Roll => {
            let shift = values[1].first();
            values.remove(0).roll(shift, axis)
        }
        Meaning::Triangle(keeps) => {
            let k = values[1].first();
            let x = &values[0].cells;
            Value::square(n, |i, j| if keeps(j as f64 - i as f64, k) { x[i * n + j] } else { 0.0 })
        }
        Meaning::Band => {
            let last = values[values.len() - 1].first();
            let first = if values.len() == 1 { -last } else { values[0].first() };
            Value::square(n, |i, j| f64::from((first..=last).contains(&(i as f64 - j as f64))))
        }
    }
}
