//! ALBERT: BERT whose layers share their weights in groups, and whose embeddings have a width of their own.

use anyhow::{Result, ensure};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

use super::Architecture;
use super::bert::{BertFields, mlp, model};
use crate::model::attention::Attention;
use crate::model::config::DecoderConfig;
use crate::model::decoder::{Block, Embedding};
use crate::model::linear::Linear;
use crate::model::norm::BranchNorms;
use crate::model::weights::Weights;

pub(super) struct Albert {
    common: BertFields,
    groups: Groups,
}

#[derive(Deserialize)]
#[serde(default)]
struct Groups {
    num_hidden_groups: usize,
    /// Layers that a group runs through each time it is used.
    inner_group_num: usize,
}

impl Default for Groups {
    fn default() -> Self {
        Groups { num_hidden_groups: 1, inner_group_num: 1 }
    }
}

impl<'de> Deserialize<'de> for Albert {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let usual = json!({
            "vocab_size": 30000, "embedding_size": 128, "hidden_size": 4096, "num_attention_heads": 64,
            "intermediate_size": 16384, "hidden_act": "gelu_new",
        });
        let given = Value::Object(Map::deserialize(from)?);
        let groups = Groups::deserialize(&given).map_err(D::Error::custom)?;
        Ok(Albert { common: BertFields::read(given, usual).map_err(D::Error::custom)?, groups })
    }
}

impl Albert {
    /// Group and layer inside it whose weights a layer has.
    fn place(&self, layer: usize) -> (usize, usize) {
        let Groups { num_hidden_groups, inner_group_num } = self.groups;
        // In floating point, as the reference implementation divides.
        let times = self.common.num_hidden_layers as f64 / num_hidden_groups as f64;
        (((layer / inner_group_num) as f64 / times) as usize, layer % inner_group_num)
    }
}

impl Architecture for Albert {
    fn config(&self) -> Result<DecoderConfig> {
        let Groups { num_hidden_groups, inner_group_num } = self.groups;
        ensure!(num_hidden_groups > 0 && inner_group_num > 0, "num_hidden_groups or inner_group_num is 0");
        let mut config = self.common.config("AlbertForMaskedLM")?;
        config.layers = config.layers.repeat(inner_group_num);
        // The reference implementation knows no decoder of this kind.
        config.causal = false;
        Ok(config)
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        let (weights, width) = (model(weights), self.common.embedding_width());
        let projection = weights.linear("encoder.embedding_hidden_mapping_in", width, config.d_model, true)?;
        Ok(Embedding { projection: Some(projection), ..self.common.embedding(&weights, config)? })
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let ((group, inner), d) = (self.place(layer), config.d_model);
        let weights = model(weights).at("encoder.albert_layer_groups").at(group).at("albert_layers").at(inner);
        let attention = weights.at("attention");
        let qkv = ["query", "key", "value"].map(|name| attention.linear(name, d, d, true));
        let qkv = Linear::concat(&qkv.into_iter().collect::<Result<Vec<_>>>()?)?;
        Ok(Block {
            attention: Attention::plain(qkv, attention.linear("dense", d, d, true)?),
            attention_norms: BranchNorms::after(attention.norm("LayerNorm", d, config.norm)?),
            mlp: Some(mlp(&weights, ["ffn", "ffn_output"], config)?),
            mlp_norms: BranchNorms::after(weights.norm("full_layer_layer_norm", d, config.norm)?),
        })
    }

    fn shares_weights_of(&self, layer: usize) -> Option<usize> {
        (0..layer).find(|earlier| self.place(*earlier) == self.place(layer))
    }
}
