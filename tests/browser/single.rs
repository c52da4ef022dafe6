//! `single.html`: one pattern in full, with the mouse, the keyboard and fingers.

use crate::fixture::{DECODER, ENCODER, HOSTILE, Prompt, Site, prompts, value};
use crate::harness::{Button, Held, Page, visit};
use crate::pictures::{FAILED, PICTURED, SHOWN};

const VALUE: &str = "[data-testid=value]";
pub const HEATMAP: &str = "[data-testid=heatmap]";
/// What the page may be away from the true f32 value.
const EXACT: f64 = 2e-5;

pub fn link(model: &str, layer: usize, head: usize, prompt: &Prompt) -> String {
    format!("single.html?head={model}.L{layer}.H{head}&prompt={}", prompt.hash())
}

/// Waits for the exact values.
pub fn wait_exact(page: &mut Page) {
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

/// The middle of a cell as fractions of the canvas, while the whole of a pattern of `n` rows is in view.
pub fn middle(page: &mut Page, n: usize, (query, key): (usize, usize)) -> (f64, f64) {
    let square = page.wait("a drawing", &format!("document.querySelector('{HEATMAP}').dataset.square"));
    let size = page.eval(&format!(
        "[document.querySelector('{HEATMAP}').clientWidth, document.querySelector('{HEATMAP}').clientHeight]"
    ));
    let square: Vec<f64> = square.as_str().unwrap().split(' ').map(|part| part.parse().unwrap()).collect();
    let at = |index: usize| (index as f64 + 0.5) / n as f64 * square[2];
    ((square[0] + at(key)) / size[0].as_f64().unwrap(), (square[1] + at(query)) / size[1].as_f64().unwrap())
}

/// Compares the page's value with the true one of this layer and head, and returns the cell.
pub fn assert_true(page: &mut Page, (layer, head, n, causal): (usize, usize, usize, bool)) -> (usize, usize) {
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

/// Percent of full shade that each token should have for a row (query) or a column (key).
fn shades(n: usize, query: Option<usize>, key: Option<usize>) -> Vec<Option<i64>> {
    let cell = |other: usize| match (query, key) {
        (Some(query), _) => (query, other),
        (_, key) => (other, key.unwrap()),
    };
    let values: Vec<f32> = (0..n).map(|other| value(0, 0, n, true, cell(other).0, cell(other).1)).collect();
    let largest = values.iter().copied().fold(0.0, f32::max);
    let shade = |(other, value): (usize, &f32)| {
        (cell(other).1 <= cell(other).0).then(|| (100.0 * (value / largest).sqrt()).round() as i64)
    };
    values.iter().enumerate().map(shade).collect()
}

fn assert_shades(page: &mut Page, expected: &[Option<i64>]) {
    let read = "[...document.querySelectorAll('[data-testid=tokens] [data-i]')] \
        .map(t => t.classList.contains('impossible') ? null : parseInt(t.style.getPropertyValue('--shade') || '0'))";
    page.wait("shaded tokens", &format!("{read}.some(shade => shade === 100)"));
    // The settled shades follow the selection within a moment.
    page.wait(
        "the shades",
        &format!(
            "{read}.every((shade, i) => {{ const e = {}[i]; \
        return shade === e || (shade !== null && e !== null && Math.abs(shade - e) <= 1) }})",
            serde_json::json!(expected)
        ),
    );
}

#[test]
fn tokens_are_text_and_choose_rows_and_columns() {
    let site = Site::made();
    let prompt = &prompts()[0];
    let n = prompt.n_ctx();
    visit(&site.url, &link(DECODER, 0, 0, prompt), |page| {
        wait_exact(page);
        assert_eq!(page.count("[data-testid=tokens] [data-i]"), n as u64);
        for (i, token) in HOSTILE.iter().enumerate().filter(|(_, token)| token.contains('<')) {
            assert!(page.text(&format!("[data-testid=token-{}]", i + 1)).contains(token), "{token}");
        }
        assert_eq!(page.count("[data-testid=tokens] b, [data-testid=tokens] img, [data-testid=tokens] script"), 0);
        assert_ne!(page.eval("document.title"), "owned");
        // Every token can be seen, whatever it is made of.
        assert_eq!(page.eval("[...document.querySelectorAll('[data-testid=tokens] [data-i]')].filter(t => !t.innerText.trim()).length"), 0);

        let selected =
            |token: usize| format!("document.querySelector('[data-testid=token-{token}]').ariaSelected === 'true'");
        page.click_at("[data-testid=token-3]", (0.5, 0.5), Button::Left, Held::None);
        page.wait("the key", "document.querySelector('[data-testid=role-key]').ariaPressed === 'true'");
        page.wait("the selection", &selected(3));
        assert_shades(page, &shades(n, None, Some(3)));
        // A query beside the key makes a cell, shaded by its row.
        page.click_at("[data-testid=token-5]", (0.5, 0.5), Button::Right, Held::None);
        page.wait("the query", "document.querySelector('[data-testid=role-query]').ariaPressed === 'true'");
        assert_shades(page, &shades(n, Some(5), None));
        assert_eq!(assert_true(page, (0, 0, n, true)), (5, 3));
        // A left click is a key, whatever was looked at before.
        page.click_at("[data-testid=token-2]", (0.5, 0.5), Button::Left, Held::None);
        assert_shades(page, &shades(n, None, Some(2)));
        assert_eq!(assert_true(page, (0, 0, n, true)), (5, 2));
        page.history(-1);
        page.history(-1);
        page.wait("the key again", &selected(3));
        page.wait("no cell", &format!("document.querySelector('{VALUE}').innerText === ''"));
    });
}

#[test]
fn tokens_are_chosen_by_the_keyboard() {
    let site = Site::made();
    let prompt = &prompts()[20];
    let n = prompt.n_ctx();
    visit(&site.url, &link(DECODER, 0, 0, prompt), |page| {
        wait_exact(page);
        page.eval("document.querySelector('[data-testid=tokens]').focus()");
        for key in ["ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft"] {
            page.key(key, Held::None);
        }
        assert_shades(page, &shades(n, None, Some(1)));
        page.key("ArrowRight", Held::Ctrl);
        page.key("Enter", Held::None);
        assert_shades(page, &shades(n, Some(11), None));
        let active = page.eval("document.querySelector('[data-testid=tokens]').getAttribute('aria-activedescendant')");
        assert_eq!(active, "token-11");
        page.key("Escape", Held::None);
        page.wait("no selection", "!location.search.includes('token=')");
    });
}

#[test]
fn fingers_choose_cells_and_tokens() {
    let site = Site::made();
    let prompt = &prompts()[12];
    let n = prompt.n_ctx();
    visit(&site.url, &link(DECODER, 1, 1, prompt), |page| {
        page.resize(390, 844);
        wait_exact(page);
        assert_eq!(page.eval("document.documentElement.scrollWidth"), 390);
        let at = middle(page, n, (9, 4));
        page.touch(HEATMAP, at, (0.0, 0.0));
        assert_eq!(assert_true(page, (1, 1, n, true)), (9, 4), "a tap selects");
        let side: f64 = page
            .eval(&format!("Number(document.querySelector('{HEATMAP}').dataset.square.split(' ')[2])"))
            .as_f64()
            .unwrap();
        page.touch(HEATMAP, at, (2.0 * side / n as f64, 0.0));
        assert_eq!(assert_true(page, (1, 1, n, true)), (9, 6), "dragging moves the selection");
        page.touch("[data-testid=role-query]", (0.5, 0.5), (0.0, 0.0));
        page.touch("[data-testid=token-7]", (0.5, 0.5), (0.0, 0.0));
        assert_eq!(assert_true(page, (1, 1, n, true)), (7, 6), "a tap on a token chooses for the side of the buttons");
    });
}

#[test]
fn masked_cells_are_told_from_zeros() {
    let site = Site::made();
    let prompt = &prompts()[10];
    for (model, n, causal) in [(DECODER, prompt.n_ctx(), true), (ENCODER, prompt.tokens.len(), false)] {
        visit(&site.url, &link(model, 0, 1, prompt), |page| {
            wait_exact(page);
            let at = middle(page, n, (2, 7));
            page.hover(HEATMAP, at);
            page.wait("a value", &format!("document.querySelector('{VALUE}').innerText !== ''"));
            assert_eq!(assert_true(page, (0, 1, n, causal)), (2, 7));
            assert_eq!(page.count("[data-testid=note]"), u64::from(causal));
            let name = page.eval(&format!("document.querySelector('{HEATMAP}').ariaLabel"));
            let kind = if causal { "causal" } else { "bidirectional" };
            assert!(name.as_str().unwrap().contains(kind), "{name}");
        });
    }
}

#[test]
fn the_sheet_of_keys_opens_and_closes() {
    let site = Site::made();
    visit(&site.url, &link(DECODER, 0, 0, &prompts()[5]), |page| {
        wait_exact(page);
        page.key("?", Held::None);
        page.wait_for("[data-testid=help-sheet]");
        let sheet = page.text("[data-testid=help-sheet]");
        for key in ["Ctrl", "Esc", "Home", "zoom"] {
            assert!(sheet.contains(key), "{key} is not in {sheet}");
        }
        page.key("Escape", Held::None);
        page.wait("a closed sheet", "!document.querySelector('[data-testid=help-sheet]').open");
        page.click("[data-testid=help]");
        page.wait_for("[data-testid=help-sheet]");
        page.click("[data-testid=help-close]");
        page.wait("a closed sheet", "!document.querySelector('[data-testid=help-sheet]').open");
    });
}

#[test]
fn escape_closes_a_sheet_before_it_clears_the_selection() {
    let site = Site::made();
    visit(&site.url, &format!("{}&cell=5.3", link(DECODER, 0, 0, &prompts()[5])), |page| {
        wait_exact(page);
        page.click("[data-testid=menu-export]");
        page.wait_for("#export-sheet:popover-open");
        page.key("Escape", Held::None);
        page.wait_gone("#export-sheet:popover-open");
        assert_eq!(page.count("[data-testid=token-5].as-query"), 1, "the cell is still selected");
        page.key("Escape", Held::None);
        page.wait_gone("[data-testid=token-5].as-query");
    });
}

#[test]
fn the_keyboard_keeps_its_place() {
    let site = Site::made();
    let address = format!("{}&cell=5.3&with={DECODER}.L2.H1", link(DECODER, 1, 2, &prompts()[5]));
    visit(&site.url, &address, |page| {
        wait_exact(page);
        // The map is reached at the head that is shown. With Alt, the arrows are the browser's.
        let current = "document.querySelector('[data-testid=headmap] [aria-current]')";
        page.wait("the head", &format!("{current}?.dataset.head === '1.2' && {current}.tabIndex === 0"));
        page.eval(&format!(
            "{current}.dispatchEvent(new KeyboardEvent('keydown', {{ key: 'ArrowLeft', altKey: true, bubbles: true }}))"
        ));
        assert_eq!(page.text("[data-testid=head]"), "L1H2");
        // What is made anew when it is pressed.
        for pressed in ["[data-testid=compare-minus-B]", "[data-testid=top-keys] [data-at='1']"] {
            page.eval(&format!("document.querySelector(\"{pressed}\").focus()"));
            page.key("Enter", Held::None);
            page.settle();
            page.wait(pressed, &format!("document.activeElement.matches(\"{pressed}\")"));
        }
    });
}

#[test]
fn pictures_of_the_head_are_below_it() {
    let site = Site::made();
    visit(&site.url, &link(DECODER, 1, 2, &prompts()[PICTURED]), |page| {
        for name in SHOWN {
            let image = format!("[data-testid='figure-{name}'] img");
            page.wait(name, &format!("document.querySelector({image:?})?.naturalWidth > 0"));
        }
        let failed = format!("[data-testid=figure-{}]", FAILED.0);
        page.wait_for(&format!("{failed} .problem"));
        assert!(page.text(&failed).contains(FAILED.1));
        // A plot has other colours where the reader prefers dark pages.
        let paper = "(() => { const image = document.querySelector('[data-testid=figure-plotted] img'); \
            const canvas = document.createElement('canvas'); const context = canvas.getContext('2d'); \
            if (!image?.complete || !image.naturalWidth) return -1; \
            context.drawImage(image, 0, 0, 40, 40); return context.getImageData(1, 1, 1, 1).data[0] })()";
        page.wait("a light plot", &format!("{paper} === 255"));
        page.prefer("prefers-color-scheme", "dark");
        page.reload();
        page.wait("a dark plot", &format!("{paper} === 21"));
        assert_ne!(page.eval("document.title"), "owned");
    });
}
