//! Figure functions: what is drawn of every head.
//!
//! A figure is a function in a file of its name under `figure/`, and a line in [`REGISTRY`]. Its doc comment is its
//! published documentation, and its text its published code.

mod raw;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::{Result, anyhow};
use globset::{Glob, GlobSetBuilder};
use lens_schema::FigureEntry;
use lens_schema::index::MatrixStyle;
use ndarray::CowArray;

use crate::image;
use crate::pattern::Pattern;

/// Declares a function of `figure/NAME.rs`. `format` is the extension of its pictures; `matrix` is given where the
/// picture is the pattern itself, coloured, so that the viewer can draw it without a file.
macro_rules! figure {
    ($name:ident, format: $format:literal, matrix: $matrix:expr) => {
        FigureFn {
            name: stringify!($name),
            source: concat!("generator/src/figure/", stringify!($name), ".rs"),
            text: include_str!(concat!("figure/", stringify!($name), ".rs")),
            format: $format,
            matrix: $matrix,
            draw: $name::$name,
        }
    };
}

/// Every figure function, sorted by name.
pub static REGISTRY: &[FigureFn] = &[figure!(raw, format: "png", matrix: Some(MatrixStyle::default))];

/// A named function from one head's pattern to a picture.
#[derive(Debug, Clone, Copy)]
pub struct FigureFn {
    pub name: &'static str,
    /// Path of the source file inside of the repository.
    pub source: &'static str,
    /// Content of the source file.
    text: &'static str,
    /// Extension of the pictures.
    pub format: &'static str,
    /// How the viewer colours the pattern itself; `None` if it needs the picture.
    pub matrix: Option<fn() -> MatrixStyle>,
    draw: for<'a> fn(&Pattern<'a>) -> Result<Figure<'a>>,
}

/// What a figure function returns.
#[derive(Debug)]
pub enum Figure<'a> {
    /// One cell per pixel, coloured as the style says.
    Matrix { values: CowArray<'a, f32, ndarray::Ix2>, style: MatrixStyle },
}

impl Figure<'_> {
    /// The picture's file.
    fn encode(&self) -> Result<Vec<u8>> {
        match self {
            Figure::Matrix { values, style } => image::png(values.view(), style),
        }
    }
}

impl FigureFn {
    /// Draws one head. A panic of the function is an error like any other.
    pub fn draw(&self, pattern: &Pattern<'_>) -> Result<Vec<u8>> {
        let draw = || (self.draw)(pattern)?.encode();
        catch_unwind(AssertUnwindSafe(draw))
            .unwrap_or_else(|panic| Err(anyhow!("the function panicked: {}", panic_message(&*panic))))
    }

    /// The function's doc comment, without its slashes.
    pub fn doc(&self) -> String {
        let lines = self.code().lines().map_while(|line| line.strip_prefix("///"));
        lines.map(str::trim).collect::<Vec<_>>().join("\n")
    }

    /// The function as it stands in the source file, with its doc comment.
    pub fn code(&self) -> &'static str {
        let signature = self.text.find(&format!("\npub fn {}", self.name)).unwrap_or(0);
        let begin = self.text[..signature].rfind("\n\n").map_or(0, |at| at + 2);
        let end = self.text[signature..].find("\n}\n").map_or(self.text.len(), |at| signature + at + 3);
        &self.text[begin..end]
    }

    /// Its line of `figures.jsonl`.
    pub fn entry(&self) -> FigureEntry {
        FigureEntry {
            name: self.name.to_owned(),
            func_name: self.name.to_owned(),
            doc: Some(self.doc()),
            figure_save_fmt: Some(self.format.to_owned()),
            source: Some(self.source.to_owned()),
            code: Some(self.code().to_owned()),
            matrix: self.matrix.map(|style| style()),
            rest: serde_json::Map::new(),
        }
    }
}

/// What a panic said.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or_default()
}

/// The registered functions that match one of the globs; all of them if there is no glob.
///
/// An error if a glob is malformed or matches nothing.
pub fn select(globs: &[String]) -> Result<Vec<&'static FigureFn>> {
    if globs.is_empty() {
        return Ok(REGISTRY.iter().collect());
    }
    let names = || REGISTRY.iter().map(|f| f.name).collect::<Vec<_>>().join(", ");
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        let parsed = Glob::new(glob).map_err(|e| anyhow!("--figure-funcs {glob:?}: {}", e.kind()))?;
        let matcher = parsed.compile_matcher();
        if !REGISTRY.iter().any(|f| matcher.is_match(f.name)) {
            return Err(anyhow!("--figure-funcs {glob:?} matches no figure function; there are: {}", names()));
        }
        set.add(parsed);
    }
    let set = set.build()?;
    Ok(REGISTRY.iter().filter(|f| set.is_match(f.name)).collect())
}

#[cfg(test)]
mod tests {
    use lens_schema::LayerHead;
    use ndarray::array;

    use super::*;

    /// Draws with `draw` instead of the registered function.
    fn draw(draw: for<'a> fn(&Pattern<'a>) -> Result<Figure<'a>>) -> Result<Vec<u8>> {
        let values = array![[1.0, 0.0], [0.5, 0.5]];
        let prompt = Default::default();
        let pattern = Pattern {
            model: "m",
            head: LayerHead { layer: 0, head: 0 },
            prompt: &prompt,
            labels: &[],
            values: values.view(),
            causal: true,
        };
        FigureFn { draw, ..REGISTRY[0] }.draw(&pattern)
    }

    #[test]
    fn every_function_is_documented_and_has_its_code() {
        assert!(REGISTRY.is_sorted_by_key(|f| f.name));
        for figure in REGISTRY {
            let entry = figure.entry();
            let code = entry.code.unwrap();
            assert!(code.starts_with("/// ") && code.ends_with("\n}\n"), "{code}");
            assert!(code.contains(&format!("pub fn {}", figure.name)), "{code}");
            assert!(entry.doc.unwrap().len() > 20);
        }
        assert!(REGISTRY[0].doc().starts_with("Raw attention matrix: query rows"), "{}", REGISTRY[0].doc());
    }

    #[test]
    fn failures_are_caught() {
        assert_eq!(&draw(REGISTRY[0].draw).unwrap()[1..4], b"PNG");
        let error = draw(|_| Err(anyhow!("no picture of this"))).unwrap_err();
        assert_eq!(error.to_string(), "no picture of this");
        let error = draw(|_| panic!("index {} out of range", 7)).unwrap_err();
        assert_eq!(error.to_string(), "the function panicked: index 7 out of range");
    }

    #[test]
    fn globs_select_by_name() {
        let select = |globs: &[&str]| select(&globs.iter().map(|g| (*g).to_owned()).collect::<Vec<_>>());
        let names = |globs: &[&str]| select(globs).unwrap().iter().map(|f| f.name).collect::<Vec<_>>();
        assert_eq!((names(&[]), names(&["r*"]), names(&["raw", "*w"])), (vec!["raw"], vec!["raw"], vec!["raw"]));
        let error = select(&["raw", "sdv*"]).unwrap_err().to_string();
        assert!(error.starts_with("--figure-funcs \"sdv*\" matches no figure function; there are: raw"), "{error}");
        assert!(select(&["[a"]).unwrap_err().to_string().contains("\"[a\": "));
    }
}
