//! A run of a program without numbers: shapes, constants, work and memory, before anything is computed.

use std::fmt;
use std::ops::Range;

use crate::error::{EvalError, Fault};
use crate::function::{Axis, Entry, Kind, Meaning};
use crate::op::{Op, OpKind};
use crate::product;

/// What a cell of an elementwise function counts, in floating-point operations: about the time of a logarithm.
const CELL: u64 = 20;
/// Up to here every whole number is an f64.
const LARGEST_WHOLE: f64 = (1u64 << 53) as f64;
const BYTES: u64 = size_of::<f64>() as u64;

/// An upper bound of what an evaluation takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    /// Floating-point operations: 2 r m c for the product of `[r, m]` and `[m, c]`, 20 per cell of anything else. A
    /// core does some 10⁹ a second.
    pub operations: u64,
    /// Bytes that are held at the same time, the result among them.
    pub bytes: u64,
}

/// What an evaluation may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub operations: u64,
    pub bytes: u64,
}

impl Default for Limits {
    /// Some seconds of one core, and 1 GiB.
    fn default() -> Self {
        Limits { operations: 20_000_000_000, bytes: 1 << 30 }
    }
}

impl Limits {
    pub(crate) fn admit(self, cost: Cost, n: usize) -> Result<(), EvalError> {
        if cost.operations > self.operations {
            return Err(EvalError::Operations { cost, limits: self, n });
        }
        if cost.bytes > self.bytes {
            return Err(EvalError::Memory { cost, limits: self, n });
        }
        Ok(())
    }
}

/// Whether there is one row and one column, or n of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shape {
    many_rows: bool,
    many_columns: bool,
}

impl Shape {
    const NUMBER: Shape = Shape { many_rows: false, many_columns: false };
    const MATRIX: Shape = Shape { many_rows: true, many_columns: true };

    fn cells(self, n: u64) -> u64 {
        let length = |many: bool| if many { n } else { 1 };
        length(self.many_rows).saturating_mul(length(self.many_columns))
    }

    fn broadcast(self, other: Shape) -> Shape {
        Shape { many_rows: self.many_rows || other.many_rows, many_columns: self.many_columns || other.many_columns }
    }

    fn transpose(self) -> Shape {
        Shape { many_rows: self.many_columns, many_columns: self.many_rows }
    }

    fn reduce(self, axis: Axis) -> Shape {
        Shape {
            many_rows: self.many_rows && axis == Axis::Across,
            many_columns: self.many_columns && axis == Axis::Down,
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.many_rows, self.many_columns) {
            (true, true) => "a matrix [n, n]",
            (true, false) => "a column [n, 1]",
            (false, true) => "a row [1, n]",
            (false, false) => "a number",
        })
    }
}

/// What can be said of a number before the run.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Known {
    /// Nothing: it comes from a matrix.
    Later,
    /// It follows from n, which is not known yet.
    Length,
    Value(f64),
}

#[derive(Debug, Clone)]
struct Operand {
    shape: Shape,
    known: Known,
    /// Cells that are held for it: none for the pattern itself.
    held: u64,
    /// Where it is written, without brackets around it.
    span: Range<usize>,
}

/// The cost of a program for a size; without one, only its errors.
pub(crate) fn check(ops: &[Op], n: Option<usize>) -> Result<Cost, Fault> {
    let (result, cost) = run(ops, n)?;
    if result.shape != Shape::MATRIX {
        let message = format!("the result is {}, and must be a matrix [n, n]", result.shape);
        return Err(Fault::new(&result.span, message, "write zeros + (…) to repeat it in every cell that it lacks"));
    }
    Ok(cost)
}

/// The number that a program is, if neither a matrix nor n is needed to know it.
pub(crate) fn constant(ops: &[Op]) -> Option<f64> {
    match run(ops, None) {
        Ok((Operand { shape: Shape::NUMBER, known: Known::Value(value), .. }, _)) => Some(value),
        _ => None,
    }
}

fn run(ops: &[Op], n: Option<usize>) -> Result<(Operand, Cost), Fault> {
    let size = n.unwrap_or(0) as u64;
    // The pattern in f64, and the result in f32.
    let ends = size.saturating_mul(size).saturating_mul(BYTES + 4);
    let mut cost = Cost { operations: 0, bytes: ends };
    let mut stack: Vec<Operand> = Vec::new();
    for op in ops {
        let inputs = stack.iter().map(|o| o.held).fold(0, u64::saturating_add);
        let (result, operations) = match &op.kind {
            OpKind::Number(value) => {
                let known = Known::Value(*value);
                (Operand { shape: Shape::NUMBER, known, held: 1, span: op.span.clone() }, 1)
            }
            OpKind::Apply(entry, axis) => {
                let operands = stack.split_off(stack.len() - entry.values());
                check_kinds(entry, &operands)?;
                let shape = result_shape(entry, *axis, &operands, op)?;
                let known = known(entry, &operands, shape, n);
                let held = if matches!(entry.meaning, Meaning::Pattern) { 0 } else { shape.cells(size) };
                let cover = |all: Range<usize>, o: &Operand| all.start.min(o.span.start)..all.end.max(o.span.end);
                let span = operands.iter().fold(op.span.clone(), cover);
                let operations = operations(entry, &operands, shape, size);
                (Operand { shape, known, held, span }, operations)
            }
        };
        // Going down columns takes a transposed copy, a power takes a square and the next product.
        let copies = match &op.kind {
            OpKind::Apply(Entry { meaning: Meaning::Power, .. }, _) => 2,
            OpKind::Apply(Entry { meaning: Meaning::Along(_, Some(Axis::Down)), .. }, _) => 1,
            OpKind::Apply(_, Axis::Down) => 1,
            _ => 0,
        };
        let copied = Shape::MATRIX.cells(size).saturating_mul(copies);
        let cells = inputs.saturating_add(result.held).saturating_add(copied);
        cost.operations = cost.operations.saturating_add(operations);
        cost.bytes = cost.bytes.max(ends.saturating_add(cells.saturating_mul(BYTES)));
        stack.push(result);
    }
    let result = stack.pop().expect("a program that was parsed leaves its result");
    Ok((result, cost))
}

/// Holds each operand against what its parameter takes.
fn check_kinds(entry: &Entry, operands: &[Operand]) -> Result<(), Fault> {
    let parameters = entry.parameters.iter().filter(|p| !matches!(p.kind, Kind::Axis(_)));
    for (parameter, operand) in parameters.zip(operands) {
        let wrong = |message: String, hint: &str| Err(Fault::new(&operand.span, message, hint));
        let (name, shape) = (parameter.name, operand.shape);
        match parameter.kind {
            Kind::Any | Kind::Axis(_) => {}
            Kind::Matrix if shape == Shape::MATRIX => {}
            Kind::Matrix => {
                return wrong(format!("`{}` takes a matrix [n, n], and this is {shape}", entry.name), "");
            }
            Kind::Number | Kind::Whole(_) | Kind::Count if shape != Shape::NUMBER => {
                return wrong(format!("`{name}` of `{}` is a number, and this is {shape}", entry.name), "");
            }
            Kind::Number => {}
            Kind::Whole(_) | Kind::Count => match operand.known {
                Known::Later => {
                    let message = format!("`{name}` of `{}` cannot depend on a matrix", entry.name);
                    return wrong(message, "write a number, or one made of n, such as n - 1");
                }
                Known::Value(value) if value.fract() != 0.0 || !value.is_finite() => {
                    return wrong(format!("`{name}` of `{}` is a whole number, and this is {value}", entry.name), "");
                }
                Known::Value(value) if value.abs() > LARGEST_WHOLE => {
                    return wrong(format!("`{name}` of `{}` is too large", entry.name), "the largest is 2 ** 53");
                }
                Known::Value(value) if value < 0.0 && parameter.kind == Kind::Count => {
                    return wrong(format!("`{name}` of `{}` is not negative, and this is {value}", entry.name), "");
                }
                Known::Value(_) | Known::Length => {}
            },
        }
    }
    Ok(())
}

fn result_shape(entry: &Entry, axis: Axis, operands: &[Operand], op: &Op) -> Result<Shape, Fault> {
    Ok(match entry.meaning {
        Meaning::Length | Meaning::Constant(_) => Shape::NUMBER,
        Meaning::Pattern | Meaning::Place(_) | Meaning::SameToken | Meaning::Band => Shape::MATRIX,
        Meaning::Cells(_) => operands.iter().fold(Shape::NUMBER, |shape, o| shape.broadcast(o.shape)),
        Meaning::Reduce(_) => operands[0].shape.reduce(axis),
        Meaning::Transpose => operands[0].shape.transpose(),
        Meaning::Along(..) | Meaning::Roll | Meaning::Power | Meaning::Triangle(_) => operands[0].shape,
        Meaning::Product => {
            let [left, right] = [operands[0].shape, operands[1].shape];
            if let Some(number) = operands.iter().find(|o| o.shape == Shape::NUMBER) {
                let message = "`@` takes matrices, rows and columns, and this is a number";
                return Err(Fault::new(&number.span, message, "write * to multiply by a number"));
            }
            if left.many_columns != right.many_rows {
                let message = format!("`@` cannot multiply {left} by {right}");
                let hint = "the left has as many columns as the right has rows; .T turns one around";
                return Err(Fault::new(&op.span, message, hint));
            }
            Shape { many_rows: left.many_rows, many_columns: right.many_columns }
        }
    })
}

/// What is known of a result.
fn known(entry: &Entry, operands: &[Operand], shape: Shape, n: Option<usize>) -> Known {
    if shape != Shape::NUMBER || operands.iter().any(|o| o.shape != Shape::NUMBER || o.known == Known::Later) {
        return Known::Later;
    }
    let values: Option<Vec<[f64; 1]>> = operands
        .iter()
        .map(|o| match o.known {
            Known::Value(value) => Some([value]),
            _ => None,
        })
        .collect();
    let Some(values) = values else { return Known::Length };
    match entry.meaning {
        Meaning::Length => n.map_or(Known::Length, |n| Known::Value(n as f64)),
        Meaning::Constant(value) => Known::Value(value),
        Meaning::Cells(kernel) => {
            let mut cell = values[0];
            let others: Vec<&[f64]> = values[1..].iter().map(|value| &value[..]).collect();
            kernel(&mut cell, &others);
            Known::Value(cell[0])
        }
        Meaning::Reduce(kernel) => Known::Value(kernel(&values[0])),
        Meaning::Transpose => Known::Value(values[0][0]),
        _ => Known::Later,
    }
}

fn operations(entry: &Entry, operands: &[Operand], result: Shape, n: u64) -> u64 {
    let length = |many: bool| if many { n } else { 1 };
    let product = |rows, inner, columns| product::operations([rows, inner, columns].map(length));
    let touched = operands.iter().map(|o| o.shape.cells(n)).fold(result.cells(n), u64::max).saturating_mul(CELL);
    match entry.meaning {
        Meaning::Product => {
            let [left, right] = [operands[0].shape, operands[1].shape];
            product(left.many_rows, left.many_columns, right.many_columns).saturating_add(touched)
        }
        Meaning::Power => {
            let products = match operands[1].known {
                Known::Value(t) => product::products_of_power(t as u64),
                _ => 0,
            };
            product(true, true, true).saturating_mul(products).saturating_add(touched)
        }
        _ => touched,
    }
}
