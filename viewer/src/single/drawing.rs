//! Draws the heatmap with its axes, and over it the crosshair. Two canvases: what follows the pointer is redrawn
//! without touching the matrix.

use std::ops::Range;

use lens_schema::scale::Lut;
use web_sys::CanvasRenderingContext2d;

use super::colours::Colours;
use super::format;
use super::frame::Frame;
use super::geometry::{Cell, Geometry, Window};
use super::ink::Ink;
use super::matrix::Matrix;
use super::raster::{Indexed, Place, paint};
use crate::canvas;

/// Cells of at least this many pixels have their value written in them.
const VALUE_PX: f64 = 36.0;

/// What is drawn, and where.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    pub matrix: &'a Matrix,
    /// Places in the colour map, `[n, n]`, row by row as they are drawn.
    pub indices: &'a [Place],
    pub colours: Colours,
    pub lut: &'a Lut,
    /// Visible spelling of the tokens.
    pub labels: &'a [String],
    pub frame: Frame,
    pub window: Window,
    /// Keys are rows and queries are columns.
    pub transposed: bool,
    /// Device pixels per CSS pixel.
    pub ratio: f64,
    pub ink: &'a Ink,
}

impl Scene<'_> {
    pub fn geometry(&self) -> Geometry {
        Geometry { n: self.matrix.n, window: self.window, side: self.frame.side, transposed: self.transposed }
    }

    fn indexed(&self) -> Indexed<'_> {
        Indexed { n: self.matrix.n, indices: self.indices, centre: self.colours.centre() }
    }

    /// Rows and columns that are at least partly in view.
    pub fn in_view(&self) -> (Range<usize>, Range<usize>) {
        self.geometry().turned(self.window.queries(self.matrix.n), self.window.keys(self.matrix.n))
    }

    /// Sets the context up for texts and lines in CSS pixels.
    pub fn begin(&self, context: &CanvasRenderingContext2d) {
        let _scaling_is_finite = context.scale(self.ratio, self.ratio);
        context.set_font(&self.ink.font);
        context.set_text_baseline("middle");
    }

    /// Heatmap, values, axes and, while zoomed in, the minimap. The context's unit must be the device pixel.
    pub fn draw(&self, context: &CanvasRenderingContext2d) {
        let Frame { left, top, side, .. } = self.frame;
        let (row, column) = self.geometry().turned(self.window.query, self.window.key);
        self.put(context, (row, column, self.window.span), left, top, side);
        self.begin(context);
        context.set_stroke_style_str(&self.ink.line);
        context.set_line_width(1.0 / self.ratio);
        context.stroke_rect(left, top, side, side);
        self.values(context);
        self.axes(context);
        if !self.window.is_whole(self.matrix.n) {
            self.minimap(context);
        }
    }

    /// Paints a window of the matrix into a square of the canvas.
    fn put(&self, context: &CanvasRenderingContext2d, window: (f64, f64, f64), left: f64, top: f64, side: f64) {
        let device = |v: f64| (v * self.ratio).round();
        let pixels = device(side) as usize;
        let mut image = vec![0; 4 * pixels * pixels];
        paint(self.indexed(), window, self.lut, pixels, &mut image);
        canvas::put(context, &image, pixels, device(left), device(top));
        // Below what was painted, so that it shows where nothing was.
        context.save();
        let _finite = context.set_transform(1.0, 0.0, 0.0, 1.0, 0.0, 0.0);
        let _operation_is_known = context.set_global_composite_operation("destination-over");
        context.set_fill_style_str(&self.ink.masked);
        context.fill_rect(device(left), device(top), pixels as f64, pixels as f64);
        context.restore();
    }

    fn values(&self, context: &CanvasRenderingContext2d) {
        let geometry = self.geometry();
        let cell = geometry.cell();
        if cell < VALUE_PX {
            return;
        }
        // A digit is 7 pixels wide.
        let digits = (((cell - 10.0) / 7.0) as usize).clamp(3, 5) - 1;
        let Frame { left, top, side, .. } = self.frame;
        context.save();
        context.begin_path();
        context.rect(left, top, side, side);
        context.clip();
        context.set_text_align("center");
        let (rows, columns) = self.in_view();
        for row in rows {
            for column in columns.clone() {
                let (query, key) = geometry.turned(row, column);
                let at = Cell { query, key };
                if self.matrix.is_masked(at) {
                    continue;
                }
                let colour = self.lut.get(usize::from(self.indices[row * self.matrix.n + column]));
                let is_light = colour
                    .is_none_or(|&[r, g, b]| 299 * u32::from(r) + 587 * u32::from(g) + 114 * u32::from(b) > 140_000);
                context.set_fill_style_str(if is_light { "#16202e" } else { "#ffffff" });
                let text = match self.matrix.value(at) {
                    value if self.matrix.derived => format::short(value, digits),
                    value => format!("{value:.digits$}").trim_start_matches('0').to_owned(),
                };
                let (x, y) = (left + geometry.left(column) + cell / 2.0, top + geometry.top(row) + cell / 2.0);
                let _text_is_drawn = context.fill_text(&text, x, y);
            }
        }
        context.restore();
    }

    /// The whole pattern with a frame around what is in view, between the axes: there it covers no cell.
    fn minimap(&self, context: &CanvasRenderingContext2d) {
        let n = self.matrix.n;
        let Some((left, top, side)) = self.frame.minimap() else { return };
        self.put(context, (0.0, 0.0, n as f64), left, top, side);
        context.set_stroke_style_str(&self.ink.line);
        context.set_line_width(1.0);
        context.stroke_rect(left - 0.5, top - 0.5, side + 1.0, side + 1.0);
        let per_cell = side / n as f64;
        let (row, column) = self.geometry().turned(self.window.query, self.window.key);
        let span = (self.window.span * per_cell).max(2.0);
        context.set_stroke_style_str(&self.ink.mark);
        context.set_line_width(1.5);
        context.stroke_rect(left + column * per_cell, top + row * per_cell, span, span);
    }

    /// The crosshair over queries and keys, solid for what is selected. The context's unit must be the CSS pixel.
    pub fn crosshair(&self, context: &CanvasRenderingContext2d, lines: (Vec<usize>, Vec<usize>), solid: bool) {
        let geometry = self.geometry();
        let Frame { left, top, side, .. } = self.frame;
        let cell = geometry.cell();
        context.save();
        context.begin_path();
        context.rect(left - 1.0, top - 1.0, side + 2.0, side + 2.0);
        context.clip();
        let _finite = context.translate(left, top);
        context.set_global_alpha(if solid { 1.0 } else { 0.75 });
        context.set_line_width(1.0);
        let line = |is_row: bool, at: f64| {
            context.begin_path();
            let (to_x, to_y) = if is_row { (side, at) } else { (at, side) };
            context.move_to(if is_row { 0.0 } else { at }, if is_row { at } else { 0.0 });
            context.line_to(to_x, to_y);
            context.stroke();
        };
        let (of_rows, of_columns) = geometry.turned(&self.ink.query, &self.ink.key);
        let (rows, columns) = geometry.turned(lines.0, lines.1);
        let edges = rows.iter().map(|&row| (geometry.top(row), true));
        for (edge, is_row) in edges.chain(columns.iter().map(|&column| (geometry.left(column), false))) {
            context.set_stroke_style_str(if is_row { of_rows } else { of_columns });
            if cell >= 4.0 {
                line(is_row, edge.round() - 0.5);
                line(is_row, (edge + cell).round() + 0.5);
            } else {
                line(is_row, (edge + cell / 2.0).floor() + 0.5);
            }
        }
        if let (&[row], &[column]) = (&rows[..], &columns[..]) {
            let size = cell.max(5.0);
            let middle = |edge: f64| edge + cell / 2.0 - size / 2.0;
            context.set_stroke_style_str(&self.ink.mark);
            context.set_line_width(if solid { 2.5 } else { 1.5 });
            context.stroke_rect(middle(geometry.left(column)), middle(geometry.top(row)), size, size);
        }
        context.restore();
    }
}
