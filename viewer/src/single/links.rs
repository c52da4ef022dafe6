//! Links to other heads and prompts, `a` with `data-head="3.7"` or `data-prompt="HASH"`, of the model that is shown or of
//! `data-model="NAME"`, and buttons that do what a key does, with `data-key="j"`: one listener for all of them. A link
//! gets its full address, with all that is chosen on the page, when it is about to be used; there may be thousands.

use lens_schema::{LayerHead, PatternId};
use leptos::prelude::*;
use web_sys::{Element, Event, HtmlElement, MouseEvent};

use super::compare;
use super::keyboard::act;
use super::keys::{self, Held};
use super::link::Target;
use super::page::Page;
use crate::dom;

const LINKS: &str = "a:is([data-head], [data-prompt])";

/// A link to a head, or to a prompt.
pub fn link(page: Page, head: Option<LayerHead>, hash: Option<&str>) -> HtmlElement {
    let link = dom::make("a", "", "");
    dom::set_or_remove(&link, "data-head", head.map(|head| format!("{}.{}", head.layer, head.head)).as_deref());
    dom::set_or_remove(&link, "data-prompt", hash);
    complete(page, &link);
    link
}

/// A link to a head of any model.
pub fn to(page: Page, target: &Target) -> HtmlElement {
    let link = link(page, Some(target.id.head), Some(&target.hash));
    dom::set(&link, "data-model", &target.id.model);
    complete(page, &link);
    link
}

/// Where a link leads.
pub fn target(page: Page, link: &Element) -> Option<Target> {
    let mut target = page.target.get_untracked().ok()?;
    if let Some(head) = link.get_attribute("data-head") {
        let (layer, head) = head.split_once('.')?;
        let head = LayerHead { layer: layer.parse().ok()?, head: head.parse().ok()? };
        target.id = PatternId { head, ..target.id };
    }
    if let Some(model) = link.get_attribute("data-model") {
        target.id.model = model;
    }
    if let Some(hash) = link.get_attribute("data-prompt") {
        target.hash = hash;
    }
    Some(target)
}

fn complete(page: Page, link: &Element) {
    let href = target(page, link).map(|target| untrack(|| page.href(&target)));
    dom::set_or_remove(link, "href", href.as_deref());
}

/// Listens for as long as the page lives.
pub fn listen(page: Page, root: &HtmlElement) {
    for event in ["pointerover", "focusin"] {
        dom::listen(root, event, move |event: Event| {
            dom::closest(&event, LINKS).iter().for_each(|link| complete(page, link));
        });
    }
    dom::listen(root, "click", move |event: MouseEvent| {
        if let Some(key) = dom::closest(&event, "button[data-key]").and_then(|button| button.get_attribute("data-key"))
        {
            keys::action(&key, Held::default()).into_iter().for_each(|action| act(page, action));
        }
        let is_plain = !(event.ctrl_key() || event.meta_key() || event.shift_key());
        if let Some(link) = dom::closest(&event, LINKS).filter(|_| event.shift_key())
            && let Some(target) = target(page, &link)
        {
            event.prevent_default();
            compare::add(page, &target);
        }
        if let Some(link) = dom::closest(&event, LINKS).filter(|_| is_plain)
            && let Some(target) = target(page, &link)
        {
            event.prevent_default();
            page.go(&target);
        }
    });
}
