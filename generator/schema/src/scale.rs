//! From numbers to colours: scales, normalisation and colour maps, as matplotlib does it.

use serde::{Deserialize, Serialize};

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
        match self {
            Scale::Linear => value,
            Scale::Sqrt => value.max(0.0).sqrt(),
            Scale::Log => value.max(LOG_FLOOR).log10(),
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
    (256.0 * x).clamp(0.0, 255.0) as u8
}

/// Smallest and largest value; `(0, 0)` of nothing.
pub fn min_max(values: impl IntoIterator<Item = f32>) -> (f32, f32) {
    let (min, max) = values.into_iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(lo, hi), v| (lo.min(v), hi.max(v)));
    if min <= max { (min, max) } else { (0.0, 0.0) }
}

/// [`min_max`] of values that lie side by side, with vector instructions.
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

/// 256 RGB colours.
pub type Lut = [[u8; 3]; 256];

/// Names that [`lut`] knows.
pub const COLORMAPS: [&str; 5] = ["Blues", "viridis", "magma", "inferno", "gray"];

/// A colour map's lookup table, equal to `trunc(255 · matplotlib.colormaps[name](range(256)))` to the byte.
pub fn lut(name: &str) -> Option<Lut> {
    match name {
        "Blues" => Some(interpolate(&BLUES)),
        "viridis" => Some(listed(include_bytes!("scale/viridis.rgb"))),
        "magma" => Some(listed(include_bytes!("scale/magma.rgb"))),
        "inferno" => Some(listed(include_bytes!("scale/inferno.rgb"))),
        "gray" => Some(interpolate(&[[0; 3], [255; 3]])),
        _ => None,
    }
}

/// A map that matplotlib lists colour by colour; `scale/colormaps.py` writes the tables.
fn listed(table: &[u8; 768]) -> Lut {
    std::array::from_fn(|i| std::array::from_fn(|c| table[3 * i + c]))
}

/// ColorBrewer's nine-class Blues (colorbrewer2.org, Apache-2.0), the anchors of matplotlib's map of that name.
const BLUES: [[u8; 3]; 9] = [
    [247, 251, 255],
    [222, 235, 247],
    [198, 219, 239],
    [158, 202, 225],
    [107, 174, 214],
    [66, 146, 198],
    [33, 113, 181],
    [8, 81, 156],
    [8, 48, 107],
];

/// `LinearSegmentedColormap.from_list(name, anchors, N=256)`, truncated to bytes.
fn interpolate(anchors: &[[u8; 3]]) -> Lut {
    let step = 255.0 / (anchors.len() - 1) as f64;
    std::array::from_fn(|i| {
        // Not exactly i: numpy's linspace(0, 1, 256) multiplies by a rounded step.
        let x = 255.0 * (i as f64 * (1.0 / 255.0));
        let right = anchors.len() - 1;
        let below = ((x / step) as usize).min(right - 1);
        let t = (x - below as f64 * step) / step;
        std::array::from_fn(|c| {
            let anchor = |a: usize| f64::from(anchors[a][c]) / 255.0;
            let v = match i {
                0 => anchor(0),
                255 => anchor(right),
                _ => t * (anchor(below + 1) - anchor(below)) + anchor(below),
            };
            (255.0 * v) as u8
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blues_equals_matplotlib() {
        let reference: Vec<[u8; 3]> = serde_json::from_str(include_str!("../tests/blues_lut_u8.json")).unwrap();
        assert_eq!(lut("Blues").unwrap().to_vec(), reference);
    }

    #[test]
    fn listed_maps_are_as_matplotlib_has_them() {
        // trunc(255 · matplotlib.colormaps[name]([0, 128, 255])), matplotlib 3.11.
        for (name, ends) in [
            ("viridis", [[68, 1, 84], [32, 144, 140], [253, 231, 36]]),
            ("magma", [[0, 0, 3], [182, 54, 121], [251, 252, 191]]),
            ("inferno", [[0, 0, 3], [187, 55, 84], [252, 254, 164]]),
        ] {
            let lut = lut(name).unwrap();
            assert_eq!([lut[0], lut[128], lut[255]], ends, "{name}");
        }
        assert!(COLORMAPS.iter().all(|name| lut(name).is_some()));
    }

    #[test]
    fn gray_is_gray() {
        let gray = lut("gray").unwrap();
        // Truncation takes 24 entries one down, 33 the first of them, in matplotlib as here.
        let down: Vec<usize> = (0..256).filter(|&i| gray[i] == [(i as u8).wrapping_sub(1); 3]).collect();
        assert_eq!((down.len(), down[0]), (24, 33));
        assert!((0..256).all(|i| gray[i] == [i as u8; 3] || down.contains(&i)));
    }

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
    }
}
