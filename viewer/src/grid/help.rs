//! What keys and the pointer do on this page, and the sheet that lists it.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use crate::erase::effect;
use crate::grid::store::Store;
use crate::help::{self, Section};

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
        if let Some(dialog) = dialog.get() {
            untrack(|| help::start(dialog, store.help, &KEYS, POINTER));
        }
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
    view! { <dialog class="help" data-testid="help-sheet" node_ref=dialog></dialog> }
}
