//! The sheet that lists the keys.

use leptos::html;
use leptos::prelude::*;

use super::keys::SHEET;
use super::page::Page;
use crate::erase::{effect, on};

/// What the pointer does.
const POINTER: [(&str, &str); 7] = [
    ("Click a cell", "select it, and again to let go of it"),
    ("Right click a cell", "select its row: the query"),
    ("Drag", "move the selection; while zoomed in, what is in view"),
    ("Ctrl + wheel, pinch, double click", "zoom"),
    ("Click a token", "select it as key: the tokens that attend to it are shaded"),
    ("Right click a token", "select it as query: the tokens that it attends to are shaded"),
    ("Tap a token", "select it for the side that the buttons above the text say"),
];

/// Opens with `?`, closes with Escape or its button.
#[component]
pub fn Help() -> impl IntoView {
    let page = Page::here();
    let dialog = NodeRef::<html::Dialog>::new();
    effect(move || {
        let Some(dialog) = dialog.get() else { return };
        match (page.help.get(), dialog.open()) {
            (true, false) => {
                let _only_detached_dialogs_refuse = dialog.show_modal();
            }
            (false, true) => dialog.close(),
            _ => {}
        }
    });
    let sections = SHEET.map(|(title, keys)| {
        let rows = keys.iter().map(|(key, does)| {
            let keys = key.split('/').map(|key| view! { <kbd>{key}</kbd> }).collect_view();
            view! { <dt>{keys}</dt> <dd>{*does}</dd> }
        });
        view! { <section><h3>{title}</h3><dl>{rows.collect_view()}</dl></section> }
    });
    view! {
        <dialog
            class="help"
            node_ref=dialog
            aria-labelledby="help-title"
            data-testid="help-sheet"
            on:close=on(move |_| page.help.set(false))
        >
            <header>
                <h2 id="help-title">"Keys and pointer"</h2>
                <button class="icon" aria-label="Close" data-testid="help-close" on:click=on(move |_| page.help.set(false))>
                    "×"
                </button>
            </header>
            <div class="sections">
                {sections.collect_view()} <section>
                    <h3>"Pointer and touch"</h3>
                    <dl>{POINTER.map(|(does, what)| view! { <dt>{does}</dt> <dd>{what}</dd> }).collect_view()}</dl>
                </section>
            </div>
        </dialog>
    }
}
