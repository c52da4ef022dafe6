//! Which head on which prompt this is, and the ways to the next and the previous.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlButtonElement};

use super::load::excerpt;
use super::neighbours::Along;
use super::page::Page;
use crate::dom;
use crate::erase::effect;

/// Brings the line below the title bar to life.
pub fn start(page: Page, root: &Element) {
    let back = dom::part(root, "back");
    dom::attribute(back, "href", move || Some(page.back()));
    let (model, head) = (dom::part(root, "model"), dom::part(root, "head"));
    let steppers = [("layer", Along::Layer), ("head", Along::Head), ("prompt", Along::Prompt)];
    let steppers = steppers.map(|(what, along)| {
        let stepper = dom::find(root, &format!(".stepper.{what}"));
        let button = |which: &str| dom::part(root, &format!("{which}-{what}")).unchecked_into::<HtmlButtonElement>();
        (along, dom::find(&stepper, ".label"), [(-1, button("previous")), (1, button("next"))])
    });
    let text = dom::part(root, "excerpt");
    effect(move || {
        let target = page.target.with(|target| target.as_ref().ok().cloned());
        let name = target.as_ref().map(|target| target.id.head.to_string()).unwrap_or_default();
        model.set_text_content(target.as_ref().map(|target| target.id.model.as_str()));
        head.set_text_content(Some(&name));
        for (along, label, buttons) in &steppers {
            let said = target.as_ref().map(|target| match along {
                Along::Layer => format!("layer {}", target.id.head.layer),
                Along::Head => format!("head {}", target.id.head.head),
                Along::Prompt => page.place().map(|(at, n, _)| format!("prompt {at}/{n}")).unwrap_or_default(),
            });
            label.set_text_content(said.as_deref());
            for (step, button) in buttons {
                button.set_disabled(page.neighbour(*along, *step).is_none());
            }
        }
        text.set_text_content(page.place().map(|(.., text)| text).as_deref());
        if let Some(target) = target {
            let site = page.index.with_value(|index| index.manifest.title.clone());
            document().set_title(&format!("{} {name} – {site}", target.id.model));
        }
    });
}

impl Page {
    /// Which of how many prompts this is, counted from 1, and how it begins.
    fn place(self) -> Option<(usize, usize, String)> {
        let hash = self.target.with(|target| target.as_ref().ok().map(|target| target.hash.clone()))?;
        self.prompts.with(|prompts| {
            let place = prompts.iter().position(|p| p.hash == hash)?;
            Some((place + 1, prompts.len(), excerpt(&prompts[place].text)))
        })
    }
}
