//! Elements without the types of a framework around them: markup that the program brings, new ones, their parts by name,
//! and what in them follows signals. A view of leptos compiles a good part of leptos once more and takes more time; this
//! costs a call.
//!
//! Texts from the site's files are put into text nodes and attributes only; markup is `'static`.

use std::rc::Rc;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, Event, EventTarget, HtmlElement, NodeList};

use crate::erase::effect;

/// Fills an element with markup of this program.
pub fn fill(element: &Element, markup: &'static str) {
    element.set_inner_html(markup);
}

/// The first element in another that matches, if there is one.
pub fn first(root: &Element, selector: &str) -> Option<HtmlElement> {
    root.query_selector(selector).ok().flatten().map(JsCast::unchecked_into)
}

/// The first element in another that matches. The markup is the program's own: it is there.
pub fn find(root: &Element, selector: &str) -> HtmlElement {
    first(root, selector).unwrap_or_else(|| panic!("no {selector}"))
}

/// The part that is called so.
pub fn part(root: &Element, name: &str) -> HtmlElement {
    find(root, &format!("[data-testid=\"{name}\"]"))
}

/// All elements in another that match.
pub fn all(root: &Element, selector: &str) -> Vec<HtmlElement> {
    let found: Option<NodeList> = root.query_selector_all(selector).ok();
    let found = found.into_iter().flat_map(|list| (0..list.length()).filter_map(move |at| list.item(at)));
    found.map(JsCast::unchecked_into).collect()
}

/// A new element with attributes; those without a name are left out. The names are the program's own, so that they
/// are valid.
pub fn element(tag: &str, attributes: &[(&str, &str)]) -> HtmlElement {
    let element: HtmlElement = document().create_element(tag).expect("the tag has a valid name").unchecked_into();
    for (name, value) in attributes.iter().filter(|(name, _)| !name.is_empty()) {
        set(&element, name, value);
    }
    element
}

/// A new element with a text, which stays a text whatever it holds.
pub fn words(tag: &str, attributes: &[(&str, &str)], text: &str) -> HtmlElement {
    let element = element(tag, attributes);
    element.set_text_content(Some(text));
    element
}

/// A new element around others.
pub fn around(tag: &str, attributes: &[(&str, &str)], children: &[impl AsRef<Element>]) -> HtmlElement {
    let element = element(tag, attributes);
    children.iter().for_each(|child| append(&element, child.as_ref()));
    element
}

/// A new element with a class, unless that is empty, and a text.
pub fn make(tag: &str, class: &str, text: &str) -> HtmlElement {
    words(tag, &[(if class.is_empty() { "" } else { "class" }, class)], text)
}

/// Sets an attribute.
pub fn set(element: &Element, name: &str, value: &str) {
    let _attribute_names_are_valid = element.set_attribute(name, value);
}

/// Sets an attribute, or removes it.
pub fn set_or_remove(element: &Element, name: &str, value: Option<&str>) {
    match value {
        Some(value) => set(element, name, value),
        None => drop(element.remove_attribute(name)),
    }
}

/// The element called so, for tests.
pub fn named(element: HtmlElement, name: &str) -> HtmlElement {
    set(&element, "data-testid", name);
    element
}

/// Sets a property of an element's style; the pages allow no style in attributes.
pub fn style(element: &Element, name: &str, value: &str) {
    let _property_names_are_valid = element.unchecked_ref::<HtmlElement>().style().set_property(name, value);
}

/// Gives an element a class, or takes it.
pub fn toggle(element: &Element, class: &str, on: bool) {
    let _class_names_are_valid = element.class_list().toggle_with_force(class, on);
}

/// Puts elements into another in place of what it has.
pub fn put(element: &Element, children: &[HtmlElement]) {
    element.set_text_content(None);
    children.iter().for_each(|child| append(element, child));
}

/// Puts an element into another, behind what it has.
pub fn append(parent: &Element, child: &Element) {
    let _child_is_no_ancestor = parent.append_child(child);
}

/// An element's text follows what it reads.
pub fn text(element: HtmlElement, value: impl Fn() -> String + 'static) {
    fn follow(element: HtmlElement, value: Box<dyn Fn() -> String>) {
        effect(move || element.set_text_content(Some(&value())));
    }
    follow(element, Box::new(value));
}

/// An attribute follows what it reads.
pub fn attribute(element: HtmlElement, name: &'static str, value: impl Fn() -> Option<String> + 'static) {
    fn follow(element: HtmlElement, name: &'static str, value: Box<dyn Fn() -> Option<String>>) {
        effect(move || set_or_remove(&element, name, value().as_deref()));
    }
    follow(element, name, Box::new(value));
}

/// What is in an element follows what it reads.
pub fn children(element: HtmlElement, make: impl Fn() -> Vec<HtmlElement> + 'static) {
    fn follow(element: HtmlElement, make: Box<dyn Fn() -> Vec<HtmlElement>>) {
        effect(move || put(&element, &make()));
    }
    follow(element, Box::new(make));
}

/// Listens to an event for as long as the element lives. What is done may lead to the same event again.
pub fn listen<E: JsCast>(target: &EventTarget, event: &str, act: impl Fn(E) + 'static) {
    fn add(target: &EventTarget, event: &str, act: Box<dyn Fn(Event)>) {
        let act = Closure::wrap(act).into_js_value();
        let _events_can_be_listened_to = target.add_event_listener_with_callback(event, act.unchecked_ref());
    }
    add(target, event, Box::new(move |event| act(event.unchecked_into())));
}

/// Listens for what holds the element, for as long as that is there. A listener that kept it would keep both for ever:
/// the browser does not see that what the program holds is held by nothing but the element's own listener.
pub fn listen_for<T: 'static, E: JsCast>(
    holder: &Rc<T>,
    target: &EventTarget,
    event: &str,
    act: impl Fn(&Rc<T>, E) + 'static,
) {
    let holder = Rc::downgrade(holder);
    listen(target, event, move |event| {
        if let Some(holder) = holder.upgrade() {
            act(&holder, event);
        }
    });
}

/// The element that an event is on or in, if it matches.
pub fn closest(event: &Event, selector: &str) -> Option<HtmlElement> {
    let element = event.target()?.dyn_into::<Element>().ok()?;
    element.closest(selector).ok().flatten().map(JsCast::unchecked_into)
}

/// Moves the focus to an element, if there is one; it may be refused.
pub fn focus(element: Option<HtmlElement>) {
    if let Some(element) = element {
        let _focus_may_be_refused = element.focus();
    }
}
