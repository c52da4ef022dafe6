//! The heatmap: two canvases in a box, the pointer, and when to draw what.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;
use web_sys::{HtmlCanvasElement, PointerEvent, WheelEvent};

use super::drawing::{self, Scene};
use super::frame::Frame;
use super::geometry::{Cell, Geometry};
use super::gesture::{Gesture, Pointers, wheel_factor, wheel_pixels};
use super::ink::Ink;
use super::page::{Page, Shown};
use super::readout;
use super::room::observe;
use super::selection::{Role, Selection};
use crate::canvas;
use crate::url::Step;

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
struct Board {
    page: Page,
    base: NodeRef<html::Canvas>,
    overlay: NodeRef<html::Canvas>,
    size: RwSignal<(f64, f64)>,
    indices: Memo<Arc<Vec<u8>>>,
    labels: Memo<Arc<Vec<String>>>,
    /// Colours and frame of the last drawing of the base.
    drawn: StoredValue<Option<(Ink, Frame)>>,
    due: StoredValue<Due>,
}

impl Board {
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
        let frame = Frame::new(width, height, drawing::widest(&context, &ink, &labels, width), ratio);
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
        let (lut, window) = untrack(|| (self.page.lut(), self.page.window()));
        work(Scene {
            matrix: &shown.matrix,
            indices: &indices,
            lut: &lut,
            labels: &labels,
            frame,
            window,
            ratio: canvas::pixel_ratio(),
            ink,
        });
    }

    fn geometry(self) -> Option<(Geometry, Frame)> {
        let frame = self.drawn.get_value()?.1;
        let n = self.page.shown.with_untracked(|shown| shown.as_ref().map(|s| s.matrix.n))?;
        let window = untrack(|| self.page.window());
        Some((Geometry { n, window, side: frame.side }, frame))
    }

    fn cell_at(self, x: f64, y: f64) -> Option<Cell> {
        let (geometry, frame) = self.geometry()?;
        let (x, y) = frame.inside(x, y);
        geometry.cell_at(x, y)
    }

    fn act(self, gesture: Gesture) {
        let Some((geometry, frame)) = self.geometry() else { return };
        let page = self.page;
        match gesture {
            Gesture::Hover { x, y } => {
                let cell = self.cell_at(x, y);
                if page.hovered_cell.get_untracked() != cell {
                    page.hovered_cell.set(cell);
                }
            }
            Gesture::Tap { x, y } => {
                let Some(cell) = self.cell_at(x, y) else { return };
                let role = page.look.with_untracked(|look| look.role);
                let (selection, tapped) = (untrack(|| page.selection()), Selection::Cell(cell));
                page.select(Step::Push, if selection == tapped { Selection::None } else { tapped }, role);
            }
            Gesture::Pan { right, down } => {
                if !geometry.window.is_whole(geometry.n) {
                    page.set_window(Step::Replace, geometry.panned(right, down));
                }
            }
            Gesture::Pinch { x, y, factor, right, down } => {
                let (x, y) = frame.inside(x, y);
                let zoomed = Geometry { window: geometry.zoomed(x, y, factor), ..geometry };
                page.set_window(Step::Replace, zoomed.panned(right, down));
            }
        }
    }

    /// Ctrl and the wheel, or two fingers on a trackpad, zoom; the wheel alone moves what is in view while zoomed
    /// in, and is the page's otherwise.
    fn wheel(self, event: &WheelEvent) {
        let Some((geometry, frame)) = self.geometry() else { return };
        let mode = event.delta_mode();
        if event.ctrl_key() || event.meta_key() {
            event.prevent_default();
            let (x, y) = frame.inside(event.offset_x().into(), event.offset_y().into());
            let window = geometry.zoomed(x, y, wheel_factor(event.delta_y(), mode));
            self.page.set_window(Step::Replace, window);
        } else if !geometry.window.is_whole(geometry.n) {
            let (mut right, mut down) = (wheel_pixels(event.delta_x(), mode), wheel_pixels(event.delta_y(), mode));
            if event.shift_key() && right == 0.0 {
                (right, down) = (down, 0.0);
            }
            let window = geometry.panned(-right, -down);
            if window != geometry.window {
                event.prevent_default();
                self.page.set_window(Step::Replace, window);
            }
        }
    }
}

/// The heatmap of what is shown.
#[component]
pub fn Heatmap() -> impl IntoView {
    let page = Page::here();
    let field = NodeRef::<html::Div>::new();
    let scale = Memo::new(move |_| page.look.with(|look| look.scale));
    let range = Memo::new(move |_| page.range());
    let colormap = Memo::new(move |_| page.look.with(|look| look.colormap));
    let window_in_view = Memo::new(move |_| page.window());
    let board = Board {
        page,
        base: NodeRef::new(),
        overlay: NodeRef::new(),
        size: RwSignal::new((0.0, 0.0)),
        indices: Memo::new(move |_| {
            let indices = |shown: &Shown| Arc::new(shown.matrix.indices(scale.get(), range.get()));
            page.shown.with(|shown| shown.as_ref().map(indices)).unwrap_or_default()
        }),
        labels: Memo::new(move |_| {
            let spelled = |shown: &Shown| Arc::new(drawing::spelled(&shown.labels));
            page.shown.with(|shown| shown.as_ref().map(spelled)).unwrap_or_default()
        }),
        drawn: StoredValue::new(None),
        due: StoredValue::new(Due::default()),
    };
    Effect::new(move || {
        board.indices.track();
        board.labels.track();
        colormap.track();
        window_in_view.track();
        board.size.track();
        page.appearance.track();
        board.request(true);
    });
    Effect::new(move || {
        let _tracked = (page.focus(), page.selection());
        board.request(false);
    });
    observe(field, board.size);

    let pointers = StoredValue::new(Pointers::default());
    let place = |event: &PointerEvent| (f64::from(event.offset_x()), f64::from(event.offset_y()));
    let press = move |event: PointerEvent| {
        if event.button() != 0 {
            return;
        }
        let (x, y) = place(&event);
        pointers.update_value(|pointers| pointers.press(event.pointer_id(), x, y));
        if let Some(canvas) = board.overlay.get_untracked() {
            let _gone_pointers_need_no_capture = canvas.set_pointer_capture(event.pointer_id());
            let _focus_may_be_refused = canvas.focus();
        }
    };
    let go = move |event: PointerEvent| {
        let (x, y) = place(&event);
        let gesture = pointers.try_update_value(|pointers| pointers.go(event.pointer_id(), x, y)).flatten();
        gesture.into_iter().for_each(|gesture| board.act(gesture));
    };
    let release = move |event: PointerEvent| {
        let gesture = pointers.try_update_value(|pointers| pointers.release(event.pointer_id())).flatten();
        gesture.into_iter().for_each(|gesture| board.act(gesture));
    };
    let cancel = move |event: PointerEvent| pointers.update_value(|pointers| pointers.cancel(event.pointer_id()));
    let zoom_in = move |event: web_sys::MouseEvent| {
        if let Some((geometry, frame)) = board.geometry() {
            let (x, y) = frame.inside(event.offset_x().into(), event.offset_y().into());
            page.set_window(Step::Replace, geometry.zoomed(x, y, 2.0));
        }
    };
    let menu = move |event: web_sys::MouseEvent| {
        let Some(cell) = board.cell_at(event.offset_x().into(), event.offset_y().into()) else { return };
        event.prevent_default();
        page.select(Step::Push, Selection::Token(cell.query), Role::Query);
    };
    let label = move || page.shown.with(|shown| shown.as_ref().map_or_else(String::new, readout::description));
    view! {
        <div class="board" node_ref=field class:zoomed=move || !window_in_view.with(|w| page.is_whole(*w))>
            <canvas class="cells" node_ref=board.base aria-hidden="true"></canvas>
            <canvas
                class="crosshair"
                node_ref=board.overlay
                data-testid="heatmap"
                role="application"
                aria-roledescription="attention heatmap"
                aria-label=label
                aria-describedby="heatmap-keys"
                tabindex="0"
                on:pointerdown=press
                on:pointermove=go
                on:pointerup=release
                on:pointercancel=cancel
                on:pointerleave=move |_| page.hovered_cell.set(None)
                on:dblclick=zoom_in
                on:contextmenu=menu
                on:wheel=move |event| board.wheel(&event)
            ></canvas>
            <p class="sr-only" id="heatmap-keys">
                "Arrow keys move one cell, with Ctrl ten; Escape clears; the question mark lists all keys."
            </p>
        </div>
    }
}
