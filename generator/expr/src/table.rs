//! The language's table: every name, operator and function, with its meaning and its documentation.
//!
//! Names are numpy's and PyTorch's where they have one. What a cell becomes that is not a number is numpy's too:
//! 0 / 0 is NaN, log(0) is -inf, and NaN goes through everything but comparisons.

use crate::function::{Axis, Entry, Form, Group, Kind, Meaning, Parameter};

/// A kernel over cells, from the formula for one.
macro_rules! cells {
    (|$x:ident| $value:expr) => {
        Meaning::Cells(|out, _| {
            for cell in out {
                let $x = *cell;
                *cell = $value;
            }
        })
    };
    (|$x:ident, $y:ident| $value:expr) => {
        Meaning::Cells(|out, others| {
            for (cell, &$y) in out.iter_mut().zip(others[0]) {
                let $x = *cell;
                *cell = $value;
            }
        })
    };
    (|$x:ident, $y:ident, $z:ident| $value:expr) => {
        Meaning::Cells(|out, others| {
            for ((cell, &$y), &$z) in out.iter_mut().zip(others[0]).zip(others[1]) {
                let $x = *cell;
                *cell = $value;
            }
        })
    };
}

const X: Parameter = Parameter { name: "x", kind: Kind::Any };
const Y: Parameter = Parameter { name: "y", kind: Kind::Any };
const SQUARE: Parameter = Parameter { name: "x", kind: Kind::Matrix };
const AXIS: Parameter = axis(Axis::Both);
const DIAGONAL: Parameter = Parameter { name: "k", kind: Kind::Whole(Some(0.0)) };

const fn axis(default: Axis) -> Parameter {
    Parameter { name: "axis", kind: Kind::Axis(Some(default)) }
}

const fn name(name: &'static str, also: &'static [&'static str], group: Group, meaning: Meaning) -> Entry {
    Entry { name, also, group, form: Form::Name, parameters: &[], doc: "", example: "", meaning }
}

const fn operator(name: &'static str, written: &'static str, meaning: Meaning) -> Entry {
    let form = Form::Operator(written);
    Entry { name, also: &[], group: Group::Operators, form, parameters: &[X, Y], doc: "", example: "", meaning }
}

const fn function(name: &'static str, group: Group, parameters: &'static [Parameter], meaning: Meaning) -> Entry {
    Entry { name, also: &[], group, form: Form::Function, parameters, doc: "", example: "", meaning }
}

const fn cellwise(name: &'static str, parameters: &'static [Parameter], meaning: Meaning) -> Entry {
    function(name, Group::Elementwise, parameters, meaning)
}

impl Entry {
    const fn doc(self, doc: &'static str, example: &'static str) -> Entry {
        Entry { doc, example, ..self }
    }

    const fn also(self, also: &'static [&'static str]) -> Entry {
        Entry { also, ..self }
    }
}

/// Everything that an expression can say, in the order of the reference.
pub static ENTRIES: &[Entry] = &[
    name("A", &[], Group::Names, Meaning::Pattern)
        .doc("The attention pattern [n, n]: one row per query, one column per key.", "A"),
    name("n", &[], Group::Names, Meaning::Length).doc("The number of tokens, which is the size of A.", "A * n"),
    name("i", &["q"], Group::Names, Meaning::Place(|i, _| i as f64))
        .doc("The index of the query in every cell [n, n], from 0.", "A * (i + 1)"),
    name("j", &["k"], Group::Names, Meaning::Place(|_, j| j as f64))
        .doc("The index of the key in every cell [n, n], from 0; i - j is the distance.", "A * (i - j)"),
    name("inf", &[], Group::Names, Meaning::Constant(f64::INFINITY))
        .doc("Infinity.", "softmax(where(causal, log(A), -inf))"),
    name("nan", &[], Group::Names, Meaning::Constant(f64::NAN))
        .doc("Not a number; such cells are counted as not finite.", "where(causal, A, nan)"),
    name("ones", &[], Group::Names, Meaning::Place(|_, _| 1.0)).doc("The matrix [n, n] of ones.", "ones / n"),
    name("zeros", &[], Group::Names, Meaning::Place(|_, _| 0.0)).doc(
        "The matrix [n, n] of zeros; adding it makes a matrix of a row, a column or a number.",
        "zeros + sum(A, 0)",
    ),
    name("eye", &["diagonal"], Group::Masks, Meaning::Place(|i, j| f64::from(i == j)))
        .doc("The identity matrix: 1 where a token is its own key.", "A * (1 - eye)"),
    name("causal", &[], Group::Masks, Meaning::Place(|i, j| f64::from(j <= i)))
        .doc("1 where the key is not later than the query.", "where(causal, A, nan)"),
    name("first_key", &[], Group::Masks, Meaning::Place(|_, j| f64::from(j == 0)))
        .doc("1 in the first column, where attention often sinks.", "rownorm(A * (1 - first_key))"),
    name("same_token", &[], Group::Masks, Meaning::SameToken)
        .doc("1 where query and key are the same token, the diagonal included.", "A * same_token * (i > j)"),
    function("band", Group::Masks, &[Parameter { name: "k", kind: Kind::Number }], Meaning::Band)
        .doc("1 where query and key are at most k apart, in either direction.", "A * band(4)"),
    function(
        "band",
        Group::Masks,
        &[Parameter { name: "lo", kind: Kind::Number }, Parameter { name: "hi", kind: Kind::Number }],
        Meaning::Band,
    )
    .doc("1 where lo <= i - j <= hi; band(1, 1) is the previous token.", "A * band(1, 1)"),
    operator("+", "x + y", cells!(|x, y| x + y)).doc("Sum, cell by cell.", "A + A.T"),
    operator("-", "x - y", cells!(|x, y| x - y)).doc("Difference, cell by cell.", "A - A.T"),
    operator("*", "x * y", cells!(|x, y| x * y)).doc("Product, cell by cell.", "A * same_token"),
    operator("/", "x / y", cells!(|x, y| x / y)).doc("Quotient, cell by cell.", "A / max(A, axis=1)"),
    operator("**", "x ** y", cells!(|x, y| x.powf(y)))
        .also(&["^"])
        .doc("Power, cell by cell; binds more tightly than a minus before it. matpow is the other power.", "A ** 0.5"),
    Entry { parameters: &[X], ..operator("-", "-x", cells!(|x| -x)) }.doc("The negative of every cell.", "-log2(A)"),
    operator("@", "x @ y", Meaning::Product).doc("Matrix product; x has as many columns as y has rows.", "A @ A.T"),
    operator("<", "x < y", cells!(|x, y| f64::from(x < y))).doc("1 where x is less, otherwise 0.", "A < 0.01"),
    operator("<=", "x <= y", cells!(|x, y| f64::from(x <= y))).doc("1 where x is at most y, otherwise 0.", "j <= i"),
    operator(">", "x > y", cells!(|x, y| f64::from(x > y))).doc("1 where x is greater, otherwise 0.", "A > 1 / n"),
    operator(">=", "x >= y", cells!(|x, y| f64::from(x >= y))).doc("1 where x is at least y, otherwise 0.", "i >= j"),
    operator("==", "x == y", cells!(|x, y| f64::from(x == y)))
        .doc("1 where both are equal, otherwise 0.", "A == max(A, axis=1)"),
    operator("!=", "x != y", cells!(|x, y| f64::from(x != y))).doc("1 where both differ, otherwise 0.", "A * (i != j)"),
    cellwise("log", &[X], cells!(|x| x.ln())).doc("Natural logarithm; log(0) is -inf.", "-log(A + 1e-8)"),
    cellwise("log2", &[X], cells!(|x| x.log2())).doc("Logarithm to the base 2.", "log2(A + 1e-8)"),
    cellwise("log10", &[X], cells!(|x| x.log10())).doc("Logarithm to the base 10.", "log10(A + 1e-8)"),
    cellwise("exp", &[X], cells!(|x| x.exp())).doc("Exponential.", "exp(A)"),
    cellwise("sqrt", &[X], cells!(|x| x.sqrt())).doc("Square root; NaN for what is negative.", "sqrt(A)"),
    cellwise("abs", &[X], cells!(|x| x.abs())).doc("Absolute value.", "abs(A - A.T)"),
    cellwise(
        "clip",
        &[X, Parameter { name: "lo", kind: Kind::Any }, Parameter { name: "hi", kind: Kind::Any }],
        cells!(|x, lo, hi| minimum(maximum(x, lo), hi)),
    )
    .also(&["clamp"])
    .doc("x, but not below lo and not above hi; hi where lo is above it.", "clip(A, 0, 0.2)"),
    cellwise("minimum", &[X, Y], cells!(|x, y| minimum(x, y)))
        .also(&["min"])
        .doc("The smaller of two, cell by cell; NaN if one of them is.", "minimum(A, A.T)"),
    cellwise("maximum", &[X, Y], cells!(|x, y| maximum(x, y)))
        .also(&["max"])
        .doc("The larger of two, cell by cell; NaN if one of them is.", "maximum(A, A.T)"),
    cellwise("where", &[Parameter { name: "condition", kind: Kind::Any }, X, Y], {
        cells!(|condition, x, y| if condition != 0.0 { x } else { y })
    })
    .doc("x where the condition is not 0, otherwise y.", "where(A > 0, log(A), 0)"),
    function("sum", Group::Reductions, &[X, AXIS], Meaning::Reduce(|cells| cells.iter().sum()))
        .doc("Sum.", "A / sum(A, axis=0)"),
    function("mean", Group::Reductions, &[X, AXIS], Meaning::Reduce(mean)).doc("Mean.", "A - mean(A, axis=0)"),
    function("min", Group::Reductions, &[X, AXIS], Meaning::Reduce(|x| x.iter().copied().fold(f64::INFINITY, minimum)))
        .doc("The smallest value; NaN if one is.", "A - min(A)"),
    function("max", Group::Reductions, &[X, AXIS], {
        Meaning::Reduce(|x| x.iter().copied().fold(f64::NEG_INFINITY, maximum))
    })
    .doc("The largest value; NaN if one is.", "A / max(A)"),
    function("rownorm", Group::Reductions, &[X], Meaning::Along(normalize, Some(Axis::Across)))
        .doc("Each row divided by the sum of its absolute values; a row of zeros stays.", "rownorm(A * (1 - eye))"),
    function("colnorm", Group::Reductions, &[X], Meaning::Along(normalize, Some(Axis::Down)))
        .doc("Each column divided by the sum of its absolute values; a column of zeros stays.", "colnorm(A)"),
    function("softmax", Group::Reductions, &[X, axis(Axis::Across)], Meaning::Along(softmax, None))
        .doc("exp(x) divided by its sum along the axis; NaN where all is -inf.", "softmax(4 * log(A))"),
    function("transpose", Group::Matrices, &[X], Meaning::Transpose)
        .doc("Rows as columns. Also written x.T or x'.", "A @ A.T"),
    function("matpow", Group::Matrices, &[SQUARE, Parameter { name: "t", kind: Kind::Count }], Meaning::Power)
        .also(&["matrix_power"])
        .doc(
            "x @ x @ … with t factors, by repeated squaring; eye for t = 0. For a pattern, t steps of its walk.",
            "matpow(A, 5)",
        ),
    function("tril", Group::Matrices, &[SQUARE, DIAGONAL], Meaning::Triangle(|above, k| above <= k))
        .doc("x on and below the k-th diagonal, where j - i <= k, otherwise 0.", "tril(A @ A.T, -1)"),
    function("triu", Group::Matrices, &[SQUARE, DIAGONAL], Meaning::Triangle(|above, k| above >= k))
        .doc("x on and above the k-th diagonal, where j - i >= k, otherwise 0.", "triu(A @ A.T)"),
    function(
        "roll",
        Group::Matrices,
        &[X, Parameter { name: "shift", kind: Kind::Whole(None) }, axis(Axis::Across)],
        Meaning::Roll,
    )
    .doc(
        "x moved by shift places along the axis; what leaves at one end enters at the other.",
        "A * tril(roll(same_token, 1), -1)",
    ),
];

/// As numpy's: NaN if one is.
fn minimum(x: f64, y: f64) -> f64 {
    if x.is_nan() || x < y { x } else { y }
}

/// As numpy's: NaN if one is.
fn maximum(x: f64, y: f64) -> f64 {
    if x.is_nan() || x > y { x } else { y }
}

fn mean(cells: &[f64]) -> f64 {
    cells.iter().sum::<f64>() / cells.len() as f64
}

fn normalize(cells: &mut [f64]) {
    let sum: f64 = cells.iter().map(|x| x.abs()).sum();
    if sum != 0.0 {
        cells.iter_mut().for_each(|x| *x /= sum);
    }
}

fn softmax(cells: &mut [f64]) {
    let most = cells.iter().copied().fold(f64::NEG_INFINITY, maximum);
    cells.iter_mut().for_each(|x| *x = (*x - most).exp());
    let sum: f64 = cells.iter().sum();
    cells.iter_mut().for_each(|x| *x /= sum);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_is_seen_from_both_sides() {
        for pair in [(f64::NAN, 1.0), (1.0, f64::NAN)] {
            assert!(minimum(pair.0, pair.1).is_nan() && maximum(pair.0, pair.1).is_nan());
        }
        assert_eq!((minimum(1.0, 2.0), maximum(1.0, 2.0)), (1.0, 2.0));
    }

    #[test]
    fn kernels_are_as_wide_as_their_parameters() {
        for entry in ENTRIES {
            if let Meaning::Cells(kernel) = entry.meaning {
                let others = vec![&[0.5][..]; entry.parameters.len() - 1];
                kernel(&mut [0.5], &others);
            }
        }
    }
}
