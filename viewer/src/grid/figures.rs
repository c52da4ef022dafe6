//! The figures, of which only those in view exist: they are fetched, drawn and kept as long as they are seen.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlElement, ResizeObserver};

use crate::erase::{effect, live, memo, on};
use crate::grid::band::Band;
use crate::grid::layout::{Content, Layout, Wish};
use crate::grid::order::Key;
use crate::grid::shade::Shade;
use crate::grid::store::Store;
use crate::grid::tiles::Tiles;

/// Rows this far outside of the view, in CSS pixels, are there already.
const MARGIN: f64 = 64.0;

/// The chosen figures, laid out. Each has another generation.
#[derive(Debug)]
pub struct Scene {
    pub generation: u64,
    pub tiles: Arc<Tiles>,
    pub layout: Layout,
    pub colour: Option<Key>,
    pub shade: Shade,
    /// How many of the first keys of the order have headings, and so need not be in captions.
    pub headed: Vec<Key>,
    /// What a row's label names.
    pub row: Option<Key>,
}

impl PartialEq for Scene {
    fn eq(&self, other: &Self) -> bool {
        self.generation == other.generation
    }
}

#[component]
pub fn Figures() -> impl IntoView {
    let store = Store::here();
    let root = NodeRef::<html::Div>::new();
    let width = RwSignal::new(0.0);
    // Top and bottom of the view, in the figures' own coordinates.
    let view = RwSignal::new((0.0, 0.0));
    let measure = move || {
        let Some(root) = root.get_untracked() else { return };
        let rect = root.get_bounding_client_rect();
        if (rect.width() - width.get_untracked()).abs() >= 1.0 {
            width.set(rect.width());
        }
        let height = window().inner_height().ok().and_then(|h| h.as_f64()).unwrap_or_default();
        let now = (-rect.top(), height - rect.top());
        if now != view.get_untracked() {
            view.set(now);
        }
    };
    watch_size(root, measure);

    let look = memo(move || {
        let width = width.get();
        store.state.with(|s| {
            let wish = Wish { width, tile: s.tile as f64, per_row: s.per_row, row: s.row, headings: s.headings };
            (s.order, wish, s.colour, s.shade)
        })
    });
    let scene = Memo::new(move |before: Option<&Arc<Scene>>| {
        store.progress.attempt.track();
        let tiles = store.tiles.get();
        let (order, wish, colour, shade) = look.get();
        let layout = Layout::new(&tiles.tiles, &order, wish);
        let headed = order.0[..wish.headings.min(order.0.len())].iter().map(|r| r.key).collect();
        Arc::new(Scene {
            generation: before.map_or(0, |s| s.generation + 1),
            tiles,
            layout,
            colour,
            shade,
            headed,
            row: wish.row,
        })
    });
    let visible = memo(move || {
        let (top, bottom) = view.get();
        scene.with(|s| s.layout.visible(top - MARGIN, bottom + MARGIN))
    });
    let bands = move || {
        let generation = scene.with(|s| s.generation);
        visible.get().map(|band| (generation, band)).collect::<Vec<_>>()
    };
    let active = RwSignal::new(0usize);
    // The tile that the tabulator key reaches is always one that exists.
    effect(move || {
        let visible = visible.get();
        let first = scene.with(|s| {
            let here = s.layout.band_of(active.get_untracked()).is_some_and(|band| visible.contains(&band));
            let rows = s.layout.bands[visible].iter().filter_map(|b| match b.content {
                Content::Row { first, .. } => Some(first),
                Content::Heading { .. } => None,
            });
            if here { None } else { rows.min() }
        });
        if let Some(first) = first {
            active.set(first);
        }
    });
    let key = move |event: web_sys::KeyboardEvent| {
        let Some(to) = scene.with_untracked(|s| step(s, active.get_untracked(), &event.key(), event.ctrl_key())) else {
            return;
        };
        event.prevent_default();
        active.set(to);
        if let Some(root) = root.get_untracked() {
            reveal(&scene.get_untracked().layout, &root, to);
            measure();
            // The row is there after the next frame.
            request_animation_frame(move || focus(&root, to));
        }
    };
    view! {
        <div
            class="figures"
            data-testid="figures"
            node_ref=root
            style:height=live(move || format!("{}px", scene.with(|s| s.layout.height)))
            style:--tile=live(move || format!("{}px", scene.with(|s| s.layout.tile)))
            style:--gap=live(move || format!("{}px", scene.with(|s| s.layout.gap)))
            style:--columns=live(move || scene.with(|s| s.layout.columns).to_string())
            style:--gutter=live(move || format!("{}px", scene.with(|s| s.layout.gutter)))
            style:--caption=live(move || format!("{}px", scene.with(|s| s.layout.caption)))
            on:keydown=on(key)
        >
            <For
                each=bands
                key=|band| *band
                children=move |(_, band)| view! { <Band scene=scene.get_untracked() band active /> }
            />
        </div>
    }
}

/// Calls `measure` when the view may have moved: at most once a frame while scrolling.
fn watch_size(root: NodeRef<html::Div>, measure: impl Fn() + Copy + 'static) {
    let asked = Rc::new(Cell::new(false));
    let later = move || {
        if !asked.replace(true) {
            let asked = asked.clone();
            request_animation_frame(move || {
                asked.set(false);
                measure();
            });
        }
    };
    let (on_resize, on_size) = (later.clone(), later.clone());
    let scroll = window_event_listener(ev::scroll, move |_| later());
    let resize = window_event_listener(ev::resize, move |_| on_resize());
    // The size of what stands above the figures changes too.
    let sized = Closure::<dyn FnMut()>::new(on_size);
    let observer = ResizeObserver::new(sized.as_ref().unchecked_ref()).ok();
    let observer = StoredValue::new_local((observer, sized));
    effect(move || {
        if let Some(root) = root.get() {
            observer.with_value(|(observer, _)| {
                let Some(observer) = observer else { return };
                observer.observe(&root);
                if let Some(pane) = root.parent_element() {
                    observer.observe(&pane);
                    let children = pane.children();
                    (0..children.length()).filter_map(|i| children.item(i)).for_each(|child| observer.observe(&child));
                }
            });
            measure();
        }
    });
    on_cleanup(move || {
        scroll.remove();
        resize.remove();
        observer.with_value(|(observer, _)| {
            if let Some(observer) = observer {
                observer.disconnect();
            }
        });
    });
}

/// The tile that a key leads to.
fn step(scene: &Scene, at: usize, key: &str, far: bool) -> Option<usize> {
    let last = scene.tiles.tiles.len().checked_sub(1)?;
    let row = || match scene.layout.bands.get(scene.layout.band_of(at)?)?.content {
        Content::Row { first, len, .. } => Some((first, first + len - 1)),
        Content::Heading { .. } => None,
    };
    match key {
        "ArrowLeft" => Some(at.saturating_sub(1)),
        "ArrowRight" => Some((at + 1).min(last)),
        "ArrowUp" => scene.layout.beside(at, false).or(Some(at)),
        "ArrowDown" => scene.layout.beside(at, true).or(Some(at)),
        "Home" => {
            if far {
                Some(0)
            } else {
                row().map(|r| r.0)
            }
        }
        "End" => {
            if far {
                Some(last)
            } else {
                row().map(|r| r.1)
            }
        }
        _ => None,
    }
}

/// Scrolls so that a tile's row is in view, below what sticks to the top.
fn reveal(layout: &Layout, root: &Element, tile: usize) {
    const TOP: f64 = 110.0;
    const BOTTOM: f64 = 16.0;
    let Some(band) = layout.band_of(tile).and_then(|i| layout.bands.get(i)) else { return };
    let top = root.get_bounding_client_rect().top() + band.top;
    let height = window().inner_height().ok().and_then(|h| h.as_f64()).unwrap_or_default();
    let by = if top < TOP {
        top - TOP
    } else if top + band.height > height - BOTTOM {
        (top + band.height - height + BOTTOM).min(top - TOP)
    } else {
        return;
    };
    window().scroll_by_with_x_and_y(0.0, by);
}

fn focus(root: &Element, tile: usize) {
    if let Ok(Some(element)) = root.query_selector(&format!("[data-index=\"{tile}\"]")) {
        let _focusable = element.unchecked_into::<HtmlElement>().focus();
    }
}
