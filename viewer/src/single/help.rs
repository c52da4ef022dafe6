//! The sheet that lists the keys.

use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlDialogElement, HtmlElement};

use super::keys::SHEET;
use super::page::Page;
use crate::dom;
use crate::erase::effect;

/// What the pointer does.
const POINTER: [(&str, &str); 10] = [
    ("Click a cell", "select it, and again to let go of it"),
    ("Right click a cell", "select its row: the query"),
    ("Drag", "move the selection; while zoomed in, what is in view"),
    ("Ctrl + wheel, pinch, double click", "zoom"),
    ("Click a token", "select it as key: the tokens that attend to it are shaded"),
    ("Right click a token", "select it as query: the tokens that it attends to are shaded"),
    ("Ctrl + click a token", "one token more, or less: what they attend to is summed"),
    ("Shift + click a token", "all tokens up to this one"),
    ("Drag on the small picture", "move what is in view while zoomed in"),
    ("Tap a token", "select it for the side that the buttons above the text say"),
];

/// Brings the sheet to life: it opens with `?`, and closes with Escape or its button.
pub fn start(page: Page, root: &Element) {
    let dialog: HtmlDialogElement = dom::part(root, "help-sheet").unchecked_into();
    let list = |title: &str, rows: Vec<HtmlElement>| {
        dom::around("section", "", &[dom::make("h3", "", title), dom::around("dl", "", &rows)])
    };
    let mut sections: Vec<HtmlElement> = Vec::new();
    for (title, keys) in SHEET {
        let rows = keys.iter().flat_map(|(key, does)| {
            let keys: Vec<HtmlElement> = key.split('/').map(|key| dom::make("kbd", "", key)).collect();
            [dom::around("dt", "", &keys), dom::make("dd", "", does)]
        });
        sections.push(list(title, rows.collect()));
    }
    let rows = POINTER.iter().flat_map(|(does, what)| [dom::make("dt", "", does), dom::make("dd", "", what)]);
    sections.push(list("Pointer and touch", rows.collect()));
    dom::put(&dom::find(&dialog, ".sections"), &sections);
    dom::listen(&dialog, "close", move |_: Event| page.help.set(false));
    dom::listen(&dom::part(&dialog, "help-close"), "click", move |_: Event| page.help.set(false));
    effect(move || match (page.help.get(), dialog.open()) {
        (true, false) => {
            let _only_detached_dialogs_refuse = dialog.show_modal();
        }
        (false, true) => dialog.close(),
        _ => {}
    });
}
