//! Figures that come as pictures: one archive per prompt and function, one entry per head.

use std::rc::Rc;

use lens_schema::npz::{Reader, gunzip};
use lens_schema::{LayerHead, path};
use wasm_bindgen::prelude::*;
use web_sys::{Blob, BlobPropertyBag, Url};

use crate::fetch::{self, Cache};

thread_local! {
    static ARCHIVES: Cache<Reader<Vec<u8>>> = Cache::new(64 << 20);
}

/// Formats of packed pictures with their media types; `svgz` is unpacked first.
const FORMATS: [(&str, &str); 3] = [("png", "image/png"), ("svg", "image/svg+xml"), ("svgz", "image/svg+xml")];
/// What a figure function failed with.
const ERROR: &str = "error.txt";

/// A picture as a URL of this page; gone when dropped. Shown by `<img>`, where scripts in an SVG do not run.
#[derive(Debug)]
pub struct Picture(pub String);

impl Drop for Picture {
    fn drop(&mut self) {
        let _ours = Url::revoke_object_url(&self.0);
    }
}

/// One head's picture by a figure function.
pub async fn picture(model: &str, hash: &str, figure: &str, head: LayerHead) -> Result<Picture, String> {
    let url = path::packed_figure(model, hash, figure);
    let archive = archive(&url).await?;
    let (bytes, media_type) = unpack(&archive, head).map_err(|e| format!("{url}: {e}"))?;
    let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(bytes.as_slice()));
    let options = BlobPropertyBag::new();
    options.set_type(media_type);
    let refused = |_: JsValue| format!("{url}: the browser cannot show {head}");
    let blob = Blob::new_with_u8_array_sequence_and_options(&parts, &options).map_err(refused)?;
    Url::create_object_url_with_blob(&blob).map(Picture).map_err(refused)
}

async fn archive(url: &str) -> Result<Rc<Reader<Vec<u8>>>, String> {
    let name = url.to_owned();
    let load = async move {
        let bytes = fetch::bytes(&name).await?;
        let size = bytes.len();
        Ok((Reader::new(bytes).map_err(|e| format!("{name}: {e}"))?, size))
    };
    ARCHIVES.with(|cache| cache.get(url, load)).await
}

/// A head's picture and its media type; what its figure function failed with is the error.
fn unpack(archive: &Reader<Vec<u8>>, head: LayerHead) -> Result<(Vec<u8>, &'static str), String> {
    let get = |extension: &str| archive.get(&path::packed_figure_entry(head, extension)).map_err(|e| e.to_string());
    for (extension, media_type) in FORMATS {
        let Some(bytes) = get(extension)? else { continue };
        if extension != "svgz" {
            return Ok((bytes, media_type));
        }
        return Ok((gunzip(&bytes).ok_or_else(|| format!("{head} is damaged"))?, media_type));
    }
    match get(ERROR)? {
        Some(message) => Err(format!("{head}: {}", String::from_utf8_lossy(&message).trim())),
        None => Err(format!("there is no picture of {head}")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use lens_schema::npz::Writer;

    use super::*;

    #[test]
    fn pictures_are_found_by_their_head() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(b"<svg/>").unwrap();
        let svgz = gzip.finish().unwrap();
        let mut writer = Writer::new(0);
        writer.entry("L0H0.png", &[b"png"]).unwrap();
        writer.entry("L0H1.svgz", &[&svgz]).unwrap();
        writer.entry("L0H2.error.txt", &[b"division by zero\n"]).unwrap();
        writer.entry("L0H3.svgz", &[b"not gzip"]).unwrap();
        let archive = Reader::new(writer.finish().unwrap()).unwrap();
        let get = |head| unpack(&archive, LayerHead { layer: 0, head });
        assert_eq!(get(0), Ok((b"png".to_vec(), "image/png")));
        assert_eq!(get(1), Ok((b"<svg/>".to_vec(), "image/svg+xml")));
        assert_eq!(get(2), Err("L0H2: division by zero".to_owned()));
        assert!(get(3).unwrap_err().starts_with("L0H3 is damaged"));
        assert_eq!(get(4), Err("there is no picture of L0H4".to_owned()));
    }
}
