//! `index.html`: many patterns at once.

use crate::fixture::{DECODER, DECODER_SIZE, ENCODER, HOSTILE, Site, prompts};
use crate::harness::{Held, Page, visit};
use crate::pictures::{FAILED, PICTURED, SHOWN};

const TILES: &str = "[data-testid=figures] a";

/// The tile of one head on one prompt.
pub fn tile(model: &str, head: &str, prompt: usize) -> String {
    figure(model, head, prompt, "raw")
}

fn figure(model: &str, head: &str, prompt: usize, function: &str) -> String {
    format!("[data-testid='tile-{model}-{head}-{}-{function}']", prompts()[prompt].hash())
}

/// Waits until this many figures are chosen, and all of them that are in view are painted.
pub fn wait_tiles(page: &mut Page, n: usize) {
    page.wait(
        &format!("{n} figures, those in view painted"),
        &format!(
            "(() => {{ const {{ total, inView, drawn }} = document.querySelector('[data-testid=progress]').dataset; \
             const painted = document.querySelectorAll({TILES:?} + '[data-state=drawn]').length; \
             return total === '{n}' && inView > 0 && drawn === inView && painted === Number(inView) }})()"
        ),
    );
}

/// An address in pattern-lens' words.
pub fn address(heads: &str, chosen: &[usize]) -> String {
    let prompts = prompts();
    let hashes: Vec<String> = chosen.iter().map(|&i| prompts[i].hash()).collect();
    format!("index.html?models={DECODER}&prompts={}&functions=raw&heads-{DECODER}={heads}", hashes.join("~"))
}

/// The RGBA pixels that a tile shows, as a script.
pub fn painted(tile: &str) -> String {
    format!(
        "(() => {{ const tile = document.querySelector({tile:?}), canvas = tile.parentElement.querySelector('canvas'); \
         const r = canvas.width / canvas.clientWidth, side = tile.clientWidth * r; \
         const left = (tile.offsetLeft - canvas.offsetLeft) * r, copy = new OffscreenCanvas(side, side); \
         const context = copy.getContext('2d', {{ willReadFrequently: true }}); \
         context.drawImage(canvas, -left, 0); \
         return context.getImageData(0, 0, side, side).data.join(',') }})()"
    )
}

#[test]
fn a_fresh_page_shows_where_to_begin() {
    let site = Site::made();
    visit(&site.url, "index.html", |page| {
        for model in [DECODER, ENCODER] {
            let picture = format!("document.querySelector(`[data-testid='begin-{model}'] img`)");
            page.wait("a picture of the heads", &format!("{picture} && {picture}.naturalWidth > 0"));
        }
        page.click(&format!("[data-testid='begin-{DECODER}']"));
        wait_tiles(page, DECODER_SIZE.0 * DECODER_SIZE.1);
        assert!(page.url().contains(DECODER), "{}", page.url());
        page.history(-1);
        page.wait_for("[data-testid=start]");
    });
}

#[test]
fn an_address_shows_its_figures_at_once() {
    let site = Site::made();
    visit(&site.url, &address("L0H1~L2Hx", &[0, 3]), |page| {
        wait_tiles(page, 2 * 5);
        for head in ["L0H1", "L2H0", "L2H3"] {
            page.wait_for(&tile(DECODER, head, 3));
        }
        page.reload();
        wait_tiles(page, 2 * 5);
        assert!(page.url().contains("L0H1~L2"), "{}", page.url());
    });
}

#[test]
fn every_form_of_address_that_pattern_lens_writes_is_read() {
    let site = Site::made();
    let hash = |i: usize| prompts()[i].hash();
    let (a, b) = (hash(3), hash(4));
    for (query, n) in [
        // Two models, one with a selection and one without; one prompt each of two.
        (
            format!("models={DECODER}~{ENCODER}&prompts={a}~{b}&functions=raw&heads-{DECODER}=L0H1~L2Hx~L1-2H*"),
            2 * (9 + 4),
        ),
        (format!("models={DECODER}&prompts={a}&functions=raw&heads-{DECODER}=LxHx"), 12),
        (format!("models={DECODER}&prompts={a}&functions=raw&heads-{DECODER}=L1"), 4),
        (
            format!(
                "models={DECODER}%7E{ENCODER}&prompts={a}%7E{b}&functions=raw&heads-{DECODER}=L0%7EL1H0-3&heads-{ENCODER}=L0H1"
            ),
            2 * (8 + 1),
        ),
    ] {
        visit(&site.url, &format!("index.html?{query}"), |page| wait_tiles(page, n));
    }
}

#[test]
fn what_is_painted_is_the_pattern() {
    let site = Site::made();
    visit(&site.url, &address("L0H0-1", &[5]), |page| {
        wait_tiles(page, 2);
        let heads = ["L0H0", "L0H1"].map(|head| {
            let pixels = page.eval(&painted(&tile(DECODER, head, 5)));
            let pixels: Vec<u8> = pixels.as_str().unwrap().split(',').map(|n| n.parse().unwrap()).collect();
            // Blues from nearly white to dark, nothing above the diagonal.
            let side = (pixels.len() / 4).isqrt();
            let at = |x: usize, y: usize| &pixels[(y * side + x) * 4..][..4];
            assert_eq!(at(side - 2, 1)[3], 0, "masked");
            assert_eq!(at(1, side - 2)[3], 255, "painted");
            let blues: std::collections::BTreeSet<_> = pixels.chunks(4).filter(|p| p[3] > 0).collect();
            assert!(blues.len() > 3 && blues.iter().all(|p| p[2] >= p[0]), "{blues:?}");
            pixels
        });
        assert_ne!(heads[0], heads[1]);
    });
}

#[test]
fn unknown_parameters_are_kept() {
    let site = Site::made();
    visit(&site.url, &format!("{}&theirs=1", address("L0", &[3])), |page| {
        wait_tiles(page, 4);
        page.click(&format!("[data-testid='picker-{DECODER}'] [data-cell=L1H0]"));
        wait_tiles(page, 5);
        assert!(page.url().contains("theirs=1"), "{}", page.url());
    });
}

#[test]
fn a_figure_leads_to_its_pattern_and_back() {
    let site = Site::made();
    visit(&site.url, &address("L1H2", &[5]), |page| {
        wait_tiles(page, 1);
        page.click(&tile(DECODER, "L1H2", 5));
        page.wait("the pattern", "document.querySelector('[data-testid=head]')?.innerText === 'L1H2'");
        let target = format!("single.html?head={DECODER}.L1.H2&prompt={}", prompts()[5].hash());
        assert!(page.url().starts_with(&target), "{}", page.url());
        page.history(-1);
        wait_tiles(page, 1);
    });
}

#[test]
fn the_keyboard_walks_over_figures() {
    let site = Site::made();
    visit(&site.url, &format!("{}&cols=2", address("L0", &[3])), |page| {
        wait_tiles(page, 4);
        page.eval(&format!("document.querySelector({:?}).focus()", tile(DECODER, "L0H0", 3)));
        for (key, head) in [("ArrowRight", "L0H1"), ("ArrowDown", "L0H3"), ("Home", "L0H2"), ("ArrowUp", "L0H0")] {
            page.key(key, Held::None);
            let focused = format!("document.activeElement === document.querySelector({:?})", tile(DECODER, head, 3));
            page.wait(&format!("{head} after {key}"), &focused);
        }
        page.key("Enter", Held::None);
        page.wait("the pattern", "document.querySelector('[data-testid=head]')?.innerText === 'L0H0'");
    });
}

#[test]
fn pictures_of_every_format_are_shown() {
    let site = Site::made();
    let query = address("L0H1", &[PICTURED]).replace("functions=raw", &format!("functions={}", SHOWN.join("~")));
    visit(&site.url, &query, |page| {
        wait_tiles(page, SHOWN.len());
        for name in SHOWN {
            let tile = figure(DECODER, "L0H1", PICTURED, name);
            page.wait(name, &format!("document.querySelector({tile:?} + ' img')?.naturalWidth > 0"));
        }
        assert_ne!(page.eval("document.title"), "owned");
    });
}

#[test]
fn a_figure_that_failed_says_why() {
    let site = Site::made();
    let query = address("L0H1", &[PICTURED]).replace("functions=raw", &format!("functions=raw~{}", FAILED.0));
    visit(&site.url, &query, |page| {
        page.wait_for(&format!("{}[data-state=failed]", figure(DECODER, "L0H1", PICTURED, FAILED.0)));
        page.wait_for(&format!("{}[data-state=drawn]", tile(DECODER, "L0H1", PICTURED)));
        let said = page.text("[data-testid=failures]");
        assert!(said.contains(FAILED.1) && said.contains("L0H1"), "{said}");
        assert!(page.text("[data-testid=progress]").contains("1 failed"));
    });
}

#[test]
fn figures_that_were_not_drawn_are_counted() {
    let site = Site::made();
    let query = address("L0", &[PICTURED, 3]).replace("functions=raw", "functions=vector~nothing");
    visit(&site.url, &query, |page| {
        wait_tiles(page, 4);
        let said = page.text("[data-testid=notices]");
        assert!(said.contains("4 figures are missing by vector"), "{said}");
        assert!(said.contains("There are no figures called nothing"), "{said}");
    });
}

#[test]
fn what_the_site_does_not_have_is_said() {
    let site = Site::made();
    visit(&site.url, "index.html?models=nobody&prompts=nothing", |page| {
        page.wait_for("[data-testid=start]");
        assert!(page.text("[data-testid=notices]").contains("no model nobody"));
        page.click("[data-testid=start] button");
        page.wait_for(&format!("[data-testid='begin-{DECODER}']"));
    });
}

#[test]
fn a_damaged_file_is_named_and_the_rest_is_shown() {
    let hash = prompts()[3].hash();
    let site = Site::damaged(&format!("{DECODER}/prompts/{hash}/overview.npz"), Some("not an archive"));
    visit(&site.url, &address("L0", &[3, 4]), |page| {
        page.wait_for(&format!("{}[data-state=drawn]", tile(DECODER, "L0H0", 4)));
        page.wait_for(&format!("{}[data-state=failed]", tile(DECODER, "L0H0", 3)));
        let said = page.text("[data-testid=failures]");
        assert!(said.contains("overview.npz"), "{said}");
        page.click("[data-testid=try-again]");
        page.wait_for(&format!("{}[data-state=failed]", tile(DECODER, "L0H0", 3)));
    });
}

#[test]
fn a_file_of_another_model_is_refused() {
    let models = std::fs::read_to_string(Site::made().folder().join("models.jsonl")).unwrap();
    let larger = models.replace("\"n_heads\":4", "\"n_heads\":5");
    assert_ne!(larger, models);
    let site = Site::damaged("models.jsonl", Some(&larger));
    visit(&site.url, &address("L0", &[3]), |page| {
        page.wait_for(&format!("{}[data-state=failed]", tile(DECODER, "L0H4", 3)));
        let said = page.text("[data-testid=failures]");
        assert!(said.contains("overview.npz: it has 3 layers of 4 heads, but models.jsonl says 3 of 5"), "{said}");
    });
}

#[test]
fn the_figures_may_be_left_before_the_next_frame() {
    let site = Site::made();
    visit(&site.url, &address("L0", &[3]), |page| {
        wait_tiles(page, 4);
        page.eval("dispatchEvent(new Event('scroll')), document.querySelector('[data-testid=view-heads]').click()");
        page.wait_for("[data-testid=map]");
    });
}

#[test]
fn prompts_that_are_missing_leave_those_of_other_models() {
    let site = Site::damaged(&format!("{DECODER}/prompts.jsonl"), None);
    visit(&site.url, "index.html", |page| {
        assert!(page.text("[data-testid=failures]").contains("prompts.jsonl is missing"));
        page.wait_for(&format!("[data-testid='begin-{ENCODER}'] img"));
        page.wait_for("[data-testid=prompts] tbody tr");
        page.expect_report("status 404");
        page.expect_report("Failed to load resource");
    });
}

#[test]
fn hostile_texts_are_texts() {
    let site = Site::made();
    visit(&site.url, &format!("{}&docs=vector&open={}", address("L0H0", &[0]), prompts()[0].hash()), |page| {
        wait_tiles(page, 1);
        page.wait_for("[data-testid=prompts] tbody tr");
        assert_ne!(page.eval("document.title"), "owned");
        let text = page.text("body");
        assert!(text.contains(HOSTILE[0]) && text.contains(HOSTILE[1]), "markers and markup are visible");
        assert!(page.text("li:has([data-testid=docs-vector])").contains("<script>"));
        assert_eq!(page.count(".chooser b, .chooser img, #app script, .pane b, .pane i"), 0);
    });
}

#[test]
fn only_what_is_in_view_is_there() {
    let site = Site::made();
    visit(&site.url, &format!("index.html?models={DECODER}~{ENCODER}&prompts=*"), |page| {
        let total = 32 * (12 + 4);
        page.wait(
            "all figures",
            &format!("document.querySelector('[data-testid=progress]').dataset.total === '{total}'"),
        );
        page.wait("those in view", &format!("document.querySelectorAll('{TILES}[data-state=drawn]').length > 10"));
        assert!(page.count(TILES) < 100, "{} tiles at once", page.count(TILES));
        let fetched = "performance.getEntriesByType('resource').filter(r => r.name.endsWith('overview.npz')).length";
        assert!(page.eval(fetched).as_u64().is_some_and(|n| n < 16));
        page.eval("window.scrollTo(0, document.body.scrollHeight)");
        page.wait_for(&format!("{}[data-state=drawn]", tile(ENCODER, "L1H1", 31)));
        assert!(page.count(TILES) < 100);
    });
}
