//! Parts of the program that not every page shows are fetched by those that do.

use std::fs;
use std::path::PathBuf;

use lens_schema::Precision;

use crate::fixture::{DECODER, Site, prompts};
use crate::harness::visit;
use crate::single::{link, wait_exact};

/// Which parts were fetched, in the order of the alphabet.
const FETCHED: &str = "performance.getEntriesByType('resource').map(r => r.name.match(/-(single|heads).wasm$/)?.[1]) \
    .filter(part => part).sort().join()";
const FINDER: &str = "[data-testid=finder] canvas";

/// The file of a part.
fn part(site: &Site, name: &str) -> PathBuf {
    let files = fs::read_dir(site.folder().join("assets")).unwrap().map(|file| file.unwrap().path());
    let ends = format!("-{name}.wasm");
    files.into_iter().find(|file| file.to_string_lossy().ends_with(&ends)).unwrap()
}

#[test]
fn pages_fetch_what_they_show() {
    let site = Site::made();
    visit(&site.url, "index.html", |page| {
        page.wait_for("[data-testid=prompts] tbody tr");
        assert_eq!(page.eval(FETCHED), "");
        page.click("[data-testid=view-heads]");
        page.wait_for(FINDER);
        assert_eq!(page.eval(FETCHED), "heads");
    });
    visit(&site.url, &link(DECODER, 2, 1, &prompts()[1]), |page| {
        wait_exact(page);
        assert_eq!(page.eval(FETCHED), "single");
    });
}

#[test]
fn a_part_that_is_missing_is_asked_for_again() {
    let site = Site::with(Precision::Exact);
    let heads = part(&site, "heads");
    let content = fs::read(&heads).unwrap();
    fs::remove_file(&heads).unwrap();
    visit(&site.url, "index.html?view=heads", |page| {
        page.wait_for("[data-testid=error]");
        assert!(page.text("[data-testid=error]").contains("A part of the viewer could not be fetched"));
        page.click("[data-testid=view-figures]");
        page.wait_for("[data-testid=prompts] tbody tr");
        fs::write(&heads, content).unwrap();
        page.click("[data-testid=view-heads]");
        page.wait_for(FINDER);
        page.expect_report("-heads.wasm: the server answers 404");
        page.expect_report("404");
    });
}

#[test]
fn parts_may_have_any_media_type() {
    let site = Site::made();
    visit(&site.url, "index.html", |page| {
        page.before_pages("Headers.prototype.get = () => 'application/octet-stream'");
        page.go("index.html?view=heads");
        page.wait_for(FINDER);
    });
}
