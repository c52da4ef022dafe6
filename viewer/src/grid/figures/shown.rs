//! What is on the page of the figures: the lines that exist, and the marks on their tiles.

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use leptos::prelude::request_animation_frame;
use web_sys::HtmlElement;

use crate::grid::average::Average;
use crate::grid::band::Band;
use crate::grid::hover::Hover;
use crate::grid::layout::Content;
use crate::grid::row::pin;
use crate::grid::scene::Scene;
use crate::grid::store::Store;
use crate::{dom, frame};

/// Milliseconds of a frame that making rows may use.
const SLICE_MS: f64 = 8.0;

/// The lines that are on the page.
#[derive(Debug)]
pub struct Shown {
    pub store: Store,
    pub root: HtmlElement,
    scene: RefCell<Arc<Scene>>,
    /// What is there, with its place among the bands of the layout, in their order.
    bands: RefCell<Vec<(usize, Band)>>,
    /// Those that are to be there, and whether the rest of them is made in the next frame.
    wanted: RefCell<Range<usize>>,
    is_making: Cell<bool>,
    pub pins: RefCell<Vec<String>>,
    /// The tile that the tabulator key reaches; always one that exists.
    pub active: Cell<usize>,
    pub hover: Hover,
}

impl Shown {
    pub fn new(store: Store, root: HtmlElement, scene: Arc<Scene>) -> Rc<Self> {
        Rc::new(Shown {
            store,
            hover: Hover::new(&root),
            root,
            scene: RefCell::new(scene),
            bands: RefCell::default(),
            wanted: RefCell::default(),
            is_making: Cell::default(),
            pins: RefCell::default(),
            active: Cell::default(),
        })
    }

    pub fn scene(&self) -> Arc<Scene> {
        self.scene.borrow().clone()
    }

    /// Makes what is in view, and drops what is not.
    pub fn show(self: &Rc<Self>, scene: Arc<Scene>, visible: Range<usize>) {
        let layout = &scene.layout;
        let mut bands = self.bands.borrow_mut();
        if *self.scene.borrow() != scene || bands.is_empty() {
            bands.clear();
            self.hover.leave();
            for (name, length) in [
                ("height", layout.height),
                ("--tile", layout.tile),
                ("--gap", layout.gap),
                ("--gutter", layout.gutter),
                ("--caption", layout.caption),
            ] {
                dom::style(&self.root, name, &format!("{length}px"));
            }
            dom::style(&self.root, "--columns", &layout.columns.to_string());
            self.scene.replace(scene.clone());
        }
        bands.retain(|(band, _)| visible.contains(band));
        drop(bands);
        let rows = layout.bands[visible.clone()].iter().filter_map(|b| match b.content {
            Content::Row { first, len, .. } => Some((first, len)),
            Content::Heading { .. } => None,
        });
        self.store.progress.in_view.set(rows.clone().map(|row| row.1).sum());
        if !layout.band_of(self.active.get()).is_some_and(|band| visible.contains(&band)) {
            self.active.set(rows.map(|row| row.0).min().unwrap_or(0));
        }
        self.wanted.replace(visible);
        self.make();
    }

    /// Makes what is not there yet: some of it now, the rest in the next frames, so that none of them takes long.
    fn make(self: &Rc<Self>) {
        let scene = self.scene();
        let began = frame::now();
        let wanted = self.wanted.borrow().clone();
        // First the one that may be about to be focused.
        let first = scene.layout.band_of(self.active.get()).filter(|band| wanted.contains(band));
        for band in first.into_iter().chain(wanted) {
            if self.bands.borrow().iter().any(|(there, _)| *there == band) {
                continue;
            }
            if frame::now() - began > SLICE_MS {
                if !self.is_making.replace(true) {
                    let shown = Rc::downgrade(self);
                    request_animation_frame(move || {
                        let Some(shown) = shown.upgrade() else { return };
                        shown.is_making.set(false);
                        shown.make();
                    });
                }
                break;
            }
            let new = Band::new(&scene, band, self.store.progress, self.active.get());
            let mut bands = self.bands.borrow_mut();
            // In the order of the page, which is that of the tabulator key.
            let place = bands.partition_point(|(there, _)| *there < band);
            let next = bands.get(place).map(|(_, next)| &next.element);
            let _parts_of_one_page = self.root.insert_before(&new.element, next.map(AsRef::as_ref));
            bands.insert(place, (band, new));
        }
        self.activate(self.active.get());
        self.mark(&self.pins.borrow());
    }

    /// Marks the tiles that are pinned.
    fn mark(&self, pins: &[String]) {
        for link in dom::all(&self.root, ".pinned") {
            dom::toggle(&link, "pinned", false);
            dom::set_or_remove(&link, "aria-description", None);
        }
        if pins.is_empty() {
            return;
        }
        let scene = self.scene.borrow();
        for link in dom::all(&self.root, "a.tile") {
            let tile = index_of(&link).and_then(|i| scene.tiles.tiles.get(i));
            if tile.and_then(|tile| pin(&scene.tiles, tile)).is_some_and(|pin| pins.contains(&pin.write())) {
                dom::toggle(&link, "pinned", true);
                dom::set(&link, "aria-description", "pinned");
            }
        }
    }

    /// Makes a tile the one that the tabulator key reaches.
    pub fn activate(&self, tile: usize) {
        self.active.set(tile);
        let selector = format!("[tabindex=\"0\"], [data-index=\"{tile}\"]");
        for link in dom::all(&self.root, &selector) {
            dom::set(&link, "tabindex", if index_of(&link) == Some(tile) { "0" } else { "-1" });
        }
    }

    /// The average that a tile shows, if it shows one that is there.
    pub fn average(&self, tile: usize) -> Option<Rc<Average>> {
        let band = self.scene.borrow().layout.band_of(tile)?;
        let bands = self.bands.borrow();
        let (_, band) = bands.iter().find(|(there, _)| *there == band)?;
        band.row.as_ref()?.average(tile)
    }
}

/// The tile that a link on the page stands for.
pub fn index_of(link: &HtmlElement) -> Option<usize> {
    link.get_attribute("data-index")?.parse().ok()
}
