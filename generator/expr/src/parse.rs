//! From tokens to a program, by precedence climbing. From loose to tight: comparisons, `+ -`, `* / @`, a minus before
//! its operand, `**`, and what follows a value: `.T`, `'`, `.name(…)`.

mod call;

use std::ops::Range;

use crate::error::Fault;
use crate::function::{self, Axis, Form};
use crate::lex::{Token, lex};
use crate::op::{Op, OpKind};

/// How deep brackets, signs and powers may nest. The stack of calls of a browser holds many times that.
const MAX_DEPTH: usize = 100;

const COMPARISON: u8 = 1;
const SUM: u8 = 2;
const PRODUCT: u8 = 3;
const SIGN: u8 = 4;
const POWER: u8 = 5;

fn precedence(sign: &str) -> Option<u8> {
    match sign {
        "<" | "<=" | ">" | ">=" | "==" | "!=" => Some(COMPARISON),
        "+" | "-" => Some(SUM),
        "*" | "/" | "@" => Some(PRODUCT),
        "**" | "^" => Some(POWER),
        _ => None,
    }
}

/// The program of a whole source. Names, arguments and spelling are right; shapes are not yet looked at.
pub(crate) fn parse(source: &str) -> Result<Vec<Op>, Fault> {
    let tokens = lex(source)?;
    if tokens.is_empty() {
        return Err(Fault::new(&(0..0), "the expression is empty", "the pattern is A; write for example A @ A.T"));
    }
    let mut parser = Parser { tokens, at: 0, depth: 0, end: source.trim_end().len() };
    let part = parser.expression(COMPARISON)?;
    match parser.peek() {
        None => Ok(part.ops),
        Some(token) => Err(parser.leftover(token)),
    }
}

struct Parser<'a> {
    tokens: Vec<(Token<'a>, Range<usize>)>,
    at: usize,
    depth: usize,
    /// Where the last token ends.
    end: usize,
}

/// The program of a part, and its place.
struct Part {
    ops: Vec<Op>,
    span: Range<usize>,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.at).map(|(token, _)| *token)
    }

    fn sees(&self, sign: &str) -> bool {
        self.peek() == Some(Token::Sign(sign))
    }

    /// The place of the next token, or of the end.
    fn place(&self) -> Range<usize> {
        self.tokens.get(self.at).map_or(self.end..self.end, |(_, span)| span.clone())
    }

    /// Goes over the next token, and gives its place.
    fn take(&mut self) -> Range<usize> {
        let span = self.place();
        self.at += 1;
        span
    }

    /// Values joined by operators that bind at least this tightly.
    fn expression(&mut self, tightness: u8) -> Result<Part, Fault> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Fault::new(&self.place(), "this nests too deeply", format!("at most {MAX_DEPTH} levels")));
        }
        let mut left = self.operand()?;
        while let Some(Token::Sign(sign)) = self.peek()
            && let Some(level) = precedence(sign).filter(|&level| level >= tightness)
        {
            let span = self.take();
            // Powers group from the right, and take a minus: 2 ** -1.
            let right = self.expression(if level == POWER { SIGN } else { level + 1 })?;
            left = apply_operator(sign, span, vec![left, right]);
            if level == COMPARISON
                && let Some(Token::Sign(next)) = self.peek()
                && precedence(next) == Some(COMPARISON)
            {
                let hint = format!("join two by a product: (x {sign} y) * (y {next} z)");
                return Err(Fault::new(&self.place(), "comparisons cannot be chained", hint));
            }
        }
        self.depth -= 1;
        Ok(left)
    }

    /// A value with the signs before it and what follows it.
    fn operand(&mut self) -> Result<Part, Fault> {
        if let Some(Token::Sign(sign @ ("-" | "+"))) = self.peek() {
            let span = self.take();
            let operand = self.expression(SIGN)?;
            return Ok(match sign {
                "-" => apply_operator(sign, span, vec![operand]),
                _ => Part { span: span.start..operand.span.end, ..operand },
            });
        }
        let mut value = self.value()?;
        loop {
            value = match self.peek() {
                Some(Token::Sign("'")) => {
                    let end = self.take().end;
                    transpose(value, end)
                }
                Some(Token::Sign(".")) => self.attribute(value)?,
                _ => return Ok(value),
            };
        }
    }

    /// `.T` or `.name(…)` after a value.
    fn attribute(&mut self, value: Part) -> Result<Part, Fault> {
        self.take();
        let span = self.place();
        match self.peek() {
            Some(Token::Name("T")) => {
                self.take();
                if self.sees("(") {
                    return Err(Fault::new(&self.place(), "`.T` takes no arguments", "write x.T"));
                }
                Ok(transpose(value, span.end))
            }
            Some(Token::Name(name)) => {
                self.take();
                let known = function::named(name).iter().any(|e| e.form == Form::Function);
                if !known {
                    let message = format!("there is no `.{name}`");
                    return Err(Fault::new(&span, message, function::suggestion(name)));
                }
                if !self.sees("(") {
                    let message = format!("`.{name}` is a function");
                    return Err(Fault::new(&span, message, format!("call it: x.{name}()")));
                }
                self.call(name, span, Some(value))
            }
            _ => Err(Fault::new(&span, "a name must follow the dot", "as in A.T or A.sum(axis=1)")),
        }
    }

    fn value(&mut self) -> Result<Part, Fault> {
        let span = self.place();
        match self.peek() {
            Some(Token::Number(number)) => {
                self.take();
                Ok(Part { ops: vec![Op { kind: OpKind::Number(number), span: span.clone() }], span })
            }
            Some(Token::Name(name)) => {
                self.take();
                self.name(name, span)
            }
            Some(Token::Sign("(")) => {
                self.take();
                let inner = self.expression(COMPARISON)?;
                if self.sees(",") {
                    let hint = "a list of values is written only in a call, as in clip(A, 0, 0.2)";
                    return Err(Fault::new(&self.place(), "`,` is not expected here", hint));
                }
                let close = self.close(&span)?;
                Ok(Part { ops: inner.ops, span: span.start..close.end })
            }
            None => Err(Fault::new(&span, "the expression ends too early", "a value must follow, as A or 0.5")),
            Some(Token::Sign(sign)) => {
                let hint = "a value must stand here, as A or 0.5";
                Err(Fault::new(&span, format!("`{sign}` is not expected here"), hint))
            }
        }
    }

    /// What a name stands for: a matrix, a number, or a call.
    fn name(&mut self, name: &str, span: Range<usize>) -> Result<Part, Fault> {
        let entries = function::named(name);
        let Some(first) = entries.first() else {
            return Err(Fault::new(&span, format!("there is no `{name}`"), function::suggestion(name)));
        };
        match (first.form == Form::Name, self.sees("(")) {
            (false, true) => self.call(name, span, None),
            (true, false) => {
                let kind = OpKind::Apply(first, Axis::Both);
                Ok(Part { ops: vec![Op { kind, span: span.clone() }], span })
            }
            (true, true) => {
                let hint = format!("write {name} alone, or {name} * (…) to multiply");
                Err(Fault::new(&self.place(), format!("`{name}` is not a function"), hint))
            }
            (false, false) => {
                let forms: Vec<String> = entries.iter().map(|e| e.signature()).collect();
                let hint = format!("call it: {}", forms.join(" or "));
                Err(Fault::new(&span, format!("`{name}` is a function"), hint))
            }
        }
    }

    /// The closing bracket of one that was opened.
    fn close(&mut self, open: &Range<usize>) -> Result<Range<usize>, Fault> {
        match self.peek() {
            Some(Token::Sign(")")) => Ok(self.take()),
            None => Err(Fault::new(open, "this bracket is never closed", "add )")),
            Some(token) => Err(self.leftover(token)),
        }
    }

    /// A token that cannot follow a complete value.
    fn leftover(&self, token: Token) -> Fault {
        let span = self.place();
        match token {
            Token::Sign(")") => Fault::new(&span, "this bracket was never opened", "remove it, or add ( before"),
            Token::Sign("=") => Fault::new(&span, "`=` is not expected here", "write == to compare"),
            Token::Sign(",") => {
                Fault::new(&span, "`,` is not expected here", "values are listed only in a call, as in clip(A, 0, 0.2)")
            }
            Token::Sign("(") | Token::Name(_) | Token::Number(_) => {
                let hint = "write * for the elementwise and @ for the matrix product";
                Fault::new(&span, "there is no operator before this", hint)
            }
            Token::Sign(sign) => Fault::new(&span, format!("`{sign}` is not expected here"), ""),
        }
    }
}

fn apply_operator(sign: &str, span: Range<usize>, sides: Vec<Part>) -> Part {
    let entry = function::operator(sign, sides.len()).expect("every sign with a precedence is in the table");
    let whole = sides[0].span.start.min(span.start)..sides[sides.len() - 1].span.end;
    let mut sides = sides.into_iter();
    let mut ops = sides.next().map_or(Vec::new(), |side| side.ops);
    ops.extend(sides.flat_map(|side| side.ops));
    ops.push(Op { kind: OpKind::Apply(entry, Axis::Both), span });
    Part { ops, span: whole }
}

fn transpose(value: Part, end: usize) -> Part {
    let [entry] = function::named("transpose")[..] else { unreachable!("transpose is in the table once") };
    let span = value.span.start..end;
    let mut ops = value.ops;
    ops.push(Op { kind: OpKind::Apply(entry, Axis::Both), span: span.clone() });
    Part { ops, span }
}
