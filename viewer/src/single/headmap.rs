//! All heads of the model on this prompt, small: layers by heads, one click away.

use std::rc::Rc;

use lens_schema::LayerHead;
use lens_schema::scale::{Lut, Scale, lut, normalized_index};
use lens_schema::shard::{Overview, dequantize_hi};
use leptos::html;
use leptos::prelude::*;
use leptos::reactive::spawn_local_scoped_with_cancellation;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlCanvasElement, HtmlElement, KeyboardEvent};

use super::geometry::Window;
use super::link::Target;
use super::page::Page;
use super::raster::{Indexed, Place, paint};
use super::room::observe;
use crate::erase::{effect, live, memo, on};
use crate::{canvas, frame, patterns};

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

/// The place in the colour map of each high byte of a head whose values lie in `range`.
fn table(scale: Scale, range: (f32, f32)) -> [u8; 256] {
    let (min, max) = (scale.apply(range.0), scale.apply(range.1));
    let value = |hi: usize| dequantize_hi(hi as u8).clamp(range.0, range.1.max(range.0));
    std::array::from_fn(|hi| normalized_index(scale.apply(value(hi)), min, max))
}

/// The map. Arrow keys switch to the neighbouring head.
#[component]
pub fn HeadMap() -> impl IntoView {
    let page = Page::here();
    let size = memo(move || page.shown.with(|shown| shown.as_ref().map(|s| (s.n_layers, s.n_heads))));
    let current = memo(move || page.target.with(|target| target.as_ref().ok().map(|t| t.id.head)));
    let map = NodeRef::<html::Div>::new();
    let pictures = NodeRef::<html::Canvas>::new();
    let look = memo(move || page.look.with(|look| (look.colormap, look.scale)));
    let field = NodeRef::<html::Div>::new();
    let room = RwSignal::new((0.0, 0.0));
    observe(field, room);
    let tile = memo(move || {
        let room = Some(room.get().0).filter(|&room| room > 0.0)?;
        size.get().map(|(_, heads)| tile(heads, room))
    });
    effect(move || {
        let (colormap, scale) = look.get();
        let Some(tile) = tile.get() else { return };
        let Some(pictures) = pictures.get() else { return };
        if let Some((model, hash, overview)) = page.overview.get() {
            let lut = lut(colormap).unwrap_or([[0; 3]; 256]);
            spawn_local_scoped_with_cancellation(draw(pictures, (model, hash), overview, tile, scale, lut));
        }
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
            view! { <div class="layer" role="row"><span class="layer-name" role="rowheader">{format!("L{layer}")}</span>{heads}</div> }
        });
        Some(layers.collect_view())
    };
    view! {
        <section class="card headmap" aria-labelledby="headmap-title">
            <header>
                <h2 id="headmap-title">"Heads"</h2>
                <span class="muted">{move || size.get().map(|(l, h)| format!("{l} layers × {h} heads"))}</span>
            </header>
            <div class="scroll" node_ref=field>
                <div
                    class="map"
                    node_ref=map
                    role="grid"
                    aria-label="Heads of the model by layer"
                    data-testid="headmap"
                    style:--layers=live(move || size.get().map(|(layers, _)| layers.to_string()))
                    style:--heads=live(move || size.get().map(|(_, heads)| heads.to_string()))
                    on:click=on(click)
                    on:keydown=on(key)
                >
                    <canvas node_ref=pictures aria-hidden="true"></canvas>
                    {layers}
                </div>
            </div>
        </section>
    }
}

fn anchor(page: Page, current: Memo<Option<LayerHead>>, head: LayerHead) -> impl IntoView {
    let is_current = memo(move || current.get() == Some(head));
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
                aria-current=live(move || is_current.get().then_some("true"))
                tabindex=live(move || if is_current.get() { "0" } else { "-1" })
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
async fn draw(
    pictures: HtmlCanvasElement,
    (model, hash): (String, String),
    overview: Rc<Overview>,
    tile: usize,
    scale: Scale,
    lut: Lut,
) {
    let meta = overview.meta;
    let side = meta.overview_side();
    if side == 0 {
        return;
    }
    let step = tile + GAP_PX;
    canvas::refit(&pictures, (meta.n_heads * step) as f64, (meta.n_layers * step) as f64);
    let Some(context) = canvas::context(&pictures) else { return };
    let ratio = canvas::pixel_ratio();
    let pixels = (tile as f64 * ratio).round() as usize;
    let mut image = vec![0; 4 * pixels * pixels];
    for layer in 0..meta.n_layers {
        let Ok(heads) = patterns::overview_layer(&model, &hash, layer).await else { continue };
        for head in 0..meta.n_heads {
            frame::turn().await;
            let table = table(scale, overview.range(layer, head));
            let indices: Vec<Place> = heads.head(head).iter().map(|&hi| table[usize::from(hi)].into()).collect();
            let matrix = Indexed { n: side, indices: &indices, centre: 0, causal: meta.causal };
            paint(matrix, Window::whole(side), &lut, pixels, &mut image);
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

    #[test]
    fn pictures_use_the_range_of_their_head() {
        let narrow = table(Scale::Linear, (0.25, 0.5));
        assert_eq!((narrow[0], narrow[255]), (0, 255));
        assert_eq!(table(Scale::Sqrt, (0.0, 1.0)), std::array::from_fn(|i| i as u8));
        assert_eq!(table(Scale::Log, (0.3, 0.3)), [0; 256]);
    }
}
