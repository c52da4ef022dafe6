//! matplotlib's colour maps. `colormaps.py` writes the data that they are made of.

/// 256 RGB colours.
pub type Lut = [[u8; 3]; 256];

/// How many anchors a ColorBrewer map has.
const SEQUENTIAL: usize = 9;
const DIVERGING: usize = 11;

const COLORBREWER: &[u8] = include_bytes!("colorbrewer.rgb");
const LISTED: &[u8] = include_bytes!("listed.delta");

macro_rules! names {
    ($($name:literal)*) => { &[$([$name, concat!($name, "_r")]),*] };
}

/// Colour maps of one kind: what the kind is called, and each map's name with that of its reverse.
#[derive(Debug)]
pub struct Kind {
    pub title: &'static str,
    pub names: &'static [[&'static str; 2]],
    source: Source,
}

/// What the maps of a kind are made of, in the order of their names.
#[derive(Debug)]
enum Source {
    /// Anchors in [`COLORBREWER`], the first of them after so many bytes.
    Anchors {
        from: usize,
        each: usize,
    },
    /// Tables in [`LISTED`].
    Listed,
    Few(&'static [&'static [[f64; 3]]]),
}

/// Every colour map, `Blues` first.
pub static COLORMAPS: [Kind; 4] = [
    Kind {
        title: "ColorBrewer, sequential",
        names: names!("Blues" "Greens" "Greys" "Oranges" "Purples" "Reds" "BuGn" "BuPu" "GnBu" "OrRd" "PuBu" "PuBuGn"
            "PuRd" "RdPu" "YlGn" "YlGnBu" "YlOrBr" "YlOrRd"),
        source: Source::Anchors { from: 0, each: SEQUENTIAL },
    },
    Kind {
        title: "ColorBrewer, diverging",
        names: names!("BrBG" "PiYG" "PRGn" "PuOr" "RdBu" "RdGy" "RdYlBu" "RdYlGn" "Spectral"),
        source: Source::Anchors { from: 18 * 3 * SEQUENTIAL, each: DIVERGING },
    },
    Kind {
        title: "Tables",
        names: names!("viridis" "plasma" "inferno" "magma" "cividis" "turbo" "coolwarm" "hot"),
        source: Source::Listed,
    },
    Kind {
        title: "Ramps",
        names: names!("bwr" "seismic" "gray" "binary"),
        source: Source::Few(&[
            &[[0.0, 0.0, 255.0], [255.0, 255.0, 255.0], [255.0, 0.0, 0.0]],
            &[[0.0, 0.0, 76.5], [0.0, 0.0, 255.0], [255.0, 255.0, 255.0], [255.0, 0.0, 0.0], [127.5, 0.0, 0.0]],
            &[[0.0; 3], [255.0; 3]],
            &[[255.0; 3], [0.0; 3]],
        ]),
    },
];

/// A few that suit attention patterns and differ much from each other.
pub const COMMON: [&str; 5] = ["Blues", "viridis", "magma", "inferno", "gray"];

/// The name as it is kept here, if there is such a colour map.
pub fn find(name: &str) -> Option<&'static str> {
    COLORMAPS.iter().flat_map(|kind| kind.names.as_flattened()).find(|own| **own == name).copied()
}

/// A colour map's lookup table, equal to `trunc(255 · matplotlib.colormaps[name](range(256)))` to the byte.
pub fn lut(name: &str) -> Option<Lut> {
    COLORMAPS.iter().find_map(|kind| {
        let place = kind.names.as_flattened().iter().position(|own| *own == name)?;
        let (place, reversed) = (place / 2, place % 2 == 1);
        let lut = match kind.source {
            Source::Anchors { from, each } => {
                let (anchors, _) = COLORBREWER[from + place * 3 * each..][..3 * each].as_chunks::<3>();
                let mut anchors: Vec<[f64; 3]> = anchors.iter().map(|rgb| rgb.map(f64::from)).collect();
                if matches!(name.trim_end_matches("_r"), "Reds" | "YlOrBr") {
                    // matplotlib has this one a rounding below the byte.
                    anchors[each - 1][2] = anchors[each - 1][2].next_down();
                }
                interpolated(&anchors, reversed)
            }
            Source::Few(anchors) => interpolated(anchors[place], reversed),
            Source::Listed => listed(&LISTED[place * 768..][..768], reversed),
        };
        Some(lut)
    })
}

/// A table whose channels are kept one after the other, as differences of successive bytes.
fn listed(deltas: &[u8], reversed: bool) -> Lut {
    let mut lut = [[0; 3]; 256];
    for (c, deltas) in deltas.chunks(256).enumerate() {
        let mut value = 0u8;
        for (i, delta) in deltas.iter().enumerate() {
            value = value.wrapping_add(*delta);
            lut[if reversed { 255 - i } else { i }][c] = value;
        }
    }
    lut
}

/// `LinearSegmentedColormap.from_list(name, anchors, N=256)`, reversed by its `reversed()`, truncated to bytes.
/// Every operation rounds as numpy's does: one entry more or less is seen in a test.
fn interpolated(anchors: &[[f64; 3]], reversed: bool) -> Lut {
    let last = anchors.len() - 1;
    // numpy's linspace(0, 1, n) multiplies by a rounded step, and ends exactly.
    let linspace = |i: usize, last: usize| if i == last { 1.0 } else { i as f64 * (1.0 / last as f64) };
    let place = |a: usize| 255.0 * if reversed { 1.0 - linspace(last - a, last) } else { linspace(a, last) };
    let anchor = |a: usize, c: usize| anchors[if reversed { last - a } else { a }][c] / 255.0;
    let mut right = 1;
    std::array::from_fn(|i| {
        let x = 255.0 * linspace(i, 255);
        while place(right) < x && right < last {
            right += 1;
        }
        let (low, high) = (place(right - 1), place(right));
        let part = (x - low) / (high - low);
        std::array::from_fn(|c| {
            let v = match i {
                0 => anchor(0, c),
                255 => anchor(last, c),
                _ => part * (anchor(right, c) - anchor(right - 1, c)) + anchor(right - 1, c),
            };
            (255.0 * v) as u8
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::npz::Reader;

    #[test]
    fn every_map_equals_matplotlib() {
        let reference = Reader::new(include_bytes!("../../tests/colormaps.npz")).unwrap();
        let names: Vec<&str> = COLORMAPS.iter().flat_map(|kind| kind.names.as_flattened()).copied().collect();
        assert_eq!(reference.names().unwrap().len(), names.len());
        let mut wrong = Vec::new();
        for name in names {
            let expected = reference.array(name, 768).unwrap();
            let own = lut(name).unwrap();
            let off = own.as_flattened().iter().zip(&expected).filter(|(a, b)| a != b).count();
            if off > 0 {
                wrong.push((name, off));
            }
            assert_eq!(find(name), Some(name));
        }
        assert_eq!(wrong, []);
        assert_eq!((lut("jet"), find("blues")), (None, None));
        assert!(COMMON.iter().all(|name| find(name).is_some()));
    }
}
