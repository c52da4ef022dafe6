//! The tokens that get most of the attention.

use anyhow::Result;
use ndarray::Axis;

use crate::figure::Axes;
use crate::pattern::Pattern;

/// How many tokens are shown, and how many characters of each.
const MOST: usize = 16;
const CHARACTERS: usize = 18;

/// The 16 tokens that get most of the head's attention.
///
/// The mean over all queries of the attention to the key, Σ_i A[i,j] / n, with the token's position before it.
///
/// The means of all keys sum to 1. Of a causal pattern, early keys are seen by more queries than late ones.
pub fn top_tokens(pattern: &Pattern<'_>, axes: &mut Axes) -> Result<()> {
    let n = pattern.values.nrows() as f32;
    let mut means: Vec<(usize, f32)> =
        pattern.values.sum_axis(Axis(0)).into_iter().map(|v| v / n).enumerate().collect();
    means.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    means.truncate(MOST);
    let label = |&(key, _): &(usize, f32)| {
        let token = pattern.labels.get(key).map_or("", String::as_str);
        match token.char_indices().nth(CHARACTERS) {
            Some((end, _)) => format!("{key} {}…", &token[..end]),
            None => format!("{key} {token}"),
        }
    };
    axes.title("Tokens that get most attention").xlabel("mean over queries");
    axes.barh(means.iter().map(label), means.iter().map(|m| m.1));
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::figure::Axes;
    use crate::figure::tests::{fixture, on_fixture, with_pattern};

    #[test]
    fn as_numpy() {
        on_fixture(|name, pattern| {
            let (keys, means) = (fixture(&format!("{name}.top_tokens.keys")), fixture(&format!("{name}.top_tokens")));
            let mut axes = Axes::default();
            super::top_tokens(pattern, &mut axes).unwrap();
            let points = axes.points(0);
            assert_eq!(points.len(), means.len());
            assert!(points.iter().zip(&means).all(|(p, mean)| (p.0 - mean).abs() < 1e-6), "{points:?}");
            let labels: Vec<String> = keys.iter().map(|key| format!("{key} t{key}")).collect();
            assert_eq!(axes.y_tick_labels(), labels);
        });
    }

    #[test]
    fn long_tokens_are_cut() {
        let values = ndarray::array![[1.0]];
        with_pattern(&values, |pattern| {
            let labels = ["é".repeat(19)];
            let mut axes = Axes::default();
            super::top_tokens(&crate::pattern::Pattern { labels: &labels, ..*pattern }, &mut axes).unwrap();
            assert_eq!(axes.y_tick_labels(), [format!("0 {}…", "é".repeat(18))]);
        });
    }
}
