//! Colour-mapped matrices as PNG.

use anyhow::{Context as _, Result};
use lens_schema::index::MatrixStyle;
use lens_schema::scale::{self, Scale};
use ndarray::ArrayView2;

/// A matrix as a PNG, one pixel per cell: scaled, min–max normalised and coloured as `style` says.
///
/// Decoded to RGB it equals what matplotlib's `imsave` makes of the normalised matrix. The file holds the
/// colour map as its palette, so that a pixel is one byte.
pub fn png(matrix: ArrayView2<'_, f32>, style: &MatrixStyle) -> Result<Vec<u8>> {
    let lut = scale::lut(&style.colormap).with_context(|| format!("there is no colour map {:?}", style.colormap))?;
    let (height, width) = matrix.dim();
    let mut out = Vec::with_capacity(height * width / 2 + 1024);
    let mut encoder = png::Encoder::new(&mut out, u32::try_from(width)?, u32::try_from(height)?);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(lut.as_flattened());
    encoder.set_compression(png::Compression::Fast);
    encoder.set_filter(png::Filter::NoFilter);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&indexes(matrix, style.scale))?;
    writer.finish()?;
    Ok(out)
}

/// Whether a picture's file is whole, as far as its end tells.
pub fn is_whole(extension: &str, file: &[u8]) -> bool {
    match extension {
        "png" => file.ends_with(b"IEND\xae\x42\x60\x82"),
        "svg" => file.trim_ascii_end().ends_with(b">"),
        "svgz" => file.len() >= 18 && file.starts_with(&[0x1f, 0x8b]),
        _ => true,
    }
}

/// Colour map index of every cell, row by row.
fn indexes(matrix: ArrayView2<'_, f32>, scale: Scale) -> Vec<u8> {
    let mut cells = matrix.as_standard_layout();
    if scale != Scale::Linear {
        cells.mapv_inplace(|v| scale.apply(v));
    }
    let cells = cells.as_slice().unwrap_or_default();
    let (min, max) = scale::range(cells);
    cells.iter().map(|&v| scale::normalized_index(v, min, max)).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn decode(png: &[u8]) -> Vec<u8> {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        pixels
    }

    #[test]
    fn pixels_are_the_colour_map() {
        let lut = scale::lut("Blues").unwrap();
        let matrix = array![[0.25f32, 0.0], [0.5, 0.75]];
        let pixels = decode(&png(matrix.view(), &MatrixStyle::default()).unwrap());
        assert_eq!(pixels, [lut[85], lut[0], lut[170], lut[255]].concat());
    }

    #[test]
    fn a_cut_picture_is_not_whole() {
        let picture = png(array![[1.0f32, 0.0]].view(), &MatrixStyle::default()).unwrap();
        assert!(is_whole("png", &picture) && !is_whole("png", &picture[..picture.len() - 1]) && !is_whole("png", b""));
        assert!(is_whole("svg", b"<svg></svg>\n") && !is_whole("svg", b"<svg><pa"));
    }

    #[test]
    fn scales_and_colour_maps_apply() {
        let style = MatrixStyle { colormap: "gray".to_owned(), scale: Scale::Log };
        let pixels = decode(&png(array![[1.0f32, 0.01, 0.0]].view(), &style).unwrap());
        assert_eq!(pixels, [[255; 3], [128; 3], [0; 3]].concat());
        let style = MatrixStyle { colormap: "nope".to_owned(), scale: Scale::Linear };
        assert!(png(array![[1.0f32]].view(), &style).unwrap_err().to_string().contains("no colour map \"nope\""));
    }

    #[test]
    fn a_constant_matrix_is_the_lowest_colour() {
        let pixels = decode(&png(array![[1.0f32]].view(), &MatrixStyle::default()).unwrap());
        assert_eq!(pixels, scale::lut("Blues").unwrap()[0]);
    }
}
