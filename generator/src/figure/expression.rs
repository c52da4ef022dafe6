//! Figures that are written on the command line: `--figure-expr 'name=EXPR'`.

use anyhow::{Context as _, Result, anyhow, ensure};
use lens_expr::{Expr, Input, Limits};
use lens_schema::scale;
use ndarray::{Array2, ArrayView2};

use super::{About, FigureFn, Heatmap, Picture};
use crate::image::{Format, heatmap};
use crate::pattern::Pattern;

/// The figure function of `name=EXPR`: a matrix expression over the pattern A, see [`lens_expr`].
///
/// Values on both sides of 0 get colours that diverge from it, others those of `raw`; either way they span the head's
/// range.
///
/// # Errors
/// Text without a name, and errors of the expression, with a caret under their place.
pub fn expression(text: &str) -> Result<FigureFn> {
    let parts = text.split_once('=').map(|(name, source)| (name.trim(), source.trim()));
    let (name, source) = parts.filter(|(name, source)| !name.is_empty() && !source.is_empty()).with_context(|| {
        format!("--figure-expr {text:?}: write a name and an expression, as in 'log=log10(A + 1e-8)'")
    })?;
    let parsed = Expr::parse(source).map_err(|e| anyhow!("--figure-expr {name}: {e}"))?;
    let about = About {
        name: name.to_owned(),
        doc: "A matrix expression over the pattern A.".to_owned(),
        source: Some("--figure-expr".to_owned()),
        code: Some(source.to_owned()),
    };
    Ok(FigureFn::new(about, &[], Some(Format::Png), move |pattern| {
        let matrix = eval(&parsed, pattern)?;
        let bytes = heatmap(matrix.view(), &style(matrix.view()))?;
        Ok(vec![Picture { format: Format::Png, bytes }])
    }))
}

fn eval(expr: &Expr, pattern: &Pattern<'_>) -> Result<Array2<f32>> {
    let n = pattern.values.nrows();
    let ids = if expr.uses_tokens() { pattern.prompt.token_ids(pattern.labels) } else { Vec::new() };
    let values = pattern.values.as_standard_layout();
    let input = Input { n, pattern: values.as_slice().unwrap_or_default(), token_ids: &ids };
    let matrix = expr.eval(&input, &Limits::default())?;
    let (nan, infinite) = (matrix.nan, matrix.infinite);
    ensure!(
        nan + infinite == 0,
        "of {} values {nan} are NaN and {infinite} infinite; a small number helps where 0 is divided by or has its \
         logarithm taken, as in log10(A + 1e-8)",
        n * n
    );
    Ok(Array2::from_shape_vec((n, n), matrix.values)?)
}

fn style(matrix: ArrayView2<'_, f32>) -> Heatmap {
    let diverging_colormap = scale::diverges(scale::min_max(matrix.iter().copied()));
    let cmap = if diverging_colormap { scale::BOTH_SIDES } else { "Blues" };
    Heatmap { format: Format::Png, normalize: true, cmap: cmap.into(), diverging_colormap, ..Heatmap::default() }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::figure::tests::with_pattern;

    #[test]
    fn expressions_are_figures() {
        let values = array![[1.0, 0.0], [0.25, 0.75]];
        let drawn = |text: &str| with_pattern(&values, |pattern| expression(text).unwrap().draw(pattern));
        let expected = |matrix: Array2<f32>| heatmap(matrix.view(), &style(matrix.view())).unwrap();
        let both_sides = drawn("change = A - A.T").unwrap();
        assert_eq!(both_sides[0].bytes, expected(array![[0.0, -0.25], [0.25, 0.0]]));
        assert_eq!(drawn("same=same_token").unwrap()[0].bytes, expected(array![[1.0, 0.0], [0.0, 1.0]]));
        let error = drawn("log=log10(A)").unwrap_err().to_string();
        assert!(error.starts_with("of 4 values 0 are NaN and 1 infinite"), "{error}");
        let entry = &expression("log=log10(A + 1e-8)").unwrap().entries()[0];
        assert_eq!((entry.name.as_str(), entry.code.as_deref()), ("log", Some("log10(A + 1e-8)")));
    }

    #[test]
    fn errors_show_the_place() {
        let error = expression("x=A +* 2").unwrap_err().to_string();
        assert!(
            error.starts_with("--figure-expr x: ") && error.contains("\n  A +* 2\n") && error.contains('^'),
            "{error}"
        );
        for text in ["A", "=A", "x="] {
            assert!(expression(text).unwrap_err().to_string().contains("a name and an expression"), "{text}");
        }
    }
}
