//! The heatmap: its two canvases in a box, and the pointers on them.

use leptos::html;
use leptos::prelude::*;
use web_sys::PointerEvent;

use super::board::Board;
use super::expression::derivation::Derivation;
use super::gesture::Pointers;
use super::page::Page;
use super::readout;
use super::room::observe;
use super::selection::{Role, Selection};
use crate::erase::{live, memo, on};
use crate::url::Step;

/// The heatmap of what is shown.
#[component]
pub fn Heatmap() -> impl IntoView {
    let page = Page::here();
    let field = NodeRef::<html::Div>::new();
    let board = Board::new(page);
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
    let is_computing = memo(move || page.derivation.with(|d| matches!(d, Derivation::Computing(_))));
    let label = move || {
        let derived = page.matrix().is_some_and(|matrix| matrix.derived);
        page.look.with(|look| {
            let expression = look.expression.as_deref().filter(|_| derived);
            page.shown.with(|shown| shown.as_ref().map(|shown| readout::description(shown, expression)))
        })
    };
    view! {
        <div class="board" node_ref=field class:computing=is_computing class:zoomed=live(move || !page.is_whole(page.window()))>
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
                on:pointerdown=on(press)
                on:pointermove=on(go)
                on:pointerup=on(release)
                on:pointercancel=on(cancel)
                on:pointerleave=on(move |_| page.hovered_cell.set(None))
                on:dblclick=on(zoom_in)
                on:contextmenu=on(menu)
                on:wheel=on(move |event| board.wheel(&event))
            ></canvas>
            {move || is_computing.get().then(|| view! { <p class="progress" data-testid="computing">"Computing …"</p> })}
            <p class="sr-only" id="heatmap-keys">
                "Arrow keys move one cell, with Ctrl ten; Escape clears; the question mark lists all keys."
            </p>
        </div>
    }
}
