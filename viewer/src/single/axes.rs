//! Draws the axes of the heatmap: titles, the labels of tokens, and the flags of what is looked at.

use web_sys::CanvasRenderingContext2d;

use super::axis;
use super::drawing::Scene;
use super::format;
use super::frame::{Frame, GAP_PX, LINE_PX, TITLE_PX};
use super::ink::Ink;

impl Scene<'_> {
    /// Both axes with what they are called.
    pub(super) fn axes(&self, context: &CanvasRenderingContext2d) {
        self.row_axis(context);
        let below = self.column_axis(context);
        let Frame { left, top, side, .. } = self.frame;
        let (rows, columns) = self.geometry().turned("query", "key");
        context.set_fill_style_str(&self.ink.faint);
        context.set_text_align("center");
        let _text_is_drawn = context.fill_text(columns, left + side / 2.0, top + side + below + TITLE_PX / 2.0);
        context.save();
        let _finite = context.translate(TITLE_PX / 2.0, top + side / 2.0);
        let _finite = context.rotate(-std::f64::consts::FRAC_PI_2);
        let _text_is_drawn = context.fill_text(rows, 0.0, 0.0);
        context.restore();
    }

    fn row_axis(&self, context: &CanvasRenderingContext2d) {
        let geometry = self.geometry();
        let Frame { left, top, side, .. } = self.frame;
        let step = axis::step(geometry.cell(), LINE_PX);
        context.set_text_align("right");
        context.set_fill_style_str(&self.ink.label);
        for row in axis::labelled(self.in_view().0, step) {
            let y = geometry.top(row) + geometry.cell() / 2.0;
            if !(0.0..=side).contains(&y) {
                continue;
            }
            let text = axis::text(row, &self.labels[row], step);
            let text = axis::ellipsise(&text, self.frame.row_room(), |text| width(context, text));
            let _text_is_drawn = context.fill_text(&text, left - GAP_PX, top + y);
        }
    }

    /// Returns how far down its labels reach, from the lower edge of the square.
    fn column_axis(&self, context: &CanvasRenderingContext2d) -> f64 {
        let geometry = self.geometry();
        let Frame { left, top, side, .. } = self.frame;
        let cell = geometry.cell();
        let step = axis::step(cell, LINE_PX);
        context.set_fill_style_str(&self.ink.label);
        let columns: Vec<usize> = axis::labelled(self.in_view().1, step).collect();
        let mut below: f64 = 0.0;
        let lying = step == 1 && columns.iter().all(|&column| width(context, &self.labels[column]) <= cell - GAP_PX);
        for column in columns {
            let x = geometry.left(column) + cell / 2.0;
            if !(0.0..=side).contains(&x) {
                continue;
            }
            let text = axis::text(column, &self.labels[column], step);
            context.save();
            let _finite = context.translate(left + x, top + side + GAP_PX);
            if lying {
                context.set_text_align("center");
                let _text_is_drawn = context.fill_text(&text, 0.0, LINE_PX / 2.0);
                below = LINE_PX;
            } else {
                context.set_text_align("right");
                let _finite = context.rotate(-std::f64::consts::FRAC_PI_2);
                let text = axis::ellipsise(&text, self.frame.column_room(), |text| width(context, text));
                let _text_is_drawn = context.fill_text(&text, 0.0, 0.0);
                below = below.max(width(context, &text));
            }
            context.restore();
        }
        below + 2.0 * GAP_PX
    }

    /// Position and token of a query and a key on the axes, in front of the thinned labels.
    pub fn flags(&self, context: &CanvasRenderingContext2d, query: Option<usize>, key: Option<usize>) {
        let geometry = self.geometry();
        let Frame { left, top, side, .. } = self.frame;
        let half = geometry.cell() / 2.0;
        context.set_font(&self.ink.font);
        context.set_text_baseline("middle");
        context.set_text_align("left");
        let fit = |text: &str, room: f64| axis::ellipsise(text, room, |text| width(context, text));
        let (row, column) = geometry.turned(query, key);
        let (of_rows, of_columns) = geometry.turned(&self.ink.query, &self.ink.key);
        if let Some(row) = row {
            let y = (geometry.top(row) + half).min(side - LINE_PX / 2.0).max(LINE_PX / 2.0);
            let text = fit(&axis::text(row, &self.labels[row], 2), left - GAP_PX - 4.0);
            let wide = width(context, &text);
            self.flag(context, &text, (left - GAP_PX - wide, top + y), wide, of_rows, true);
        }
        if let Some(column) = column {
            let text = fit(&axis::text(column, &self.labels[column], 2), side / 2.0);
            let wide = width(context, &text);
            let x = (geometry.left(column) + half - wide / 2.0).min(side - wide - 2.0).max(GAP_PX - left);
            self.flag(context, &text, (left + x, top + side + GAP_PX + LINE_PX / 2.0), wide, of_columns, false);
        }
    }

    /// A text on a dark ground, with a bar in the colour of its line on the side of the square.
    pub(super) fn flag(
        &self,
        context: &CanvasRenderingContext2d,
        text: &str,
        (x, y): (f64, f64),
        wide: f64,
        colour: &str,
        is_row: bool,
    ) {
        const BAR_PX: f64 = 2.5;
        let (high, pad) = (LINE_PX + 3.0, 4.0);
        let (left, top, wide) = (x - pad, y - high / 2.0, wide + 2.0 * pad);
        context.set_fill_style_str(&self.ink.text);
        context.fill_rect(left, top, wide, high);
        context.set_fill_style_str(colour);
        if is_row {
            context.fill_rect(left + wide - BAR_PX, top, BAR_PX, high);
        } else {
            context.fill_rect(left, top, wide, BAR_PX);
        }
        context.set_fill_style_str(&self.ink.paper);
        let _text_is_drawn = context.fill_text(text, x - if is_row { 1.0 } else { 0.0 }, y + 1.0);
    }
}

/// Width of a text in the context's font, in CSS pixels.
pub fn width(context: &CanvasRenderingContext2d, text: &str) -> f64 {
    context.measure_text(text).map_or(0.0, |metrics| metrics.width())
}

/// Width of the widest label in a font, up to `enough`.
pub fn widest(context: &CanvasRenderingContext2d, ink: &Ink, labels: &[String], enough: f64) -> f64 {
    context.set_font(&ink.font);
    let mut widest: f64 = 0.0;
    for (index, label) in labels.iter().enumerate() {
        let text = if labels.len() > 40 { axis::text(index, label, 2) } else { label.clone() };
        widest = widest.max(width(context, &text));
        if widest >= enough {
            break;
        }
    }
    widest
}

/// The tokens as the axes spell them.
pub fn spelled(labels: &[String]) -> Vec<String> {
    labels.iter().map(|label| format::visible(label)).collect()
}
