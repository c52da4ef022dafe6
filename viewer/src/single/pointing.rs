//! What the mouse and fingers do on the heatmap.

use leptos::prelude::*;
use web_sys::WheelEvent;

use super::board::Board;
use super::frame::Frame;
use super::geometry::{Geometry, Window};
use super::gesture::{Gesture, wheel_factor, wheel_pixels};
use super::look::View;
use super::selection::Selection;
use crate::url::Step;

/// The window after a movement. Of lines, only the side under the pointer moves.
fn moved(geometry: &Geometry, frame: &Frame, view: View, x: f64, (right, down): (f64, f64)) -> Window {
    match view {
        View::Matrix => geometry.panned(right, down),
        View::Lines if x < (frame.left + frame.right) / 2.0 => geometry.panned(0.0, down),
        View::Lines => geometry.panned(down, 0.0),
    }
}

impl Board {
    /// Whether a place is on the small picture of the whole, and the window around that place.
    pub fn on_minimap(&self, x: f64, y: f64) -> Option<Window> {
        let (geometry, frame, view) = self.geometry()?;
        let (left, top, side) = frame.minimap()?;
        let (right, down) = ((x - left) / side, (y - top) / side);
        let is_there = view == View::Matrix && !geometry.window.is_whole(geometry.n);
        (is_there && (0.0..=1.0).contains(&right) && (0.0..=1.0).contains(&down)).then(|| geometry.around(down, right))
    }

    /// Does what a gesture asks for. Dragging moves what is in view while zoomed in, and the selection otherwise.
    pub fn act(&self, gesture: Gesture) {
        let Some((geometry, frame, view)) = self.geometry() else { return };
        let page = self.page;
        let role = page.look.with_untracked(|look| look.role);
        match gesture {
            Gesture::Hover { x, y } => {
                let (cell, token) = (self.cell_at(x, y), self.token_at(x, y).map(|(token, side)| (token, Some(side))));
                if page.hovered_cell.get_untracked() != cell {
                    page.hovered_cell.set(cell);
                }
                if page.hovered_token.get_untracked() != token {
                    page.hovered_token.set(token);
                }
            }
            Gesture::Tap { x, y } => {
                let selection = untrack(|| page.selection());
                if let Some(window) = self.on_minimap(x, y) {
                    page.set_window(Step::Replace, window);
                } else if let Some(cell) = self.cell_at(x, y) {
                    let tapped = Selection::Cell(cell);
                    page.select(Step::Push, if selection == tapped { Selection::None } else { tapped }, role);
                } else if let Some((token, side)) = self.token_at(x, y) {
                    let is_same = (&selection, role) == (&Selection::Token(token), side);
                    page.select(Step::Push, if is_same { Selection::None } else { Selection::Token(token) }, side);
                }
            }
            Gesture::Drag { x, right, down, .. } if !geometry.window.is_whole(geometry.n) => {
                page.set_window(Step::Replace, moved(&geometry, &frame, view, x, (right, down)));
            }
            Gesture::Drag { x, y, .. } => {
                if let Some(cell) = self.cell_at(x, y) {
                    page.select(Step::Replace, Selection::Cell(cell), role);
                }
            }
            Gesture::Pinch { x, y, factor, right, down } => {
                let (inner_x, inner_y) = inside(&frame, view, x, y);
                let zoomed = Geometry { window: geometry.zoomed(inner_x, inner_y, factor), ..geometry };
                page.set_window(Step::Replace, moved(&zoomed, &frame, view, x, (right, down)));
            }
        }
    }

    /// Zooms around a place of the canvas.
    pub fn zoom(&self, x: f64, y: f64, factor: f64) {
        let Some((geometry, frame, view)) = self.geometry() else { return };
        let (x, y) = inside(&frame, view, x, y);
        self.page.set_window(Step::Replace, geometry.zoomed(x, y, factor));
    }

    /// Ctrl and the wheel, or two fingers on a trackpad, zoom; the wheel alone moves what is in view while zoomed
    /// in, and is the page's otherwise.
    pub fn wheel(&self, event: &WheelEvent) {
        let Some((geometry, frame, view)) = self.geometry() else { return };
        let mode = event.delta_mode();
        let (x, y) = (event.offset_x().into(), event.offset_y().into());
        if event.ctrl_key() || event.meta_key() {
            event.prevent_default();
            self.zoom(x, y, wheel_factor(event.delta_y(), mode));
        } else if !geometry.window.is_whole(geometry.n) {
            let (mut right, mut down) = (wheel_pixels(event.delta_x(), mode), wheel_pixels(event.delta_y(), mode));
            if event.shift_key() && right == 0.0 {
                (right, down) = (down, 0.0);
            }
            let window = moved(&geometry, &frame, view, x, (-right, -down));
            if window != geometry.window {
                event.prevent_default();
                self.page.set_window(Step::Replace, window);
            }
        }
    }
}

/// From the canvas to the square; of lines, both sides are zoomed around the same height.
fn inside(frame: &Frame, view: View, x: f64, y: f64) -> (f64, f64) {
    let (x, y) = frame.inside(x, y);
    if view == View::Lines { (y, y) } else { (x, y) }
}
