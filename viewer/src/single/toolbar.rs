//! How the pattern is coloured, and which part is in view: what of the controls depends on the values, and the colour
//! bar.

use lens_schema::scale::{COLORMAPS, Scale};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::format;
use super::look::View;
use super::page::Page;
use crate::erase::effect;
use crate::signal::memo;
use crate::{canvas, dom};

/// Brings the controls under the heatmap to life.
pub fn start(page: Page, root: &Element) {
    dom::put(&dom::part(root, "colormap"), &colormaps());
    let colours = memo(move || page.colours());
    let scales: Vec<_> = Scale::ALL.map(|scale| (scale, dom::part(root, &format!("scale-{}", scale.name())))).into();
    let own = ["range-own", "range-unit"].map(|name| dom::part(root, name));
    let own = own.map(|button| (button.title(), button));
    let shared = ["range-layer", "range-prompt"].map(|name| dom::part(root, name));
    let floor = dom::part(root, "floor");
    effect(move || {
        let is_below_zero = page.matrix().is_some_and(|matrix| matrix.range.0 < 0.0);
        let scale = colours.with(|colours| colours.scale);
        let of_lines = page.of_lines();
        for (one, button) in &scales {
            let below = "Scales are for values from 0; some are below";
            let why = (is_below_zero && *one != Scale::Linear).then_some(below);
            disable(button, of_lines.or(why), "Scale (s)");
        }
        disable(
            &floor,
            of_lines.or((scale != Scale::Log).then_some("For the logarithmic scale")),
            "Smaller values are shown as this",
        );
    });
    effect(move || {
        let derived = page.matrix().is_some_and(|matrix| matrix.derived);
        let of_lines = page.of_lines();
        own.iter().for_each(|(title, button)| disable(button, of_lines, title));
        for button in &shared {
            let why = "Shared by patterns; what is derived from one has a range of its own";
            disable(
                button,
                of_lines.or(derived.then_some(why)),
                "The same range for all heads of the layer, or of the model",
            );
        }
    });
    let zoom = ["zoom-out", "zoom-fit"].map(|name| dom::part(root, name));
    effect(move || {
        let is_whole = page.is_whole(page.window());
        zoom.iter().for_each(|button| dom::set_or_remove(button, "disabled", is_whole.then_some("")));
    });

    let bar: web_sys::HtmlCanvasElement = dom::find(root, ".colorbar canvas").unchecked_into();
    let ticks = dom::all(root, ".colorbar span");
    effect(move || {
        let colours = colours.get();
        let pixels: Vec<u8> = colours.lut().iter().flat_map(|&[r, g, b]| [r, g, b, 255]).collect();
        if let Some(context) = canvas::context(&bar) {
            canvas::put(&context, &pixels, 256, 0.0, 0.0);
        }
        for (tick, part) in ticks.iter().zip([0.0, 0.5, 1.0]) {
            tick.set_text_content(Some(&format::tick(colours.value_at(part))));
        }
    });
}

impl Page {
    /// Why scale and range are not to be chosen, where lines are shown.
    fn of_lines(self) -> Option<&'static str> {
        let is_lines = self.look.with(|look| look.view == View::Lines);
        is_lines.then_some("For cells: a line is as strong as the attention")
    }
}

/// Disables a control, and says why; or says what it is for.
fn disable(control: &HtmlElement, why: Option<&str>, what: &str) {
    dom::set_or_remove(control, "disabled", why.map(|_| ""));
    control.set_title(why.unwrap_or(what));
}

/// Options: every colour map by kind, and then their reverses.
fn colormaps() -> Vec<HtmlElement> {
    let group = |title: &str, names: Vec<&str>| {
        let options: Vec<HtmlElement> = names.into_iter().map(|name| dom::make("option", "", name)).collect();
        dom::around("optgroup", &[("label", title)], &options)
    };
    let mut groups: Vec<HtmlElement> =
        COLORMAPS.iter().map(|kind| group(kind.title, kind.names.iter().map(|names| names[0]).collect())).collect();
    groups.push(group("Reversed", COLORMAPS.iter().flat_map(|kind| kind.names).map(|names| names[1]).collect()));
    groups
}
