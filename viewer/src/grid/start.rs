//! What is shown where there is no figure yet: what is missing, and buttons that begin with something.

use std::sync::Arc;

use lens_schema::{ModelEntry, path};
use leptos::prelude::*;

use crate::erase::{live, on, part};
use crate::grid::order::Key;
use crate::grid::state::{Prompts, State};
use crate::grid::store::Store;
use crate::grid::table::PromptRow;
use crate::signal::memo;
use crate::url::{Query, Step};

/// Models that are shown with a picture.
const CARDS: usize = 6;
/// Tokens of a prompt whose pattern shows well in a small picture.
const TOKENS: std::ops::RangeInclusive<usize> = 16..=96;

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

impl Missing {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Missing::Everything => (
                "Which head looks where?",
                "Each picture is one attention head on one prompt: a row per query, a column per key, darker where \
                 more attention goes. Begin with a model, or choose models, heads and prompts in the panel.",
            ),
            Missing::Models => {
                ("Choose a model", "Prompts are chosen; the models that read them are listed at the top of the panel.")
            }
            Missing::Prompts => {
                ("Choose a prompt", "Heads are chosen; the prompts that they read are listed in the panel.")
            }
            Missing::Heads => {
                ("Choose heads", "No head of the chosen models is chosen. Click or drag on the grid of a model.")
            }
            Missing::Functions => {
                ("Choose a figure function", "No figure function is chosen; they are listed at the end of the panel.")
            }
            Missing::Elsewhere => (
                "Nothing to show",
                "What was asked for is not on this site; see above. Change the choice, or clear it.",
            ),
        }
    }
}

fn missing(store: Store) -> Option<Missing> {
    let no_models = store.chosen_models.with(Vec::is_empty);
    let no_functions = store.tiles.with(|t| t.functions.is_empty());
    let (no_prompts, asked_models) =
        store.state.with(|s| (s.prompts == Prompts::Some(Vec::new()), !s.models.is_empty()));
    match () {
        () if !store.is_empty() => None,
        () if no_models && asked_models => Some(Missing::Elsewhere),
        () if no_models && no_prompts => Some(Missing::Everything),
        () if no_models => Some(Missing::Models),
        () if no_prompts => Some(Missing::Prompts),
        () if store.rows.with(Option::is_none) => None,
        () if store.tiles.with(|t| !t.notices.is_empty()) => Some(Missing::Elsewhere),
        () if !store.prompts_errors.with(Vec::is_empty) => Some(Missing::Elsewhere),
        () if no_functions => Some(Missing::Functions),
        () => Some(Missing::Heads),
    }
}

#[component]
pub fn Start() -> impl IntoView {
    let store = Store::here();
    let missing = memo(move || missing(store));
    part(move || {
        let Some(missing) = missing.get() else { return ().into_any() };
        let (title, text) = missing.words();
        view! {
            <div class="start" data-testid="start">
                <h2>{title}</h2>
                <p class="lead">{text}</p>
                {(missing == Missing::Everything).then(|| view! { <Cards /> })}
                <Suggestions missing />
            </div>
        }
        .into_any()
    })
}

/// A model's prompt to begin with: the first of a length that shows well, or else the first.
fn first_prompt(rows: &[Arc<PromptRow>], dir: &str) -> Option<Arc<PromptRow>> {
    let mut own = rows.iter().filter(|r| r.has_model(dir));
    let fits = own.clone().find(|r| r.tokens().is_some_and(|(least, most)| TOKENS.contains(&least) && most == least));
    fits.or_else(|| own.next()).cloned()
}

/// The first models, each with all its heads on one prompt.
#[component]
fn Cards() -> impl IntoView {
    let store = Store::here();
    let cards: Vec<_> =
        store.index().models.iter().take(CARDS).map(|model| view! { <Card model=model.clone() /> }).collect();
    view! { <div class="cards">{cards}</div> }
}

#[component]
fn Card(model: ModelEntry) -> impl IntoView {
    let store = Store::here();
    let dir = StoredValue::new(model.dir());
    let name = model.model_name.clone();
    let (n_layers, n_heads) = (model.n_layers, model.n_heads);
    let prompt = memo(move || store.rows.get().and_then(|rows| first_prompt(&rows, &dir.get_value())));
    let model = StoredValue::new(model);
    let begin = move |_| {
        store.edit(Step::Push, |s| {
            s.begin_with(&model.get_value());
            s.prompts = Prompts::Some(prompt.get_untracked().map(|p| p.hash.clone()).into_iter().collect());
            s.row = Some(Key::Layer);
        });
    };
    let n_prompts = store.index().manifest_model(&dir.get_value()).map_or(0, |m| m.n_prompts);
    let count = |n: usize, noun: &str| format!("{n} {noun}{}", if n == 1 { "" } else { "s" });
    let size = [count(n_layers, "layer"), count(n_heads, "head"), count(n_prompts, "prompt")];
    view! {
        <button class="card begin" data-testid=format!("begin-{}", dir.get_value()) on:click=on(begin)>
            <span class="sheet">
                {part(move || {
                    let Some(prompt) = prompt.get() else { return ().into_any() };
                    view! { <img src=path::sheet(&dir.get_value(), &prompt.hash) alt="" /> }.into_any()
                })}
            </span>
            <strong>{name}</strong>
            <span class="muted">{format!("{} × {}, {}", size[0], size[1], size[2])}</span>
            <span class="muted clamp">
                {live(move || prompt.get().map(|p| format!("“{}”", p.preview(70))).unwrap_or_default())}
            </span>
        </button>
    }
}

/// Buttons that lead from here to figures.
#[component]
fn Suggestions(missing: Missing) -> impl IntoView {
    let store = Store::here();
    let index = store.index();
    let button = move |label: String, detail: String, change: Box<dyn Fn(&mut State)>| {
        view! {
            <button class="suggestion" on:click=on(move |_| store.edit(Step::Push, &change))>
                <strong>{label}</strong>
                <span class="muted">{detail}</span>
            </button>
        }
        .into_any()
    };
    part(move || {
        let rows = store.rows.get().unwrap_or_default();
        let mut out = Vec::new();
        match missing {
            Missing::Everything => {
                if let Some(model) = index.models.first() {
                    let (model, dir, n) =
                        (model.clone(), model.dir(), rows.iter().filter(|r| r.has_model(&model.dir())).count());
                    if n > 1 {
                        let label = format!("Layer 0 of {} on all {n} prompts", model.model_name);
                        out.push(button(
                            label,
                            "how its patterns change with the text".to_owned(),
                            Box::new(move |s| {
                                s.begin_with(&model);
                                s.heads.set(&dir, Some("L0".to_owned()));
                                s.prompts = Prompts::All;
                            }),
                        ));
                    }
                }
            }
            Missing::Models => {
                for model in index.models.iter().take(3) {
                    let model = model.clone();
                    let label = format!("All heads of {}", model.model_name);
                    let detail = format!("{} layers × {} heads", model.n_layers, model.n_heads);
                    out.push(button(label, detail, Box::new(move |s| s.begin_with(&model))));
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
                Box::new(|s| s.heads = Query::default()),
            )),
            Missing::Functions => {
                out.push(button("The attention pattern".to_owned(), String::new(), Box::new(|s| s.functions = None)));
            }
            Missing::Elsewhere => {
                out.push(button("Clear all".to_owned(), "and begin anew".to_owned(), Box::new(State::clear)))
            }
        }
        view! { <div class="suggestions">{out}</div> }
    })
}
