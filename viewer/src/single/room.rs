//! How much room a part of the page has.

use crate::signal::RwSignal;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{HtmlElement, ResizeObserver};

/// Keeps `size` at the width and height of an element's box for as long as the page lives.
pub fn observe(element: &HtmlElement, size: RwSignal<(f64, f64)>) {
    let observed = element.clone();
    let measure = move || {
        let now = (f64::from(observed.client_width()), f64::from(observed.client_height()));
        if size.try_get_untracked().is_some_and(|before| before != now) {
            size.set(now);
        }
    };
    let measure = Closure::<dyn FnMut()>::new(measure).into_js_value();
    if let Ok(observer) = ResizeObserver::new(measure.unchecked_ref()) {
        observer.observe(element);
    }
}
