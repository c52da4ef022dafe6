//! Contact sheets: all heads of a prompt in one small picture, for the start page and for readers without the viewer.
//!
//! A row for each layer, a column for each head. Cells are shaded by the square root of their value, the largest of each
//! head darkest. The picture has 16 shades and a bounded number of pixels, so that its size is bounded too.

use anyhow::{Context as _, Result};
use lens_schema::scale;
use lens_schema::shard::{Meta, Overview};
use png::{BitDepth, ColorType, Compression, Encoder, Filter};

/// Pixels of a sheet: at half a byte each, under 32 kB.
const MOST_PIXELS: usize = 60_000;
/// Longest side of a head.
const MOST_SIDE: usize = 64;
/// Width and height of the picture that other sites show beside a link.
pub const PREVIEW: (usize, usize) = (1200, 630);

/// A picture in 16 shades: 0 is nothing, 1 to 15 are the colours of the map, from the lightest on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    pub width: usize,
    pub height: usize,
    shades: Vec<u8>,
}

/// Where the heads lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Layout {
    /// Rows and columns of a head.
    side: usize,
    /// Pixels between heads, and around them.
    gap: usize,
    width: usize,
    height: usize,
}

impl Layout {
    /// The largest heads for which there is room; of those with fewer cells than room, a whole number of pixels a cell.
    fn of(meta: &Meta) -> Self {
        let with = |side: usize| {
            let gap = usize::from(side > 1);
            let length = |heads: usize| heads * (side + gap) + gap;
            Layout { side, gap, width: length(meta.n_heads), height: length(meta.n_layers) }
        };
        let fits = |layout: &Layout| {
            layout.width * layout.height <= MOST_PIXELS && layout.width <= PREVIEW.0 && layout.height <= PREVIEW.1
        };
        let layout = (1..=MOST_SIDE).rev().map(with).find(fits).unwrap_or_else(|| with(1));
        let cells = meta.overview_side();
        if layout.side > cells { with(layout.side / cells * cells) } else { layout }
    }
}

/// The contact sheet of a prompt.
pub fn draw(overview: &Overview) -> Result<Sheet> {
    let meta = overview.meta;
    let Layout { side, gap, width, height } = Layout::of(&meta);
    let cells = meta.overview_side();
    // The cell that a row or column of pixels begins with.
    let cell = |pixel: usize| pixel * cells / side;
    let mut shades = vec![0u8; width * height];
    for layer in 0..meta.n_layers {
        let stored = overview.layer(layer)?;
        for head in 0..meta.n_heads {
            let hi = shrink(&stored.head(head), cells, side);
            let most = hi.iter().copied().max().unwrap_or(0).max(1);
            let origin = (gap + layer * (side + gap)) * width + gap + head * (side + gap);
            for (row, values) in hi.chunks_exact(side).enumerate() {
                for (column, &value) in values.iter().enumerate() {
                    let is_open = !meta.causal || cell(column) <= cell(row);
                    let shade = 1 + (u16::from(value) * 14 + u16::from(most) / 2) / u16::from(most);
                    shades[origin + row * width + column] = if is_open { shade as u8 } else { 0 };
                }
            }
        }
    }
    Ok(Sheet { width, height, shades })
}

impl Sheet {
    /// The same as large as it gets in the middle of a picture of [`PREVIEW`]'s size, in which nothing is transparent.
    pub fn preview(&self) -> Sheet {
        let (width, height) = PREVIEW;
        let scale = (width / self.width).min(height / self.height).max(1);
        let (across, down) = ((self.width * scale).min(width), (self.height * scale).min(height));
        let (left, top) = ((width - across) / 2, (height - down) / 2);
        let mut shades = vec![1; width * height];
        for row in 0..down {
            let from = &self.shades[row / scale * self.width..][..self.width];
            let to = &mut shades[(top + row) * width + left..][..across];
            to.iter_mut().enumerate().for_each(|(column, shade)| *shade = from[column / scale].max(1));
        }
        Sheet { width, height, shades }
    }

    /// The picture with half a byte a pixel; where there is nothing, it is transparent.
    pub fn png(&self) -> Result<Vec<u8>> {
        let lut = scale::lut("Blues").context("there is no colour map Blues")?;
        let colours = (0..15usize).flat_map(|shade| lut[shade * 255 / 14]);
        let palette: Vec<u8> = [255; 3].into_iter().chain(colours).collect();
        let pair = |pair: &[u8]| pair[0] << 4 | pair.get(1).copied().unwrap_or(0);
        let packed: Vec<u8> = self.shades.chunks_exact(self.width).flat_map(|row| row.chunks(2).map(pair)).collect();
        let mut out = Vec::new();
        let mut encoder = Encoder::new(&mut out, u32::try_from(self.width)?, u32::try_from(self.height)?);
        encoder.set_color(ColorType::Indexed);
        encoder.set_depth(BitDepth::Four);
        encoder.set_palette(palette);
        encoder.set_trns(vec![0]);
        encoder.set_compression(Compression::High);
        encoder.set_filter(Filter::NoFilter);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&packed)?;
        writer.finish()?;
        Ok(out)
    }
}

/// A square of `cells` rows as one of `side`: enlarged, or the largest of what comes together in a pixel.
fn shrink(values: &[u8], cells: usize, side: usize) -> Vec<u8> {
    // The cells that a pixel stands for, at least one.
    let range = |pixel: usize| pixel * cells / side..((pixel + 1) * cells).div_ceil(side).max(pixel * cells / side + 1);
    let mut out = Vec::with_capacity(side * side);
    for row in 0..side {
        for column in 0..side {
            let rows = range(row).flat_map(|y| &values[y * cells..][range(column)]);
            out.push(rows.copied().max().unwrap_or(0));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use lens_schema::shard::{pack_layer, write_overview};

    use super::*;

    fn sheet(n_layers: usize, n_heads: usize, n_ctx: usize, causal: bool) -> Sheet {
        let meta = Meta::new(n_layers, n_heads, n_ctx, causal);
        // Without order, so that nothing can be left out.
        let cell = |i: usize| {
            let (row, column) = (i / n_ctx % n_ctx, i % n_ctx);
            if causal && column > row { 0.0 } else { (i.wrapping_mul(2_654_435_761) >> 12) as u8 as f32 / 255.0 }
        };
        let layers: Vec<_> = (0..n_layers)
            .map(|_| pack_layer(&meta, &(0..n_heads * n_ctx * n_ctx).map(cell).collect::<Vec<_>>()))
            .collect();
        draw(&Overview::read(write_overview(&meta, &layers).unwrap()).unwrap()).unwrap()
    }

    #[test]
    fn small_whatever_the_model_and_the_prompt() {
        for (n_layers, n_heads, n_ctx) in
            [(1, 1, 1), (1, 8, 5), (4, 4, 60), (12, 12, 128), (12, 12, 700), (48, 25, 9), (2, 64, 30), (120, 128, 3)]
        {
            for causal in [true, false] {
                let sheet = sheet(n_layers, n_heads, n_ctx, causal);
                let png = sheet.png().unwrap();
                assert!(png.len() < 32_000, "{n_layers} × {n_heads}, {n_ctx} rows: {} bytes", png.len());
                assert!(sheet.width >= n_heads && sheet.height >= n_layers);
                assert!(sheet.preview().png().unwrap().len() < 100_000);
            }
        }
    }

    #[test]
    fn cells_are_whole_squares_and_masked_ones_transparent() {
        let sheet = sheet(1, 2, 5, true);
        // 12 pixels a cell, heads 60 pixels wide, a pixel between them.
        assert_eq!((sheet.width, sheet.height), (2 * 61 + 1, 62));
        let shade = |head: usize, row: usize, column: usize| {
            let at = |dy: usize, dx: usize| {
                sheet.shades[(1 + row * 12 + dy) * sheet.width + 1 + head * 61 + column * 12 + dx]
            };
            assert!((0..144).all(|i| at(i / 12, i % 12) == at(0, 0)), "a cell of several shades");
            at(0, 0)
        };
        for (head, row, column) in [(0, 0, 1), (1, 2, 4), (1, 3, 4)] {
            assert_eq!(shade(head, row, column), 0);
        }
        let shades: Vec<u8> =
            (0..5).flat_map(|row| (0..=row).map(move |column| (row, column))).map(|(r, c)| shade(0, r, c)).collect();
        assert!(shades.contains(&15) && shades.iter().all(|shade| *shade > 0), "{shades:?}");
        assert!(sheet.shades[..sheet.width].iter().all(|shade| *shade == 0), "the gap");
    }

    #[test]
    fn the_same_values_give_the_same_bytes() {
        assert_eq!(sheet(3, 4, 150, true).png().unwrap(), sheet(3, 4, 150, true).png().unwrap());
    }

    #[test]
    fn a_single_bright_cell_stays() {
        let mut values = vec![0; 100 * 100];
        values[77 * 100 + 33] = 200;
        let small = shrink(&values, 100, 7);
        assert_eq!(small.iter().filter(|v| **v == 200).count(), 1);
        assert_eq!(small[5 * 7 + 2], 200);
    }
}
