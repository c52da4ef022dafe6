//! Token strings as tokenizers spell them, and as people read them.

/// Turns a byte-level (`Ġthe`, `Ċ`) or SentencePiece (`▁the`) spelling into the text it stands for.
///
/// This is the guess for prompts that carry no labels: a token is taken for byte-level if every one of its
/// characters is in GPT-2's byte alphabet. Bytes that are not UTF-8 on their own are shown as `\xNN`.
pub fn readable(token: &str) -> String {
    if token.chars().any(|c| matches!(c, '\u{100}'..='\u{143}')) && token.chars().all(|c| byte_of(c).is_some()) {
        let bytes: Vec<u8> = token.chars().filter_map(byte_of).collect();
        return readable_bytes(&bytes);
    }
    token.replace('▁', " ")
}

/// UTF-8 as text, and every byte that belongs to no complete character as `\xNN`.
pub fn readable_bytes(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02X}"));
        }
    }
    out
}

/// The byte that a character of GPT-2's byte alphabet stands for (`bytes_to_unicode` in Hugging Face's GPT-2
/// tokenizer): printable Latin-1 stands for itself, the other 68 bytes for U+0100 upwards, in order.
pub fn byte_of(c: char) -> Option<u8> {
    let code = c as u32;
    if code <= 0xff {
        return is_printable(code as u8).then_some(code as u8);
    }
    let index = code.checked_sub(0x100)? as usize;
    (0..=255u8).filter(|&b| !is_printable(b)).nth(index)
}

fn is_printable(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_level_tokens_read_as_text() {
        assert_eq!(readable("Ġthe"), " the");
        assert_eq!(readable("ĊĊ"), "\n\n");
        assert_eq!(readable("plain"), "plain");
        assert_eq!(readable("▁the"), " the");
        assert_eq!(readable("<|endoftext|>"), "<|endoftext|>");
        assert_eq!(readable("ĠÃ©"), " é");
        assert_eq!(readable("Ġâ"), " \\xE2");
    }

    #[test]
    fn alphabet_has_every_byte_once() {
        let mut seen: Vec<u8> = (0..0x200).filter_map(char::from_u32).filter_map(byte_of).collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..=255).collect::<Vec<u8>>());
    }
}
