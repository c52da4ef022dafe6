//! Prompt files: one JSON object per line, or texts separated by blank lines.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use anyhow::{Context as _, Error, Result, anyhow, bail};
use lens_schema::PromptEntry;
use serde_json::{Map, Value};

/// Keys of an entry that this program sets itself; those of an earlier run are not carried over.
const OWN_KEYS: [&str; 6] = ["source_fname", "hash", "n_tokens", "tokens", "row_labels", "input_ids"];

/// What a prompt file is called, in its prompts and in errors.
pub fn name(file: &Path) -> String {
    if file == Path::new("-") { "stdin".to_owned() } else { file.display().to_string() }
}

/// The prompts of a file, read as they are asked for; nothing follows an error.
pub fn prompts(file: &Path) -> Box<dyn Iterator<Item = Result<PromptEntry>>> {
    let opened: Result<Box<dyn BufRead>> = if file == Path::new("-") {
        Ok(Box::new(BufReader::new(io::stdin())))
    } else {
        open(file).map(|f| Box::new(f) as Box<dyn BufRead>)
    };
    let started = opened.and_then(|reader| {
        let mut lines = Lines { name: name(file), reader, number: 0, line: String::new() };
        let as_json = match file.extension().and_then(|e| e.to_str()) {
            Some("jsonl" | "json") => true,
            Some("txt") => false,
            _ => lines.begins_with_brace()?,
        };
        Ok((lines, as_json))
    });
    let (mut lines, as_json) = match started {
        Ok(started) => started,
        Err(e) => return Box::new(std::iter::once(Err(e))),
    };
    let mut failed = false;
    Box::new(std::iter::from_fn(move || {
        let prompt = match failed {
            true => return None,
            false if as_json => lines.next_object(),
            false => lines.next_block(),
        };
        failed = prompt.is_err();
        prompt.transpose()
    }))
}

fn open(file: &Path) -> Result<BufReader<File>> {
    let opened = File::open(file).with_context(|| format!("cannot open the prompt file {}", file.display()))?;
    if opened.metadata().is_ok_and(|m| m.is_dir()) {
        bail!("{} is a folder; --prompts takes a .jsonl or .txt file", file.display());
    }
    Ok(BufReader::new(opened))
}

/// A file's lines, counted.
struct Lines {
    name: String,
    reader: Box<dyn BufRead>,
    /// Of `line`, counted from 1.
    number: usize,
    /// With its line ending.
    line: String,
}

impl Lines {
    /// The next prompt of a file with one JSON object per line.
    fn next_object(&mut self) -> Result<Option<PromptEntry>> {
        while self.advance()? {
            if self.line.trim().is_empty() {
                continue;
            }
            let mut object = self.object()?;
            let text = match object.shift_remove("text") {
                Some(Value::String(text)) => text,
                Some(other) => return Err(self.wrong(format!("\"text\" is not a string but {}", kind(&other)))),
                None => return Err(self.wrong("the object has no \"text\"; each line needs a string under that key")),
            };
            OWN_KEYS.iter().for_each(|key| drop(object.shift_remove(*key)));
            return Ok(Some(self.entry(text, object)));
        }
        Ok(None)
    }

    fn object(&self) -> Result<Map<String, Value>> {
        match serde_json::from_str(self.line.trim_end()) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(other) => Err(self.wrong(format!("not a JSON object but {}; a line is one object", kind(&other)))),
            Err(e) => Err(self.wrong(format!("not a JSON object: {}", reason(&e)))),
        }
    }

    /// The next prompt of a file with a blank line between prompts.
    fn next_block(&mut self) -> Result<Option<PromptEntry>> {
        let mut block = String::new();
        while self.advance()? {
            match self.line.trim().is_empty() {
                true if block.is_empty() => {}
                true => break,
                // A text does not change with the system that it was saved on.
                false => match self.line.strip_suffix("\r\n") {
                    Some(line) => block.extend([line, "\n"]),
                    None => block.push_str(&self.line),
                },
            }
        }
        let text = block.trim_end_matches(['\n', '\r']);
        Ok((!text.is_empty()).then(|| self.entry(text.to_owned(), Map::new())))
    }

    fn entry(&self, text: String, rest: Map<String, Value>) -> PromptEntry {
        PromptEntry { text, source_fname: Some(self.name.clone()), rest, ..Default::default() }
    }

    /// Goes to the next line; false at the end.
    fn advance(&mut self) -> Result<bool> {
        let mut bytes = std::mem::take(&mut self.line).into_bytes();
        bytes.clear();
        self.number += 1;
        self.reader.read_until(b'\n', &mut bytes).with_context(|| format!("cannot read {}", self.name))?;
        if self.number == 1 && bytes.starts_with(b"\xEF\xBB\xBF") {
            bytes.drain(..3);
        }
        self.line = String::from_utf8(bytes).map_err(|e| {
            let column = e.utf8_error().valid_up_to() + 1;
            self.wrong(format!("not UTF-8 (byte {column} of the line); save the file as UTF-8"))
        })?;
        Ok(!self.line.is_empty())
    }

    /// Whether the first character that is not blank, of what is buffered first, opens a JSON object.
    fn begins_with_brace(&mut self) -> Result<bool> {
        let ahead = self.reader.fill_buf().with_context(|| format!("cannot read {}", self.name))?;
        let ahead = ahead.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(ahead);
        Ok(ahead.trim_ascii_start().starts_with(b"{"))
    }

    fn wrong(&self, what: impl std::fmt::Display) -> Error {
        anyhow!("{}:{}: {what}", self.name, self.number)
    }
}

/// What is wrong with a line, with its place in the line.
fn reason(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let what = match message.strip_suffix(&place).unwrap_or(&message) {
        "lone leading surrogate in hex escape" | "unexpected end of hex escape" => {
            "\\uD800 to \\uDFFF are halves of a character, and one is alone"
        }
        what => what,
    };
    format!("{what} (byte {} of the line)", error.column())
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &str, content: &[u8]) -> Vec<Result<PromptEntry>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(file);
        std::fs::write(&path, content).unwrap();
        prompts(&path).collect()
    }

    fn texts(file: &str, content: &[u8]) -> Vec<String> {
        read(file, content).into_iter().map(|p| p.unwrap().text).collect()
    }

    /// The error that ends the file, from its name on.
    fn error(file: &str, content: &[u8]) -> String {
        let error = read(file, content).pop().unwrap().unwrap_err().to_string();
        error[error.find(file).unwrap()..].to_owned()
    }

    #[test]
    fn objects_keep_their_keys_but_not_ours() {
        let line = br#"{"meta":{"x":[1]},"text":"a","tokens":7,"hash":"old","id":3}"#;
        let entry = read("p.jsonl", line).remove(0).unwrap();
        assert_eq!(entry.text, "a");
        assert_eq!(entry.rest.keys().collect::<Vec<_>>(), ["meta", "id"]);
        assert!(entry.source_fname.unwrap().ends_with("p.jsonl"));
        assert_eq!((entry.hash.as_str(), entry.tokens), ("", None));
    }

    #[test]
    fn blank_lines_between_objects_do_not_matter() {
        assert_eq!(texts("p.jsonl", b"\xEF\xBB\xBF{\"text\":\"a\"}\r\n\n{\"text\":\"b\"}"), ["a", "b"]);
    }

    #[test]
    fn blank_lines_separate_texts() {
        assert_eq!(texts("p.txt", b"\n\na b\n  c\n\n \n{d}\n\n"), ["a b\n  c", "{d}"]);
        assert_eq!(texts("p.txt", b"\xEF\xBB\xBFa\r\n a\r\n\r\nb\r\n"), ["a\n a", "b"]);
        assert!(texts("p.txt", b"\n \n").is_empty());
    }

    #[test]
    fn other_names_are_told_by_their_content() {
        assert_eq!(texts("p", b"\n {\"text\":\"a\"}\n"), ["a"]);
        assert_eq!(texts("p.json", b"{\"text\":\"a\"}\n"), ["a"]);
        assert_eq!(error("p.json", b"[{}]"), "p.json:1: not a JSON object but an array; a line is one object");
        assert_eq!(texts("p.md", b"# a\n\nb"), ["# a", "b"]);
    }

    #[test]
    fn errors_name_file_and_line() {
        let good = "{\"text\":\"a\"}\n\n";
        let third = |line: &str| error("p.jsonl", format!("{good}{line}\n{good}").as_bytes());
        assert_eq!(third("[1]"), "p.jsonl:3: not a JSON object but an array; a line is one object");
        let unfinished = "p.jsonl:3: not a JSON object: EOF while parsing a string (byte 10 of the line)";
        assert_eq!(third("{\"text\":\"a"), unfinished);
        let half = "\\uD800 to \\uDFFF are halves of a character, and one is alone";
        for alone in ["\\uD83D", "\\uD83D a", "\\uD83D\\u0020", "\\uDE00"] {
            let told = third(&format!("{{\"text\":\"{alone}\"}}"));
            assert!(told.starts_with(&format!("p.jsonl:3: not a JSON object: {half} (byte ")), "{alone}: {told}");
        }
        assert_eq!(third("{\"text\":3}"), "p.jsonl:3: \"text\" is not a string but a number");
        assert!(third("{\"txt\":\"a\"}").starts_with("p.jsonl:3: the object has no \"text\""));
        assert!(
            error("p.jsonl", b"{\"text\":\"a\"}\n{\"text\":\"\xFF\"}").starts_with("p.jsonl:2: not UTF-8 (byte 10")
        );
        assert!(error("p.txt", b"a\n\xE9t\xE9\n").starts_with("p.txt:2: not UTF-8 (byte 1 "));
    }

    #[test]
    fn missing_files_and_folders_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("none.jsonl");
        let error = prompts(&missing).next().unwrap().unwrap_err().to_string();
        assert!(error.contains("none.jsonl"), "{error}");
        assert!(prompts(folder.path()).next().unwrap().unwrap_err().to_string().contains("is a folder"));
    }
}
