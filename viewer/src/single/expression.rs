//! What an expression makes of the pattern: read, weighed, computed. Nothing in here knows a browser.

pub mod card;
pub mod derivation;
pub mod help;

use std::ops::Range;
use std::sync::Arc;

use lens_expr::{EvalError, Expr, Input, Limits, ParseError};
use lens_schema::PromptEntry;

use super::format;
use super::matrix::Matrix;

/// What an expression may take on a page: a few products of patterns of 1,024 tokens, which is about a second.
pub const LIMITS: Limits = Limits { operations: 8_000_000_000, bytes: 512 << 20 };

/// Up to so many operations an expression is computed at once: less than a frame.
const QUICK: u64 = 10_000_000;

/// An expression that was read. Two are equal if they are written equally.
#[derive(Debug, Clone)]
pub struct Formula(Arc<Expr>);

impl PartialEq for Formula {
    fn eq(&self, other: &Self) -> bool {
        self.source() == other.source()
    }
}

impl Formula {
    pub fn parse(source: &str) -> Result<Self, Fault> {
        Expr::parse(source).map(|expr| Formula(Arc::new(expr))).map_err(|e| Fault::at(source, &e))
    }

    pub fn source(&self) -> &str {
        self.0.source()
    }

    /// Whether it takes longer than one should wait for without being told, and may be computed at all.
    pub fn takes_long(&self, n: usize) -> bool {
        self.0.cost(n).is_ok_and(|cost| {
            cost.operations > QUICK && cost.operations <= LIMITS.operations && cost.bytes <= LIMITS.bytes
        })
    }

    /// The matrix that it makes of a pattern whose rows are these tokens.
    pub fn derive(&self, pattern: &Matrix, prompt: &PromptEntry, labels: &[String]) -> Result<Derived, Fault> {
        let token_ids = if self.0.uses_tokens() { prompt.token_ids(labels) } else { Vec::new() };
        let input = Input { n: pattern.n, pattern: pattern.values(), token_ids: &token_ids };
        let result = self.0.eval(&input, &LIMITS).map_err(|e| Fault::of(self.source(), &e))?;
        Ok(Derived { matrix: Arc::new(pattern.derive(result.values)) })
    }
}

/// A matrix that was derived from a pattern.
#[derive(Debug, Clone)]
pub struct Derived {
    pub matrix: Arc<Matrix>,
}

impl PartialEq for Derived {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.matrix, &other.matrix)
    }
}

impl Derived {
    /// Its range, and how many of its cells have no colour, in a sentence or two.
    pub fn summary(&self) -> String {
        // What is nothing beside the other end is a rounding.
        let (min, max) = self.matrix.range;
        let end = |value: f32, other: f32| format::tick(if value.abs() < 1e-6 * other.abs() { 0.0 } else { value });
        let all = self.matrix.open().count();
        let nan = self.matrix.open().filter(|value| value.is_nan()).count();
        let infinite = self.matrix.open().filter(|value| value.is_infinite()).count();
        let cells = |(count, what)| (count > 0).then(|| format!("{} {what}", format::cells(count, all)));
        let striped: Vec<String> =
            [(nan, "not a number"), (infinite, "infinite")].into_iter().filter_map(cells).collect();
        let striped = if striped.is_empty() { String::new() } else { format!("; striped: {}", striped.join(", ")) };
        let masked = self.matrix.masked().filter(|&value| value != 0.0);
        let masked = masked.map(|value| format!(" Masked cells are {}.", format::tick(value))).unwrap_or_default();
        let range = if nan + infinite == all {
            "No finite value".to_owned()
        } else if min == max {
            format!("All values are {}", format::tick(min))
        } else {
            format!("Values from {} to {}", end(min, max), end(max, min))
        };
        format!("{range}{striped}.{masked}")
    }
}

/// What is wrong with an expression, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub message: String,
    /// What to do about it; may be empty.
    pub hint: String,
    /// The expression before the place, at it, and after it; `None` where it is wrong as a whole.
    pub place: Option<[String; 3]>,
}

impl Fault {
    fn at(source: &str, error: &ParseError) -> Self {
        let part = |range: Range<usize>| format::on_one_line(source.get(range).unwrap_or_default());
        let Range { start, end } = error.span();
        let place = [part(0..start), part(start..end), part(end..source.len())];
        Fault { message: sentence(error.message()), hint: sentence(error.hint()), place: Some(place) }
    }

    fn of(source: &str, error: &EvalError) -> Self {
        if let EvalError::Argument(error) = error {
            return Fault::at(source, error);
        }
        let text = error.to_string();
        let (message, hint) = text.split_once("; ").unwrap_or((&text, ""));
        Fault { message: sentence(message), hint: sentence(hint), place: None }
    }
}

/// Begins with a capital letter, and ends as sentences do.
fn sentence(text: &str) -> String {
    let mut text = text.to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    if !text.is_empty() && !text.ends_with(['.', '?']) {
        text.push('.');
    }
    text
}

#[cfg(test)]
mod tests {

    use super::*;

    fn pattern() -> Matrix {
        Matrix::of(2, true, vec![1.0, 0.0, 0.25, 0.75])
    }

    fn derive(source: &str) -> Result<Derived, Fault> {
        let labels = ["a".to_owned(), "a".to_owned()];
        Formula::parse(source)?.derive(&pattern(), &PromptEntry::default(), &labels)
    }

    #[test]
    fn expressions_make_matrices_of_the_pattern() {
        assert_eq!(derive("A").unwrap().matrix.values(), pattern().values());
        assert_eq!(derive("A - A.T").unwrap().matrix.values(), [0.0, -0.25, 0.25, 0.0]);
        assert_eq!(derive("A * same_token").unwrap().matrix.values(), pattern().values());
    }

    #[test]
    fn the_result_is_told_in_a_sentence() {
        let told = |source| derive(source).unwrap().summary();
        assert_eq!(told("A - A.T"), "Values from -0.25 to 0.25.");
        assert_eq!(told("A"), "Values from 0.25 to 1.");
        assert_eq!(told("log(A)"), "Values from -1.39 to 0; striped: 1 of 4 cells infinite.");
        assert_eq!(told("0 * log(A)"), "All values are 0; striped: 1 of 4 cells not a number.");
        assert_eq!(told("A / zeros"), "No finite value; striped: 1 of 4 cells not a number, 3 of 4 cells infinite.");
        let three = Matrix::of(3, true, vec![1.0, 0.0, 0.0, 0.5, 0.5, 0.0, 0.25, 0.25, 0.5]);
        let told = |source| {
            let formula = Formula::parse(source).unwrap();
            formula.derive(&three, &PromptEntry::default(), &[]).unwrap().summary()
        };
        assert_eq!(told("log10(A + 1e-8)"), "Values from -0.602 to 0. Masked cells are -8.");
        // 0 / 0 for the first token, which attends to itself alone.
        let striped = "Values from -0.602 to -0.301; striped: 1 of 6 cells not a number, 2 of 6 cells infinite. \
            Masked cells are -∞.";
        assert_eq!(told("log10(A) / (i != j)"), striped);
    }

    #[test]
    fn faults_have_their_place() {
        let fault = derive("log10(A + 1e-8").unwrap_err();
        assert_eq!(fault.place.as_ref().unwrap().concat(), "log10(A + 1e-8");
        let fault = derive("A + softmx(A)").unwrap_err();
        assert_eq!(fault.place.unwrap(), ["A + ", "softmx", "(A)"]);
        assert_eq!(fault.hint, "Did you mean softmax?");
        // What cannot be seen is spelled, and breaks no line.
        let fault = derive("A +\n\u{202e}x").unwrap_err();
        assert!(!fault.place.unwrap().concat().chars().any(|c| c.is_control() || c == '\u{202e}'));
        assert!(derive("matpow(A, n - 3)").unwrap_err().place.is_some());
    }

    #[test]
    fn what_is_too_much_is_said() {
        let n = 2048;
        let formula = Formula::parse("matpow(A, 50)").unwrap();
        assert!(!formula.takes_long(n), "it is refused at once");
        let large = Matrix::of(n, false, vec![0.0; n * n]);
        let fault = formula.derive(&large, &PromptEntry::default(), &[]).unwrap_err();
        assert!(fault.message.contains("n = 2048") && fault.hint.starts_with("Use fewer"), "{fault:?}");
        assert!(Formula::parse("matpow(A, 5)").unwrap().takes_long(1024));
        assert!(!Formula::parse("A @ A.T").unwrap().takes_long(100));
        assert!(!Formula::parse("log10(A + 1e-8)").unwrap().takes_long(300));
    }
}
