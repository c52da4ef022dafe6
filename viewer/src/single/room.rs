//! How much room a part of the page has.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::ResizeObserver;

use crate::erase::effect;

/// Keeps `size` at the width and height of an element's box.
pub fn observe(element: NodeRef<html::Div>, size: RwSignal<(f64, f64)>) {
    effect(move || {
        let Some(element) = element.get() else { return };
        let observed = element.clone();
        let measure = Closure::<dyn FnMut()>::new(move || {
            let now = (f64::from(observed.client_width()), f64::from(observed.client_height()));
            if size.try_get_untracked().is_some_and(|before| before != now) {
                size.set(now);
            }
        });
        if let Ok(observer) = ResizeObserver::new(measure.as_ref().unchecked_ref()) {
            observer.observe(&element);
            let kept = StoredValue::new_local((observer, measure));
            on_cleanup(move || {
                kept.try_with_value(|(observer, _)| observer.disconnect());
            });
        }
    });
}
