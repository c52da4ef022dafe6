//! The page that finds heads by their scores: a map of layers and heads, a list, ranges, plots of any two scores, and
//! what is like a head. It is a view of `index.html` beside the figures; the heads that are selected here are those
//! that the figures show.
//!
//! What is shown follows from the URL ([`state`]) and the scores ([`reading`]). The page is made of plain elements
//! ([`skeleton`], [`update`]) and pictures ([`charts`]), and has one listener ([`events`]).

pub mod card;
pub mod charts;
pub mod data;
pub mod dom;
pub mod draw;
pub mod events;
pub mod filter;
pub mod groups;
pub mod numbers;
pub mod page;
pub mod plot;
pub mod reading;
pub mod skeleton;
pub mod state;
pub mod update;

use std::rc::Rc;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Event, ResizeObserver};

use self::data::{Data, Missing};
use self::page::Finder;
use crate::app::use_index;
use crate::erase::{effect, live, on, part};
use crate::grid::GridView;
use crate::scores;
use crate::signal::{Memo, awaited, memo};
use crate::url::{Address, Step};

/// Which view of `index.html` is shown, in the URL.
const VIEW: &str = "view";
const HEADS: &str = "heads";

fn is_heads(address: Address) -> Memo<bool> {
    memo(move || address.with(|query| query.get(VIEW) == Some(HEADS)))
}

/// The two views of `index.html`, to choose from.
#[component]
pub fn Views() -> impl IntoView {
    let address = Address::here();
    let is_heads = is_heads(address);
    let tab = move |label: &'static str, heads: bool| {
        view! {
            <button
                aria-pressed=live(move || (is_heads.get() == heads).to_string())
                data-testid=format!("view-{}", label.to_lowercase())
                on:click=on(move |_| address.update(Step::Push, |query| query.set(VIEW, heads.then(|| HEADS.to_owned()))))
            >
                {label}
            </button>
        }
    };
    view! { <nav class="views" aria-label="Views">{tab("Figures", false)} {tab("Heads", true)}</nav> }
}

/// Everything below the title bar of `index.html`.
#[component]
pub fn IndexView() -> impl IntoView {
    let is_heads = is_heads(Address::here());
    part(move || if is_heads.get() { view! { <HeadsView /> }.into_any() } else { view! { <GridView /> }.into_any() })
}

#[component]
fn HeadsView() -> impl IntoView {
    let address = Address::here();
    let index = use_index();
    let finder = Finder::new(address, index.clone());
    let model = memo(move || address.with(|q| data::model(&index, q.get("model"), &q.list("models")).cloned()));
    let loaded = awaited(move || {
        let model = model.get();
        let is_known = |dir: &str| finder.index.with_value(|index| scores::has(index, dir));
        let scored = model.clone().filter(|model| is_known(&model.dir()));
        async move {
            match scored {
                Some(model) => {
                    let dir = model.dir();
                    Data::load(model).await.map_err(|message| Missing::Failed(dir, message))
                }
                None => Err(Missing::Scores(model.map(|model| (model.dir(), model.model_name)))),
            }
        }
    });
    effect(move || {
        let (query, wanted) = (address.get(), model.get().map(|model| model.dir()));
        // What was there before stays until the next model's is complete.
        let is_wanted = |loaded: &Result<Rc<Data>, Missing>| match loaded {
            Ok(data) => wanted.as_ref() == Some(&data.model.dir),
            Err(Missing::Scores(model)) => wanted.as_ref() == model.as_ref().map(|(dir, _)| dir),
            Err(Missing::Failed(dir, _)) => wanted.as_ref() == Some(dir),
        };
        if let Some(root) = finder.element.get() {
            finder.show(&root, &query, loaded.get().filter(is_wanted));
        }
    });
    effect(move || {
        let Some(root) = finder.element.get() else { return };
        let closure = Closure::<dyn FnMut(Event)>::new(move |event: Event| events::handle(finder, &event));
        for name in events::EVENTS {
            let _listening = root.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
        }
        // Colours change with the system's too.
        let system = window().match_media("(prefers-color-scheme: dark)").ok().flatten();
        if let Some(system) = &system {
            let _listening = system.add_event_listener_with_callback("change", closure.as_ref().unchecked_ref());
        }
        let mut width = 0;
        let resized = Closure::<dyn FnMut()>::new(move || {
            let now = finder.root().map_or(0, |root| root.client_width());
            if std::mem::replace(&mut width, now) != now {
                finder.redraw();
            }
        });
        let observer = ResizeObserver::new(resized.as_ref().unchecked_ref()).ok();
        if let Some(observer) = &observer {
            observer.observe(&root);
        }
        let kept = StoredValue::new_local((system, closure, observer, resized));
        on_cleanup(move || {
            kept.try_with_value(|(system, closure, observer, _)| {
                if let Some(system) = system {
                    let _listened =
                        system.remove_event_listener_with_callback("change", closure.as_ref().unchecked_ref());
                }
                if let Some(observer) = observer {
                    observer.disconnect();
                }
            });
        });
    });
    view! { <div class="finder" node_ref=finder.element data-testid="finder"></div> }
}
