//! `index.html`: what tiles tell and do: values under the pointer, pins, averages, the order by scores.

use crate::fixture::{DECODER, DECODER_SIZE, ENCODER, Site, prompts, score, value};
use crate::grid::{address, tile, wait_tiles};
use crate::harness::{Button, Held, Page, visit};

const CARD: &str = "[data-testid=hover]";

/// What the card says once it says `what`: value, query and key.
fn card(page: &mut Page, what: &str) -> (f64, usize, usize) {
    let shown = format!("(e => !e.hidden && e.innerText.includes({what:?}))(document.querySelector({CARD:?}))");
    page.wait(&format!("a card with {what}"), &shown);
    let parts =
        page.eval(&format!("[...document.querySelectorAll({CARD:?} + ' :is(strong, dd)')].map(e => e.innerText)"));
    let part = |i: usize| parts[i].as_str().unwrap_or_default().trim_start_matches(['≈', '<', ' ']).to_owned();
    let token = |i: usize| part(i).rsplit(' ').next().and_then(|n| n.parse().ok()).expect("a token has a number");
    (part(0).parse().unwrap_or(f64::NAN), token(1), token(2))
}

#[test]
fn the_value_under_the_pointer_is_exact_after_a_moment() {
    let site = Site::made();
    let n = prompts()[9].n_ctx();
    visit(&site.url, &format!("{}&size=220", address("L1H2", &[9])), |page| {
        wait_tiles(page, 1);
        let figure = tile(DECODER, "L1H2", 9);
        // The link has a caption below the figure, which is 220 pixels high.
        let at = |query: usize, key: usize| {
            let cell = |i: usize| (i as f64 + 0.5) / n as f64;
            (cell(key), cell(query) * 220.0 / 238.0)
        };
        for (query, key) in [(7, 3), (n - 1, 0), (5, 5)] {
            page.hover(&figure, at(query, key));
            let (shown, q, k) = card(page, "exact");
            assert_eq!((q, k), (query, key));
            let truth = f64::from(value(1, 2, n, true, query, key));
            assert!((shown - truth).abs() < 2e-5, "{shown} is not {truth}");
        }
        assert!(page.text(CARD).contains("short7w4"), "{}", page.text(CARD));
        page.hover(&figure, at(2, 8));
        page.wait("the mask", &format!("document.querySelector({CARD:?}).innerText.includes('masked')"));
        page.hover("[data-testid=progress]", (0.5, 0.5));
        page.wait("no card", &format!("document.querySelector({CARD:?}).hidden"));
    });
}

#[test]
fn the_keyboard_finds_the_largest_value() {
    let site = Site::made();
    let n = prompts()[9].n_ctx();
    visit(&site.url, &address("L0", &[9]), |page| {
        wait_tiles(page, 4);
        page.eval(&format!("document.querySelector({:?}).focus()", tile(DECODER, "L0H0", 9)));
        page.key("ArrowRight", Held::None);
        let (shown, query, key) = card(page, "L0H1");
        let cells = (0..n).flat_map(|q| (0..=q).map(move |k| (q, k)));
        let most = cells.map(|(q, k)| value(0, 1, n, true, q, k)).fold(0.0, f32::max);
        let here = value(0, 1, n, true, query, key);
        assert!((f64::from(here) - shown).abs() < 0.005 && most - here < 0.01, "{shown}: {here}, {most}");
        assert_eq!(page.eval(&format!("document.querySelector({CARD:?}).ariaHidden")), "false");
    });
}

#[test]
fn pinned_figures_are_compared() {
    let site = Site::made();
    let pinned = |page: &mut Page, n: usize| {
        page.wait(&format!("{n} pins"), &format!("document.querySelectorAll('[data-testid=tray] li').length === {n}"));
    };
    visit(&site.url, &address("L0-1", &[3, 4]), |page| {
        wait_tiles(page, 16);
        assert_eq!(page.eval("document.querySelector('[data-testid=tray]').hidden"), true);
        page.click_at(&tile(DECODER, "L0H1", 3), (0.5, 0.4), Button::Left, Held::Shift);
        page.click_at(&tile(DECODER, "L1H2", 3), (0.5, 0.4), Button::Left, Held::Shift);
        page.eval(&format!("document.querySelector({:?}).focus()", tile(DECODER, "L0H0", 4)));
        page.key("p", Held::None);
        pinned(page, 3);
        assert_eq!(page.count("[data-testid=figures] .pinned"), 3);
        page.wait("pictures", "document.querySelectorAll('[data-testid=tray] canvas[data-state=drawn]').length === 3");
        let (a, b) = (prompts()[3].hash(), prompts()[4].hash());
        let compare = format!("single.html?head={DECODER}.L0.H1&prompt={a}&with={DECODER}.L1.H2~{DECODER}.L0.H0@{b}");
        assert_eq!(page.eval("document.querySelector('[data-testid=compare]').getAttribute('href')"), compare);
        assert!(page.url().contains(&format!("pins={DECODER}.L0.H1@{a}~")), "{}", page.url());
        page.reload();
        wait_tiles(page, 16);
        pinned(page, 3);
        // Named by the prompt, although the pins were there first.
        let named = "document.querySelector('[data-testid=unpin]').ariaLabel";
        page.wait("names of the pins", &format!("!{named}.includes({a:?}) && {named}.includes('L0H1, ')"));
        // Letting go: by its button, by the same key, all of them, and by going back.
        page.eval("document.querySelector('[data-testid=unpin]').focus()");
        page.key("Enter", Held::None);
        pinned(page, 2);
        assert_eq!(page.eval("document.activeElement.dataset.testid"), "unpin");
        page.eval(&format!("document.querySelector({:?}).focus()", tile(DECODER, "L0H0", 4)));
        page.key("p", Held::None);
        pinned(page, 1);
        page.click("[data-testid=unpin-all]");
        pinned(page, 0);
        page.history(-1);
        pinned(page, 1);
        page.click("[data-testid=compare]");
        page.wait("the pattern", "document.querySelector('[data-testid=head]')?.innerText === 'L1H2'");
    });
}

#[test]
fn pins_that_cannot_be_read_are_named() {
    let site = Site::made();
    let pins = format!("nonsense~{DECODER}.L0.H1@{}", prompts()[3].hash());
    visit(&site.url, &format!("{}&pins={pins}", address("L0", &[3])), |page| {
        wait_tiles(page, 4);
        let said = page.text("[data-testid=notices]");
        assert!(said.contains("pins=nonsense in the address is not a figure such as"), "{said}");
        assert_eq!(page.count("[data-testid=tray] li"), 1);
    });
}

#[test]
fn heads_are_averaged() {
    let site = Site::made();
    let n = prompts()[9].n_ctx();
    visit(&site.url, &format!("{}&mean=heads&size=220", address("L0H0-1~L1", &[9])), |page| {
        wait_tiles(page, 2);
        let figure = tile(DECODER, "L0-mean", 9);
        page.hover(&figure, (3.5 / n as f64, 7.5 / n as f64 * 220.0 / 238.0));
        let (shown, query, key) = card(page, "mean of 2 heads, 8 bits");
        let truth = (value(0, 0, n, true, query, key) + value(0, 1, n, true, query, key)) / 2.0;
        assert!((shown - f64::from(truth)).abs() < 0.005, "{shown} is not {truth}");
        page.choose("[data-testid=mean]", "layers");
        wait_tiles(page, 1);
        assert!(page.text("[data-testid=figures]").contains("mean of 6"));
        page.wait("the average in the address", "location.search.includes('mean=layers')");
        // An average leads to what it is made of, and leaves the rest of the address as it is by now.
        page.click("[data-testid=theme]");
        page.wait("the theme in the address", "location.search.includes('theme=dark')");
        page.click(&tile(DECODER, "mean", 9));
        wait_tiles(page, 6);
        assert!(page.url().contains("theme=dark"), "{}", page.url());
    });
}

#[test]
fn prompts_are_averaged_over_the_tokens_that_all_have() {
    let site = Site::made();
    visit(&site.url, &format!("{}&mean=prompts", address("L0", &[3, 5, 9, 1])), |page| {
        wait_tiles(page, 4);
        let figure = format!("[data-testid='tile-{DECODER}-L0H0-mean-raw']");
        let caption = format!("{figure} .caption");
        // The long prompt's cells stand for several tokens.
        let shortest = prompts()[3].n_ctx();
        assert_eq!(page.text(&caption), "L0H0 mean of 3");
        let caption = format!("document.querySelector({caption:?})");
        assert_eq!(page.eval(&format!("{caption}.title")), format!("mean of 3 of 4 prompts, first {shortest} tokens"));
        assert_eq!(page.eval(&format!("{caption}.scrollWidth - {caption}.clientWidth")), 0);
        page.hover(&figure, (0.5, 0.5));
        let (shown, query, key) = card(page, "8 bits");
        let of = |prompt: usize| value(0, 0, prompts()[prompt].n_ctx(), true, query, key);
        let truth = f64::from([3, 5, 9].map(of).iter().sum::<f32>() / 3.0);
        assert!((shown - truth).abs() < 0.005, "{shown} is not {truth}");
    });
}

#[test]
fn figures_are_sorted_by_a_score() {
    let site = Site::made();
    let best = |prompt: usize| {
        let heads = (0..DECODER_SIZE.0).flat_map(|l| (0..DECODER_SIZE.1).map(move |h| (l, h)));
        let (l, h) = heads.max_by(|a, b| score(prompt, a.0, a.1).total_cmp(&score(prompt, b.0, b.1))).unwrap();
        format!("L{l}H{h}")
    };
    let query = format!("index.html?models={DECODER}~{ENCODER}&prompts={}", prompts()[3].hash());
    visit(&site.url, &query, |page| {
        wait_tiles(page, 16);
        page.click("[data-testid=menu-order]");
        page.wait("the scores", "document.querySelector('[data-testid=score] option[value=induction]')");
        page.choose("[data-testid=score]", "induction");
        let first = |page: &mut Page, head: &str| {
            let shown = "document.querySelector('[data-testid=figures] a').dataset.testid";
            page.wait(
                &format!("{head} first"),
                &format!("{shown} === 'tile-{DECODER}-{head}-{}-raw'", prompts()[3].hash()),
            );
        };
        first(page, &best(3));
        let shown = page.text(&tile(DECODER, &best(3), 3));
        assert!(shown.ends_with(" 0.923"), "{shown}");
        page.wait("the score in the address", "location.search.includes('-score:induction')");
        let said = page.text("[data-testid=notices]");
        assert!(said.contains(&format!("{ENCODER} has no scores on this site")), "{said}");
        page.reload();
        first(page, &best(3));
        page.go(&format!("{query}&sort=-score:nonsense"));
        wait_tiles(page, 16);
        page.wait(
            "a notice",
            "document.querySelector('[data-testid=notices]').innerText.includes('no score nonsense')",
        );
    });
}

#[test]
fn the_sheet_of_keys_opens_and_closes() {
    let site = Site::made();
    visit(&site.url, &address("L0", &[3]), |page| {
        wait_tiles(page, 4);
        page.key("?", Held::None);
        page.wait_for("[data-testid=help-sheet]");
        page.key("Escape", Held::None);
        page.wait_gone("[data-testid=help-sheet][open]");
        page.click("[data-testid=help]");
        page.wait_for("[data-testid=help-sheet]");
        page.click("[data-testid=help-close]");
        page.wait_gone("[data-testid=help-sheet][open]");
        // In a field it is a sign like others.
        page.click("[data-testid=search]");
        page.key("?", Held::None);
        assert_eq!(page.count("[data-testid=help-sheet][open]"), 0);
    });
}

#[test]
fn many_to_a_row_still_have_headings_and_names() {
    let site = Site::made();
    visit(&site.url, &format!("{}&cols=16", address("L*", &[3, 4])), |page| {
        wait_tiles(page, 24);
        assert_eq!(page.count("[data-testid=figures] h2"), 1);
        assert_eq!(page.count("[data-testid=figures] h3"), 2);
        let name = page.eval(&format!("document.querySelector({:?}).ariaLabel", tile(DECODER, "L2H3", 4)));
        assert!(
            name.as_str().is_some_and(|name| name.starts_with(&format!("{DECODER} L2H3, raw, short2w0"))),
            "{name}"
        );
    });
}

#[test]
fn one_request_a_prompt_and_a_clipboard_left_alone() {
    let site = Site::made();
    visit(&site.url, &format!("index.html?models={DECODER}"), |page| {
        page.wait_for("[data-testid=prompts] tbody tr");
        page.eval("navigator.clipboard.writeText = () => { document.title = 'copied' }");
        for prompt in 2..8 {
            page.click(&format!("[data-testid='prompt-{}']", prompts()[prompt].hash()));
        }
        page.wait("72 figures", "document.querySelector('[data-testid=progress]').dataset.total === '72'");
        page.eval("window.scrollTo(0, document.body.scrollHeight)");
        page.wait_for(&format!("{}[data-state=drawn]", tile(DECODER, "L2H3", 7)));
        assert_ne!(page.eval("document.title"), "copied");
        let fetched = "performance.getEntriesByType('resource').filter(r => r.name.includes('/prompts/')).length";
        assert_eq!(page.eval(fetched), 6);
    });
}
