//! What surrounds both pages: the title bar, the theme, and what is said when the site is not whole.

use crate::fixture::Site;
use crate::harness::{Page, visit};

const PAGES: [&str; 2] = ["index.html", "single.html"];

/// Waits until the page's background is dark, or light.
fn wait_dark(page: &mut Page, dark: bool) {
    let script = "getComputedStyle(document.documentElement).backgroundColor.match(/[0-9]+/g).slice(0, 3) \
        .reduce((sum, part) => sum + Number(part), 0)";
    let (what, condition) = if dark { ("a dark page", "< 200") } else { ("a light page", "> 600") };
    page.wait(what, &format!("{script} {condition}"));
}

#[test]
fn the_title_is_text() {
    let site = Site::made();
    for path in PAGES {
        visit(&site.url, path, |page| {
            page.wait(
                "the title",
                "document.querySelector('[data-testid=home]')?.innerText.includes('Made <i>site</i>')",
            );
            assert_eq!(page.count("[data-testid=home] i"), 0);
        });
    }
}

#[test]
fn dark_follows_the_system_until_it_is_chosen() {
    let site = Site::made();
    visit(&site.url, "index.html", |page| {
        page.wait_for("[data-testid=theme]");
        wait_dark(page, false);
        page.prefer("prefers-color-scheme", "dark");
        wait_dark(page, true);
        page.click("[data-testid=theme]");
        wait_dark(page, false);
        page.wait("the choice in the address", "location.search.includes('theme=light')");
        page.reload();
        wait_dark(page, false);
        page.prefer("prefers-color-scheme", "light");
        page.go("index.html?theme=dark");
        wait_dark(page, true);
    });
}

#[test]
fn a_chosen_theme_stays_when_one_goes_back() {
    let site = Site::made();
    visit(&site.url, "index.html", |page| {
        page.click("[data-testid=view-heads]");
        page.wait_for("[data-testid=map]");
        page.click("[data-testid=theme]");
        wait_dark(page, true);
        page.history(-1);
        page.wait_for("[data-testid=start]");
        wait_dark(page, true);
    });
}

#[test]
fn no_page_is_wider_than_a_phone() {
    let site = Site::made();
    for path in PAGES {
        visit(&site.url, path, |page| {
            page.resize(390, 844);
            page.wait_for("[data-testid=theme]");
            page.settle();
            assert_eq!(page.eval("document.documentElement.scrollWidth"), 390, "{path}");
        });
    }
}

#[test]
fn an_unknown_address_leads_back() {
    let site = Site::made();
    visit(&site.url, "404.html", |page| {
        assert!(page.text("main").contains("does not belong to this site"));
        page.click("main a");
        page.wait_for("[data-testid=theme]");
        assert_eq!(page.url(), "");
    });
}

#[test]
fn a_site_without_its_data_says_so() {
    let site = Site::damaged("lens.json", None);
    visit(&site.url, "index.html", |page| {
        assert!(page.text("[data-testid=error]").contains("lens.json"));
        // The page itself has the title.
        assert_eq!(page.text("[data-testid=home]"), page.eval("document.title").as_str().unwrap_or_default());
        page.expect_report("status 404");
        page.expect_report("Failed to load resource");
    });
}

#[test]
fn data_of_another_version_is_named() {
    let site = Site::damaged("lens.json", Some(r#"{"schema":999,"generator":"lens-build 99"}"#));
    visit(&site.url, "index.html", |page| {
        let error = page.text("[data-testid=error]");
        assert!(error.contains("schema 999 (written by lens-build 99)"), "{error}");
    });
}

#[test]
fn the_page_waits_for_the_rest_of_its_document() {
    let plain = Site::made();
    let page = std::fs::read_to_string(plain.folder().join("index.html")).unwrap();
    let main = "<main id=\"app\">";
    assert!(page.contains(main), "{page}");
    // The browser reads this for longer than it takes to start the program.
    let long = page.replacen(main, &format!("{main}{}", "<i></i>".repeat(400_000)), 1);
    let site = Site::damaged("index.html", Some(&long));
    visit(&site.url, "index.html", |page| {
        page.wait_for("[data-testid=start]");
        page.wait("the end of the document", "document.readyState === 'complete'");
        let left = "document.querySelectorAll('#app > i, .page-skeleton, #plain').length";
        assert_eq!(page.eval(left), 0);
    });
}
