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

/// 256 RGB colours.
pub type Lut = [[u8; 3]; 256];

/// Names that [`lut`] knows.
pub const COLORMAPS: [&str; 2] = ["Blues", "gray"];

/// A colour map's lookup table, equal to `trunc(255 · matplotlib.colormaps[name](range(256)))` to the byte.
pub fn lut(name: &str) -> Option<Lut> {
    match name {
        "Blues" => Some(interpolate(&BLUES)),
        "gray" => Some(interpolate(&[[0.0; 3], [1.0; 3]])),
        _ => None,
    }
}

/// ColorBrewer's nine-class Blues (colorbrewer2.org, Apache-2.0), as matplotlib's `_cm.py` lists it.
const BLUES: [[f64; 3]; 9] = [
    [0.9686274509803922, 0.984313725490196, 1.0],
    [0.8705882352941177, 0.9215686274509803, 0.9686274509803922],
    [0.7764705882352941, 0.8588235294117647, 0.9372549019607843],
    [0.6196078431372549, 0.792156862745098, 0.8823529411764706],
    [0.4196078431372549, 0.6823529411764706, 0.8392156862745098],
    [0.25882352941176473, 0.5725490196078431, 0.7764705882352941],
    [0.12941176470588237, 0.44313725490196076, 0.7098039215686275],
    [0.03137254901960784, 0.3176470588235294, 0.611764705882353],
    [0.03137254901960784, 0.18823529411764706, 0.4196078431372549],
];

/// `LinearSegmentedColormap.from_list(name, anchors, N=256)`, truncated to bytes.
fn interpolate(anchors: &[[f64; 3]]) -> Lut {
    let step = 255.0 / (anchors.len() - 1) as f64;
    std::array::from_fn(|i| {
        // Not exactly i: numpy's linspace(0, 1, 256) multiplies by a rounded step.
        let x = 255.0 * (i as f64 * (1.0 / 255.0));
        let right = anchors.len() - 1;
        let below = ((x / step) as usize).min(right - 1);
        let t = (x - below as f64 * step) / step;
        std::array::from_fn(|c| {
            let v = match i {
                0 => anchors[0][c],
                255 => anchors[right][c],
                _ => t * (anchors[below + 1][c] - anchors[below][c]) + anchors[below][c],
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
