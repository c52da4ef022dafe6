//! `single.html?…&with=…`: patterns side by side.

use crate::fixture::{DECODER, ENCODER, Site, prompts, value};
use crate::harness::{Button, Held, Page, visit};
use crate::single::{link, wait_exact};

/// What a value may be away from the true f32 value.
const EXACT: f64 = 2e-5;

fn board(name: &str) -> String {
    format!("[data-testid='compare-{name}']")
}

/// Waits until a board is drawn.
fn wait_board(page: &mut Page, name: &str) {
    page.wait(name, &format!("document.querySelector(\"{} .crosshair\")?.dataset.square", board(name)));
}

/// Moves the mouse to a cell of a board with `n` rows.
fn hover(page: &mut Page, name: &str, n: usize, (query, key): (usize, usize)) {
    let canvas = format!("{} .crosshair", board(name));
    let square = page.eval(&format!(
        "(c => [...c.dataset.square.split(' ').map(Number), c.clientWidth, c.clientHeight])(document.querySelector(\"{canvas}\"))"
    ));
    let square: Vec<f64> = serde_json::from_value(square).unwrap();
    let at = |index: usize| (index as f64 + 0.5) / n as f64 * square[2];
    page.hover(&canvas, ((square[0] + at(key)) / square[3], (square[1] + at(query)) / square[4]));
}

/// The value that is told of a board.
fn told(page: &mut Page, name: &str) -> f64 {
    let text = page.text(&format!("[data-testid='compare-value-{name}']"));
    text.parse().unwrap_or_else(|_| panic!("the value of {name} is {text:?}"))
}

#[test]
fn boards_share_the_cursor_and_have_a_difference() {
    let site = Site::made();
    let prompt = &prompts()[8];
    let n = prompt.n_ctx();
    // The encoder has a row less: it has no BOS.
    let address = format!("{}&with={ENCODER}.L1.H1~{DECODER}.L2.H3", link(DECODER, 0, 1, prompt));
    visit(&site.url, &address, |page| {
        wait_exact(page);
        for name in ["A", "B", "C"] {
            wait_board(page, name);
        }
        let refused = page.text(&board("A − B"));
        assert!(refused.contains(&format!("{n} and {} positions", n - 1)), "{refused}");
        page.click("[data-testid=compare-minus-C]");
        wait_board(page, "A − C");
        assert!(page.url().ends_with("&minus=C"), "{}", page.url());

        let (query, key) = (7, 3);
        let expected = |layer, head| f64::from(value(layer, head, n, true, query, key));
        hover(page, "C", n, (query, key));
        assert!((told(page, "A") - expected(0, 1)).abs() <= EXACT);
        assert!((told(page, "C") - expected(2, 3)).abs() <= EXACT);
        assert!((told(page, "A − C") - (expected(0, 1) - expected(2, 3))).abs() <= 2.0 * EXACT);
        assert_eq!(page.count("[data-testid='compare-value-B']"), 0);
        // The large heatmap follows.
        assert_eq!(page.text("[data-testid=readout-key] .place"), key.to_string());
        // The encoder is read alone.
        hover(page, "B", n - 1, (query, key));
        let own = f64::from(value(1, 1, n - 1, false, query, key));
        assert!((told(page, "B") - own).abs() <= EXACT);
        assert_eq!(page.count("[data-testid='compare-value-A']"), 0);

        // The cell that differs most, by the formula.
        let difference = |q, k| value(0, 1, n, true, q, k) - value(2, 3, n, true, q, k);
        let all = (0..n * n).map(|place| (place / n, place % n));
        let (query, key) =
            all.max_by(|&a, &b| difference(a.0, a.1).abs().total_cmp(&difference(b.0, b.1).abs())).unwrap();
        page.click("[data-testid=compare-largest] button");
        page.wait("the cell", &format!("location.search.includes('cell={query}.{key}')"));
        page.reload();
        wait_exact(page);
        wait_board(page, "A − C");
        assert!(page.text("[data-testid=compare-values]").contains(&format!("query {query} ")));
    });
}

#[test]
fn patterns_come_go_and_change_places() {
    let site = Site::made();
    let (prompt, other) = (&prompts()[8], &prompts()[9]);
    visit(&site.url, &link(DECODER, 0, 1, prompt), |page| {
        wait_exact(page);
        page.click("[data-testid=menu-compare]");
        page.wait("prompts", "document.querySelector('[data-testid=compare-prompt]').options.length > 1");
        page.choose("[data-testid=compare-prompt]", &other.hash());
        page.fill("[data-testid=compare-head]", "l2 h3");
        page.click("[data-testid=compare-add]");
        wait_board(page, "B");
        let with = format!("with={DECODER}.L2.H3@{}", other.hash());
        assert!(page.url().ends_with(&with), "{}", page.url());
        page.fill("[data-testid=compare-head]", "seven");
        page.click("[data-testid=compare-add]");
        assert!(page.text(".adding .problem").contains("L3H7"));
        page.key("Escape", Held::None);

        // The same prompt is not named again; the head map adds, too.
        page.click_at("[data-testid=head-L1H0]", (0.5, 0.5), Button::Left, Held::Shift);
        wait_board(page, "C");
        assert!(page.url().ends_with(&format!("{with}~{DECODER}.L1.H0")), "{}", page.url());

        page.click("[data-testid=compare-swap-B]");
        page.wait("the other head", "document.querySelector('[data-testid=head]').innerText === 'L2H3'");
        let hash = prompt.hash();
        let swapped = format!("with={DECODER}.L0.H1@{hash}~{DECODER}.L1.H0@{hash}");
        assert!(page.url().ends_with(&swapped), "{}", page.url());
        page.click("[data-testid=compare-remove-B]");
        page.wait_gone(&board("C"));
        page.click("[data-testid=compare-remove-B]");
        page.wait_gone("[data-testid=compare]:not([hidden])");
        assert!(!page.url().contains("with="), "{}", page.url());
        page.history(-1);
        page.wait_for(&board("B"));
    });
}

#[test]
fn what_cannot_be_compared_is_said_in_its_place() {
    let site = Site::made();
    let prompt = &prompts()[8];
    let wrong = format!("nonsense~{DECODER}.L9.H0~nobody.L0.H0~{DECODER}.L0.H0@nothing~{DECODER}.L2.H2~a~b");
    visit(&site.url, &format!("{}&with={wrong}", link(DECODER, 0, 1, prompt)), |page| {
        wait_exact(page);
        wait_board(page, "F");
        for (name, said) in [
            ("B", "MODEL.L<layer>.H<head>"),
            ("C", "no head L9H0"),
            ("D", "no model nobody"),
            ("E", "no prompt nothing"),
        ] {
            let text = page.text(&board(name));
            assert!(text.contains(said), "{name}: {text}");
        }
        assert!(page.text("[data-testid=compare]").contains("the address names 2 more"));
        page.click("[data-testid=compare-remove-B]");
        page.wait(
            "the rest",
            "location.search.includes('&with=made-1.5.L2.L9.H0~nobody') && location.search.endsWith('~a~b')",
        );
    });
}
