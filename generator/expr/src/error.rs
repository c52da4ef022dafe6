//! What can be wrong with an expression or its input, with the place and a remedy.

use std::fmt;
use std::ops::Range;

use crate::check::{Cost, Limits};

/// An error inside of the parser or the check, which do not carry the source along.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fault {
    /// Bytes of the source.
    pub span: Range<usize>,
    pub message: String,
    /// Empty if there is nothing to add.
    pub hint: String,
}

impl Fault {
    pub fn new(span: &Range<usize>, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Fault { span: span.clone(), message: message.into(), hint: hint.into() }
    }
}

/// An error at a place of an expression. Its text is the message, the source, and a caret with a hint below it.
#[derive(Debug, Clone, PartialEq)]
pub struct ParseError {
    source: String,
    fault: Fault,
}

impl ParseError {
    pub(crate) fn new(source: &str, fault: Fault) -> Self {
        ParseError { source: source.to_owned(), fault }
    }

    /// What is wrong, in one line without the source.
    pub fn message(&self) -> &str {
        &self.fault.message
    }

    /// What to do about it; empty if the message says it all.
    pub fn hint(&self) -> &str {
        &self.fault.hint
    }

    /// The place in bytes of the source, on boundaries of characters. Empty at the end of the source.
    pub fn span(&self) -> Range<usize> {
        self.fault.span.clone()
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One line, whatever was typed, so that the caret stands under its place.
        let line: String = self.source.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let count = |range: Range<usize>| self.source.get(range).map_or(0, |part| part.chars().count());
        let indent = " ".repeat(count(0..self.fault.span.start));
        let carets = "^".repeat(count(self.span()).max(1));
        let below = format!("  {indent}{carets} {}", self.fault.hint);
        write!(f, "{}\n  {line}\n{}", self.fault.message, below.trim_end())
    }
}

impl std::error::Error for ParseError {}

/// Why an expression that parsed has no result for an input.
#[derive(Debug, Clone, PartialEq)]
pub enum EvalError {
    /// An argument that depends on `n` is wrong for this `n`.
    Argument(ParseError),
    /// It takes more work than is allowed.
    Operations { cost: Cost, limits: Limits, n: usize },
    /// It takes more memory than is allowed.
    Memory { cost: Cost, limits: Limits, n: usize },
    /// The pattern has not `n * n` values.
    Pattern { n: usize, values: usize },
    /// The expression looks at the tokens, and there are not `n` of them.
    Tokens { n: usize, tokens: usize },
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EvalError::Argument(error) => error.fmt(f),
            EvalError::Operations { cost, limits, n } => write!(
                f,
                "the expression takes about {:.1e} operations for n = {n}, and {:.1e} are allowed; \
                 use fewer matrix products, or a shorter prompt",
                cost.operations as f64, limits.operations as f64
            ),
            EvalError::Memory { cost, limits, n } => write!(
                f,
                "the expression takes about {} MiB for n = {n}, and {} MiB are allowed; \
                 use fewer nested parts, or a shorter prompt",
                cost.bytes.div_ceil(1 << 20),
                limits.bytes >> 20
            ),
            EvalError::Pattern { n, values } => {
                write!(f, "a pattern [{n}, {n}] has {n} * {n} values, and {values} were given")
            }
            EvalError::Tokens { n, tokens } => write!(
                f,
                "`same_token` needs the ids of the {n} tokens, and {tokens} were given; use an expression without it"
            ),
        }
    }
}

impl std::error::Error for EvalError {}
