//! The sheet that lists the keys.

use leptos::html;
use leptos::prelude::*;

use super::keys::SHEET;
use super::page::Page;

/// Opens with `?`, closes with Escape or its button.
#[component]
pub fn Help() -> impl IntoView {
    let page = Page::here();
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
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
            on:close=move |_| page.help.set(false)
        >
            <header>
                <h2 id="help-title">"Keys and pointer"</h2>
                <button class="icon" aria-label="Close" data-testid="help-close" on:click=move |_| page.help.set(false)>
                    "×"
                </button>
            </header>
            <div class="sections">{sections.collect_view()}</div>
            <p>
                "In the heatmap: click a cell to select it, right click a row to select its query; Ctrl and the wheel, a pinch or a double click zoom; drag to move. "
                "In the text: click a token to select it as a key, right click as a query, or choose the side with the buttons above the text."
            </p>
        </dialog>
    }
}
