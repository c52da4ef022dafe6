//! Calls: arguments by place and by name, and which of several entries of a name is meant.

use std::ops::Range;

use super::{COMPARISON, Parser, Part};
use crate::check;
use crate::error::Fault;
use crate::function::{self, Axis, Entry, Form, Kind};
use crate::lex::Token;
use crate::op::{Op, OpKind};

struct Argument<'a> {
    /// As in `axis=1`.
    name: Option<(&'a str, Range<usize>)>,
    /// `None` stands for `axis=None`.
    part: Option<Part>,
    span: Range<usize>,
}

impl Argument<'_> {
    /// The axis that the argument means, if it is one.
    fn axis(&self) -> Option<Axis> {
        match &self.part {
            None => Some(Axis::Both),
            Some(part) => check::constant(&part.ops).and_then(Axis::of),
        }
    }
}

impl<'a> Parser<'a> {
    /// The arguments of a function and its closing bracket. The opening one is next.
    pub(super) fn call(&mut self, name: &str, span: Range<usize>, first: Option<Part>) -> Result<Part, Fault> {
        let start = first.as_ref().map_or(span.start, |part| part.span.start);
        let open = self.take();
        let mut arguments: Vec<Argument> = Vec::new();
        arguments.extend(first.map(|part| Argument { name: None, span: part.span.clone(), part: Some(part) }));
        while !self.sees(")") {
            let argument = self.argument()?;
            if argument.name.is_none() && arguments.iter().any(|a| a.name.is_some()) {
                let hint = "arguments without a name come first";
                return Err(Fault::new(&argument.span, "this argument needs a name", hint));
            }
            arguments.push(argument);
            if !self.sees(",") {
                break;
            }
            self.take();
        }
        let close = self.close(&open)?;
        let whole = start..close.end;
        let call_span = span.start..close.end;
        let entry = choose(name, &call_span, &arguments)?;
        let (mut ops, axis) = place(entry, &call_span, arguments)?;
        ops.push(Op { kind: OpKind::Apply(entry, axis), span: call_span });
        Ok(Part { ops, span: whole })
    }

    fn argument(&mut self) -> Result<Argument<'a>, Fault> {
        let mut name = None;
        if let Some(Token::Name(word)) = self.peek()
            && let Some((Token::Sign("="), _)) = self.tokens.get(self.at + 1)
        {
            name = Some((word, self.take()));
            self.take();
        }
        let span = self.place();
        if self.peek() == Some(Token::Name("None")) {
            self.take();
            return Ok(Argument { name, part: None, span });
        }
        if let Some((word @ ("keepdims" | "keepdim"), span)) = name {
            let hint = "leave it out: the dimension is always kept, with length 1";
            return Err(Fault::new(&span, format!("there is no argument `{word}`"), hint));
        }
        let part = self.expression(COMPARISON)?;
        Ok(Argument { name, span: part.span.clone(), part: Some(part) })
    }
}

/// The entry of a name that takes these arguments.
fn choose(name: &str, span: &Range<usize>, arguments: &[Argument]) -> Result<&'static Entry, Fault> {
    let entries: Vec<_> = function::named(name).into_iter().filter(|e| e.form == Form::Function).collect();
    let fitting: Vec<_> = entries.iter().copied().filter(|e| fits(e, arguments)).collect();
    if let [entry] = fitting[..] {
        return Ok(entry);
    }
    // Two arguments of max: a second matrix, or an axis?
    let takes_axis = |e: &&Entry| e.parameters.iter().any(|p| matches!(p.kind, Kind::Axis(_)));
    if let (Some(other), Some(last)) = (fitting.iter().copied().find(|e| !takes_axis(e)), arguments.last()) {
        if last.axis().is_none() {
            return Ok(other);
        }
        let hint = format!("write {name}(x, axis=…) for an axis, or {}", other.signature());
        return Err(Fault::new(&last.span, format!("`{name}` could mean an axis or a value here"), hint));
    }
    let forms = entries.iter().map(|e| e.signature()).collect::<Vec<_>>().join(" or ");
    let known = |word: &str| entries.iter().any(|e| e.parameters.iter().any(|p| p.is_called(word)));
    if let Some((word, span)) = arguments.iter().filter_map(|a| a.name.as_ref()).find(|(word, _)| !known(word)) {
        return Err(Fault::new(span, format!("`{name}` has no argument `{word}`"), format!("write {forms}")));
    }
    let count = match arguments.len() {
        0 => "no argument was".to_owned(),
        1 => "1 argument was".to_owned(),
        count => format!("{count} arguments were"),
    };
    Err(Fault::new(span, format!("{count} given to `{name}`, which does not fit"), format!("write {forms}")))
}

/// Whether every argument has its parameter, and every parameter its argument or a default.
fn fits(entry: &Entry, arguments: &[Argument]) -> bool {
    let unnamed = arguments.iter().filter(|a| a.name.is_none()).count();
    let named = |at: usize| {
        let is_it = |a: &&Argument| a.name.as_ref().is_some_and(|(word, _)| entry.parameters[at].is_called(word));
        arguments.iter().filter(is_it).count()
    };
    let filled = |at: usize| match usize::from(at < unnamed) + named(at) {
        0 => entry.parameters[at].default().is_some(),
        count => count == 1,
    };
    let known = |word: &str| entry.parameters.iter().any(|p| p.is_called(word));
    unnamed <= entry.parameters.len()
        && (0..entry.parameters.len()).all(filled)
        && arguments.iter().filter_map(|a| a.name.as_ref()).all(|(word, _)| known(word))
}

/// The arguments in the order of the parameters, with defaults; the axis apart.
fn place(entry: &'static Entry, span: &Range<usize>, arguments: Vec<Argument>) -> Result<(Vec<Op>, Axis), Fault> {
    let unnamed = arguments.iter().filter(|a| a.name.is_none()).count();
    let mut given: Vec<Option<Argument>> = entry.parameters.iter().map(|_| None).collect();
    for (at, argument) in arguments.into_iter().enumerate() {
        let called =
            argument.name.as_ref().and_then(|(word, _)| entry.parameters.iter().position(|p| p.is_called(word)));
        let to = if at < unnamed { at } else { called.unwrap_or(at) };
        given[to] = Some(argument);
    }
    let mut ops = Vec::new();
    let mut axis = Axis::Both;
    for (parameter, argument) in entry.parameters.iter().zip(given) {
        match (parameter.kind, argument) {
            (Kind::Axis(default), None) => axis = default.unwrap_or(Axis::Both),
            (Kind::Axis(default), Some(argument)) => {
                let may_be_both = default == Some(Axis::Both);
                axis = argument.axis().filter(|&a| may_be_both || a != Axis::Both).ok_or_else(|| {
                    let hint = "write 0 for one value per column, 1 for one value per row";
                    Fault::new(&argument.span, "the axis is 0 or 1", hint)
                })?;
            }
            (Kind::Whole(Some(default)), None) => {
                ops.push(Op { kind: OpKind::Number(default), span: span.clone() });
            }
            // A chain of calls hands on one list, however long it gets.
            (_, Some(Argument { part: Some(part), .. })) if ops.is_empty() => ops = part.ops,
            (_, Some(Argument { part: Some(part), .. })) => ops.extend(part.ops),
            (_, Some(argument)) => {
                let message = format!("`{}` cannot be None", parameter.name);
                return Err(Fault::new(&argument.span, message, format!("write {}", entry.signature())));
            }
            (_, None) => unreachable!("an entry that fits has all its arguments"),
        }
    }
    Ok((ops, axis))
}
