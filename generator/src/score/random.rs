//! What a model does on random tokens that are repeated: there is nothing to go by but the repetition.

use rand::SeedableRng as _;
use rand::seq::{IndexedRandom as _, index};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::Score;
use crate::pattern::AttentionPatterns;

/// Tokens of a sequence that is run twice over, as TransformerLens has them.
const LENGTH: usize = 100;
const SEQUENCES: usize = 2;
/// Tokens of a sequence that is run four times over, as Olsson et al. have them.
const PREFIX_LENGTH: usize = 25;
const PREFIX_REPEATS: usize = 4;
const PREFIX_SEQUENCES: usize = 4;

pub static SCORES: &[Score] = &[
    score! {
        /// Attention to the token before, on 100 random tokens repeated once, fewer where the context is shorter: the mean
        /// of A[i, i−1] over the whole diagonal, without the row and the column of a BOS. The mean of 2 sequences.
        /// Source: TransformerLens, Exploratory_Analysis_Demo (offset 1).
        "prev_token_random", unit: "probability", range: Some(0.0), Some(1.0), undefined: "never"
    },
    score! {
        /// Attention to the same token, on L = 100 random tokens repeated once, fewer where the context is shorter: the
        /// mean of A[i, i−L] over the whole diagonal, without the row and the column of a BOS. The mean of 2 sequences.
        /// Source: TransformerLens, Exploratory_Analysis_Demo (offset seq_len).
        "duplicate_random", unit: "probability", range: Some(0.0), Some(1.0), undefined: "never"
    },
    score! {
        /// Attention to what came after the same token, on L = 100 random tokens repeated once, fewer where the context is
        /// shorter: the mean of A[i, i−(L−1)] over the whole diagonal, i = L − 1 included, without the row and the column of
        /// a BOS. The mean of 2 sequences.
        /// Source: TransformerLens, Main_Demo (offset 1 − seq_len).
        "induction_random", unit: "probability", range: Some(0.0), Some(1.0), undefined: "never"
    },
    score! {
        /// Prefix matching in the common practice, on 25 random tokens run four times over, fewer where the context is
        /// shorter: attention to what came after the earlier occurrences of the token, Σ A[i, p + 1] over these p, averaged
        /// over the rows i that have any. The mean of 4 sequences.
        /// Source: Olsson et al. 2022, In-context Learning and Induction Heads, as it is commonly implemented.
        "prefix_matching", unit: "probability", range: Some(0.0), Some(1.0), undefined: "never"
    },
    score! {
        /// Prefix matching to the letter of Olsson et al., on 25 random tokens run four times over, fewer where the context
        /// is shorter: attention to the tokens that preceded the earlier occurrences of the token, Σ A[i, p − 1] over these
        /// p ≥ 1, averaged over the rows i that have an earlier occurrence. The mean of 4 sequences.
        /// Source: Olsson et al. 2022, In-context Learning and Induction Heads, appendix.
        "prefix_matching_preceding", unit: "probability", range: Some(0.0), Some(1.0), undefined: "never"
    },
];

/// Why a model has none of these scores.
pub const NOT_RUN: &str = "the model was not run on random tokens; lens-build activations does that";

/// What a model is run on, and which model: kept beside the scores, to be repeated or to be told apart from another run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RandomTokens {
    /// [`super::VERSION`].
    pub version: u32,
    /// Of the model that was run.
    pub model_checksum: String,
    /// Ids of the special tokens before and after each sequence.
    pub before: Vec<u32>,
    pub after: Vec<u32>,
    pub sequences: Vec<Sequence>,
    /// Why there is no sequence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absent: Option<String>,
}

/// A random sequence of token ids and how often it is run through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sequence {
    pub tokens: Vec<u32>,
    pub repeats: usize,
}

impl Sequence {
    /// What the model is run on, between the ids of special tokens.
    pub fn input(&self, before: &[u32], after: &[u32]) -> Vec<u32> {
        [before, &self.tokens.repeat(self.repeats), after].concat()
    }

    /// How many of the first scores of [`SCORES`] it is not for, and the values of the others: `[score][layer, head]`.
    /// `before` is the number of special tokens before it.
    pub fn scores(&self, patterns: &AttentionPatterns, before: usize) -> (usize, Vec<Vec<f32>>) {
        let (n, length) = (self.tokens.len() * self.repeats, self.tokens.len());
        let mean = |measure: &dyn Fn(usize) -> Vec<usize>, first: usize| -> Vec<f32> {
            let of_head = |head| {
                let pattern = patterns.head(head);
                let row = |i: usize| {
                    measure(i).into_iter().map(|j| f64::from(pattern[[before + i, before + j]])).sum::<f64>()
                };
                ((first..n).map(row).sum::<f64>() / (n - first) as f64) as f32
            };
            patterns.heads().map(of_head).collect()
        };
        let diagonal = |offset: usize| mean(&|i| vec![i - offset], offset);
        if self.repeats == 2 {
            return (0, vec![diagonal(1), diagonal(length), diagonal(length - 1)]);
        }
        let earlier = move |i: usize| (1..=i / length).map(move |k| i - k * length);
        let after = mean(&|i| earlier(i).map(|p| p + 1).collect(), length);
        let preceding = mean(&|i| earlier(i).filter_map(|p| p.checked_sub(1)).collect(), length);
        (3, vec![after, preceding])
    }
}

/// Means of what [`Sequence::scores`] gave for several sequences, `[score][layer, head]` in the order of [`SCORES`];
/// empty without sequences.
pub fn means(scores: Vec<(usize, Vec<Vec<f32>>)>) -> Vec<Vec<f32>> {
    if scores.is_empty() {
        return Vec::new();
    }
    let mut sums: Vec<(Vec<f64>, usize)> = vec![Default::default(); SCORES.len()];
    for (skip, values) in scores {
        for ((sum, count), values) in sums.iter_mut().skip(skip).zip(values) {
            sum.resize(values.len(), 0.0);
            sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += f64::from(value));
            *count += 1;
        }
    }
    let mean = |(sum, count): (Vec<f64>, usize)| sum.iter().map(|s| (s / count as f64) as f32).collect();
    sums.into_iter().map(mean).collect()
}

/// The sequences for a model: made of these ids, and with `special` more tokens no longer than `n_ctx`. Always the same
/// for the same arguments. An error says why there can be none.
pub fn sequences(ids: &[u32], n_ctx: usize, special: usize) -> Result<Vec<Sequence>, String> {
    let room = n_ctx.saturating_sub(special);
    if room < 2 * PREFIX_REPEATS {
        return Err(format!("a context of {n_ctx} tokens is too short for a sequence that is repeated"));
    }
    if ids.len() < 2 {
        return Err("the tokenizer has fewer than two ordinary tokens to choose from".to_owned());
    }
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut sequence = |length: usize, repeats: usize| {
        let length = length.min(room / repeats);
        // All different, as long as there are enough: a chance repetition is none of those that are measured.
        let tokens = match length <= ids.len() {
            true => index::sample(&mut rng, ids.len(), length).iter().map(|i| ids[i]).collect(),
            false => (0..length).filter_map(|_| ids.choose(&mut rng).copied()).collect(),
        };
        Sequence { tokens, repeats }
    };
    let mut sequences: Vec<Sequence> = (0..SEQUENCES).map(|_| sequence(LENGTH, 2)).collect();
    sequences.extend((0..PREFIX_SEQUENCES).map(|_| sequence(PREFIX_LENGTH, PREFIX_REPEATS)));
    Ok(sequences)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    #[test]
    fn sequences_fit_and_are_reproducible() {
        let ids: Vec<u32> = (10..500).collect();
        let all = sequences(&ids, 1024, 1).unwrap();
        assert_eq!(all, sequences(&ids, 1024, 1).unwrap());
        let shape: Vec<_> = all.iter().map(|s| (s.tokens.len(), s.repeats)).collect();
        assert_eq!(shape, [(100, 2), (100, 2), (25, 4), (25, 4), (25, 4), (25, 4)]);
        assert!(all[0].tokens != all[1].tokens);
        for sequence in &all {
            let mut tokens = sequence.tokens.clone();
            tokens.sort_unstable();
            tokens.dedup();
            assert_eq!(tokens.len(), sequence.tokens.len());
        }
        let short = sequences(&ids, 65, 1).unwrap();
        assert_eq!((short[0].tokens.len(), short[2].tokens.len()), (32, 16));
        assert_eq!(short[0].input(&[7], &[8]).len(), 66);
        assert_eq!(sequences(&[1, 2, 3], 512, 0).unwrap()[0].tokens.len(), 100);
        assert!(sequences(&ids, 8, 1).unwrap_err().contains("a context of 8 tokens is too short"));
        assert!(sequences(&[1], 512, 1).unwrap_err().contains("fewer than two"));
    }

    /// A head that does one thing only has 1 at its own score and 0 at the others.
    #[test]
    fn pure_heads_are_told_apart() {
        let twice = Sequence { tokens: (0..6).collect(), repeats: 2 };
        let four = Sequence { tokens: (0..5).collect(), repeats: 4 };
        for before in [0, 1] {
            let looking_back = |sequence: &Sequence, offset: usize| {
                let n = before + sequence.tokens.len() * sequence.repeats;
                let cell = |(_, i, j): (usize, usize, usize)| f32::from(u8::from(j + offset == i));
                let patterns = AttentionPatterns { layers: vec![Array3::from_shape_fn((1, n, n), cell)], causal: true };
                sequence.scores(&patterns, before).1.iter().map(|score| score[0]).collect::<Vec<_>>()
            };
            assert_eq!(looking_back(&twice, 1), [1.0, 0.0, 0.0]);
            assert_eq!(looking_back(&twice, 6), [0.0, 1.0, 0.0]);
            assert_eq!(looking_back(&twice, 5), [0.0, 0.0, 1.0]);
            // One row of three repeats cannot look before the first token.
            assert_eq!(looking_back(&four, 4), [1.0, 0.0]);
            assert_eq!(looking_back(&four, 6), [0.0, 14.0 / 15.0]);
            assert_eq!(looking_back(&four, 9), [10.0 / 15.0, 0.0]);
        }
    }
}
