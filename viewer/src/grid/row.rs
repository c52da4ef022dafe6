//! One row of tiles: links with captions, over one canvas that all its matrix figures are painted on.

use std::collections::BTreeMap;
use std::sync::Arc;

use lens_schema::{LayerHead, PatternId, path};
use leptos::html;
use leptos::prelude::*;
use leptos::reactive::spawn_local_scoped_with_cancellation;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, Element, HtmlCanvasElement};

use crate::erase::{effect, live, on};
use crate::grid::colours::{border, label};
use crate::grid::figures::Scene;
use crate::grid::order::{Key, Tile};
use crate::grid::packed;
use crate::grid::progress::Tally;
use crate::grid::store::Store;
use crate::url::Query;
use crate::{canvas, frame, patterns};

/// Tiles `first..first + len` of a scene.
#[component]
pub fn Row(
    scene: Arc<Scene>,
    first: usize,
    len: usize,
    labelled: bool,
    top: String,
    active: RwSignal<usize>,
) -> impl IntoView {
    let store = Store::here();
    let layout = &scene.layout;
    let tally = Tally::new(store.progress, len);
    let root = NodeRef::<html::Div>::new();
    let surface = NodeRef::<html::Canvas>::new();
    let width = layout.column_left(len - 1) + layout.tile;
    let height = layout.tile;
    {
        let scene = scene.clone();
        effect(move || {
            if let (Some(root), Some(surface)) = (root.get(), surface.get()) {
                canvas::fit(&surface, width, height);
                draw(scene.clone(), first, len, &root, surface, tally.clone());
            }
        });
    }
    let row_label = scene.row.filter(|_| labelled).map(|key| label(&scene.tiles, &scene.tiles.tiles[first], key));
    let tiles = (first..first + len).map(|i| view! { <TileLink scene=scene.clone() at=i active /> });
    let tiles: Vec<_> = tiles.collect();
    view! {
        <div class="band row" node_ref=root style:transform=top>
            {row_label.map(|text| view! { <span class="row-label" title=text.clone()>{text.clone()}</span> })}
            <canvas
                node_ref=surface
                aria-hidden="true"
                style:width=format!("{width}px")
                style:height=format!("{height}px")
            ></canvas>
            {tiles}
        </div>
    }
}

/// The link to the pattern in full, with the tile's border, caption and name.
#[component]
fn TileLink(scene: Arc<Scene>, at: usize, active: RwSignal<usize>) -> impl IntoView {
    let tiles = &scene.tiles;
    let tile = tiles.tiles[at];
    let model = &tiles.models[tile.model as usize];
    let prompt = &tiles.prompts[tile.prompt as usize];
    let function = &tiles.functions[tile.function as usize];
    let head = LayerHead { layer: tile.layer as usize, head: tile.head as usize };
    let mut shade = Query::default();
    scene.shade.write(&mut shade);
    let shade = shade.to_string();
    let and = if shade.is_empty() { "" } else { "&" };
    let href = format!("{}{and}{shade}", path::single_url(&PatternId { model: model.dir.clone(), head }, &prompt.hash));
    let name = format!("{} {head}, {}, {}", model.name, function.name, prompt.preview(80));
    let colour = scene.colour.map(|key| border(tiles, &tile, key));
    let caption = (scene.layout.caption > 0.0).then(|| view! { <span class="caption">{caption(&scene, &tile)}</span> });
    view! {
        <a
            class="tile"
            class:coloured=colour.is_some()
            href=href
            aria-label=name.clone()
            title=name
            tabindex=live(move || if active.get() == at { "0" } else { "-1" })
            data-index=at.to_string()
            data-testid=format!("tile-{}-{head}-{}-{}", model.dir, prompt.hash, function.name)
            style:--border=colour
            on:focus=on(move |_| active.set(at))
        >
            {caption}
        </a>
    }
}

/// What the headings do not say already and tells tiles apart.
fn caption(scene: &Scene, tile: &Tile) -> String {
    let tiles = &scene.tiles;
    let mut parts = Vec::new();
    let open = |key: Key| !scene.headed.contains(&key);
    match (open(Key::Layer), open(Key::Head)) {
        (true, true) => parts.push(LayerHead { layer: tile.layer as usize, head: tile.head as usize }.to_string()),
        (true, false) => parts.push(label(tiles, tile, Key::Layer)),
        (false, true) => parts.push(label(tiles, tile, Key::Head)),
        (false, false) => {}
    }
    for (key, n) in
        [(Key::Function, tiles.functions.len()), (Key::Model, tiles.models.len()), (Key::Prompt, tiles.prompts.len())]
    {
        if n > 1 && open(key) {
            parts.push(label(tiles, tile, key));
        }
    }
    parts.join(" ")
}

/// Begins to fetch and draw a row; all of it is dropped when the row goes.
fn draw(scene: Arc<Scene>, first: usize, len: usize, root: &Element, surface: HtmlCanvasElement, tally: Tally) {
    let Ok(links) = root.query_selector_all("a.tile") else { return };
    let links: Vec<Element> =
        (0..links.length()).filter_map(|i| links.item(i)).map(|node| node.unchecked_into()).collect();
    let context = canvas::context(&surface);
    // One task per layer of a prompt: its tiles are drawn together.
    let mut layers: BTreeMap<(u32, u32, u32), Vec<usize>> = BTreeMap::new();
    for (column, tile) in scene.tiles.tiles[first..first + len].iter().enumerate() {
        let function = &scene.tiles.functions[tile.function as usize];
        if function.matrix.is_some() {
            layers.entry((tile.model, tile.prompt, tile.layer)).or_default().push(column);
        } else if let Some(link) = links.get(column) {
            spawn_local_scoped_with_cancellation(show(scene.clone(), first + column, link.clone(), tally.clone()));
        }
    }
    for columns in layers.into_values() {
        let task = paint(scene.clone(), first, columns, links.clone(), context.clone(), tally.clone());
        spawn_local_scoped_with_cancellation(task);
    }
}

/// Paints tiles of one layer of one prompt.
async fn paint(
    scene: Arc<Scene>,
    first: usize,
    columns: Vec<usize>,
    links: Vec<Element>,
    context: Option<CanvasRenderingContext2d>,
    tally: Tally,
) {
    let tile = scene.tiles.tiles[first + columns[0]];
    let model = &scene.tiles.models[tile.model as usize];
    let prompt = &scene.tiles.prompts[tile.prompt as usize];
    let loaded = async {
        let overview = patterns::overview(&model.dir, &prompt.hash).await?;
        let layer = patterns::overview_layer(&model.dir, &prompt.hash, tile.layer as usize).await?;
        Ok::<_, String>((overview, layer))
    };
    let (overview, layer) = match loaded.await {
        Ok(loaded) => loaded,
        Err(message) => {
            columns.iter().filter_map(|&c| links.get(c)).for_each(|link| tally.failed(link, &message));
            return;
        }
    };
    let ratio = canvas::pixel_ratio();
    let pixels = (scene.layout.tile * ratio).round().max(1.0) as usize;
    let side = overview.meta.overview_side();
    for column in columns {
        frame::turn().await;
        let tile = scene.tiles.tiles[first + column];
        let Some(style) = &scene.tiles.functions[tile.function as usize].matrix else { continue };
        let (l, h) = (tile.layer as usize, tile.head as usize);
        let palette = canvas::palette(&scene.shade.over(style), overview.range(l, h));
        let image = canvas::render(&layer.head(h), side, overview.meta.causal, pixels, &palette);
        if let Some(context) = &context {
            canvas::put(context, &image, pixels, (scene.layout.column_left(column) * ratio).round(), 0.0);
        }
        if let Some(link) = links.get(column) {
            tally.drew(link);
        }
    }
}

/// Shows a packed picture in its tile.
async fn show(scene: Arc<Scene>, at: usize, link: Element, tally: Tally) {
    let tile = scene.tiles.tiles[at];
    let model = &scene.tiles.models[tile.model as usize];
    let prompt = &scene.tiles.prompts[tile.prompt as usize];
    let function = &scene.tiles.functions[tile.function as usize];
    let head = LayerHead { layer: tile.layer as usize, head: tile.head as usize };
    let picture = match packed::picture(&model.dir, &prompt.hash, &function.name, head).await {
        Ok(picture) => picture,
        Err(message) => return tally.failed(&link, &message),
    };
    let Ok(element) = document().create_element("img") else { return };
    let image: web_sys::HtmlImageElement = element.unchecked_into();
    image.set_alt("");
    image.set_src(&picture.0);
    let loaded = wasm_bindgen_futures::JsFuture::from(image.decode()).await;
    match loaded {
        Ok(_) => {
            let _parts_of_one_document = link.prepend_with_node_1(&image);
            tally.drew(&link);
        }
        Err(_) => tally.failed(&link, &format!("the browser cannot show {} of {head}", function.name)),
    }
    // The URL is needed as long as the picture is shown: this task lives as long as the row.
    futures::future::pending::<()>().await;
}
