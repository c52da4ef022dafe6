//! Fetches what the address names: first the overview, good enough to see, then the exact values.

use std::sync::Arc;

use futures::future::{AbortHandle, abortable, join};
use lens_schema::{ModelEntry, PromptEntry};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::link::Target;
use super::matrix::Matrix;
use super::page::{Page, Problem, Shown};
use crate::erase::effect;
use crate::frame;
use crate::index::{self, Index};
use crate::patterns;

/// Keeps [`Page::shown`] at what the address names. A load that is no longer wanted is aborted.
pub fn follow(page: Page) {
    let running = StoredValue::new(None::<AbortHandle>);
    let stop = move || running.update_value(|running| running.take().into_iter().for_each(|load| load.abort()));
    effect(move || {
        let target = page.target.get();
        stop();
        match target {
            Err(message) => {
                let links = page.index.with_value(|index| model_links(page, index));
                page.problem.set(Some(Problem { message, links }));
            }
            Ok(target) => {
                let (load, handle) = abortable(show(page, target));
                running.set_value(Some(handle));
                spawn_local(async move {
                    let _aborted_loads_end_quietly = load.await;
                });
            }
        }
    });
    on_cleanup(stop);
}

async fn show(page: Page, target: Target) {
    let index = page.index.get_value();
    let (model, hash, head) = (target.id.model.clone(), target.hash.clone(), target.id.head);
    let Some(entry) = index.model(&model) else {
        let message = format!("This site has no model {model}.");
        return fail(page, message, model_links(page, &index));
    };
    if head.layer >= entry.n_layers || head.head >= entry.n_heads {
        let (layers, heads) = (entry.n_layers.saturating_sub(1), entry.n_heads.saturating_sub(1));
        let message = format!("{model} has no head {head}: its layers are 0 to {layers}, its heads 0 to {heads}.");
        let first =
            Target { id: lens_schema::PatternId { model, head: lens_schema::LayerHead { layer: 0, head: 0 } }, hash };
        let links = vec![(format!("Show {} instead", first.id.head), untrack(|| page.href(&first)))];
        return fail(page, message, links);
    }
    let (prompts, overview) = join(index::prompts(&model), patterns::overview(&model, &hash)).await;
    let prompts = match prompts {
        Ok(prompts) => prompts,
        Err(message) => return fail(page, message, Vec::new()),
    };
    page.prompts.set(prompts.clone());
    let Some(prompt) = prompts.iter().find(|p| p.hash == hash) else {
        let message = format!("{model} has no prompt {hash} in this site.");
        return fail(page, message, prompt_links(page, &target, &prompts));
    };
    let overview = match overview {
        Ok(overview) => overview,
        Err(message) => return fail(page, with_remedy(&message), prompt_links(page, &target, &prompts)),
    };
    let heads = patterns::overview_layer(&model, &hash, head.layer).await;
    let matrix = match heads.and_then(|heads| Matrix::approximate(&overview, &heads, head).map_err(|e| e.to_string())) {
        Ok(matrix) => matrix,
        Err(message) => return fail(page, with_remedy(&message), prompt_links(page, &target, &prompts)),
    };
    frame::turn().await;
    let first = Shown {
        labels: Arc::new(prompt.row_labels(overview.meta.n_ctx)),
        prompt: Arc::new(prompt.clone()),
        matrix: Arc::new(matrix),
        n_layers: entry.n_layers,
        n_heads: entry.n_heads,
        target,
    };
    page.inexact.set(None);
    let heads = |layer| (0..overview.meta.n_heads).map(|head| overview.range(layer, head)).collect();
    page.ranges.set((0..overview.meta.n_layers).map(heads).collect());
    page.overview.set(Some((model.clone(), hash.clone(), overview.clone())));
    page.shown.set(Some(first.clone()));
    page.problem.set(None);
    let exact = patterns::exact(&model, &hash, head.layer).await;
    frame::turn().await;
    match exact.and_then(|layer| Matrix::exact(&overview, &layer, head).map_err(|e| e.to_string())) {
        Ok(matrix) => page.shown.set(Some(Shown { matrix: Arc::new(matrix), ..first })),
        Err(message) => page.inexact.set(Some(format!("The values shown are approximate: {}", with_remedy(&message)))),
    }
}

fn fail(page: Page, message: String, links: Vec<(String, String)>) {
    page.shown.set(None);
    page.problem.set(Some(Problem { message, links }));
}

/// What went wrong with a file, and what helps if it does not say so itself.
fn with_remedy(message: &str) -> String {
    if message.contains("again") || message.ends_with('?') {
        return message.to_owned();
    }
    format!("{message}; build the site again to write the file anew")
}

/// A way to each model of the site: its first head on its first prompt is not known yet, so the way leads to the
/// page with many patterns.
fn model_links(page: Page, index: &Index) -> Vec<(String, String)> {
    let to = |model: &ModelEntry| {
        let mut query = crate::url::Query::default();
        query.set_list("models", &[model.dir()]);
        (format!("Choose a head of {}", model.dir()), format!("{}?{query}", lens_schema::path::INDEX_HTML))
    };
    let models: Vec<_> = index.models.iter().take(8).map(to).collect();
    if models.is_empty() { vec![("All patterns".to_owned(), untrack(|| page.back()))] } else { models }
}

/// A way to the model's first prompts with the same head.
fn prompt_links(page: Page, target: &Target, prompts: &[PromptEntry]) -> Vec<(String, String)> {
    let other = prompts.iter().filter(|p| p.hash != target.hash);
    other
        .take(8)
        .map(|p| (excerpt(&p.text), untrack(|| page.href(&Target { hash: p.hash.clone(), ..target.clone() }))))
        .collect()
}

/// The beginning of a text on one line.
pub fn excerpt(text: &str) -> String {
    const LENGTH: usize = 60;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_says_what_helps_once() {
        assert_eq!(with_remedy("x: cut off"), "x: cut off; build the site again to write the file anew");
        for complete in
            ["x is missing (404); was the site copied as a whole?", "schema 1 is not 2; build the site again"]
        {
            assert_eq!(with_remedy(complete), complete);
        }
    }

    #[test]
    fn excerpts_are_one_short_line() {
        assert_eq!(excerpt(" a\n\tb "), "a b");
        assert_eq!(excerpt(&"é".repeat(61)), format!("{}…", "é".repeat(60)));
    }
}
