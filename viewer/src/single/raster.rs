//! Paints the window of a matrix into pixels, one colour per device pixel: cells stay crisp at every size.

use lens_schema::scale::Lut;

use super::geometry::Window;

/// A matrix of colour map indexes.
#[derive(Debug, Clone, Copy)]
pub struct Indexed<'a> {
    pub n: usize,
    /// `[n, n]`, C order.
    pub indices: &'a [u8],
    /// Leave cells above the diagonal transparent.
    pub causal: bool,
}

/// Paints `window` into `side` × `side` RGBA pixels.
///
/// Where several cells fall into one pixel the largest is shown, so that a single bright cell is never lost.
///
/// # Panics
/// If `out` is not `4 · side²` bytes.
pub fn paint(matrix: Indexed, window: Window, lut: &Lut, side: usize, out: &mut [u8]) {
    assert_eq!(out.len(), 4 * side * side, "an RGBA square");
    let rows = spans(window.query, window.span, side, matrix.n);
    let columns = spans(window.key, window.span, side, matrix.n);
    let mut previous: Option<(usize, usize)> = None;
    let mut largest = vec![0u8; matrix.n];
    for (y, &(from, to)) in rows.iter().enumerate() {
        let start = 4 * side * y;
        if previous == Some((from, to)) {
            out.copy_within(start - 4 * side..start, start);
            continue;
        }
        previous = Some((from, to));
        let line = &mut out[start..start + 4 * side];
        let cells: &[u8] = if to - from == 1 {
            &matrix.indices[from * matrix.n..to * matrix.n]
        } else {
            largest.fill(0);
            for row in from..to {
                for (max, &index) in largest.iter_mut().zip(&matrix.indices[row * matrix.n..(row + 1) * matrix.n]) {
                    *max = (*max).max(index);
                }
            }
            &largest
        };
        for (pixel, &(left, right)) in line.chunks_exact_mut(4).zip(&columns) {
            let index =
                if right - left == 1 { cells[left] } else { cells[left..right].iter().copied().max().unwrap_or(0) };
            let [r, g, b] = lut[index as usize];
            let masked = matrix.causal && left >= to;
            pixel.copy_from_slice(&if masked { [0; 4] } else { [r, g, b, 255] });
        }
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

    fn painted(matrix: Indexed, window: Window, side: usize) -> Vec<Option<u8>> {
        let mut out = vec![9; 4 * side * side];
        paint(matrix, window, &gray(), side, &mut out);
        out.chunks_exact(4).map(|p| (p[3] == 255).then_some(p[0])).collect()
    }

    #[test]
    fn cells_are_blocks_of_pixels() {
        let matrix = Indexed { n: 2, indices: &[1, 2, 3, 4], causal: false };
        let some = |line: [u8; 4]| line.map(Some);
        let expected = [some([1, 1, 2, 2]), some([1, 1, 2, 2]), some([3, 3, 4, 4]), some([3, 3, 4, 4])].concat();
        assert_eq!(painted(matrix, Window::whole(2), 4), expected);
        let causal = painted(Indexed { causal: true, ..matrix }, Window::whole(2), 2);
        assert_eq!(causal, [Some(1), None, Some(3), Some(4)]);
    }

    #[test]
    fn a_window_shows_its_part() {
        let indices: Vec<u8> = (0..64).collect();
        let matrix = Indexed { n: 8, indices: &indices, causal: false };
        let window = Window { query: 2.0, key: 4.0, span: 4.0 };
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
                let matrix = Indexed { n, indices: &indices, causal: false };
                for side in [2, 3, 47] {
                    let pixels = painted(matrix, Window::whole(n), side);
                    assert!(pixels.contains(&Some(200)), "n {n}, side {side}, cell {bright}");
                }
            }
        }
    }

    #[test]
    fn one_token_fills_the_square() {
        assert_eq!(painted(Indexed { n: 1, indices: &[7], causal: true }, Window::whole(1), 2), [Some(7); 4]);
    }
}
