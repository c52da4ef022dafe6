//! One line of the figures: a heading or a row of tiles.

use std::sync::Arc;

use web_sys::HtmlElement;

use crate::dom;
use crate::grid::colours::label;
use crate::grid::layout::Content;
use crate::grid::order::{Key, MEAN};
use crate::grid::progress::Progress;
use crate::grid::row::Row;
use crate::grid::scene::Scene;
use crate::grid::thousands;

/// A line that is on the page until it is dropped.
#[derive(Debug)]
pub struct Band {
    pub element: HtmlElement,
    pub row: Option<Row>,
}

impl Drop for Band {
    fn drop(&mut self) {
        self.element.remove();
    }
}

impl Band {
    pub fn new(scene: &Arc<Scene>, band: usize, progress: Progress, active: usize) -> Band {
        let this = scene.layout.bands[band];
        let (element, row) = match this.content {
            Content::Heading { depth, first, count } => {
                let element = heading(scene, depth, first, count);
                dom::style(&element, "height", &format!("{}px", this.height));
                (element, None)
            }
            Content::Row { first, len, labelled } => {
                let (element, row) = Row::new(scene, (first, len), labelled, progress, active);
                (element, Some(row))
            }
        };
        dom::style(&element, "transform", &format!("translateY({}px)", this.top));
        Band { element, row }
    }
}

/// What the tiles below have in common, how many they are, and a button that leaves only these.
fn heading(scene: &Scene, depth: usize, first: usize, count: usize) -> HtmlElement {
    let (key, tiles) = (scene.headed[depth], &scene.tiles.tiles);
    let text = label(&scene.tiles, &tiles[first], key);
    let text = match key {
        Key::Layer if tiles[first].layer != MEAN => text.replacen('L', "Layer ", 1),
        Key::Head if tiles[first].head != MEAN => text.replacen('H', "Head ", 1),
        _ => text,
    };
    let noun = if count == 1 { "figure" } else { "figures" };
    let out = dom::around(
        if depth == 0 { "h2" } else { "h3" },
        &[("class", "band group")],
        &[
            &dom::words("span", &[("class", "key")], key.name()),
            &dom::words("span", &[("class", "group-name")], &text),
            &dom::words("span", &[("class", "muted")], &format!("{} {noun}", thousands(count))),
        ],
    );
    if tiles.iter().any(|tile| tile.get(key) != tiles[first].get(key)) {
        let name = format!("Only {} {text}", key.name());
        let id = format!("only-{}-{first}", key.name());
        let attributes = [("class", "small quiet only"), ("aria-label", &*name), ("data-testid", &*id)];
        let button = dom::words("button", &attributes, "Only this");
        dom::set(&button, "data-only", &format!("{} {first}", key.name()));
        dom::append(&out, &button);
    }
    out
}
