//! New elements in place of old ones, without taking the keyboard's place from whoever is there.

use leptos::prelude::document;
use web_sys::HtmlElement;

use crate::dom;

/// Puts elements into another in place of what it has. Where one of those had the focus, the new one with the same value
/// of the attribute `name` gets it, or else the first that can be pressed.
pub fn refill(element: &HtmlElement, children: &[HtmlElement], name: &str) {
    let focused = document().active_element().filter(|focused| element.contains(Some(focused)));
    dom::put(element, children);
    if let Some(focused) = focused {
        let value = focused.get_attribute(name).unwrap_or_default();
        let same = dom::first(element, &format!("[{name}=\"{value}\"]"));
        dom::focus(same.or_else(|| dom::first(element, "button, a")));
    }
}
