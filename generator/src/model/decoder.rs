//! The one transformer that all architectures configure. It stops at the last layer's patterns.

use anyhow::Result;
use candle_core::{DType, Device, Tensor};
use ndarray::Array3;

use super::attention::{Attention, Prompts};
use super::config::{DecoderConfig, Residual};
use super::kernels::Kernels;
use super::linear::Linear;
use super::mlp::Mlp;
use super::norm::{BranchNorms, Norm};

/// What turns token ids into the first layer's input.
#[derive(Debug, Clone)]
pub struct Embedding {
    /// `[d_vocab, d_embedding]`
    pub tokens: Tensor,
    /// From the embedding's width to the model's, before positions are added.
    pub token_projection: Option<Linear>,
    /// `[positions, d_model]`: a vector per position, and the row of position 0.
    pub positions: Option<(Tensor, usize)>,
    /// A token that takes no position: it gets the row before that of position 0, and is not counted for those after it.
    pub uncounted: Option<u32>,
    pub norm: Option<Norm>,
    /// From the embedding's width to the model's, after the norm.
    pub projection: Option<Linear>,
}

impl Embedding {
    /// Nothing but a vector per token.
    pub fn of_tokens(tokens: Tensor) -> Self {
        Embedding { tokens, token_projection: None, positions: None, uncounted: None, norm: None, projection: None }
    }
}

/// One layer's weights.
#[derive(Debug, Clone)]
pub struct Block {
    pub attention: Attention,
    pub attention_norms: BranchNorms,
    /// `None` for an attention-only model.
    pub mlp: Option<Mlp>,
    pub mlp_norms: BranchNorms,
}

/// A model ready to run on one kind of kernels.
#[derive(Debug)]
pub(super) struct Decoder<K> {
    pub config: DecoderConfig,
    pub embedding: Embedding,
    pub blocks: Vec<Block>,
    pub kernels: K,
}

/// What attention or an MLP adds to the residual stream, up to its last linear map.
struct Branch<'a, Rows> {
    rows: Rows,
    output: Option<&'a Linear>,
}

impl<K: Kernels> Decoder<K> {
    /// Patterns of every prompt, layer by layer: `[prompt][layer]`, each `[n_heads, n, n]`.
    pub fn patterns(&self, prompts: &[&[u32]]) -> Result<Vec<Vec<Array3<f32>>>> {
        let lengths: Vec<usize> = prompts.iter().map(|p| p.len()).collect();
        let plan = Prompts::new(&lengths, &self.config);
        let mut stream = self.embed(prompts)?;
        let mut patterns: Vec<Vec<Array3<f32>>> = prompts.iter().map(|_| Vec::new()).collect();
        for (at, block) in self.blocks.iter().enumerate() {
            let last = at + 1 == self.blocks.len();
            let of_layer = self.layer(at, block, &plan, &mut stream, last)?;
            for (all, pattern) in patterns.iter_mut().zip(of_layer) {
                all.push(pattern);
            }
        }
        Ok(patterns)
    }

    fn embed(&self, prompts: &[&[u32]]) -> Result<K::Rows> {
        let (kernels, embedding) = (&self.kernels, &self.embedding);
        let ids: Vec<u32> = prompts.concat();
        let mut stream = kernels.gather(&embedding.tokens, &ids)?;
        if let Some(scale) = self.config.embedding_scale {
            kernels.scale(&mut stream, scale)?;
        }
        if let Some(projection) = &embedding.token_projection {
            stream = kernels.linear(&stream, projection)?;
        }
        if let Some((table, first)) = &embedding.positions {
            let rows: Vec<u32> = prompts.iter().flat_map(|p| embedding.position_rows(p, *first)).collect();
            let positions = kernels.gather(table, &rows)?;
            kernels.add(&mut stream, &positions)?;
        }
        if let Some(norm) = &embedding.norm {
            stream = kernels.norm(&stream, norm)?;
        }
        if let Some(projection) = &embedding.projection {
            stream = kernels.linear(&stream, projection)?;
        }
        Ok(stream)
    }

    /// One layer: its patterns, and unless it is the last the residual stream after it.
    fn layer(
        &self,
        at: usize,
        block: &Block,
        prompts: &Prompts,
        stream: &mut K::Rows,
        last: bool,
    ) -> Result<Vec<Array3<f32>>> {
        let (kernels, config) = (&self.kernels, &self.config);
        let normed = block.attention_norms.before.as_ref().map(|n| kernels.norm(stream, n)).transpose()?;
        let input = normed.as_ref().unwrap_or(stream);
        let (patterns, mixed) = block.attention.attend(kernels, config, &config.layers[at], prompts, input, !last)?;
        let Some(mixed) = mixed else { return Ok(patterns) };
        let attended = Branch { rows: mixed, output: Some(&block.attention.output) };

        if config.residual == Residual::Parallel {
            let other = match (&block.mlp, &block.mlp_norms.before) {
                (None, _) => None,
                (Some(mlp), None) => Some(self.mlp(input, mlp)?),
                (Some(mlp), Some(norm)) => Some(self.mlp(&kernels.norm(stream, norm)?, mlp)?),
            };
            self.add_branch(stream, attended, &block.attention_norms)?;
            if let Some(other) = other {
                self.add_branch(stream, other, &block.mlp_norms)?;
            }
            return Ok(patterns);
        }

        let from_norm = config.residual == Residual::FromNorm;
        if let (true, Some(normed)) = (from_norm, normed) {
            *stream = normed;
        }
        self.add_branch(stream, attended, &block.attention_norms)?;
        if let Some(mlp) = &block.mlp {
            let normed = block.mlp_norms.before.as_ref().map(|n| kernels.norm(stream, n)).transpose()?;
            let branch = self.mlp(normed.as_ref().unwrap_or(stream), mlp)?;
            if let (true, Some(normed)) = (from_norm, normed) {
                *stream = normed;
            }
            self.add_branch(stream, branch, &block.mlp_norms)?;
        }
        Ok(patterns)
    }

    fn mlp<'a>(&self, input: &K::Rows, mlp: &'a Mlp) -> Result<Branch<'a, K::Rows>> {
        let kernels = &self.kernels;
        let mixture = match mlp {
            Mlp::Dense(mlp) => return Ok(Branch { rows: kernels.hidden(input, mlp)?, output: Some(&mlp.down) }),
            Mlp::Mixture(mixture) => mixture,
        };
        let scores = kernels.values(&kernels.linear(input, &mixture.router)?)?;
        let mut rows = kernels.zeros_like(input)?;
        for (expert, share) in mixture.experts.iter().zip(mixture.choice.shares(&scores)) {
            if !share.rows.is_empty() {
                let hidden = kernels.hidden(&kernels.select(input, &share.rows)?, expert)?;
                kernels.add_to_rows(&mut rows, &share.rows, &kernels.linear(&hidden, &expert.down)?, &share.weights)?;
            }
        }
        Ok(Branch { rows, output: None })
    }

    /// Adds a branch to the stream, with the norms that come after it.
    fn add_branch(&self, stream: &mut K::Rows, branch: Branch<'_, K::Rows>, norms: &BranchNorms) -> Result<()> {
        let Branch { rows, output } = branch;
        match (&norms.inside, output) {
            (None, Some(output)) => self.kernels.add_linear(stream, &rows, output)?,
            (inside, output) => {
                let rows = match output {
                    Some(output) => self.kernels.linear(&rows, output)?,
                    None => rows,
                };
                let normed = inside.as_ref().map(|norm| self.kernels.norm(&rows, norm)).transpose()?;
                self.kernels.add(stream, normed.as_ref().unwrap_or(&rows))?;
            }
        }
        if let Some(norm) = &norms.after {
            *stream = self.kernels.norm(stream, norm)?;
        }
        Ok(())
    }
}

impl Embedding {
    /// The row of the table of positions for each token of a prompt.
    fn position_rows(&self, prompt: &[u32], first: usize) -> Vec<u32> {
        let mut next = first as u32;
        let row = |id: &u32| {
            if Some(*id) == self.uncounted {
                return first.saturating_sub(1) as u32;
            }
            next += 1;
            next - 1
        };
        prompt.iter().map(row).collect()
    }

    pub(super) fn to(&self, device: &Device, dtype: DType) -> Result<Embedding> {
        let to = |t: &Tensor| t.to_dtype(dtype)?.to_device(device);
        let linear = |l: &Option<Linear>| l.as_ref().map(|l| l.to(device, dtype)).transpose();
        Ok(Embedding {
            tokens: to(&self.tokens)?,
            token_projection: linear(&self.token_projection)?,
            positions: self.positions.as_ref().map(|(t, first)| anyhow::Ok((to(t)?, *first))).transpose()?,
            uncounted: self.uncounted,
            norm: self.norm.as_ref().map(|n| n.to(device)).transpose()?,
            projection: linear(&self.projection)?,
        })
    }
}

impl Block {
    pub(super) fn to(&self, device: &Device, dtype: DType) -> Result<Block> {
        Ok(Block {
            attention: self.attention.to(device, dtype)?,
            attention_norms: self.attention_norms.to(device)?,
            mlp: self.mlp.as_ref().map(|m| m.to(device, dtype)).transpose()?,
            mlp_norms: self.mlp_norms.to(device)?,
        })
    }
}
