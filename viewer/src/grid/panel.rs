//! A part of the side that can be folded away.

use leptos::prelude::*;

use crate::erase::{Live, live, on};
use crate::grid::state::Panel;
use crate::grid::store::Store;
use crate::signal::memo;
use crate::url::Step;

/// A titled, foldable section; `summary` stands beside the title.
pub fn folding(store: Store, panel: Panel, title: &'static str, summary: Live<String>, children: AnyView) -> AnyView {
    let open = memo(move || !store.state.with(|s| s.closed.contains(&panel)));
    let id = format!("panel-{}", panel.name());
    let body = format!("panel-{}-body", panel.name());
    let fold = on(move |_| store.edit(Step::Replace, |s| s.fold(panel)));
    view! {
        <section class="panel" data-testid=id>
            <h2>
                <button class="fold" aria-expanded=live(move || open.get().to_string()) aria-controls=body.clone() on:click=fold>
                    <span class="chevron" aria-hidden="true"></span>
                    {title}
                    <span class="summary">{summary}</span>
                </button>
            </h2>
            <div class="panel-body" id=body.clone() hidden=live(move || !open.get())>
                {children}
            </div>
        </section>
    }
    .into_any()
}
