//! Choosing heads of one model: a grid of layers and heads to click and drag on, and the same as text.

use lens_schema::HeadSelection;
use leptos::prelude::*;

use crate::erase::{effect, live, on};
use crate::grid::cells::Cells;
use crate::grid::pick::{Size, compact, spaced};
use crate::grid::store::Store;
use crate::grid::tiles::heads_of;
use crate::signal::{RwSignal, memo};
use crate::url::Step;

/// The picker of one chosen model.
#[component]
pub fn HeadPicker(dir: String) -> impl IntoView {
    let store = Store::here();
    let Some(model) = store.index().model(&dir).cloned() else { return ().into_any() };
    let size = Size { n_layers: model.n_layers, n_heads: model.n_heads };
    let name = model.model_name.clone();
    let text = {
        let (dir, name) = (dir.clone(), name.clone());
        memo(move || store.state.with(|s| s.heads.get(&dir).or_else(|| s.heads.get(&name)).map(str::to_owned)))
    };
    let parsed = memo(move || heads_of(text.get().as_deref(), &model));
    // While a selection is invalid, the grid starts from nothing.
    let base = memo(move || parsed.get().unwrap_or_else(|_| vec![false; size.count()]));
    let count = RwSignal::new(0);
    let stored = StoredValue::new((dir.clone(), name.clone()));
    let set_text = move |step: Step, text: String| {
        let (dir, name) = stored.get_value();
        store.edit(step, |s| {
            s.heads.set(&name, None);
            // A model's heads are all chosen unless the URL says otherwise.
            s.heads.set(&dir, (text != "L*").then_some(text));
        });
    };
    let set = move |heads: Vec<bool>| {
        set_text(Step::Push, HeadSelection::of(&heads, size.n_heads).to_string());
    };

    // What is being typed is left alone as long as it means what the URL says.
    let typed = RwSignal::new(String::new());
    effect(move || {
        let now = text.get().unwrap_or_else(|| "L*".to_owned());
        if compact(&typed.get_untracked()) != compact(&now) {
            typed.set(spaced(&now));
        }
    });
    let input = move |event| {
        let value = event_target_value(&event);
        typed.set(value.clone());
        set_text(Step::Replace, compact(&value));
    };
    let problem = move || parsed.with(|p| p.as_ref().err().cloned());
    let hint = format!("heads-problem-{dir}");
    view! {
        <div class="picker" data-testid=format!("picker-{dir}")>
            <div class="picker-head">
                <h3 title=name.clone()>{name.clone()}</h3>
                <span class="muted">
                    {live(move || format!("{} of {}", count.get(), size.count()))}
                </span>
                <button
                    class="small"
                    aria-label=format!("All heads of {name}")
                    data-testid=format!("heads-all-{dir}")
                    on:click=on(move |_| set(vec![true; size.count()]))
                >
                    "All"
                </button>
                <button
                    class="small"
                    aria-label=format!("None of the heads of {name}")
                    data-testid=format!("heads-none-{dir}")
                    on:click=on(move |_| set(vec![false; size.count()]))
                >
                    "None"
                </button>
            </div>
            <input
                class="mono"
                type="text"
                spellcheck="false"
                autocomplete="off"
                autocapitalize="off"
                placeholder="L3H7, L2-4, H0, L*"
                aria-label=format!("Heads of {name}")
                aria-describedby=hint.clone()
                aria-invalid=live(move || problem().is_some().to_string())
                data-testid=format!("heads-{dir}")
                prop:value=live(move || typed.get())
                on:input=on(input)
            />
            <p class="problem" id=hint role="status" data-testid=format!("heads-problem-{dir}")>{live(move || problem().unwrap_or_default())}</p>
            <Cells name size base count set=Callback::new(set) />
        </div>
    }
    .into_any()
}
