//! The figures, of which only those in view exist: they are fetched, drawn and kept as long as they are seen.

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use lens_schema::path;
use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlElement, KeyboardEvent, MouseEvent, ResizeObserver};

use crate::dom;
use crate::erase::effect;
use crate::frame;
use crate::grid::band::Band;
use crate::grid::hover::Hover;
use crate::grid::layout::{Content, Layout, Wish};
use crate::grid::order::{Key, Tile};
use crate::grid::row::pin;
use crate::grid::shade::Shade;
use crate::grid::state::State;
use crate::grid::store::Store;
use crate::grid::tiles::Tiles;
use crate::signal::{RwSignal, memo};
use crate::url::{Query, Step};

/// Milliseconds of a frame that making rows may use.
const SLICE_MS: f64 = 8.0;
/// Rows this far outside of the view, in CSS pixels, are there already.
const MARGIN: f64 = 64.0;

/// The chosen figures, laid out. Each has another generation.
#[derive(Debug)]
pub struct Scene {
    pub generation: u64,
    pub tiles: Arc<Tiles>,
    pub layout: Layout,
    pub colour: Option<Key>,
    pub shade: Shade,
    /// How many of the first keys of the order have headings, and so need not be in captions.
    pub headed: Vec<Key>,
    /// What a row's label names.
    pub row: Option<Key>,
    /// The page's address, for links to other choices.
    address: Query,
}

impl PartialEq for Scene {
    fn eq(&self, other: &Self) -> bool {
        self.generation == other.generation
    }
}

impl Scene {
    /// The page with the members of an average one by one.
    pub fn members_url(&self, tile: &Tile) -> String {
        let mut query = self.address.clone();
        let mut state = State::read(&query);
        state.keep_members(&self.tiles, tile);
        state.write(&mut query);
        format!("{}?{query}", path::INDEX_HTML)
    }
}

/// The lines that are on the page, and what listens to them.
#[derive(Debug)]
struct Shown {
    store: Store,
    root: HtmlElement,
    scene: RefCell<Arc<Scene>>,
    /// What is there, with its place among the bands of the layout, in their order.
    bands: RefCell<Vec<(usize, Band)>>,
    /// Those that are to be there, and whether the rest of them is made in the next frame.
    wanted: RefCell<Range<usize>>,
    is_making: Cell<bool>,
    pins: RefCell<Vec<String>>,
    /// The tile that the tabulator key reaches; always one that exists.
    active: Cell<usize>,
    hover: Hover,
}

#[component]
pub fn Figures() -> impl IntoView {
    let store = Store::here();
    let root = NodeRef::<html::Div>::new();
    let width = RwSignal::new(0.0);
    // Top and bottom of the view, in the figures' own coordinates.
    let view = RwSignal::new((0.0, 0.0));
    let measure = move || {
        let Some(root) = root.get_untracked() else { return };
        let rect = root.get_bounding_client_rect();
        if (rect.width() - width.get_untracked()).abs() >= 1.0 {
            width.set(rect.width());
        }
        let now = (-rect.top(), window_height() - rect.top());
        if now != view.get_untracked() {
            view.set(now);
        }
    };
    watch_size(root, measure);

    let look = memo(move || {
        let width = width.get();
        store.state.with(|s| {
            let wish = Wish { width, tile: s.tile as f64, per_row: s.per_row, row: s.row, headings: s.headings };
            (s.order.clone(), wish, s.colour, s.shade)
        })
    });
    let generations = AtomicU64::new(0);
    let scene = memo(move || {
        store.progress.attempt.track();
        let tiles = store.tiles.get();
        let (order, wish, colour, shade) = look.get();
        let layout = Layout::new(&tiles.tiles, &order, wish);
        let headed = order.grouping().iter().take(wish.headings).map(|r| r.key).collect();
        Arc::new(Scene {
            generation: generations.fetch_add(1, Ordering::Relaxed),
            tiles,
            layout,
            colour,
            shade,
            headed,
            row: wish.row,
            address: store.address.with_untracked(Query::clone),
        })
    });
    let visible = memo(move || {
        let (top, bottom) = view.get();
        scene.with(|s| s.layout.visible(top - MARGIN, bottom + MARGIN))
    });
    let pins = memo(move || store.state.with(|s| s.pins.clone()));
    let shown = StoredValue::new_local(None::<Rc<Shown>>);
    effect(move || {
        let Some(root) = root.get() else { return };
        let (scene, visible) = (scene.get(), visible.get());
        let before = shown.get_value();
        let shown = before.unwrap_or_else(|| {
            let new = Shown::new(store, root.unchecked_into(), scene.clone(), measure);
            shown.set_value(Some(new.clone()));
            new
        });
        shown.pins.replace(pins.get());
        shown.show(scene, visible);
    });
    // What was under the pointer is no longer.
    effect(move || {
        view.track();
        shown.with_value(|shown| shown.iter().for_each(|shown| shown.hover.leave()));
    });
    on_cleanup(move || shown.dispose());
    view! { <div class="figures" data-testid="figures" node_ref=root></div> }
}

impl Shown {
    fn new(store: Store, root: HtmlElement, scene: Arc<Scene>, measure: impl Fn() + Copy + 'static) -> Rc<Self> {
        let hover = Hover::new(&root);
        let shown = Rc::new(Shown {
            store,
            root: root.clone(),
            scene: RefCell::new(scene),
            bands: RefCell::default(),
            wanted: RefCell::default(),
            is_making: Cell::default(),
            pins: RefCell::default(),
            active: Cell::default(),
            hover,
        });
        let on_key = shown.clone();
        dom::listen(&root, "keydown", move |event: KeyboardEvent| on_key.key(&event, measure));
        let on_click = shown.clone();
        dom::listen(&root, "click", move |event: MouseEvent| on_click.click(&event));
        let on_focus = shown.clone();
        dom::listen(&root, "focusin", move |event: MouseEvent| {
            if let Some(tile) = tile_of(&event) {
                on_focus.activate(tile);
                on_focus.point(&event, tile, false);
            }
        });
        let on_move = shown.clone();
        dom::listen(&root, "pointermove", move |event: MouseEvent| match tile_of(&event) {
            Some(tile) => on_move.point(&event, tile, true),
            None => on_move.hover.leave(),
        });
        for leaving in ["pointerleave", "focusout", "pointerdown"] {
            let on_leave = shown.clone();
            dom::listen(&root, leaving, move |_: MouseEvent| on_leave.hover.leave());
        }
        shown
    }

    /// Makes what is in view, and drops what is not.
    fn show(self: &Rc<Self>, scene: Arc<Scene>, visible: Range<usize>) {
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
        let scene = self.scene.borrow().clone();
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
                    let shown = self.clone();
                    request_animation_frame(move || {
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
            let _names_are_valid = (link.class_list().remove_1("pinned"), link.remove_attribute("aria-description"));
        }
        if pins.is_empty() {
            return;
        }
        let scene = self.scene.borrow();
        for link in dom::all(&self.root, "a.tile") {
            let tile = index_of(&link).and_then(|i| scene.tiles.tiles.get(i));
            if tile.and_then(|tile| pin(&scene.tiles, tile)).is_some_and(|pin| pins.contains(&pin.write())) {
                let _names_are_valid = link.class_list().add_1("pinned");
                dom::set(&link, "aria-description", "pinned");
            }
        }
    }

    /// Makes a tile the one that the tabulator key reaches.
    fn activate(&self, tile: usize) {
        self.active.set(tile);
        let selector = format!("[tabindex=\"0\"], [data-index=\"{tile}\"]");
        for link in dom::all(&self.root, &selector) {
            dom::set(&link, "tabindex", if index_of(&link) == Some(tile) { "0" } else { "-1" });
        }
    }

    fn click(&self, event: &MouseEvent) {
        let scene = self.scene.borrow().clone();
        if let Some(only) = dom::closest(event, "[data-only]").and_then(|b| b.get_attribute("data-only")) {
            let Some((key, first)) = only.split_once(' ') else { return };
            if let (Some(key), Ok(first)) = (Key::parse(key), first.parse::<usize>()) {
                self.store.edit(Step::Push, |s| s.keep_only(&scene.tiles, &scene.tiles.tiles[first], key));
            }
        } else if event.shift_key()
            && let Some(tile) = tile_of(event)
        {
            event.prevent_default();
            self.pin(tile);
        }
    }

    fn pin(&self, tile: usize) {
        let scene = self.scene.borrow().clone();
        if let Some(pin) = scene.tiles.tiles.get(tile).and_then(|tile| pin(&scene.tiles, tile)) {
            self.store.edit(Step::Push, |s| s.pin(&pin.write()));
        }
    }

    fn key(&self, event: &KeyboardEvent, measure: impl Fn()) {
        let Some(tile) = tile_of(event) else { return };
        let held = event.ctrl_key() || event.meta_key();
        if event.key() == "p" && !held && !event.alt_key() {
            return self.pin(tile);
        }
        let scene = self.scene.borrow().clone();
        let Some(to) = step(&scene, tile, &event.key(), held) else { return };
        event.prevent_default();
        self.active.set(to);
        reveal(&scene.layout, &self.root, to);
        measure();
        // The row is there after the next frame.
        let root = self.root.clone();
        request_animation_frame(move || dom::focus(dom::first(&root, &format!("[data-index=\"{to}\"]"))));
    }

    /// Shows what a tile has under the pointer, or its largest value.
    fn point(&self, event: &MouseEvent, tile: usize, at_pointer: bool) {
        let scene = self.scene.borrow().clone();
        let average = scene.layout.band_of(tile).and_then(|band| {
            let bands = self.bands.borrow();
            let (_, band) = bands.iter().find(|(there, _)| *there == band)?;
            band.row.as_ref()?.average(tile)
        });
        self.hover.show(&scene, tile, average, event, at_pointer);
    }
}

/// The tile that an event is about.
fn tile_of(event: &web_sys::Event) -> Option<usize> {
    dom::closest(event, "a.tile").as_ref().and_then(index_of)
}

fn index_of(link: &HtmlElement) -> Option<usize> {
    link.get_attribute("data-index")?.parse().ok()
}

fn window_height() -> f64 {
    window().inner_height().ok().and_then(|h| h.as_f64()).unwrap_or_default()
}

/// Calls `measure` when the view may have moved: at most once a frame while scrolling.
fn watch_size(root: NodeRef<html::Div>, measure: impl Fn() + Copy + 'static) {
    let asked = Rc::new(Cell::new(false));
    let later = move || {
        if !asked.replace(true) {
            let asked = asked.clone();
            request_animation_frame(move || {
                asked.set(false);
                measure();
            });
        }
    };
    let (on_resize, on_size) = (later.clone(), later.clone());
    let scroll = window_event_listener(ev::scroll, move |_| later());
    let resize = window_event_listener(ev::resize, move |_| on_resize());
    // The size of what stands above the figures changes too.
    let sized = Closure::<dyn FnMut()>::new(on_size);
    let observer = ResizeObserver::new(sized.as_ref().unchecked_ref()).ok();
    let observer = StoredValue::new_local((observer, sized));
    Effect::new(move || {
        if let Some(root) = root.get() {
            observer.with_value(|(observer, _)| {
                let Some(observer) = observer else { return };
                observer.observe(&root);
                if let Some(pane) = root.parent_element() {
                    observer.observe(&pane);
                    let children = pane.children();
                    (0..children.length()).filter_map(|i| children.item(i)).for_each(|child| observer.observe(&child));
                }
            });
            measure();
        }
    });
    on_cleanup(move || {
        scroll.remove();
        resize.remove();
        observer.with_value(|(observer, _)| {
            if let Some(observer) = observer {
                observer.disconnect();
            }
        });
    });
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

/// Scrolls so that a tile's row is in view, below what sticks to the top.
fn reveal(layout: &Layout, root: &Element, tile: usize) {
    const TOP: f64 = 110.0;
    const BOTTOM: f64 = 16.0;
    let Some(band) = layout.band_of(tile).and_then(|i| layout.bands.get(i)) else { return };
    let top = root.get_bounding_client_rect().top() + band.top;
    let height = window_height();
    let by = if top < TOP {
        top - TOP
    } else if top + band.height > height - BOTTOM {
        (top + band.height - height + BOTTOM).min(top - TOP)
    } else {
        return;
    };
    window().scroll_by_with_x_and_y(0.0, by);
}
