//! The encoders of T5, mT5 and UMT5: root-mean-square norms, unscaled attention with learned biases for classes of
//! relative positions. Decoders are not run.

use anyhow::{Result, bail, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Architecture;
use crate::model::attention::Attention;
use crate::model::config::{BosPolicy, DecoderConfig, LayerConfig, NormConfig, NormKind, Sizes};
use crate::model::decoder::{Block, Embedding};
use crate::model::linear::Linear;
use crate::model::mask::{Buckets, PositionBias};
use crate::model::mlp::{Activation, Mlp};
use crate::model::norm::BranchNorms;
use crate::model::weights::{Scope, Weights};

/// Names of the common sizes in other architectures, and in this one.
pub(super) const NAMES: &[(&str, &str)] = &[
    ("hidden_size", "d_model"),
    ("head_dim", "d_kv"),
    ("num_hidden_layers", "num_layers"),
    ("num_attention_heads", "num_heads"),
];

#[derive(Deserialize)]
#[serde(default)]
pub(super) struct T5 {
    model_type: String,
    vocab_size: Option<usize>,
    d_model: usize,
    d_kv: usize,
    d_ff: Option<usize>,
    num_layers: Option<usize>,
    num_heads: Option<usize>,
    /// Length of the inputs that the model was trained on; relative positions have no end of their own.
    n_positions: Option<usize>,
    relative_attention_num_buckets: usize,
    relative_attention_max_distance: usize,
    layer_norm_epsilon: f64,
    /// An activation, after `gated-` if the MLP is gated.
    feed_forward_proj: Option<String>,
    /// What the library derives from feed_forward_proj; a value in the file counts more.
    dense_act_fn: Option<Activation>,
    is_gated_act: Option<bool>,
    is_decoder: bool,
}

impl Default for T5 {
    fn default() -> Self {
        T5 {
            model_type: String::new(),
            vocab_size: None,
            d_model: 512,
            d_kv: 64,
            d_ff: None,
            num_layers: None,
            num_heads: None,
            n_positions: None,
            relative_attention_num_buckets: 32,
            relative_attention_max_distance: 128,
            layer_norm_epsilon: 1e-6,
            feed_forward_proj: None,
            dense_act_fn: None,
            is_gated_act: None,
            is_decoder: false,
        }
    }
}

impl T5 {
    /// The library's value for a key that is missing: of T5, and of its multilingual successors.
    fn usual<T>(&self, t5: T, multilingual: T) -> T {
        if self.model_type == "t5" { t5 } else { multilingual }
    }

    /// The MLP's activation, and whether it is gated.
    fn feed_forward(&self) -> Result<(Activation, bool)> {
        let name = self.feed_forward_proj.as_deref().unwrap_or(self.usual("relu", "gated-gelu"));
        let (activation, gated) = match name.split('-').collect::<Vec<_>>()[..] {
            [activation] => (activation, false),
            ["gated", "gelu"] => ("gelu_new", true),
            ["gated", activation] => (activation, true),
            _ => bail!("feed_forward_proj {name:?} is not supported; supported are ACTIVATION and gated-ACTIVATION"),
        };
        let activation = match self.dense_act_fn {
            Some(activation) => activation,
            None => Activation::deserialize(Value::from(activation))?,
        };
        Ok((activation, self.is_gated_act.unwrap_or(gated)))
    }
}

impl Architecture for T5 {
    fn defaults(config: &Value) -> Value {
        let tied = config.get("model_type").is_none_or(|name| name != "mt5");
        json!({"tie_word_embeddings": tied})
    }

    fn config(&self) -> Result<DecoderConfig> {
        ensure!(!self.is_decoder, "is_decoder is not supported; supported is the encoder");
        let n_layers = self.num_layers.unwrap_or(self.usual(6, 8));
        let sizes = Sizes {
            d_model: self.d_model,
            n_layers,
            // The heads' sizes need not add up to the hidden size.
            n_heads: 1,
            d_mlp: self.d_ff.unwrap_or(self.usual(2048, 1024)),
            d_vocab: self.vocab_size.unwrap_or(self.usual(32128, 250_112)),
            n_ctx: self.n_positions.unwrap_or(self.usual(512, 1024)),
        };
        let n_heads = self.num_heads.unwrap_or(self.usual(8, 6));
        let (activation, gated_mlp) = self.feed_forward()?;
        Ok(DecoderConfig {
            d_head: self.d_kv,
            n_heads,
            n_key_value_heads: n_heads,
            causal: false,
            norm: NormConfig { kind: NormKind::Rms, eps: self.layer_norm_epsilon },
            activation,
            gated_mlp,
            layers: vec![LayerConfig { scale: 1.0, window: None, rotary: None }; n_layers],
            position_bias: PositionBias::Relative(Buckets {
                count: self.relative_attention_num_buckets,
                max_distance: self.relative_attention_max_distance,
            }),
            positions: "relative_positional_bias",
            bos: BosPolicy::Template,
            ..DecoderConfig::common("T5ForConditionalGeneration", sizes)?
        })
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        let shape = [config.d_vocab, config.d_model];
        let model = model(weights);
        let name = if model.has("shared.weight") { "shared.weight" } else { "encoder.embed_tokens.weight" };
        Ok(Embedding::of_tokens(model.token_embedding(name, shape)?))
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let of_layer = |layer: usize| model(weights).at("encoder.block").at(layer).at("layer");
        let (weights, d, d_mlp) = (of_layer(layer), config.d_model, config.d_mlp.unwrap_or(0));
        let inner = config.n_heads * config.d_head;
        let attention = weights.at("0.SelfAttention");
        let qkv = ["q", "k", "v"].map(|name| attention.linear(name, d, inner, false));
        let qkv = Linear::concat(&qkv.into_iter().collect::<Result<Vec<_>>>()?)?;
        // The first layer's biases are those of all, but for UMT5, whose layers have their own.
        let biased = of_layer(if self.model_type == "umt5" { layer } else { 0 }).at("0.SelfAttention");
        let mlp = weights.at("1.DenseReluDense");
        let (map, down) = (|name| mlp.linear(name, d, d_mlp, false), mlp.linear("wo", d_mlp, d, false)?);
        let mlp = if config.gated_mlp {
            Mlp::gated(map("wi_0")?, map("wi_1")?, down, config.activation)?
        } else {
            Mlp::dense(map("wi")?, down, config.activation)
        };
        let norm = |name: &str| Ok::<_, anyhow::Error>(BranchNorms::before(weights.norm(name, d, config.norm)?));
        Ok(Block {
            attention: Attention {
                relative_bias: Some(relative_bias(&biased, config)?),
                ..Attention::plain(qkv, attention.linear("o", inner, d, false)?)
            },
            attention_norms: norm("0.layer_norm")?,
            mlp: Some(mlp),
            mlp_norms: norm("1.layer_norm")?,
        })
    }
}

fn model(weights: &Weights) -> Scope<'_> {
    weights.below(&["", "transformer.", "model."], "encoder.block.0.layer.0.layer_norm.weight")
}

/// `relative_attention_bias.weight`, stored `[buckets, n_heads]`.
pub(super) fn relative_bias(weights: &Scope<'_>, config: &DecoderConfig) -> Result<Vec<Vec<f32>>> {
    let PositionBias::Relative(Buckets { count, .. }) = config.position_bias else { return Ok(Vec::new()) };
    let table = weights.tensor("relative_attention_bias.weight", &[count, config.n_heads])?;
    Ok(table.t()?.to_vec2::<f32>()?)
}
