//! How tokens read as a text.

use super::format;

/// What WordPiece puts before a piece that goes on with the word before it.
const GOES_ON: &str = "##";

/// The tokens as they stand in flowing text. Pieces of WordPiece, which has no spaces in its tokens, get one before
/// each that does not go on with a word, and lose their marks.
pub fn flowing(labels: &[String], text: &str) -> Vec<String> {
    let are_pieces = are_pieces(labels, text);
    let spell = |(at, label): (usize, &String)| match label.strip_prefix(GOES_ON).filter(|rest| !rest.is_empty()) {
        Some(rest) if are_pieces => format::flowing(rest),
        _ if are_pieces && at > 0 => format!(" {}", format::flowing(label)),
        _ => format::flowing(label),
    };
    labels.iter().enumerate().map(spell).collect()
}

/// Whether tokens are pieces of words whose spaces are left out: none of them has one, though the text has, and one goes
/// on with a word or the text would be without its spaces.
fn are_pieces(labels: &[String], text: &str) -> bool {
    let has_space = |label: &String| label.contains(char::is_whitespace);
    let goes_on = |label: &String| label.len() > GOES_ON.len() && label.starts_with(GOES_ON);
    let is_position = |label: &String| label.strip_prefix('#').is_some_and(|rest| rest.parse::<usize>().is_ok());
    let is_spaced = text.trim().contains(char::is_whitespace) && !labels.iter().all(is_position);
    !labels.iter().any(has_space) && (labels.iter().any(goes_on) || is_spaced)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(labels: &[&str], text: &str) -> String {
        flowing(&labels.iter().map(|&label| label.to_owned()).collect::<Vec<_>>(), text).concat()
    }

    #[test]
    fn word_pieces_read_as_words() {
        assert_eq!(read(&["[CLS]", "the", "head", "##s", "[SEP]"], "The heads"), "[CLS] the heads [SEP]");
        assert_eq!(read(&["un", "##believ", "##able"], "unbelievable"), "unbelievable");
        assert_eq!(read(&["[CLS]", "the", "head", "[SEP]"], "the head"), "[CLS] the head [SEP]");
        assert_eq!(read(&["a", "##"], "a ##"), "a ##");
    }

    #[test]
    fn other_tokens_read_as_they_are() {
        assert_eq!(read(&["<BOS>", "the", " head", "##s"], "the head##s"), "<BOS>the head##s");
        assert_eq!(read(&["a", "b"], "ab"), "ab");
        assert_eq!(read(&["#0", "#1"], "not known"), "#0#1");
        assert_eq!(read(&[" the", "\n"], "the\n"), " the↵\n");
        assert_eq!(read(&[], ""), "");
    }
}
