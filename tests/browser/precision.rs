//! Sites that keep more or less of each value: the page asks for nothing that is not there, and says what it shows.

use lens_schema::Precision;

use crate::fixture::{DECODER, Site, prompts, value};
use crate::harness::{Page, visit};
use crate::single::{HEATMAP, link, wait_exact};

/// The values of the first key, query by query, as the page reads them out.
fn values(page: &mut Page, n: usize) -> Vec<String> {
    (0..n)
        .map(|query| {
            page.go(&format!("{}&cell={query}.0", link(DECODER, 1, 2, &prompts()[2])));
            wait_exact(page);
            page.wait("a value", "document.querySelector('[data-testid=value]').innerText !== ''");
            page.text("[data-testid=value]")
        })
        .collect()
}

#[test]
fn every_bit_is_shown() {
    let site = Site::with(Precision::F32);
    let prompt = &prompts()[2];
    visit(&site.url, &link(DECODER, 1, 2, prompt), |page| {
        let shown: Vec<u32> =
            values(page, prompt.n_ctx()).iter().map(|text| text.parse::<f32>().unwrap().to_bits()).collect();
        let expected = (0..prompt.n_ctx()).map(|query| value(1, 2, prompt.n_ctx(), true, query, 0).to_bits());
        assert_eq!(shown, expected.collect::<Vec<_>>());
    });
}

#[test]
fn overviews_alone_are_called_approximate() {
    let site = Site::with(Precision::Overview);
    // Of the long prompt, the overview is pooled.
    for prompt in &prompts()[1..3] {
        visit(&site.url, &link(DECODER, 1, 2, prompt), |page| {
            page.wait_for(HEATMAP);
            assert_eq!(
                page.wait("the notice", "document.querySelector('[data-testid=notices]').innerText"),
                "The values shown are approximate: this site was built with --precision overview; \
                 build it again with --precision exact for all digits"
            );
            // The pointer is noticed where the pattern is there.
            page.wait_for("[data-testid=single][aria-busy=false]");
            page.settle();
            page.hover(HEATMAP, (0.4, 0.8));
            page.wait("a value", "document.querySelector('[data-testid=value]').innerText !== ''");
            assert!(page.text("[data-testid=value]").starts_with(['≈', '<']));
        });
    }
}
