//! The heatmap: its two canvases in a box, and the pointers on them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{Element, MouseEvent, PointerEvent, WheelEvent};

use super::board::Board;
use super::expression::derivation::Derivation;
use super::format;
use super::gesture::{Gesture, Pointers};
use super::look::{View, set};
use super::page::Page;
use super::readout;
use super::room::observe;
use super::selection::{Role, Selection};
use crate::dom;
use crate::erase::effect;
use crate::url::Step;

fn place(event: &MouseEvent) -> (f64, f64) {
    (f64::from(event.offset_x()), f64::from(event.offset_y()))
}

/// Brings the heatmap to life.
pub fn start(page: Page, root: &Element) {
    let field = dom::find(root, ".ready .board");
    let canvas = |class: &str| dom::find(&field, class).unchecked_into();
    let board = Board::new(page, canvas(".cells"), canvas(".crosshair"));
    observe(&field, board.size);
    point(&board);

    let label = move || {
        let derived = page.matrix().is_some_and(|matrix| matrix.derived);
        page.look.with(|look| {
            let expression = look.expression.as_deref().filter(|_| derived);
            page.shown.with(|shown| shown.as_ref().map(|shown| readout::description(shown, expression)))
        })
    };
    dom::attribute(board.overlay.clone().unchecked_into(), "aria-label", label);
    let slot = dom::find(&field, ".slot");
    effect(move || {
        let is_computing = page.derivation.with(|d| matches!(d, Derivation::Computing(_)));
        dom::toggle(&field, "computing", is_computing);
        dom::toggle(&field, "zoomed", !page.is_whole(page.window()));
        let progress = || dom::named(dom::make("p", "progress", "Computing …"), "computing");
        dom::put(&slot, &is_computing.then(progress).into_iter().collect::<Vec<_>>());
    });
    threshold(page, &board, root);
}

/// The slider of the weakest attention that has a line. It goes by squares: most attention is weak.
fn threshold(page: Page, board: &Rc<Board>, root: &Element) {
    let field = dom::find(root, ".threshold");
    let slider: web_sys::HtmlInputElement = dom::part(&field, "threshold").unchecked_into();
    let (this, board) = (slider.clone(), board.clone());
    let (value, said) = (dom::find(&field, "output"), dom::find(&field, ".said"));
    effect(move || {
        let (view, threshold) = page.look.with(|look| (look.view, look.threshold));
        field.set_hidden(view != View::Lines);
        this.set_value(&(100.0 * threshold.sqrt()).round().to_string());
        let least = format::tick(threshold);
        dom::set(&this, "aria-valuetext", &least);
        value.set_text_content(Some(&least));
        said.set_text_content(Some(&board.about_lines()));
    });
    let changed = slider.clone();
    dom::listen(&slider, "input", move |_: web_sys::Event| {
        let part = changed.value_as_number() / 100.0;
        page.look_at(Step::Replace, |look| {
            set(look, "threshold", &format!("{:.4}", part * part));
        });
    });
}

fn point(board: &Rc<Board>) {
    let canvas = &board.overlay;
    let pointers = Rc::new(RefCell::new(Pointers::default()));
    // A pointer that was pressed on the minimap moves what is in view until it is released.
    let on_minimap = Rc::new(Cell::new(false));
    let page = board.page;

    let (this, all, minimap) = (board.clone(), pointers.clone(), on_minimap.clone());
    dom::listen(canvas, "pointerdown", move |event: PointerEvent| {
        if event.button() != 0 {
            return;
        }
        let (x, y) = place(&event);
        all.borrow_mut().press(event.pointer_id(), x, y);
        minimap.set(this.on_minimap(x, y).is_some());
        let _gone_pointers_need_no_capture = this.overlay.set_pointer_capture(event.pointer_id());
        let _focus_may_be_refused = this.overlay.focus();
    });
    let (this, all, minimap) = (board.clone(), pointers.clone(), on_minimap);
    dom::listen(canvas, "pointermove", move |event: PointerEvent| {
        let (x, y) = place(&event);
        let gesture = all.borrow_mut().go(event.pointer_id(), x, y);
        match gesture {
            Some(Gesture::Drag { .. }) if minimap.get() => {
                if let Some(window) = this.on_minimap(x, y) {
                    page.set_window(Step::Replace, window);
                }
            }
            gesture => gesture.into_iter().for_each(|gesture| this.act(gesture)),
        }
    });
    let (this, all) = (board.clone(), pointers.clone());
    dom::listen(canvas, "pointerup", move |event: PointerEvent| {
        let gesture = all.borrow_mut().release(event.pointer_id());
        gesture.into_iter().for_each(|gesture| this.act(gesture));
    });
    dom::listen(canvas, "pointercancel", move |event: PointerEvent| pointers.borrow_mut().cancel(event.pointer_id()));
    dom::listen(canvas, "pointerleave", move |_: PointerEvent| {
        page.hovered_cell.set(None);
        page.hovered_token.set(None);
    });
    let this = board.clone();
    dom::listen(canvas, "dblclick", move |event: MouseEvent| {
        let (x, y) = place(&event);
        this.zoom(x, y, 2.0);
    });
    let this = board.clone();
    dom::listen(canvas, "contextmenu", move |event: MouseEvent| {
        let (x, y) = place(&event);
        let Some(cell) = this.cell_at(x, y) else { return };
        event.prevent_default();
        page.select(Step::Push, Selection::Token(cell.query), Role::Query);
    });
    let this = board.clone();
    dom::listen(canvas, "wheel", move |event: WheelEvent| this.wheel(&event));
}
