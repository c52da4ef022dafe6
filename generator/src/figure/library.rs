//! The figure functions that come with the program, one file each.
//!
//! Only `raw` is drawn unless `--figure-funcs` asks for more: all of them together take longer than running the model.

mod absorption;
mod diagonals;
mod gram_aat;
mod gram_ata;
mod key_mass;
mod markov;
mod raw;
mod raw_log;
mod raw_sqrt;
mod row_entropy;
mod sink_masked;
mod svd_spectra;
mod top_tokens;

use lens_schema::index::MatrixStyle;
use lens_schema::scale::Scale;

use super::{Declared, FigureFn, Heatmap, PlotFormat};
use crate::image::Format;

/// Declares the function of `library/NAME.rs`, by its path in this repository.
macro_rules! here {
    ($name:ident) => {
        Declared::in_file(
            stringify!($name),
            $name::$name,
            concat!("generator/src/figure/library/", stringify!($name), ".rs"),
            include_str!(concat!("library/", stringify!($name), ".rs")),
        )
    };
}

/// All of them.
pub fn library() -> Vec<FigureFn> {
    let blues = || Heatmap { format: Format::Png, normalize: true, cmap: "Blues".into(), ..Heatmap::default() };
    let style = |scale| MatrixStyle { scale, ..MatrixStyle::default() };
    let plot = PlotFormat::Svgz;
    let on_demand = vec![
        here!(absorption).plot(plot),
        here!(diagonals).plot(plot),
        here!(gram_aat).matrix(blues()),
        here!(gram_ata).matrix(blues()),
        here!(key_mass).plot(plot),
        here!(markov).matrices(["2", "4", "8"], blues()),
        here!(raw_log).matrix(blues()).derived(style(Scale::Log)),
        here!(raw_sqrt).matrix(blues()).derived(style(Scale::Sqrt)),
        here!(row_entropy).plot(plot),
        here!(sink_masked).matrix(blues()),
        here!(svd_spectra).plot(plot),
        here!(top_tokens).plot(plot),
    ];
    let raw = here!(raw).matrix(blues()).derived(style(Scale::Linear));
    on_demand.into_iter().map(FigureFn::on_demand).chain([raw]).collect()
}
