//! Attention patterns: of a whole model on one prompt, and of one head.

use lens_schema::{LayerHead, PromptEntry};
use ndarray::{Array3, ArrayView2, Axis};

/// Every head's attention pattern on one prompt, whether just computed or read back from disk.
#[derive(Debug, Clone, PartialEq)]
pub struct AttentionPatterns {
    /// One array `[n_heads, n_ctx, n_ctx]` per layer: query rows, key columns, f32 probabilities.
    /// Rows sum to 1; masked cells are exactly 0.
    pub layers: Vec<Array3<f32>>,
    /// No row attends to a later key: everything above the diagonal is exactly 0.
    pub causal: bool,
}

impl AttentionPatterns {
    pub fn n_layers(&self) -> usize {
        self.layers.len()
    }

    /// Heads per layer; 0 if there is no layer.
    pub fn n_heads(&self) -> usize {
        self.layers.first().map_or(0, |l| l.len_of(Axis(0)))
    }

    /// Rows of a pattern: the prompt's tokens and what was put before and after them.
    pub fn n_ctx(&self) -> usize {
        self.layers.first().map_or(0, |l| l.len_of(Axis(1)))
    }

    /// One head's pattern `[n_ctx, n_ctx]`.
    ///
    /// # Panics
    /// If there is no such head.
    pub fn head(&self, head: LayerHead) -> ArrayView2<'_, f32> {
        self.layers[head.layer].index_axis(Axis(0), head.head)
    }

    /// Whether no value differs by more than `tolerance`.
    pub fn is_close(&self, other: &AttentionPatterns, tolerance: f32) -> bool {
        let close = |(a, b): (&Array3<f32>, &Array3<f32>)| {
            a.dim() == b.dim() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= tolerance)
        };
        self.layers.len() == other.layers.len() && self.layers.iter().zip(&other.layers).all(close)
    }

    /// All heads, layer by layer.
    pub fn heads(&self) -> impl Iterator<Item = LayerHead> + use<> {
        let n_heads = self.n_heads();
        (0..self.n_layers()).flat_map(move |layer| (0..n_heads).map(move |head| LayerHead { layer, head }))
    }
}

/// What a figure function or a score sees: one head on one prompt.
#[derive(Debug, Clone, Copy)]
pub struct Pattern<'a> {
    /// Directory name of the model.
    pub model: &'a str,
    pub head: LayerHead,
    pub prompt: &'a PromptEntry,
    /// One readable label per row.
    pub labels: &'a [String],
    /// `[n_ctx, n_ctx]`, query rows, key columns.
    pub values: ArrayView2<'a, f32>,
    pub causal: bool,
}
