//! Hands files to the browser, and texts to the clipboard. Errors are sentences to show.

use std::time::Duration;

use futures::channel::oneshot;
use leptos::prelude::{document, set_timeout, window};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, HtmlCanvasElement, HtmlImageElement, Url};

use super::Exhibit;
use crate::canvas;

pub const PNG: &str = "image/png";

/// Browsers draw no canvas with longer sides, or with more pixels.
const MOST_PIXELS: (usize, usize) = (16_384, 1 << 27);

/// After so long a download has begun, and its address may go.
const KEEP: Duration = Duration::from_secs(30);

/// Downloads a file; returns its size in bytes.
pub fn file(name: &str, content: &Blob) -> Result<f64, String> {
    let refused = |_| format!("The browser refuses to save {name}; its settings may forbid downloads.");
    let url = Url::create_object_url_with_blob(content).map_err(refused)?;
    let link = document().create_element("a").map_err(refused)?.unchecked_into::<HtmlAnchorElement>();
    link.set_href(&url);
    link.set_download(name);
    link.click();
    set_timeout(
        move || {
            let _ours = Url::revoke_object_url(&url);
        },
        KEEP,
    );
    Ok(content.size())
}

/// Bytes of a media type.
pub fn blob(bytes: &[u8], media_type: &str) -> Result<Blob, String> {
    let options = BlobPropertyBag::new();
    options.set_type(media_type);
    let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(bytes));
    let full = |_| "The browser has no room for the file; zoom in, so that it is smaller.".to_owned();
    Blob::new_with_u8_array_sequence_and_options(&parts, &options).map_err(full)
}

/// Puts a text on the clipboard.
pub async fn copy(text: &str) -> Result<(), String> {
    let refused = || format!("The browser does not let this page copy. Here it is, to copy by hand: {text}");
    // Missing where the page is neither from a secure host nor from this machine.
    let navigator = window().navigator();
    let has_clipboard = js_sys::Reflect::get(&navigator, &"clipboard".into()).is_ok_and(|found| !found.is_undefined());
    if !has_clipboard {
        return Err(refused());
    }
    JsFuture::from(navigator.clipboard().write_text(text)).await.map(drop).map_err(|_| refused())
}

/// The part in view, `zoom` × `zoom` pixels a cell.
fn cells(exhibit: &Exhibit, zoom: usize) -> Result<HtmlCanvasElement, String> {
    let side = exhibit.side() * zoom;
    let (canvas, context) = sheet(side, side)?;
    canvas::put(&context, &exhibit.pixels(zoom), side, 0.0, 0.0);
    Ok(canvas)
}

/// The matrix alone, `zoom` × `zoom` pixels a cell.
pub async fn plain(exhibit: &Exhibit, zoom: usize) -> Result<Blob, String> {
    png(&cells(exhibit, zoom)?).await
}

/// The address of a picture with a pixel for each cell.
pub fn image(exhibit: &Exhibit) -> Result<String, String> {
    let canvas = cells(exhibit, 1)?;
    canvas.to_data_url_with_type(PNG).map_err(|_| "The browser does not let this page make pictures.".to_owned())
}

/// A drawing, enlarged.
pub async fn drawn(svg: &str, zoom: usize) -> Result<Blob, String> {
    let failed = |_: JsValue| "The browser cannot draw the figure; save it as SVG instead.".to_owned();
    let url = Url::create_object_url_with_blob(&blob(svg.as_bytes(), "image/svg+xml")?).map_err(failed)?;
    let image = HtmlImageElement::new().map_err(failed)?;
    image.set_src(&url);
    let decoded = JsFuture::from(image.decode()).await;
    let _ours = Url::revoke_object_url(&url);
    decoded.map_err(failed)?;
    let (width, height) = (image.natural_width() as usize * zoom, image.natural_height() as usize * zoom);
    let (canvas, context) = sheet(width, height)?;
    context
        .draw_image_with_html_image_element_and_dw_and_dh(&image, 0.0, 0.0, width as f64, height as f64)
        .map_err(failed)?;
    png(&canvas).await
}

fn sheet(width: usize, height: usize) -> Result<(HtmlCanvasElement, web_sys::CanvasRenderingContext2d), String> {
    let refused =
        || format!("A picture of {width} × {height} pixels is too large for the browser; choose a smaller scale.");
    if width.max(height) > MOST_PIXELS.0 || width * height > MOST_PIXELS.1 {
        return Err(refused());
    }
    let canvas = document().create_element("canvas").map_err(|_| refused())?.unchecked_into::<HtmlCanvasElement>();
    canvas.set_width(width as u32);
    canvas.set_height(height as u32);
    let context = canvas::context(&canvas).ok_or_else(refused)?;
    Ok((canvas, context))
}

async fn png(canvas: &HtmlCanvasElement) -> Result<Blob, String> {
    let failed = || "The browser cannot make this picture; choose a smaller scale.".to_owned();
    let (send, receive) = oneshot::channel();
    let done = Closure::once_into_js(move |blob: Option<Blob>| {
        let _nobody_waits_any_more = send.send(blob);
    });
    canvas.to_blob_with_type(done.unchecked_ref(), PNG).map_err(|_| failed())?;
    receive.await.ok().flatten().ok_or_else(failed)
}
