//! How a token reads to a person.

use std::collections::BTreeSet;

use lens_schema::token::{byte_of, readable_bytes};
use tokenizers::{DecoderWrapper, PreTokenizerWrapper};

/// How a tokenizer spells its tokens.
pub struct Spelling {
    byte_level: bool,
    /// Tokens that are spelled as they are meant, such as `<|endoftext|>` or a run of spaces.
    literal: BTreeSet<u32>,
}

impl Spelling {
    pub fn of(tokenizer: &tokenizers::Tokenizer) -> Self {
        let decoder = tokenizer.get_decoder().is_some_and(decodes_bytes);
        let byte_level = decoder || tokenizer.get_pre_tokenizer().is_some_and(splits_bytes);
        // Sorted, so the hash map's order is gone.
        #[allow(clippy::iter_over_hash_type)]
        let literal = tokenizer.get_added_tokens_decoder().into_keys().collect();
        Spelling { byte_level, literal }
    }

    /// The text that a token stands for: byte-level spellings decoded, SentencePiece's `▁` as the space that it is and
    /// its `<0x0A>` as the byte. Bytes that are not UTF-8 on their own are shown as `\xNN`.
    pub fn readable(&self, id: u32, token: &str) -> String {
        if self.literal.contains(&id) {
            return token.to_owned();
        }
        if self.byte_level {
            let bytes: Option<Vec<u8>> = token.chars().map(byte_of).collect();
            return bytes.map_or_else(|| token.to_owned(), |bytes| readable_bytes(&bytes));
        }
        match fallback_byte(token) {
            Some(byte) => readable_bytes(&[byte]),
            None => token.replace('▁', " "),
        }
    }
}

/// The byte of SentencePiece's `<0x0A>`.
fn fallback_byte(token: &str) -> Option<u8> {
    let digits = token.strip_prefix("<0x")?.strip_suffix('>')?;
    let two_digits = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    two_digits.then(|| u8::from_str_radix(digits, 16).ok())?
}

fn decodes_bytes(decoder: &DecoderWrapper) -> bool {
    match decoder {
        DecoderWrapper::ByteLevel(_) => true,
        DecoderWrapper::Sequence(parts) => parts.get_decoders().iter().any(decodes_bytes),
        _ => false,
    }
}

fn splits_bytes(pre_tokenizer: &PreTokenizerWrapper) -> bool {
    match pre_tokenizer {
        PreTokenizerWrapper::ByteLevel(_) => true,
        PreTokenizerWrapper::Sequence(parts) => parts.as_ref().iter().any(splits_bytes),
        _ => false,
    }
}
