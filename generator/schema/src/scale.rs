//! From numbers to colours: scales, normalisation and colour maps, as matplotlib does it.

mod colormap;

use serde::{Deserialize, Serialize};

pub use colormap::{COLORMAPS, COMMON, Kind, Lut, find, lut};

/// How a value is stretched before it is normalised.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    #[default]
    Linear,
    Sqrt,
    /// Base-10 logarithm, floored at [`LOG_FLOOR`].
    Log,
}

/// Attention below this is shown as this on the logarithmic scale.
pub const LOG_FLOOR: f32 = 1e-4;

impl Scale {
    pub const ALL: [Scale; 3] = [Scale::Linear, Scale::Sqrt, Scale::Log];

    pub fn name(self) -> &'static str {
        match self {
            Scale::Linear => "linear",
            Scale::Sqrt => "sqrt",
            Scale::Log => "log",
        }
    }

    pub fn parse(name: &str) -> Option<Scale> {
        Self::ALL.into_iter().find(|s| s.name() == name)
    }

    pub fn apply(self, value: f32) -> f32 {
        self.apply_above(LOG_FLOOR, value)
    }

    /// [`Scale::apply`] with another floor of the logarithm.
    pub fn apply_above(self, floor: f32, value: f32) -> f32 {
        match self {
            Scale::Linear => value,
            Scale::Sqrt => value.max(0.0).sqrt(),
            Scale::Log => value.max(floor).log10(),
        }
    }
}

/// Index into a colour map of 256 entries: `min(trunc(256·x), 255)` with `x = (value − min) / (max − min)` in f32,
/// as matplotlib's colour maps index. A constant matrix (`max ≤ min`) is index 0 throughout.
#[inline]
pub fn normalized_index(value: f32, min: f32, max: f32) -> u8 {
    if max <= min {
        return 0;
    }
    let x = (value - min) / (max - min);
    // The number stays the same as the lowest bits of 2²³ + trunc(256·x): no vector instruction converts to u8.
    ((256.0 * x).clamp(0.0, 255.0).trunc() + 8_388_608.0).to_bits() as u8
}

/// The colour map of values on both sides of 0: red below, blue above.
pub const BOTH_SIDES: &str = "RdBu";

/// Whether values of this range lie on both sides of 0, so that their colours go apart from there. A side below a
/// hundredth of the other counts as rounding: `log10(A + 1e-8)` ends at 4e-9.
pub fn diverges((min, max): (f32, f32)) -> bool {
    let (below, above) = (-min, max);
    below.min(above) > 0.0 && below.min(above) >= 0.01 * below.max(above)
}

/// Smallest and largest value; `(0, 0)` of nothing.
pub fn min_max(values: impl IntoIterator<Item = f32>) -> (f32, f32) {
    let (min, max) = values.into_iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(lo, hi), v| (lo.min(v), hi.max(v)));
    if min <= max { (min, max) } else { (0.0, 0.0) }
}

/// [`min_max`] of values that lie side by side, with vector instructions.
#[inline(always)]
pub fn range(values: &[f32]) -> (f32, f32) {
    let (chunks, rest) = values.as_chunks::<16>();
    let (mut lo, mut hi) = ([f32::INFINITY; 16], [f32::NEG_INFINITY; 16]);
    for chunk in chunks {
        for ((lo, hi), &v) in lo.iter_mut().zip(&mut hi).zip(chunk) {
            *lo = if v < *lo { v } else { *lo };
            *hi = if v > *hi { v } else { *hi };
        }
    }
    let min = lo.iter().chain(rest).copied().fold(f32::INFINITY, f32::min);
    let max = hi.iter().chain(rest).copied().fold(f32::NEG_INFINITY, f32::max);
    if min <= max { (min, max) } else { (0.0, 0.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_cover_the_map() {
        assert_eq!([0.0, 0.5, 0.999, 1.0].map(|v| normalized_index(v, 0.0, 1.0)), [0, 128, 255, 255]);
        assert_eq!(normalized_index(0.3, 0.3, 0.3), 0);
        assert_eq!(min_max([0.2, 0.1]), (0.1, 0.2));
        assert_eq!(min_max([]), (0.0, 0.0));
        for n in 0..70 {
            let values: Vec<f32> = (0..n).map(|i| ((i * 29 + 11) % 64) as f32 - 20.0).collect();
            assert_eq!(range(&values), min_max(values.iter().copied()), "{n}");
        }
    }

    #[test]
    fn scales_have_names() {
        for scale in Scale::ALL {
            assert_eq!(Scale::parse(scale.name()), Some(scale));
        }
        assert_eq!(Scale::Log.apply(0.0), LOG_FLOOR.log10());
        assert_eq!(Scale::Sqrt.apply(0.25), 0.5);
        assert_eq!([1e-6, 0.5].map(|floor| Scale::Log.apply_above(floor, 1e-5)), [-5.0, 0.5f32.log10()]);
    }
}
