//! The pictures of the page: the map, the scatter plot and the plane, and what is laid over them.

use std::rc::Rc;

use lens_schema::index::MatrixStyle;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::dom::slot;
use super::draw::{Heads, Ink, Shades, draw};
use super::numbers::text;
use super::plot::{Kind, Plot};
use super::reading::Reading;
use super::update::href;
use crate::dom::{all, first, set, style, toggle};
use crate::{canvas, patterns};

/// Height of a plane for its width, and its bounds.
const ASPECT: f64 = 0.7;
const HEIGHT: (f64, f64) = (240.0, 460.0);

/// Half the height of what is said of a head.
const TIP: f64 = 42.0;
/// Side of the picture of a pattern.
const PATTERN: f64 = 112.0;
/// Left around a picture for the outline of what has the focus.
const OUTLINE: f64 = 3.0;

/// The element of a picture.
pub fn chart(root: &Element, kind: Kind) -> Option<Element> {
    first(root, &format!("[data-chart={}]", kind.name())).map(Into::into)
}

/// Draws all pictures, and returns where their marks are.
pub fn redraw(root: &Element, reading: &Reading) -> [Plot; 3] {
    let ink = Ink::of(root);
    let plots = Kind::ALL.map(|kind| {
        let Some(chart) = chart(root, kind) else { return Plot::default() };
        let room = chart.parent_element().map_or(0.0, |parent| f64::from(parent.client_width()) - 2.0 * OUTLINE);
        let (plot, values) = plot(kind, reading, room);
        style(&chart, "width", &format!("{}px", plot.width));
        style(&chart, "height", &format!("{}px", plot.height));
        set(&chart, "aria-label", &label(kind, reading));
        if let Some(canvas) = first(&chart, "canvas") {
            // If every head is selected, frames around all of them say nothing.
            let framed = if reading.selected.contains(&false) { &reading.selected[..] } else { &[] };
            let heads = Heads { values, bright: &reading.bright, framed };
            draw(canvas.unchecked_ref(), &plot, &heads, (&reading.x, &reading.y), &ink);
        }
        plot
    });
    for (name, score) in [("map-bar", &reading.score), ("scatter-bar", &reading.hue)] {
        bar(root, name, score, reading.values(score));
    }
    for (kind, plot) in Kind::ALL.into_iter().zip(&plots) {
        frame(root, kind, plot, ".focus", Some(reading.focus));
    }
    plots
}

/// Draws the pattern of the head that is looked at. Where it cannot be read, there is none: its own page says why.
pub async fn pattern(root: Element, reading: Rc<Reading>) {
    let (dir, hash) = (&reading.data.model.dir, reading.prompt_of(reading.focus));
    let head = reading.data.model.head(reading.focus);
    let Ok(overview) = patterns::overview(dir, hash).await else { return };
    let Ok(layer) = patterns::overview_layer(dir, hash, head.layer).await else { return };
    let shown =
        first(&root, ".pattern").filter(|link| link.get_attribute("href") == Some(href(&reading, reading.focus)));
    let Some(picture) = shown.and_then(|link| first(&link, "canvas")) else { return };
    let px = (PATTERN * canvas::pixel_ratio()).round() as usize;
    let palette = canvas::palette(&reading.shade.over(&MatrixStyle::default()), overview.range(head.layer, head.head));
    let meta = overview.meta;
    let image = canvas::render(&layer.head(head.head), meta.overview_side(), meta.causal, px, &palette);
    canvas::fit(picture.unchecked_ref(), PATTERN, PATTERN);
    if let Some(context) = canvas::context(picture.unchecked_ref()) {
        canvas::put(&context, &image, px, 0.0, 0.0);
    }
    set(&picture, "data-state", "drawn");
}

/// Where the marks lie, and what their colours say.
fn plot(kind: Kind, reading: &Reading, room: f64) -> (Plot, &[f32]) {
    let model = &reading.data.model;
    let size = (room, (room * ASPECT).clamp(HEIGHT.0, HEIGHT.1));
    match kind {
        Kind::Map => (Plot::map(model.n_layers, model.n_heads, room), reading.values(&reading.score)),
        Kind::Scatter => {
            let (x, y) = (reading.values(&reading.x), reading.values(&reading.y));
            let points: Vec<_> = x.iter().copied().zip(y.iter().copied()).collect();
            (Plot::plane(&points, size, true), reading.values(&reading.hue))
        }
        Kind::Plane => {
            let points: Vec<_> = reading.data.distances.embedding.as_chunks().0.iter().map(|&[x, y]| (x, y)).collect();
            (Plot::plane(&points, size, false), reading.values(&reading.score))
        }
    }
}

fn label(kind: Kind, reading: &Reading) -> String {
    let Reading { score, x, y, hue, .. } = reading;
    match kind {
        Kind::Map => format!("Map of layers and heads, coloured by {score}"),
        Kind::Scatter => format!("Scatter plot of {x} across and {y} upwards, coloured by {hue}"),
        Kind::Plane => format!("Plane in which similar heads are near each other, coloured by {score}"),
    }
}

fn bar(root: &Element, name: &str, score: &str, values: &[f32]) {
    let Some(figure) = slot(root, name) else { return };
    let shades = Shades::of(values);
    if let Some(canvas) = first(&figure, "canvas") {
        shades.bar(canvas.unchecked_ref());
    }
    let (min, max) = shades.range;
    let ticks = [text(min), text((min + max) / 2.0), text(max), score.to_owned()];
    for (span, tick) in all(&figure, "span").iter().zip(&ticks) {
        span.set_text_content(Some(tick));
    }
}

/// Lays a frame around a head's mark; around none it is hidden.
pub fn frame(root: &Element, kind: Kind, plot: &Plot, which: &str, at: Option<usize>) {
    let Some(ring) = chart(root, kind).and_then(|chart| first(&chart, &format!(".ring{which}"))) else { return };
    let place = at.and_then(|at| plot.marks.get(at).copied().flatten());
    ring.set_hidden(place.is_none());
    if let Some((x, y)) = place {
        let half = plot.half + 2.0;
        lay(&ring, (x - half, y - half), (x + half, y + half));
        toggle(&ring, "square", plot.square);
    }
}

/// Puts an element over the rectangle between two places.
pub fn lay(element: &Element, a: (f64, f64), b: (f64, f64)) {
    let sides =
        [("left", a.0.min(b.0)), ("top", a.1.min(b.1)), ("width", (a.0 - b.0).abs()), ("height", (a.1 - b.1).abs())];
    for (name, value) in sides {
        style(element, name, &format!("{value:.1}px"));
    }
}

/// What is said of a head under the pointer.
pub fn says(kind: Kind, reading: &Reading, at: usize) -> String {
    let scores: &[&String] = match kind {
        Kind::Scatter => &[&reading.x, &reading.y, &reading.hue],
        _ => &[&reading.score],
    };
    let mut lines = vec![reading.data.model.head(at).to_string()];
    for score in scores {
        let line = reading.says(score, at);
        let value = reading.values(score)[at];
        let why = reading.data.entry(score).and_then(|e| e.undefined.as_ref()).filter(|_| value.is_nan());
        let line = why.map_or(line, |why| format!("{score} has no value: {why}"));
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.join("\n")
}

/// Shows the values of the head under the pointer, beside its mark.
pub fn tip(root: &Element, kind: Kind, plot: &Plot, reading: &Reading, at: Option<usize>) {
    frame(root, kind, plot, ":not(.focus)", at);
    let Some(tip) = chart(root, kind).and_then(|chart| first(&chart, ".tip")) else { return };
    tip.set_hidden(at.is_none());
    let place = at.and_then(|at| Some((at, plot.marks.get(at).copied().flatten()?)));
    if let Some((at, (x, y))) = place {
        tip.set_text_content(Some(&says(kind, reading, at)));
        // To the side where there is more room, and not cut off above or below.
        let room =
            chart(root, kind).and_then(|chart| chart.parent_element()).map_or(0.0, |b| f64::from(b.client_width()));
        let is_left = x > room / 2.0;
        let y = y.min(plot.height - TIP).max(TIP);
        let beside = plot.half + 8.0;
        let x = if is_left { plot.width - x + beside } else { x + beside };
        style(&tip, if is_left { "right" } else { "left" }, &format!("{x:.0}px"));
        style(&tip, if is_left { "left" } else { "right" }, "auto");
        style(&tip, "top", &format!("{y:.0}px"));
    }
}
