//! Attention: from a layer's input to its patterns and its output.

use std::ops::Range;

use anyhow::Result;
use candle_core::{DType, Device};

use super::config::{DecoderConfig, LayerConfig};
use super::kernels::{Attended, Kernels};
use super::linear::Linear;
use super::mask::{BiasTable, Mask};
use super::norm::Norm;
use super::rope::RotaryTable;

/// Weights of one attention layer.
#[derive(Debug, Clone)]
pub struct Attention {
    /// To queries, keys and values side by side: all query heads, then all key heads, then all value heads.
    pub qkv: Linear,
    pub output: Linear,
    pub query_norm: Option<HeadNorm>,
    pub key_norm: Option<HeadNorm>,
    /// One score per head that takes part in every softmax without a key of its own.
    pub sinks: Option<Vec<f32>>,
    /// For each head what every bucket of relative positions adds to its scores.
    pub relative_bias: Option<Vec<Vec<f32>>>,
}

/// A norm of queries or keys.
#[derive(Debug, Clone)]
pub struct HeadNorm {
    /// Weights for all heads side by side.
    pub norm: Norm,
    /// Every head by itself, or all heads together.
    pub per_head: bool,
}

impl HeadNorm {
    /// One norm of head size, used by `n_heads` heads alike.
    pub fn shared(norm: Norm, n_heads: usize) -> Result<HeadNorm> {
        let repeat = |t: Option<candle_core::Tensor>| t.map(|t| t.repeat(n_heads)).transpose();
        let norm = Norm { weight: repeat(norm.weight)?, bias: repeat(norm.bias)?, ..norm };
        Ok(HeadNorm { norm, per_head: true })
    }
}

/// What the kernels need to know about the attention of one layer.
#[derive(Debug)]
pub struct AttentionPlan<'a> {
    pub n_heads: usize,
    pub n_key_value_heads: usize,
    pub d_head: usize,
    pub scale: f32,
    pub soft_cap: Option<f32>,
    pub mask: Mask,
    pub bias: Option<&'a BiasTable>,
    pub sinks: Option<&'a [f32]>,
}

/// The prompts of one pass: rows of the concatenated tokens, and what depends on their lengths.
#[derive(Debug)]
pub struct Prompts {
    /// Rows of each prompt, in order and without gaps.
    pub rows: Vec<Range<usize>>,
    /// For every kind of rotary embedding, a table for each prompt.
    pub rotary: Vec<Vec<std::sync::Arc<RotaryTable>>>,
}

impl Prompts {
    pub fn new(lengths: &[usize], config: &DecoderConfig) -> Prompts {
        let mut end = 0;
        let rows = lengths.iter().map(|n| {
            end += n;
            end - n..end
        });
        let longest = lengths.iter().copied().max().unwrap_or(0);
        let tables = |rotary: &super::rope::Rotary| {
            if rotary.by_length() {
                lengths.iter().map(|n| rotary.table(*n).into()).collect()
            } else {
                vec![rotary.table(longest).into(); lengths.len()]
            }
        };
        Prompts { rows: rows.collect(), rotary: config.rotary.iter().map(tables).collect() }
    }

    pub fn longest(&self) -> usize {
        self.rows.iter().map(|r| r.len()).max().unwrap_or(0)
    }
}

impl Attention {
    /// Without norms of queries and keys, without sinks and learned biases.
    pub fn plain(qkv: Linear, output: Linear) -> Self {
        Attention { qkv, output, query_norm: None, key_norm: None, sinks: None, relative_bias: None }
    }

    /// Patterns of every prompt `[n_heads, n, n]`, and if `mix` each token's mixture of values `[tokens, n_heads · d_head]`.
    pub(super) fn attend<K: Kernels>(
        &self,
        kernels: &K,
        config: &DecoderConfig,
        layer: &LayerConfig,
        prompts: &Prompts,
        input: &K::Rows,
        mix: bool,
    ) -> Result<Attended<K::Rows>> {
        let (queries, keys) = (config.n_heads * config.d_head, config.n_key_value_heads * config.d_head);
        let mut qkv = kernels.linear(input, &self.qkv)?;
        for (norm, columns) in [(&self.query_norm, 0..queries), (&self.key_norm, queries..queries + keys)] {
            if let Some(HeadNorm { norm, per_head }) = norm {
                let group = if *per_head { config.d_head } else { columns.len() };
                kernels.norm_columns(&mut qkv, columns, group, norm)?;
            }
        }
        if let Some(limit) = config.clip_qkv {
            kernels.clamp(&mut qkv, limit)?;
        }
        if let Some(index) = layer.rotary {
            let rotary = &config.rotary[index];
            let heads = config.n_heads + config.n_key_value_heads;
            kernels.rotate(&mut qkv, prompts, &prompts.rotary[index], rotary.interleaved, heads, config.d_head)?;
        }
        let (longest, learned) = (prompts.longest(), self.relative_bias.as_deref());
        let bias = config.position_bias.table(longest, layer.scale, config.causal, learned);
        let plan = AttentionPlan {
            n_heads: config.n_heads,
            n_key_value_heads: config.n_key_value_heads,
            d_head: config.d_head,
            scale: layer.scale,
            soft_cap: config.soft_cap,
            mask: Mask { causal: config.causal, window: layer.window },
            bias: bias.as_ref(),
            sinks: self.sinks.as_deref(),
        };
        kernels.attend(&qkv, prompts, &plan, mix)
    }

    pub(super) fn to(&self, device: &Device, dtype: DType) -> Result<Attention> {
        let norm = |n: &Option<HeadNorm>| -> Result<Option<HeadNorm>> {
            let to = |n: &HeadNorm| Ok(HeadNorm { norm: n.norm.to(device)?, per_head: n.per_head });
            n.as_ref().map(to).transpose()
        };
        Ok(Attention {
            qkv: self.qkv.to(device, dtype)?,
            output: self.output.to(device, dtype)?,
            query_norm: norm(&self.query_norm)?,
            key_norm: norm(&self.key_norm)?,
            sinks: self.sinks.clone(),
            relative_bias: self.relative_bias.clone(),
        })
    }
}
