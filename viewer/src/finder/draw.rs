//! Drawing marks of heads with their axes: one routine for the map, the scatter plot and the plane.

use lens_schema::scale::{BOTH_SIDES, Lut, diverges, lut, min_max, normalized_index};
use leptos::prelude::window;
use web_sys::{CanvasRenderingContext2d, Element, HtmlCanvasElement};

use super::plot::Plot;
use crate::canvas;

/// The colour map of scores, of equal steps to the eye and on light and dark.
const COLORMAP: &str = "viridis";

/// The colours of values.
#[derive(Debug, Clone)]
pub struct Shades {
    lut: Lut,
    pub range: (f32, f32),
}

impl Shades {
    /// From the smallest to the largest value; where values lie on both sides of 0, as far below as above.
    pub fn of(values: &[f32]) -> Self {
        let range = min_max(values.iter().copied().filter(|v| v.is_finite()));
        let both = diverges(range);
        let most = range.1.max(-range.0);
        let lut = lut(if both { BOTH_SIDES } else { COLORMAP }).unwrap_or([[0; 3]; 256]);
        Shades { lut, range: if both { (-most, most) } else { range } }
    }

    /// `None` is no value.
    pub fn colour(&self, value: f32) -> Option<[u8; 3]> {
        (!value.is_nan()).then(|| self.lut[usize::from(normalized_index(value, self.range.0, self.range.1))])
    }

    /// Draws the colour map from its first to its last colour.
    pub fn bar(&self, bar: &HtmlCanvasElement) {
        let pixels: Vec<u8> = self.lut.iter().flat_map(|&[r, g, b]| [r, g, b, 255]).collect();
        if let Some(context) = canvas::context(bar) {
            canvas::put(&context, &pixels, 256, 0.0, 0.0);
        }
    }
}

/// Colours and the font as the style sheet has them now.
#[derive(Debug, Clone)]
pub struct Ink {
    label: String,
    line: String,
    paper: String,
    mark: String,
    font: String,
}

impl Ink {
    pub fn of(element: &Element) -> Self {
        let style = window().get_computed_style(element).ok().flatten();
        let get = |name: &str| style.as_ref().and_then(|s| s.get_property_value(name).ok()).unwrap_or_default();
        Ink {
            label: get("--text-2"),
            line: get("--line"),
            paper: get("--surface"),
            mark: get("--text"),
            font: format!("11px {}", get("font-family")),
        }
    }
}

/// What is known of the heads.
#[derive(Debug)]
pub struct Heads<'a> {
    /// What their colours say.
    pub values: &'a [f32],
    /// Those that pass the filters; others are faint.
    pub bright: &'a [bool],
    /// Those that are framed.
    pub framed: &'a [bool],
}

/// Draws everything anew. Titles of the axes are those across and upwards.
pub fn draw(canvas: &HtmlCanvasElement, plot: &Plot, heads: &Heads<'_>, titles: (&str, &str), ink: &Ink) {
    canvas::fit(canvas, plot.width, plot.height);
    let Some(context) = canvas::context(canvas) else { return };
    let ratio = canvas::pixel_ratio();
    let _finite = context.scale(ratio, ratio);
    axes(&context, plot, titles, ink);
    let shades = Shades::of(heads.values);
    for bright in [false, true] {
        for (at, place) in plot.marks.iter().enumerate() {
            if let Some(place) = place.filter(|_| heads.bright[at] == bright) {
                context.set_global_alpha(if bright { 1.0 } else { 0.16 });
                mark(&context, plot, place, shades.colour(heads.values[at]), ink);
            }
        }
    }
    context.set_global_alpha(1.0);
    let framed = plot.marks.iter().zip(heads.framed).filter(|(_, is_framed)| **is_framed);
    for place in framed.filter_map(|(place, _)| *place) {
        for (width, colour) in [(4.0, &ink.paper), (2.0, &ink.mark)] {
            outline(&context, plot, place, plot.half + if plot.square { -1.0 } else { 1.0 });
            context.set_line_width(width);
            context.set_stroke_style_str(colour);
            context.stroke();
        }
    }
}

fn mark(context: &CanvasRenderingContext2d, plot: &Plot, (x, y): (f64, f64), colour: Option<[u8; 3]>, ink: &Ink) {
    outline(context, plot, (x, y), plot.half);
    match colour {
        Some([r, g, b]) => {
            context.set_fill_style_str(&format!("rgb({r} {g} {b})"));
            context.fill();
        }
        // No value: an empty mark that is crossed out.
        None => {
            let reach = plot.half * 0.6;
            context.move_to(x - reach, y + reach);
            context.line_to(x + reach, y - reach);
        }
    }
    if colour.is_none() || !plot.square {
        context.set_line_width(1.0);
        // Any colour of the map is near that of the paper somewhere.
        context.set_stroke_style_str(&ink.label);
        context.stroke();
    }
}

fn outline(context: &CanvasRenderingContext2d, plot: &Plot, (x, y): (f64, f64), half: f64) {
    context.begin_path();
    if plot.square {
        context.rect(x - half, y - half, 2.0 * half, 2.0 * half);
    } else {
        let _radius_is_positive = context.arc(x, y, half, 0.0, std::f64::consts::TAU);
    }
}

fn axes(context: &CanvasRenderingContext2d, plot: &Plot, (across, upwards): (&str, &str), ink: &Ink) {
    let [left, top, width, height] = plot.frame;
    let (right, bottom) = (left + width, top + height);
    context.set_font(&ink.font);
    context.set_fill_style_str(&ink.label);
    context.set_stroke_style_str(&ink.line);
    context.set_line_width(1.0);
    let write = |text: &str, align: &str, x: f64, y: f64| {
        context.set_text_align(align);
        let _text_is_drawn = context.fill_text(text, x, y);
    };
    context.begin_path();
    for tick in &plot.across {
        if plot.square {
            write(&tick.label, "center", tick.at, top - 6.0);
        } else {
            context.move_to(tick.at.round() + 0.5, top);
            context.line_to(tick.at.round() + 0.5, bottom);
            write(&tick.label, "center", tick.at, bottom + 14.0);
        }
    }
    for tick in &plot.upwards {
        write(&tick.label, "right", left - 6.0, tick.at + 4.0);
        if !plot.square {
            context.move_to(left, tick.at.round() + 0.5);
            context.line_to(right, tick.at.round() + 0.5);
        }
    }
    if !plot.square {
        context.rect(left + 0.5, top + 0.5, width, height);
    }
    context.stroke();
    if !plot.across.is_empty() && !plot.square {
        write(across, "right", right, bottom + 31.0);
        write(upwards, "left", 2.0, top - 9.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_span_the_values() {
        let shades = Shades::of(&[0.2, f32::NAN, 0.6]);
        let viridis = lut(COLORMAP).unwrap();
        assert_eq!([0.2, 0.6, f32::NAN].map(|v| shades.colour(v)), [Some(viridis[0]), Some(viridis[255]), None]);
        let both = Shades::of(&[-0.2, 0.6]);
        assert_eq!((both.range, both.colour(0.6)), ((-0.6, 0.6), Some(lut(BOTH_SIDES).unwrap()[255])));
        assert_eq!(Shades::of(&[f32::NAN]).range, (0.0, 0.0));
    }
}
