//! Which head on which prompt this is, and the ways to the next and the previous.

use leptos::prelude::*;

use super::keyboard::act;
use super::keys::Action;
use super::load::excerpt;
use super::neighbours::Along;
use super::page::Page;
use crate::erase::{effect, live, memo, on};

/// The line below the title bar.
#[component]
pub fn Title() -> impl IntoView {
    let page = Page::here();
    let at = move || page.target.with(|target| target.as_ref().ok().cloned());
    let head = move |pick: fn(lens_schema::LayerHead) -> String| at().map(|t| pick(t.id.head)).unwrap_or_default();
    let prompt = move || {
        let hash = at()?.hash;
        page.prompts.with(|prompts| {
            let place = prompts.iter().position(|p| p.hash == hash)?;
            Some((place + 1, prompts.len(), excerpt(&prompts[place].text)))
        })
    };
    effect(move || {
        if let Some(target) = at() {
            let site = page.index.with_value(|index| index.manifest.title.clone());
            document().set_title(&format!("{} {} – {site}", target.id.model, target.id.head));
        }
    });
    view! {
        <nav class="whereabouts" aria-label="Pattern">
            <a class="back" href=live(move || page.back()) data-testid="back">
                <span aria-hidden="true">"←"</span>
                "All patterns"
            </a>
            <h1>
                <span class="model" data-testid="model">{move || at().map(|t| t.id.model)}</span>
                <span class="head" data-testid="head">{move || at().map(|t| t.id.head.to_string())}</span>
            </h1>
            <Stepper along=Along::Layer what="layer" keys="J, K" label=move || head(|h| format!("layer {}", h.layer)) />
            <Stepper along=Along::Head what="head" keys="j, k" label=move || head(|h| format!("head {}", h.head)) />
            <Stepper
                along=Along::Prompt
                what="prompt"
                keys="n, p"
                label=move || prompt().map(|(place, count, _)| format!("prompt {place}/{count}")).unwrap_or_default()
            />
            <p class="excerpt" data-testid="excerpt">{move || prompt().map(|(.., text)| text)}</p>
            <button class="icon" aria-label="Keys and help" title="Keys (?)" data-testid="help" on:click=on(move |_| page.help.set(true))>
                "?"
            </button>
        </nav>
    }
}

/// Two buttons around a label: previous and next.
#[component]
fn Stepper(
    along: Along,
    what: &'static str,
    /// The keys for next and previous.
    keys: &'static str,
    label: impl Fn() -> String + Send + 'static,
) -> impl IntoView {
    let page = Page::here();
    let (next_key, previous_key) = keys.split_once(", ").unwrap_or((keys, keys));
    let button = move |step: isize, which: &'static str, sign: &'static str, key: &'static str| {
        let is_missing = memo(move || page.neighbour(along, step).is_none());
        view! {
            <button
                aria-label=format!("{which} {what}")
                title=format!("{which} {what} ({key})")
                data-testid=format!("{}-{what}", which.to_lowercase())
                disabled=is_missing
                on:click=on(move |_| act(page, Action::Step(along, step)))
            >
                {sign}
            </button>
        }
    };
    view! {
        <div class=format!("stepper {what}") role="group" aria-label=what>
            {button(-1, "Previous", "‹", previous_key)} <span class="label">{label}</span>
            {button(1, "Next", "›", next_key)}
        </div>
    }
}
