//! GPT-2's kind of tokenizer, byte-level BPE, learned from the text that the models learn from.

use anyhow::{Result, anyhow};
use rand::SeedableRng as _;
use tokenizers::models::TrainerWrapper;
use tokenizers::models::bpe::{BPE, BpeTrainer};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{AddedToken, Tokenizer};

use crate::{Random, text};

pub const VOCAB_SIZE: usize = 768;

/// Begins every document. As in GPT-2 one token serves as beginning and end.
pub const END_OF_TEXT: &str = "<|endoftext|>";
pub const END_OF_TEXT_ID: u32 = 0;

/// How many documents the merges are learned from.
const DOCUMENTS: usize = 4000;

/// Learns the tokenizer. Any text can be encoded: every byte is a token.
pub fn train() -> Result<Tokenizer> {
    let mut rng = Random::seed_from_u64(0);
    let documents: Vec<String> = (0..DOCUMENTS).map(|_| text::document(&mut rng)).collect();
    let byte_level = ByteLevel::new(false, false, true);
    let mut tokenizer = Tokenizer::new(BPE::default());
    tokenizer.with_pre_tokenizer(Some(byte_level));
    tokenizer.with_post_processor(Some(byte_level));
    tokenizer.with_decoder(Some(byte_level));
    let trainer = BpeTrainer::builder()
        .vocab_size(VOCAB_SIZE)
        .special_tokens(vec![AddedToken::from(END_OF_TEXT, true)])
        .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
        .show_progress(false);
    let mut trainer: TrainerWrapper = trainer.build().into();
    tokenizer.train(&mut trainer, documents.iter()).map_err(|e| anyhow!("cannot learn the tokenizer: {e}"))?;
    Ok(tokenizer)
}
