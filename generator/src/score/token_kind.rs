//! Attention to tokens of one kind.

use super::{Head, Score};

pub static SCORES: &[Score] = &[
    score! {
        /// Attention to the tokens that were put around the text (BOS, [CLS], [SEP]): the mean over i of Σⱼ A[i, j]
        /// over those j. 0 where there are none.
        /// Source: Clark et al. 2019, What Does BERT Look At?
        "special_mass", unit: "probability", range: Some(0.0), Some(1.0),
        undefined: "the prompt's tokens are unknown"
    },
    score! {
        /// Attention to punctuation: the mean over i of Σⱼ A[i, j] over the tokens j that are nothing but punctuation
        /// and white space. 0 where there are none.
        /// Source: Clark et al. 2019, What Does BERT Look At?
        "punctuation_mass", unit: "probability", range: Some(0.0), Some(1.0),
        undefined: "the prompt's tokens are unknown"
    },
];

pub fn measure(head: &Head<'_>, out: &mut Vec<f32>) {
    for keys in [&head.tokens.special, &head.tokens.punctuation] {
        let mass = |keys: &Vec<usize>| {
            let visible = |i: usize| keys.iter().take_while(move |j| !head.causal || **j <= i);
            head.sum((0..head.n).flat_map(|i| visible(i).map(move |j| (i, *j)))) / head.n as f64
        };
        out.push(keys.as_ref().map_or(f32::NAN, |keys| mass(keys) as f32));
    }
}
