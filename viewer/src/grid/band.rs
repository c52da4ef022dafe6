//! One line of the figures: a heading or a row of tiles.

use std::sync::Arc;

use leptos::prelude::*;

use crate::erase::on;
use crate::grid::colours::label;
use crate::grid::figures::Scene;
use crate::grid::layout::Content;
use crate::grid::order::Key;
use crate::grid::row::Row;
use crate::grid::store::Store;
use crate::grid::thousands;
use crate::url::Step;

#[component]
pub fn Band(scene: Arc<Scene>, band: usize, active: RwSignal<usize>) -> impl IntoView {
    let Some(this) = scene.layout.bands.get(band).copied() else { return ().into_any() };
    let top = format!("translateY({}px)", this.top);
    match this.content {
        Content::Heading { depth, first, count } => {
            view! { <Heading scene depth first count top height=format!("{}px", this.height) /> }.into_any()
        }
        Content::Row { first, len, labelled } => view! { <Row scene first len labelled top active /> }.into_any(),
    }
}

/// What the tiles below have in common, how many they are, and a button that leaves only these.
#[component]
fn Heading(scene: Arc<Scene>, depth: usize, first: usize, count: usize, top: String, height: String) -> impl IntoView {
    let store = Store::here();
    let key = scene.headed[depth];
    let text = label(&scene.tiles, &scene.tiles.tiles[first], key);
    let text = match key {
        Key::Layer => text.replacen('L', "Layer ", 1),
        Key::Head => text.replacen('H', "Head ", 1),
        _ => text,
    };
    let noun = if count == 1 { "figure" } else { "figures" };
    let tiles = &scene.tiles.tiles;
    let several = tiles.iter().any(|tile| tile.get(key) != tiles[first].get(key));
    let only = {
        let (scene, text) = (scene.clone(), text.clone());
        several.then(|| {
            view! {
                <button
                    class="small quiet only"
                    aria-label=format!("Only {} {text}", key.name())
                    data-testid=format!("only-{}-{first}", key.name())
                    on:click=on(move |_| {
                        store.edit(Step::Push, |s| s.keep_only(&scene.tiles, &scene.tiles.tiles[first], key));
                    })
                >
                    "Only this"
                </button>
            }
        })
    };
    let words = view! {
        <span class="key">{key.name()}</span>
        <span class="group-name">{text}</span>
        <span class="muted">{format!("{} {noun}", thousands(count))}</span>
        {only}
    };
    match depth {
        0 => view! { <h2 class="band group" style:transform=top style:height=height>{words}</h2> }.into_any(),
        _ => view! { <h3 class="band group" style:transform=top style:height=height>{words}</h3> }.into_any(),
    }
}
