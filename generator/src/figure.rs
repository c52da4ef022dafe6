//! Figure functions: what is drawn of every head.
//!
//! A figure function of the library is a Rust function in a file of its name under `figure/`, and a line in
//! [`library`]. One of one's own is declared with [`figure!`](crate::figure!) and handed to [`crate::run`]. Either
//! way its doc comment is its published documentation, and its text its published code.
//!
//! What a function returns decides how it is declared: a matrix that is coloured ([`Declared::matrix`]), a plot that
//! it draws on [`Axes`] ([`Declared::plot`]), or a picture's bytes ([`Declared::image`]); and for functions that draw
//! several figures, called `function.figure`, an array of them ([`Declared::matrices`], [`Declared::plots`],
//! [`Declared::images`]).

mod command;
mod declared;
mod expression;
mod library;
mod registry;

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use anyhow::{Result, anyhow, ensure};
use lens_schema::FigureEntry;
use lens_schema::index::MatrixStyle;

use crate::image::{self, Format};
use crate::pattern::Pattern;

pub use crate::image::Heatmap;
pub use crate::plot::{Axes, PlotFormat};
pub use command::FigureCommand;
pub use declared::{About, Declared};
pub use expression::expression;
pub use library::library;
pub use registry::Registry;

/// Declares a figure function: a function of the file that this is written in, and the name of that file.
/// Gives a [`Declared`].
///
/// ```ignore
/// figure!(distances in "my_figures.rs").plot(PlotFormat::Svgz)
/// ```
#[macro_export]
macro_rules! figure {
    ($name:ident in $file:literal) => {
        $crate::figure::Declared::in_file(stringify!($name), $name, file!(), include_str!($file))
    };
}

/// A figure's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    pub format: Format,
    pub bytes: Vec<u8>,
}

type Draw = dyn Fn(&Pattern<'_>) -> Result<Vec<Picture>> + Send + Sync;

/// A named function from one head's pattern to one or several pictures.
#[derive(Clone)]
pub struct FigureFn {
    about: About,
    /// Names of its figures: its own, or `function.figure` for each of several.
    figures: Vec<String>,
    /// Of all its pictures; `None` if it is not known before they are drawn.
    format: Option<Format>,
    /// How the viewer colours the pattern itself; `None` if it needs the pictures.
    derived: Option<MatrixStyle>,
    /// Drawn where nothing is asked for.
    default: bool,
    draw: Arc<Draw>,
}

impl FigureFn {
    /// The most general one: `draw` gives a picture for each of `figures`, in their order. If there are none, the
    /// function draws one figure of its own name; else they are called `function.figure`.
    pub fn new(
        about: About,
        figures: &[&str],
        format: Option<Format>,
        draw: impl Fn(&Pattern<'_>) -> Result<Vec<Picture>> + Send + Sync + 'static,
    ) -> Self {
        let figures = match figures {
            [] => vec![about.name.clone()],
            figures => figures.iter().map(|figure| format!("{}.{figure}", about.name)).collect(),
        };
        FigureFn { about, figures, format, derived: None, default: true, draw: Arc::new(draw) }
    }

    /// Not drawn unless it is asked for by name.
    #[must_use]
    pub fn on_demand(mut self) -> Self {
        self.default = false;
        self
    }

    /// Its picture is the pattern itself in this style, so that the viewer needs no file of it.
    #[must_use]
    pub fn derived(mut self, style: MatrixStyle) -> Self {
        self.derived = Some(style);
        self
    }

    pub fn name(&self) -> &str {
        &self.about.name
    }

    pub fn doc(&self) -> &str {
        &self.about.doc
    }

    /// Names of its figures: its own, or `function.figure` for each of several.
    pub fn figures(&self) -> &[String] {
        &self.figures
    }

    /// Whether its pictures have this extension, as far as that is known before they are drawn.
    pub fn may_be(&self, extension: &str) -> bool {
        self.format.map_or_else(|| extension.parse::<Format>().is_ok(), |format| format.extension() == extension)
    }

    /// Whether it is drawn where nothing is asked for.
    pub fn is_default(&self) -> bool {
        self.default
    }

    pub fn is_derived(&self) -> bool {
        self.derived.is_some()
    }

    /// Draws one head: a picture for each of its figures, in their order. A panic is an error like any other.
    pub fn draw(&self, pattern: &Pattern<'_>) -> Result<Vec<Picture>> {
        let pictures = catch_unwind(AssertUnwindSafe(|| (self.draw)(pattern)))
            .unwrap_or_else(|panic| Err(anyhow!("the function panicked: {}", panic_message(&*panic))))?;
        let (drawn, expected) = (pictures.len(), self.figures.len());
        ensure!(drawn == expected, "the function drew {drawn} figures where it should draw {expected}");
        for (name, picture) in self.figures.iter().zip(&pictures) {
            let extension = picture.format.extension();
            ensure!(image::is_whole(extension, &picture.bytes), "{name} is no whole {extension} file");
        }
        Ok(pictures)
    }

    /// Its lines of `figures.jsonl`, one a figure.
    pub fn entries(&self) -> Vec<FigureEntry> {
        let About { name, doc, source, code } = &self.about;
        let entry = |figure: &String| FigureEntry {
            name: figure.clone(),
            func_name: name.clone(),
            doc: Some(doc.clone()),
            figure_save_fmt: self.format.map(|format| format.extension().to_owned()),
            source: source.clone(),
            code: code.clone(),
            matrix: self.derived.clone(),
            rest: serde_json::Map::new(),
        };
        self.figures.iter().map(entry).collect()
    }
}

impl fmt::Debug for FigureFn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FigureFn").field("figures", &self.figures).field("format", &self.format).finish_non_exhaustive()
    }
}

/// What a panic said.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or_default()
}

#[cfg(test)]
pub(crate) mod tests {
    use lens_schema::npz::{self, Reader};
    use lens_schema::{LayerHead, PromptEntry};
    use ndarray::{Array2, array};

    use super::*;

    /// Hands a pattern of these values to `f`. It counts as causal if nothing is above the diagonal.
    pub(crate) fn with_pattern<T>(values: &Array2<f32>, f: impl FnOnce(&Pattern<'_>) -> T) -> T {
        let labels: Vec<String> = (0..values.nrows()).map(|i| format!("t{i}")).collect();
        let head = LayerHead { layer: 0, head: 0 };
        let causal = values.indexed_iter().all(|((query, key), v)| key <= query || *v == 0.0);
        let prompt = PromptEntry::default();
        f(&Pattern { model: "m", head, prompt: &prompt, labels: &labels, values: values.view(), causal })
    }

    /// An array of the fixture, flat.
    pub(crate) fn fixture(name: &str) -> Vec<f64> {
        let fixture = Reader::new(include_bytes!("../../tests/fixtures/figures/figures.npz")).unwrap();
        let npy = fixture.get(&format!("{name}.npy")).unwrap().unwrap_or_else(|| panic!("no array {name}"));
        let (values, _) = npz::npy_data(&npy).unwrap().as_chunks::<8>();
        values.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect()
    }

    /// Hands out the fixture's patterns.
    #[track_caller]
    pub(crate) fn on_fixture(f: impl Fn(&str, &Pattern<'_>)) {
        for (name, n) in [("causal", 23), ("bidirectional", 18)] {
            let values = fixture(name).into_iter().map(|v| v as f32).collect();
            with_pattern(&Array2::from_shape_vec((n, n), values).unwrap(), |pattern| {
                assert_eq!(pattern.causal, name == "causal");
                f(name, pattern);
            });
        }
    }

    #[track_caller]
    pub(crate) fn assert_close(matrix: &Array2<f32>, expected: &str, tolerance: f64) {
        let values = fixture(expected);
        assert_eq!(matrix.len(), values.len(), "{expected}");
        let worst = matrix.iter().zip(&values).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max);
        assert!(worst <= tolerance, "{expected}: {worst}");
    }

    /// The y values of a plot's series are those of the fixture.
    #[track_caller]
    pub(crate) fn assert_plot(
        draw: impl Fn(&Pattern<'_>, &mut Axes) -> Result<()>,
        pattern: &Pattern<'_>,
        series: usize,
        expected: &str,
        tolerance: f64,
    ) {
        let mut axes = Axes::default();
        draw(pattern, &mut axes).unwrap();
        assert!(axes.draw(PlotFormat::Svg).is_ok());
        let values = fixture(expected);
        let points = axes.points(series);
        assert_eq!(points.len(), values.len(), "{expected}");
        let worst = points.iter().zip(&values).map(|(p, v)| (p.1 - v).abs()).fold(0.0, f64::max);
        assert!(worst <= tolerance, "{expected}: {worst}");
    }

    fn draw(draw: impl Fn(&Pattern<'_>) -> Result<Vec<Picture>> + Send + Sync + 'static) -> Result<Vec<Picture>> {
        let about = About { name: "f".to_owned(), doc: String::new(), source: None, code: None };
        with_pattern(&array![[1.0, 0.0], [0.5, 0.5]], |pattern| FigureFn::new(about, &[], None, draw).draw(pattern))
    }

    #[test]
    fn failures_are_caught() {
        let svg = |bytes: &[u8]| vec![Picture { format: Format::Svg, bytes: bytes.to_vec() }];
        assert_eq!(draw(move |_| Ok(svg(b"<svg/>"))).unwrap(), svg(b"<svg/>"));
        let error = |result: Result<Vec<Picture>>| result.unwrap_err().to_string();
        assert_eq!(error(draw(|_| Err(anyhow!("no picture of this")))), "no picture of this");
        assert_eq!(error(draw(|_| panic!("index {} is too large", 7))), "the function panicked: index 7 is too large");
        assert_eq!(error(draw(|_| Ok(Vec::new()))), "the function drew 0 figures where it should draw 1");
        assert_eq!(error(draw(move |_| Ok(svg(b"<svg")))), "f is no whole svg file");
    }
}
