//! `single.html`: one pattern in full.

use crate::fixture::{DECODER, ENCODER, HOSTILE, Prompt, Site, prompts, value};
use crate::harness::{Button, Held, Page, visit};

const VALUE: &str = "[data-testid=value]";
const HEATMAP: &str = "[data-testid=heatmap]";
/// What the page may be away from the true f32 value.
const EXACT: f64 = 2e-5;

fn link(model: &str, layer: usize, head: usize, prompt: &Prompt) -> String {
    format!("single.html?head={model}.L{layer}.H{head}&prompt={}", prompt.hash())
}

/// Waits for the exact values.
fn wait_exact(page: &mut Page) {
    page.wait_for(HEATMAP);
    page.wait("exact values", "document.querySelector('[data-testid=single]').getAttribute('aria-busy') === 'false'");
    page.wait_gone("[data-testid=note]");
}

/// Query, key and value that the page says the cursor is on.
fn readout(page: &mut Page) -> (usize, usize, f64) {
    let mut place = |side: &str| -> usize {
        let text = page.text(&format!("[data-testid=readout-{side}] .place"));
        text.parse().unwrap_or_else(|_| panic!("the {side} is {text:?}"))
    };
    let (query, key) = (place("query"), place("key"));
    let text = page.text(VALUE);
    (query, key, text.parse().unwrap_or_else(|_| panic!("the value is {text:?}")))
}

fn assert_true(page: &mut Page, (layer, head, n, causal): (usize, usize, usize, bool)) -> (usize, usize) {
    let (query, key, shown) = readout(page);
    let expected = f64::from(value(layer, head, n, causal, query, key));
    assert!((shown - expected).abs() <= EXACT, "{query}, {key}: {shown} instead of {expected}");
    (query, key)
}

#[test]
fn the_value_under_the_mouse_is_exact() {
    let site = Site::made();
    let prompts = prompts();
    // The long prompt's thumbnails are pooled, its exact values must not be; the encoder has no mask.
    for (model, layer, head, prompt, causal) in
        [(DECODER, 2, 3, 0, true), (DECODER, 1, 2, 1, true), (ENCODER, 1, 1, 5, false)]
    {
        let prompt = &prompts[prompt];
        let n = prompt.tokens.len() + usize::from(causal);
        visit(&site.url, &link(model, layer, head, prompt), |page| {
            wait_exact(page);
            let mut cells = Vec::new();
            for at in [(0.4, 0.8), (0.5, 0.7), (0.35, 0.6), (0.7, 0.75), (0.8, 0.4)] {
                page.hover(HEATMAP, at);
                page.wait("a value", &format!("document.querySelector('{VALUE}').innerText !== ''"));
                cells.push(assert_true(page, (layer, head, n, causal)));
            }
            cells.dedup();
            assert!(cells.len() > 2, "the mouse was on {cells:?} only");
        });
    }
}

#[test]
fn keys_move_the_selection() {
    let site = Site::made();
    let prompt = &prompts()[1];
    let address = format!("{}&cell=50.40", link(DECODER, 0, 1, prompt));
    visit(&site.url, &address, |page| {
        wait_exact(page);
        let at = (0, 1, prompt.n_ctx(), true);
        assert_eq!(assert_true(page, at), (50, 40), "the address selects");
        for (key, held, cell) in [
            ("ArrowDown", Held::None, (51, 40)),
            ("ArrowRight", Held::None, (51, 41)),
            ("ArrowUp", Held::None, (50, 41)),
            ("ArrowLeft", Held::None, (50, 40)),
            ("ArrowDown", Held::Ctrl, (60, 40)),
            ("ArrowRight", Held::Ctrl, (60, 50)),
        ] {
            page.key(key, held);
            assert_eq!(assert_true(page, at), cell, "after {key}");
        }
        page.wait("the cell in the address", "location.search.includes('cell=60.50')");
        page.reload();
        wait_exact(page);
        assert_eq!(assert_true(page, at), (60, 50), "after a reload");
        page.key("Escape", Held::None);
        page.wait("no value", &format!("document.querySelector('{VALUE}').innerText === ''"));
        page.wait("no cell in the address", "!location.search.includes('cell=')");
    });
}

#[test]
fn tokens_are_text_and_choose_rows_and_columns() {
    let site = Site::made();
    let prompt = &prompts()[0];
    visit(&site.url, &link(DECODER, 0, 0, prompt), |page| {
        wait_exact(page);
        assert_eq!(page.count("[data-testid=tokens] [data-i]"), prompt.n_ctx() as u64);
        for (i, token) in HOSTILE.iter().enumerate().filter(|(_, token)| token.contains('<')) {
            assert!(page.text(&format!("[data-testid=token-{}]", i + 1)).contains(token), "{token}");
        }
        assert_eq!(page.count("[data-testid=tokens] b, [data-testid=tokens] img, [data-testid=tokens] script"), 0);
        assert_ne!(page.eval("document.title"), "owned");
        page.click_at("[data-testid=token-3]", (0.5, 0.5), Button::Left, Held::None);
        page.wait("the key", "document.querySelector('[data-testid=role-key]').ariaPressed === 'true'");
        page.wait("the selection", "document.querySelector('[data-testid=token-3]').ariaSelected === 'true'");
        page.click_at("[data-testid=token-5]", (0.5, 0.5), Button::Right, Held::None);
        page.wait("the query", "document.querySelector('[data-testid=role-query]').ariaPressed === 'true'");
        page.history(-1);
        page.wait("the key again", "document.querySelector('[data-testid=token-3]').ariaSelected === 'true'");
    });
}

#[test]
fn links_lead_back_and_to_other_heads() {
    let site = Site::made();
    let prompt = &prompts()[3];
    visit(&site.url, &link(DECODER, 0, 0, prompt), |page| {
        wait_exact(page);
        assert_eq!(page.text("[data-testid=model]"), DECODER);
        page.click("[data-testid=head-L2H1]");
        page.wait("the other head", &format!("location.search.includes('{DECODER}.L2.H1')"));
        page.wait("its name", "document.querySelector('[data-testid=head]').innerText === 'L2H1'");
        page.history(-1);
        page.wait("the first head", "document.querySelector('[data-testid=head]').innerText === 'L0H0'");
        page.click("[data-testid=back]");
        page.wait_for("[data-testid=figures]");
        assert!(page.url().contains(&prompt.hash()), "the prompt stays chosen: {}", page.url());
    });
}

#[test]
fn what_is_not_there_is_said() {
    let site = Site::made();
    let hash = prompts()[0].hash();
    for (query, what) in [
        (String::new(), "head"),
        (format!("?head={DECODER}.L9.H0&prompt={hash}"), "9"),
        (format!("?head=nobody.L0.H0&prompt={hash}"), "nobody"),
        (format!("?head={DECODER}.L0.H0&prompt=nothing"), "nothing"),
    ] {
        visit(&site.url, &format!("single.html{query}"), |page| {
            let error = page.text("[data-testid=error]");
            assert!(error.contains(what), "{query}: {error}");
            if what == "nothing" {
                // Only asking for the file tells that there is no such prompt.
                page.expect_report("status 404");
                page.expect_report("Failed to load resource");
            }
        });
    }
}
