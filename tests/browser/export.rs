//! `single.html`: what is taken away has what is shown, in every form.

use lens_schema::npz::npy_data;
use lens_schema::scale::{lut, min_max, normalized_index};

use crate::fixture::{DECODER, HOSTILE, Site, prompts, value};
use crate::harness::{Held, Page, visit};
use crate::single::{link, wait_exact};

/// What a value may be away from the true f32 value.
const EXACT: f32 = 2e-5;

/// Presses a button of the sheet, and returns the file that is saved.
fn save(page: &mut Page, folder: &std::path::Path, what: &str) -> (String, Vec<u8>) {
    page.click(&format!("[data-testid=export-{what}]"));
    let (name, bytes) = page.saved(folder);
    let said = page.text("[data-testid=export-said]");
    assert!(said.starts_with(&format!("Saved {name} (")), "{name}: {said}");
    (name, bytes)
}

fn picture(png: &[u8]) -> (usize, usize, Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().expect("a PNG has a header");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a size that fits")];
    let info = reader.next_frame(&mut pixels).expect("a PNG has pixels");
    assert_eq!(info.color_type, png::ColorType::Rgba);
    (info.width as usize, info.height as usize, pixels)
}

#[test]
fn every_form_has_what_is_shown() {
    let site = Site::made();
    let prompt = &prompts()[0];
    let (layer, head, n) = (1, 2, prompt.n_ctx());
    let expected = |query, key| value(layer, head, n, true, query, key);
    let folder = tempfile::tempdir().unwrap();
    let mut html = (String::new(), Vec::new());
    visit(&site.url, &link(DECODER, layer, head, prompt), |page| {
        wait_exact(page);
        page.save_into(folder.path());
        page.click("[data-testid=menu-export]");
        let stem = format!("{DECODER}.L{layer}.H{head}.{}", prompt.hash());

        let (name, npy) = save(page, folder.path(), "npy");
        assert_eq!(name, format!("{stem}.npy"));
        let values: Vec<f32> =
            npy_data(&npy).unwrap().as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
        assert_eq!(values.len(), n * n);
        for (place, &found) in values.iter().enumerate() {
            assert!((found - expected(place / n, place % n)).abs() <= EXACT, "{place}: {found}");
        }

        let (name, csv) = save(page, folder.path(), "csv");
        let csv = String::from_utf8(csv).unwrap();
        assert_eq!(name, format!("{stem}.csv"));
        assert!(csv.starts_with("query \\ key,"), "{csv}");
        let row = csv.lines().find(|line| line.starts_with("2 <b>bold</b>,")).expect("a row for a token");
        let row: Vec<f32> = row.split(',').skip(1).map(|value| value.parse().unwrap()).collect();
        assert_eq!(row, values[2 * n..3 * n]);

        page.choose("[data-testid=export-scale]", "3");
        let (name, cells) = save(page, folder.path(), "cells");
        assert_eq!(name, format!("{stem}.cells.png"));
        let (width, height, pixels) = picture(&cells);
        assert_eq!((width, height), (3 * n, 3 * n));
        let (min, max) = min_max((0..n * n).map(|place| expected(place / n, place % n)));
        let blues = lut("Blues").unwrap();
        for query in 0..n {
            let at = |key: usize| &pixels[4 * ((3 * query + 1) * width + 3 * key + 1)..][..4];
            let colour = |key: usize| usize::from(normalized_index(expected(query, key), min, max));
            for key in 0..=query {
                // A value may be on the other side of a step of the colour map.
                let near = colour(key).saturating_sub(1)..=(colour(key) + 1).min(255);
                assert!(near.into_iter().any(|index| at(key)[..3] == blues[index]), "{query}, {key}: {:?}", at(key));
            }
            assert!((query + 1..n).all(|key| at(key)[3] == 0), "masked cells are transparent");
        }

        let (name, svg) = save(page, folder.path(), "svg");
        assert_eq!(name, format!("{stem}.svg"));
        let svg = String::from_utf8(svg).unwrap();
        page.eval(&format!("window.drawing = new DOMParser().parseFromString({svg:?}, 'image/svg+xml')"));
        assert_eq!(page.eval("drawing.querySelector('parsererror')"), serde_json::Value::Null);
        let texts = page.eval("[...drawing.querySelectorAll('text')].map(text => text.textContent)");
        let texts: Vec<String> = serde_json::from_value(texts).unwrap();
        for text in ["query", "key", HOSTILE[0], HOSTILE[1], HOSTILE[4], &format!("{DECODER} L1H2")] {
            assert!(texts.iter().any(|found| found == text), "{text}: {texts:?}");
        }
        let size = page.eval("['width', 'height'].map(side => +drawing.documentElement.getAttribute(side))");

        let (name, figure) = save(page, folder.path(), "figure");
        assert_eq!(name, format!("{stem}.png"));
        let (width, height, pixels) = picture(&figure);
        assert_eq!(serde_json::json!([width / 3, height / 3]), size);
        assert!(pixels.chunks_exact(4).any(|pixel| pixel[..3] == blues[255]), "the matrix is drawn");

        html = save(page, folder.path(), "html");
        assert_eq!(html.0, format!("{stem}.html"));
        assert_eq!(page.eval("document.title"), format!("{DECODER} L1H2 – Made <i>site</i>"));
    });
    // It opens from disk, and has the values.
    std::fs::write(folder.path().join(&html.0), &html.1).unwrap();
    visit(&format!("file://{}", folder.path().display()), &html.0, |page| {
        page.wait_for("#square");
        let middle = |at: usize| (at as f64 + 0.5) / n as f64;
        let read = |page: &mut Page| -> (String, f32) {
            let text = page.text("output");
            let (place, number) = text.rsplit_once(':').unwrap();
            (place.to_owned(), number.trim().trim_end_matches(" (masked)").parse().unwrap())
        };
        page.hover("#square", (middle(2), middle(9)));
        let (place, found) = read(page);
        assert_eq!(place, "query 9 ↵ → key 2 <b>bold</b>");
        assert!((found - expected(9, 2)).abs() <= EXACT, "{found}");
        page.eval("document.querySelector('svg').focus()");
        page.key("ArrowDown", Held::None);
        assert!((read(page).1 - expected(10, 2)).abs() <= EXACT);
        assert_eq!(page.eval("document.title"), format!("{DECODER} L1H2"));
    });
}

#[test]
fn a_part_of_what_was_made_of_a_pattern() {
    let site = Site::made();
    let prompt = &prompts()[1];
    let folder = tempfile::tempdir().unwrap();
    let address = format!("{}&expr=A+-+A.T&window=20,10,60", link(DECODER, 0, 3, prompt));
    visit(&site.url, &address, |page| {
        wait_exact(page);
        page.save_into(folder.path());
        page.click("[data-testid=menu-export]");
        let (name, csv) = save(page, folder.path(), "csv");
        assert_eq!(name, format!("{DECODER}.L0.H3.{}.A_-_A.T.q20-79.k10-69.csv", prompt.hash()));
        let lines: Vec<Vec<f32>> = String::from_utf8(csv)
            .unwrap()
            .lines()
            .skip(1)
            .map(|line| line.split(',').skip(1).map(|value| value.parse().unwrap()).collect())
            .collect();
        assert_eq!((lines.len(), lines[0].len()), (60, 60));
        let at = |query, key| value(0, 3, prompt.n_ctx(), true, query, key);
        assert!((lines[5][2] - (at(25, 12) - at(12, 25))).abs() <= 2.0 * EXACT);
        // As many cells as an image has pixels.
        let (_, svg) = save(page, folder.path(), "svg");
        let svg = String::from_utf8(svg).unwrap();
        assert!(svg.contains("A - A.T · queries 20-79, keys 10-69 of 300"), "{svg}");
        assert!(svg.contains("href=\"data:image/png;base64,"));
        page.choose("[data-testid=export-scale]", "1");
        let (_, figure) = save(page, folder.path(), "figure");
        let (_, _, pixels) = picture(&figure);
        let drawn = pixels.chunks_exact(4).filter(|pixel| pixel[0] > pixel[2].saturating_add(20)).count();
        assert!(drawn > 100, "what is below 0 is red");
    });
}

#[test]
fn links_and_captions_are_copied() {
    let site = Site::made();
    let prompt = &prompts()[3];
    visit(&site.url, &format!("{}&scale=sqrt", link(DECODER, 0, 3, prompt)), |page| {
        wait_exact(page);
        page.allow_clipboard();
        page.click("[data-testid=menu-export]");
        let address = format!("{}/{}", site.url, page.url());
        let mut copied = |what: &str| {
            page.click(&format!("[data-testid=export-{what}]"));
            page.wait("the copy", "document.querySelector('[data-testid=export-said]').innerText.startsWith('Copied')");
            page.clipboard()
        };
        assert_eq!(copied("link"), address);
        let caption = copied("caption");
        let version = env!("CARGO_PKG_VERSION");
        let hash = prompt.hash();
        for part in [DECODER, "layer 0, head 3", "“short1w0 short1w1", &hash, "sqrt scale", version, &address] {
            assert!(caption.contains(part), "{part}: {caption}");
        }
        let embedded = format!("{address}&embed=1").replace('&', "&amp;");
        assert!(copied("embed").contains(&format!("<iframe src=\"{embedded}\"")));
    });
}
