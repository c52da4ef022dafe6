//! Models: where their files come from, and the decoder that yields attention patterns.

pub mod files;
