//! Elements without a view: what is made once, or by the thousand, and is changed by a listener above it. A view of
//! the same would bring several times the code and the time.

use std::rc::Rc;

use leptos::prelude::document;
use wasm_bindgen::prelude::*;
use web_sys::{Element, Event, EventTarget, HtmlElement};

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

/// Sets a style; the pages allow none in attributes.
pub fn style(element: &HtmlElement, name: &str, value: &str) {
    let _names_are_valid = element.style().set_property(name, value);
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

/// The element that an event is about: its target, or what is around it.
pub fn closest(event: &Event, selector: &str) -> Option<HtmlElement> {
    let target: Element = event.target()?.dyn_into().ok()?;
    target.closest(selector).ok().flatten().map(JsCast::unchecked_into)
}

/// The first element within another that a selector finds.
pub fn find(root: &Element, selector: &str) -> Option<HtmlElement> {
    root.query_selector(selector).ok().flatten().map(JsCast::unchecked_into)
}

/// Every element within another that a selector finds.
pub fn all(root: &Element, selector: &str) -> Vec<HtmlElement> {
    let Ok(found) = root.query_selector_all(selector) else { return Vec::new() };
    (0..found.length()).filter_map(|i| found.item(i)).map(JsCast::unchecked_into).collect()
}

pub fn focus(element: Option<HtmlElement>) {
    if let Some(element) = element {
        let _focusable = element.focus();
    }
}
