//! What the heatmap is drawn on: two canvases, redrawn at most once a frame. The lower one has the matrix and its
//! axes, the upper one what follows the pointer.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;
use web_sys::HtmlCanvasElement;

use super::axes;
use super::colours::Colours;
use super::drawing::Scene;
use super::frame::Frame;
use super::geometry::{Cell, Geometry};
use super::ink::Ink;
use super::page::{Page, Shown};
use super::raster::Place;
use crate::canvas;
use crate::erase::{effect, memo};

/// A box smaller than this is not laid out yet, or cannot be seen.
const SMALLEST_PX: f64 = 80.0;

/// What is due in the next frame.
#[derive(Debug, Clone, Copy, Default)]
struct Due {
    base: bool,
    overlay: bool,
    is_scheduled: bool,
}

/// The parts that drawing needs.
#[derive(Debug, Clone, Copy)]
pub struct Board {
    pub page: Page,
    pub base: NodeRef<html::Canvas>,
    pub overlay: NodeRef<html::Canvas>,
    /// Of the box that the canvases fill.
    pub size: RwSignal<(f64, f64)>,
    colours: Memo<Colours>,
    indices: Memo<Arc<Vec<Place>>>,
    labels: Memo<Arc<Vec<String>>>,
    /// Colours and frame of the last drawing of the base.
    drawn: StoredValue<Option<(Ink, Frame)>>,
    due: StoredValue<Due>,
}

impl Board {
    /// Draws whenever something that is drawn changes.
    pub fn new(page: Page) -> Self {
        let colours = memo(move || page.colours());
        let window_in_view = memo(move || page.window());
        let board = Board {
            page,
            base: NodeRef::new(),
            overlay: NodeRef::new(),
            size: RwSignal::new((0.0, 0.0)),
            colours,
            indices: memo(move || {
                let Colours { scale, range, .. } = colours.get();
                page.matrix().map(|matrix| Arc::new(matrix.indices(scale, range))).unwrap_or_default()
            }),
            labels: memo(move || {
                let spelled = |shown: &Shown| Arc::new(axes::spelled(&shown.labels));
                page.shown.with(|shown| shown.as_ref().map(spelled)).unwrap_or_default()
            }),
            drawn: StoredValue::new(None),
            due: StoredValue::new(Due::default()),
        };
        effect(move || {
            board.indices.track();
            board.labels.track();
            colours.track();
            window_in_view.track();
            board.size.track();
            page.appearance.track();
            board.request(true);
        });
        effect(move || {
            let _tracked = (page.focus(), page.selection());
            board.request(false);
        });
        board
    }

    /// Draws in the next frame, however often it was asked for.
    fn request(self, base: bool) {
        let was_scheduled = self.due.try_update_value(|due| {
            due.base |= base;
            due.overlay = true;
            std::mem::replace(&mut due.is_scheduled, true)
        });
        if was_scheduled == Some(false) {
            request_animation_frame(move || {
                if let Some(due) = self.due.try_update_value(std::mem::take) {
                    self.draw(due);
                }
            });
        }
    }

    fn draw(self, due: Due) {
        let (Some(base), Some(overlay)) = (self.base.get_untracked(), self.overlay.get_untracked()) else { return };
        let Some(shown) = self.page.shown.get_untracked() else { return };
        if due.base {
            self.draw_base(&base, &overlay, &shown);
        }
        if due.overlay {
            self.draw_overlay(&overlay, &shown);
        }
    }

    fn draw_base(self, base: &HtmlCanvasElement, overlay: &HtmlCanvasElement, shown: &Shown) {
        let (width, height) = self.size.get_untracked();
        if width < SMALLEST_PX || height < SMALLEST_PX {
            return;
        }
        let labels = self.labels.get_untracked();
        canvas::fit(base, width, height);
        canvas::fit(overlay, width, height);
        let Some(context) = canvas::context(base) else { return };
        let ink = Ink::of(base);
        let ratio = canvas::pixel_ratio();
        let frame = Frame::new(width, height, axes::widest(&context, &ink, &labels, width), ratio);
        self.with_scene(shown, &ink, frame, |scene| scene.draw(&context));
        // Left, top and side of the square within the canvas, for whoever points at a cell from outside.
        let square = format!("{} {} {}", frame.left, frame.top, frame.side);
        let _attribute_names_are_valid = overlay.set_attribute("data-square", &square);
        self.drawn.set_value(Some((ink, frame)));
    }

    fn draw_overlay(self, overlay: &HtmlCanvasElement, shown: &Shown) {
        let Some((ink, frame)) = self.drawn.get_value() else { return };
        let Some(context) = canvas::context(overlay) else { return };
        let ratio = canvas::pixel_ratio();
        let _finite = context.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0);
        context.clear_rect(0.0, 0.0, overlay.width().into(), overlay.height().into());
        let (selected, (focus, role)) = untrack(|| (self.page.selection(), self.page.focus()));
        self.with_scene(shown, &ink, frame, |scene| {
            let (query, key) = selected.lines(role);
            scene.crosshair(&context, query, key, true);
            let (query, key) = focus.lines(role);
            if focus != selected {
                scene.crosshair(&context, query, key, false);
            }
            scene.flags(&context, query, key);
        });
    }

    fn with_scene(self, shown: &Shown, ink: &Ink, frame: Frame, work: impl FnOnce(Scene)) {
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
            lut: &colours.lut(),
            centre: colours.centre(),
            labels: &labels,
            frame,
            window,
            ratio: canvas::pixel_ratio(),
            ink,
        });
    }

    /// Where cells are on the canvas as it was drawn last.
    pub fn geometry(self) -> Option<(Geometry, Frame)> {
        let frame = self.drawn.get_value()?.1;
        let n = self.page.shown.with_untracked(|shown| shown.as_ref().map(|s| s.matrix.n))?;
        let window = untrack(|| self.page.window());
        Some((Geometry { n, window, side: frame.side }, frame))
    }

    /// The cell at a place of the canvas.
    pub fn cell_at(self, x: f64, y: f64) -> Option<Cell> {
        let (geometry, frame) = self.geometry()?;
        let (x, y) = frame.inside(x, y);
        geometry.cell_at(x, y)
    }
}
