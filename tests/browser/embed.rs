//! `embed=1`: a view in a frame of another page.

use crate::fixture::{DECODER, Site, prompts};
use crate::harness::visit;
use crate::single::{HEATMAP, link, wait_exact};

#[test]
fn the_picture_fits_its_frame() {
    let site = Site::made();
    let address = link(DECODER, 1, 2, &prompts()[6]);
    visit(&site.url, &format!("{address}&embed=1"), |page| {
        for (width, height) in [(300, 300), (640, 480), (800, 600)] {
            page.resize(width, height);
            wait_exact(page);
            page.settle();
            let fits = format!(
                "(root => root.scrollWidth <= {width} && root.scrollHeight <= {height})(document.documentElement)"
            );
            page.wait("a page without scroll bars", &fits);
            let side = page.eval(&format!("document.querySelector('{HEATMAP}').clientHeight")).as_u64().unwrap();
            assert!(side > u64::from(width.min(height)) * 2 / 3, "{side} of {width} × {height}");
        }
        assert_eq!(page.eval("document.querySelector('.topbar').getClientRects().length"), 0);
        page.hover(HEATMAP, (0.5, 0.6));
        assert!(!page.text("[data-testid=value]").is_empty());
        assert!(page.text(".embed-caption").contains(&format!("{DECODER} L1H2")));
        let whole = page.eval("document.querySelector('[data-testid=in-full]').href");
        assert_eq!(whole, format!("{}/{address}", site.url));
    });
}

#[test]
fn other_pages_may_frame_it() {
    let address = link(DECODER, 1, 2, &prompts()[6]);
    let host = format!(
        "<!doctype html><title>host</title><link rel=icon href=data:,><iframe src=\"{address}&amp;embed=1\" width=400 height=400></iframe>"
    );
    let site = Site::damaged("host.html", Some(&host));
    visit(&site.url, "host.html", |page| {
        page.wait(
            "a pattern in the frame",
            &format!("document.querySelector('iframe').contentDocument.querySelector('{HEATMAP}').dataset.square"),
        );
    });
}
