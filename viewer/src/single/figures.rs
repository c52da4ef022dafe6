//! The figures of this head that come as pictures.

use std::cell::RefCell;
use std::rc::Rc;

use futures::future::{AbortHandle, abortable, join_all};
use lens_schema::FigureEntry;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, HtmlElement};

use super::link::Target;
use super::page::Page;
use crate::dom;
use crate::erase::effect;
use crate::grid::packed::{Picture, picture};
use crate::grid::tiles::functions;
use crate::index::Index;
use crate::signal::memo;

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

/// A figure's place on the page.
struct Plate {
    name: String,
    element: HtmlElement,
    /// What is shown in it; freed when another picture takes its place.
    picture: RefCell<Option<Picture>>,
}

/// Keeps all of them below each other; nothing if there are none.
pub fn start(page: Page, root: &Element) {
    let below = dom::find(root, ".below");
    let at = memo(move || page.shown.with(|shown| shown.as_ref().map(|s| s.target.clone())));
    let prompt = memo(move || at.with(|at| at.as_ref().map(|at| (at.id.model.clone(), at.hash.clone()))));
    let plates = Rc::new(RefCell::new(Vec::<Rc<Plate>>::new()));
    let listed = plates.clone();
    effect(move || {
        let Some((model, hash)) = prompt.get() else { return };
        let entries = page.index.with_value(|index| packed(index, &model, &hash));
        let (cards, all): (Vec<_>, Vec<_>) = entries.iter().map(card).unzip();
        let title = dom::make("h2", "", "Figures of this head");
        let wall = dom::around("div", &[("class", "wall")], &cards);
        let attributes = [("class", "packed"), ("data-testid", "figures"), ("aria-label", "Figures of this head")];
        let section = dom::around("section", &attributes, &[title, wall]);
        dom::put(&below, &(!cards.is_empty()).then_some(section).into_iter().collect::<Vec<_>>());
        *listed.borrow_mut() = all;
    });
    let running = Rc::new(RefCell::new(None::<AbortHandle>));
    effect(move || {
        prompt.track();
        running.take().into_iter().for_each(|load| load.abort());
        let Some(target) = at.get() else { return };
        let loads: Vec<_> = plates.borrow().iter().map(|plate| load(plate.clone(), target.clone())).collect();
        let (work, handle) = abortable(join_all(loads));
        running.replace(Some(handle));
        spawn_local(async move {
            let _aborted_loads_end_quietly = work.await;
        });
    });
}

fn card(entry: &FigureEntry) -> (HtmlElement, Rc<Plate>) {
    let doc = dom::make("p", "muted", entry.doc.as_deref().unwrap_or_default());
    let caption = dom::around("figcaption", &[], &[dom::make("h3", "", &entry.name), doc]);
    let element = dom::around("div", &[("class", "plate")], &[dom::make("div", "skeleton", "")]);
    let figure = dom::around("figure", &[("class", "card")], &[caption, element.clone()]);
    let plate = Plate { name: entry.name.clone(), element, picture: RefCell::default() };
    (dom::named(figure, &format!("figure-{}", entry.name)), Rc::new(plate))
}

/// Shows a figure in its place; until it is there, what was there stays.
async fn load(plate: Rc<Plate>, at: Target) {
    let content = match picture(&at.id.model, &at.hash, &plate.name, at.id.head).await {
        Ok(picture) => {
            let image = dom::make("img", "", "");
            dom::set(&image, "src", &picture.0);
            dom::set(&image, "alt", &format!("{} of {}", plate.name, at.id.head));
            plate.picture.replace(Some(picture));
            image
        }
        Err(message) => dom::make("p", "problem", &message),
    };
    dom::put(&plate.element, &[content]);
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
