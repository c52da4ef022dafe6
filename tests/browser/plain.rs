//! What there is to see without scripts, without WebAssembly, and when a page is opened from disk.

use crate::fixture::{DECODER, ENCODER, Site, prompts};
use crate::harness::{Page, visit};

/// The list of models and prompts is there, each prompt with its picture and its links.
fn assert_listed(page: &mut Page) {
    page.wait_for(".listing li");
    let list = page.text(".plain");
    for part in ["Made <i>site</i>", DECODER, ENCODER, "3 layers × 4 heads, 32 prompts", "<b>bold</b>", "short0w0"] {
        assert!(list.contains(part), "{part}: {list}");
    }
    assert_eq!(page.count(".listing li"), 64);
    let picture = "document.querySelector('.listing li:nth-child(2) img')";
    page.eval(&format!("{picture}.scrollIntoView()"));
    page.wait("a picture", &format!("{picture}.naturalWidth > 0"));
    let said = page.eval(&format!(
        "(() => {{ const e = {picture}; return e.naturalWidth === Number(e.getAttribute('width')) \
         && e.naturalHeight === Number(e.getAttribute('height')) && e.loading === 'lazy' && e.alt }})()"
    ));
    assert_eq!(said, format!("Attention of {DECODER} on this prompt: 3 rows of 4 heads"));
    let links = page.eval(
        "[...document.querySelectorAll('.listing li:nth-child(2) a')].slice(0, 2).map(a => a.getAttribute('href'))",
    );
    let hash = prompts()[1].hash();
    let expected =
        [format!("single.html?head={DECODER}.L0.H0&prompt={hash}"), format!("{DECODER}/prompts/{hash}/prompt.json")];
    assert_eq!(links, serde_json::json!(expected));
    assert!(page.eval("document.documentElement.scrollWidth <= innerWidth").as_bool().unwrap());
    page.eval("scrollTo(0, 0)");
}

/// Pictures of both sizes and both colours, to be looked at.
fn look(page: &mut Page, name: &str) {
    for (width, height, size) in [(1440, 900, "wide"), (390, 844, "phone")] {
        page.resize(width, height);
        for colour in ["light", "dark"] {
            page.emulate("prefers-color-scheme", colour);
            page.screenshot(&format!("{name}-{size}-{colour}"));
        }
        assert!(page.eval("document.documentElement.scrollWidth <= innerWidth").as_bool().unwrap());
    }
}

#[test]
fn without_scripts() {
    let site = Site::made();
    visit(&site.url, "index.html", |page| {
        page.scripts(false);
        page.reload();
        assert!(page.text(".plain").contains("The viewer needs JavaScript"));
        assert_listed(page);
        look(page, "without-scripts");
        page.scripts(true);
    });
}

#[test]
fn without_web_assembly() {
    let site = Site::made();
    visit(&site.url, "index.html", |page| {
        page.before_pages("delete window.WebAssembly");
        page.reload();
        assert!(page.text("#status").contains("The viewer needs WebAssembly"));
        assert_listed(page);
    });
}

#[test]
fn opened_from_disk() {
    let site = Site::made();
    let folder = site.folder().canonicalize().unwrap();
    let address = format!("file://{}", folder.display());
    visit(&address, "index.html", |page| {
        let said = page.text("#status");
        for part in
            ["has to be served", &format!("lens-build serve --out {}\n", folder.display()), "python3 -m http.server"]
        {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert_listed(page);
        look(page, "from-disk");
        // What the page would have fetched ahead.
        page.expect_report("blocked by CORS policy");
        page.expect_report("net::ERR_FAILED");
    });
    visit(&address, "single.html", |page| {
        assert!(page.text("#status").contains("lens-build serve"));
        page.click(".plain a");
        assert_listed(page);
        page.expect_report("blocked by CORS policy");
        page.expect_report("net::ERR_FAILED");
    });
}
