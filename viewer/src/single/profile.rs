//! The row and the column that are looked at as bars, in the bands beside the square.

use std::ops::Range;

use web_sys::CanvasRenderingContext2d;

use super::colours::Colours;
use super::drawing::Scene;
use super::format;
use super::frame::{Frame, LINE_PX};
use super::selection::{Role, Selection};

/// Left free between a band and the square, and between bars that are wide enough.
const GAP_PX: f64 = 4.0;

/// The largest finite value of a row or a column, if there is one.
pub fn largest(values: &[Option<f32>]) -> Option<f32> {
    values.iter().flatten().copied().filter(|value| value.is_finite()).reduce(f32::max)
}

/// How high each bar is, from 0 to 1 for the largest value, stretched as the colours are; 0 where there is no value.
pub fn heights(values: &[Option<f32>], colours: &Colours) -> Vec<f32> {
    let finite = values.iter().flatten().copied().filter(|value| value.is_finite());
    let stretch = |value: f32| colours.scale.apply_above(colours.floor, value);
    let (low, high) = (stretch(finite.fold(0.0, f32::min)), stretch(largest(values).unwrap_or(0.0)));
    let part = |value: f32| if high > low && value.is_finite() { (stretch(value) - low) / (high - low) } else { 0.0 };
    values.iter().map(|value| value.map_or(0.0, part).clamp(0.0, 1.0)).collect()
}

/// The bars of the cells in view: from where to where in pixels, and how high. Bars narrower than a pixel are joined,
/// and the highest is shown.
pub fn bars(heights: &[f32], view: Range<usize>, edge: impl Fn(usize) -> f64, side: f64) -> Vec<(f64, f64, f32)> {
    let mut bars: Vec<(f64, f64, f32)> = Vec::new();
    for at in view {
        let (from, to) = (edge(at).clamp(0.0, side), edge(at + 1).clamp(0.0, side));
        let gap = if to - from >= 6.0 { 1.0 } else { 0.0 };
        match bars.last_mut() {
            Some(last) if to - last.0 <= 1.0 => (last.1, last.2) = (to, last.2.max(heights[at])),
            _ => bars.push((from + gap, to - gap, heights[at])),
        }
    }
    bars
}

impl Scene<'_> {
    /// Both bands, with the largest values of the row and the column in the corner between them. The context's unit
    /// must be the CSS pixel.
    pub fn profiles(&self, context: &CanvasRenderingContext2d, focus: &Selection, role: Role) {
        let Frame { right, top, band, .. } = self.frame;
        let (queries, keys) = focus.all_lines(role);
        context.set_font(&self.ink.font);
        context.set_text_baseline("middle");
        context.set_text_align("left");
        let sides = [(Role::Query, queries, &self.ink.query), (Role::Key, keys, &self.ink.key)];
        for (place, (role, tokens, colour)) in sides.into_iter().enumerate() {
            if tokens.is_empty() {
                continue;
            }
            let values = self.matrix.sum(&tokens, role);
            context.set_fill_style_str(colour);
            self.profile(context, &values, (role == Role::Query) != self.transposed);
            if let Some(largest) = largest(&values).filter(|_| band >= 2.0 * LINE_PX) {
                let y = top - band + GAP_PX + (place as f64 + 0.5) * LINE_PX;
                let text = format::short(largest, 3);
                let _text_is_drawn = context.fill_text_with_max_width(&text, right + GAP_PX, y, band);
            }
        }
    }

    /// What a row looks like goes above the square, what a column looks like beside it.
    fn profile(&self, context: &CanvasRenderingContext2d, values: &[Option<f32>], is_row: bool) {
        let geometry = self.geometry();
        let Frame { left, top, side, right, band, .. } = self.frame;
        let (rows, columns) = self.in_view();
        let heights = heights(values, &self.colours);
        let bars = match is_row {
            true => bars(&heights, columns, |column| geometry.left(column), side),
            false => bars(&heights, rows, |row| geometry.top(row), side),
        };
        for (from, to, height) in bars.into_iter().filter(|&(from, to, height)| height > 0.0 && to > from) {
            let high = (f64::from(height) * (band - 2.0 * GAP_PX)).max(1.0);
            if is_row {
                context.fill_rect(left + from, top - GAP_PX - high, to - from, high);
            } else {
                context.fill_rect(right + GAP_PX, top + from, high, to - from);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use lens_schema::scale::Scale;

    use super::*;

    #[test]
    fn bars_are_as_high_as_values_are_large() {
        let values = [Some(0.25), None, Some(1.0), Some(0.0), Some(f32::NAN)];
        assert_eq!(heights(&values, &Colours::default()), [0.25, 0.0, 1.0, 0.0, 0.0]);
        assert_eq!(heights(&values, &Colours { scale: Scale::Sqrt, ..Colours::default() })[0], 0.5);
        let log = Colours { scale: Scale::Log, floor: 1e-2, ..Colours::default() };
        assert_eq!(heights(&[Some(0.1), Some(1.0), Some(1e-9)], &log), [0.5, 1.0, 0.0]);
        assert_eq!(heights(&[Some(-1.0), Some(1.0), Some(0.0)], &Colours::default()), [0.0, 1.0, 0.5]);
        assert_eq!(heights(&[Some(0.0); 2], &Colours::default()), [0.0; 2]);
        assert_eq!((largest(&values), largest(&[None])), (Some(1.0), None));
    }

    #[test]
    fn narrow_bars_are_joined() {
        let wide = bars(&[0.5, 1.0], 0..2, |at| at as f64 * 10.0, 20.0);
        assert_eq!(wide, [(1.0, 9.0, 0.5), (11.0, 19.0, 1.0)]);
        let narrow = bars(&[0.1, 0.9, 0.2, 0.3], 0..4, |at| at as f64 * 0.5, 2.0);
        assert_eq!(narrow, [(0.0, 1.0, 0.9), (1.0, 2.0, 0.3)]);
        // What is half out of view is cut off.
        assert_eq!(bars(&[1.0; 9], 4..6, |at| (at as f64 - 4.5) * 8.0, 8.0), [(0.0, 4.0, 1.0), (4.0, 8.0, 1.0)]);
    }
}
