//! Paints the window of a matrix into pixels, one colour per device pixel: cells stay crisp at every size.

use lens_schema::scale::Lut;

/// A place in a colour map of 256 colours, or [`NOT_FINITE`], or [`MASKED`].
pub type Place = u16;

/// The place of what has no colour, because it is infinite or not a number.
pub const NOT_FINITE: Place = 256;
/// The place of cells that can hold no attention, or are left out: transparent.
pub const MASKED: Place = 257;

/// The stripes of cells without a colour: how wide they are, in pixels, and what they are painted with.
const STRIPE_PX: usize = 4;
const STRIPES: [[u8; 3]; 2] = [[150, 150, 150], [200, 200, 200]];

/// A matrix of colour map indexes.
#[derive(Debug, Clone, Copy)]
pub struct Indexed<'a> {
    pub n: usize,
    /// `[n, n]`, C order.
    pub indices: &'a [Place],
    /// The least remarkable place: 0, or the middle of colours that go apart from there.
    pub centre: Place,
}

/// Paints a window, `(first row, first column, cells along a side)`, into `side` × `side` RGBA pixels.
///
/// Where several cells fall into one pixel the one farthest from the centre is shown, so that a single bright cell is
/// never lost. Cells that are not finite are striped, where nothing finite falls into their pixel.
///
/// # Panics
/// If `out` is not `4 · side²` bytes.
pub fn paint(matrix: Indexed, (top, left, span): (f64, f64, f64), lut: &Lut, side: usize, out: &mut [u8]) {
    assert_eq!(out.len(), 4 * side * side, "an RGBA square");
    let rows = spans(top, span, side, matrix.n);
    let columns = spans(left, span, side, matrix.n);
    let mut previous: Option<(usize, usize)> = None;
    let mut largest = vec![MASKED; matrix.n];
    let further = |a: Place, b: Place| if farness(b, matrix.centre) > farness(a, matrix.centre) { b } else { a };
    let mut striped = false;
    for (y, &(from, to)) in rows.iter().enumerate() {
        let start = 4 * side * y;
        if previous == Some((from, to)) && !striped {
            out.copy_within(start - 4 * side..start, start);
            continue;
        }
        previous = Some((from, to));
        let line = &mut out[start..start + 4 * side];
        let cells: &[Place] = if to - from == 1 {
            &matrix.indices[from * matrix.n..to * matrix.n]
        } else {
            largest.fill(MASKED);
            for row in from..to {
                for (max, &index) in largest.iter_mut().zip(&matrix.indices[row * matrix.n..(row + 1) * matrix.n]) {
                    *max = further(*max, index);
                }
            }
            &largest
        };
        striped = false;
        for (x, (pixel, &(left, right))) in line.chunks_exact_mut(4).zip(&columns).enumerate() {
            let index =
                if right - left == 1 { cells[left] } else { cells[left..right].iter().copied().fold(MASKED, further) };
            let colour = match index {
                MASKED => [0; 3],
                NOT_FINITE => {
                    striped = true;
                    STRIPES[(x + y) / STRIPE_PX % 2]
                }
                place => lut[usize::from(place).min(255)],
            };
            let [r, g, b] = colour;
            pixel.copy_from_slice(&[r, g, b, if index == MASKED { 0 } else { 255 }]);
        }
    }
}

/// How far a place is from the centre; what is not finite is behind all others, but for what is masked.
fn farness(place: Place, centre: Place) -> Place {
    match place {
        MASKED => 0,
        NOT_FINITE => 1,
        place => 2 + place.abs_diff(centre),
    }
}

/// For each pixel of one side the cells `from..to` that it shows, at least one.
fn spans(first: f64, span: f64, side: usize, n: usize) -> Vec<(usize, usize)> {
    let cell = |pixel: f64| first + pixel * span / side as f64;
    (0..side)
        .map(|pixel| {
            let pixel = pixel as f64;
            if span <= side as f64 {
                let at = (cell(pixel + 0.5).max(0.0) as usize).min(n - 1);
                return (at, at + 1);
            }
            let from = (cell(pixel).round().max(0.0) as usize).min(n - 1);
            (from, (cell(pixel + 1.0).round() as usize).clamp(from + 1, n))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gray() -> Lut {
        std::array::from_fn(|i| [i as u8; 3])
    }

    fn painted(matrix: Indexed, window: (f64, f64, f64), side: usize) -> Vec<Option<u8>> {
        let mut out = vec![9; 4 * side * side];
        paint(matrix, window, &gray(), side, &mut out);
        out.chunks_exact(4).map(|p| (p[3] == 255).then_some(p[0])).collect()
    }

    #[test]
    fn cells_are_blocks_of_pixels() {
        let matrix = Indexed { n: 2, indices: &[1, 2, 3, 4], centre: 0 };
        let some = |line: [u8; 4]| line.map(Some);
        let expected = [some([1, 1, 2, 2]), some([1, 1, 2, 2]), some([3, 3, 4, 4]), some([3, 3, 4, 4])].concat();
        assert_eq!(painted(matrix, (0.0, 0.0, 2.0), 4), expected);
        let causal = painted(Indexed { indices: &[1, MASKED, 3, 4], ..matrix }, (0.0, 0.0, 2.0), 2);
        assert_eq!(causal, [Some(1), None, Some(3), Some(4)]);
        // A pixel is masked if all of its cells are.
        let all = painted(Indexed { indices: &[MASKED, MASKED, MASKED, 7], ..matrix }, (0.0, 0.0, 2.0), 1);
        assert_eq!(all, [Some(7)]);
    }

    #[test]
    fn a_window_shows_its_part() {
        let indices: Vec<Place> = (0..64).collect();
        let matrix = Indexed { n: 8, indices: &indices, centre: 0 };
        let window = (2.0, 4.0, 4.0);
        let line = |first: u8| (first..first + 4).map(Some);
        let expected: Vec<_> = [20, 28, 36, 44].into_iter().flat_map(line).collect();
        assert_eq!(painted(matrix, window, 4), expected);
    }

    #[test]
    fn no_bright_cell_is_lost() {
        for n in [3usize, 50, 129] {
            for bright in [0, n * n / 2, n * n - 1] {
                let mut indices = vec![0; n * n];
                indices[bright] = 200;
                let matrix = Indexed { n, indices: &indices, centre: 0 };
                for side in [2, 3, 47] {
                    let pixels = painted(matrix, (0.0, 0.0, f64::from(n as u32)), side);
                    assert!(pixels.contains(&Some(200)), "n {n}, side {side}, cell {bright}");
                }
            }
        }
    }

    #[test]
    fn one_token_fills_the_square() {
        assert_eq!(painted(Indexed { n: 1, indices: &[7], centre: 0 }, (0.0, 0.0, 1.0), 2), [Some(7); 4]);
    }

    #[test]
    fn colours_that_go_apart_show_the_farthest_from_their_centre() {
        let matrix = Indexed { n: 2, indices: &[10, 128, 140, 130], centre: 128 };
        assert_eq!(painted(matrix, (0.0, 0.0, 2.0), 1), [Some(10)]);
    }

    #[test]
    fn what_is_not_finite_is_striped() {
        let matrix = Indexed { n: 2, indices: &[NOT_FINITE, 5, NOT_FINITE, NOT_FINITE], centre: 0 };
        let pixels = painted(matrix, (0.0, 0.0, 2.0), 12);
        let stripe = |at: usize| STRIPES[at / STRIPE_PX % 2][0];
        for (place, pixel) in pixels.into_iter().enumerate() {
            let (x, y) = (place % 12, place / 12);
            assert_eq!(pixel, Some(if y < 6 && x >= 6 { 5 } else { stripe(x + y) }), "{x}, {y}");
        }
        assert_eq!(painted(matrix, (0.0, 0.0, 2.0), 1), [Some(5)], "a finite cell is not lost among the others");
    }
}
