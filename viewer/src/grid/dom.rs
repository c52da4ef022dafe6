//! Elements without a view: what is made once, or by the thousand, and is changed by a listener above it. A view of
//! the same would bring several times the code and the time.

use std::rc::Rc;

use leptos::prelude::document;
use wasm_bindgen::prelude::*;
use web_sys::{Element, Event, EventTarget, HtmlElement};

pub use crate::dom::{all, closest, first as find, style};

/// An element with attributes. The names are the program's own, so that they are valid.
pub fn element(tag: &str, attributes: &[(&str, &str)]) -> HtmlElement {
    let element: HtmlElement = document().create_element(tag).expect("a tag is valid").unchecked_into();
    for (name, value) in attributes {
        set(&element, name, value);
    }
    element
}

/// An element around a text.
pub fn words(tag: &str, attributes: &[(&str, &str)], text: &str) -> HtmlElement {
    let element = element(tag, attributes);
    element.set_text_content(Some(text));
    element
}

/// An element around others.
pub fn around(tag: &str, attributes: &[(&str, &str)], children: &[&HtmlElement]) -> HtmlElement {
    let element = element(tag, attributes);
    children.iter().for_each(|child| put(&element, child));
    element
}

pub fn put(parent: &Element, child: &Element) {
    let _no_child_contains_its_parent = parent.append_child(child);
}

pub fn set(element: &Element, name: &str, value: &str) {
    let _names_are_valid = element.set_attribute(name, value);
}

/// Listens for as long as the element lives.
pub fn listen<E: JsCast + 'static>(target: &EventTarget, event: &str, listen: impl Fn(E) + 'static) {
    let listen: Rc<dyn Fn(Event)> = Rc::new(move |event: Event| listen(event.unchecked_into()));
    listen_to(target, event, listen);
}

fn listen_to(target: &EventTarget, event: &str, listen: Rc<dyn Fn(Event)>) {
    let closure = Closure::<dyn Fn(Event)>::new(move |event| listen(event)).into_js_value();
    let _listeners_are_functions = target.add_event_listener_with_callback(event, closure.unchecked_ref());
}

pub fn focus(element: Option<HtmlElement>) {
    if let Some(element) = element {
        let _focusable = element.focus();
    }
}
