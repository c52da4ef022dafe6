//! Parts of the program that not every page shows are fetched by those that do.

use std::fs;

use lens_schema::Precision;

use crate::fixture::{DECODER, Site, prompts};
use crate::harness::visit;
use crate::single::{link, wait_exact};

/// Whether the page of one pattern was fetched.
const FETCHED: &str = "performance.getEntriesByType('resource').some(r => r.name.endsWith('-single.wasm'))";

#[test]
fn the_start_page_fetches_no_part_of_others() {
    let site = Site::made();
    visit(&site.url, "index.html", |page| {
        page.wait_for("[data-testid=prompts] tbody tr");
        page.click("[data-testid=view-heads]");
        page.wait_for("[data-testid=finder] canvas");
        assert_eq!(page.eval(FETCHED), false);
    });
    visit(&site.url, &link(DECODER, 2, 1, &prompts()[1]), |page| {
        wait_exact(page);
        assert_eq!(page.eval(FETCHED), true);
    });
}

#[test]
fn a_part_that_is_missing_is_told() {
    let site = Site::with(Precision::Exact);
    let mut files = fs::read_dir(site.folder().join("assets")).unwrap().map(|file| file.unwrap().path());
    let part = files.find(|file| file.to_string_lossy().ends_with("-single.wasm")).unwrap();
    let content = fs::read(&part).unwrap();
    fs::remove_file(&part).unwrap();
    visit(&site.url, &link(DECODER, 2, 1, &prompts()[1]), |page| {
        page.wait_for("[data-testid=error]");
        assert!(page.text("[data-testid=error]").contains("A part of the viewer could not be fetched"));
        page.expect_report("-single.wasm: the server answers 404");
        page.expect_report("404");
        fs::write(&part, content).unwrap();
        page.reload();
        wait_exact(page);
    });
}

#[test]
fn parts_may_have_any_media_type() {
    let site = Site::made();
    visit(&site.url, "index.html", |page| {
        page.before_pages("Headers.prototype.get = () => 'application/octet-stream'");
        page.go(&link(DECODER, 2, 1, &prompts()[1]));
        wait_exact(page);
    });
}
