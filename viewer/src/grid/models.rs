//! The table of models, and the head picker of each that is chosen.

use std::cmp::Ordering;
use std::sync::Arc;

use lens_schema::{ModelEntry, sort};
use leptos::prelude::*;

use crate::erase::{live, memo, on};
use crate::grid::heads::HeadPicker;
use crate::grid::panel::FoldingPanel;
use crate::grid::state::Panel;
use crate::grid::store::Store;
use crate::grid::table::Sort;
use crate::url::Step;

/// A column of the model table: its key, its title, and what the title means.
const COLUMNS: [(&str, &str, &str); 6] = [
    ("name", "Model", "Name of the model"),
    ("n_layers", "Layers", "n_layers: number of layers"),
    ("n_heads", "Heads", "n_heads: attention heads in a layer"),
    ("d_model", "d_model", "d_model: width of the residual stream"),
    ("n_ctx", "n_ctx", "n_ctx: longest input in tokens"),
    ("n_params", "Params", "n_params: parameters"),
];

/// A column's number for a model.
fn number(model: &ModelEntry, key: &str) -> Option<u64> {
    match key {
        "n_layers" => Some(model.n_layers as u64),
        "n_heads" => Some(model.n_heads as u64),
        key => model.number(key),
    }
}

/// Models as the table orders them: indexes.
fn ordered(models: &[ModelEntry], sort: Option<&Sort<String>>) -> Vec<usize> {
    sort::indexes(models.len(), &mut |a, b| {
        let (Some(sort), a, b) = (sort, &models[a], &models[b]) else { return Ordering::Equal };
        let ordering = match sort.column.as_str() {
            "name" => a.model_name.to_lowercase().cmp(&b.model_name.to_lowercase()),
            key if COLUMNS.iter().any(|c| c.0 == key) => number(a, key).cmp(&number(b, key)),
            _ => Ordering::Equal,
        };
        if sort.descending { ordering.reverse() } else { ordering }
    })
}

/// `1.18M`: three digits at most.
fn short(n: u64) -> String {
    let units = [(1e12, "T"), (1e9, "B"), (1e6, "M"), (1e4, "k")];
    let value = n as f64;
    match units.into_iter().find(|(size, _)| value >= *size) {
        None => n.to_string(),
        Some((size, unit)) => {
            let value = value / if unit == "k" { 1e3 } else { size };
            let decimals = if value < 10.0 {
                2
            } else if value < 100.0 {
                1
            } else {
                0
            };
            format!("{value:.decimals$}{unit}")
        }
    }
}

/// Models among which one wants to search.
const MANY: usize = 8;

/// Models whose names contain every word of `search`, as the table orders them: indexes.
fn listed(models: &[ModelEntry], search: &str, sort: Option<&Sort<String>>) -> Vec<usize> {
    let search = search.to_lowercase();
    let found = |i: &usize| {
        let name = models[*i].model_name.to_lowercase();
        search.split_whitespace().all(|word| name.contains(word))
    };
    ordered(models, sort).into_iter().filter(found).collect()
}

/// The models of the site.
#[component]
pub fn ModelPanel() -> impl IntoView {
    let store = Store::here();
    let n_models = store.index().models.len();
    let summary = move || format!("{} of {n_models}", store.chosen_models.with(Vec::len));
    view! {
        <FoldingPanel panel=Panel::Models title="Models and heads" summary=Signal::derive(summary)>
            {(n_models > MANY).then(|| view! { <Search /> })}
            <ModelTable />
            <div class="pickers">
                <For each=move || store.chosen_models.get() key=String::clone children=|dir| view! { <HeadPicker dir /> } />
            </div>
        </FoldingPanel>
    }
}

#[component]
fn Search() -> impl IntoView {
    let store = Store::here();
    view! {
        <input
            type="search"
            placeholder="Search models"
            aria-label="Search models"
            data-testid="search-models"
            prop:value=live(move || store.state.with(|s| s.model_search.clone()))
            on:input=on(move |event| {
                let text = event_target_value(&event);
                store.edit(Step::Replace, |s| s.model_search = text);
            })
        />
    }
}

#[component]
fn ModelTable() -> impl IntoView {
    let store = Store::here();
    let index = store.index();
    let sort = memo(move || store.state.with(|s| s.model_sort.clone()));
    let models = index.clone();
    let order = memo(move || {
        let search = store.state.with(|s| s.model_search.clone());
        listed(&models.models, &search, sort.get().as_ref())
    });
    let models = index.clone();
    let dirs = memo(move || order.get().into_iter().map(|i| models.models[i].dir()).collect::<Vec<_>>());
    let n_chosen = memo(move || {
        let chosen = store.chosen_models.get();
        dirs.with(|dirs| dirs.iter().filter(|dir| chosen.contains(dir)).count())
    });
    let all = move || n_chosen.get() > 0 && n_chosen.get() == dirs.with(Vec::len);
    let header = COLUMNS.map(|(key, title, meaning)| {
        let press = move |_| {
            store.edit(Step::Replace, |s| s.model_sort = Sort::pressed(s.model_sort.take(), key.to_owned()));
        };
        view! {
            <th scope="col" class:number=key != "name" aria-sort=live(move || Sort::aria(sort.get().as_ref(), &key.to_owned()))>
                <button class="sort" title=meaning data-testid=format!("sort-models-{key}") on:click=on(press)>
                    {title}
                </button>
            </th>
        }
    });
    view! {
        <div class="table-scroll models-scroll">
            <table class="rows models" data-testid="models">
                <thead>
                    <tr>
                        <th scope="col">
                            <input
                                type="checkbox"
                                title="All models"
                                aria-label="All models"
                                data-testid="choose-models"
                                prop:checked=all
                                prop:indeterminate=live(move || { n_chosen.get() > 0 && !all() })
                                on:change=on(move |_| store.choose_models(&dirs.get_untracked(), !untrack(all)))
                            />
                        </th>
                        {header}
                    </tr>
                </thead>
                <tbody>
                    <For
                        each=move || order.get()
                        key=|i| *i
                        children={
                            let index = index.clone();
                            move |i| view! { <ModelRow model=Arc::new(index.models[i].clone()) /> }
                        }
                    />
                </tbody>
            </table>
        </div>
        {move || dirs.with(Vec::is_empty).then(|| view! { <p class="muted nothing">"No model is called so."</p> })}
    }
}

#[component]
fn ModelRow(model: Arc<ModelEntry>) -> impl IntoView {
    let store = Store::here();
    let dir = StoredValue::new(model.dir());
    let chosen = memo(move || store.chosen_models.with(|c| c.contains(&dir.get_value())));
    let toggle = move || store.choose_models(&[dir.get_value()], !chosen.get_untracked());
    let cells = COLUMNS[1..].iter().map(|(key, ..)| {
        let n = number(&model, key);
        view! {
            <td class="number" title=n.map(|n| n.to_string())>
                {n.map_or("–".to_owned(), short)}
            </td>
        }
    });
    let cells: Vec<_> = cells.collect();
    view! {
        <tr class:chosen=chosen data-testid=format!("model-{}", dir.get_value()) on:click=on(move |_| toggle())>
            <td>
                <input
                    type="checkbox"
                    aria-label=model.model_name.clone()
                    prop:checked=chosen
                    on:click=on(|event: web_sys::MouseEvent| event.stop_propagation())
                    on:change=on(move |_| toggle())
                />
            </td>
            <td class="model-name" title=model.model_name.clone()>
                {model.model_name.clone()}
            </td>
            {cells}
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let cases = [512, 2048, 50304, 1_179_648, 85_054_464, 124_000_000, 6_900_000_000];
        assert_eq!(cases.map(short), ["512", "2048", "50.3k", "1.18M", "85.1M", "124M", "6.90B"]);
    }

    #[test]
    fn models_sort_by_their_numbers() {
        let model = |name: &str, n_layers: u32, n_ctx: Option<u32>| {
            let json = serde_json::json!({"model_name": name, "n_layers": n_layers, "n_heads": 1, "n_ctx": n_ctx});
            serde_json::from_value(json).unwrap()
        };
        let models = [model("b", 12, Some(8)), model("A", 2, None), model("c", 6, Some(9))];
        let by = |text: &str| ordered(&models, Sort::read(text, |c| Some(c.to_owned())).as_ref());
        assert_eq!(by("n_layers"), [1, 2, 0]);
        assert_eq!(by("-n_ctx"), [2, 0, 1]);
        assert_eq!(by("name"), [1, 0, 2]);
        assert_eq!(by("-nonsense"), [0, 1, 2]);
        assert_eq!(listed(&models, "B", None), [0]);
        assert_eq!(listed(&models, "", None).len(), 3);
    }
}
