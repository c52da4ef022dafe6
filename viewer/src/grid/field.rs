//! Fields and choices that write to the state: each kind once, for all that are like it.

use leptos::html;
use leptos::prelude::*;

use crate::dom;
use crate::erase::{effect, live, on};
use crate::grid::state::State;
use crate::grid::store::Store;
use crate::url::Step;

/// What a field shows of the state, and how it changes it.
type Shows<T> = fn(&State) -> T;
type Sets<T> = fn(&mut State, T);

/// A field to search with.
pub fn search(
    store: Store,
    (name, label): (&'static str, &'static str),
    get: Shows<String>,
    set: Sets<String>,
) -> AnyView {
    let input = on(move |event| {
        let text = event_target_value(&event);
        store.edit(Step::Replace, |s| set(s, text));
    });
    view! {
        <input
            class="search"
            type="search"
            placeholder=label
            aria-label=label
            data-testid=name
            prop:value=live(move || store.state.with(get))
            on:input=input
        />
    }
    .into_any()
}

/// What a field for a number is called, and what it looks like.
#[derive(Debug, Clone, Copy)]
pub struct Number {
    pub name: &'static str,
    pub label: &'static str,
    pub placeholder: &'static str,
    pub class: &'static str,
    pub least: usize,
    pub most: Option<usize>,
}

/// A field for a number, or none.
pub fn number(store: Store, of: Number, get: Shows<Option<usize>>, set: Sets<Option<usize>>) -> AnyView {
    let input = on(move |event| {
        let fits = |n: &usize| *n >= of.least && of.most.is_none_or(|most| *n <= most);
        let n = event_target_value(&event).parse().ok().filter(fits);
        store.edit(Step::Replace, |s| set(s, n));
    });
    view! {
        <input
            type="number"
            class=of.class
            min=of.least.to_string()
            max=of.most.map(|most| most.to_string())
            inputmode="numeric"
            placeholder=of.placeholder
            aria-label=of.label
            data-testid=of.name
            prop:value=live(move || store.state.with(get).map(|n| n.to_string()).unwrap_or_default())
            on:input=input
        />
    }
    .into_any()
}

/// An option: the group that it is in, if any, its value, and the text that is shown.
pub type Choice = (&'static str, String, String);

/// A choice among options, which may change.
pub fn choice(
    store: Store,
    (name, label): (&'static str, &'static str),
    options: impl Fn() -> Vec<Choice> + 'static,
    get: Shows<String>,
    set: Sets<String>,
) -> AnyView {
    let select = NodeRef::<html::Select>::new();
    let options: Box<dyn Fn() -> Vec<Choice>> = Box::new(options);
    effect(move || {
        let Some(select) = select.get() else { return };
        select.set_text_content(None);
        let mut group: (&str, Option<web_sys::HtmlElement>) = ("", None);
        for (title, value, text) in options() {
            if group.0 != title {
                let element = dom::element("optgroup", &[("label", title)]);
                dom::append(&select, &element);
                group = (title, Some(element));
            }
            let option = dom::words("option", &[("value", &value)], &text);
            dom::append(group.1.as_ref().unwrap_or(&select), &option);
        }
        select.set_value(&store.state.with(get));
    });
    let change = on(move |event| {
        let value = event_target_value(&event);
        store.edit(Step::Replace, |s| set(s, value));
    });
    view! {
        <label class="option">
            <span>{label}</span>
            <select data-testid=name on:change=change node_ref=select></select>
        </label>
    }
    .into_any()
}

/// Options of which the first stands for none.
pub fn options(none: &str, others: impl IntoIterator<Item = (&'static str, &'static str)>) -> Vec<Choice> {
    let mut out = vec![("", String::new(), none.to_owned())];
    out.extend(others.into_iter().map(|(value, text)| ("", value.to_owned(), text.to_owned())));
    out
}
