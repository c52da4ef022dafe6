//! ModernBERT: rotary embedding, gated MLPs, norms before attention and MLP; most layers see a window to both sides,
//! and have a rotary base of their own.

use anyhow::{Result, bail, ensure};
use serde::Deserialize;

use super::Architecture;
use super::rotary::RotaryFields;
use crate::model::attention::Attention;
use crate::model::config::{BosPolicy, DecoderConfig, LayerConfig, NormConfig, NormKind, Sizes};
use crate::model::decoder::{Block, Embedding};
use crate::model::linear::Linear;
use crate::model::mlp::{Activation, FeedForward, Gate, Mlp};
use crate::model::norm::{BranchNorms, Norm};
use crate::model::weights::{Scope, Weights};

/// Kinds of layers. Their places in [`DecoderConfig::rotary`] are 0 and 1.
const KINDS: [&str; 2] = ["full_attention", "sliding_attention"];

/// Another name of a key, and the one used here.
pub(super) const NAMES: &[(&str, &str)] = &[("rope_theta", "global_rope_theta")];

#[derive(Deserialize)]
#[serde(default)]
pub(super) struct ModernBert {
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    max_position_embeddings: usize,
    vocab_size: usize,
    hidden_activation: Activation,
    norm_eps: f64,
    norm_bias: bool,
    pub attention_bias: bool,
    mlp_bias: bool,
    /// Width of the window, half of it to each side.
    pub local_attention: usize,
    /// One of [`KINDS`] for each layer; older files only say which layers are not local.
    layer_types: Option<Vec<String>>,
    global_attn_every_n_layers: usize,
    global_rope_theta: f64,
    /// Null: that of the other layers.
    local_rope_theta: Option<f64>,
    #[serde(flatten)]
    pub rotary: RotaryFields,
}

impl Default for ModernBert {
    fn default() -> Self {
        ModernBert {
            hidden_size: 768,
            num_hidden_layers: 22,
            num_attention_heads: 12,
            intermediate_size: 1152,
            max_position_embeddings: 8192,
            vocab_size: 50368,
            hidden_activation: Activation::Gelu,
            norm_eps: 1e-5,
            norm_bias: false,
            attention_bias: false,
            mlp_bias: false,
            local_attention: 128,
            layer_types: None,
            global_attn_every_n_layers: 3,
            global_rope_theta: 160_000.0,
            local_rope_theta: Some(10_000.0),
            rotary: RotaryFields::default(),
        }
    }
}

impl ModernBert {
    fn kinds(&self) -> Result<Vec<&str>> {
        match &self.layer_types {
            Some(kinds) => Ok(kinds.iter().map(String::as_str).collect()),
            None => {
                let every = self.global_attn_every_n_layers;
                ensure!(every > 0, "global_attn_every_n_layers is 0");
                Ok((0..self.num_hidden_layers).map(|l| KINDS[usize::from(l % every != 0)]).collect())
            }
        }
    }

    fn norm(&self, weights: &Scope<'_>, name: &str, config: &DecoderConfig) -> Result<Norm> {
        weights.norm_with(name, config.d_model, config.norm, self.norm_bias)
    }

    /// Of a model whose local layers see so many keys to either side, or to one.
    pub fn with_window(&self, architecture: &'static str, window: usize) -> Result<DecoderConfig> {
        let kinds = self.kinds()?;
        ensure!(
            kinds.len() == self.num_hidden_layers,
            "layer_types has {} layers, num_hidden_layers is {}",
            kinds.len(),
            self.num_hidden_layers
        );
        let sizes = Sizes {
            d_model: self.hidden_size,
            n_layers: self.num_hidden_layers,
            n_heads: self.num_attention_heads,
            d_mlp: self.intermediate_size,
            d_vocab: self.vocab_size,
            n_ctx: self.max_position_embeddings,
        };
        let common = DecoderConfig::common(architecture, sizes)?;
        let layer = |kind: &str| {
            let Some(rotary) = KINDS.iter().position(|known| *known == kind) else {
                bail!("layer type {kind:?} is not supported; supported are {}", KINDS.join(", "));
            };
            let window = (kind == "sliding_attention").then_some(window);
            Ok(LayerConfig { window, rotary: Some(rotary), ..LayerConfig::scaled_by_head_size(common.d_head) })
        };
        let thetas = [self.global_rope_theta, self.local_rope_theta.unwrap_or(self.global_rope_theta)];
        let rotary = |(kind, theta): (&str, f64)| {
            let own = self.rotary.rope_parameters.as_ref().and_then(|all| all.get(kind)).cloned();
            let fields = RotaryFields { rope_theta: Some(theta), rope_parameters: own, ..self.rotary.clone() };
            fields.rotary(common.d_head, self.max_position_embeddings)
        };
        Ok(DecoderConfig {
            norm: NormConfig { kind: NormKind::Layer, eps: self.norm_eps },
            activation: self.hidden_activation,
            gated_mlp: true,
            layers: kinds.into_iter().map(layer).collect::<Result<_>>()?,
            rotary: KINDS.into_iter().zip(thetas).map(rotary).collect::<Result<_>>()?,
            positions: "rotary",
            ..common
        })
    }

    /// A layer with this map to queries, keys and values.
    pub fn block_with(&self, weights: &Scope<'_>, config: &DecoderConfig, layer: usize, qkv: Linear) -> Result<Block> {
        let (d, d_mlp) = (config.d_model, config.d_mlp.unwrap_or(0));
        let attention_norms = match layer {
            // The embedding's norm came just before.
            0 => BranchNorms::default(),
            _ => BranchNorms::before(self.norm(weights, "attn_norm", config)?),
        };
        Ok(Block {
            attention: Attention::plain(qkv, weights.linear("attn.Wo", d, d, self.attention_bias)?),
            attention_norms,
            // Gate and factor lie side by side already.
            mlp: Some(Mlp::Dense(FeedForward {
                up: weights.linear("mlp.Wi", d, 2 * d_mlp, self.mlp_bias)?,
                down: weights.linear("mlp.Wo", d_mlp, d, self.mlp_bias)?,
                activation: config.activation,
                gate: Gate::Plain,
            })),
            mlp_norms: BranchNorms::before(self.norm(weights, "mlp_norm", config)?),
        })
    }
}

impl Architecture for ModernBert {
    fn config(&self) -> Result<DecoderConfig> {
        // A key at the window's end is seen.
        let config = self.with_window("ModernBertForMaskedLM", self.local_attention / 2 + 1)?;
        Ok(DecoderConfig { causal: false, bos: BosPolicy::Template, ..config })
    }

    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding> {
        let weights = model(weights).at("embeddings");
        let tokens = weights.token_embedding("tok_embeddings.weight", [config.d_vocab, config.d_model])?;
        Ok(Embedding { norm: Some(self.norm(&weights, "norm", config)?), ..Embedding::of_tokens(tokens) })
    }

    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block> {
        let (weights, d) = (model(weights).at("layers").at(layer), config.d_model);
        let qkv = weights.linear("attn.Wqkv", d, 3 * d, self.attention_bias)?;
        self.block_with(&weights, config, layer, qkv)
    }
}

pub(super) fn model(weights: &Weights) -> Scope<'_> {
    weights.below(&["", "model.", "modernbert.", "encoder."], "embeddings.tok_embeddings.weight")
}
