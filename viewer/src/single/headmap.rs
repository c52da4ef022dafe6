//! All heads of the model on this prompt, small: layers by heads, one click away. One canvas has all pictures; the links
//! over it have nothing but their places.

use std::rc::Rc;

use lens_schema::LayerHead;
use lens_schema::shard::Overview;
use leptos::prelude::*;
use leptos::reactive::spawn_local_scoped_with_cancellation;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlCanvasElement, HtmlElement, KeyboardEvent};

use super::links;
use super::page::Page;
use super::room::observe;
use super::thumbnail::thumbnail;
use crate::erase::effect;
use crate::signal::{RwSignal, memo};
use crate::{canvas, dom, frame, patterns};

/// Room for the names of the layers, and the smallest and largest picture of a head, in CSS pixels.
const NAMES_PX: f64 = 32.0;
const TILE_PX: (usize, usize) = (9, 44);
/// Left free between two pictures.
const GAP_PX: usize = 2;

/// Side of a head's picture where there is room for a map so wide; it scrolls where even the smallest do not fit.
/// The style sheet computes the same as `--tile`, so that nothing moves once the room is known.
fn tile(n_heads: usize, room: f64) -> usize {
    let step = (room - NAMES_PX).max(0.0) as usize / n_heads.max(1);
    step.saturating_sub(GAP_PX).clamp(TILE_PX.0, TILE_PX.1)
}

/// Brings the map to life. Arrow keys switch to the neighbouring head.
pub fn start(page: Page, root: &Element) {
    let card = dom::find(root, ".headmap");
    let (map, field, layers) = (dom::find(&card, ".map"), dom::find(&card, ".scroll"), dom::find(&card, ".layers"));
    let size = memo(move || page.shown.with(|shown| shown.as_ref().map(|s| (s.n_layers, s.n_heads))));
    let model = memo(move || page.shown.with(|shown| shown.as_ref().map(|s| s.target.id.model.clone())));
    let said = dom::find(&card, ".muted");
    let built = RwSignal::new(());
    let (styled, list) = (map.clone(), layers.clone());
    effect(move || {
        model.track();
        let Some((n_layers, n_heads)) = size.get() else { return };
        said.set_text_content(Some(&format!("{n_layers} layers × {n_heads} heads")));
        dom::style(&styled, "--layers", &n_layers.to_string());
        dom::style(&styled, "--heads", &n_heads.to_string());
        let rows: Vec<HtmlElement> = (0..n_layers).map(|layer| row(page, layer, n_heads)).collect();
        dom::put(&list, &rows);
        built.set(());
    });
    let list = layers.clone();
    effect(move || {
        // Nothing says that this runs after the rows are there.
        built.track();
        let Some(head) = page.target.with(|target| target.as_ref().ok().map(|t| t.id.head)) else { return };
        for link in dom::all(&list, "[aria-current]") {
            dom::set_or_remove(&link, "aria-current", None);
            dom::set(&link, "tabindex", "-1");
        }
        if let Some(link) = dom::first(&list, &place(head)) {
            dom::set(&link, "aria-current", "true");
            dom::set(&link, "tabindex", "0");
        }
    });
    pictures(page, &field, dom::find(&map, "canvas").unchecked_into());
    dom::listen(&map, "keydown", move |event: KeyboardEvent| {
        // With these the arrows are the browser's: back, forward.
        if event.alt_key() || event.ctrl_key() || event.meta_key() {
            return;
        }
        let (Some((n_layers, n_heads)), Ok(target)) = (size.get_untracked(), page.target.get_untracked()) else {
            return;
        };
        let (down, right) = match event.key().as_str() {
            "ArrowUp" => (-1, 0),
            "ArrowDown" => (1, 0),
            "ArrowLeft" => (0, -1),
            "ArrowRight" => (0, 1),
            _ => return,
        };
        event.prevent_default();
        let at = target.id.head;
        let move_by = |at: usize, by: isize, n: usize| at.saturating_add_signed(by).min(n.saturating_sub(1));
        let to = LayerHead { layer: move_by(at.layer, down, n_layers), head: move_by(at.head, right, n_heads) };
        if let Some(target) = untrack(|| page.with_head(to)).filter(|_| to != at) {
            page.go(&target);
            let _focus_may_be_refused = dom::find(&layers, &place(to)).focus();
        }
    });
}

fn place(head: LayerHead) -> String {
    format!("[data-head=\"{}.{}\"]", head.layer, head.head)
}

fn row(page: Page, layer: usize, n_heads: usize) -> HtmlElement {
    let name = dom::words("span", &[("class", "layer-name"), ("role", "rowheader")], &format!("L{layer}"));
    let cells = (0..n_heads).map(|head| {
        let head = LayerHead { layer, head };
        let link = dom::named(links::link(page, Some(head), None), &format!("head-{head}"));
        link.set_title(&head.to_string());
        dom::set(&link, "aria-label", &format!("Layer {}, head {}", head.layer, head.head));
        dom::set(&link, "tabindex", "-1");
        dom::around("span", &[("role", "gridcell")], &[link])
    });
    let parts: Vec<_> = std::iter::once(name).chain(cells).collect();
    dom::around("div", &[("class", "layer"), ("role", "row")], &parts)
}

fn pictures(page: Page, field: &HtmlElement, pictures: HtmlCanvasElement) {
    let room = RwSignal::new((0.0, 0.0));
    observe(field, room);
    let n_heads = memo(move || page.shown.with(|shown| shown.as_ref().map(|s| s.n_heads)));
    let tile = memo(move || {
        let room = Some(room.get().0).filter(|&room| room > 0.0)?;
        Some(tile(n_heads.get()?, room))
    });
    let colours = memo(move || page.small_colours((0.0, 0.0)));
    effect(move || {
        colours.track();
        let Some(tile) = tile.get() else { return };
        if let Some((model, hash, overview)) = page.overview.get() {
            spawn_local_scoped_with_cancellation(draw(page, pictures.clone(), (model, hash), overview, tile));
        }
    });
}

/// Draws every head's picture. Layers that cannot be read stay empty; the heatmap says so when one is chosen.
async fn draw(
    page: Page,
    pictures: HtmlCanvasElement,
    (model, hash): (String, String),
    overview: Rc<Overview>,
    tile: usize,
) {
    let meta = overview.meta;
    if meta.overview_side() == 0 {
        return;
    }
    let step = tile + GAP_PX;
    canvas::refit(&pictures, (meta.n_heads * step) as f64, (meta.n_layers * step) as f64);
    let Some(context) = canvas::context(&pictures) else { return };
    let ratio = canvas::pixel_ratio();
    let pixels = (tile as f64 * ratio).round() as usize;
    let lut = untrack(|| page.small_colours((0.0, 0.0)).lut());
    for layer in 0..meta.n_layers {
        let Ok(heads) = patterns::overview_layer(&model, &hash, layer).await else {
            // Another prompt's pictures may be there.
            let high = step as f64 * ratio;
            context.clear_rect(0.0, (layer as f64 * high).round(), pictures.width().into(), high.round());
            continue;
        };
        for head in 0..meta.n_heads {
            frame::turn().await;
            let own = overview.range(layer, head);
            let colours = untrack(|| page.small_colours(own));
            let image = thumbnail(&meta, &heads.head(head), own, &colours, &lut, pixels);
            let place = |index: usize| ((index * step + GAP_PX / 2) as f64 * ratio).round();
            canvas::put(&context, &image, pixels, place(head), place(layer));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_fit_the_width_or_scroll() {
        let tiles = |room| [4, 12, 16, 64].map(|heads| tile(heads, room));
        assert_eq!((tiles(632.0), tiles(350.0)), ([44, 44, 35, 9], [44, 24, 17, 9]));
        assert_eq!((tile(0, 0.0), tile(12, 0.0)), (9, 9));
    }
}
