//! JSON, one value per line; errors name the file and the line.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A line that does not hold what it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonlError {
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    pub message: String,
}

impl fmt::Display for JsonlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

impl std::error::Error for JsonlError {}

/// Parses every non-blank line of `text`; `file` is what errors call it.
pub fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<Vec<T>, JsonlError> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(i, line)| {
            serde_json::from_str(line).map_err(|e| JsonlError {
                file: file.to_owned(),
                line: i + 1,
                message: e.to_string(),
            })
        })
        .collect()
}

/// One line per value, each ended by a newline.
pub fn to_string<T: Serialize>(values: &[T]) -> Result<String, serde_json::Error> {
    let mut out = String::new();
    for value in values {
        out.push_str(&serde_json::to_string(value)?);
        out.push('\n');
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_file_and_line() {
        let error = parse::<Vec<u8>>("a.jsonl", "[1]\n\n[2\n").unwrap_err();
        assert!(error.to_string().starts_with("a.jsonl:3: "), "{error}");
        assert_eq!(parse::<u8>("a", " 1\n\n2").unwrap(), [1, 2]);
        assert_eq!(to_string(&[1, 2]).unwrap(), "1\n2\n");
    }
}
