//! A button that opens a small sheet; a press elsewhere or Escape closes it.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::erase::{live, on};

/// The button and its sheet.
#[component]
pub fn Menu(#[prop(into)] label: Signal<String>, name: &'static str, children: ChildrenFn) -> impl IntoView {
    let open = RwSignal::new(false);
    let root = NodeRef::<leptos::html::Div>::new();
    let button = NodeRef::<leptos::html::Button>::new();
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
                {label}
                <span class="chevron" aria-hidden="true"></span>
            </button>
            <Show when=move || open.get()>
                <div class="menu-sheet" role="dialog" aria-label=label>{children()}</div>
            </Show>
        </div>
    }
}
