//! What the reader does to the figures: points at them, pins them, walks over them with the keyboard.

use std::rc::Rc;

use leptos::prelude::request_animation_frame;
use web_sys::{Event, KeyboardEvent, MouseEvent};

use super::shown::{Shown, index_of};
use super::viewport;
use crate::dom;
use crate::grid::layout::Content;
use crate::grid::order::Key;
use crate::grid::row;
use crate::grid::scene::Scene;
use crate::url::{Query, Step};

/// Listens for as long as the figures are there; `measure` is told that the view has moved.
pub fn listen(shown: &Rc<Shown>, measure: impl Fn() + Copy + 'static) {
    let root = &shown.root;
    dom::listen_for(shown, root, "keydown", move |shown, event| key(shown, &event, measure));
    dom::listen_for(shown, root, "click", |shown, event| click(shown, &event));
    dom::listen_for(shown, root, "focusin", |shown, event: MouseEvent| {
        if let Some(tile) = tile_of(&event) {
            shown.activate(tile);
            point(shown, &event, tile, false);
        }
    });
    dom::listen_for(shown, root, "pointermove", |shown, event: MouseEvent| match tile_of(&event) {
        Some(tile) => point(shown, &event, tile, true),
        None => shown.hover.leave(),
    });
    for leaving in ["pointerleave", "focusout", "pointerdown"] {
        dom::listen_for(shown, root, leaving, |shown, _: MouseEvent| shown.hover.leave());
    }
    for following in ["pointerdown", "click"] {
        dom::listen_for(shown, root, following, |shown, event: MouseEvent| lead(shown, &event));
    }
}

/// What an average leads to keeps the address as it is by now: pins, theme and filters change it, and leave the figures.
fn lead(shown: &Shown, event: &Event) {
    let scene = shown.scene();
    let tile = tile_of(event).and_then(|at| scene.tiles.tiles.get(at)).filter(|tile| tile.is_mean());
    if let (Some(tile), Some(link)) = (tile, dom::closest(event, "a.tile")) {
        let address = shown.store.address.with_untracked(Query::clone);
        dom::set(&link, "href", &scene.members_url(address, tile));
    }
}

fn click(shown: &Shown, event: &MouseEvent) {
    let scene = shown.scene();
    if let Some(only) = dom::closest(event, "[data-only]").and_then(|b| b.get_attribute("data-only")) {
        let Some((key, first)) = only.split_once(' ') else { return };
        if let (Some(key), Ok(first)) = (Key::parse(key), first.parse::<usize>()) {
            shown.store.edit(Step::Push, |s| s.keep_only(&scene.tiles, &scene.tiles.tiles[first], key));
        }
    } else if event.shift_key()
        && let Some(tile) = tile_of(event)
    {
        event.prevent_default();
        pin(shown, tile);
    }
}

fn pin(shown: &Shown, tile: usize) {
    let scene = shown.scene();
    if let Some(pin) = scene.tiles.tiles.get(tile).and_then(|tile| row::pin(&scene.tiles, tile)) {
        shown.store.edit(Step::Push, |s| s.pin(&pin.write()));
    }
}

fn key(shown: &Shown, event: &KeyboardEvent, measure: impl Fn()) {
    let Some(tile) = tile_of(event) else { return };
    let held = event.ctrl_key() || event.meta_key();
    if event.key() == "p" && !held && !event.alt_key() {
        return pin(shown, tile);
    }
    let scene = shown.scene();
    let Some(to) = step(&scene, tile, &event.key(), held) else { return };
    event.prevent_default();
    shown.active.set(to);
    viewport::reveal(&scene.layout, &shown.root, to);
    measure();
    // The row is there after the next frame.
    let root = shown.root.clone();
    request_animation_frame(move || dom::focus(dom::first(&root, &format!("[data-index=\"{to}\"]"))));
}

/// Shows what a tile has under the pointer, or its largest value.
fn point(shown: &Shown, event: &MouseEvent, tile: usize, at_pointer: bool) {
    shown.hover.show(&shown.scene(), tile, shown.average(tile), event, at_pointer);
}

/// The tile that an event is about.
fn tile_of(event: &Event) -> Option<usize> {
    dom::closest(event, "a.tile").as_ref().and_then(index_of)
}

/// The tile that a key leads to.
fn step(scene: &Scene, at: usize, key: &str, far: bool) -> Option<usize> {
    let last = scene.tiles.tiles.len().checked_sub(1)?;
    let row = || match scene.layout.bands.get(scene.layout.band_of(at)?)?.content {
        Content::Row { first, len, .. } => Some((first, first + len - 1)),
        Content::Heading { .. } => None,
    };
    match key {
        "ArrowLeft" => Some(at.saturating_sub(1)),
        "ArrowRight" => Some((at + 1).min(last)),
        "ArrowUp" => scene.layout.beside(at, false).or(Some(at)),
        "ArrowDown" => scene.layout.beside(at, true).or(Some(at)),
        "Home" if far => Some(0),
        "End" if far => Some(last),
        "Home" => row().map(|r| r.0),
        "End" => row().map(|r| r.1),
        _ => None,
    }
}
