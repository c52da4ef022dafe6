//! From a function and the file that it stands in to a figure function.

use anyhow::{Context as _, Result};
use ndarray::Array2;

use super::{Axes, FigureFn, Heatmap, Picture, PlotFormat};
use crate::image::{self, Format};
use crate::pattern::Pattern;

/// What is published about a figure function.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    pub name: String,
    /// Its documentation.
    pub doc: String,
    /// Where its code stands.
    pub source: Option<String>,
    pub code: Option<String>,
}

impl About {
    /// The function `name` of a Rust file, whose text this is.
    fn in_file(name: &str, source: &str, text: &str) -> About {
        let code = code(name, text);
        let comment = code.lines().map_while(|line| line.trim_start().strip_prefix("///"));
        About {
            name: name.to_owned(),
            doc: comment.map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end()).collect::<Vec<_>>().join("\n"),
            source: Some(source.replace('\\', "/")),
            code: (!code.is_empty()).then(|| code.to_owned()),
        }
    }
}

/// A function as it stands in a file, with its comment and attributes; empty if there is none of this name.
fn code<'a>(name: &str, text: &'a str) -> &'a str {
    let mut begin = 0;
    let mut at = 0;
    let mut inside: Option<&str> = None;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        let end = at + line.len();
        match inside {
            // What is indented as the function is, and closes, ends it.
            Some(indent) if line.strip_prefix(indent).is_some_and(|rest| rest.trim_end() == "}") => {
                return &text[begin..end];
            }
            Some(_) => {}
            None if defines(trimmed, name) => {
                if trimmed.ends_with('}') {
                    return &text[begin..end];
                }
                inside = Some(&line[..line.len() - line.trim_start().len()]);
            }
            // Comments and attributes belong to what follows.
            None if trimmed.starts_with("///") || trimmed.starts_with("#[") => {}
            None => begin = end,
        }
        at = end;
    }
    ""
}

/// Whether a line begins the function `name`.
fn defines(line: &str, name: &str) -> bool {
    let visible = line.strip_prefix("pub").map_or(line, |rest| match rest.strip_prefix('(') {
        Some(scope) => scope.split_once(')').map_or(rest, |(_, rest)| rest),
        None => rest,
    });
    let rest = visible.trim_start().strip_prefix("fn ").and_then(|rest| rest.strip_prefix(name));
    rest.is_some_and(|rest| rest.starts_with(['(', '<']))
}

/// A function with what is published about it. How its figures come about is said by one of the methods.
#[derive(Debug, Clone)]
pub struct Declared<F> {
    pub about: About,
    pub function: F,
}

impl<F> Declared<F> {
    /// What [`figure!`](crate::figure!) expands to: the function `name` of the file `source`, whose text this is.
    pub fn in_file(name: &str, function: F, source: &str, text: &str) -> Self {
        Declared { about: About::in_file(name, source, text), function }
    }

    /// The function gives a matrix, which is coloured: one pixel a cell. As pattern-lens' `save_matrix_wrapper`.
    pub fn matrix(self, heatmap: Heatmap) -> FigureFn
    where
        F: Fn(&Pattern<'_>) -> Result<Array2<f32>> + Send + Sync + 'static,
    {
        let (function, format) = (self.function, heatmap.format);
        FigureFn::new(self.about, &[], Some(format), move |pattern| {
            let matrix = function(pattern)?;
            Ok(vec![Picture { format, bytes: heatmap.draw(matrix.view())? }])
        })
    }

    /// The function gives a matrix for each of `figures`, in their order.
    pub fn matrices<const N: usize>(self, figures: [&str; N], heatmap: Heatmap) -> FigureFn
    where
        F: Fn(&Pattern<'_>) -> Result<[Array2<f32>; N]> + Send + Sync + 'static,
    {
        let (function, format) = (self.function, heatmap.format);
        let names = figures.map(str::to_owned);
        FigureFn::new(self.about, &figures, Some(format), move |pattern| {
            let matrices = function(pattern)?;
            let draw = |(matrix, name): (&Array2<f32>, &String)| {
                let bytes = heatmap.draw(matrix.view()).with_context(|| name.clone())?;
                Ok(Picture { format, bytes })
            };
            matrices.iter().zip(&names).map(draw).collect()
        })
    }

    /// The function draws on axes. As pattern-lens' `matplotlib_figure_saver`.
    pub fn plot(self, format: PlotFormat) -> FigureFn
    where
        F: Fn(&Pattern<'_>, &mut Axes) -> Result<()> + Send + Sync + 'static,
    {
        let function = self.function;
        FigureFn::new(self.about, &[], Some(format.into()), move |pattern| {
            let mut axes = Axes::default();
            function(pattern, &mut axes)?;
            Ok(vec![Picture { format: format.into(), bytes: axes.draw(format)? }])
        })
    }

    /// The function draws on one axes for each of `figures`, in their order. As pattern-lens'
    /// `matplotlib_multifigure_saver`.
    pub fn plots<const N: usize>(self, figures: [&str; N], format: PlotFormat) -> FigureFn
    where
        F: Fn(&Pattern<'_>, [&mut Axes; N]) -> Result<()> + Send + Sync + 'static,
    {
        let function = self.function;
        FigureFn::new(self.about, &figures, Some(format.into()), move |pattern| {
            let mut axes: [Axes; N] = std::array::from_fn(|_| Axes::default());
            function(pattern, axes.each_mut())?;
            axes.iter().map(|axes| Ok(Picture { format: format.into(), bytes: axes.draw(format)? })).collect()
        })
    }

    /// The function gives a picture's file.
    pub fn image(self, format: Format) -> FigureFn
    where
        F: Fn(&Pattern<'_>) -> Result<Vec<u8>> + Send + Sync + 'static,
    {
        let function = self.function;
        FigureFn::new(self.about, &[], Some(format), move |pattern| {
            Ok(vec![Picture { format, bytes: function(pattern)? }])
        })
    }

    /// The function gives a picture's file for each of `figures`, in their order.
    pub fn images<const N: usize>(self, figures: [&str; N], format: Format) -> FigureFn
    where
        F: Fn(&Pattern<'_>) -> Result<[Vec<u8>; N]> + Send + Sync + 'static,
    {
        let function = self.function;
        FigureFn::new(self.about, &figures, Some(format), move |pattern| {
            Ok(function(pattern)?.into_iter().map(|bytes| Picture { format, bytes }).collect())
        })
    }
}

impl Heatmap {
    fn draw(&self, matrix: ndarray::ArrayView2<'_, f32>) -> Result<Vec<u8>> {
        image::heatmap(matrix, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_documentation_are_found_in_the_file() {
        let text = "use x;\n\n/// Not\nfn ab() {}\n\n/// First line.\n///\n///     code\n#[inline]\npub fn a<'a>(p: P) -> R {\n    if \
                    x {\n    }\n}\n\nmod m {\n    /// Doc.\n    pub(crate) fn b(p: P) {\n        f();\n    }\n}\nfn c(x: X) {}\n";
        let a = About::in_file("a", "src\\f.rs", text);
        assert_eq!((a.doc.as_str(), a.source.as_deref()), ("First line.\n\n    code", Some("src/f.rs")));
        let code = a.code.unwrap();
        assert!(code.starts_with("/// First line.") && code.ends_with("    if x {\n    }\n}\n"), "{code}");
        let b = About::in_file("b", "f.rs", text);
        assert_eq!((b.doc.as_str(), b.code.unwrap().lines().count()), ("Doc.", 4));
        assert_eq!(About::in_file("c", "f.rs", text).code.unwrap(), "fn c(x: X) {}\n");
        let none = About::in_file("d", "f.rs", text);
        assert_eq!((none.doc.as_str(), none.code), ("", None));
    }
}
