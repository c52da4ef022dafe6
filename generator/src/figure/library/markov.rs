//! Powers of the pattern.

use anyhow::Result;
use ndarray::Array2;

use crate::pattern::Pattern;

/// Powers of the pattern taken as a Markov chain: A², A⁴ and A⁸.
///
/// Entry i,j of Aᵗ is the probability that a walk which goes from query to key by the pattern's probabilities, t times,
/// leads from i to j.
///
/// Of a causal pattern all walks end at the first key, which has only itself to attend to; how soon is plotted by
/// `absorption`.
pub fn markov(pattern: &Pattern<'_>) -> Result<[Array2<f32>; 3]> {
    let second = pattern.values.dot(&pattern.values);
    let fourth = second.dot(&second);
    let eighth = fourth.dot(&fourth);
    Ok([second, fourth, eighth])
}

#[cfg(test)]
mod tests {
    use crate::figure::tests::{assert_close, on_fixture};

    #[test]
    fn as_numpy() {
        on_fixture(|name, pattern| {
            for (power, t) in super::markov(pattern).unwrap().iter().zip([2, 4, 8]) {
                assert_close(power, &format!("{name}.markov.{t}"), 1e-6);
            }
        });
    }
}
