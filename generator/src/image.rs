//! Colour-mapped matrices as PNG, and as SVG around a PNG; and whether a picture's file is whole.

use std::borrow::Cow;
use std::io::Write as _;
use std::str::FromStr;

use anyhow::{Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use lens_schema::scale::{self, Lut};
use ndarray::ArrayView2;

/// What a picture's file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    Png,
    Svg,
    /// SVG, compressed with gzip.
    Svgz,
}

impl Format {
    pub fn extension(self) -> &'static str {
        match self {
            Format::Png => "png",
            Format::Svg => "svg",
            Format::Svgz => "svgz",
        }
    }
}

impl FromStr for Format {
    type Err = anyhow::Error;

    fn from_str(extension: &str) -> Result<Format> {
        match extension {
            "png" => Ok(Format::Png),
            "svg" => Ok(Format::Svg),
            "svgz" => Ok(Format::Svgz),
            _ => bail!("{extension:?} is no format of figures; there are png, svg and svgz"),
        }
    }
}

/// How a matrix becomes a picture. Names, meanings and defaults are those of pattern-lens' `save_matrix_wrapper`.
#[derive(Debug, Clone, PartialEq)]
pub struct Heatmap {
    pub format: Format,
    /// Stretches the values so that the smallest has the first colour and the largest the last. Without it, values
    /// must lie between 0 and 1 (with `diverging_colormap`: between -1 and 1), which are the first colour and the last.
    pub normalize: bool,
    /// Name of a colour map of matplotlib's: see [`scale::COLORMAPS`].
    pub cmap: Cow<'static, str>,
    /// 0 has the colour in the middle; with `normalize`, the value that is farthest from it has the first colour or the
    /// last.
    pub diverging_colormap: bool,
    /// With `normalize`: the value that has the first colour; what is smaller has it too.
    pub normalize_min: Option<f32>,
}

impl Default for Heatmap {
    fn default() -> Self {
        Heatmap {
            format: Format::Svgz,
            normalize: false,
            cmap: "viridis".into(),
            diverging_colormap: false,
            normalize_min: None,
        }
    }
}

impl Heatmap {
    /// The colour map, if what is asked for goes together.
    fn lut(&self) -> Result<Lut> {
        if self.normalize_min.is_some() {
            ensure!(self.normalize, "normalize_min is for normalize");
            ensure!(!self.diverging_colormap, "normalize_min and diverging_colormap exclude each other");
        }
        let cmap = &*self.cmap;
        if let Some(lut) = scale::lut(cmap) {
            return Ok(lut);
        }
        let names = scale::COLORMAPS.iter().flat_map(|kind| kind.names.as_flattened()).copied();
        let likeness = |name: &str| strsim::jaro_winkler(&name.to_lowercase(), &cmap.to_lowercase());
        let nearest = names.max_by(|a, b| likeness(a).total_cmp(&likeness(b))).unwrap_or_default();
        bail!("there is no colour map {cmap:?}; the nearest name is {nearest}")
    }

    /// Index into the colour map of every cell, row by row.
    fn indexes(&self, matrix: ArrayView2<'_, f32>) -> Result<Vec<u8>> {
        ensure!(!matrix.is_empty(), "a matrix of {:?} cells cannot be drawn", matrix.dim());
        let cells = matrix.as_standard_layout();
        let cells = cells.as_slice().unwrap_or_default();
        let (mut all_finite, mut range) = (true, (0.0, 0.0));
        vectorised(
            #[inline(always)]
            || {
                range = scale::range(cells);
                all_finite = cells.iter().fold(true, |all, v| all & v.is_finite());
            },
        );
        if !all_finite && let Some(at) = cells.iter().position(|v| !v.is_finite()) {
            let (row, column) = (at / matrix.ncols(), at % matrix.ncols());
            bail!("the value at row {row}, column {column} is {}", cells[at]);
        }
        let (min, max) = range;
        let (low, high) = match (self.normalize, self.diverging_colormap) {
            (true, true) if min.abs().max(max.abs()) > 0.0 => (-max.abs().max(min.abs()), max.abs().max(min.abs())),
            (_, true) => (-1.0, 1.0),
            (true, false) => (self.normalize_min.unwrap_or(min), max),
            (false, false) => (0.0, 1.0),
        };
        if let Some(least) = self.normalize_min {
            ensure!(least < max, "normalize_min is {least}, which is not below the matrix's largest value {max}");
        }
        if !self.normalize {
            ensure!(
                low <= min && max <= high,
                "values from {min} to {max} are not between {low} and {high}; use normalize"
            );
        }
        let mut indexes = vec![0; cells.len()];
        vectorised(
            #[inline(always)]
            || {
                for (index, &v) in indexes.iter_mut().zip(cells) {
                    *index = match self.diverging_colormap {
                        // The middle is exactly 0.5, whatever the range.
                        true => scale::normalized_index(v / (2.0 * high) + 0.5, 0.0, 1.0),
                        false => scale::normalized_index(v, low, high),
                    };
                }
            },
        );
        Ok(indexes)
    }
}

/// A matrix as a picture, one pixel a cell, the first row on top.
///
/// Decoded to RGB the pixels equal those of matplotlib's colour map. The PNG, which an SVG holds too, has the colour
/// map as its palette, so that a pixel is one byte.
///
/// # Errors
/// An empty matrix, a cell that is not finite, an unknown colour map, options that exclude each other, and values out
/// of range where nothing normalises them.
pub fn heatmap(matrix: ArrayView2<'_, f32>, heatmap: &Heatmap) -> Result<Vec<u8>> {
    let lut = heatmap.lut()?;
    let (height, width) = matrix.dim();
    let png = png(&heatmap.indexes(matrix)?, width, height, &lut)?;
    let svg = || {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" image-rendering=\"pixelated\"><image \
             href=\"data:image/png;base64,{}\" width=\"{width}\" height=\"{height}\"/></svg>\n",
            STANDARD.encode(&png)
        )
    };
    match heatmap.format {
        Format::Png => Ok(png),
        Format::Svg => Ok(svg().into_bytes()),
        Format::Svgz => gzip(svg().as_bytes()),
    }
}

fn png(indexes: &[u8], width: usize, height: usize, lut: &Lut) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(height * width / 2 + 1024);
    let mut encoder = png::Encoder::new(&mut out, u32::try_from(width)?, u32::try_from(height)?);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(lut.as_flattened());
    encoder.set_compression(png::Compression::Fast);
    encoder.set_filter(png::Filter::NoFilter);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(indexes)?;
    writer.finish()?;
    Ok(out)
}

/// Runs loops with the widest vector instructions of this machine.
#[inline]
fn vectorised(work: impl FnOnce()) {
    pulp::Arch::new().dispatch(work);
}

/// The same bytes give the same file: it has no time in it.
pub fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::new(6));
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
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

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;
    use ndarray::{Array2, array};

    use super::*;

    fn with(cmap: &'static str) -> Heatmap {
        Heatmap { format: Format::Png, normalize: true, cmap: cmap.into(), ..Heatmap::default() }
    }

    fn decode(png: &[u8]) -> Vec<u8> {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        pixels
    }

    /// Indexes into the colour map.
    fn indexes(matrix: &Array2<f32>, style: &Heatmap) -> Vec<u8> {
        style.indexes(matrix.view()).unwrap()
    }

    fn error(matrix: &Array2<f32>, style: &Heatmap) -> String {
        heatmap(matrix.view(), style).unwrap_err().to_string()
    }

    #[test]
    fn pixels_are_the_colour_map() {
        let lut = scale::lut("Blues").unwrap();
        let matrix = array![[0.25f32, 0.0], [0.5, 0.75]];
        let pixels = decode(&heatmap(matrix.view(), &with("Blues")).unwrap());
        assert_eq!(pixels, [lut[85], lut[0], lut[170], lut[255]].concat());
        assert_eq!(decode(&heatmap(array![[1.0f32]].view(), &with("Blues")).unwrap()), lut[0]);
    }

    #[test]
    fn an_svg_holds_the_png() {
        let matrix = array![[0.25f32, 0.0, 1.0], [0.5, 0.75, 0.0]];
        let png = heatmap(matrix.view(), &with("magma_r")).unwrap();
        let draw = |format| heatmap(matrix.view(), &Heatmap { format, ..with("magma_r") }).unwrap();
        let svg = String::from_utf8(draw(Format::Svg)).unwrap();
        assert!(svg.contains("width=\"3\" height=\"2\" viewBox=\"0 0 3 2\" image-rendering=\"pixelated\""), "{svg}");
        let (_, data) = svg.split_once("data:image/png;base64,").unwrap();
        assert_eq!(STANDARD.decode(data.split_once('"').unwrap().0).unwrap(), png);
        let mut unpacked = String::new();
        GzDecoder::new(draw(Format::Svgz).as_slice()).read_to_string(&mut unpacked).unwrap();
        assert_eq!(unpacked, svg);
        for (format, extension) in [(Format::Png, "png"), (Format::Svg, "svg"), (Format::Svgz, "svgz")] {
            assert!(is_whole(extension, &draw(format)) && extension.parse::<Format>().unwrap() == format);
        }
    }

    #[test]
    fn zero_is_in_the_middle_of_a_diverging_map() {
        let diverging = Heatmap { diverging_colormap: true, ..with("RdBu") };
        assert_eq!(indexes(&array![[0.0f32, -4.0, 2.0, 4.0]], &diverging), [128, 0, 192, 255]);
        assert_eq!(indexes(&array![[0.0f32, 0.5]], &diverging), [128, 255]);
        assert_eq!(indexes(&array![[0.0f32, 0.0]], &diverging), [128, 128]);
        let as_it_is = Heatmap { normalize: false, ..diverging };
        assert_eq!(indexes(&array![[0.0f32, -1.0, 0.5, 1.0]], &as_it_is), [128, 0, 192, 255]);
        assert!(error(&array![[2.0f32]], &as_it_is).contains("not between -1 and 1; use normalize"));
    }

    #[test]
    fn values_are_stretched_only_if_asked() {
        let as_it_is = Heatmap { normalize: false, ..with("gray") };
        assert_eq!(indexes(&array![[0.25f32, 0.5]], &as_it_is), [64, 128]);
        assert!(
            error(&array![[-0.5f32, 1.5]], &as_it_is).starts_with("values from -0.5 to 1.5 are not between 0 and 1")
        );
        let from = Heatmap { normalize_min: Some(0.0), ..with("gray") };
        assert_eq!(indexes(&array![[-1.0f32, 1.0, 2.0]], &from), [0, 128, 255]);
        assert!(error(&array![[-1.0f32, 0.0]], &from).contains("normalize_min is 0, which is not below"));
        assert_eq!(
            error(&array![[1.0f32]], &Heatmap { normalize: false, ..from.clone() }),
            "normalize_min is for normalize"
        );
        assert!(error(&array![[1.0f32]], &Heatmap { diverging_colormap: true, ..from }).contains("exclude each other"));
    }

    #[test]
    fn what_cannot_be_drawn_is_named() {
        assert_eq!(
            error(&array![[0.0f32, 1.0], [f32::NAN, 0.0]], &with("gray")),
            "the value at row 1, column 0 is NaN"
        );
        assert!(error(&Array2::zeros((0, 3)), &with("gray")).contains("(0, 3) cells cannot be drawn"));
        assert_eq!(
            error(&array![[1.0f32]], &with("blues")),
            "there is no colour map \"blues\"; the nearest name is Blues"
        );
    }

    #[test]
    fn a_cut_picture_is_not_whole() {
        let picture = heatmap(array![[1.0f32, 0.0]].view(), &with("Blues")).unwrap();
        assert!(!is_whole("png", &picture[..picture.len() - 1]) && !is_whole("png", b""));
        assert!(is_whole("svg", b"<svg></svg>\n") && !is_whole("svg", b"<svg><pa"));
    }
}
