//! What the harness must notice: a test that passes on a dirty page proves nothing.

use crate::fixture::serve_files;
use crate::harness::visit;

const DIRTY: &str = "<!doctype html><title>dirty</title><link rel=icon href=data:,><p>dirty</p><script>
    console.log('said something');
    setTimeout(() => { throw new Error('thrown late') });
    fetch('http://elsewhere.example/x').catch(() => {});
    fetch('missing.json').catch(() => {});
    Promise.reject(new Error('not handled'));
</script>";

const CLEAN: &str = "<!doctype html><title>clean</title><link rel=icon href=data:,><p>clean</p>";

#[test]
fn everything_dirty_is_reported() {
    let site = serve_files(&[("dirty.html", DIRTY)]);
    visit(&site.url, "dirty.html", |page| {
        page.wait("the late exception", "document.readyState === 'complete'");
        for expected in ["said something", "thrown late", "not handled", "foreign request: http://elsewhere.example/x"]
        {
            page.expect_report(expected);
        }
        page.expect_report("status 404");
        // The browser's own words about the two failed requests.
        page.expect_report("Failed to load resource");
    });
}

#[test]
#[should_panic(expected = "console.log: said something")]
fn a_dirty_page_fails_the_visit() {
    let site = serve_files(&[("dirty.html", DIRTY)]);
    visit(&site.url, "dirty.html", |_| {});
}

#[test]
fn a_clean_page_passes() {
    let site = serve_files(&[("clean.html", CLEAN)]);
    visit(&site.url, "clean.html", |page| assert_eq!(page.text("p"), "clean"));
}
