//! The list of figure functions, with their documentation and source.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlInputElement, MouseEvent};

use crate::dom;
use crate::erase::{effect, live, on};
use crate::grid::panel::folding;
use crate::grid::state::{Panel, toggle};
use crate::grid::store::Store;
use crate::grid::tiles::{Function, chosen_functions, functions};
use crate::signal::memo;
use crate::url::Step;

/// Everything that the site has pictures of.
#[component]
pub fn FunctionPanel() -> impl IntoView {
    let store = Store::here();
    let all = StoredValue::new(functions(&store.index()));
    let chosen = memo(move || {
        let named = store.state.with(|s| s.functions.clone());
        all.with_value(|all| chosen_functions(named.as_deref(), all))
    });
    let n_all = all.with_value(Vec::len);
    let n_chosen = memo(move || {
        chosen.with(|chosen| all.with_value(|all| all.iter().filter(|f| chosen.contains(&f.name)).count()))
    });
    let summary = live(move || format!("{} of {n_all}", n_chosen.get()));
    let choose = move |add: bool| {
        let names = add.then(|| all.with_value(|all| all.iter().map(|f| f.name.clone()).collect()));
        store.edit(Step::Push, |s| s.functions = Some(names.unwrap_or_default()));
    };
    let root = NodeRef::<html::Ul>::new();
    effect(move || {
        let Some(root) = root.get() else { return };
        if root.first_element_child().is_none() {
            all.with_value(|all| all.iter().for_each(|function| dom::append(&root, &item(store, function))));
        }
        let (chosen, open) = (chosen.get(), store.state.with(|s| s.docs.clone()));
        for item in dom::all(&root, "li") {
            let name = item.get_attribute("data-name").unwrap_or_default();
            let (is_chosen, is_open) = (chosen.contains(&name), open.contains(&name));
            dom::toggle(&item, "chosen", is_chosen);
            if let Some(tick) = dom::first(&item, "input") {
                tick.unchecked_into::<HtmlInputElement>().set_checked(is_chosen);
            }
            if let (Some(button), Some(docs)) = (dom::first(&item, "button"), dom::first(&item, ".docs")) {
                dom::set(&button, "aria-expanded", if is_open { "true" } else { "false" });
                docs.set_hidden(!is_open);
            }
        }
    });
    let press = on(move |event: MouseEvent| {
        let Some(name) = dom::closest(&event, "li").and_then(|item| item.get_attribute("data-name")) else { return };
        if dom::closest(&event, "button").is_some() {
            store.edit(Step::Replace, |s| toggle(&mut s.docs, name));
        } else if dom::closest(&event, "input").is_some() {
            let default = all.with_value(|all| chosen_functions(None, all));
            let mut names = chosen.get_untracked();
            toggle(&mut names, name);
            store.edit(Step::Push, |s| s.functions = (names != default).then_some(names));
        }
    });
    let children = view! {
        <div class="bulk" hidden=n_all < 2>
            <button
                class="small"
                data-testid="choose-functions"
                disabled=live(move || n_chosen.get() == n_all)
                on:click=on(move |_| choose(true))
            >
                {format!("Choose all {n_all}")}
            </button>
            <button class="small" disabled=live(move || n_chosen.get() == 0) on:click=on(move |_| choose(false))>
                "Choose none"
            </button>
        </div>
        <ul class="functions" data-testid="functions" node_ref=root on:click=press></ul>
    };
    folding(store, Panel::Functions, "Figure functions", summary, children.into_any())
}

/// A function: its name, the first line of its documentation, and the rest below.
fn item(store: Store, function: &Function) -> HtmlElement {
    let entry = function.entry.map(|i| store.index().figures[i].clone()).unwrap_or_default();
    let doc = entry.doc.unwrap_or_default();
    let doc = doc.trim();
    let name = &function.name;
    let id = format!("function-{name}");
    let tick = dom::element("input", &[("type", "checkbox"), ("id", &id)]);
    let label = dom::around(
        "label",
        &[("for", &id)],
        &[
            &dom::words("span", &[("class", "mono function-name")], name),
            &dom::words("span", &[("class", "muted clamp")], doc.lines().next().unwrap_or_default()),
        ],
    );
    let line = dom::around("div", &[("class", "function")], &[&tick, &label]);
    let kind = match (&function.matrix, entry.figure_save_fmt) {
        (Some(_), _) => "drawn from the values by this page".to_owned(),
        (None, format) => format.map(|format| format!("pictures: {format}")).unwrap_or_default(),
    };
    let (source, code) = (entry.source.unwrap_or_default(), entry.code.unwrap_or_default());
    let docs = dom::element("div", &[("class", "docs"), ("hidden", "")]);
    for (tag, class, text) in
        [("p", "doc", doc), ("p", "muted", &*kind), ("p", "muted mono source", &*source), ("pre", "", code.trim_end())]
    {
        if !text.is_empty() {
            let part = dom::words(tag, &[("class", class)], text);
            if tag == "pre" {
                dom::set(&part, "tabindex", "0");
            }
            dom::append(&docs, &part);
        }
    }
    if docs.first_element_child().is_some() {
        let (what, id) = (format!("Details of {name}"), format!("docs-{name}"));
        let attributes = [("class", "small quiet"), ("aria-label", &*what), ("data-testid", &*id)];
        dom::append(&line, &dom::words("button", &attributes, "Details"));
    }
    dom::around("li", &[("data-name", name), ("data-testid", &id)], &[&line, &docs])
}
