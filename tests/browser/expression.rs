//! `single.html`: matrices derived from a pattern by an expression.

use crate::fixture::{DECODER, ENCODER, Site, prompts, value};
use crate::harness::{Held, Page, visit};
use crate::single::{HEATMAP, link, wait_exact};

const FIELD: &str = "[data-testid=expression]";
const SUMMARY: &str = "[data-testid=expression-summary]";
/// What a derived value may be away from the one that the true pattern gives.
const NEAR: f64 = 1e-3;

/// The address of an expression over a pattern, with a cell.
fn address(model: &str, prompt: usize, expression: &str, cell: (usize, usize)) -> String {
    let expression = expression.replace('+', "%2B").replace(' ', "+");
    format!("{}&expr={expression}&cell={}.{}", link(model, 1, 1, &prompts()[prompt]), cell.0, cell.1)
}

fn number(page: &mut Page, testid: &str) -> f64 {
    let text = page.text(&format!("[data-testid={testid}]"));
    text.parse().unwrap_or_else(|_| panic!("{testid} is {text:?}"))
}

fn assert_near(shown: f64, expected: f64, what: &str) {
    assert!((shown - expected).abs() <= NEAR * expected.abs().max(1.0), "{what}: {shown} instead of {expected}");
}

#[test]
fn derived_values_are_shown_beside_the_patterns_own() {
    let site = Site::made();
    let (query, key) = (7, 3);
    let n = prompts()[12].n_ctx();
    let cell = |query, key| f64::from(value(1, 1, n, true, query, key));
    let product: f64 = (0..n).map(|k| cell(query, k) * cell(k, key)).sum();
    let rest: f64 = (1..n).map(|k| cell(query, k)).sum();
    for (expression, expected) in [
        ("log10(A + 1e-8)", (cell(query, key) + 1e-8).log10()),
        ("A @ A", product),
        ("rownorm(A * (1 - first_key))", cell(query, key) / rest),
        ("A.T - A", cell(key, query) - cell(query, key)),
        ("i * 1000 + j", 7003.0),
    ] {
        visit(&site.url, &address(DECODER, 12, expression, (query, key)), |page| {
            wait_exact(page);
            assert_eq!(page.eval(&format!("document.querySelector('{FIELD}').value")), expression);
            assert_near(number(page, "value"), expected, expression);
            let own = number(page, "own-value");
            assert!((own - cell(query, key)).abs() < 2e-5, "{own}");
            // The row's largest is the ranking's first.
            let ranked = page.text("[data-testid=top-keys] li .reading").parse::<f64>().unwrap();
            assert!(ranked >= number(page, "value"), "{expression}: {ranked}");
            page.reload();
            wait_exact(page);
            assert_near(number(page, "value"), expected, "after a reload");
        });
    }
}

#[test]
fn what_is_typed_is_drawn_and_in_the_address() {
    let site = Site::made();
    let prompt = &prompts()[9];
    visit(&site.url, &format!("{}&theirs=1", link(ENCODER, 0, 1, prompt)), |page| {
        wait_exact(page);
        let before = page.eval("document.querySelector('.cells').toDataURL()");
        page.key("e", Held::None);
        assert_eq!(page.eval(&format!("document.activeElement === document.querySelector('{FIELD}')")), true);
        page.fill(FIELD, "A - A.T");
        page.wait_for(SUMMARY);
        page.settle();
        assert_ne!(page.eval("document.querySelector('.cells').toDataURL()"), before);
        // Both sides of 0: the ends of the colour bar are as far from it, and a logarithm makes no sense.
        let ticks = page.text("[data-testid=colorbar]");
        let ticks: Vec<&str> = ticks.split_whitespace().collect();
        assert!(ticks[1] == "0" && ticks[0] == format!("-{}", ticks[2]), "{ticks:?}");
        assert_eq!(page.eval("document.querySelector('[data-testid=scale-log]').disabled"), true);
        page.wait("the address", "location.search.includes('expr=A+-+A.T') && location.search.includes('theirs=1')");
        // Another head keeps the expression.
        page.key("Escape", Held::None);
        page.key("j", Held::None);
        page.wait("another head", "document.querySelector('[data-testid=head]').innerText === 'L1H0'");
        wait_exact(page);
        page.wait_for(SUMMARY);
        assert!(page.url().contains("expr=A+-+A.T"), "{}", page.url());
        page.history(-1);
        page.history(-1);
        page.wait("the pattern itself", &format!("document.querySelector('{FIELD}').value === ''"));
        page.wait_gone(SUMMARY);
        assert!(!page.url().contains("expr"), "{}", page.url());
        page.history(1);
        page.wait("the expression", &format!("document.querySelector('{FIELD}').value === 'A - A.T'"));
        page.click("[data-testid=expression-clear]");
        page.wait_gone(SUMMARY);
        assert!(!page.url().contains("expr"), "{}", page.url());
    });
}

#[test]
fn what_is_wrong_is_told_at_its_place() {
    let site = Site::made();
    let wrong = "A + softmx(<img src=x onerror=alert(1)>)";
    visit(&site.url, &link(DECODER, 0, 0, &prompts()[9]), |page| {
        wait_exact(page);
        page.fill(FIELD, "A + softmx(A)");
        assert!(page.text("[data-testid=expression-hint]").contains("softmax"));
        assert_eq!(page.text("[data-testid=expression-fault]"), "softmx");
        assert_eq!(page.eval(&format!("document.querySelector('{FIELD}').getAttribute('aria-invalid')")), "true");
        page.fill(FIELD, wrong);
        page.wait("the text itself", "document.querySelector('.expression .place').innerText.includes('(<img src=x')");
        assert_eq!(page.count("[data-testid=expression-card] img"), 0);
        page.fill(FIELD, "A");
        page.wait_for(SUMMARY);
        page.wait_gone("[data-testid=expression-problem]");
    });
    // An address that is wrong says so, and shows the pattern.
    visit(&site.url, &address(DECODER, 9, "A @", (3, 1)), |page| {
        wait_exact(page);
        page.wait_for("[data-testid=expression-problem]");
        assert_eq!(page.count("[data-testid=own-value]"), 0);
        assert!(page.text("[data-testid=expression-says]").contains("the pattern itself"));
        assert!(page.url().contains("expr=A+@"), "{}", page.url());
    });
}

#[test]
fn cells_that_are_not_finite_are_counted() {
    let site = Site::made();
    let n = prompts()[9].n_ctx();
    visit(&site.url, &address(ENCODER, 9, "where(causal, A, nan)", (3, 5)), |page| {
        wait_exact(page);
        let (n, summary) = (n - 1, page.text(SUMMARY));
        assert!(summary.contains(&format!("{} of {} cells not a number", n * (n - 1) / 2, n * n)), "{summary}");
        assert_eq!(page.text("[data-testid=value]"), "NaN");
    });
    // Where a causal pattern is masked, so is what is derived cell by cell.
    visit(&site.url, &address(DECODER, 9, "log10(A) / (i != j)", (3, 5)), |page| {
        // The note that the cell is masked stays.
        page.wait_for(SUMMARY);
        page.wait(
            "exact values",
            "!document.querySelector('[data-testid=expression-says]').innerText.includes('approximate')",
        );
        let summary = page.text(SUMMARY);
        assert!(summary.contains(&format!("{} of {} cells infinite", n - 1, n * (n + 1) / 2)), "{summary}");
        assert!(summary.contains("Masked cells are -∞"), "{summary}");
        assert_eq!(
            (page.text("[data-testid=note]"), page.text("[data-testid=value]")),
            ("masked".to_owned(), "-∞".to_owned())
        );
    });
}

#[test]
fn long_prompts_are_computed_after_a_paint() {
    let site = Site::made();
    // The 300 tokens' product takes long enough to be told.
    visit(&site.url, &address(DECODER, 1, "matpow(A, 3)", (250, 200)), |page| {
        wait_exact(page);
        page.wait_for(SUMMARY);
        page.wait_gone("[data-testid=computing]");
        let n = prompts()[1].n_ctx();
        let cell = |query, key| f64::from(value(1, 1, n, true, query, key));
        let row: Vec<f64> = (0..n).map(|k| (0..n).map(|m| cell(250, m) * cell(m, k)).sum()).collect();
        let expected: f64 = (0..n).map(|k| row[k] * cell(k, 200)).sum();
        assert_near(number(page, "value"), expected, "the third power");
        // What would take too long is refused with the size.
        page.fill(FIELD, "matpow(A, 1e15) @ matpow(A, 1e15) @ matpow(A, 1e15)");
        let problem = page.text("[data-testid=expression-problem]");
        assert!(problem.contains("operations for n = 300"), "{problem}");
        assert!(page.text("[data-testid=expression-hint]").contains("fewer matrix products"));
    });
}

#[test]
fn the_reference_is_searched_and_inserted() {
    let site = Site::made();
    visit(&site.url, &link(DECODER, 0, 0, &prompts()[9]), |page| {
        wait_exact(page);
        page.click(".examples .example");
        page.wait_for(SUMMARY);
        page.click("[data-testid=expression-help]");
        page.fill("[data-testid=expression-search]", "sink");
        page.wait("fewer rows", "document.querySelectorAll('[data-testid=expression-reference] li').length < 4");
        page.click("[data-testid=expression-reference] li.whole .example");
        page.wait("the example", &format!("document.querySelector('{FIELD}').value.startsWith('rownorm(')"));
        page.fill("[data-testid=expression-search]", "identity");
        let first = "document.querySelector('[data-testid=expression-reference] .name').textContent.trim() === 'eye'";
        page.wait("the found name", first);
        page.fill(FIELD, "A * ");
        // What is wrong moves the list down.
        page.wait("what is wrong", &format!("document.querySelector('{FIELD}').ariaInvalid === 'true'"));
        page.click("[data-testid=expression-reference] .name");
        page.wait("the name", &format!("document.querySelector('{FIELD}').value === 'A * eye'"));
        page.wait("the address", "location.search.includes('expr=A+*+eye')");
        page.fill("[data-testid=expression-search]", "<b>nothing");
        let nothing = "document.querySelector('[data-testid=expression-reference]').textContent.includes('Nothing in the reference')";
        page.wait("the words", nothing);
    });
}

#[test]
fn a_phone_has_room_for_it() {
    let site = Site::made();
    visit(&site.url, &address(DECODER, 0, "log10(A)", (7, 3)), |page| {
        page.resize(390, 844);
        wait_exact(page);
        page.wait_for(SUMMARY);
        page.click("[data-testid=expression-help]");
        page.wait_for("[data-testid=expression-reference]");
        assert_eq!(page.eval("document.documentElement.scrollWidth <= innerWidth"), true);
        let inside = format!("document.querySelector('{HEATMAP}').getBoundingClientRect().right <= innerWidth");
        assert_eq!(page.eval(&inside), true);
    });
}
