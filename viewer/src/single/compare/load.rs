//! Fetches the patterns beside the page's own: exact, or from the overview where exact values cannot be had.

use std::sync::Arc;

use futures::future::{AbortHandle, abortable, join, join_all};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::erase::effect;
use crate::frame;
use crate::index;
use crate::patterns;
use crate::signal::{Memo, RwSignal};
use crate::single::compare::with::{MOST, Named};
use crate::single::link::Target;
use crate::single::matrix::Matrix;
use crate::single::page::{Page, Shown};

/// How far a pattern is.
#[derive(Debug, Clone)]
pub enum Slot {
    Loading,
    Failed(String),
    Shown(Shown),
}

type Slots = RwSignal<Vec<(Target, Slot)>>;

/// Keeps one slot for each pattern that is named. A load that is no longer wanted is aborted.
pub fn follow(page: Page, named: Memo<Vec<Named>>) -> Slots {
    let slots: Slots = RwSignal::new(Vec::new());
    let running = StoredValue::new(None::<AbortHandle>);
    let stop = move || {
        running.try_update_value(|running| running.take().into_iter().for_each(|load| load.abort()));
    };
    effect(move || {
        stop();
        let mut wanted: Vec<Target> = Vec::new();
        for target in named.get().into_iter().take(MOST - 1).filter_map(|named| named.target.ok()) {
            if !wanted.contains(&target) {
                wanted.push(target);
            }
        }
        let is_exact = |slot: &Slot| matches!(slot, Slot::Shown(shown) if shown.matrix.exact);
        slots.update(|slots| slots.retain(|(target, slot)| wanted.contains(target) && is_exact(slot)));
        let kept = slots.get_untracked();
        wanted.retain(|target| kept.iter().all(|(of, _)| of != target));
        let loads = wanted.into_iter().map(move |target| async move {
            if let Err(message) = load(page, slots, &target).await {
                put(slots, &target, Slot::Failed(message));
            }
        });
        let (load, handle) = abortable(join_all(loads));
        running.set_value(Some(handle));
        spawn_local(async move {
            let _aborted_loads_end_quietly = load.await;
        });
    });
    on_cleanup(stop);
    slots
}

fn put(slots: Slots, target: &Target, slot: Slot) {
    slots.update(|slots| {
        slots.retain(|(of, _)| of != target);
        slots.push((target.clone(), slot));
    });
}

async fn load(page: Page, slots: Slots, target: &Target) -> Result<(), String> {
    let (model, hash, head) = (&target.id.model, &target.hash, target.id.head);
    let entry = page.index.with_value(|index| index.model(model).cloned());
    let entry = entry.ok_or_else(|| format!("This site has no model {model}."))?;
    if head.layer >= entry.n_layers || head.head >= entry.n_heads {
        let (layers, heads) = (entry.n_layers.saturating_sub(1), entry.n_heads.saturating_sub(1));
        return Err(format!("{model} has no head {head}: its layers are 0 to {layers}, its heads 0 to {heads}."));
    }
    let prompts = index::prompts(model).await?;
    let missing = || format!("{model} has no prompt {hash} in this site.");
    let prompt = prompts.iter().find(|prompt| prompt.hash == *hash).ok_or_else(missing)?;
    let (overview, exact) = join(patterns::overview(model, hash), patterns::exact(model, hash, head.layer)).await;
    let overview = overview?;
    frame::turn().await;
    let matrix = match exact {
        Ok(layer) => Matrix::exact(&overview, &layer, head),
        Err(_) => Matrix::approximate(&overview, &*patterns::overview_layer(model, hash, head.layer).await?, head),
    };
    let shown = Shown {
        labels: Arc::new(prompt.row_labels(overview.meta.n_ctx)),
        prompt: Arc::new(prompt.clone()),
        matrix: Arc::new(matrix.map_err(|e| e.to_string())?),
        n_layers: entry.n_layers,
        n_heads: entry.n_heads,
        target: target.clone(),
    };
    put(slots, target, Slot::Shown(shown));
    Ok(())
}
