//! A button that opens a small sheet; a press elsewhere or Escape closes it.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::erase::{Live, live, on};
use crate::signal::RwSignal;

/// The button and its sheet. `open` says whether the sheet is.
pub fn menu(label: Live<String>, name: &'static str, open: RwSignal<bool>, children: AnyView) -> AnyView {
    let root = NodeRef::<html::Div>::new();
    let button = NodeRef::<html::Button>::new();
    let down = window_event_listener(ev::pointerdown, move |event| {
        let inside = root
            .get_untracked()
            .zip(event.target())
            .is_some_and(|(root, target)| root.contains(target.dyn_ref::<web_sys::Node>()));
        if open.get_untracked() && !inside {
            open.set(false);
        }
    });
    let key = window_event_listener(ev::keydown, move |event| {
        if open.get_untracked() && event.key() == "Escape" {
            open.set(false);
            if let Some(button) = button.get_untracked() {
                let _focusable = button.focus();
            }
        }
    });
    on_cleanup(move || {
        down.remove();
        key.remove();
    });
    view! {
        <div class="menu" node_ref=root>
            <button
                node_ref=button
                class="menu-button"
                aria-haspopup="dialog"
                aria-expanded=live(move || open.get().to_string())
                data-testid=format!("menu-{name}")
                on:click=on(move |_| open.update(|open| *open = !*open))
            >
                {label.clone()}
                <span class="chevron" aria-hidden="true"></span>
            </button>
            <div class="menu-sheet" role="dialog" aria-label=label hidden=live(move || !open.get())>
                {children}
            </div>
        </div>
    }
    .into_any()
}
