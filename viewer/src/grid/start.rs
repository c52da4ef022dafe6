//! What is shown where there is no figure yet: what is missing, and buttons that begin with something.

use leptos::prelude::*;

use crate::grid::Store;
use crate::grid::state::{Prompts, State};
use crate::url::Step;

/// Why there is no figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    Everything,
    Models,
    Prompts,
    Heads,
    Functions,
    /// What is chosen is not on this site; the notices say so.
    Elsewhere,
}

#[component]
pub fn Start() -> impl IntoView {
    let store = Store::here();
    let missing = Memo::new(move |_| {
        let (none, no_functions) = store.tiles.with(|t| (t.tiles.is_empty(), t.functions.is_empty()));
        let no_models = store.chosen_models.with(Vec::is_empty);
        let (no_prompts, asked_models) =
            store.state.with(|s| (s.prompts == Prompts::Some(Vec::new()), !s.models.is_empty()));
        let loading = store.rows.with(Option::is_none);
        match () {
            () if !none => None,
            () if no_models && asked_models => Some(Missing::Elsewhere),
            () if no_models && no_prompts => Some(Missing::Everything),
            () if no_models => Some(Missing::Models),
            () if no_prompts => Some(Missing::Prompts),
            () if loading => None,
            () if no_functions => Some(Missing::Functions),
            () if store.tiles.with(|t| !t.notices.is_empty()) => Some(Missing::Elsewhere),
            () => Some(Missing::Heads),
        }
    });
    move || {
        missing.get().map(|missing| {
            let (title, text) = match missing {
                Missing::Everything => {
                    ("Choose heads and prompts", "Figures of every chosen head on every chosen prompt appear here.")
                }
                Missing::Models => (
                    "Choose a model",
                    "Prompts are chosen; the models that read them are listed at the top of the panel.",
                ),
                Missing::Prompts => {
                    ("Choose a prompt", "Heads are chosen; the prompts that they read are listed in the panel.")
                }
                Missing::Heads => {
                    ("Choose heads", "No head of the chosen models is chosen. Click or drag on the grid of a model.")
                }
                Missing::Functions => (
                    "Choose a figure function",
                    "No figure function is chosen; they are listed at the end of the panel.",
                ),
                Missing::Elsewhere => (
                    "Nothing to show",
                    "What was asked for is not on this site; see above. Change the choice, or clear it.",
                ),
            };
            view! {
                <div class="start" data-testid="start">
                    <h2>{title}</h2>
                    <p class="muted">{text}</p>
                    <Suggestions missing />
                </div>
            }
        })
    }
}

/// Buttons that lead from here to figures.
#[component]
fn Suggestions(missing: Missing) -> impl IntoView {
    let store = Store::here();
    let index = store.index();
    let button = move |label: String, detail: String, change: Box<dyn Fn(&mut State)>| {
        view! {
            <button class="suggestion" on:click=move |_| store.edit(Step::Push, &change)>
                <strong>{label}</strong>
                <span class="muted">{detail}</span>
            </button>
        }
    };
    move || {
        let rows = store.rows.get().unwrap_or_default();
        let first_of = |dir: &str| rows.iter().find(|r| r.has_model(dir)).cloned();
        let mut out = Vec::new();
        match missing {
            Missing::Everything => {
                for model in index.models.iter().take(3) {
                    let dir = model.dir();
                    let Some(prompt) = first_of(&dir) else { continue };
                    let n = model.n_layers * model.n_heads;
                    let label = format!("All {n} heads of {}", model.model_name);
                    let detail = format!("on “{}”", prompt.preview(60));
                    let hash = prompt.hash.clone();
                    out.push(button(
                        label,
                        detail,
                        Box::new(move |s| {
                            s.models = vec![dir.clone()];
                            s.prompts = Prompts::Some(vec![hash.clone()]);
                        }),
                    ));
                }
                if let Some(model) = index.models.first() {
                    let (dir, n) = (model.dir(), rows.iter().filter(|r| r.has_model(&model.dir())).count());
                    if n > 1 {
                        let label = format!("Layer 0 of {}", model.model_name);
                        let detail = format!("on all {n} prompts");
                        out.push(button(
                            label,
                            detail,
                            Box::new(move |s| {
                                s.models = vec![dir.clone()];
                                s.heads.insert(dir.clone(), "L0".to_owned());
                                s.prompts = Prompts::All;
                            }),
                        ));
                    }
                }
            }
            Missing::Models => {
                for model in index.models.iter().take(3) {
                    let dir = model.dir();
                    let label = format!("All heads of {}", model.model_name);
                    let detail = format!("{} layers × {} heads", model.n_layers, model.n_heads);
                    out.push(button(label, detail, Box::new(move |s| s.models = vec![dir.clone()])));
                }
            }
            Missing::Prompts => {
                for prompt in rows.iter().take(3) {
                    let hash = prompt.hash.clone();
                    let detail = format!("{} tokens", prompt.tokens_text());
                    out.push(button(
                        prompt.preview(80),
                        detail,
                        Box::new(move |s| s.prompts = Prompts::Some(vec![hash.clone()])),
                    ));
                }
            }
            Missing::Heads => out.push(button(
                "All heads".to_owned(),
                "of the chosen models".to_owned(),
                Box::new(|s| s.heads.clear()),
            )),
            Missing::Functions => {
                out.push(button("The attention pattern".to_owned(), String::new(), Box::new(|s| s.functions = None)));
            }
            Missing::Elsewhere => {
                out.push(button("Clear all".to_owned(), "and begin anew".to_owned(), Box::new(State::clear)))
            }
        }
        view! { <div class="suggestions">{out}</div> }
    }
}
