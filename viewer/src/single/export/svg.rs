//! A figure for paper: the matrix with its tokens, axes, colour bar and title as SVG. Text stays text.

use std::fmt::Write as _;

use super::{Exhibit, escape};
use crate::single::axes::spelled;
use crate::single::axis;
use crate::single::format;
use crate::single::frame::LINE_PX;
use crate::single::geometry::Cell;

/// Up to so many rows, cells are shapes; larger matrices are an image with a pixel for each cell.
pub const SHAPES: usize = 48;

/// Sizes in the figure's pixels.
const MARGIN: f64 = 12.0;
const FONT: f64 = 11.0;
const TITLE: f64 = 15.0;
const GAP: f64 = 5.0;
/// Smallest and largest side of the square.
const SIDE: (f64, f64) = (320.0, 910.0);
/// Cells of few rows are so large that their values can be written in them.
const ROOMY: (f64, f64) = (16.0, 40.0);
const VALUE_ROOM: f64 = 36.0;
/// The longest label.
const LABEL: f64 = 140.0;
/// The colour bar, and from the square to it.
const BAR: f64 = 12.0;
const BAR_GAP: f64 = 15.0;
const BAR_STEPS: usize = 128;

const MASKED: &str = "#eef0f3";
const LINE: &str = "#8a94a3";
const TEXT: &str = "#16202e";
const FAINT: &str = "#56657a";

/// How wide a text is in a font of 11 pixels.
pub type Measure<'a> = &'a dyn Fn(&str) -> f64;

/// Labels of rows or columns: how far along the side of the square the middle of each is, and what it says.
type Labels = Vec<(f64, String)>;

/// What is drawn where, in pixels.
struct Layout {
    left: f64,
    top: f64,
    /// Side of the square, and of a cell.
    pixels: f64,
    cell: f64,
    /// Of the rows and of the columns.
    labels: [Labels; 2],
    /// The columns' labels lie, instead of standing.
    lying: bool,
    /// Beside the colour bar, from the lowest value up.
    ticks: Vec<String>,
    /// Of the whole figure.
    width: f64,
    height: f64,
}

impl Layout {
    fn of(exhibit: &Exhibit, measure: Measure<'_>) -> Self {
        let spelled = spelled(&exhibit.labels);
        let side = exhibit.side().max(1) as f64;
        let pixels = (ROOMY.1 * side.min(ROOMY.0)).max(LINE_PX * side).clamp(SIDE.0, SIDE.1);
        let cell = pixels / side;
        let step = axis::step(cell, LINE_PX);
        let label = |at: usize| axis::ellipsise(&axis::text(at, &spelled[at], step), LABEL, measure);
        let labels = exhibit.lines().map(|range| {
            let middle = |at: usize| ((at - range.start) as f64 + 0.5) * cell;
            axis::labelled(range.clone(), step).map(|at| (middle(at), label(at))).collect::<Labels>()
        });
        let widest = |texts: &mut dyn Iterator<Item = &String>| texts.map(|text| measure(text)).fold(0.0, f64::max);
        let [rows, columns] = [0, 1].map(|side: usize| widest(&mut labels[side].iter().map(|(_, text)| text)));
        let lying = step == 1 && columns <= cell - GAP;
        let value = |part: i32| exhibit.colours.value_at(part as f32 / 4.0);
        let ticks: Vec<String> = (0..=4).map(|part| format::tick(value(part))).collect();

        let subtitle = if exhibit.subtitle.is_empty() { 0.0 } else { LINE_PX + GAP };
        let top = MARGIN + TITLE + 2.0 * GAP + subtitle;
        let left = MARGIN + LINE_PX + GAP + rows + GAP;
        let right = left + pixels + BAR_GAP + BAR + GAP + widest(&mut ticks.iter());
        let below = GAP + if lying { LINE_PX } else { columns } + GAP + LINE_PX;
        let title = 1.1 * measure(&exhibit.title) * TITLE / FONT;
        let width = (right.max(MARGIN + title) + MARGIN).ceil();
        let height = (top + pixels + below + MARGIN).ceil();
        Layout { left, top, pixels, cell, labels, lying, ticks, width, height }
    }
}

/// The figure. `image` is the address of a picture with a pixel for each cell, where cells are no shapes.
pub fn figure(exhibit: &Exhibit, image: Option<&str>, measure: Measure<'_>) -> String {
    let layout = Layout::of(exhibit, measure);
    let Layout { left, top, pixels, width, height, .. } = layout;
    let mut sheet = Sheet::default();
    sheet.put(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"{FONT}\" \
         fill=\"{TEXT}\">\n<title>{}</title>\n<desc>{}</desc>\n",
        escape(&exhibit.title),
        escape(&exhibit.caption),
    ));
    sheet.rect((0.0, 0.0), (width, height), "#fff");
    let strong = format!("font-size=\"{TITLE}\" font-weight=\"600\"");
    sheet.text((MARGIN, MARGIN + TITLE - 3.0), &strong, &exhibit.title);
    if !exhibit.subtitle.is_empty() {
        let subtitle = axis::ellipsise(&exhibit.subtitle, width - 2.0 * MARGIN, measure);
        sheet.text((MARGIN, MARGIN + TITLE + GAP + FONT - 1.0), &format!("fill=\"{FAINT}\""), &subtitle);
    }
    sheet.rect((left, top), (pixels, pixels), MASKED);
    match image {
        Some(image) => sheet.put(format_args!(
            "<image x=\"{left:.2}\" y=\"{top:.2}\" width=\"{pixels:.2}\" height=\"{pixels:.2}\" \
             preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" href=\"{image}\"/>\n"
        )),
        None => cells(&mut sheet, exhibit, &layout),
    }
    sheet.outline("id=\"square\"", (left, top), (pixels, pixels));
    labels(&mut sheet, exhibit, &layout);
    colour_bar(&mut sheet, exhibit, &layout);
    sheet.0.push_str("</svg>\n");
    sheet.0
}

/// Both axes: tokens, and what rows and columns are.
fn labels(sheet: &mut Sheet, exhibit: &Exhibit, layout: &Layout) {
    let Layout { left, top, pixels, lying, .. } = *layout;
    let bottom = top + pixels;
    let [rows, columns] = &layout.labels;
    for (middle, text) in rows {
        sheet.text((left - GAP, top + middle + FONT * 0.35), "text-anchor=\"end\"", text);
    }
    for (middle, text) in columns {
        if lying {
            sheet.text((left + middle, bottom + GAP + FONT * 0.8), "text-anchor=\"middle\"", text);
        } else {
            sheet.upright((left + middle + FONT * 0.35, bottom + GAP), "text-anchor=\"end\"", text);
        }
    }
    let [row, column] = exhibit.axes();
    let named = format!("text-anchor=\"middle\" fill=\"{FAINT}\"");
    sheet.upright((MARGIN + FONT * 0.8, top + pixels / 2.0), &named, row);
    sheet.text((left + pixels / 2.0, layout.height - MARGIN), &named, column);
}

/// A shape for each run of equal colours, and the values where there is room.
fn cells(sheet: &mut Sheet, exhibit: &Exhibit, layout: &Layout) {
    let colours = exhibit.cell_colours();
    let (side, cell) = (exhibit.side().max(1), layout.cell);
    sheet.0.push_str("<g shape-rendering=\"crispEdges\">\n");
    for (row, line) in colours.chunks_exact(side).enumerate() {
        let mut column = 0;
        for run in line.chunk_by(|a, b| a == b) {
            if let Some(colour) = run[0] {
                let corner = (layout.left + column as f64 * cell, layout.top + row as f64 * cell);
                sheet.rect(corner, (run.len() as f64 * cell, cell), &hex(colour));
            }
            column += run.len();
        }
    }
    sheet.0.push_str("</g>\n");
    if cell < VALUE_ROOM {
        return;
    }
    sheet.0.push_str("<g font-size=\"10\" text-anchor=\"middle\">\n");
    for (place, (at, colour)) in exhibit.cells().zip(&colours).enumerate() {
        let Some([r, g, b]) = *colour else { continue };
        let is_light = 299 * u32::from(r) + 587 * u32::from(g) + 114 * u32::from(b) > 140_000;
        let ink = if is_light { "" } else { "fill=\"#fff\"" };
        let middle = |index: usize| (index as f64 + 0.5) * cell;
        let (x, y) = (layout.left + middle(place % side), layout.top + middle(place / side) + 3.5);
        sheet.text((x, y), ink, &written(exhibit, at));
    }
    sheet.0.push_str("</g>\n");
}

/// A value with two digits after the point.
fn written(exhibit: &Exhibit, at: Cell) -> String {
    match exhibit.matrix.value(at) {
        value if exhibit.matrix.derived => format::short(value, 2),
        value => format!("{value:.2}").trim_start_matches('0').to_owned(),
    }
}

/// Right of the square, the largest value on top.
fn colour_bar(sheet: &mut Sheet, exhibit: &Exhibit, layout: &Layout) {
    let lut = exhibit.colours.lut();
    let (left, top, high) = (layout.left + layout.pixels + BAR_GAP, layout.top, layout.pixels);
    sheet.0.push_str("<g shape-rendering=\"crispEdges\">\n");
    for step in 0..BAR_STEPS {
        // Each reaches down to the end, so that there are no gaps.
        let y = high * step as f64 / BAR_STEPS as f64;
        let place = (BAR_STEPS - 1 - step) * 255 / (BAR_STEPS - 1);
        sheet.rect((left, top + y), (BAR, high - y), &hex(lut[place]));
    }
    sheet.0.push_str("</g>\n");
    sheet.outline("", (left, top), (BAR, high));
    for (part, tick) in layout.ticks.iter().enumerate() {
        let y = top + high * (1.0 - part as f64 / (layout.ticks.len() - 1) as f64);
        sheet.put(format_args!("<path d=\"M{:.2} {y:.2}h3\" stroke=\"{LINE}\" stroke-width=\".75\"/>\n", left + BAR));
        sheet.text((left + BAR + GAP, y + FONT * 0.35), "", tick);
    }
}

fn hex([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// The text of a drawing.
#[derive(Default)]
struct Sheet(String);

impl Sheet {
    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        let _strings_take_everything = self.0.write_fmt(text);
    }

    fn rect(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), fill: &str) {
        self.put(format_args!(
            "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" height=\"{height:.2}\" fill=\"{fill}\"/>\n"
        ));
    }

    fn outline(&mut self, attributes: &str, (x, y): (f64, f64), (width, height): (f64, f64)) {
        self.put(format_args!(
            "<rect {attributes} x=\"{x:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" height=\"{height:.2}\" fill=\"none\" \
             stroke=\"{LINE}\" stroke-width=\".75\"/>\n"
        ));
    }

    fn text(&mut self, (x, y): (f64, f64), attributes: &str, text: &str) {
        self.put(format_args!("<text x=\"{x:.2}\" y=\"{y:.2}\" {attributes}>{}</text>\n", escape(text)));
    }

    /// Text that runs upwards.
    fn upright(&mut self, (x, y): (f64, f64), attributes: &str, text: &str) {
        self.put(format_args!(
            "<text transform=\"translate({x:.2} {y:.2}) rotate(-90)\" {attributes}>{}</text>\n",
            escape(text)
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::single::export::tests::exhibit;

    fn measure(text: &str) -> f64 {
        6.0 * text.chars().count() as f64
    }

    /// What is between tags, and whether every tag that opens closes.
    fn texts(svg: &str) -> Vec<String> {
        let (mut open, mut texts) = (Vec::new(), Vec::new());
        for part in svg.split('<').skip(1) {
            let (tag, text) = part.split_once('>').expect("every tag ends");
            let name = tag.split([' ', '/']).find(|name| !name.is_empty()).expect("every tag has a name");
            assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
            match (tag.starts_with('/'), tag.ends_with('/')) {
                (true, _) => assert_eq!(open.pop(), Some(name)),
                (false, false) => open.push(name),
                (false, true) => {}
            }
            if !text.trim().is_empty() {
                texts.push(text.to_owned());
            }
        }
        assert!(open.is_empty(), "{open:?}");
        texts
    }

    #[test]
    fn figures_are_whole_and_their_text_is_text() {
        let exhibit = exhibit(|look| look.scale = lens_schema::scale::Scale::Sqrt);
        let svg = figure(&exhibit, None, &measure);
        let texts = texts(&svg);
        for text in [
            "m-1.5 L3H7",
            "sqrt scale",
            "&lt;/script&gt;&amp;",
            "=1+1↵",
            "a,&quot;b&quot;",
            "query",
            "key",
            ".75",
            "0.0625",
        ] {
            assert!(texts.iter().any(|found| found == text), "{text}: {texts:?}");
        }
        // Ten cells, and the ground, the masked cells and the bar; neighbours of one colour are one shape.
        let shapes = svg.matches("<rect").count() - BAR_STEPS;
        assert_eq!(shapes, 10 - 1 + 4);
        let image = figure(&exhibit, Some("data:image/png;base64,AA=="), &measure);
        assert!(image.contains("image-rendering:pixelated\" href=\"data:image/png;base64,AA==\""));
        assert!(!image.contains(">.75<"));
    }

    #[test]
    fn sizes_follow_the_labels() {
        let exhibit = exhibit(|_| {});
        let width = |measure: Measure<'_>| -> f64 {
            let svg = figure(&exhibit, None, measure);
            svg.split("width=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
        };
        assert!(width(&|text| 9.0 * text.len() as f64) > width(&measure));
        // Whatever the labels, they take no more than their room.
        assert!(width(&|text| 900.0 * text.len() as f64).is_finite());
    }
}
