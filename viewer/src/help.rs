//! The sheet that lists what keys and the pointer do on a page. It opens with `?`.

use web_sys::{Event, HtmlDialogElement, HtmlElement};

use crate::dom;
use crate::erase::effect;
use crate::signal::RwSignal;

/// A title, and what does what. Among keys, `/` separates alternatives.
pub type Section = (&'static str, &'static [(&'static str, &'static str)]);

const MARKUP: &str = "<header><h2 id=\"help-title\">Keys and pointer</h2>\
    <button class=\"icon\" aria-label=\"Close\" data-testid=\"help-close\">×</button></header><div class=\"sections\"></div>";

/// Makes a dialog the sheet, which is open while `open` says so; Escape and its button close it.
pub fn start(dialog: HtmlDialogElement, open: RwSignal<bool>, keys: &'static [Section], pointer: Section) {
    dom::fill(&dialog, MARKUP);
    dom::set(&dialog, "aria-labelledby", "help-title");
    let mut sections: Vec<HtmlElement> = keys.iter().map(|section| list(section, true)).collect();
    sections.push(list(&pointer, false));
    dom::put(&dom::find(&dialog, ".sections"), &sections);
    dom::listen(&dialog, "close", move |_: Event| open.set(false));
    dom::listen(&dom::part(&dialog, "help-close"), "click", move |_: Event| open.set(false));
    effect(move || match (open.get(), dialog.open()) {
        (true, false) => {
            let _only_detached_dialogs_refuse = dialog.show_modal();
        }
        (false, true) => dialog.close(),
        _ => {}
    });
}

fn list((title, rows): &Section, are_keys: bool) -> HtmlElement {
    let row = |(name, does): &(&str, &str)| {
        let name = match are_keys {
            true => dom::around("dt", &[], &name.split('/').map(|key| dom::make("kbd", "", key)).collect::<Vec<_>>()),
            false => dom::make("dt", "", name),
        };
        [name, dom::make("dd", "", does)]
    };
    let rows: Vec<HtmlElement> = rows.iter().flat_map(row).collect();
    dom::around("section", &[], &[dom::make("h3", "", title), dom::around("dl", &[], &rows)])
}
