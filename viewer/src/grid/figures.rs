//! The figures, of which only those in view exist: they are fetched, drawn and kept as long as they are seen.

pub mod input;
pub mod shown;
pub mod viewport;

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use self::shown::Shown;
use crate::erase::effect;
use crate::grid::layout::{Layout, Wish};
use crate::grid::scene::Scene;
use crate::grid::store::Store;
use crate::signal::{RwSignal, memo};
use crate::url::Query;

/// Rows this far outside of the view, in CSS pixels, are there already.
const MARGIN: f64 = 64.0;

#[component]
pub fn Figures() -> impl IntoView {
    let store = Store::here();
    let root = NodeRef::<html::Div>::new();
    let width = RwSignal::new(0.0);
    // Top and bottom of the view, in the figures' own coordinates.
    let view = RwSignal::new((0.0, 0.0));
    let measure = move || {
        // The page may have left the figures since a frame was asked for.
        let Some(root) = root.try_get_untracked().flatten() else { return };
        let rect = root.get_bounding_client_rect();
        if (rect.width() - width.get_untracked()).abs() >= 1.0 {
            width.set(rect.width());
        }
        let now = (-rect.top(), viewport::height() - rect.top());
        if now != view.get_untracked() {
            view.set(now);
        }
    };
    viewport::watch(root, measure);

    let look = memo(move || {
        let width = width.get();
        store.state.with(|s| {
            let wish = Wish { width, tile: s.tile as f64, per_row: s.per_row, row: s.row, headings: s.headings };
            (s.order.clone(), wish, s.colour, s.shade)
        })
    });
    let generations = AtomicU64::new(0);
    let scene = memo(move || {
        store.progress.attempt.track();
        let tiles = store.tiles.get();
        let (order, wish, colour, shade) = look.get();
        let layout = Layout::new(&tiles.tiles, &order, wish);
        let headed = order.grouping().iter().take(wish.headings).map(|r| r.key).collect();
        Arc::new(Scene {
            generation: generations.fetch_add(1, Ordering::Relaxed),
            tiles,
            layout,
            colour,
            shade,
            headed,
            row: wish.row,
            address: store.address.with_untracked(Query::clone),
        })
    });
    let visible = memo(move || {
        let (top, bottom) = view.get();
        scene.with(|s| s.layout.visible(top - MARGIN, bottom + MARGIN))
    });
    let pins = memo(move || store.state.with(|s| s.pins.clone()));
    let shown = StoredValue::new_local(None::<Rc<Shown>>);
    effect(move || {
        let Some(root) = root.get() else { return };
        let (scene, visible) = (scene.get(), visible.get());
        let before = shown.get_value();
        let shown = before.unwrap_or_else(|| {
            let new = Shown::new(store, root.unchecked_into(), scene.clone());
            input::listen(&new, measure);
            shown.set_value(Some(new.clone()));
            new
        });
        shown.pins.replace(pins.get());
        shown.show(scene, visible);
    });
    // What was under the pointer is no longer.
    effect(move || {
        view.track();
        shown.with_value(|shown| shown.iter().for_each(|shown| shown.hover.leave()));
    });
    on_cleanup(move || shown.dispose());
    view! { <div class="figures" data-testid="figures" node_ref=root></div> }
}
