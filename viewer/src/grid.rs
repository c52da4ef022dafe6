//! The page that shows many patterns at once: what to choose from at the side, the figures beside it.

pub mod average;
pub mod band;
pub mod cells;
pub mod colours;
pub mod complaints;
pub mod field;
pub mod figures;
pub mod functions;
pub mod heads;
pub mod help;
pub mod hover;
pub mod layout;
pub mod legend;
pub mod list;
pub mod mean;
pub mod menu;
pub mod models;
pub mod notices;
pub mod only;
pub mod order;
pub mod ordering;
pub mod packed;
pub mod panel;
pub mod pick;
pub mod pins;
pub mod prefetch;
pub mod progress;
pub mod prompt_filters;
pub mod prompts;
pub mod row;
pub mod scene;
pub mod scored;
pub mod shade;
pub mod start;
pub mod state;
pub mod store;
pub mod table;
pub mod tiles;
pub mod toolbar;
pub mod tray;

use leptos::prelude::*;

use crate::erase::{live, on};
use crate::grid::figures::Figures;
use crate::grid::functions::FunctionPanel;
use crate::grid::help::Help;
use crate::grid::legend::Legend;
use crate::grid::models::ModelPanel;
use crate::grid::notices::Notices;
use crate::grid::prompts::PromptPanel;
use crate::grid::start::Start;
use crate::grid::state::{Panel, Tab};
use crate::grid::store::Store;
use crate::grid::toolbar::Toolbar;
use crate::grid::tray::Tray;
use crate::signal::memo;
use crate::url::Step;

/// Everything below the title bar of `index.html`.
#[component]
pub fn GridView() -> impl IntoView {
    let store = Store::provide();
    prefetch::follow(store);
    let tab = memo(move || store.state.with(|s| s.tab));
    let side_closed = memo(move || store.state.with(|s| s.closed.contains(&Panel::Side)));
    let total = move || thousands(store.tiles.with(|t| t.tiles.len()));
    let tab_button = move |this: Tab| {
        view! {
            <button
                aria-pressed=live(move || (tab.get() == this).to_string())
                data-testid=format!("tab-{}", this.name())
                on:click=on(move |_| store.edit(Step::Replace, |s| s.tab = this))
            >
                {if this == Tab::Select { "Select" } else { "Figures" }}
                {(this == Tab::Figures).then(|| view! { <span class="count">{live(total)}</span> })}
            </button>
        }
    };
    view! {
        <div class="grid-page" class:side-closed=live(move || side_closed.get()) data-tab=live(move || tab.get().name())>
            <h1 class="sr-only">"Attention patterns"</h1>
            <div class="tabs" role="group" aria-label="Shown on a small screen">
                {tab_button(Tab::Select)} {tab_button(Tab::Figures)}
            </div>
            <aside
                class="chooser"
                class:waiting=live(move || store.rows.with(Option::is_none))
                aria-label="What to show"
                hidden=live(move || side_closed.get())
            >
                <ModelPanel />
                <PromptPanel />
                <FunctionPanel />
            </aside>
            <section class="pane" aria-label="Figures">
                <Toolbar />
                <Legend />
                <Notices />
                <Start />
                <Figures />
                <Tray />
            </section>
            <Help />
        </div>
    }
}

/// A number with thin spaces between thousands.
pub fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) && digits.len() > 4 {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn large_numbers_are_grouped() {
        assert_eq!(
            [7, 1024, 50_000, 1_234_567].map(thousands),
            ["7", "1024", "50\u{202f}000", "1\u{202f}234\u{202f}567"]
        );
    }
}
