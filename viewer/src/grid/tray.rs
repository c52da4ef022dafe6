//! The figures that the reader keeps, at the foot of the page, and the way to compare them.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlCanvasElement, HtmlElement, MouseEvent};

use crate::dom;
use crate::erase::{effect, on};
use crate::grid::pins::Pin;
use crate::grid::shade::Shade;
use crate::grid::store::Store;
use crate::grid::table::PromptRow;
use crate::signal::memo;
use crate::task::Task;
use crate::url::{Query, Step};
use crate::{canvas, patterns};

/// Side of a small picture in CSS pixels.
const SIDE: usize = 48;

#[component]
pub fn Tray() -> impl IntoView {
    let store = Store::here();
    let root = NodeRef::<html::Div>::new();
    let pins = memo(move || store.state.with(|s| (s.pinned(), s.shade)));
    // The prompts' texts are in their names.
    let rows = store.rows;
    let tasks = StoredValue::new_local(Vec::<Task>::new());
    effect(move || {
        let Some(root) = root.get() else { return };
        let ((pins, shade), rows) = (pins.get(), rows.get().unwrap_or_default());
        // Whoever let go of one by its button is at the next.
        let focused = dom::all(&root, "button").iter().position(|button| button.matches(":focus").unwrap_or(false));
        let mut look = Query::default();
        shade.write(&mut look);
        let row = dom::element("ul", &[("aria-label", "Pinned figures")]);
        let drawn = pins.iter().map(|pin| {
            let (item, task) = item(&rows, shade, pin);
            dom::append(&row, &item);
            task
        });
        tasks.set_value(drawn.collect());
        root.set_hidden(pins.is_empty());
        root.set_text_content(None);
        dom::append(&root, &row);
        let href = Pin::compare(&pins, &look).unwrap_or_default();
        let text = if pins.len() > 1 { format!("Compare {}", pins.len()) } else { "Open".to_owned() };
        let attributes = [("class", "primary"), ("data-testid", "compare"), ("href", &*href)];
        dom::append(&root, &dom::words("a", &attributes, &text));
        dom::append(&root, &dom::words("button", &[("class", "quiet"), ("data-testid", "unpin-all")], "Clear"));
        if let Some(at) = focused {
            let buttons = dom::all(&root, "button");
            dom::focus(buttons.get(at.min(buttons.len() - 1)).cloned());
        }
    });
    let click = move |event: MouseEvent| {
        if let Some(button) = dom::closest(&event, "button") {
            let pin = button.get_attribute("data-pin");
            store.edit(Step::Push, |s| match pin {
                Some(pin) => s.pin(&pin),
                None => s.pins.clear(),
            });
        }
    };
    view! {
        <div class="tray" role="region" aria-label="Pinned figures" data-testid="tray" node_ref=root on:click=on(click) hidden></div>
    }
}

/// One pinned figure: its picture, which leads to it, its name, and a button that lets go of it.
fn item(rows: &[Arc<PromptRow>], shade: Shade, pin: &Pin) -> (HtmlElement, Task) {
    let prompt = rows.iter().find(|row| row.hash == pin.hash);
    let prompt = prompt.map_or_else(|| pin.hash.clone(), |row| row.preview(80));
    let name = format!("{} {}, {prompt}", pin.id.model, pin.id.head);
    let href = lens_schema::path::single_url(&pin.id, &pin.hash);
    let surface = dom::element("canvas", &[("aria-hidden", "true")]);
    let lines = dom::around(
        "span",
        &[],
        &[
            &dom::words("strong", &[], &pin.id.head.to_string()),
            &dom::words("span", &[("class", "muted")], &pin.id.model),
        ],
    );
    let link = dom::around("a", &[("href", &href), ("title", &name), ("aria-label", &name)], &[&surface, &lines]);
    let written = pin.write();
    let label = format!("Unpin {name}");
    let attributes =
        [("class", "icon small"), ("aria-label", &*label), ("data-pin", &*written), ("data-testid", "unpin")];
    let item = dom::around("li", &[], &[&link, &dom::words("button", &attributes, "×")]);
    let pin = pin.clone();
    let surface: HtmlCanvasElement = surface.unchecked_into();
    let failed = item.clone();
    let task = Task::new(async move {
        canvas::fit(&surface, SIDE as f64, SIDE as f64);
        let (dir, head) = (&pin.id.model, pin.id.head);
        let loaded = async {
            let overview = patterns::overview(dir, &pin.hash).await?;
            Ok::<_, String>((patterns::overview_layer(dir, &pin.hash, head.layer).await?, overview))
        };
        match loaded.await {
            Ok((layer, overview)) if head.head < overview.meta.n_heads => {
                let palette = canvas::palette(&shade.over(&Default::default()), overview.range(head.layer, head.head));
                let (side, pixels) = (overview.meta.overview_side(), surface.width() as usize);
                let image = canvas::render(&layer.head(head.head), side, overview.meta.causal, pixels, &palette);
                if let Some(context) = canvas::context(&surface) {
                    canvas::put(&context, &image, pixels, 0.0, 0.0);
                }
                dom::set(&surface, "data-state", "drawn");
            }
            Ok(_) => dom::set(&failed, "class", "failed"),
            Err(message) => {
                dom::set(&failed, "class", "failed");
                dom::set(&failed, "title", &message);
            }
        }
    });
    (item, task)
}
