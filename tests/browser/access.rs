//! Both pages for those who do not see or do not point: axe-core finds nothing serious or critical in any state.

use crate::fixture::{DECODER, ENCODER, Site, prompts};
use crate::grid::{address, wait_tiles};
use crate::harness::{Page, visit};

const AXE: &str = include_str!("axe-core/axe.min.js");

/// Findings that keep somebody out, with the elements that they are about.
const FINDINGS: &str = "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations
    .filter(v => v.impact === 'serious' || v.impact === 'critical')
    .map(v => `${v.id} (${v.impact}): ${v.help}\\n` + v.nodes.slice(0, 5)
        .map(n => `    ${n.html.slice(0, 200)}\\n      ${n.failureSummary.replaceAll('\\n', '\\n      ')}`).join('\\n'))
    .join('\\n'))";

/// Fails with everything that axe-core finds on the page as it is, in the light and in the dark.
fn audit(page: &mut Page, state: &str) {
    page.eval(&format!("{AXE};0"));
    for theme in ["light", "dark"] {
        page.prefer("prefers-color-scheme", theme);
        // Colours that are still changing are neither the one nor the other; shapes that breathe stand for what is loaded.
        page.wait(
            "an end of all loading",
            "document.getAnimations().every(a => a.effect.getComputedTiming().iterations !== Infinity)",
        );
        page.eval("document.getAnimations().forEach(a => a.finish())");
        let found = page.eval(FINDINGS);
        assert_eq!(found, "", "{state}, {theme}:\n{}", found.as_str().unwrap_or_default());
    }
}

/// In both sizes of window.
fn sizes(page: &mut Page, state: &str) {
    for (width, height) in [(1440, 900), (390, 844)] {
        page.resize(width, height);
        page.settle();
        audit(page, &format!("{state} at {width} × {height}"));
    }
}

#[test]
fn the_start_page() {
    let site = Site::made();
    visit(&site.url, "index.html", |page| {
        page.wait_for("[data-testid=start]");
        sizes(page, "the start page");
    });
}

#[test]
fn heads_by_their_scores() {
    let site = Site::made();
    visit(&site.url, "index.html?view=heads&filter=layer:0-1&score=duplicate_random&top=all&focus=L1H1&on=x", |page| {
        page.wait_for("[data-testid=heads]");
        page.click("[data-testid=listed]");
        page.wait_for("[data-testid=selection] strong");
        sizes(page, "heads");
    });
    visit(&site.url, &format!("index.html?view=heads&model={ENCODER}"), |page| {
        page.wait_for("[data-testid=without-scores]");
        sizes(page, "a model without scores");
    });
}

#[test]
fn figures_with_every_panel_open() {
    let site = Site::made();
    let query = format!("{}&docs=vector&open={}&color=layer", address("L0", &[0, 3]), prompts()[0].hash());
    visit(&site.url, &query, |page| {
        wait_tiles(page, 8);
        sizes(page, "figures");
        page.resize(1440, 900);
        for menu in ["order", "colours"] {
            page.click(&format!("[data-testid=menu-{menu}]"));
            audit(page, &format!("the menu {menu}"));
            page.key("Escape", crate::harness::Held::None);
        }
    });
}

#[test]
fn pins_averages_and_the_sheet_of_keys() {
    let site = Site::made();
    let hash = prompts()[3].hash();
    let query = format!("{}&mean=heads&sort=-score:induction&pins={DECODER}.L0.H1@{hash}", address("L0-1", &[3]));
    visit(&site.url, &query, |page| {
        wait_tiles(page, 2);
        page.wait_for("[data-testid=tray] canvas[data-state=drawn]");
        sizes(page, "pins and averages");
        page.resize(1440, 900);
        page.hover("[data-testid=figures] a", (0.1, 0.5));
        page.wait_for("[data-testid=hover]");
        audit(page, "a value under the pointer");
        page.click("[data-testid=help]");
        audit(page, "the sheet of keys");
    });
}

#[test]
fn errors() {
    let site = Site::made();
    visit(&site.url, "index.html?models=nope&prompts=nope&functions=nope", |page| {
        page.wait_for("[data-testid=notices]");
        sizes(page, "notices");
    });
    visit(&site.url, "single.html?head=nope.L0.H0&prompt=nope", |page| {
        page.wait_for("[data-testid=error]");
        sizes(page, "an error");
    });
}

#[test]
fn one_pattern() {
    let site = Site::made();
    for (model, prompt, more) in [
        (DECODER, 0, "&cell=3.1"),
        (DECODER, 1, "&token=7&scale=log&colors=magma"),
        (ENCODER, 4, "&expr=A+-+A.T&cell=1.2"),
    ] {
        let query = format!("single.html?head={model}.L1.H1&prompt={}{more}", prompts()[prompt].hash());
        visit(&site.url, &query, |page| {
            page.wait_for("[data-testid=heatmap]");
            page.wait("exact values", "document.querySelector('[data-testid=single]').ariaBusy === 'false'");
            sizes(page, &query);
            page.resize(1440, 900);
            page.key("?", crate::harness::Held::None);
            audit(page, "the sheet of keys");
        });
    }
}

#[test]
fn patterns_side_by_side_and_what_is_taken_away() {
    let site = Site::made();
    let prompt = &prompts()[3];
    let id = format!("{DECODER}.L0.H1");
    let address =
        format!("single.html?head={id}&prompt={}&with={DECODER}.L1.H0~{ENCODER}.L0.H0~nonsense", prompt.hash());
    visit(&site.url, &format!("{address}&cell=2.1"), |page| {
        crate::single::wait_exact(page);
        page.wait_for("[data-testid='compare-A − B'] .crosshair");
        sizes(page, "patterns side by side");
        for popup in ["compare", "export"] {
            page.click(&format!("[data-testid=menu-{popup}]"));
            sizes(page, &format!("the sheet {popup}"));
            page.key("Escape", crate::harness::Held::None);
        }
    });
    visit(&site.url, &format!("{address}&embed=1"), |page| {
        page.wait_for("[data-testid='compare-A − B'] .crosshair");
        sizes(page, "an embedded view");
    });
}
