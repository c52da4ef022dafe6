//! The figures of this head that come as pictures.

use lens_schema::{FigureEntry, LayerHead};
use leptos::prelude::*;

use super::link::Target;
use super::page::Page;
use crate::erase::memo;
use crate::grid::packed::{Picture, picture};
use crate::grid::tiles::functions;
use crate::index::Index;

/// The figures that have a picture for a prompt, each under its own name, in the order of the site's index.
fn packed(index: &Index, model: &str, hash: &str) -> Vec<FigureEntry> {
    let Some(model) = index.manifest_model(model) else { return Vec::new() };
    let packed = functions(index).into_iter().filter(|f| f.matrix.is_none() && model.has_figure(&f.name, hash));
    packed
        .map(|function| {
            let entry = function.entry.and_then(|at| index.figures.get(at)).cloned().unwrap_or_default();
            FigureEntry { name: function.name, ..entry }
        })
        .collect()
}

/// All of them below each other; nothing if there are none.
#[component]
pub fn Figures() -> impl IntoView {
    let page = Page::here();
    let at = memo(move || page.shown.with(|shown| shown.as_ref().map(|s| s.target.clone())));
    let prompt = memo(move || at.with(|at| at.as_ref().map(|at| (at.id.model.clone(), at.hash.clone()))));
    let head = memo(move || at.with(|at| at.as_ref().map(|at| at.id.head)));
    let figures = move || {
        let (model, hash) = prompt.get()?;
        let entries = page.index.with_value(|index| packed(index, &model, &hash));
        let figure = |entry: FigureEntry| view! { <Figure entry at head /> };
        (!entries.is_empty()).then(|| {
            view! {
                <section class="packed" aria-labelledby="figures-title" data-testid="figures">
                    <h2 id="figures-title">"Figures of this head"</h2>
                    <div class="wall">{entries.into_iter().map(figure).collect_view()}</div>
                </section>
            }
        })
    };
    view! { {figures} }
}

#[component]
fn Figure(entry: FigureEntry, at: Memo<Option<Target>>, head: Memo<Option<LayerHead>>) -> impl IntoView {
    let name = entry.name.clone();
    let loaded = LocalResource::new(move || {
        let (name, at) = (name.clone(), at.get());
        async move {
            match at {
                Some(at) => picture(&at.id.model, &at.hash, &name, at.id.head).await,
                None => Err("nothing is shown".to_owned()),
            }
        }
    });
    let name = entry.name.clone();
    let content = move || {
        let alt = format!("{name} of {}", head.get().map(|head| head.to_string()).unwrap_or_default());
        loaded.with(|loaded| match loaded {
            None => view! { <div class="skeleton"></div> }.into_any(),
            Some(Ok(Picture(url))) => view! { <img src=url.clone() alt=alt /> }.into_any(),
            Some(Err(message)) => view! { <p class="problem">{message.clone()}</p> }.into_any(),
        })
    };
    view! {
        <figure class="card" data-testid=format!("figure-{}", entry.name)>
            <figcaption>
                <h3>{entry.name.clone()}</h3>
                <p class="muted">{entry.doc.clone()}</p>
            </figcaption>
            <div class="plate">{content}</div>
        </figure>
    }
}

#[cfg(test)]
mod tests {
    use lens_schema::Manifest;

    use super::*;

    #[test]
    fn only_pictures_that_are_there() {
        let manifest = r#"{"schema":1,"generator":"","title":"","files":0,"bytes":0,
            "models":[{"dir":"m","n_prompts":2,"figures":{"svd.left":null,"fft":["x"]}}]}"#;
        let manifest: Manifest = serde_json::from_str(manifest).unwrap();
        let figure = |name: &str| FigureEntry { name: name.to_owned(), ..Default::default() };
        let figures = ["raw", "svd", "fft", "other"].map(figure).to_vec();
        let index = Index { manifest, models: Vec::new(), figures };
        let names = |hash: &str| packed(&index, "m", hash).into_iter().map(|f| f.name).collect::<Vec<_>>();
        assert_eq!(names("x"), ["svd.left", "fft"]);
        assert_eq!(names("y"), ["svd.left"]);
        assert!(packed(&index, "other", "x").is_empty());
    }
}
