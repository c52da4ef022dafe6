//! Draws the boards, each on two canvases as the large heatmap, and follows the mouse on them. What is said of a board
//! is in the card; this finds its canvases by their place.

use std::cell::{Cell as Slot, RefCell};
use std::rc::Rc;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlCanvasElement, HtmlElement, MouseEvent, WheelEvent};

use super::{Comparison, Picture};
use crate::erase::effect;
use crate::signal::{RwSignal, memo};
use crate::single::axes;
use crate::single::drawing::Scene;
use crate::single::frame::Frame;
use crate::single::geometry::{Cell, Geometry};
use crate::single::gesture::{wheel_factor, wheel_pixels};
use crate::single::ink::Ink;
use crate::single::room::observe;
use crate::url::Step;
use crate::{canvas, dom};

/// A box smaller than this is not laid out yet.
const SMALLEST_PX: i32 = 40;

/// A frame without room for profiles beside the square.
fn frame(width: f64, height: f64, label: f64) -> Frame {
    let ratio = canvas::pixel_ratio();
    let band = Frame::new(width, height, label, ratio).band;
    let frame = Frame::new(width + band, height + band, label, ratio);
    Frame { top: frame.top - frame.band, band: 0.0, ..frame }
}

/// The canvases of all boards.
#[derive(Debug)]
pub struct Canvases {
    comparison: Comparison,
    root: HtmlElement,
    /// Where the squares were drawn last.
    frames: RefCell<Vec<Option<Frame>>>,
    /// What is due in the next frame: nothing, what follows the mouse, or everything.
    due: Slot<u8>,
}

const OVERLAY: u8 = 1;
const ALL: u8 = 2;

impl Canvases {
    /// Draws below `root` whenever something that is drawn changes.
    pub fn new(comparison: Comparison, root: HtmlElement) -> Rc<Self> {
        let size = RwSignal::new((0.0, 0.0));
        observe(&root, size);
        let canvases = Rc::new(Canvases { comparison, root, frames: RefCell::default(), due: Slot::new(0) });
        let page = comparison.page;
        let in_view = memo(move || page.window());
        let all = canvases.clone();
        effect(move || {
            comparison.boards.track();
            size.track();
            page.appearance.track();
            in_view.track();
            all.request(ALL);
        });
        let all = canvases.clone();
        effect(move || {
            let _tracked = (page.focus(), comparison.hovered.get());
            all.request(OVERLAY);
        });
        canvases
    }

    fn request(self: &Rc<Self>, what: u8) {
        let before = self.due.get();
        self.due.set(what.max(before));
        if before == 0 {
            let this = self.clone();
            request_animation_frame(move || this.draw());
        }
    }

    fn draw(&self) {
        let due = self.due.take();
        let Some(boards) = self.comparison.boards.try_get_untracked() else { return };
        for (place, board) in boards.iter().enumerate() {
            let (Ok(picture), Some([base, overlay])) = (&board.picture, self.canvases(place)) else { continue };
            if due == ALL {
                self.draw_base(place, picture, &base, &overlay);
            }
            self.draw_overlay(place, picture, &overlay);
        }
    }

    fn canvases(&self, place: usize) -> Option<[HtmlCanvasElement; 2]> {
        let find = |kind: &str| {
            let found = dom::first(&self.root, &format!("canvas.{kind}[data-place=\"{place}\"]"));
            found.map(|canvas| canvas.unchecked_into::<HtmlCanvasElement>())
        };
        Some([find("cells")?, find("crosshair")?])
    }

    fn draw_base(&self, place: usize, picture: &Picture, base: &HtmlCanvasElement, overlay: &HtmlCanvasElement) {
        let (width, height) = (base.client_width(), base.client_height());
        if width.min(height) < SMALLEST_PX {
            return;
        }
        let (width, height) = (f64::from(width), f64::from(height));
        canvas::fit(base, width, height);
        canvas::fit(overlay, width, height);
        let Some(context) = canvas::context(base) else { return };
        let ink = Ink::of(base);
        let label = axes::widest(&context, &ink, &picture.labels, width);
        let frame = frame(width, height, label);
        self.with_scene(picture, &ink, frame, |scene| scene.draw(&context));
        // As on the large heatmap, for whoever points at a cell from outside.
        let square = format!("{} {} {}", frame.left, frame.top, frame.side);
        dom::set(overlay, "data-square", &square);
        let mut frames = self.frames.borrow_mut();
        let known = frames.len();
        frames.resize(known.max(place + 1), None);
        frames[place] = Some(frame);
    }

    fn draw_overlay(&self, place: usize, picture: &Picture, overlay: &HtmlCanvasElement) {
        let frame = self.frames.borrow().get(place).copied().flatten();
        let (Some(frame), Some(context)) = (frame, canvas::context(overlay)) else { return };
        let ratio = canvas::pixel_ratio();
        let _finite = context.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0);
        context.clear_rect(0.0, 0.0, overlay.width().into(), overlay.height().into());
        let (query, key) = untrack(|| self.comparison.focus(picture.matrix.n));
        self.with_scene(picture, &Ink::of(overlay), frame, |scene| {
            scene.crosshair(&context, (query.into_iter().collect(), key.into_iter().collect()), false);
            scene.flags(&context, query, key);
        });
    }

    fn with_scene(&self, picture: &Picture, ink: &Ink, frame: Frame, work: impl FnOnce(Scene)) {
        let matrix = &picture.matrix;
        if matrix.n == 0 || picture.labels.len() != matrix.n {
            return;
        }
        work(Scene {
            matrix,
            indices: &picture.indices,
            colours: picture.colours,
            lut: &picture.lut(),
            labels: &picture.labels,
            frame,
            window: untrack(|| self.comparison.window(matrix.n)),
            transposed: self.is_transposed(),
            ratio: canvas::pixel_ratio(),
            ink,
        });
    }

    fn is_transposed(&self) -> bool {
        self.comparison.page.look.with_untracked(|look| look.transposed)
    }

    /// The board under the mouse, the place on it, and where its cells are.
    fn under(&self, event: &MouseEvent) -> Option<(Geometry, f64, f64)> {
        let place: usize = dom::closest(event, "canvas[data-place]")?.get_attribute("data-place")?.parse().ok()?;
        let frame = self.frames.borrow().get(place).copied().flatten()?;
        let n =
            self.comparison.boards.with_untracked(|boards| Some(boards.get(place)?.picture.as_ref().ok()?.matrix.n))?;
        let window = untrack(|| self.comparison.window(n));
        let (x, y) = frame.inside(event.offset_x().into(), event.offset_y().into());
        Some((Geometry { n, window, side: frame.side, transposed: self.is_transposed() }, x, y))
    }

    fn cell(&self, event: &MouseEvent) -> Option<(usize, Cell)> {
        let (geometry, x, y) = self.under(event)?;
        Some((geometry.n, geometry.cell_at(x, y)?))
    }

    /// Follows the mouse.
    pub fn go(&self, event: &MouseEvent) {
        self.comparison.hover(self.cell(event));
    }

    /// Selects the cell under the mouse, where A has it too.
    pub fn click(&self, event: &MouseEvent) {
        if let Some((n, cell)) = self.cell(event)
            && untrack(|| self.comparison.is_linked(n))
        {
            self.comparison.select(cell);
        }
    }

    /// As on the large heatmap: with Ctrl zooms, and moves what is in view while zoomed in.
    pub fn wheel(&self, event: &WheelEvent) {
        let Some((geometry, x, y)) = self.under(event) else { return };
        if !untrack(|| self.comparison.is_linked(geometry.n)) {
            return;
        }
        let mode = event.delta_mode();
        let window = if event.ctrl_key() || event.meta_key() {
            event.prevent_default();
            geometry.zoomed(x, y, wheel_factor(event.delta_y(), mode))
        } else {
            geometry.panned(-wheel_pixels(event.delta_x(), mode), -wheel_pixels(event.delta_y(), mode))
        };
        if window != geometry.window {
            event.prevent_default();
            self.comparison.page.set_window(Step::Replace, window);
        }
    }
}
