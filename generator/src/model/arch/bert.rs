//! BERT, and the parts that its many relatives share: learned positions and token types, attention in both directions,
//! layer norms after attention and MLP.

use anyhow::{Result, ensure};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

use super::Architecture;
use crate::model::attention::Attention;
use crate::model::config::{BosPolicy, DecoderConfig, NormConfig, NormKind, Sizes};
use crate::model::decoder::{Block, Embedding};
use crate::model::linear::Linear;
use crate::model::mlp::{Activation, Mlp};
use crate::model::norm::BranchNorms;
use crate::model::weights::{Scope, Weights};

pub(super) struct Bert(BertFields);

/// The keys that BERT and its relatives have in common.
#[derive(Deserialize)]
pub(super) struct BertFields {
    vocab_size: usize,
    /// Width of the embeddings, for those relatives that project them to hidden_size.
    embedding_size: Option<usize>,
    hidden_size: usize,
    pub num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    hidden_act: Activation,
    max_position_embeddings: usize,
    type_vocab_size: usize,
    layer_norm_eps: f64,
    pub pad_token_id: Option<u32>,
    position_embedding_type: String,
    is_decoder: bool,
    add_cross_attention: bool,
}

impl BertFields {
    /// Reads a `config.json`. Keys that it lacks have the values of `usual`, else those of BERT.
    pub fn read<'de, D: Deserializer<'de>>(from: D, usual: Value) -> Result<BertFields, D::Error> {
        let mut all = json!({
            "vocab_size": 30522, "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
            "intermediate_size": 3072, "hidden_act": "gelu", "max_position_embeddings": 512, "type_vocab_size": 2,
            "layer_norm_eps": 1e-12, "pad_token_id": 0, "position_embedding_type": "absolute", "is_decoder": false,
            "add_cross_attention": false,
        });
        let given = Value::Object(Map::deserialize(from)?);
        for layer in [usual, given] {
            if let (Value::Object(all), Value::Object(layer)) = (&mut all, layer) {
                all.extend(layer);
            }
        }
        serde_json::from_value(all).map_err(D::Error::custom)
    }

    pub fn config(&self, architecture: &'static str) -> Result<DecoderConfig> {
        let kind = &self.position_embedding_type;
        ensure!(kind == "absolute", "position_embedding_type {kind:?} is not supported; supported is \"absolute\"");
        ensure!(!self.add_cross_attention, "add_cross_attention is not supported");
        let sizes = Sizes {
            d_model: self.hidden_size,
            n_layers: self.num_hidden_layers,
            n_heads: self.num_attention_heads,
            d_mlp: self.intermediate_size,
            d_vocab: self.vocab_size,
            n_ctx: self.max_position_embeddings,
        };
        Ok(DecoderConfig {
            causal: self.is_decoder,
            norm: NormConfig { kind: NormKind::Layer, eps: self.layer_norm_eps },
            activation: self.hidden_act,
            bos: BosPolicy::Template,
            ..DecoderConfig::common(architecture, sizes)?
        })
    }

    /// Every token is of type 0, whose vector is added to that of every position.
    pub fn embedding(&self, model: &Scope<'_>, config: &DecoderConfig) -> Result<Embedding> {
        let shape = [self.type_vocab_size, self.embedding_width()];
        let types = model.tensor("embeddings.token_type_embeddings.weight", &shape)?;
        let embedding = self.embedding_without_types(model, config)?;
        let Some((positions, first)) = embedding.positions else { return Ok(embedding) };
        let positions = positions.broadcast_add(&types.narrow(0, 0, 1)?)?;
        Ok(Embedding { positions: Some((positions, first)), ..embedding })
    }

    pub fn embedding_without_types(&self, model: &Scope<'_>, config: &DecoderConfig) -> Result<Embedding> {
        let (weights, width) = (model.at("embeddings"), self.embedding_width());
        let tokens = weights.token_embedding("word_embeddings.weight", [config.d_vocab, width])?;
        let positions = weights.tensor("position_embeddings.weight", &[self.max_position_embeddings, width])?;
        Ok(Embedding {
            positions: Some((positions, 0)),
            norm: Some(weights.norm("LayerNorm", width, config.norm)?),
            ..Embedding::of_tokens(tokens)
        })
    }

    /// That of the embeddings.
    pub fn embedding_width(&self) -> usize {
        self.embedding_size.unwrap_or(self.hidden_size)
    }
}

impl<'de> Deserialize<'de> for Bert {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        BertFields::read(from, json!({})).map(Bert)
    }
}

impl Architecture for Bert {
    fn config(&self) -> Result<DecoderConfig> {
        self.0.config("BertForMaskedLM")
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        self.0.embedding(&model(weights), config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        block(&model(weights), config, layer)
    }
}

/// The tensors of the encoder and its embeddings, whatever model they are part of.
pub(super) fn model(weights: &Weights) -> Scope<'_> {
    const PREFIXES: [&str; 10] =
        ["", "bert.", "roberta.", "distilbert.", "electra.", "albert.", "mpnet.", "model.", "encoder.", "transformer."];
    weights.below(&PREFIXES, "embeddings.word_embeddings.weight")
}

/// A layer below `encoder.layer.`.
pub(super) fn block(model: &Scope<'_>, config: &DecoderConfig, layer: usize) -> Result<Block> {
    let (weights, d) = (model.at("encoder").at("layer").at(layer), config.d_model);
    let attention = weights.at("attention");
    let qkv = ["query", "key", "value"].map(|name| attention.at("self").linear(name, d, d, true));
    let qkv = Linear::concat(&qkv.into_iter().collect::<Result<Vec<_>>>()?)?;
    Ok(Block {
        attention: Attention::plain(qkv, attention.linear("output.dense", d, d, true)?),
        attention_norms: BranchNorms::after(attention.norm("output.LayerNorm", d, config.norm)?),
        mlp: Some(mlp(&weights, ["intermediate.dense", "output.dense"], config)?),
        mlp_norms: BranchNorms::after(weights.norm("output.LayerNorm", d, config.norm)?),
    })
}

/// A dense MLP with biases, by the names of its two maps.
pub(super) fn mlp(weights: &Scope<'_>, [up, down]: [&str; 2], config: &DecoderConfig) -> Result<Mlp> {
    let (d, d_mlp) = (config.d_model, config.d_mlp.unwrap_or(0));
    let (up, down) = (weights.linear(up, d, d_mlp, true)?, weights.linear(down, d_mlp, d, true)?);
    Ok(Mlp::dense(up, down, config.activation))
}
