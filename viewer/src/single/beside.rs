//! Small patterns beside the large one: all heads of its layer, or the same head on all prompts. They are drawn from the
//! overviews when they come into view, each on a canvas in a link.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use futures::future::{AbortHandle, abortable};
use lens_schema::LayerHead;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, Event, HtmlCanvasElement, HtmlElement};

use super::link::Target;
use super::links;
use super::load::excerpt;
use super::look::Beside;
use super::page::Page;
use super::room::observe;
use super::shades::between;
use super::thumbnail::thumbnail;
use crate::erase::effect;
use crate::signal::{RwSignal, memo};
use crate::{canvas, dom, frame, patterns};

/// Of more prompts, the block is listed that the shown one is in.
const BLOCK: usize = 400;

/// The prompts that are listed with the one at `place`.
fn block(place: usize, n: usize) -> Range<usize> {
    let first = place / BLOCK * BLOCK;
    first..(first + BLOCK).min(n)
}

#[derive(Debug, Default)]
struct Tiles {
    links: Vec<HtmlElement>,
    is_drawn: Vec<bool>,
    running: Option<AbortHandle>,
}

/// What is listed: the heads of a layer, or a block of prompts.
#[derive(Debug, Clone, PartialEq)]
enum List {
    Heads { model: String, layer: usize, n: usize },
    Prompts { model: String, block: Range<usize>, n: usize },
}

/// Brings the card to life.
pub fn start(page: Page, root: &Element) {
    let field = dom::part(root, "beside");
    let tiles = Rc::new(RefCell::new(Tiles::default()));
    let at = memo(move || page.shown.with(|shown| shown.as_ref().map(|s| (s.target.clone(), s.n_heads))));
    let kind = memo(move || page.look.with(|look| look.beside));
    let list = memo(move || {
        let (target, n_heads) = at.get()?;
        let model = target.id.model;
        Some(match kind.get() {
            Beside::Layer => List::Heads { model, layer: target.id.head.layer, n: n_heads },
            Beside::Prompts => page.prompts.with(|prompts| {
                let place = prompts.iter().position(|p| p.hash == target.hash).unwrap_or_default();
                List::Prompts { model, block: block(place, prompts.len()), n: prompts.len() }
            }),
        })
    });
    let (all, here) = (tiles.clone(), field.clone());
    effect(move || {
        let links = list.get().map(|list| build(page, &list)).unwrap_or_default();
        dom::put(&here, &links);
        let is_drawn = vec![false; links.len()];
        let mut all = all.borrow_mut();
        (all.links, all.is_drawn) = (links, is_drawn);
    });
    // The one that is shown large, in view.
    let (all, here) = (tiles.clone(), field.clone());
    effect(move || {
        list.track();
        let Some((target, _)) = at.get() else { return };
        for link in &all.borrow().links {
            let is_current = links::target(page, link).is_some_and(|to| to == target);
            dom::set_or_remove(link, "aria-current", is_current.then_some("true"));
            if is_current {
                reveal(&here, link);
            }
        }
    });
    let colours = memo(move || page.small_colours((0.0, 0.0)));
    let room = RwSignal::new((0.0, 0.0));
    observe(&field, room);
    let (all, here) = (tiles.clone(), field.clone());
    effect(move || {
        list.track();
        colours.track();
        page.appearance.track();
        room.track();
        if at.with(Option::is_some) {
            all.borrow_mut().is_drawn.fill(false);
            draw(page, &all, &here);
        }
    });
    let here = field.clone();
    dom::listen(&field, "scroll", move |_: Event| draw(page, &tiles, &here));
}

fn build(page: Page, list: &List) -> Vec<HtmlElement> {
    let tile = |link: HtmlElement, caption: &str, says: &str, name: String| {
        let picture = dom::element("canvas", &[("aria-hidden", "true")]);
        dom::set(&link, "title", says);
        for child in [picture, dom::make("span", "", caption)] {
            dom::append(&link, &child);
        }
        dom::named(link, &name)
    };
    match list {
        &List::Heads { layer, n, .. } => (0..n)
            .map(|head| {
                let head = LayerHead { layer, head };
                let name = format!("beside-{head}");
                tile(links::link(page, Some(head), None), &head.to_string(), &head.to_string(), name)
            })
            .collect(),
        List::Prompts { block, .. } => page.prompts.with_untracked(|prompts| {
            let one = |place: usize| {
                let prompt = &prompts[place];
                let caption = format!("{} {}", place + 1, excerpt(&prompt.text));
                let link = links::link(page, None, Some(&prompt.hash));
                tile(link, &caption, &caption, format!("beside-{}", prompt.hash))
            };
            block.clone().filter(|&place| place < prompts.len()).map(one).collect()
        }),
    }
}

fn reveal(field: &HtmlElement, link: &HtmlElement) {
    let (top, high) = (link.offset_top(), link.offset_height());
    if top < field.scroll_top() || top + high > field.scroll_top() + field.client_height() {
        field.set_scroll_top(top - (field.client_height() - high) / 2);
    }
}

/// Draws what is in view and not drawn yet. What was to be drawn before is given up.
fn draw(page: Page, tiles: &Rc<RefCell<Tiles>>, field: &HtmlElement) {
    let mut all = tiles.borrow_mut();
    all.running.take().into_iter().for_each(|running| running.abort());
    let edges = |at: usize| {
        let link = &all.links[at];
        (f64::from(link.offset_top()), f64::from(link.offset_top() + link.offset_height()))
    };
    let (top, high) = (f64::from(field.scroll_top()), f64::from(field.client_height()));
    let due: Vec<usize> =
        between(all.links.len(), edges, top, top + high).filter(|&at| high > 0.0 && !all.is_drawn[at]).collect();
    let tiles = tiles.clone();
    let (work, running) = abortable(async move {
        for at in due {
            let Some(link) = tiles.borrow().links.get(at).cloned() else { return };
            let Some(target) = links::target(page, &link) else { return };
            if paint(page, &link, target).await.is_err() {
                // Another prompt's picture may be there. The large pattern says why when it is chosen.
                let picture: HtmlCanvasElement = dom::find(&link, "canvas").unchecked_into();
                picture.set_width(picture.width());
            } else if let Some(is_drawn) = tiles.borrow_mut().is_drawn.get_mut(at) {
                *is_drawn = true;
            }
            frame::turn().await;
        }
    });
    all.running = Some(running);
    spawn_local(async move {
        let _given_up_quietly = work.await;
    });
}

async fn paint(page: Page, link: &HtmlElement, target: Target) -> Result<(), String> {
    let (model, head) = (&target.id.model, target.id.head);
    let overview = patterns::overview(model, &target.hash).await?;
    let layer = patterns::overview_layer(model, &target.hash, head.layer).await?;
    let own = overview.range(head.layer, head.head);
    let colours = untrack(|| page.small_colours(own));
    let picture: HtmlCanvasElement = dom::find(link, "canvas").unchecked_into();
    let side = f64::from(picture.client_width());
    if side > 0.0 && overview.meta.overview_side() > 0 {
        let pixels = (side * canvas::pixel_ratio()).round() as usize;
        let image = thumbnail(&overview.meta, &layer.head(head.head), own, &colours, &colours.lut(), pixels);
        canvas::fit(&picture, side, side);
        if let Some(context) = canvas::context(&picture) {
            canvas::put(&context, &image, pixels, 0.0, 0.0);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_prompts_are_listed_in_blocks() {
        assert_eq!(
            (block(3, 8), block(399, 1000), block(400, 1000), block(999, 1000)),
            (0..8, 0..400, 400..800, 800..1000)
        );
        assert_eq!(block(0, 0), 0..0);
    }
}
