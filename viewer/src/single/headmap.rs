//! All heads of the model on this prompt, small: layers by heads, one click away.

use std::rc::Rc;

use lens_schema::LayerHead;
use lens_schema::index::MatrixStyle;
use lens_schema::shard::Overview;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlCanvasElement, HtmlElement, KeyboardEvent};

use super::link::Target;
use super::page::Page;
use crate::canvas;

/// Widest the map gets, and the smallest and largest picture of a head, in CSS pixels.
const WIDTH_PX: usize = 420;
const TILE_PX: (usize, usize) = (9, 44);
/// Left free between two pictures.
const GAP_PX: usize = 2;

/// Side of a head's picture.
fn tile(n_heads: usize) -> usize {
    (WIDTH_PX / n_heads.max(1)).saturating_sub(GAP_PX).clamp(TILE_PX.0, TILE_PX.1)
}

/// The map. Arrow keys switch to the neighbouring head.
#[component]
pub fn HeadMap() -> impl IntoView {
    let page = Page::here();
    let size = Memo::new(move |_| page.shown.with(|shown| shown.as_ref().map(|s| (s.n_layers, s.n_heads))));
    let current = Memo::new(move |_| page.target.with(|target| target.as_ref().ok().map(|t| t.id.head)));
    let map = NodeRef::<html::Div>::new();
    let pictures = NodeRef::<html::Canvas>::new();
    let look = Memo::new(move |_| page.look.with(|look| (look.colormap, look.scale)));
    Effect::new(move || {
        let (colormap, scale) = look.get();
        let Some(pictures) = pictures.get() else { return };
        page.overview.with(|overview| {
            if let Some((.., overview)) = overview {
                draw(&pictures, overview, &MatrixStyle { colormap: colormap.to_owned(), scale });
            }
        });
    });
    let go = move |head: LayerHead| {
        if let Some(target) = untrack(|| page.with_head(head)) {
            page.go(&target);
        }
    };
    let key = move |event: KeyboardEvent| {
        let (Some((n_layers, n_heads)), Some(at)) = (size.get_untracked(), current.get_untracked()) else { return };
        let (down, right) = match event.key().as_str() {
            "ArrowUp" => (-1, 0),
            "ArrowDown" => (1, 0),
            "ArrowLeft" => (0, -1),
            "ArrowRight" => (0, 1),
            _ => return,
        };
        event.prevent_default();
        let move_by = |at: usize, by: isize, n: usize| at.saturating_add_signed(by).min(n.saturating_sub(1));
        let to = LayerHead { layer: move_by(at.layer, down, n_layers), head: move_by(at.head, right, n_heads) };
        if to != at {
            go(to);
            focus(map, to);
        }
    };
    let click = move |event: web_sys::MouseEvent| {
        let plain = !(event.ctrl_key() || event.meta_key() || event.shift_key());
        if let (true, Some(head)) = (plain, head_of(&event)) {
            event.prevent_default();
            go(head);
        }
    };
    let layers = move || {
        let (n_layers, n_heads) = size.get()?;
        let layers = (0..n_layers).map(|layer| {
            let heads = (0..n_heads).map(|head| anchor(page, current, LayerHead { layer, head })).collect_view();
            view! { <div class="layer" role="row"><span class="name" role="rowheader">{format!("L{layer}")}</span>{heads}</div> }
        });
        Some(layers.collect_view())
    };
    let style = move |what: fn(usize, usize) -> usize| {
        move || size.get().map(|(layers, heads)| format!("{}px", what(layers, heads)))
    };
    view! {
        <section class="card headmap" aria-labelledby="headmap-title">
            <header>
                <h2 id="headmap-title">"Heads"</h2>
                <span class="muted">{move || size.get().map(|(l, h)| format!("{l} layers × {h} heads"))}</span>
            </header>
            <div class="scroll">
                <div
                    class="map"
                    node_ref=map
                    role="grid"
                    aria-label="Heads of the model by layer"
                    data-testid="headmap"
                    style:--tile=style(|_, heads| tile(heads))
                    on:click=click
                    on:keydown=key
                >
                    <canvas
                        node_ref=pictures
                        aria-hidden="true"
                        style:width=style(|_, heads| heads * (tile(heads) + GAP_PX))
                        style:height=style(|layers, heads| layers * (tile(heads) + GAP_PX))
                    ></canvas>
                    {layers}
                </div>
            </div>
        </section>
    }
}

fn anchor(page: Page, current: Memo<Option<LayerHead>>, head: LayerHead) -> impl IntoView {
    let is_current = Memo::new(move |_| current.get() == Some(head));
    let href = move || {
        let at = page.target.get().ok()?;
        let id = lens_schema::PatternId { head, ..at.id };
        Some(page.href(&Target { id, ..at }))
    };
    view! {
        <span role="gridcell">
            <a
                href=href
                title=head.to_string()
                aria-label=format!("Layer {}, head {}", head.layer, head.head)
                data-head=format!("{}.{}", head.layer, head.head)
                data-testid=format!("head-{head}")
                aria-current=move || is_current.get().then_some("true")
                tabindex=move || if is_current.get() { "0" } else { "-1" }
            ></a>
        </span>
    }
}

fn head_of(event: &web_sys::MouseEvent) -> Option<LayerHead> {
    let element = event.target()?.dyn_into::<Element>().ok()?;
    let name = element.closest("[data-head]").ok().flatten()?.get_attribute("data-head")?;
    let (layer, head) = name.split_once('.')?;
    Some(LayerHead { layer: layer.parse().ok()?, head: head.parse().ok()? })
}

fn focus(map: NodeRef<html::Div>, head: LayerHead) {
    let Some(map) = map.get_untracked() else { return };
    let found = map.query_selector(&format!("[data-head=\"{}.{}\"]", head.layer, head.head));
    if let Some(link) = found.ok().flatten().and_then(|e| e.dyn_into::<HtmlElement>().ok()) {
        let _focus_may_be_refused = link.focus();
    }
}

/// Draws every head's picture. Layers that cannot be read stay empty; the heatmap says so when one is chosen.
fn draw(pictures: &HtmlCanvasElement, overview: &Rc<Overview>, style: &MatrixStyle) {
    let meta = overview.meta;
    let (tile, side) = (tile(meta.n_heads), meta.overview_side());
    let step = tile + GAP_PX;
    canvas::fit(pictures, (meta.n_heads * step) as f64, (meta.n_layers * step) as f64);
    let Some(context) = canvas::context(pictures) else { return };
    let ratio = canvas::pixel_ratio();
    let pixels = (tile as f64 * ratio).round() as usize;
    for layer in 0..meta.n_layers {
        let Ok(heads) = overview.layer(layer) else { continue };
        for head in 0..meta.n_heads {
            let palette = canvas::palette(style, overview.range(layer, head));
            let image = canvas::render(&heads.head(head), side, pixels, &palette);
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
        assert_eq!((tile(4), tile(12), tile(16), tile(64)), (44, 33, 24, 9));
        assert_eq!(tile(0), 44);
    }
}
