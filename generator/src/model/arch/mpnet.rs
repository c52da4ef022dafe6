//! MPNet: RoBERTa without token types, and with biases for classes of relative positions, which all layers share.

use anyhow::{Result, ensure};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

use super::Architecture;
use super::bert::{BertFields, mlp, model};
use super::roberta::count_from_padding;
use super::t5::relative_bias;
use crate::model::attention::Attention;
use crate::model::config::DecoderConfig;
use crate::model::decoder::{Block, Embedding};
use crate::model::linear::Linear;
use crate::model::mask::{Buckets, PositionBias};
use crate::model::norm::BranchNorms;
use crate::model::weights::Weights;

/// The reference implementation has these as constants, whatever `config.json` says.
const PADDING: u32 = 1;
const BUCKETS: Buckets = Buckets { count: 32, max_distance: 128 };

pub(super) struct MpNet {
    common: BertFields,
    own: OwnFields,
}

#[derive(Deserialize)]
struct OwnFields {
    relative_attention_num_buckets: Option<usize>,
}

impl<'de> Deserialize<'de> for MpNet {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let given = Value::Object(Map::deserialize(from)?);
        let own = OwnFields::deserialize(&given).map_err(D::Error::custom)?;
        let common = BertFields::read(given, json!({"vocab_size": 30527})).map_err(D::Error::custom)?;
        Ok(MpNet { common, own })
    }
}

impl Architecture for MpNet {
    fn config(&self) -> Result<DecoderConfig> {
        let count = self.own.relative_attention_num_buckets.unwrap_or(BUCKETS.count);
        ensure!(count == BUCKETS.count, "relative_attention_num_buckets {count} is not supported; supported is 32");
        let config = self.common.config("MPNetForMaskedLM")?;
        let n_ctx = config.n_ctx.saturating_sub(PADDING as usize + 1);
        Ok(DecoderConfig { causal: false, n_ctx, position_bias: PositionBias::Relative(BUCKETS), ..config })
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        Ok(count_from_padding(self.common.embedding_without_types(&model(weights), config)?, PADDING))
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let (encoder, d) = (model(weights).at("encoder"), config.d_model);
        let weights = encoder.at("layer").at(layer);
        let attention = weights.at("attention");
        let qkv = ["q", "k", "v"].map(|name| attention.at("attn").linear(name, d, d, true));
        let qkv = Linear::concat(&qkv.into_iter().collect::<Result<Vec<_>>>()?)?;
        Ok(Block {
            attention: Attention {
                relative_bias: Some(relative_bias(&encoder, config)?),
                ..Attention::plain(qkv, attention.linear("attn.o", d, d, true)?)
            },
            attention_norms: BranchNorms::after(attention.norm("LayerNorm", d, config.norm)?),
            mlp: Some(mlp(&weights, ["intermediate.dense", "output.dense"], config)?),
            mlp_norms: BranchNorms::after(weights.norm("output.LayerNorm", d, config.norm)?),
        })
    }
}
