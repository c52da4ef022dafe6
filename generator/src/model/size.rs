//! How much memory a model and its inputs take.

use candle_core::DType;

use super::TOKENS_PER_PASS;
use super::config::DecoderConfig;

const F32: u64 = size_of::<f32>() as u64;

impl DecoderConfig {
    /// About how many bytes the weights take in this precision, where this many layers have weights of their own.
    pub(super) fn weights_bytes(&self, dtype: DType, layers: usize) -> u64 {
        let tables = self.d_vocab.saturating_add(if self.positions == "standard" { self.n_ctx } else { 0 });
        let embedding = (tables as u64).saturating_mul(self.d_model as u64);
        let layers = self.layer_values().saturating_mul(layers as u64);
        embedding.saturating_add(layers).saturating_mul(dtype.size_in_bytes() as u64)
    }

    /// About how many bytes one layer takes while it is read, whatever its precision is afterwards.
    pub fn layer_bytes(&self) -> u64 {
        self.layer_values().saturating_mul(F32)
    }

    fn layer_values(&self) -> u64 {
        let d = self.d_model as u64;
        let attention = d.saturating_mul((self.d_qkv() + self.n_heads * self.d_head) as u64);
        let experts = self.experts.map_or(1, |e| e.n_experts) as u64;
        let maps = if self.gated_mlp { 3 } else { 2 };
        let mlp = d.saturating_mul(self.d_mlp.unwrap_or(0) as u64).saturating_mul(maps * experts);
        attention.saturating_add(mlp)
    }

    /// Bytes of the patterns of an input of `n_tokens`.
    pub fn patterns_bytes(&self, n_tokens: usize) -> u64 {
        let (heads, n) = ((self.n_layers() * self.n_heads) as u64, n_tokens as u64);
        heads.saturating_mul(n).saturating_mul(n).saturating_mul(F32)
    }

    /// About how many bytes the activations of an input of `n_tokens` take, or its share of those of a pass.
    pub fn activations_bytes(&self, n_tokens: usize) -> u64 {
        let hidden = self.d_mlp.unwrap_or(0) * if self.gated_mlp { 3 } else { 1 };
        let width = 4 * self.d_model + self.d_qkv() + hidden;
        (n_tokens as u64).saturating_mul(width as u64).saturating_mul(F32)
    }

    /// About how many bytes the largest pass over inputs of these lengths takes for its activations.
    pub fn pass_bytes(&self, lengths: impl Iterator<Item = usize> + Clone) -> u64 {
        let longest = lengths.clone().max().unwrap_or(0);
        self.activations_bytes(lengths.sum::<usize>().min(TOKENS_PER_PASS).max(longest))
    }
}
