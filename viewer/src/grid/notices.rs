//! What was asked for and is not there, and what could not be drawn.

use leptos::prelude::*;

use crate::erase::{live, on, part};
use crate::grid::complaints::complaints;
use crate::grid::store::Store;
use crate::signal::memo;
use crate::url::Address;

#[component]
pub fn Notices() -> impl IntoView {
    let store = Store::here();
    let progress = store.progress;
    let address = Address::here();
    let notices = memo(move || {
        let mut notices = address.with(complaints);
        notices.extend(store.tiles.with(|t| t.notices.clone()));
        notices
    });
    let failures = memo(move || {
        let (prompts, figures) = (store.prompts_errors.get(), progress.failed.get());
        let prompts = prompts.into_iter().map(|message| format!("Prompts are missing: {message}"));
        prompts.chain(figures.into_iter().map(|(message, _)| format!("Not drawn: {message}"))).collect::<Vec<_>>()
    });
    let failed = part(move || {
        let failures = failures.get();
        let Some(first) = failures.first().cloned() else { return ().into_any() };
        let others = failures.len() - 1;
        view! {
            <li class="failed" data-testid="failures">
                <span>
                    {first} {(others > 0).then(|| format!(" (and {others} more of the kind)"))}
                </span>
                <button class="small" data-testid="try-again" on:click=on(move |_| progress.try_again())>
                    "Try again"
                </button>
            </li>
        }
        .into_any()
    });
    let any = move || notices.with(|n| !n.is_empty()) || failures.with(|f| !f.is_empty());
    view! {
        <div class="notes" role="status" data-testid="notices" hidden=live(move || !any())>
            <ul>
                {part(move || notices.get().into_iter().map(|text| view! { <li>{text}</li> }.into_any()).collect::<Vec<_>>())} {failed}
            </ul>
        </div>
    }
}
