//! How much attention each key gets.

use anyhow::Result;
use ndarray::Axis;

use crate::figure::Axes;
use crate::pattern::Pattern;

/// Attention that each key gets from all queries.
///
/// The column sums Σ_i A[i,j], beside what they would be if every query attended to all its keys alike:
/// Σ_{i≥j} 1/(i+1) of a causal pattern, else 1.
///
/// The sums of all keys are the number of queries. A key far above the gray line is a sink, or a token that matters.
pub fn key_mass(pattern: &Pattern<'_>, axes: &mut Axes) -> Result<()> {
    let n = pattern.values.nrows();
    let mass = pattern.values.sum_axis(Axis(0));
    let mut uniform = vec![1.0; n];
    if pattern.causal {
        let mut sum = 0.0;
        for (j, uniform) in uniform.iter_mut().enumerate().rev() {
            sum += 1.0 / (j + 1) as f64;
            *uniform = sum;
        }
    }
    axes.title("Attention that each key gets").xlabel("key").ylabel("sum over queries");
    axes.plot(0..n, uniform).muted().label("if all were alike");
    axes.plot(0..n, mass).label("this head");
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::figure::tests::{assert_plot, on_fixture};

    #[test]
    fn as_numpy() {
        on_fixture(|name, pattern| {
            assert_plot(super::key_mass, pattern, 0, &format!("{name}.key_mass.uniform"), 1e-6);
            assert_plot(super::key_mass, pattern, 1, &format!("{name}.key_mass"), 1e-6);
        });
    }
}
