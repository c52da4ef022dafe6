//! The window that the figures are seen through: when it moves, and how it is moved.

use std::cell::Cell;
use std::rc::Rc;

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{Element, ResizeObserver};

use crate::grid::layout::Layout;

/// Height of the window in CSS pixels.
pub fn height() -> f64 {
    window().inner_height().ok().and_then(|h| h.as_f64()).unwrap_or_default()
}

/// Calls `measure` when the view may have moved: at most once a frame while scrolling.
pub fn watch(root: NodeRef<html::Div>, measure: impl Fn() + Copy + 'static) {
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
    Effect::new(move || {
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

/// Scrolls so that a tile's row is in view, below what sticks to the top.
pub fn reveal(layout: &Layout, root: &Element, tile: usize) {
    const TOP: f64 = 110.0;
    const BOTTOM: f64 = 16.0;
    let Some(band) = layout.band_of(tile).and_then(|i| layout.bands.get(i)) else { return };
    let top = root.get_bounding_client_rect().top() + band.top;
    let height = height();
    let by = if top < TOP {
        top - TOP
    } else if top + band.height > height - BOTTOM {
        (top + band.height - height + BOTTOM).min(top - TOP)
    } else {
        return;
    };
    window().scroll_by_with_x_and_y(0.0, by);
}
