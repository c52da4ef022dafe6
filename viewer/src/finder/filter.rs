//! Ranges of scores that heads must lie in, as the URL has them: `induction:0.3-1~entropy:-2`.

use std::fmt;

use lens_expr::decimal;

/// Bounds of a score, both inclusive; `None` is no bound.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    pub score: String,
    pub min: Option<f32>,
    pub max: Option<f32>,
}

impl Filter {
    /// Whether a value lies within; no value does not.
    pub fn admits(&self, value: f32) -> bool {
        !value.is_nan() && self.min.is_none_or(|min| value >= min) && self.max.is_none_or(|max| value <= max)
    }

    /// Reads `SCORE:MIN-MAX`, where either bound may be missing. The hyphen that parts them is the first that leaves a
    /// number or nothing on both sides, so that bounds below 0 and exponents are read too: `a:-1e-3--1e-4`.
    pub fn parse(text: &str) -> Option<Filter> {
        let (score, range) = text.rsplit_once(':').filter(|(score, _)| !score.is_empty())?;
        let parted =
            range.match_indices('-').find_map(|(at, _)| Some((bound(&range[..at])?, bound(&range[at + 1..])?)));
        let (min, max) = parted?;
        Some(Filter { score: score.to_owned(), min, max })
    }
}

/// A finite number, or nothing.
pub fn bound(text: &str) -> Option<Option<f32>> {
    if text.is_empty() {
        return Some(None);
    }
    decimal(text).map(|bound| bound as f32).filter(|bound| bound.is_finite()).map(Some)
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}-{}", self.score, shown(self.min), shown(self.max))
    }
}

/// A bound in a field.
pub fn shown(bound: Option<f32>) -> String {
    bound.map(|bound| bound.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_and_written() {
        let cases = [
            ("induction:0.3-1", Some(0.3), Some(1.0)),
            ("entropy:-2", None, Some(2.0)),
            ("entropy:2-", Some(2.0), None),
            ("a:-", None, None),
            ("a:-0.5-0.25", Some(-0.5), Some(0.25)),
            ("a:-2-", Some(-2.0), None),
            ("a:--2", None, Some(-2.0)),
            ("a:-1--0.5", Some(-1.0), Some(-0.5)),
            ("a:b:0-1", Some(0.0), Some(1.0)),
        ];
        for (text, min, max) in cases {
            let filter = Filter::parse(text).unwrap();
            assert_eq!((filter.min, filter.max, filter.to_string().as_str()), (min, max, text));
        }
        let tiny = Filter::parse("a:1e-3-2e-3").unwrap();
        assert_eq!((tiny.min, tiny.max), (Some(0.001), Some(0.002)));
        assert_eq!(Filter::parse(&tiny.to_string()), Some(tiny));
        for wrong in ["", "a", "a:", "a:1", "a:x-1", "a:1-x", ":0-1", "a:inf-", "a:-NaN", "a:1..2"] {
            assert_eq!(Filter::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn bounds_are_inclusive() {
        let filter = Filter::parse("a:0.5-1").unwrap();
        assert_eq!([0.49, 0.5, 1.0, 1.01, f32::NAN].map(|v| filter.admits(v)), [false, true, true, false, false]);
        let open = Filter::parse("a:-").unwrap();
        assert!(open.admits(f32::MAX) && !open.admits(f32::NAN));
    }
}
