//! Elements made directly: what is made of hundreds of alike parts and replaced as a whole takes less code so, and
//! less time, than as views that follow signals.

use leptos::prelude::document;
use web_sys::{Element, HtmlElement};

pub use crate::dom::{first as find, style as set_style};

/// An element. Attributes that begin with `--` are properties of its style; those without a name are left out.
pub fn el(tag: &str, attributes: &[(&str, &str)], children: Vec<Element>) -> Element {
    let element = document().create_element(tag).expect("a tag");
    for (name, value) in attributes {
        match *name {
            "" => {}
            name if name.starts_with("--") => set_style(&element, name, value),
            name => element.set_attribute(name, value).expect("a name"),
        }
    }
    append(&element, &children);
    element
}

/// An element with a text, which stays a text whatever it holds.
pub fn leaf(tag: &str, attributes: &[(&str, &str)], text: &str) -> Element {
    let element = el(tag, attributes, Vec::new());
    element.set_text_content(Some(text));
    element
}

fn append(element: &Element, children: &[Element]) {
    for child in children {
        let _an_element_takes_children = element.append_child(child);
    }
}

/// Replaces what is in an element. What had the focus has it again, if there is something with the same `data-key`.
pub fn fill(element: &Element, children: Vec<Element>) {
    let focused = document().active_element().filter(|active| element.contains(Some(active)));
    let key = focused.and_then(|active| active.get_attribute("data-key"));
    element.set_text_content(None);
    append(element, &children);
    if let Some(again) = key.and_then(|key| find(element, &format!("[data-key=\"{key}\"]"))) {
        let _focus_may_be_refused = again.focus();
    }
}

/// The part of the page of this name.
pub fn slot(within: &Element, name: &str) -> Option<HtmlElement> {
    find(within, &format!("[data-slot={name}]"))
}

/// `attribute` if it holds, for [`el`].
pub fn when(holds: bool, attribute: &str) -> (&str, &str) {
    (if holds { attribute } else { "" }, "true")
}
