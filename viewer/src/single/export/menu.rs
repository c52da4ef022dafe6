//! The sheet of what can be taken away.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, HtmlSelectElement, MouseEvent};

use super::save;
use super::{Exhibit, Origin, html, svg, values};
use crate::single::axes;
use crate::single::frame::FONT_PX;
use crate::single::page::Page;
use crate::{canvas, dom, embed};

/// What a button gives.
enum Given {
    File(String, web_sys::Blob),
    Text(String),
}

/// Brings the button and its sheet to life.
pub fn start(page: Page, root: &Element) {
    let slot = dom::find(root, ".slot.export-menu");
    dom::fill(&slot, include_str!("sheet.html"));
    let said = dom::part(&slot, "export-said");
    let scale: HtmlSelectElement = dom::part(&slot, "export-scale").unchecked_into();
    dom::listen(&slot, "click", move |event: MouseEvent| {
        let Some(what) = dom::closest(&event, "[data-export]").and_then(|button| button.get_attribute("data-export"))
        else {
            return;
        };
        let zoom = scale.value().parse().unwrap_or(1);
        let said = said.clone();
        said.set_text_content(None);
        spawn_local(async move {
            let told = match give(page, &what, zoom).await {
                Ok(Given::File(name, blob)) => {
                    save::file(&name, &blob).map(|size| format!("Saved {name} ({})", bytes(size)))
                }
                Ok(Given::Text(text)) => save::copy(&text).await.map(|()| format!("Copied: {text}")),
                Err(message) => Err(message),
            };
            dom::toggle(&said, "problem", told.is_err());
            said.set_text_content(Some(&told.unwrap_or_else(|message| message)));
        });
    });
}

async fn give(page: Page, what: &str, zoom: usize) -> Result<Given, String> {
    let address = self::address(page, false);
    if what == "link" {
        return Ok(Given::Text(address));
    }
    if what == "embed" {
        let address = super::escape(&self::address(page, true));
        return Ok(Given::Text(format!("<iframe src=\"{address}\" width=\"640\" height=\"640\"></iframe>")));
    }
    let exhibit = exhibit(page, &address).ok_or("There is no pattern to export.")?;
    if what == "caption" {
        return Ok(Given::Text(exhibit.caption));
    }
    let (ending, content) = match what {
        "cells" => ("cells.png", save::plain(&exhibit, zoom).await?),
        "figure" => ("png", save::drawn(&figure(&exhibit)?, zoom).await?),
        "svg" => ("svg", save::blob(figure(&exhibit)?.as_bytes(), "image/svg+xml")?),
        "csv" => ("csv", save::blob(values::csv(&exhibit).as_bytes(), "text/csv")?),
        "npy" => ("npy", save::blob(&values::npy(&exhibit), "application/octet-stream")?),
        _ => ("html", save::blob(html::page(&exhibit, &figure(&exhibit)?).as_bytes(), "text/html")?),
    };
    Ok(Given::File(format!("{}.{ending}", exhibit.name), content))
}

/// Of this view, as a page or as a part of one.
fn address(page: Page, embedded: bool) -> String {
    let here = window().location().href().unwrap_or_default();
    let path = here.split(['?', '#']).next().unwrap_or_default();
    format!("{path}?{}", page.address.with_untracked(|query| embed::query(query, embedded)))
}

fn exhibit(page: Page, address: &str) -> Option<Exhibit> {
    untrack(|| {
        let (shown, matrix) = (page.shown.get()?, page.matrix()?);
        let generator = page.index.with_value(|index| index.manifest.generator.clone());
        let from = Origin { generator: &generator, address };
        Some(Exhibit::of(&shown, matrix, &page.look.get(), page.colours(), page.window(), from))
    })
}

/// The exhibit as SVG, with texts as wide as this browser has them.
fn figure(exhibit: &Exhibit) -> Result<String, String> {
    let image = (exhibit.side() > svg::SHAPES).then(|| save::image(exhibit)).transpose()?;
    let sheet = canvas::context(dom::make("canvas", "", "").unchecked_ref());
    let sheet = sheet.ok_or("The browser does not let this page draw.")?;
    sheet.set_font(&format!("{FONT_PX}px Helvetica, Arial, sans-serif"));
    Ok(svg::figure(exhibit, image.as_deref(), &|text| axes::width(&sheet, text)))
}

/// A size in bytes, in words.
fn bytes(size: f64) -> String {
    match size {
        size if size < 1e4 => format!("{size:.0} bytes"),
        size if size < 1e6 => format!("{:.0} kB", size / 1e3),
        size => format!("{:.1} MB", size / 1e6),
    }
}
