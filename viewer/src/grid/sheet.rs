//! All heads of a model on one prompt as one small picture: a row per layer, a column per head.

use lens_schema::index::MatrixStyle;
use leptos::html;
use leptos::prelude::*;
use leptos::reactive::spawn_local_scoped_with_cancellation;
use web_sys::HtmlCanvasElement;

use crate::erase::{effect, live};
use crate::signal::RwSignal;
use crate::{canvas, frame, patterns};

/// Where the heads lie in a box, in device pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    pub tile: usize,
    pub gap: usize,
}

impl Fit {
    /// The largest heads that fit into `width` × `height`, at least one pixel wide and at most `most`.
    pub fn new(n_layers: usize, n_heads: usize, (width, height): (usize, usize), most: usize) -> Fit {
        let pitch = (width / n_heads.max(1)).min(height / n_layers.max(1));
        let gap = (pitch / 12).min(4);
        Fit { tile: (pitch - gap.min(pitch)).clamp(1, most), gap }
    }

    /// Length of `n` heads side by side.
    pub fn length(self, n: usize) -> usize {
        (n * (self.tile + self.gap)).saturating_sub(self.gap)
    }
}

/// The picture, no larger than `side` × `side` CSS pixels.
#[component]
pub fn Sheet(dir: String, hash: String, n_layers: usize, n_heads: usize, side: usize) -> impl IntoView {
    let surface = NodeRef::<html::Canvas>::new();
    let problem = RwSignal::new(None::<String>);
    let ratio = canvas::pixel_ratio();
    let device = |css: usize| (css as f64 * ratio).round() as usize;
    let fit = Fit::new(n_layers, n_heads, (device(side), device(side)), device(64));
    let css = |n: usize| format!("{}px", fit.length(n) as f64 / ratio);
    let (dir, hash) = (StoredValue::new(dir), StoredValue::new(hash));
    effect(move || {
        if let Some(surface) = surface.get() {
            surface.set_width(fit.length(n_heads) as u32);
            surface.set_height(fit.length(n_layers) as u32);
            spawn_local_scoped_with_cancellation(async move {
                if let Err(message) = draw(&dir.get_value(), &hash.get_value(), &surface, fit).await {
                    problem.set(Some(message));
                }
            });
        }
    });
    view! {
        <span class="sheet-box" style:height=css(n_layers)>
            <canvas
                node_ref=surface
                aria-hidden="true"
                style:width=css(n_heads)
                style:height=css(n_layers)
                hidden=live(move || problem.with(Option::is_some))
            ></canvas>
            <span class="problem">{live(move || problem.get().unwrap_or_default())}</span>
        </span>
    }
}

/// Draws every head, and marks the canvas when that is done.
async fn draw(dir: &str, hash: &str, surface: &HtmlCanvasElement, fit: Fit) -> Result<(), String> {
    let overview = patterns::overview(dir, hash).await?;
    let Some(context) = canvas::context(surface) else { return Ok(()) };
    let (meta, style) = (overview.meta, MatrixStyle::default());
    for l in 0..meta.n_layers {
        let layer = patterns::overview_layer(dir, hash, l).await?;
        for h in 0..meta.n_heads {
            frame::turn().await;
            let palette = canvas::palette(&style, overview.range(l, h));
            let image = canvas::render(&layer.head(h), meta.overview_side(), meta.causal, fit.tile, &palette);
            let at = |n: usize| (n * (fit.tile + fit.gap)) as f64;
            canvas::put(&context, &image, fit.tile, at(h), at(l));
        }
    }
    let _attribute_names_are_valid = surface.set_attribute("data-state", "drawn");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_fit_their_box() {
        for (n_layers, n_heads) in [(1, 1), (2, 4), (4, 4), (12, 12), (48, 25), (6, 200), (500, 3)] {
            let fit = Fit::new(n_layers, n_heads, (240, 240), 64);
            assert!(fit.length(n_heads) <= 240 && fit.tile >= 1, "{n_layers} × {n_heads}: {fit:?}");
            assert!(fit.length(n_layers) <= 240 || n_layers > 240);
        }
        assert_eq!(Fit::new(1, 1, (240, 240), 64).tile, 64);
    }
}
