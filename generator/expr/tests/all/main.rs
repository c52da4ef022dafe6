//! The crate from outside.
//!
//! - `numpy`: values, against what numpy computes.
//! - `errors`: what a person reads who mistyped something.
//! - `limits`: costs, and what is refused.
//! - `random`: nothing that is typed or given makes anything panic.
//! - `reference`: the documentation is complete, and its examples work.

mod errors;
mod limits;
mod numpy;
mod random;
mod reference;

use lens_expr::{Expr, Input, Limits, Matrix};

/// The result for a pattern whose tokens are all different.
fn eval(source: &str, pattern: &[f32]) -> Matrix {
    let n = pattern.len().isqrt();
    let token_ids: Vec<u32> = (0..n as u32).collect();
    let expr = Expr::parse(source).unwrap_or_else(|e| panic!("{e}"));
    expr.eval(&Input { n, pattern, token_ids: &token_ids }, &Limits::default()).unwrap_or_else(|e| panic!("{e}"))
}
