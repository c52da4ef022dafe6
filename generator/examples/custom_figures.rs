//! A program with figure functions of one's own: everything that `lens-build` does, and these functions besides.
//!
//! Copy this file into a crate that depends on `lens-build`, `anyhow` and `ndarray`, change the functions, and run it
//! as `lens-build` is run:
//!
//! ```sh
//! cargo run --release --package lens-build --example custom_figures -- --model DIR --prompts FILE --out site
//! cargo run --release --package lens-build --example custom_figures -- figures --list
//! ```
//!
//! A function's comment is its documentation in the viewer, and its text is shown there as its code.

use std::process::ExitCode;

use anyhow::{Result, ensure};
use lens_build::figure;
use lens_build::figure::{Axes, Heatmap, PlotFormat};
use lens_build::image::Format;
use lens_build::linalg::singular_values;
use lens_build::pattern::Pattern;
use ndarray::{Array2, s};

/// Singular values of the pattern, and how much of it the largest of them make up.
///
/// σ_k / σ_1, and the share of the squared norm that is left to the rest, 1 − Σ_{i≤k} σ_i² / Σ_i σ_i², against k. This
/// takes the place of the library's figure of the same name.
fn svd_spectra(pattern: &Pattern<'_>, axes: &mut Axes) -> Result<()> {
    let values = singular_values(pattern.values)?;
    let total: f64 = values.iter().map(|v| v * v).sum();
    let rests = (1..values.len()).map(|k| values[k..].iter().map(|v| v * v).sum::<f64>() / total);
    axes.title("Spectrum").xlabel("k").ylog().ylim(1e-6, 1.0);
    axes.plot(1..=values.len(), values.iter().map(|v| v / values[0])).label("singular value");
    axes.plot(1..values.len(), rests).label("left to the rest");
    axes.axhline(0.1).muted();
    Ok(())
}

/// What a query's attention changes from one token to the next: row i + 1 less row i.
///
/// Red is more, blue is less, white is no change.
fn change(pattern: &Pattern<'_>) -> Result<Array2<f32>> {
    let n = pattern.values.nrows();
    ensure!(n > 1, "a single token has nothing before it");
    Ok(&pattern.values.slice(s![1.., ..]) - &pattern.values.slice(s![..n - 1, ..]))
}

/// Attention of every query to itself and to the token before it.
fn nearest(pattern: &Pattern<'_>, [itself, previous]: [&mut Axes; 2]) -> Result<()> {
    let n = pattern.values.nrows();
    let at = |i: usize, back: usize| pattern.values[[i, i - back]];
    itself.title("To itself").xlabel("query").bar(0..n, (0..n).map(|i| at(i, 0)));
    previous.title("To the token before").xlabel("query").bar(1..n, (1..n).map(|i| at(i, 1)));
    Ok(())
}

fn main() -> ExitCode {
    let diverging = Heatmap {
        format: Format::Svgz,
        normalize: true,
        cmap: "RdBu_r".into(),
        diverging_colormap: true,
        ..Heatmap::default()
    };
    lens_build::run([
        figure!(svd_spectra in "custom_figures.rs").plot(PlotFormat::Svgz),
        figure!(change in "custom_figures.rs").matrix(diverging),
        figure!(nearest in "custom_figures.rs").plots(["itself", "previous"], PlotFormat::Svg),
    ])
}
