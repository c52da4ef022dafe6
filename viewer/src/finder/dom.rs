//! What the finder's elements have of their own: parts by name, and a focus that outlives what is made anew.

use leptos::prelude::document;
use web_sys::{Element, HtmlElement};

use crate::dom::{first, focus, put};

/// Replaces what is in an element. What had the focus has it again, if there is something with the same `data-key`.
pub fn fill(element: &Element, children: &[HtmlElement]) {
    let focused = document().active_element().filter(|active| element.contains(Some(active)));
    let key = focused.and_then(|active| active.get_attribute("data-key"));
    put(element, children);
    focus(key.and_then(|key| first(element, &format!("[data-key=\"{key}\"]"))));
}

/// The part of the page of this name.
pub fn slot(within: &Element, name: &str) -> Option<HtmlElement> {
    first(within, &format!("[data-slot={name}]"))
}

/// `attribute` if it holds, for a new element.
pub fn when(holds: bool, attribute: &str) -> (&str, &str) {
    (if holds { attribute } else { "" }, "true")
}
