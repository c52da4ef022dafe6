//! GPT-Neo: GPT-2 with separate query, key and value maps without biases, unscaled attention, and
//! every other layer (or as the config says) limited to a window.

use anyhow::{Result, bail, ensure};
use serde::Deserialize;

use super::Architecture;
use super::gpt2::{embedding, model};
use crate::model::attention::Attention;
use crate::model::config::{DecoderConfig, LayerConfig, NormConfig, NormKind, Sizes};
use crate::model::decoder::{Block, Embedding};
use crate::model::linear::Linear;
use crate::model::mlp::{Activation, Mlp};
use crate::model::norm::BranchNorms;
use crate::model::weights::Weights;

/// Names of the common sizes in other architectures, and in this one.
pub(super) const NAMES: &[(&str, &str)] = &[("num_hidden_layers", "num_layers"), ("num_attention_heads", "num_heads")];

#[derive(Deserialize)]
#[serde(default)]
pub(super) struct GptNeo {
    hidden_size: usize,
    num_layers: usize,
    num_heads: usize,
    max_position_embeddings: usize,
    /// 4 · hidden_size if absent.
    intermediate_size: Option<usize>,
    vocab_size: usize,
    activation_function: Activation,
    layer_norm_epsilon: f64,
    window_size: usize,
    /// `global` or `local` for each layer; older files only have the compressed form.
    attention_layers: Option<Vec<String>>,
    /// Runs of kinds, each with how often it is repeated.
    attention_types: Vec<(Vec<String>, usize)>,
}

impl Default for GptNeo {
    fn default() -> Self {
        GptNeo {
            hidden_size: 2048,
            num_layers: 24,
            num_heads: 16,
            max_position_embeddings: 2048,
            intermediate_size: None,
            vocab_size: 50257,
            activation_function: Activation::GeluTanh,
            layer_norm_epsilon: 1e-5,
            window_size: 256,
            attention_layers: None,
            attention_types: vec![(vec!["global".to_owned(), "local".to_owned()], 12)],
        }
    }
}

impl GptNeo {
    fn kinds(&self) -> Vec<&str> {
        match &self.attention_layers {
            Some(layers) => layers.iter().map(String::as_str).collect(),
            None => {
                let run = |(kinds, times): &'_ (Vec<String>, usize)| kinds.len() * times;
                let mut all = Vec::with_capacity(self.attention_types.iter().map(run).sum());
                for (kinds, times) in &self.attention_types {
                    (0..*times).for_each(|_| all.extend(kinds.iter().map(String::as_str)));
                }
                all
            }
        }
    }
}

impl Architecture for GptNeo {
    fn config(&self) -> Result<DecoderConfig> {
        let kinds = self.kinds();
        ensure!(
            kinds.len() == self.num_layers,
            "attention_types describe {} layers, num_layers is {}",
            kinds.len(),
            self.num_layers
        );
        let sizes = Sizes {
            d_model: self.hidden_size,
            n_layers: self.num_layers,
            n_heads: self.num_heads,
            d_mlp: self.intermediate_size.unwrap_or(4 * self.hidden_size),
            d_vocab: self.vocab_size,
            n_ctx: self.max_position_embeddings,
        };
        let layer = |kind: &&str| {
            let window = match *kind {
                "global" => None,
                "local" => Some(self.window_size),
                other => bail!("attention layer {other:?} is not supported; supported are global, local"),
            };
            Ok(LayerConfig { scale: 1.0, window, rotary: None })
        };
        Ok(DecoderConfig {
            norm: NormConfig { kind: NormKind::Layer, eps: self.layer_norm_epsilon },
            activation: self.activation_function,
            layers: kinds.iter().map(layer).collect::<Result<_>>()?,
            ..DecoderConfig::common("GPTNeoForCausalLM", sizes)?
        })
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        embedding(weights, config)
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let (weights, d) = (model(weights).at("h").at(layer), config.d_model);
        let attention = weights.at("attn.attention");
        let parts = ["q_proj", "k_proj", "v_proj"].map(|name| attention.linear(name, d, d, false));
        let qkv = Linear::concat(&parts.into_iter().collect::<Result<Vec<_>>>()?)?;
        let norm = |name: &str| Ok::<_, anyhow::Error>(BranchNorms::before(weights.norm(name, d, config.norm)?));
        let d_mlp = config.d_mlp.unwrap_or(0);
        let (up, down) = (weights.linear("mlp.c_fc", d, d_mlp, true)?, weights.linear("mlp.c_proj", d_mlp, d, true)?);
        Ok(Block {
            attention: Attention::plain(qkv, attention.linear("out_proj", d, d, true)?),
            attention_norms: norm("ln_1")?,
            mlp: Some(Mlp::dense(up, down, config.activation)),
            mlp_norms: norm("ln_2")?,
        })
    }
}
