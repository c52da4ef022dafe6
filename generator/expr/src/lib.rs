//! Matrix expressions over an attention pattern: `log10(A + 1e-8)`, `A @ A.T`, `rownorm(A * (1 - first_key))`.
//!
//! ```
//! use lens_expr::{Expr, Input, Limits};
//!
//! let expr = Expr::parse("A - A.T").unwrap();
//! let input = Input { n: 2, pattern: &[1.0, 0.0, 0.25, 0.75], token_ids: &[7, 8] };
//! let matrix = expr.eval(&input, &Limits::default()).unwrap();
//! assert_eq!(matrix.values, [0.0, -0.25, 0.25, 0.0]);
//! ```
//!
//! The language is numpy's, as far as it goes: names, precedence of operators, broadcasting. Differences are few.
//! `^` is a power, as `**`. Sums and the like keep the dimension that they reduce, with length 1. A comparison gives 1
//! or 0, and cannot be chained. Everything is written in [`ENTRIES`], from which [`reference::markdown`] makes the
//! reference:
//!
#![doc = include_str!("../REFERENCE.md")]
//!
//! # What is promised
//!
//! - Values are computed in f64 and rounded to f32 at the end. Nothing is random, parallel, or dependent on the machine
//!   but for the last bits of the logarithm, the exponential and the power.
//! - Errors of spelling and of shape are found by [`Expr::parse`], once, before there is any pattern. They name a place
//!   ([`ParseError::span`]) and a remedy.
//! - [`Expr::cost`] bounds work and memory from the expression and `n` alone. [`Expr::eval`] refuses what is above its
//!   [`Limits`] before it computes anything.
//! - Cells that are not finite are kept as they are, and counted ([`Matrix::nan`], [`Matrix::infinite`]).
//! - No text makes the parser overflow its stack, and no input makes anything panic.

mod check;
mod decimal;
mod error;
mod eval;
mod function;
mod lex;
mod op;
mod parse;
mod product;
pub mod reference;
mod table;
mod value;

pub use check::{Cost, Limits};
pub use decimal::decimal;
pub use error::{EvalError, ParseError};
pub use eval::{Input, Matrix};
pub use function::{Axis, Entry, Form, Group, Kind, Parameter};
pub use reference::EXAMPLES;
pub use table::ENTRIES;

use op::Op;

/// A parsed expression, free of errors that can be seen without a pattern. Its result is a matrix `[n, n]`.
#[derive(Debug, Clone)]
pub struct Expr {
    source: String,
    ops: Vec<Op>,
}

impl Expr {
    /// Parses and checks an expression.
    ///
    /// # Errors
    /// Anything that is wrong for every pattern: spelling, unknown names, arguments, shapes, and a result that is not a
    /// matrix.
    pub fn parse(source: &str) -> Result<Expr, ParseError> {
        let ops = parse::parse(source).and_then(|ops| check::check(&ops, None).map(|_| ops));
        match ops {
            Ok(ops) => Ok(Expr { source: source.to_owned(), ops }),
            Err(fault) => Err(ParseError::new(source, fault)),
        }
    }

    /// The text that was parsed.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether the expression looks at the tokens, by `same_token`. If not, [`Input::token_ids`] may be empty.
    pub fn uses_tokens(&self) -> bool {
        self.ops.iter().any(Op::uses_tokens)
    }

    /// An upper bound of what an evaluation for patterns `[n, n]` takes.
    ///
    /// # Errors
    /// An argument that depends on `n` and is wrong for this one, such as `matpow(A, n - 3)` for n = 2.
    pub fn cost(&self, n: usize) -> Result<Cost, EvalError> {
        check::check(&self.ops, Some(n)).map_err(|fault| EvalError::Argument(ParseError::new(&self.source, fault)))
    }

    /// The matrix `[n, n]` that the expression says.
    ///
    /// # Errors
    /// An input whose parts do not fit together, a cost above the limits, and the errors of [`Expr::cost`].
    pub fn eval(&self, input: &Input, limits: &Limits) -> Result<Matrix, EvalError> {
        input.validate(self.uses_tokens())?;
        limits.admit(self.cost(input.n)?, input.n)?;
        Ok(eval::eval(&self.ops, input))
    }
}

impl std::str::FromStr for Expr {
    type Err = ParseError;

    fn from_str(source: &str) -> Result<Expr, ParseError> {
        Expr::parse(source)
    }
}
