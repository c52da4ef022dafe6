//! The sheet that lists what keys and the pointer do on this page. It opens with `?`.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, MouseEvent};

use crate::erase::{effect, on};
use crate::grid::dom;
use crate::grid::store::Store;

type Section = (&'static str, &'static [(&'static str, &'static str)]);

/// Keys and what they do; `/` separates alternatives.
const KEYS: [Section; 3] = [
    (
        "Figures",
        &[
            ("Tab", "to the figures, and on from them"),
            ("←/→/↑/↓", "to the figure beside"),
            ("Home/End", "first, last of the row; of all with Ctrl or ⌘"),
            ("Enter", "show the pattern in full"),
            ("p", "pin the figure, to compare it with others"),
        ],
    ),
    (
        "Heads of a model",
        &[
            ("Space", "choose the head, or take it out"),
            ("Shift + Space", "its layer"),
            ("Ctrl + Space", "the head in every layer"),
            ("Shift + arrow", "choose on the way"),
            ("Ctrl + a", "all heads"),
        ],
    ),
    ("Page", &[("?", "this sheet"), ("Esc", "close a menu or this sheet")]),
];

/// What the pointer does.
const POINTER: Section = (
    "Pointer",
    &[
        ("Hover over a figure", "value and tokens: exact after a moment"),
        ("Click a figure", "show the pattern in full; of an average, what it is made of"),
        ("Shift + click a figure", "pin it, to compare it with others"),
        ("Drag over heads", "choose a rectangle, or take it out"),
        ("Shift + click a row", "choose all rows from the one before"),
    ],
);

#[component]
pub fn Help() -> impl IntoView {
    let store = Store::here();
    let dialog = NodeRef::<html::Dialog>::new();
    effect(move || {
        let Some(dialog) = dialog.get() else { return };
        let close =
            dom::words("button", &[("class", "icon"), ("aria-label", "Close"), ("data-testid", "help-close")], "×");
        let title = dom::words("h2", &[("id", "help-title")], "Keys and pointer");
        dom::put(&dialog, &dom::around("header", &[], &[&title, &close]));
        let sections = dom::element("div", &[("class", "sections")]);
        for (title, rows) in KEYS.iter().chain([&POINTER]) {
            let list = dom::element("dl", &[]);
            for (keys, does) in *rows {
                let name = dom::element("dt", &[]);
                if *title == POINTER.0 {
                    name.set_text_content(Some(keys));
                } else {
                    keys.split('/').for_each(|key| dom::put(&name, &dom::words("kbd", &[], key)));
                }
                dom::put(&list, &name);
                dom::put(&list, &dom::words("dd", &[], does));
            }
            dom::put(&sections, &dom::around("section", &[], &[&dom::words("h3", &[], title), &list]));
        }
        dom::put(&dialog, &sections);
    });
    effect(move || match (dialog.get(), store.help.get()) {
        (Some(dialog), true) if !dialog.open() => {
            let _only_detached_dialogs_refuse = dialog.show_modal();
        }
        (Some(dialog), false) => dialog.close(),
        _ => {}
    });
    let key = window_event_listener(ev::keydown, move |event| {
        let typing = event.target().and_then(|t| t.dyn_into::<Element>().ok()).is_some_and(|element| {
            element.matches("select, input:not([type=checkbox], [type=range])").unwrap_or(false)
        });
        if event.key() == "?" && !typing {
            store.help.set(true);
        }
    });
    on_cleanup(move || key.remove());
    let press = on(move |event: MouseEvent| {
        if dom::closest(&event, "button").is_some() {
            store.help.set(false);
        }
    });
    view! {
        <dialog
            class="help"
            aria-labelledby="help-title"
            data-testid="help-sheet"
            node_ref=dialog
            on:click=press
            on:close=on(move |_| store.help.set(false))
        ></dialog>
    }
}
