//! The controls that change one setting of the look: buttons with `data-set="scale=log"`, or `data-set="transpose"` for
//! one that is on or off, and lists of options with `data-set="colors"`.

use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlSelectElement, MouseEvent};

use super::look::{self, Look, SETTINGS};
use super::page::Page;
use crate::dom;
use crate::erase::effect;
use crate::signal::memo;
use crate::url::Step;

/// Keeps all controls at what the look is, and the look at what they are set to.
pub fn start(page: Page, root: &Element) {
    let controls = dom::all(root, "[data-set]");
    // The scale that is used: values below 0 have one only.
    let scale = memo(move || page.colours().scale.name());
    let now = memo(move || {
        let setting =
            |look: &Look, key: &str| if key == "scale" { scale.get().to_owned() } else { look::get(look, key) };
        page.look.with(|look| SETTINGS.map(|(key, _)| setting(look, key)))
    });
    let get = move |key: &str| {
        let at = SETTINGS.iter().position(|(one, _)| *one == key);
        now.with(|now| at.map(|at| now[at].clone()).unwrap_or_default())
    };
    let shared = controls.clone();
    effect(move || {
        for control in &shared {
            let set = control.get_attribute("data-set").unwrap_or_default();
            match (set.split_once('='), control.dyn_ref::<HtmlSelectElement>()) {
                (Some((key, value)), _) => {
                    dom::set(control, "aria-pressed", if get(key) == value { "true" } else { "false" });
                }
                (None, Some(list)) => choose(list, &get(&set)),
                (None, None) => dom::set(control, "aria-pressed", if get(&set) == "1" { "true" } else { "false" }),
            }
        }
    });
    dom::listen(root, "click", move |event: MouseEvent| {
        let Some(set) = dom::closest(&event, "button[data-set]").and_then(|b| b.get_attribute("data-set")) else {
            return;
        };
        page.look_at(Step::Push, |look| match set.split_once('=') {
            Some((key, value)) => _ = look::set(look, key, value),
            None => look::next(look, &set),
        });
    });
    dom::listen(root, "change", move |event: Event| {
        let Some(list) = dom::closest(&event, "select[data-set]") else { return };
        let (key, value) = (list.get_attribute("data-set"), list.unchecked_ref::<HtmlSelectElement>().value());
        page.look_at(Step::Push, |look| _ = look::set(look, &key.unwrap_or_default(), &value));
    });
}

/// Chooses an option, which is added if the list does not have it.
fn choose(list: &HtmlSelectElement, value: &str) {
    list.set_value(value);
    if list.value() != value {
        dom::append(list, &dom::words("option", &[("value", value)], value));
        list.set_value(value);
    }
}
