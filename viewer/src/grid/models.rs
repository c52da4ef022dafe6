//! The table of models, and the head picker of each that is chosen.

use std::cmp::Ordering;

use lens_schema::ModelEntry;
use lens_schema::sort::{indexes, set};
use leptos::prelude::*;

use crate::erase::{live, part};
use crate::grid::field::search;
use crate::grid::heads::HeadPicker;
use crate::grid::list::{Act, Column, Line, List, Table, nothing};
use crate::grid::panel::folding;
use crate::grid::state::Panel;
use crate::grid::store::Store;
use crate::grid::table::Sort;
use crate::signal::memo;
use crate::url::Step;

/// The columns of the table.
const COLUMNS: [Column; 6] = [
    Column { key: "name", title: "Model", meaning: "Name of the model", number: false },
    Column { key: "n_layers", title: "Layers", meaning: "n_layers: number of layers", number: true },
    Column { key: "n_heads", title: "Heads", meaning: "n_heads: attention heads in a layer", number: true },
    Column { key: "d_model", title: "d_model", meaning: "d_model: width of the residual stream", number: true },
    Column { key: "n_ctx", title: "n_ctx", meaning: "n_ctx: longest input in tokens", number: true },
    Column { key: "n_params", title: "Params", meaning: "n_params: parameters", number: true },
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
    indexes(models.len(), &mut |a, b| {
        let (Some(sort), a, b) = (sort, &models[a], &models[b]) else { return Ordering::Equal };
        let ordering = match sort.column.as_str() {
            "name" => a.model_name.to_lowercase().cmp(&b.model_name.to_lowercase()),
            key if COLUMNS.iter().any(|c| c.key == key) => number(a, key).cmp(&number(b, key)),
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
    let index = StoredValue::new(store.index());
    let n_models = store.index().models.len();
    let summary = live(move || format!("{} of {n_models}", store.chosen_models.with(Vec::len)));
    let sort = memo(move || store.state.with(|s| s.model_sort.clone()));
    let lines = memo(move || {
        let models = &index.get_value().models;
        let wanted = store.state.with(|s| s.model_search.clone());
        listed(models, &wanted, sort.get().as_ref()).into_iter().map(|i| line(&models[i])).collect::<Vec<_>>()
    });
    let act = move |act| match act {
        Act::Sort(column) => {
            store.edit(Step::Replace, |s| s.model_sort = Sort::pressed(s.model_sort.take(), column.to_owned()));
        }
        Act::Choose(dirs, add) => store.choose_models(&dirs, add),
        Act::Open(_) => {}
    };
    let list = List {
        name: "model",
        all: ("All models", "choose-models"),
        columns: &COLUMNS,
        lines,
        sort,
        chosen: memo(move || set(store.chosen_models.get())),
        open: memo(Vec::new),
        full: None,
        act: Callback::new(act),
    };
    let empty = memo(move || lines.with(Vec::is_empty).then_some("No model is called so."));
    let picker = |dir: String| view! { <HeadPicker dir /> }.into_any();
    let field = (n_models > MANY).then(|| {
        let names = ("search-models", "Search models");
        search(store, names, |s| s.model_search.clone(), |s, text| s.model_search = text)
    });
    let children = view! {
        {field} <Table list /> {nothing(empty)}
        <div class="pickers">
            {part(move || store.chosen_models.get().into_iter().map(picker).collect::<Vec<_>>())}
        </div>
    };
    folding(store, Panel::Models, "Models and heads", summary, children.into_any())
}

/// A model's row.
fn line(model: &ModelEntry) -> Line {
    let numbers = COLUMNS[1..].iter().map(|column| match number(model, column.key) {
        Some(n) => (short(n), n.to_string()),
        None => ("–".to_owned(), String::new()),
    });
    let name = (model.model_name.clone(), model.model_name.clone());
    Line { key: model.dir(), name: name.0.clone(), cells: std::iter::once(name).chain(numbers).collect() }
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
