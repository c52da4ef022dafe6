//! Axes as SVG.

use std::fmt::{Display, Write as _};

use anyhow::{Result, anyhow};
use plotters::chart::{ChartBuilder, SeriesLabelPosition};
use plotters::coord::cartesian::Cartesian2d;
use plotters::element::{Circle, IntoDynElement as _, PathElement, Rectangle};
use plotters::prelude::{ChartContext, IntoDrawingArea as _, RGBColor, SVGBackend};
use plotters::style::{Color as _, IntoFont as _, TRANSPARENT, TextStyle};

use super::axis::Scaled;
use super::{Axes, Kind, Series};

/// Side of the picture, and how many units of the drawing a pixel of it has: places are whole units.
const SIDE: u32 = 400;
const UNITS: u32 = 4;

const PAPER: [u8; 3] = [255, 255, 255];
const INK: [u8; 3] = [43, 52, 64];
const GRID: [u8; 3] = [228, 232, 238];
pub const MUTED: [u8; 3] = [138, 148, 162];

/// Okabe & Ito's colours (jfly.uni-koeln.de/color), which the colour-blind can tell apart.
const CYCLE: [[u8; 3]; 6] =
    [[0, 114, 178], [213, 94, 0], [0, 158, 115], [204, 121, 167], [230, 159, 0], [86, 180, 233]];

/// What a colour becomes where the reader prefers dark pages.
const DARK: [([u8; 3], [u8; 3]); 9] = [
    (PAPER, [21, 27, 36]),
    (INK, [201, 211, 223]),
    (GRID, [44, 55, 70]),
    (CYCLE[0], [79, 172, 236]),
    (CYCLE[1], [247, 140, 62]),
    (CYCLE[2], [46, 196, 152]),
    (CYCLE[3], [227, 157, 198]),
    (CYCLE[4], [240, 185, 62]),
    (CYCLE[5], [134, 204, 245]),
];

/// Sizes of text, in pixels.
const TEXT: f64 = 12.5;
const TITLE: f64 = 15.5;

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<Scaled, Scaled>>;

/// plotters' errors borrow what they are about.
fn failed(error: impl Display) -> anyhow::Error {
    anyhow!("the plot cannot be drawn: {error}")
}

fn rgb([r, g, b]: [u8; 3]) -> RGBColor {
    RGBColor(r, g, b)
}

fn units(pixels: f64) -> u32 {
    (pixels * f64::from(UNITS)).round() as u32
}

/// Text of this size in pixels; plotters divides by 1.24.
fn text(size: f64) -> TextStyle<'static> {
    let ink = rgb(INK).to_backend_color();
    TextStyle { color: ink, ..TextStyle::from(("sans-serif", size * f64::from(UNITS) * 1.24).into_font()) }
}

pub fn svg(axes: &Axes) -> Result<String> {
    let shown = |series: &Series| -> Vec<(f64, f64)> {
        let takes = |&&(x, y): &&(f64, f64)| match series.kind {
            Kind::Across => axes.y.takes(y),
            Kind::Upright => axes.x.takes(x),
            _ => axes.x.takes(x) && axes.y.takes(y),
        };
        series.points.iter().filter(takes).copied().collect()
    };
    let of =
        |kinds: &[Kind]| axes.series.iter().filter(|s| kinds.contains(&s.kind)).flat_map(shown).collect::<Vec<_>>();
    let has = |kind: Kind| axes.series.iter().any(|s| s.kind == kind);
    let points = of(&[Kind::Line, Kind::Points, Kind::HorizontalBars]);
    let bars = of(&[Kind::Bars]);
    let (across, upright) = (of(&[Kind::Across]), of(&[Kind::Upright]));
    let xs = points.iter().chain(&upright).map(|p| p.0).chain(bars.iter().flat_map(|p| [p.0 - 0.4, p.0 + 0.4]));
    let x = axes.x.scaled(xs, has(Kind::HorizontalBars).then_some(0.0))?;
    let ys = points.iter().chain(&bars).chain(&across).map(|p| p.1);
    let y = axes.y.scaled(ys, has(Kind::Bars).then_some(0.0))?;
    let legible = |mut scaled: Scaled| {
        scaled.ticks.iter_mut().for_each(|tick| tick.1 = clean(&tick.1));
        scaled
    };
    let mut svg = String::with_capacity(8 << 10);
    draw(axes, legible(x), legible(y), &mut svg)?;
    Ok(finished(&svg))
}

fn draw(axes: &Axes, x: Scaled, y: Scaled, svg: &mut String) -> Result<()> {
    let root = SVGBackend::with_string(svg, (SIDE * UNITS, SIDE * UNITS)).into_drawing_area();
    root.fill(&rgb(PAPER)).map_err(failed)?;
    // Most characters are about half as wide as they are high.
    let longest = y.ticks.iter().map(|tick| tick.1.chars().count()).max().unwrap_or(0);
    let label = |text: &str| if text.is_empty() { 0.0 } else { TEXT + 6.0 };
    let left = (longest as f64 * TEXT * 0.58).min(f64::from(SIDE) * 0.4) + 12.0 + label(&axes.y.label);
    let mut builder = ChartBuilder::on(&root);
    builder
        .margin(units(8.0))
        .margin_right(units(16.0))
        .x_label_area_size(units(TEXT + 12.0 + label(&axes.x.label)))
        .y_label_area_size(units(left));
    if !axes.title.is_empty() {
        builder.caption(clean(&axes.title), text(TITLE));
    }
    let legend = corner(axes, &x, &y);
    let mut chart = builder.build_cartesian_2d(x, y).map_err(failed)?;
    let mut mesh = chart.configure_mesh();
    if !axes.x.label.is_empty() {
        mesh.x_desc(clean(&axes.x.label));
    }
    if !axes.y.label.is_empty() {
        mesh.y_desc(clean(&axes.y.label));
    }
    mesh.light_line_style(TRANSPARENT)
        .bold_line_style(rgb(GRID).stroke_width(units(0.75)))
        .axis_style(rgb(INK).stroke_width(units(0.75)))
        .label_style(text(TEXT))
        .axis_desc_style(text(TEXT))
        .set_all_tick_mark_size(units(3.5))
        .draw()
        .map_err(failed)?;
    let mut cycle = CYCLE.into_iter().cycle();
    for series in &axes.series {
        let color = series.color.or_else(|| cycle.next()).unwrap_or(INK);
        draw_series(&mut chart, axes, series, rgb(color))?;
    }
    if axes.series.iter().any(|s| !s.label.is_empty()) {
        chart
            .configure_series_labels()
            .position(legend)
            .margin(units(5.0))
            .legend_area_size(units(20.0))
            .background_style(rgb(PAPER).mix(0.8))
            .label_font(text(TEXT))
            .draw()
            .map_err(failed)?;
    }
    root.present().map_err(failed)
}

fn draw_series(chart: &mut Chart<'_, '_>, axes: &Axes, series: &Series, color: RGBColor) -> Result<()> {
    let (x, y) = (chart.x_range(), chart.y_range());
    let line = color.stroke_width(units(1.5));
    let takes = |p: &(f64, f64)| axes.x.takes(p.0) && axes.y.takes(p.1);
    let path = |points: Vec<(f64, f64)>| PathElement::new(points, line).into_dyn();
    // Bars stand on 0, or where the axis begins.
    let foot = |log: bool, low: f64| if log { low } else { 0.0 };
    let (left, bottom) = (foot(axes.x.log, x.start), foot(axes.y.log, y.start));
    let points = || series.points.iter().filter(|p| takes(p));
    let elements: Vec<_> = match series.kind {
        Kind::Line => {
            series.points.split(|p| !takes(p)).filter(|run| !run.is_empty()).map(|run| path(run.to_vec())).collect()
        }
        Kind::Points => points().map(|p| Circle::new(*p, units(2.25), color.filled()).into_dyn()).collect(),
        Kind::Bars => points()
            .map(|p| Rectangle::new([(p.0 - 0.4, p.1), (p.0 + 0.4, bottom)], color.filled()).into_dyn())
            .collect(),
        Kind::HorizontalBars => points()
            .map(|p| Rectangle::new([(left, p.1 + 0.36), (p.0, p.1 - 0.36)], color.filled()).into_dyn())
            .collect(),
        Kind::Across => series.points.iter().map(|p| path(vec![(x.start, p.1), (x.end, p.1)])).collect(),
        Kind::Upright => series.points.iter().map(|p| path(vec![(p.0, y.start), (p.0, y.end)])).collect(),
    };
    let drawn = chart.draw_series(elements).map_err(failed)?;
    if !series.label.is_empty() {
        let half = units(6.0) as i32;
        drawn.label(clean(&series.label)).legend(move |(x, y)| PathElement::new([(x, y), (x + 2 * half, y)], line));
    }
    Ok(())
}

/// The corner of the plot that has the fewest points in it.
fn corner(axes: &Axes, x: &Scaled, y: &Scaled) -> SeriesLabelPosition {
    use plotters::coord::ranged1d::Ranged as _;
    let mut counts = [0usize; 4];
    for &(px, py) in axes.series.iter().flat_map(|s| &s.points) {
        let (across, up) = (x.map(&px, (0, 100)), y.map(&py, (0, 100)));
        if !(35..=65).contains(&across) && !(30..=70).contains(&up) {
            counts[usize::from(across < 50) + 2 * usize::from(up < 50)] += 1;
        }
    }
    let positions = [
        SeriesLabelPosition::UpperRight,
        SeriesLabelPosition::UpperLeft,
        SeriesLabelPosition::LowerRight,
        SeriesLabelPosition::LowerLeft,
    ];
    let least = (0..4).min_by_key(|&i| counts[i]).unwrap_or(0);
    positions.into_iter().nth(least).unwrap_or(SeriesLabelPosition::UpperRight)
}

/// A text without what XML cannot hold or a line cannot show.
fn clean(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' => '↵',
            '\t' => '⇥',
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => '\u{fffd}',
            // Marks that turn the direction of text would turn what stands beside it too.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// The picture in its size in pixels, and with its colours for dark pages.
fn finished(svg: &str) -> String {
    let (opening, rest) = svg.split_once('\n').unwrap_or((svg, ""));
    let units = format!("width=\"{0}\" height=\"{0}\"", SIDE * UNITS);
    let mut out = opening.replacen(&units, &format!("width=\"{SIDE}\" height=\"{SIDE}\""), 1);
    out.push_str("<style>text{white-space:pre}@media(prefers-color-scheme:dark){");
    let hex = |[r, g, b]: [u8; 3]| format!("#{r:02X}{g:02X}{b:02X}");
    for (light, dark) in DARK {
        for attribute in ["fill", "stroke"] {
            let selector = format!("{attribute}=\"{}\"", hex(light));
            if rest.contains(&selector) {
                let _ = write!(out, "[{selector}]{{{attribute}:{}}}", hex(dark));
            }
        }
    }
    out.push_str("}</style>\n");
    // plotters sets texts between line breaks, which would be seen where white space is kept.
    out.push_str(&rest.replace("\n</text>", "</text>").replace(">\n", ">"));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::PlotFormat;

    fn drawn(axes: &Axes) -> String {
        String::from_utf8(axes.draw(PlotFormat::Svg).unwrap()).unwrap()
    }

    #[test]
    fn series_titles_and_legends_are_there() {
        let mut axes = Axes::default();
        axes.title("A <title>").xlabel("x & y").ylabel("log").ylog();
        axes.plot(0..4, [1.0, 0.0, 100.0, 1000.0]).label("line");
        axes.scatter([0.5f32, 1.5], [2.0f32, f32::NAN]).label("dots");
        axes.axvline(1.0).muted();
        let svg = drawn(&axes);
        for part in ["A &lt;title&gt;", "x &amp; y", ">log<", ">line<", ">dots<", ">1000<", "#8A94A2"] {
            assert!(svg.contains(part), "{part}: {svg}");
        }
        // The line has a gap, and the legend has two lines.
        let lines = svg.matches("stroke-width=\"6\" points").count();
        assert_eq!((lines, svg.matches("<circle").count()), (2 + 1 + 2, 1), "{svg}");
        assert!(
            svg.starts_with("<svg width=\"400\" height=\"400\" viewBox=\"0 0 1600 1600\"") && svg.ends_with("</svg>")
        );
        assert_eq!(svg, drawn(&axes));
    }

    #[test]
    fn bars_have_their_labels() {
        let mut axes = Axes::default();
        axes.barh(["<b>\u{0}\n", "second"], [3.0, 1.0]);
        let svg = drawn(&axes);
        assert!(svg.contains(">&lt;b&gt;\u{fffd}↵<") && svg.contains(">second<"), "{svg}");
        let blue = svg.matches("fill=\"#0072B2\"").count() - svg.matches("[fill=\"#0072B2\"").count();
        assert_eq!(blue, 2, "{svg}");
        let mut axes = Axes::default();
        axes.bar(0..3, [1.0, f64::INFINITY, -2.0]);
        assert_eq!(drawn(&axes).matches("fill=\"#0072B2\"").count(), 3);
    }

    #[test]
    fn nothing_is_a_plot_too() {
        assert!(drawn(&Axes::default()).contains("<svg"));
        let mut axes = Axes::default();
        axes.ylim(0.0, f64::NAN).ylabel("y");
        assert_eq!(axes.draw(PlotFormat::Svg).unwrap_err().to_string(), "the axis \"y\" cannot go from 0 to NaN");
        axes.ylim(1.0, 0.0).plot::<f64, f64>([], []);
        assert!(axes.draw(PlotFormat::Svgz).unwrap().starts_with(&[0x1f, 0x8b]));
    }
}
