//! What the mouse and fingers do on the heatmap.

use leptos::prelude::*;
use web_sys::WheelEvent;

use super::board::Board;
use super::geometry::Geometry;
use super::gesture::{Gesture, wheel_factor, wheel_pixels};
use super::selection::Selection;
use crate::url::Step;

impl Board {
    /// Does what a gesture asks for. Dragging moves what is in view while zoomed in, and the selection otherwise.
    pub fn act(self, gesture: Gesture) {
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
            Gesture::Drag { right, down, .. } if !geometry.window.is_whole(geometry.n) => {
                page.set_window(Step::Replace, geometry.panned(right, down));
            }
            Gesture::Drag { x, y, .. } => {
                if let Some(cell) = self.cell_at(x, y) {
                    let role = page.look.with_untracked(|look| look.role);
                    page.select(Step::Replace, Selection::Cell(cell), role);
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
    pub fn wheel(self, event: &WheelEvent) {
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
