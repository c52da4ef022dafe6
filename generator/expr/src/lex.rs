//! From text to tokens.

use std::ops::Range;

use crate::decimal::decimal;
use crate::error::Fault;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Token<'a> {
    Number(f64),
    Name(&'a str),
    /// An operator, a bracket, a comma, a dot, an apostrophe or an equals sign.
    Sign(&'a str),
}

/// Longer signs come before those that they begin with.
const SIGNS: &[&str] =
    &["**", "<=", ">=", "==", "!=", "+", "-", "*", "/", "^", "@", "<", ">", "=", "(", ")", ",", ".", "'"];

/// What people know from elsewhere, and how it is written here.
const FOREIGN: &[(char, &str)] = &[
    ('[', "parts cannot be taken; blank cells out with a mask: A * band(0, 4), where(i > j, A, 0)"),
    ('&', "join masks by a product: (i > j) * same_token"),
    ('|', "join masks by maximum(a, b)"),
    ('~', "write 1 - mask for the opposite of a mask"),
    ('!', "write 1 - mask for the opposite of a mask, and != to compare"),
    ('%', "there is no remainder; see the reference for what there is"),
    ('\u{2212}', "write the minus sign of the keyboard: -"),
    ('\u{d7}', "write * for the elementwise and @ for the matrix product"),
    ('\u{b7}', "write * for the elementwise and @ for the matrix product"),
    ('\u{b2}', "write A ** 2 for squares, and matpow(A, 2) for the matrix product with itself"),
    ('\u{1d40}', "write A.T for the transpose"),
];

pub(crate) fn lex(source: &str) -> Result<Vec<(Token<'_>, Range<usize>)>, Fault> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = source[at..].chars().next() {
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let rest = &source[at..];
        let digit_after_dot = rest.starts_with('.') && rest[1..].starts_with(|c: char| c.is_ascii_digit());
        let (token, len) = if c.is_ascii_digit() || digit_after_dot {
            number(rest, at)?
        } else if c.is_alphabetic() || c == '_' {
            let len = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            (Token::Name(&rest[..len]), len)
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            (Token::Sign(&rest[..sign.len()]), sign.len())
        } else {
            let hint = FOREIGN.iter().find(|(foreign, _)| *foreign == c).map_or("", |(_, hint)| hint);
            let shown = if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
            return Err(Fault::new(&(at..at + c.len_utf8()), format!("`{shown}` means nothing here"), hint));
        };
        tokens.push((token, at..at + len));
        at += len;
    }
    Ok(tokens)
}

/// Digits with a fraction and an exponent, each optional: `2`, `.5`, `1e-8`. The dot of `2.T` is not its fraction's.
fn number(rest: &str, at: usize) -> Result<(Token<'_>, usize), Fault> {
    let digits = |from: usize| from + rest[from..].bytes().take_while(u8::is_ascii_digit).count();
    let mut len = digits(0);
    if rest[len..].starts_with('.') && !rest[len + 1..].starts_with(|c: char| c.is_alphabetic() && c != 'e') {
        len = digits(len + 1);
    }
    if rest[len..].starts_with(['e', 'E']) {
        let sign = usize::from(rest[len + 1..].starts_with(['+', '-']));
        let end = digits(len + 1 + sign);
        if end > len + 1 + sign {
            len = end;
        }
    }
    let span = at..at + len;
    match decimal(&rest[..len]) {
        Some(value) if value.is_finite() => Ok((Token::Number(value), len)),
        _ => Err(Fault::new(&span, "the number is too large", "the largest is about 1.8e308; write inf for infinity")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(source: &str) -> Vec<f64> {
        let number = |(token, _)| match token {
            Token::Number(value) => Some(value),
            _ => None,
        };
        lex(source).unwrap().into_iter().filter_map(number).collect()
    }

    #[test]
    fn numbers_as_python_writes_them() {
        assert_eq!(numbers("1 .5 1. 1.5 1e-8 1E+3 2.e2 .5e1"), [1.0, 0.5, 1.0, 1.5, 1e-8, 1000.0, 200.0, 5.0]);
    }

    #[test]
    fn places_are_bytes() {
        let tokens = lex(" A**é").unwrap();
        assert_eq!(tokens, [(Token::Name("A"), 1..2), (Token::Sign("**"), 2..4), (Token::Name("é"), 4..6)]);
        assert_eq!(lex("2.T").unwrap().len(), 3);
        assert_eq!(lex("1e").unwrap().len(), 2);
    }

    #[test]
    fn foreign_signs_are_explained() {
        assert!(lex("A[0]").unwrap_err().hint.contains("band(0, 4)"));
        assert_eq!(lex("A \u{2212} 1").unwrap_err().span, 2..5);
        assert_eq!(lex("A \u{0} 1").unwrap_err().message, "`\\u{0}` means nothing here");
        assert_eq!(lex("1e999").unwrap_err().message, "the number is too large");
    }
}
