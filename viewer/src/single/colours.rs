//! How a matrix is coloured: the reader's choices as far as they fit its values.

use lens_schema::scale::{BOTH_SIDES, Lut, Scale, lut};

use super::link::{Look, Range};
use super::matrix::Matrix;
use super::raster::Place;

/// Colour maps whose middle is neutral, without the `_r` of their reverses. Values on both sides of 0 get
/// [`BOTH_SIDES`] unless one of these is chosen.
const DIVERGING: [&str; 12] =
    ["BrBG", "PiYG", "PRGn", "PuOr", "RdBu", "RdGy", "RdYlBu", "RdYlGn", "Spectral", "coolwarm", "bwr", "seismic"];

/// A colour map with what its ends stand for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Colours {
    pub colormap: &'static str,
    pub scale: Scale,
    pub range: (f32, f32),
    /// The middle of the colour map stands for 0.
    pub diverge: bool,
}

impl Default for Colours {
    fn default() -> Self {
        Colours { colormap: Look::default().colormap, scale: Scale::Linear, range: (0.0, 1.0), diverge: false }
    }
}

impl Colours {
    /// Scales are for values from 0, and a range on both sides of 0 is the same on both.
    pub fn of(matrix: &Matrix, look: &Look) -> Self {
        let diverge = matrix.diverges();
        let own = if diverge { matrix.range.1.max(-matrix.range.0) } else { matrix.range.1 };
        let (min, max) = match look.range {
            Range::Own => (matrix.range.0, own),
            Range::Unit => (0.0, 1.0),
        };
        let is_neutral = DIVERGING.contains(&look.colormap.trim_end_matches("_r"));
        Colours {
            colormap: if diverge && !is_neutral { BOTH_SIDES } else { look.colormap },
            scale: if matrix.range.0 < 0.0 { Scale::Linear } else { look.scale },
            range: (if diverge { -max } else { min }, max),
            diverge,
        }
    }

    pub fn lut(self) -> Lut {
        lut(self.colormap).unwrap_or([[0; 3]; 256])
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
        Colours::of(&Matrix::of(2, false, vec![0.5; 4]).derive(values.to_vec()), look)
    }

    #[test]
    fn both_sides_of_zero_are_told_apart() {
        let look = Look { scale: Scale::Log, ..Look::default() };
        let colours = of([-2.0, 0.0, 1.0, 1.0], &look);
        let expected = Colours { colormap: "RdBu", scale: Scale::Linear, range: (-2.0, 2.0), diverge: true };
        assert_eq!((colours, colours.centre()), (expected, 128));
        let unit = of([-2.0, 0.0, 1.0, 1.0], &Look { range: Range::Unit, ..look.clone() });
        assert_eq!(unit.range, (-1.0, 1.0));
        let chosen = of([-2.0, 0.0, 1.0, 1.0], &Look { colormap: "PuOr_r", ..look });
        assert_eq!(chosen.colormap, "PuOr_r");
    }

    #[test]
    fn other_values_are_coloured_as_chosen() {
        let look = Look { scale: Scale::Sqrt, colormap: "magma", ..Look::default() };
        let counts = Colours { colormap: "magma", scale: Scale::Sqrt, range: (1.0, 7.0), diverge: false };
        assert_eq!(of([1.0, 2.0, 3.0, 7.0], &look), counts);
        // Logarithms are below 0 but for a rounding.
        let logarithms = of([4e-9, -1.0, -3.0, -8.0], &look);
        assert_eq!((logarithms.range, logarithms.scale), ((-8.0, 4e-9), Scale::Linear));
    }

    #[test]
    fn every_neutral_map_is_one() {
        assert!(DIVERGING.iter().all(|name| lut(name).is_some()));
    }
}
