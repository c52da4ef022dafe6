//! What the heatmap is drawn on: two canvases, redrawn at most once a frame. The lower one has the matrix and its
//! axes, or the lines; the upper one what follows the pointer.

use std::cell::{Cell as Shared, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use leptos::prelude::*;
use web_sys::HtmlCanvasElement;

use super::axes;
use super::colours::Colours;
use super::drawing::Scene;
use super::format;
use super::frame::Frame;
use super::geometry::{Cell, Geometry};
use super::ink::Ink;
use super::lines;
use super::look::View;
use super::page::{Page, Shown};
use super::raster::Place;
use super::selection::Role;
use crate::erase::effect;
use crate::signal::{Memo, RwSignal, memo};
use crate::{canvas, dom};

/// A box smaller than this is not laid out yet, or cannot be seen.
const SMALLEST_PX: f64 = 80.0;

/// What is due in the next frame.
#[derive(Debug, Clone, Copy, Default)]
struct Due {
    base: bool,
    is_scheduled: bool,
}

/// The parts that drawing needs.
#[derive(Debug)]
pub struct Board {
    pub page: Page,
    pub base: HtmlCanvasElement,
    pub overlay: HtmlCanvasElement,
    /// Of the box that the canvases fill.
    pub size: RwSignal<(f64, f64)>,
    /// How many lines there are, and how many of them are drawn.
    pub lines: RwSignal<(usize, usize)>,
    colours: Memo<Colours>,
    indices: Memo<Arc<Vec<Place>>>,
    labels: Memo<Arc<Vec<String>>>,
    /// Colours, frame and kind of the last drawing of the base.
    drawn: RefCell<Option<(Ink, Frame, View)>>,
    due: Shared<Due>,
}

impl Board {
    /// Draws whenever something that is drawn changes.
    pub fn new(page: Page, base: HtmlCanvasElement, overlay: HtmlCanvasElement) -> Rc<Self> {
        let colours = memo(move || page.colours());
        let is_transposed = memo(move || page.look.with(|look| look.transposed));
        let labels = memo(move || {
            let spelled = |shown: &Shown| Arc::new(axes::spelled(&shown.labels));
            page.shown.with(|shown| shown.as_ref().map(spelled)).unwrap_or_default()
        });
        let indices = memo(move || {
            let (colours, transposed) = (colours.get(), is_transposed.get());
            page.matrix().map(|matrix| Arc::new(matrix.indices(&colours, transposed))).unwrap_or_default()
        });
        let board = Rc::new(Board {
            page,
            base,
            overlay,
            size: RwSignal::new((0.0, 0.0)),
            lines: RwSignal::new((0, 0)),
            colours,
            indices,
            labels,
            drawn: RefCell::default(),
            due: Shared::default(),
        });
        let kind = memo(move || page.look.with(|look| (look.view, look.threshold)));
        let window_in_view = memo(move || page.window());
        let this = board.clone();
        effect(move || {
            indices.track();
            labels.track();
            window_in_view.track();
            kind.track();
            this.size.track();
            page.appearance.track();
            this.request(true);
        });
        let this = board.clone();
        effect(move || {
            let _tracked = (page.focus(), page.selection());
            this.request(false);
        });
        board
    }

    /// Draws in the next frame, however often it was asked for.
    fn request(self: &Rc<Self>, base: bool) {
        let due = self.due.get();
        self.due.set(Due { base: due.base || base, is_scheduled: true });
        if !due.is_scheduled {
            let this = self.clone();
            request_animation_frame(move || this.draw());
        }
    }

    fn draw(&self) {
        let due = self.due.take();
        let Some(shown) = self.page.shown.try_get_untracked().flatten() else { return };
        if due.base {
            self.draw_base(&shown);
        }
        self.draw_overlay(&shown);
    }

    fn draw_base(&self, shown: &Shown) {
        let (width, height) = self.size.get_untracked();
        if width < SMALLEST_PX || height < SMALLEST_PX {
            return;
        }
        let labels = self.labels.get_untracked();
        canvas::fit(&self.base, width, height);
        canvas::fit(&self.overlay, width, height);
        let Some(context) = canvas::context(&self.base) else { return };
        let ink = Ink::of(&self.base);
        let ratio = canvas::pixel_ratio();
        let widest = axes::widest(&context, &ink, &labels, width);
        let (view, threshold) = self.page.look.with_untracked(|look| (look.view, look.threshold));
        let frame = match view {
            View::Matrix => Frame::new(width, height, widest, ratio),
            View::Lines => Frame::lines(width, height, widest),
        };
        self.with_scene(shown, &ink, frame, |scene| match view {
            View::Matrix => scene.draw(&context),
            View::Lines => self.lines.set(scene.draw_lines(&context, threshold)),
        });
        // Left, top and side of the square within the canvas, for whoever points at a cell from outside.
        let square = format!("{} {} {}", frame.left, frame.top, frame.side);
        dom::set(&self.overlay, "data-square", &square);
        self.drawn.replace(Some((ink, frame, view)));
    }

    fn draw_overlay(&self, shown: &Shown) {
        let Some((ink, frame, view)) = self.drawn.borrow().clone() else { return };
        let Some(context) = canvas::context(&self.overlay) else { return };
        let ratio = canvas::pixel_ratio();
        let _finite = context.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0);
        context.clear_rect(0.0, 0.0, self.overlay.width().into(), self.overlay.height().into());
        let (selected, (focus, role)) = untrack(|| (self.page.selection(), self.page.focus()));
        let (chosen, threshold) = self.page.look.with_untracked(|look| (look.role, look.threshold));
        self.with_scene(shown, &ink, frame, |scene| {
            if view == View::Lines {
                return scene.highlight(&context, threshold, &focus, role);
            }
            scene.crosshair(&context, selected.all_lines(chosen), true);
            if focus != selected {
                scene.crosshair(&context, focus.all_lines(role), false);
            }
            scene.profiles(&context, &focus, role);
            let (query, key) = focus.lines(role);
            scene.flags(&context, query, key);
        });
    }

    fn with_scene(&self, shown: &Shown, ink: &Ink, frame: Frame, work: impl FnOnce(Scene)) {
        let (indices, labels) = (self.indices.get_untracked(), self.labels.get_untracked());
        let n = shown.matrix.n;
        if n == 0 || indices.len() != n * n || labels.len() != n {
            return;
        }
        let (matrix, window) = untrack(|| (self.page.matrix(), self.page.window()));
        let (Some(matrix), colours) = (matrix, self.colours.get_untracked()) else { return };
        work(Scene {
            matrix: &matrix,
            indices: &indices,
            colours,
            lut: &colours.lut(),
            labels: &labels,
            frame,
            window,
            transposed: self.page.look.with_untracked(|look| look.transposed),
            ratio: canvas::pixel_ratio(),
            ink,
        });
    }

    /// Where cells are on the canvas as it was drawn last.
    pub fn geometry(&self) -> Option<(Geometry, Frame, View)> {
        let (frame, view) = self.drawn.borrow().as_ref().map(|(_, frame, view)| (*frame, *view))?;
        let n = self.page.shown.with_untracked(|shown| shown.as_ref().map(|s| s.matrix.n))?;
        let window = untrack(|| self.page.window());
        let transposed = view == View::Matrix && self.page.look.with_untracked(|look| look.transposed);
        Some((Geometry { n, window, side: frame.side, transposed }, frame, view))
    }

    /// The cell at a place of the canvas.
    pub fn cell_at(&self, x: f64, y: f64) -> Option<Cell> {
        let (geometry, frame, view) = self.geometry()?;
        let (x, y) = frame.inside(x, y);
        geometry.cell_at(x, y).filter(|_| view == View::Matrix)
    }

    /// The token at a place beside the lines.
    pub fn token_at(&self, x: f64, y: f64) -> Option<(usize, Role)> {
        let (geometry, frame, view) = self.geometry()?;
        lines::token_at(&frame, geometry.window, geometry.n, x, y).filter(|_| view == View::Lines)
    }

    /// What is said of the lines: how many there are, and from what on.
    pub fn about_lines(&self) -> String {
        let (all, drawn) = self.lines.get();
        let count = |number: usize| format::count(number as u64);
        if drawn < all {
            format!("{} strongest of {} lines", count(drawn), count(all))
        } else {
            format!("{} line{}", count(all), if all == 1 { "" } else { "s" })
        }
    }
}
