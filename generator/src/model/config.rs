//! The axes along which transformer architectures differ, as the one decoder understands them.

use anyhow::{Result, ensure};

use super::mask::PositionBias;
use super::mlp::Activation;
use super::rope::Rotary;

/// Everything about a model that is not a weight. Norms, biases and projections that a family lacks
/// are absent from its [`Block`](super::decoder::Block)s.
#[derive(Debug, Clone)]
pub struct DecoderConfig {
    pub d_model: usize,
    pub d_head: usize,
    /// Query heads.
    pub n_heads: usize,
    /// Key and value heads; divides `n_heads`. Each is shared by `n_heads / n_key_value_heads` consecutive query heads.
    pub n_key_value_heads: usize,
    /// Hidden units of one MLP (of one expert); `None` for an attention-only model.
    pub d_mlp: Option<usize>,
    pub d_vocab: usize,
    /// Longest input in tokens.
    pub n_ctx: usize,
    /// A query sees no later key.
    pub causal: bool,
    /// How the outputs of attention and MLP join the residual stream.
    pub residual: Residual,
    pub norm: NormConfig,
    pub activation: Activation,
    /// The MLP multiplies the activation by a second projection.
    pub gated_mlp: bool,
    pub experts: Option<Experts>,
    /// One per layer.
    pub layers: Vec<LayerConfig>,
    /// The kinds of rotary embedding that the layers choose from.
    pub rotary: Vec<Rotary>,
    /// Added to the attention scores, by head and by distance or key.
    pub position_bias: PositionBias,
    /// Attention scores are squashed to ±cap by `cap · tanh(score / cap)` before the mask.
    pub soft_cap: Option<f32>,
    /// Queries, keys and values are clamped to ±limit, queries and keys after their norms.
    pub clip_qkv: Option<f32>,
    /// The token embedding is multiplied by this.
    pub embedding_scale: Option<f32>,
    /// What the input knows about positions, as TransformerLens calls it: `standard`, `rotary`, `alibi`, …
    pub positions: &'static str,
    /// The class that Hugging Face calls the architecture by.
    pub architecture: &'static str,
    /// Special tokens that the input gets unless the user says otherwise.
    pub bos: BosPolicy,
}

/// One attention layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LayerConfig {
    /// Attention scores are multiplied by this, usually `1 / √d_head`.
    pub scale: f32,
    /// A query sees only keys nearer than this; `None`: all of them.
    pub window: Option<usize>,
    /// Index into [`DecoderConfig::rotary`].
    pub rotary: Option<usize>,
}

impl LayerConfig {
    /// Full attention with scores divided by √d_head.
    pub fn scaled_by_head_size(d_head: usize) -> Self {
        LayerConfig { scale: 1.0 / (d_head as f32).sqrt(), window: None, rotary: None }
    }
}

/// How a layer's attention and MLP read and write the residual stream x.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Residual {
    /// x ← x + attention(x); x ← x + mlp(x).
    Sequential,
    /// x ← x + attention(x) + mlp(x).
    Parallel,
    /// As sequential, but what is added to is the input after its norm: n ← norm(x); x ← n + attention(n).
    FromNorm,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NormConfig {
    pub kind: NormKind,
    pub eps: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NormKind {
    /// (x − mean) / √(variance + eps)
    Layer,
    /// x / √(mean of x² + eps)
    Rms,
}

/// A mixture of experts in place of the MLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Experts {
    pub n_experts: usize,
    /// Experts that each token is sent to.
    pub per_token: usize,
    pub routing: Routing,
}

/// How much each chosen expert contributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Routing {
    /// The softmax over all experts, as it is.
    Softmax,
    /// The softmax over the chosen experts alone.
    SoftmaxOfChosen,
}

/// The special tokens of an input when the user leaves them to the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BosPolicy {
    /// The beginning-of-sequence token comes first.
    Prepend,
    /// The tokens of the text alone.
    None,
    /// What the tokenizer's own template adds, such as `[CLS] … [SEP]`.
    Template,
}

/// The sizes that every architecture has.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    pub d_model: usize,
    pub n_layers: usize,
    pub n_heads: usize,
    /// 0: no MLP.
    pub d_mlp: usize,
    pub d_vocab: usize,
    pub n_ctx: usize,
}

impl DecoderConfig {
    /// The most common decoder of these sizes, for an architecture to start from: causal, sequential, as many
    /// key-value heads as query heads, full attention scaled by 1 / √d_head, layer norms, dense MLPs.
    pub fn common(architecture: &'static str, sizes: Sizes) -> Result<DecoderConfig> {
        const MOST: usize = 1 << 16;
        for (name, size) in [("layers", sizes.n_layers), ("attention heads", sizes.n_heads)] {
            ensure!(size <= MOST, "{size} {name}; at most {MOST} are supported");
        }
        let d_head = head_size(sizes.d_model, sizes.n_heads)?;
        Ok(DecoderConfig {
            d_model: sizes.d_model,
            d_head,
            n_heads: sizes.n_heads,
            n_key_value_heads: sizes.n_heads,
            d_mlp: Some(sizes.d_mlp).filter(|d| *d > 0),
            d_vocab: sizes.d_vocab,
            n_ctx: sizes.n_ctx,
            causal: true,
            residual: Residual::Sequential,
            norm: NormConfig { kind: NormKind::Layer, eps: 1e-5 },
            activation: Activation::GeluTanh,
            gated_mlp: false,
            experts: None,
            layers: vec![LayerConfig::scaled_by_head_size(d_head); sizes.n_layers],
            rotary: Vec::new(),
            position_bias: PositionBias::None,
            soft_cap: None,
            clip_qkv: None,
            embedding_scale: None,
            positions: "standard",
            architecture,
            bos: BosPolicy::Prepend,
        })
    }

    /// The same decoder with this rotary embedding in every layer.
    pub fn with_rotary(mut self, rotary: Rotary) -> Self {
        self.layers.iter_mut().for_each(|l| l.rotary = Some(0));
        let n_ctx = rotary.n_ctx(self.n_ctx);
        DecoderConfig { rotary: vec![rotary], positions: "rotary", n_ctx, ..self }
    }

    /// The same decoder, neighbouring dimensions of whose heads are turned together.
    pub fn interleaved(mut self) -> Self {
        self.rotary.iter_mut().for_each(|rotary| rotary.interleaved = true);
        self
    }

    /// The same decoder with this window in every layer.
    pub fn with_window(mut self, window: Option<usize>) -> Self {
        self.layers.iter_mut().for_each(|layer| layer.window = window);
        self
    }

    pub fn n_layers(&self) -> usize {
        self.layers.len()
    }

    /// Width of queries, keys and values side by side.
    pub fn d_qkv(&self) -> usize {
        (self.n_heads + 2 * self.n_key_value_heads) * self.d_head
    }

    /// Refuses sizes that do not fit together, so that the forward pass can rely on them.
    pub fn check(&self) -> Result<()> {
        let sizes = [
            ("hidden size", self.d_model),
            ("head size", self.d_head),
            ("number of attention heads", self.n_heads),
            ("number of key-value heads", self.n_key_value_heads),
            ("number of layers", self.n_layers()),
            ("vocabulary size", self.d_vocab),
            ("context length", self.n_ctx),
        ];
        for (name, size) in sizes {
            ensure!(size > 0, "the {name} is 0");
        }
        ensure!(
            self.n_heads.is_multiple_of(self.n_key_value_heads),
            "{} attention heads cannot share {} key-value heads evenly",
            self.n_heads,
            self.n_key_value_heads
        );
        if let Some(limit) = self.clip_qkv {
            ensure!(limit >= 0.0, "clip_qkv is {limit}; it must not be negative");
        }
        ensure!(self.layers.iter().all(|layer| layer.window != Some(0)), "the sliding window is 0");
        for rotary in &self.rotary {
            rotary.check(self.d_head)?;
        }
        self.position_bias.check(self.causal)?;
        if let Some(experts) = &self.experts {
            ensure!(
                (1..=experts.n_experts).contains(&experts.per_token),
                "{} experts per token of {} experts",
                experts.per_token,
                experts.n_experts
            );
        }
        Ok(())
    }
}

/// `d_model / n_heads`, which must divide evenly.
fn head_size(d_model: usize, n_heads: usize) -> Result<usize> {
    ensure!(n_heads > 0, "the number of attention heads is 0");
    ensure!(d_model.is_multiple_of(n_heads), "a hidden size of {d_model} cannot be split into {n_heads} heads");
    Ok(d_model / n_heads)
}
