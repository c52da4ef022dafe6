//! The field for an expression, and what is said about it.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use lens_expr::EXAMPLES;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, HtmlInputElement, KeyboardEvent, SelectionMode};

use super::derivation::Derivation;
use super::help::{Insert, Picks, pick, reference};
use super::{Derived, Fault};
use crate::dom;
use crate::erase::effect;
use crate::signal::{Memo, RwSignal, memo};
use crate::single::colours::Colours;
use crate::single::page::Page;
use crate::url::Step;

/// What is typed is read when the last key was this long ago.
const PAUSE: Duration = Duration::from_millis(150);

const FIELD: &str = "expression";

/// Brings the cursor into the field.
pub fn focus() {
    let field = document().get_element_by_id(FIELD).and_then(|field| field.dyn_into::<HtmlInputElement>().ok());
    if let Some(field) = field {
        let _focus_may_be_refused = field.focus();
        field.select();
    }
}

/// What is typed, until it is in the address.
#[derive(Debug)]
struct Draft {
    page: Page,
    field: HtmlInputElement,
    source: Memo<String>,
    /// What is typed without a pause for something else is one step of the history.
    is_typing: Cell<bool>,
    timer: Cell<Option<TimeoutHandle>>,
    is_empty: RwSignal<bool>,
}

impl Draft {
    fn stop(&self) {
        self.timer.take().into_iter().for_each(|timer| timer.clear());
    }

    fn read(&self) {
        self.stop();
        let typed = self.field.value();
        if typed.trim() != self.source.get_untracked().trim() {
            let step = if self.is_typing.replace(true) { Step::Replace } else { Step::Push };
            self.page.look_at(step, |look| look.expression = Some(typed).filter(|text| !text.trim().is_empty()));
        }
    }

    fn typed(self: &Rc<Self>) {
        self.stop();
        self.is_empty.set(self.field.value().trim().is_empty());
        let this = self.clone();
        self.timer.set(set_timeout_with_handle(move || this.read(), PAUSE).ok());
    }

    fn end(&self) {
        self.read();
        self.is_typing.set(false);
    }

    fn set(&self, text: &str) {
        self.end();
        self.field.set_value(text);
        self.is_empty.set(text.trim().is_empty());
        self.end();
    }

    fn insert(self: &Rc<Self>, insert: &Insert) {
        match insert {
            Insert::Whole(text) => self.set(text),
            Insert::Part(text) => {
                put(&self.field, text);
                self.typed();
            }
        }
        let _focus_may_be_refused = self.field.focus();
    }
}

/// Brings the card of the expression to life.
pub fn start(page: Page, root: &Element) {
    let card = dom::part(root, "expression-card");
    let source = memo(move || page.look.with(|look| look.expression.clone()).unwrap_or_default());
    let draft = Rc::new(Draft {
        page,
        field: dom::part(&card, FIELD).unchecked_into(),
        source,
        is_typing: Cell::default(),
        timer: Cell::default(),
        is_empty: RwSignal::new(true),
    });
    // Back, forward and links change what is in the field.
    let this = draft.clone();
    effect(move || {
        let source = source.get();
        if this.field.value().trim() != source.trim() {
            this.stop();
            this.is_typing.set(false);
            this.field.set_value(&source);
        }
        this.is_empty.set(this.field.value().trim().is_empty());
    });
    let this = draft.clone();
    dom::listen(&draft.field, "input", move |_: Event| this.typed());
    let this = draft.clone();
    dom::listen(&draft.field, "focus", move |_: Event| this.is_typing.set(false));
    let this = draft.clone();
    dom::listen(&draft.field, "keydown", move |event: KeyboardEvent| match event.key().as_str() {
        "Enter" => this.end(),
        "Escape" => {
            event.prevent_default();
            event.stop_propagation();
            let _blur_cannot_fail_on_an_input = this.field.blur();
        }
        _ => {}
    });
    let this = draft.clone();
    let clear = dom::part(&card, "expression-clear");
    dom::listen(&clear, "click", move |_: Event| {
        this.set("");
        // The button is gone with what it clears.
        let _focus_may_be_refused = this.field.focus();
    });

    // A few expressions to begin with, on one line.
    let picks = Picks::default();
    let examples = dom::find(&card, ".examples");
    let example = |&(source, _): &(&'static str, &'static str)| pick(&picks, "example", source, Insert::Whole(source));
    dom::put(&examples, &EXAMPLES.iter().map(example).collect::<Vec<_>>());
    let is_empty = draft.is_empty;
    effect(move || {
        examples.set_hidden(!is_empty.get());
        dom::set_or_remove(&clear, "disabled", is_empty.get().then_some(""));
    });
    let (this, brings) = (draft.clone(), picks.clone());
    dom::listen(&card, "click", move |event: Event| {
        let number =
            dom::closest(&event, "[data-pick]").and_then(|b| b.get_attribute("data-pick")?.parse::<usize>().ok());
        let insert = number.and_then(|number| brings.borrow().get(number).cloned());
        insert.iter().for_each(|insert| this.insert(insert));
    });

    let (button, slot) = (dom::part(&card, "expression-help"), dom::find(&card, ".slot"));
    let is_open = RwSignal::new(false);
    dom::listen(&button, "click", move |_: Event| is_open.update(|open| *open = !*open));
    effect(move || {
        let open = is_open.get();
        dom::set(&button, "aria-expanded", if open { "true" } else { "false" });
        button.set_text_content(Some(if open { "Close reference" } else { "Reference" }));
        dom::put(&slot, &open.then(|| reference(&picks)).into_iter().collect::<Vec<_>>());
    });
    let field = draft.field.clone();
    effect(move || {
        let is_wrong = page.derivation.with(|d| matches!(d, Derivation::Wrong(_)));
        dom::set(&field, "aria-invalid", if is_wrong { "true" } else { "false" });
    });
    dom::children(dom::part(&card, "expression-says"), move || {
        page.derivation.with(|derivation| match derivation {
            Derivation::None => Vec::new(),
            Derivation::Wrong(fault) => wrong(fault),
            Derivation::Computing(_) => vec![dom::make("p", "muted", "Computing …")],
            Derivation::Done(derived) => done(derived, page.colours()),
        })
    });
}

/// Puts text where the cursor is, in place of what is selected, and the cursor into its brackets or behind it.
fn put(field: &HtmlInputElement, text: &str) {
    let (start, end) = (field.selection_start().ok().flatten(), field.selection_end().ok().flatten());
    let (start, end) = (start.unwrap_or_default(), end.unwrap_or_default());
    let _only_other_types_of_fields_refuse =
        field.set_range_text_with_start_and_end_and_selection_mode(text, start, end, SelectionMode::End);
    if text.ends_with("()") {
        let inside = start + text.chars().count() as u32 - 1;
        let _only_other_types_of_fields_refuse = field.set_selection_range(inside, inside);
    }
}

fn wrong(fault: &Fault) -> Vec<HtmlElement> {
    let mut parts = vec![dom::named(dom::make("p", "problem", &fault.message), "expression-problem")];
    if let Some([before, at, after]) = &fault.place {
        let at = dom::make("mark", "", if at.is_empty() { "\u{a0}" } else { at });
        let at = dom::named(at, "expression-fault");
        let place = dom::around(
            "code",
            &[("class", "place"), ("aria-hidden", "true")],
            &[dom::make("bdi", "", before), at, dom::make("bdi", "", after)],
        );
        parts.push(place);
    }
    if !fault.hint.is_empty() {
        parts.push(dom::named(dom::make("p", "", &fault.hint), "expression-hint"));
    }
    parts.push(dom::make("p", "muted", "The page shows the pattern itself."));
    parts
}

fn done(derived: &Derived, colours: Colours) -> Vec<HtmlElement> {
    let middle = if colours.diverge { format!(" {} has its middle at 0.", colours.colormap) } else { String::new() };
    let approximate = if derived.matrix.exact { "" } else { "From approximate values. " };
    vec![
        dom::named(dom::make("p", "", &format!("{}{middle}", derived.summary())), "expression-summary"),
        dom::make(
            "p",
            "muted",
            &format!("{approximate}Picture, tokens and rankings show the result; the small heads show the patterns."),
        ),
    ]
}
