//! CodeGen: GPT-J with one matrix for queries, values and keys, split into four as it was for training.

use anyhow::{Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Architecture;
use super::gptj::{self, GptJ};
use crate::model::config::DecoderConfig;
use crate::model::decoder::{Block, Embedding};
use crate::model::weights::Weights;

/// The outputs of the matrix lie in as many parts, each with the queries, the values and the keys of its heads.
const PARTS: usize = 4;

#[derive(Deserialize)]
pub(super) struct CodeGen(GptJ);

impl Architecture for CodeGen {
    fn defaults(_: &Value) -> Value {
        json!({"tie_word_embeddings": false})
    }

    fn config(&self) -> Result<DecoderConfig> {
        let config = self.0.decoder("CodeGenForCausalLM")?;
        let heads = config.n_heads;
        ensure!(heads.is_multiple_of(PARTS), "{heads} attention heads: CodeGen needs a multiple of {PARTS}");
        Ok(config)
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        self.0.embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let (weights, d) = (gptj::model(weights).at("h").at(layer), config.d_model);
        let qkv = weights.at("attn").linear("qkv_proj", d, 3 * d, false)?;
        gptj::block(&weights, config, qkv.select_outputs(&by_kind(d))?)
    }
}

/// Outputs stored part by part, in the order all queries, all keys, all values.
fn by_kind(d_model: usize) -> Vec<u32> {
    let width = d_model / PARTS;
    let [query, value, key] = [0, 1, 2];
    let run =
        |kind: usize| (0..PARTS).flat_map(move |part| (0..width).map(move |i| ((3 * part + kind) * width + i) as u32));
    [query, key, value].into_iter().flat_map(run).collect()
}
