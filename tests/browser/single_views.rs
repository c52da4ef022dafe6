//! `single.html`: lines, sums over tokens, shared ranges, the hidden first key, the transposed picture, what stands
//! beside it, and the small picture of the whole.

use lens_schema::path;
use serde_json::json;

use crate::fixture::{DECODER, DECODER_SIZE, ENCODER, Site, prompts, value};
use crate::harness::{Button, Held, Page, visit};
use crate::single::{HEATMAP, link, middle, wait_exact};

const VALUE: &str = "[data-testid=value]";

fn in_address(page: &mut Page, part: &str) {
    page.wait(part, &format!("location.search.includes({part:?})"));
}

/// Something that changes when the drawing does.
fn drawing(page: &mut Page, class: &str) -> serde_json::Value {
    page.settle();
    page.eval(&format!("document.querySelector('.ready .board .{class}').toDataURL()"))
}

/// The numbers of a list, in order: position and value.
fn ranked(page: &mut Page, list: &str) -> Vec<(usize, f64)> {
    let script = format!(
        "[...document.querySelectorAll('[data-testid={list}] li')].map(e => \
        [+e.querySelector('.place').innerText, +e.querySelector('.reading').innerText])"
    );
    page.wait("a ranking", &format!("document.querySelector('[data-testid={list}] li') !== null"));
    serde_json::from_value(page.eval(&script)).expect("a ranking has numbers")
}

#[test]
fn attention_of_several_tokens_is_summed() {
    let site = Site::made();
    let prompt = &prompts()[12];
    let n = prompt.n_ctx();
    let sums = |tokens: &[usize]| -> Vec<f64> {
        (0..n).map(|key| tokens.iter().map(|&query| f64::from(value(0, 1, n, true, query, key))).sum()).collect()
    };
    let assert_summed = |page: &mut Page, tokens: &[usize]| {
        let sums = sums(tokens);
        let says = format!("{} tokens attend to, summed", tokens.len());
        page.wait(&says, &format!("document.querySelector('[data-testid=top-keys] h3').innerText === {says:?}"));
        let ranked = ranked(page, "top-keys");
        let largest = sums.iter().copied().fold(0.0, f64::max);
        assert!((ranked[0].1 - largest).abs() < 1e-4, "{ranked:?} begins with {largest}");
        assert!(ranked.iter().all(|&(key, sum)| (sum - sums[key]).abs() < 1e-4), "{ranked:?} of {sums:?}");
    };
    visit(&site.url, &format!("{}&token=5~9&role=query", link(DECODER, 0, 1, prompt)), |page| {
        wait_exact(page);
        assert_summed(page, &[5, 9]);
        page.click_at("[data-testid=token-12]", (0.5, 0.5), Button::Left, Held::Ctrl);
        in_address(page, "token=5~9~12");
        assert_summed(page, &[5, 9, 12]);
        assert_eq!(page.count("[data-testid=tokens] [aria-selected=true]"), 3);
        page.reload();
        wait_exact(page);
        assert_summed(page, &[5, 9, 12]);
        page.click_at("[data-testid=token-9]", (0.5, 0.5), Button::Left, Held::Ctrl);
        in_address(page, "token=5~12");
        page.click_at("[data-testid=token-10]", (0.5, 0.5), Button::Left, Held::Shift);
        in_address(page, "token=5~12~11~10");
        // By the keyboard: one token is put down, the next one moves.
        page.key("Escape", Held::None);
        page.eval("document.querySelector('[data-testid=tokens]').focus()");
        for key in ["Home", " ", "ArrowRight", "ArrowRight", " ", "End"] {
            page.key(key, Held::None);
        }
        in_address(page, &format!("token=0~2~{}", n - 1));
        assert_summed(page, &[0, 2, n - 1]);
    });
}

#[test]
fn lines_go_from_queries_to_keys() {
    let site = Site::made();
    let prompt = &prompts()[12];
    let n = prompt.n_ctx();
    visit(&site.url, &link(DECODER, 0, 1, prompt), |page| {
        wait_exact(page);
        let cells = drawing(page, "cells");
        page.key("v", Held::None);
        in_address(page, "view=lines");
        page.wait("lines", "/^[0-9]+ lines$/.test(document.querySelector('[data-testid=lines]').innerText)");
        let lines = drawing(page, "cells");
        assert_ne!(lines, cells);
        // They have neither scale nor range, and it is said.
        let idle = ["scale-linear", "scale-sqrt", "scale-log", "floor", "range-own", "range-layer", "range-unit"];
        let idle = idle.map(|name| format!("[data-testid={name}]:disabled[title^='For cells']")).join(", ");
        assert_eq!(page.count(&idle), 7);
        page.key("s", Held::None);
        page.key("r", Held::None);
        let expected = (0..n).flat_map(|query| (0..=query).map(move |key| value(0, 1, n, true, query, key)));
        let expected = expected.filter(|value| *value >= 0.05).count();
        assert_eq!(page.text("[data-testid=lines]"), format!("{expected} lines"));
        // The pointer is on the last query, then on the first key.
        page.hover(HEATMAP, (0.02, 0.95));
        page.wait(
            "the query",
            &format!("document.querySelector('[data-testid=readout-query] .place').innerText === '{}'", n - 1),
        );
        page.hover(HEATMAP, (0.98, 0.07));
        page.wait("the key", "document.querySelector('[data-testid=readout-key] .place').innerText === '0'");
        page.click_at(HEATMAP, (0.02, 0.95), Button::Left, Held::None);
        in_address(page, &format!("token={}&role=query", n - 1));
        page.eval(
            "(s => { s.value = 100; s.dispatchEvent(new Event('input', { bubbles: true })) })(document.querySelector('[data-testid=threshold]'))",
        );
        in_address(page, "threshold=1");
        page.wait("one line", "document.querySelector('[data-testid=lines]').innerText === '1 line'");
        page.reload();
        wait_exact(page);
        page.wait("one line", "document.querySelector('[data-testid=lines]').innerText === '1 line'");
        assert!(!page.url().contains("scale=") && !page.url().contains("range="), "{}", page.url());
        page.click("[data-testid=view-matrix]");
        page.wait("no lines", "document.querySelector('[data-testid=threshold]').getClientRects().length === 0");
        assert_eq!(page.count("[data-testid=scale-log]:enabled, [data-testid=range-unit]:enabled"), 2);
    });
}

#[test]
fn ranges_are_shared_by_the_layer_and_the_prompt() {
    let site = Site::made();
    let prompt = &prompts()[20];
    let n = prompt.n_ctx();
    let range = |layers: std::ops::Range<usize>| {
        let heads = layers.flat_map(|layer| (0..DECODER_SIZE.1).map(move |head| (layer, head)));
        let values =
            heads.flat_map(|(layer, head)| (0..n * n).map(move |at| value(layer, head, n, true, at / n, at % n)));
        values.fold(0.0, f32::max)
    };
    visit(&site.url, &link(DECODER, 1, 2, prompt), |page| {
        wait_exact(page);
        for (name, expected) in [("layer", range(1..2)), ("prompt", range(0..DECODER_SIZE.0)), ("unit", 1.0)] {
            page.click(&format!("[data-testid=range-{name}]"));
            in_address(page, &format!("range={name}"));
            let top = "parseFloat(document.querySelector('[data-testid=colorbar] span:last-child').innerText)";
            page.wait(name, &format!("Math.abs({top} - {expected}) < 2e-3"));
        }
        page.click("[data-testid=scale-log]");
        page.choose("[data-testid=floor]", "1e-6");
        in_address(page, "floor=1e-6");
        page.wait("the floor", "document.querySelector('[data-testid=colorbar] span').innerText === '1e-6'");
    });
}

#[test]
fn the_first_key_can_be_left_out() {
    let site = Site::made();
    let prompt = &prompts()[12];
    let n = prompt.n_ctx();
    let cell = |key| f64::from(value(0, 1, n, true, 9, key));
    visit(&site.url, &format!("{}&cell=9.4&first=renorm", link(DECODER, 0, 1, prompt)), |page| {
        wait_exact(page);
        let rest: f64 = (1..=9).map(cell).sum();
        let shown = |page: &mut Page| page.text(VALUE).parse::<f64>().expect("a value is a number");
        assert!((shown(page) - cell(4) / rest).abs() < 1e-3);
        assert!((page.text("[data-testid=own-value]").parse::<f64>().unwrap() - cell(4)).abs() < 2e-5);
        page.key("f", Held::None);
        page.wait("the pattern", "!location.search.includes('first=')");
        assert!((shown(page) - cell(4)).abs() < 2e-5);
        page.choose("[data-testid=first]", "hide");
        in_address(page, "first=hide");
        assert!((shown(page) - cell(4)).abs() < 2e-5);
        page.key("Home", Held::None);
        page.wait("the note", "document.querySelector('[data-testid=note]')?.innerText === 'hidden'");
        assert!(ranked(page, "top-keys").iter().all(|&(key, _)| key > 0), "what is hidden is in no ranking");
        assert!((shown(page) - cell(0)).abs() < 2e-5, "it has a value, though no colour");
    });
}

#[test]
fn keys_can_be_rows() {
    let site = Site::made();
    let prompt = &prompts()[12];
    let n = prompt.n_ctx();
    visit(&site.url, &format!("{}&transpose=1", link(DECODER, 0, 1, prompt)), |page| {
        wait_exact(page);
        let at = middle(page, n, (3, 11));
        page.hover(HEATMAP, at);
        page.wait("the key", "document.querySelector('[data-testid=readout-key] .place').innerText === '3'");
        assert_eq!(page.text("[data-testid=readout-query] .place"), "11");
        let shown: f64 = page.text(VALUE).parse().unwrap();
        assert!((shown - f64::from(value(0, 1, n, true, 11, 3))).abs() <= 2e-5);
        page.click_at(HEATMAP, at, Button::Left, Held::None);
        in_address(page, "cell=11.3");
        // Down is down.
        page.key("ArrowDown", Held::None);
        in_address(page, "cell=11.4");
        page.key("x", Held::None);
        page.wait("as before", "!location.search.includes('transpose')");
    });
}

#[test]
fn small_patterns_stand_beside() {
    let site = Site::made();
    let all = prompts();
    visit(&site.url, &link(DECODER, 1, 2, &all[5]), |page| {
        wait_exact(page);
        assert_eq!(page.count("[data-testid=beside] a"), DECODER_SIZE.1 as u64);
        let drawn = "(copy => [...document.querySelectorAll('[data-testid=beside] canvas')].filter(c => { \
            if (c.width !== c.height) return false; \
            copy.clearRect(0, 0, 1, 1); copy.drawImage(c, 0, c.height - 1, 1, 1, 0, 0, 1, 1); \
            return copy.getImageData(0, 0, 1, 1).data[3] === 255 }).length)\
            (document.createElement('canvas').getContext('2d', { willReadFrequently: true }))";
        page.wait("all heads of the layer", &format!("{drawn} === {}", DECODER_SIZE.1));
        page.click("[data-testid=beside-L1H0]");
        page.wait("the other head", "document.querySelector('[data-testid=head]').innerText === 'L1H0'");
        page.wait("the mark", "document.querySelector('[data-testid=beside-L1H0]').ariaCurrent === 'true'");
        page.click("[data-testid=beside-prompts]");
        in_address(page, "beside=prompts");
        page.wait(
            "all prompts",
            &format!("document.querySelectorAll('[data-testid=beside] a').length === {}", all.len()),
        );
        page.wait("some are drawn", &format!("{drawn} > 2"));
        // What is out of view is neither fetched nor drawn.
        let many = page.eval(drawn).as_u64().unwrap();
        assert!(many < all.len() as u64, "{many}");
        page.eval("document.querySelector('[data-testid=beside]').scrollTop = 1e6");
        page.wait("the last one", &format!("{drawn} > {many}"));
        page.click(&format!("[data-testid='beside-{}']", all[31].hash()));
        in_address(page, &all[31].hash());
        let href = page.eval("document.querySelector('[data-testid=beside] a').href");
        assert!(href.as_str().unwrap().contains("L1.H0"), "{href}");
    });
}

#[test]
fn the_small_picture_moves_what_is_in_view() {
    let site = Site::made();
    visit(&site.url, &format!("{}&window=0,0,40", link(DECODER, 1, 2, &prompts()[1])), |page| {
        wait_exact(page);
        let square = page.wait("a drawing", &format!("document.querySelector('{HEATMAP}').dataset.square"));
        let square: Vec<f64> = square.as_str().unwrap().split(' ').map(|part| part.parse().unwrap()).collect();
        let size = page.eval(&format!("document.querySelector('{HEATMAP}').clientWidth")).as_f64().unwrap();
        let before = drawing(page, "cells");
        let at = ((square[0] - 20.0) / size, (square[1] + square[2] + 20.0) / size);
        page.click_at(HEATMAP, at, Button::Left, Held::None);
        page.wait("another window", "/window=[1-9]/.test(location.search)");
        assert_ne!(drawing(page, "cells"), before);
        assert!(!page.url().contains("cell="), "nothing was selected: {}", page.url());
    });
}

#[test]
fn bands_show_the_row_and_the_column() {
    let site = Site::made();
    let prompt = &prompts()[12];
    visit(&site.url, &link(DECODER, 1, 2, prompt), |page| {
        wait_exact(page);
        let at = middle(page, prompt.n_ctx(), (9, 4));
        page.hover(HEATMAP, at);
        page.settle();
        // Something is drawn above the square and to its right.
        let inked = |part: &str| {
            format!(
                "(() => {{ const c = document.querySelector('{HEATMAP}'); const [l, t, s] = c.dataset.square.split(' ').map(Number); \
                const copy = document.createElement('canvas').getContext('2d', {{ willReadFrequently: true }}); \
                copy.canvas.width = c.width; copy.canvas.height = c.height; copy.drawImage(c, 0, 0); \
                return copy.getImageData({part}).data.some(v => v > 0) }})()"
            )
        };
        page.wait("a row", &inked("l, 0, s, t - 4"));
        page.wait("a column", &inked("l + s + 4, t, 20, s"));
        page.eval(&format!("document.querySelector('{HEATMAP}').dispatchEvent(new PointerEvent('pointerleave'))"));
        page.wait("nothing", &format!("!{}", inked("l, 0, s, t - 4")));
    });
}

#[test]
fn word_pieces_read_as_words() {
    let prompt = &prompts()[4];
    let pieces = ["[CLS]", "the", "head", "##s", "[SEP]"];
    let line = json!({ "text": "The heads", "hash": prompt.hash(), "tokens": pieces, "n_tokens": 5 }).to_string();
    let site = Site::damaged(&path::prompts(ENCODER), Some(&line));
    visit(&site.url, &link(ENCODER, 0, 0, prompt), |page| {
        wait_exact(page);
        assert_eq!(page.text("[data-testid=tokens]"), "[CLS] the heads [SEP]");
        // Elsewhere tokens are spelled as they are.
        let title = page.eval("document.querySelector('[data-testid=token-3]').title");
        assert_eq!(title, "3 ##s");
    });
}
