//! ELECTRA: BERT whose embeddings may have a width of their own. Generators and discriminators are alike.

use anyhow::Result;
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::Architecture;
use super::bert::{BertFields, block, model};
use crate::model::config::DecoderConfig;
use crate::model::decoder::{Block, Embedding};
use crate::model::weights::Weights;

pub(super) struct Electra(BertFields);

impl<'de> Deserialize<'de> for Electra {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let usual = json!({
            "embedding_size": 128, "hidden_size": 256, "num_attention_heads": 4, "intermediate_size": 1024,
        });
        BertFields::read(from, usual).map(Electra)
    }
}

impl Architecture for Electra {
    fn config(&self) -> Result<DecoderConfig> {
        self.0.config("ElectraForPreTraining")
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        let (weights, width, d) = (model(weights), self.0.embedding_width(), config.d_model);
        let projection = (width != d).then(|| weights.linear("embeddings_project", width, d, true));
        Ok(Embedding { projection: projection.transpose()?, ..self.0.embedding(&weights, config)? })
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        block(&model(weights), config, layer)
    }
}
