//! RoBERTa, XLM-RoBERTa and CamemBERT: BERT whose positions are counted from the padding token's number on.

use anyhow::{Context as _, Result};
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::Architecture;
use super::bert::{BertFields, block, model};
use crate::model::config::DecoderConfig;
use crate::model::decoder::{Block, Embedding};
use crate::model::weights::Weights;

pub(super) struct Roberta(BertFields);

impl<'de> Deserialize<'de> for Roberta {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        BertFields::read(from, json!({"vocab_size": 50265, "pad_token_id": 1})).map(Roberta)
    }
}

impl Roberta {
    fn padding(&self) -> Result<u32> {
        self.0.pad_token_id.context("pad_token_id is null, and positions are counted from it")
    }
}

impl Architecture for Roberta {
    fn config(&self) -> Result<DecoderConfig> {
        let config = self.0.config("RobertaForMaskedLM")?;
        Ok(DecoderConfig { n_ctx: config.n_ctx.saturating_sub(self.padding()? as usize + 1), ..config })
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        Ok(count_from_padding(self.0.embedding(&model(weights), config)?, self.padding()?))
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        block(&model(weights), config, layer)
    }
}

/// The same with the first token in the row after that of the padding token's id. Padding tokens inside a text are not
/// counted, and have that row.
pub(super) fn count_from_padding(embedding: Embedding, padding: u32) -> Embedding {
    let positions = embedding.positions.map(|(table, _)| (table, padding as usize + 1));
    Embedding { positions, uncounted: Some(padding), ..embedding }
}
