//! The sheet that adds a pattern to compare with: any head of any model on any of its prompts.

use lens_schema::{LayerHead, PatternId};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, Event, HtmlInputElement, HtmlSelectElement, KeyboardEvent};

use super::with;
use crate::single::link::Target;
use crate::single::load::excerpt;
use crate::single::page::Page;
use crate::{dom, index};

/// What is chosen in the sheet.
#[derive(Clone)]
struct Sheet {
    page: Page,
    model: HtmlSelectElement,
    prompt: HtmlSelectElement,
    head: HtmlInputElement,
    problem: Element,
}

/// Brings the button and its sheet to life.
pub fn start(page: Page, root: &Element) {
    let slot = dom::find(root, ".slot.compare-menu");
    dom::fill(&slot, include_str!("sheet.html"));
    let part = |name: &str| dom::part(&slot, name);
    let sheet = Sheet {
        page,
        model: part("compare-model").unchecked_into(),
        prompt: part("compare-prompt").unchecked_into(),
        head: part("compare-head").unchecked_into(),
        problem: dom::find(&slot, ".problem").into(),
    };
    let (opened, chosen, typed, pressed) = (sheet.clone(), sheet.clone(), sheet.clone(), sheet.clone());
    dom::listen(&part("menu-compare"), "click", move |_: Event| opened.open());
    dom::listen(&sheet.model, "change", move |_: Event| chosen.list_prompts());
    dom::listen(&sheet.head, "keydown", move |event: KeyboardEvent| {
        if event.key() == "Enter" {
            typed.add();
        }
    });
    dom::listen(&part("compare-add"), "click", move |_: Event| pressed.add());
}

fn option(list: &HtmlSelectElement, value: &str, text: &str) {
    dom::append(list, &dom::words("option", &[("value", value)], text));
}

impl Sheet {
    /// Begins with what the page shows.
    fn open(&self) {
        let Ok(here) = self.page.target.get_untracked() else { return };
        self.model.set_text_content(None);
        self.page.index.with_value(|index| index.models.iter().for_each(|m| option(&self.model, &m.dir(), &m.dir())));
        self.model.set_value(&here.id.model);
        self.head.set_value(&here.id.head.to_string());
        self.problem.set_text_content(None);
        self.list_prompts();
    }

    /// Lists the prompts of the model that is chosen; the page's own is chosen where the model has it.
    fn list_prompts(&self) {
        let sheet = self.clone();
        spawn_local(async move {
            let model = sheet.model.value();
            let prompts = index::prompts(&model).await;
            if sheet.model.value() != model {
                return;
            }
            sheet.prompt.set_text_content(None);
            match prompts {
                Err(message) => sheet.problem.set_text_content(Some(&message)),
                Ok(prompts) => {
                    prompts.iter().for_each(|one| option(&sheet.prompt, &one.hash, &excerpt(&one.text)));
                    let own = sheet.page.target.get_untracked().ok().map(|here| here.hash);
                    if let Some(own) = own.filter(|own| prompts.iter().any(|one| one.hash == *own)) {
                        sheet.prompt.set_value(&own);
                    }
                }
            }
        });
    }

    fn add(&self) {
        let says = match read_head(&self.head.value()) {
            None => "A head is written L3H7: layer 3, head 7.".to_owned(),
            Some(head) => {
                let id = PatternId { model: self.model.value(), head };
                match super::add(self.page, &Target { id, hash: self.prompt.value() }) {
                    true => String::new(),
                    false => format!("There is room for {} patterns.", with::MOST),
                }
            }
        };
        self.problem.set_text_content(Some(&says));
    }
}

/// `L3H7`, however it is spaced and whatever its case.
fn read_head(text: &str) -> Option<LayerHead> {
    let text = text.split_whitespace().collect::<String>().to_ascii_uppercase();
    let (layer, head) = text.strip_prefix('L')?.split_once('H')?;
    Some(LayerHead { layer: layer.trim_end_matches('.').parse().ok()?, head: head.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_as_they_are_typed() {
        for text in ["L3H7", "l3h7", " L3 H7 ", "L3.H7"] {
            assert_eq!(read_head(text), Some(LayerHead { layer: 3, head: 7 }), "{text}");
        }
        assert!(["", "L3", "H7", "LH", "3.7", "L3H7 L4H8"].iter().all(|text| read_head(text).is_none()));
    }
}
