//! How soon a walk along the pattern is at the first key.

use anyhow::Result;
use ndarray::{Array1, s};

use crate::figure::Axes;
use crate::pattern::Pattern;

/// Steps that are plotted.
const STEPS: usize = 64;
/// Where most of the walks are taken to have arrived.
const MOST: f32 = 0.95;

/// How soon walks along the pattern are at the first key.
///
/// (Aᵗ)[i,0] against t, averaged over the queries i and for the last query: the probability that a walk, which goes from
/// a query to a key by the pattern's probabilities, is at the first key after t steps.
///
/// Of a causal pattern the first key is where all walks end. A mark shows the first t at which the average
/// exceeds 0.95: few steps for an attention sink, many for a head that looks one token back.
pub fn absorption(pattern: &Pattern<'_>, axes: &mut Axes) -> Result<()> {
    let n = pattern.values.nrows();
    // (Aᵗ)[i,0] is entry i of A·(Aᵗ⁻¹ e₀), so that no power of the matrix is needed.
    let mut at_first = Array1::<f32>::zeros(n);
    at_first.slice_mut(s![..1]).fill(1.0);
    let (mut mean, mut last) = (Vec::with_capacity(STEPS), Vec::with_capacity(STEPS));
    for _ in 0..STEPS {
        at_first = pattern.values.dot(&at_first);
        mean.push(at_first.sum() / n as f32);
        last.push(at_first[n - 1]);
    }
    axes.title("Walks that are at the first key").xlabel("steps").ylabel("probability").xlog().ylim(0.0, 1.0);
    axes.xlim(1.0, STEPS as f64).xticks([1, 2, 4, 8, 16, 32, 64].map(|t| (f64::from(t), t.to_string())));
    let most = mean.iter().position(|p| *p > MOST);
    axes.plot(1..=STEPS, mean).label("mean of all queries");
    axes.plot(1..=STEPS, last).label("last query");
    if let Some(most) = most {
        axes.axvline((most + 1) as f64).muted().label(format!("mean > {MOST} at {}", most + 1));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::figure::tests::{assert_plot, on_fixture};

    #[test]
    fn as_numpy() {
        on_fixture(|name, pattern| {
            assert_plot(super::absorption, pattern, 0, &format!("{name}.absorption.mean"), 1e-5);
            assert_plot(super::absorption, pattern, 1, &format!("{name}.absorption.last"), 1e-5);
        });
    }
}
