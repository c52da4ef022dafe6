//! The list of figure functions, with their documentation and source.

use leptos::prelude::*;

use crate::erase::{live, memo, on};
use crate::grid::panel::FoldingPanel;
use crate::grid::state::Panel;
use crate::grid::store::Store;
use crate::grid::tiles::{Function, chosen_functions, functions};
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
    let summary = move || format!("{} of {n_all}", n_chosen.get());
    let choose = move |add: bool| {
        let names = add.then(|| all.with_value(|all| all.iter().map(|f| f.name.clone()).collect()));
        store.edit(Step::Push, |s| s.functions = Some(names.unwrap_or_default()));
    };
    view! {
        <FoldingPanel panel=Panel::Functions title="Figure functions" summary=Signal::derive(summary)>
            {(n_all > 1)
                .then(|| {
                    view! {
                        <div class="bulk">
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
                    }
                })}
            <ul class="functions" data-testid="functions">
                {all.get_value().into_iter().map(|function| view! { <Item function all chosen /> }).collect::<Vec<_>>()}
            </ul>
        </FoldingPanel>
    }
}

#[component]
fn Item(function: Function, all: StoredValue<Vec<Function>>, chosen: Memo<Vec<String>>) -> impl IntoView {
    let store = Store::here();
    let index = store.index();
    let entry = function.entry.map(|i| index.figures[i].clone()).unwrap_or_default();
    let name = StoredValue::new(function.name.clone());
    let is_chosen = memo(move || chosen.with(|c| c.contains(&name.get_value())));
    let toggle = move |_| {
        let default = all.with_value(|all| chosen_functions(None, all));
        let mut names = chosen.get_untracked();
        name.with_value(|name| match names.contains(name) {
            true => names.retain(|n| n != name),
            false => names.push(name.clone()),
        });
        store.edit(Step::Push, |s| s.functions = (names != default).then_some(names));
    };
    let is_open = memo(move || store.state.with(|s| s.docs.contains(&name.get_value())));
    let fold = move |_| {
        let name = name.get_value();
        store.edit(Step::Replace, |s| match s.docs.contains(&name) {
            true => s.docs.retain(|d| *d != name),
            false => s.docs.push(name),
        });
    };
    let doc = entry.doc.unwrap_or_default();
    let first_line = doc.trim().lines().next().unwrap_or_default().to_owned();
    let id = format!("function-{}", function.name);
    let label_for = id.clone();
    let kind = match (&function.matrix, entry.figure_save_fmt) {
        (Some(_), _) => Some("drawn from the values by this page".to_owned()),
        (None, format) => format.map(|format| format!("pictures: {format}")),
    };
    let has_more = entry.code.is_some() || entry.source.is_some() || !doc.trim().is_empty() || kind.is_some();
    let more = has_more.then(|| {
        view! {
            <button
                class="small quiet"
                aria-label=format!("Details of {}", function.name)
                aria-expanded=live(move || is_open.get().to_string())
                data-testid=format!("docs-{}", function.name)
                on:click=on(fold)
            >
                "Details"
            </button>
        }
    });
    let (code, source) = (entry.code, entry.source);
    view! {
        <li class:chosen=is_chosen data-testid=id.clone()>
            <div class="function">
                <input type="checkbox" id=id.clone() prop:checked=is_chosen on:change=on(toggle) />
                <label for=label_for>
                    <span class="mono function-name">{function.name.clone()}</span>
                    <span class="muted clamp">{first_line}</span>
                </label>
                {more}
            </div>
            <Show when=move || is_open.get()>
                <div class="docs">
                    <p class="doc">{doc.trim().to_owned()}</p>
                    {kind.clone().map(|kind| view! { <p class="muted">{kind}</p> })}
                    {source.clone().map(|source| view! { <p class="muted mono source">{source}</p> })}
                    {code.clone().map(|code| view! { <pre tabindex="0">{code.trim_end().to_owned()}</pre> })}
                </div>
            </Show>
        </li>
    }
}
