//! How many directions a pattern has.

use anyhow::Result;

use crate::figure::Axes;
use crate::linalg::singular_values;
use crate::pattern::Pattern;

/// Singular values of the pattern, largest first, on a logarithmic scale.
///
/// A pattern that is nearly of rank 1, such as an attention sink, has one large value; one that copies each position
/// has all of them near 1. Values below 1e-7 of the largest are rounding and left out.
pub fn svd_spectra(pattern: &Pattern<'_>, axes: &mut Axes) -> Result<()> {
    let values = singular_values(pattern.values)?;
    let floor = values.first().copied().unwrap_or(0.0) * 1e-7;
    axes.title("Singular values").xlabel("index").ylabel("singular value").ylog();
    axes.plot(1..=values.len(), values.iter().map(|v| if *v > floor { *v } else { f64::NAN }));
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::figure::tests::{assert_plot, on_fixture};

    #[test]
    fn as_numpy() {
        on_fixture(|name, pattern| {
            assert_plot(super::svd_spectra, pattern, 0, &format!("{name}.svd_spectra"), 1e-6);
        });
    }
}
