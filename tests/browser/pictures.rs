//! Figures of the made site that come as pictures: one of every format, and one that failed.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use lens_build::plot::{Axes, PlotFormat};
use lens_schema::{FigureEntry, LayerHead, path};

/// Which of the made prompts has pictures.
pub const PICTURED: usize = 2;

/// The figures that can be shown, by name; the last is one of several that its function draws.
pub const SHOWN: [&str; 4] = ["bitmap", "vector", "plotted", "packed.left"];
/// One that failed, and with what.
pub const FAILED: (&str, &str) = ("broken", "ZeroDivisionError: division by zero");

/// As hostile as a picture can be, and red.
const SVG: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"
    onload="window.parent.document.title='owned'"><script>window.parent.document.title='owned'</script>
    <image href="http://elsewhere.example/picture.png" width="9" height="9"/>
    <rect width="40" height="40" fill="#b40000" onclick="alert(1)"/></svg>"##;

/// The functions as the index lists them.
pub fn entries() -> Vec<FigureEntry> {
    let entry = |name: &str, format: &str| FigureEntry {
        name: name.to_owned(),
        func_name: name.to_owned(),
        doc: Some(format!("Draws {name} <script>document.title='owned'</script>\n\nin red.")),
        figure_save_fmt: Some(format.to_owned()),
        source: Some("figures/made.py".to_owned()),
        code: Some(format!("def {name}(pattern):\n    return '<b>red</b>'\n")),
        ..Default::default()
    };
    let formats = [("bitmap", "png"), ("vector", "svg"), ("plotted", "svgz"), ("packed", "svgz"), ("broken", "svg")];
    formats.map(|(name, format)| entry(name, format)).to_vec()
}

/// Writes them as a data directory has them, for every head.
pub fn write(prompt_dir: &Path, (n_layers, n_heads): (usize, usize)) -> anyhow::Result<()> {
    let mut svgz = GzEncoder::new(Vec::new(), Compression::fast());
    svgz.write_all(SVG.as_bytes())?;
    let svgz = svgz.finish()?;
    let mut plot = Axes::default();
    plot.title("A <plot>").xlabel("x").plot(0..50, (0..50).map(|i| i * i)).label("squares");
    let plot = plot.draw(PlotFormat::Svgz)?;
    for (layer, head) in (0..n_layers).flat_map(|layer| (0..n_heads).map(move |head| (layer, head))) {
        let folder = prompt_dir.join(path::head_subdir(LayerHead { layer, head }));
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("bitmap.png"), png()?)?;
        fs::write(folder.join("vector.svg"), SVG)?;
        fs::write(folder.join("packed.left.svgz"), &svgz)?;
        fs::write(folder.join("plotted.svgz"), &plot)?;
        fs::write(folder.join("broken.error.txt"), FAILED.1)?;
    }
    Ok(())
}

/// A red square.
fn png() -> anyhow::Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, 8, 8);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header()?.write_image_data(&[180, 0, 0].repeat(64))?;
    Ok(out)
}
