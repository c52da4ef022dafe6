//! The field for an expression, and what is said about it.

use std::time::Duration;

use lens_expr::EXAMPLES;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, KeyboardEvent, SelectionMode};

use super::derivation::Derivation;
use super::help::{Insert, Reference, pick};
use super::{Derived, Fault};
use crate::erase::{effect, live, memo, on};
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

/// The card of the expression.
#[component]
pub fn ExpressionCard() -> impl IntoView {
    let page = Page::here();
    let field = NodeRef::<html::Input>::new();
    let source = memo(move || page.look.with(|look| look.expression.clone()).unwrap_or_default());
    let draft = RwSignal::new(source.get_untracked());
    // What is typed without a pause for something else is one step of the history.
    let is_typing = StoredValue::new(false);
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let stop = move || timer.try_update_value(|timer| timer.take().into_iter().for_each(|t| t.clear()));
    let read = move || {
        stop();
        let typed = draft.get_untracked();
        if typed.trim() != source.get_untracked().trim() {
            let step = if is_typing.get_value() { Step::Replace } else { Step::Push };
            is_typing.set_value(true);
            page.look_at(step, |look| look.expression = Some(typed).filter(|text| !text.trim().is_empty()));
        }
    };
    let typed = move |text: String| {
        draft.set(text);
        stop();
        timer.set_value(set_timeout_with_handle(read, PAUSE).ok());
    };
    let end = move || {
        read();
        is_typing.set_value(false);
    };
    let set = move |text: &str| {
        end();
        draft.set(text.to_owned());
        end();
    };
    on_cleanup(move || {
        stop();
    });
    // Back, forward and links change what is in the field.
    effect(move || {
        let source = source.get();
        if draft.with_untracked(|draft| draft.trim() != source.trim()) {
            stop();
            is_typing.set_value(false);
            draft.set(source);
        }
    });
    let insert = Callback::new(move |insert: Insert| {
        let Some(field) = field.get_untracked() else { return };
        match insert {
            Insert::Whole(text) => set(text),
            Insert::Part(text) => {
                put(&field, &text);
                typed(field.value());
            }
        }
        let _focus_may_be_refused = field.focus();
    });
    let key = move |event: KeyboardEvent| match event.key().as_str() {
        "Enter" => end(),
        "Escape" => {
            event.prevent_default();
            event.stop_propagation();
            if let Some(field) = field.get_untracked() {
                let _blur_cannot_fail_on_an_input = field.blur();
            }
        }
        _ => {}
    };
    let is_wrong = memo(move || page.derivation.with(|d| matches!(d, Derivation::Wrong(_))));
    let is_empty = memo(move || draft.with(|draft| draft.trim().is_empty()));
    let help = RwSignal::new(false);
    let said = move || {
        page.derivation.with(|derivation| match derivation {
            Derivation::None => None,
            Derivation::Wrong(fault) => Some(wrong(fault).into_any()),
            Derivation::Computing(_) => Some(view! { <p class="muted">"Computing …"</p> }.into_any()),
            Derivation::Done(derived) => Some(done(derived, page.colours()).into_any()),
        })
    };
    view! {
        <section class="card expression" aria-labelledby="expression-title" data-testid="expression-card">
            <header>
                <h2 id="expression-title"><label for=FIELD>"Expression over the pattern A"</label></h2>
                <button
                    class="quiet"
                    aria-expanded=live(move || help.get().to_string())
                    aria-controls="expression-reference"
                    data-testid="expression-help"
                    on:click=on(move |_| help.update(|open| *open = !*open))
                >
                    {move || if help.get() { "Close reference" } else { "Reference" }}
                </button>
            </header>
            <div class="field">
                <input
                    id=FIELD
                    class="mono"
                    type="text"
                    node_ref=field
                    placeholder="A"
                    title="Type an expression (e)"
                    spellcheck="false"
                    autocomplete="off"
                    autocapitalize="off"
                    enterkeyhint="done"
                    data-testid="expression"
                    aria-invalid=live(move || is_wrong.get().to_string())
                    aria-describedby="expression-says"
                    prop:value=draft
                    on:input=on(move |event| typed(event_target_value(&event)))
                    on:focus=on(move |_| is_typing.set_value(false))
                    on:keydown=on(key)
                />
                <button
                    class="icon quiet"
                    aria-label="Show the pattern itself"
                    title="Show the pattern itself"
                    data-testid="expression-clear"
                    disabled=is_empty
                    on:click=on(move |_| set(""))
                >
                    "×"
                </button>
            </div>
            <div class="says" id="expression-says" role="status" data-testid="expression-says">{said}</div>
            {move || is_empty.get().then(|| view! { <Examples insert /> })}
            {move || help.get().then(|| view! { <Reference insert /> })}
        </section>
    }
}

/// A few expressions to begin with, on one line.
#[component]
fn Examples(insert: Callback<Insert>) -> impl IntoView {
    let example =
        |&(source, _): &(&'static str, &'static str)| pick(insert, "example", source.to_owned(), Insert::Whole(source));
    view! {
        <div class="examples" role="group" aria-label="Examples">{EXAMPLES.iter().map(example).collect_view()}</div>
    }
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

fn wrong(fault: &Fault) -> impl IntoView + use<> {
    let Fault { message, hint, place } = fault.clone();
    let place = place.map(|[before, at, after]| {
        let at = if at.is_empty() { "\u{a0}".to_owned() } else { at };
        view! {
            <code class="place" aria-hidden="true">
                <bdi>{before}</bdi>
                <mark data-testid="expression-fault">{at}</mark>
                <bdi>{after}</bdi>
            </code>
        }
    });
    view! {
        <p class="problem" data-testid="expression-problem">{message}</p>
        {place}
        {(!hint.is_empty()).then(|| view! { <p data-testid="expression-hint">{hint}</p> })}
        <p class="muted">"The page shows the pattern itself."</p>
    }
}

fn done(derived: &Derived, colours: Colours) -> impl IntoView + use<> {
    let summary = derived.summary();
    let middle = colours.diverge.then(|| format!(" {} has its middle at 0.", colours.colormap));
    let approximate = (!derived.matrix.exact).then_some("From approximate values. ");
    view! {
        <p data-testid="expression-summary">{summary}{middle}</p>
        <p class="muted">{approximate}"Picture, tokens and rankings show the result; the small heads show the patterns."</p>
    }
}
