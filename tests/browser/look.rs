//! `index.html`: how figures are shown, and that the address has all of it.

use crate::fixture::{DECODER, ENCODER, Site, prompts};
use crate::grid::{address, painted, tile, wait_tiles};
use crate::harness::{Page, visit};

/// The first figure's test id.
const FIRST: &str = "document.querySelector('[data-testid=figures] a[data-index=\"0\"]')?.dataset.testid";

fn in_address(page: &mut Page, text: &str) {
    page.wait(&format!("{text} in the address"), &format!("location.search.includes({text:?})"));
}

/// How many tiles lie beside the first.
fn per_row(page: &mut Page, n: usize) {
    let row = "(() => { const tiles = [...document.querySelectorAll('[data-testid=figures] a')]; \
        const top = e => e.getBoundingClientRect().top; return tiles.filter(e => top(e) === top(tiles[0])).length })()";
    page.wait(&format!("{n} in a row"), &format!("{row} === {n}"));
}

#[test]
fn borders_are_coloured_by_every_key() {
    let site = Site::made();
    let query = format!("index.html?models={DECODER}~{ENCODER}&prompts={}", prompts()[3].hash());
    visit(&site.url, &query, |page| {
        wait_tiles(page, 16);
        let colours = "new Set([...document.querySelectorAll('[data-testid=figures] a')] \
            .map(e => getComputedStyle(e).getPropertyValue('--border'))).size";
        page.click("[data-testid=menu-colours]");
        for (key, n) in [("layer", 3), ("head", 4), ("model", 2), ("prompt", 1), ("function", 1)] {
            page.choose("[data-testid=color]", key);
            page.wait(&format!("{n} colours by {key}"), &format!("{colours} === {n}"));
            in_address(page, &format!("color={key}"));
            assert_eq!(page.count("[data-testid=legend] li"), n);
        }
        page.choose("[data-testid=color]", "head");
        in_address(page, "color=head");
        page.reload();
        wait_tiles(page, 16);
        page.click("[data-testid=menu-colours]");
        assert_eq!(page.eval("document.querySelector('[data-testid=color]').value"), "head");
        page.choose("[data-testid=color]", "");
        page.wait("no colour in the address", "!location.search.includes('color')");
        assert_eq!(page.count("[data-testid=legend]"), 0);
    });
}

#[test]
fn the_scale_and_the_colour_map_are_the_readers() {
    let site = Site::made();
    visit(&site.url, &address("L0H1", &[3]), |page| {
        let figure = tile(DECODER, "L0H1", 3);
        let mut seen = Vec::new();
        let mut look = |page: &mut Page| {
            wait_tiles(page, 1);
            let pixels = page.eval(&painted(&figure));
            assert!(!seen.contains(&pixels));
            seen.push(pixels);
        };
        look(page);
        page.click("[data-testid=menu-colours]");
        page.choose("[data-testid=scale]", "log");
        look(page);
        page.choose("[data-testid=colors]", "magma");
        look(page);
        in_address(page, "scale=log&colors=magma");
        page.click(&figure);
        page.wait_for("[data-testid=heatmap]");
        assert!(page.url().contains("scale=log&colors=magma"), "{}", page.url());
    });
}

#[test]
fn figures_are_sorted_by_any_key_in_both_directions() {
    let site = Site::made();
    visit(&site.url, &address("L0-1", &[3, 4]), |page| {
        wait_tiles(page, 16);
        let first = |page: &mut Page, head: &str, prompt: usize| {
            let id = tile(DECODER, head, prompt);
            let id = id.trim_start_matches("[data-testid='").trim_end_matches("']");
            page.wait(&format!("{head} of prompt {prompt} first"), &format!("{FIRST} === {id:?}"));
        };
        first(page, "L0H0", 3);
        page.click("[data-testid=menu-order]");
        // Model, prompt, layer: the layer is pulled to the front, and turned round.
        page.click("[data-testid=earlier-2]");
        page.click("[data-testid=earlier-1]");
        page.click("[data-testid=direction-0]");
        first(page, "L1H0", 3);
        in_address(page, "sort=-layer");
        page.choose("[data-testid=headings]", "1");
        in_address(page, "headings=1");
        assert!(page.text("[data-testid=figures] h2").contains("Layer 1"));
        page.reload();
        wait_tiles(page, 16);
        first(page, "L1H0", 3);
    });
}

#[test]
fn rows_have_the_number_and_the_size_that_was_asked_for() {
    let site = Site::made();
    visit(&site.url, &address("L*", &[3]), |page| {
        wait_tiles(page, 12);
        page.fill("[data-testid=cols]", "5");
        per_row(page, 5);
        in_address(page, "cols=5");
        page.reload();
        wait_tiles(page, 12);
        per_row(page, 5);
        page.fill("[data-testid=cols]", "");
        page.wait("no number in the address", "!location.search.includes('cols')");
        page.eval(
            "(() => { const e = document.querySelector('[data-testid=size]'); e.value = 64; \
             e.dispatchEvent(new Event('input', { bubbles: true })) })()",
        );
        in_address(page, "size=64");
        page.wait("small tiles", "document.querySelector('[data-testid=figures] a').clientWidth === 64");
        wait_tiles(page, 12);
        page.click("[data-testid=menu-order]");
        page.choose("[data-testid=rows]", "layer");
        per_row(page, 4);
        in_address(page, "rows=layer");
    });
}

#[test]
fn a_heading_leaves_only_what_is_below_it() {
    let site = Site::made();
    visit(&site.url, &address("L0", &[3, 4]), |page| {
        wait_tiles(page, 8);
        page.click("[data-testid=only-prompt-4]");
        wait_tiles(page, 4);
        page.wait_for(&tile(DECODER, "L0H0", 4));
        page.history(-1);
        wait_tiles(page, 8);
    });
}

#[test]
fn clearing_is_undone_by_the_back_button() {
    let site = Site::made();
    let query = format!("{}&color=head&cols=3&q=short&tokens=5-&sort=head&mine=1", address("L0", &[3, 4]));
    visit(&site.url, &query, |page| {
        wait_tiles(page, 8);
        let before = page.url();
        page.click("[data-testid=clear]");
        page.wait_for("[data-testid=start]");
        assert_eq!(page.url(), "index.html?mine=1");
        page.history(-1);
        wait_tiles(page, 8);
        assert_eq!(page.url(), before);
        assert_eq!(page.count("[data-testid=legend] li"), 4);
    });
}

#[test]
fn functions_have_documentation_and_source() {
    let site = Site::made();
    visit(&site.url, &address("L0H0", &[2]), |page| {
        wait_tiles(page, 1);
        page.click("[data-testid=docs-vector]");
        let list = page.text("[data-testid=functions]");
        for part in ["Draws vector <script>", "in red.", "pictures: svg", "figures/made.py", "return '<b>red</b>'"] {
            assert!(list.contains(part), "{part}: {list}");
        }
        in_address(page, "docs=vector");
        page.click("label[for=function-vector]");
        wait_tiles(page, 2);
        in_address(page, "functions=raw~vector");
        page.click("label[for=function-raw]");
        wait_tiles(page, 1);
        page.reload();
        wait_tiles(page, 1);
        assert!(page.text("[data-testid=functions]").contains("figures/made.py"));
    });
}

#[test]
fn the_side_and_its_panels_fold() {
    let site = Site::made();
    visit(&site.url, &address("L0H0", &[2]), |page| {
        wait_tiles(page, 1);
        page.click("[data-testid=panel-models] .fold");
        page.wait_gone("[data-testid=panel-models] .panel-body:not([hidden])");
        page.click("[data-testid=toggle-side]");
        in_address(page, "closed=models~side");
        page.reload();
        wait_tiles(page, 1);
        assert_eq!(page.eval("document.querySelector('.chooser').getClientRects().length"), 0);
    });
}

#[test]
fn a_small_screen_shows_figures_or_what_to_choose_from() {
    let site = Site::made();
    visit(&site.url, "index.html", |page| {
        page.resize(390, 844);
        page.wait_for("[data-testid=start]");
        page.click("[data-testid=tab-select]");
        page.wait_for("[data-testid=models]");
        page.click(&format!("[data-testid='model-{ENCODER}']"));
        page.click(&format!("[data-testid='prompt-{}']", prompts()[3].hash()));
        // Choosing goes on until the reader turns to the figures.
        page.wait("4 figures", "document.querySelector('[data-testid=tab-figures]').innerText.includes('4')");
        page.wait_for("[data-testid=models]");
        page.click("[data-testid=tab-figures]");
        wait_tiles(page, 4);
        assert_eq!(page.eval("document.documentElement.scrollWidth"), 390);
    });
}
