//! Long patterns are unpacked in a worker; without one the page does it itself, and shows the same.

use crate::fixture::{DECODER, Site, prompts};
use crate::harness::{Page, visit};
use crate::single::{assert_true, link, wait_exact};

/// Whether the worker's script was asked for.
const ASKED: &str = "performance.getEntriesByType('resource').some(e => e.name.includes('/assets/worker-'))";

/// The number of rows of the long prompt's patterns.
fn long() -> usize {
    prompts()[1].n_ctx()
}

/// Points at a cell and compares its value with the true one.
fn look(page: &mut Page, layer: usize) {
    wait_exact(page);
    page.hover("[data-testid=heatmap]", (0.3, 0.7));
    assert_true(page, (layer, 1, long(), true));
}

#[test]
fn long_patterns_are_unpacked_in_a_worker() {
    let site = Site::made();
    visit(&site.url, &link(DECODER, 2, 1, &prompts()[1]), |page| {
        look(page, 2);
        assert_eq!(page.eval(ASKED), true);
    });
}

#[test]
fn without_workers_the_page_unpacks_them() {
    let site = Site::made();
    visit(&site.url, &link(DECODER, 1, 1, &prompts()[3]), |page| {
        wait_exact(page);
        assert_eq!(page.eval(ASKED), false, "a short pattern needs no worker");
        page.eval("delete window.Worker");
        let to = link(DECODER, 1, 1, &prompts()[1]);
        page.eval(&format!("history.pushState(null, '', {to:?}), dispatchEvent(new PopStateEvent('popstate'))"));
        page.wait("the long prompt", &format!("document.querySelectorAll('[data-i]').length >= {}", long()));
        look(page, 1);
        assert_eq!(page.eval(ASKED), false);
    });
}
