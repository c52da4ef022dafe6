//! Heads as pictures: high bytes through a colour map into pixels, and pixels onto a canvas.

use lens_schema::index::MatrixStyle;
use lens_schema::scale::{lut, normalized_index};
use lens_schema::shard::dequantize_hi;
use leptos::prelude::window;
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

/// The RGBA colour of each high byte.
pub type Palette = [[u8; 4]; 256];

/// The colours of a head whose values lie between `range.0` and `range.1`, normalised as matplotlib does after the
/// style's scale. An unknown colour map is shown as `Blues`.
pub fn palette(style: &MatrixStyle, range: (f32, f32)) -> Palette {
    let colours = lut(&style.colormap).or_else(|| lut("Blues")).unwrap_or([[0; 3]; 256]);
    let (min, max) = (style.scale.apply(range.0), style.scale.apply(range.1));
    std::array::from_fn(|hi| {
        let value = style.scale.apply(dequantize_hi(hi as u8).clamp(range.0, range.1));
        let [r, g, b] = colours[usize::from(normalized_index(value, min, max))];
        [r, g, b, 255]
    })
}

/// Pixels (RGBA, `px` × `px`) of a square of `side` × `side` high bytes. Enlarging repeats cells; reducing keeps the
/// largest of the cells that fall on a pixel, so that a single bright cell stays visible. Of a causal pattern, what
/// lies above the diagonal is transparent: those keys are not 0 but out of reach.
pub fn render(cells: &[u8], side: usize, causal: bool, px: usize, palette: &Palette) -> Vec<u8> {
    let mut out = Vec::with_capacity(px * px * 4);
    if side == 0 || cells.len() < side * side {
        return out;
    }
    // Per pixel the cells it covers: at least one.
    let spans: Vec<(usize, usize)> = (0..px)
        .map(|i| {
            let from = i * side / px;
            (from, ((i + 1) * side / px).max(from + 1))
        })
        .collect();
    let mut row = vec![0u8; side];
    let mut last = None;
    for &(top, bottom) in &spans {
        if last == Some((top, bottom)) {
            // The same cells as the pixel row above.
            out.extend_from_within(out.len() - px * 4..);
            continue;
        }
        last = Some((top, bottom));
        row.copy_from_slice(&cells[top * side..(top + 1) * side]);
        for more in (top + 1)..bottom {
            for (max, &cell) in row.iter_mut().zip(&cells[more * side..(more + 1) * side]) {
                *max = cell.max(*max);
            }
        }
        for &(left, right) in &spans {
            let hi = row[left..right].iter().copied().fold(0, u8::max);
            let masked = causal && left >= bottom;
            out.extend(if masked { [0; 4] } else { palette[usize::from(hi)] });
        }
    }
    out
}

/// Puts RGBA pixels, `width` of them a row, onto a canvas at (`x`, `y`) in the canvas' own pixels.
pub fn put(context: &CanvasRenderingContext2d, pixels: &[u8], width: usize, x: f64, y: f64) {
    if let Ok(image) = ImageData::new_with_u8_clamped_array(Clamped(pixels), width as u32) {
        let _only_non_finite_places_fail = context.put_image_data(&image, x, y);
    }
}

/// A canvas' drawing context.
pub fn context(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    canvas.get_context("2d").ok().flatten()?.dyn_into().ok()
}

/// Gives a canvas as many pixels as its box of `width` × `height` CSS pixels has on this screen, and clears it.
pub fn fit(canvas: &HtmlCanvasElement, width: f64, height: f64) {
    let (width, height) = pixels(width, height);
    canvas.set_width(width);
    canvas.set_height(height);
}

/// [`fit`], but what is there stays where the size does not change, for what is painted over little by little.
pub fn refit(canvas: &HtmlCanvasElement, width: f64, height: f64) {
    if (canvas.width(), canvas.height()) != pixels(width, height) {
        fit(canvas, width, height);
    }
}

fn pixels(width: f64, height: f64) -> (u32, u32) {
    let ratio = pixel_ratio();
    ((width * ratio).round() as u32, (height * ratio).round() as u32)
}

/// Device pixels per CSS pixel.
pub fn pixel_ratio() -> f64 {
    window().device_pixel_ratio().clamp(0.5, 4.0)
}

#[cfg(test)]
mod tests {
    use lens_schema::scale::Scale;

    use super::*;

    fn gray() -> Palette {
        palette(&MatrixStyle { colormap: "gray".to_owned(), scale: Scale::Sqrt }, (0.0, 1.0))
    }

    fn red(cells: &[u8], side: usize, px: usize) -> Vec<u8> {
        render(cells, side, false, px, &gray()).chunks(4).map(|p| p[0]).collect()
    }

    #[test]
    fn palettes_span_the_range() {
        // With the square root, high bytes are the indexes themselves.
        assert!((0..256).all(|i| usize::from(gray()[i][0]).abs_diff(i) <= 1));
        let narrow = palette(&MatrixStyle::default(), (0.25, 0.5));
        let blues = lut("Blues").unwrap();
        assert_eq!((narrow[0][..3].to_vec(), narrow[255][..3].to_vec()), (blues[0].to_vec(), blues[255].to_vec()));
        let constant = palette(&MatrixStyle::default(), (0.3, 0.3));
        assert!(constant.iter().all(|c| c[..3] == blues[0]));
        assert_eq!(
            palette(&MatrixStyle { colormap: "?".into(), scale: Scale::Linear }, (0.0, 1.0))[255][..3],
            blues[255]
        );
    }

    #[test]
    fn enlarging_repeats_cells() {
        assert_eq!(red(&[0, 255, 255, 0], 2, 4), [0, 0, 255, 255, 0, 0, 255, 255, 255, 255, 0, 0, 255, 255, 0, 0]);
        assert_eq!(red(&[0, 255, 255, 0], 2, 3), [0, 0, 255, 0, 0, 255, 255, 255, 0]);
    }

    #[test]
    fn reducing_keeps_the_brightest() {
        for at in 0..25 {
            let mut cells = [0; 25];
            cells[at] = 255;
            for px in 1..5 {
                assert_eq!(red(&cells, 5, px).iter().filter(|&&v| v == 255).count(), 1, "cell {at} at {px} pixels");
            }
        }
    }

    #[test]
    fn masked_cells_are_transparent() {
        let alphas = |px| render(&[9; 9], 3, true, px, &gray()).chunks(4).map(|p| p[3] / 255).collect::<Vec<_>>();
        assert_eq!(alphas(3), [1, 0, 0, 1, 1, 0, 1, 1, 1]);
        assert_eq!(alphas(2), [1, 0, 1, 1]);
        assert_eq!(alphas(1), [1]);
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        assert!(render(&[], 0, false, 4, &gray()).is_empty());
        assert!(render(&[1], 2, true, 4, &gray()).is_empty());
    }
}
