//! How a matrix is coloured: the reader's choices as far as they fit its values.

use lens_schema::scale::{BOTH_SIDES, LOG_FLOOR, Lut, Scale, lut, normalized_index};

use super::look::{Look, Range};
use super::matrix::Matrix;
use super::raster::{NOT_FINITE, Place};

/// Colour maps whose middle is neutral, without the `_r` of their reverses. Values on both sides of 0 get
/// [`BOTH_SIDES`] unless one of these is chosen.
const DIVERGING: [&str; 12] =
    ["BrBG", "PiYG", "PRGn", "PuOr", "RdBu", "RdGy", "RdYlBu", "RdYlGn", "Spectral", "coolwarm", "bwr", "seismic"];

/// A colour map with what its ends stand for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Colours {
    pub colormap: &'static str,
    pub scale: Scale,
    /// Where the logarithm ends.
    pub floor: f32,
    pub range: (f32, f32),
    /// The middle of the colour map stands for 0.
    pub diverge: bool,
}

impl Default for Colours {
    fn default() -> Self {
        Colours {
            colormap: Look::default().colormap,
            scale: Scale::Linear,
            floor: LOG_FLOOR,
            range: (0.0, 1.0),
            diverge: false,
        }
    }
}

impl Colours {
    /// Scales are for values from 0, and a range on both sides of 0 is the same on both. `shared` is the range of all
    /// the patterns that are to have the same colours; what was derived has its own.
    pub fn of(matrix: &Matrix, look: &Look, shared: Option<(f32, f32)>) -> Self {
        let diverge = matrix.diverges();
        let own = if diverge { matrix.range.1.max(-matrix.range.0) } else { matrix.range.1 };
        let (min, max) = match look.range {
            Range::Unit => (0.0, 1.0),
            _ => shared.filter(|_| !matrix.derived).unwrap_or((matrix.range.0, own)),
        };
        let is_neutral = DIVERGING.contains(&look.colormap.trim_end_matches("_r"));
        Colours {
            colormap: if diverge && !is_neutral { BOTH_SIDES } else { look.colormap },
            scale: if matrix.range.0 < 0.0 { Scale::Linear } else { look.scale },
            floor: look.floor,
            range: (if diverge { -max } else { min }, max),
            diverge,
        }
    }

    pub fn lut(self) -> Lut {
        lut(self.colormap).unwrap_or([[0; 3]; 256])
    }

    /// A value's place in the colour map.
    pub fn places(&self) -> impl Fn(f32) -> Place + use<> {
        let Colours { scale, floor, range, .. } = *self;
        let (min, max) = (scale.apply_above(floor, range.0), scale.apply_above(floor, range.1));
        move |value| {
            let finite = || Place::from(normalized_index(scale.apply_above(floor, value), min, max));
            if value.is_finite() { finite() } else { NOT_FINITE }
        }
    }

    /// The value that the colour at `part` (0 to 1) of the colour map stands for: the inverse of the scale.
    pub fn value_at(&self, part: f32) -> f32 {
        let (low, high) =
            (self.scale.apply_above(self.floor, self.range.0), self.scale.apply_above(self.floor, self.range.1));
        let scaled = low + part * (high - low);
        match self.scale {
            Scale::Linear => scaled,
            Scale::Sqrt => scaled * scaled,
            Scale::Log => 10f32.powf(scaled),
        }
    }

    /// The place of the least remarkable value.
    pub fn centre(self) -> Place {
        if self.diverge { 128 } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: [f32; 4], look: &Look) -> Colours {
        Colours::of(&Matrix::of(2, false, vec![0.5; 4]).derive(values.to_vec()), look, Some((0.5, 0.6)))
    }

    #[test]
    fn both_sides_of_zero_are_told_apart() {
        let look = Look { scale: Scale::Log, ..Look::default() };
        let colours = of([-2.0, 0.0, 1.0, 1.0], &look);
        let expected = Colours { colormap: "RdBu", range: (-2.0, 2.0), diverge: true, ..Colours::default() };
        assert_eq!((colours, colours.centre()), (expected, 128));
        let unit = of([-2.0, 0.0, 1.0, 1.0], &Look { range: Range::Unit, ..look.clone() });
        assert_eq!(unit.range, (-1.0, 1.0));
        let chosen = of([-2.0, 0.0, 1.0, 1.0], &Look { colormap: "PuOr_r", ..look });
        assert_eq!(chosen.colormap, "PuOr_r");
    }

    #[test]
    fn other_values_are_coloured_as_chosen() {
        let look = Look { scale: Scale::Sqrt, colormap: "magma", ..Look::default() };
        let counts = Colours { colormap: "magma", scale: Scale::Sqrt, range: (1.0, 7.0), ..Colours::default() };
        assert_eq!(of([1.0, 2.0, 3.0, 7.0], &look), counts);
        // Logarithms are below 0 but for a rounding.
        let logarithms = of([4e-9, -1.0, -3.0, -8.0], &look);
        assert_eq!((logarithms.range, logarithms.scale), ((-8.0, 4e-9), Scale::Linear));
    }

    #[test]
    fn patterns_may_share_their_range() {
        let pattern = Matrix::of(2, true, vec![1.0, 0.0, 0.25, 0.75]);
        let of = |range, shared| Colours::of(&pattern, &Look { range, ..Look::default() }, shared).range;
        assert_eq!(of(Range::Layer, Some((0.0, 0.9))), (0.0, 0.9));
        assert_eq!(
            (of(Range::Own, None), of(Range::Layer, None), of(Range::Unit, None)),
            ((0.0, 1.0), (0.0, 1.0), (0.0, 1.0))
        );
        let derived = of_derived(&pattern);
        assert_eq!(derived.range, (1.0, 4.0), "what was derived has its own");
    }

    fn of_derived(pattern: &Matrix) -> Colours {
        let look = Look { range: Range::Prompt, ..Look::default() };
        Colours::of(&pattern.derive(vec![1.0, 0.0, 2.0, 4.0]), &look, Some((0.0, 0.9)))
    }

    #[test]
    fn the_bar_inverts_the_scale() {
        let at = |part, scale, range| Colours { scale, range, ..Colours::default() }.value_at(part);
        for scale in Scale::ALL {
            assert!((at(1.0, scale, (0.0, 0.8)) - 0.8).abs() < 1e-6, "{scale:?}");
        }
        assert_eq!(at(0.5, Scale::Linear, (0.0, 1.0)), 0.5);
        assert_eq!(at(0.5, Scale::Sqrt, (0.0, 1.0)), 0.25);
        assert!((at(0.5, Scale::Log, (0.0, 1.0)) - 0.01).abs() < 1e-6);
        assert_eq!(at(0.5, Scale::Linear, (0.3, 0.3)), 0.3);
        let deep = Colours { scale: Scale::Log, floor: 1e-6, ..Colours::default() };
        assert!((deep.value_at(0.5) - 1e-3).abs() < 1e-6 && deep.places()(1e-3) == 128 && deep.places()(1e-7) == 0);
    }

    #[test]
    fn every_neutral_map_is_one() {
        assert!(DIVERGING.iter().all(|name| lut(name).is_some()));
    }
}
