//! What stays where it is: the pages while they load, and everything for readers who want no motion.

use crate::fixture::{DECODER, SCORED, Site, prompts};
use crate::grid::{address, wait_tiles};
use crate::harness::{Page, visit};
use crate::single::{link, wait_exact};

/// Keeps what the browser calls layout shifts.
const WATCH: &str =
    "window.shifts = []; new PerformanceObserver(list => shifts.push(...list.getEntries().map(e => e.value)))
    .observe({ type: 'layout-shift', buffered: true })";

/// Opens a page over a slow line, and asserts that nothing of it moves until it is complete.
fn assert_still(site: &Site, path: &str, complete: impl Fn(&mut Page)) {
    visit(&site.url, "404.html", |page| {
        page.delay(80);
        page.before_pages(WATCH);
        // The program comes late the first time, and before the data from then on.
        for (width, height) in [(1440, 900), (390, 844), (1440, 900)] {
            page.resize(width, height);
            page.go(path);
            complete(page);
            page.settle();
            let moved = page.eval("shifts.reduce((sum, shift) => sum + shift, 0)");
            assert!(moved.as_f64().is_some_and(|moved| moved < 0.02), "{path} at {width} × {height}: {moved}");
        }
    });
}

#[test]
fn pages_do_not_move_while_they_load() {
    let site = Site::made();
    let prompt = &prompts()[3];
    assert_still(&site, "index.html", |page| {
        let picture = format!("document.querySelector(`[data-testid='begin-{DECODER}'] img`)");
        page.wait("a picture", &format!("{picture}.naturalWidth > 0"));
    });
    let pins = format!("{}&pins={DECODER}.L0.H1@{}", address("L0-1", &[3, 4]), prompt.hash());
    assert_still(&site, &pins, |page| {
        wait_tiles(page, 16);
        page.wait_for("[data-testid=tray] canvas[data-state=drawn]");
    });
    assert_still(&site, &format!("index.html?view=heads&model={SCORED}"), |page| {
        page.wait_for("[data-testid=open] canvas[data-state=drawn]");
    });
    assert_still(&site, &link(DECODER, 0, 1, prompt), wait_exact);
}

#[test]
fn nothing_moves_for_readers_who_want_no_motion() {
    let site = Site::made();
    let moves = "[...document.querySelectorAll('*')].some(e => [null, '::before', '::after'].some(part => {
        const style = getComputedStyle(e, part);
        return style.animationName !== 'none' || style.transitionDuration.split(', ').some(d => parseFloat(d) > 0)
    }))";
    let pages =
        [address("L0", &[3]), link(DECODER, 0, 1, &prompts()[3]), format!("index.html?view=heads&model={SCORED}")];
    for path in pages {
        visit(&site.url, &path, |page| {
            page.wait_for("[data-testid=figures] a, [data-testid=heatmap], [data-testid=map]");
            page.eval("document.body.append(Object.assign(document.createElement('div'), { className: 'skeleton' }))");
            for (motion, expected) in [("no-preference", true), ("reduce", false)] {
                page.prefer("prefers-reduced-motion", motion);
                assert_eq!(page.eval(moves), expected, "{path}: {motion}");
            }
        });
    }
}
