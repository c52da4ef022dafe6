//! How the pattern is coloured and which part is in view: scale, range, colour map with its colour bar, zoom.

use lens_schema::scale::{Scale, find};
use leptos::html;
use leptos::prelude::*;

use super::colours::Colours;
use super::format;
use super::keyboard::act;
use super::keys::Action;
use super::link::Range;
use super::page::Page;
use crate::canvas;
use crate::colormaps::colormap_options;
use crate::erase::{effect, live, memo, on};
use crate::url::Step;

/// The controls under the heatmap.
#[component]
pub fn Toolbar() -> impl IntoView {
    let page = Page::here();
    let colours = memo(move || page.colours());
    let is_below_zero = memo(move || page.matrix().is_some_and(|matrix| matrix.range.0 < 0.0));
    let scales = Scale::ALL.map(|scale| {
        view! {
            <button
                data-testid=format!("scale-{}", scale.name())
                aria-pressed=live(move || (colours.get().scale == scale).to_string())
                disabled=live(move || scale != Scale::Linear && is_below_zero.get())
                title=live(move || is_below_zero.get().then_some("Scales are for values from 0; some are below"))
                on:click=on(move |_| page.look_at(Step::Push, |look| look.scale = scale))
            >
                {scale.name()}
            </button>
        }
    });
    let ranges = Range::ALL.map(|range| {
        let (name, title) = match range {
            Range::Own => (
                "min–max",
                "From the smallest to the largest value; to as far below 0 as above, if both sides have values",
            ),
            Range::Unit => ("0–1", "The same range for every head; from -1, if values lie on both sides of 0"),
        };
        view! {
            <button
                title=title
                data-testid=format!("range-{}", range.name())
                aria-pressed=live(move || page.look.with(|look| look.range == range).to_string())
                on:click=on(move |_| page.look_at(Step::Push, |look| look.range = range))
            >
                {name}
            </button>
        }
    });
    let choose = move |event| {
        let chosen = event_target_value(&event);
        if let Some(name) = find(&chosen) {
            page.look_at(Step::Push, |look| look.colormap = name);
        }
    };
    let colormaps = colormap_options(move || page.look.with(|look| Some(look.colormap)));
    let is_whole = memo(move || page.is_whole(page.window()));
    view! {
        <div class="controls" role="toolbar" aria-label="Colours and zoom">
            <div class="segmented" role="group" aria-label="Scale">{scales.collect_view()}</div>
            <div class="segmented" role="group" aria-label="Range of colours">{ranges.collect_view()}</div>
            <select aria-label="Colour map" data-testid="colormap" on:change=on(choose)>{colormaps}</select>
            <ColorBar />
            <div class="segmented zoom" role="group" aria-label="Zoom">
                <button
                    aria-label="Zoom out"
                    title="Zoom out (-)"
                    data-testid="zoom-out"
                    disabled=is_whole
                    on:click=on(move |_| act(page, Action::Zoom(1.0 / 1.5)))
                >
                    "−"
                </button>
                <button
                    title="Show the whole pattern (0)"
                    data-testid="zoom-fit"
                    disabled=is_whole
                    on:click=on(move |_| act(page, Action::Fit))
                >
                    "Fit"
                </button>
                <button
                    aria-label="Zoom in"
                    title="Zoom in (+), also Ctrl and the wheel"
                    data-testid="zoom-in"
                    on:click=on(move |_| act(page, Action::Zoom(1.5)))
                >
                    "+"
                </button>
            </div>
        </div>
    }
}

/// The value that the colour at `part` (0 to 1) of the colour map stands for: the inverse of the scale.
pub fn value_at(part: f32, scale: Scale, (min, max): (f32, f32)) -> f32 {
    let (low, high) = (scale.apply(min), scale.apply(max));
    let scaled = low + part * (high - low);
    match scale {
        Scale::Linear => scaled,
        Scale::Sqrt => scaled * scaled,
        Scale::Log => 10f32.powf(scaled),
    }
}

/// The colour map with the values at its ends and its middle.
#[component]
fn ColorBar() -> impl IntoView {
    let page = Page::here();
    let bar = NodeRef::<html::Canvas>::new();
    let colours = memo(move || page.colours());
    let colormap = memo(move || colours.get().colormap);
    effect(move || {
        colormap.track();
        let Some(bar) = bar.get() else { return };
        let pixels: Vec<u8> = untrack(|| colours.get().lut()).iter().flat_map(|&[r, g, b]| [r, g, b, 255]).collect();
        if let Some(context) = canvas::context(&bar) {
            canvas::put(&context, &pixels, 256, 0.0, 0.0);
        }
    });
    let tick = move |part: f32| {
        move || {
            let Colours { scale, range, .. } = colours.get();
            format::tick(value_at(part, scale, range))
        }
    };
    view! {
        <figure class="colorbar" data-testid="colorbar" aria-label="Colour bar">
            <canvas node_ref=bar width="256" height="1" aria-hidden="true"></canvas>
            <figcaption>
                <span>{tick(0.0)}</span> <span>{tick(0.5)}</span> <span>{tick(1.0)}</span>
            </figcaption>
        </figure>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_inverts_the_scale() {
        for scale in Scale::ALL {
            assert!((value_at(1.0, scale, (0.0, 0.8)) - 0.8).abs() < 1e-6, "{scale:?}");
        }
        assert_eq!(value_at(0.5, Scale::Linear, (0.0, 1.0)), 0.5);
        assert_eq!(value_at(0.5, Scale::Sqrt, (0.0, 1.0)), 0.25);
        assert!((value_at(0.5, Scale::Log, (0.0, 1.0)) - 0.01).abs() < 1e-6);
        assert_eq!(value_at(0.5, Scale::Linear, (0.3, 0.3)), 0.3);
    }
}
