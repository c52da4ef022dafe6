//! `single.html`: what its address says, keeps and leads to, and what is said when it leads nowhere.

use lens_schema::path;

use crate::fixture::{DECODER, DECODER_SIZE, ENCODER, Site, prompts};
use crate::harness::{Held, visit};
use crate::single::{HEATMAP, link, wait_exact};

fn wait_head(page: &mut crate::harness::Page, head: &str) {
    page.wait(head, &format!("document.querySelector('[data-testid=head]')?.innerText === '{head}'"));
}

#[test]
fn every_state_is_in_the_address() {
    let site = Site::made();
    visit(&site.url, &format!("{}&theirs=1", link(DECODER, 0, 1, &prompts()[1])), |page| {
        wait_exact(page);
        for control in ["scale-log", "range-unit", "zoom-in"] {
            page.click(&format!("[data-testid={control}]"));
        }
        page.eval("(s => { s.value = 'magma'; s.dispatchEvent(new Event('change', { bubbles: true })) })(document.querySelector('[data-testid=colormap]'))");
        page.click("[data-testid=token-40]");
        page.wait("the window", "location.search.includes('window=')");
        let address = page.url();
        for part in ["theirs=1", "scale=log", "range=unit", "colors=magma", "token=40"] {
            assert!(address.contains(part), "{part} is not in {address}");
        }
        let seen = "JSON.stringify([...document.querySelectorAll('[aria-pressed=true], [aria-selected=true], [data-testid=colorbar]')] \
            .map(e => [e.dataset.testid, e.innerText]).concat([[document.querySelector('select').value, '']]))";
        let before = page.eval(seen);
        page.reload();
        wait_exact(page);
        page.settle();
        assert_eq!(page.eval(seen), before);
        assert_eq!(page.url(), address);
        page.click("[data-testid=zoom-fit]");
        page.key("Escape", Held::None);
        page.wait("a shorter address", "!/window=|token=/.test(location.search)");
    });
}

#[test]
fn what_the_address_says_wrong_is_told() {
    let site = Site::made();
    let address = link(DECODER, 0, 0, &prompts()[4]);
    for (parameter, said) in [("cell=500.3", "500.3"), ("scale=cubic", "cubic"), ("token=x", "token=x")] {
        visit(&site.url, &format!("{address}&{parameter}"), |page| {
            wait_exact(page);
            let notices = page.text("[data-testid=notices] p");
            assert!(notices.contains(said), "{parameter}: {notices}");
        });
    }
}

#[test]
fn buttons_and_keys_lead_to_the_neighbours() {
    let site = Site::made();
    let all = prompts();
    visit(&site.url, &format!("{}&cell=2.1", link(DECODER, 0, DECODER_SIZE.1 - 1, &all[3])), |page| {
        wait_exact(page);
        page.click("[data-testid=next-head]");
        wait_head(page, "L1H0");
        page.key("J", Held::None);
        wait_head(page, "L2H0");
        assert_eq!(page.eval("document.querySelector('[data-testid=next-layer]').disabled"), true);
        page.click("[data-testid=previous-layer]");
        wait_head(page, "L1H0");
        page.key("k", Held::None);
        wait_head(page, "L0H3");
        assert!(page.url().contains("cell=2.1"), "another head keeps the cell");
        page.key("n", Held::None);
        page.wait("the next prompt", &format!("location.search.includes('{}')", all[4].hash()));
        page.wait(
            "its text",
            &format!(
                "document.querySelector('[data-testid=prompt-text]').innerText.includes({:?})",
                all[4].text().trim()
            ),
        );
        assert!(!page.url().contains("cell="), "another prompt has other cells");
        page.wait(
            "tokens without marks",
            "document.querySelectorAll('[data-testid=tokens] :is(.as-key, .as-query, .impossible)').length === 0",
        );
        page.click("[data-testid=previous-prompt]");
        page.wait("the prompt", &format!("location.search.includes('{}')", all[3].hash()));
        page.history(-1);
        page.wait("the next prompt", &format!("location.search.includes('{}')", all[4].hash()));
    });
}

#[test]
fn links_lead_back_and_to_other_heads() {
    let site = Site::made();
    let prompt = &prompts()[3];
    visit(&site.url, &link(DECODER, 0, 0, prompt), |page| {
        wait_exact(page);
        assert_eq!(page.text("[data-testid=model]"), DECODER);
        page.click("[data-testid=head-L2H1]");
        page.wait("the other head", &format!("location.search.includes('{DECODER}.L2.H1')"));
        page.wait("its name", "document.querySelector('[data-testid=head]').innerText === 'L2H1'");
        page.history(-1);
        page.wait("the first head", "document.querySelector('[data-testid=head]').innerText === 'L0H0'");
        page.click("[data-testid=back]");
        page.wait_for("[data-testid=figures]");
        assert!(page.url().contains(&prompt.hash()), "the prompt stays chosen: {}", page.url());
    });
}

#[test]
fn what_is_not_there_is_said() {
    let site = Site::made();
    let hash = prompts()[0].hash();
    for (query, what) in [
        (String::new(), "head"),
        (format!("?head={DECODER}.L9.H0&prompt={hash}"), "9"),
        (format!("?head=nobody.L0.H0&prompt={hash}"), "nobody"),
        (format!("?head={DECODER}.L0.H0&prompt=nothing"), "nothing"),
    ] {
        visit(&site.url, &format!("single.html{query}"), |page| {
            let error = page.text("[data-testid=error]");
            assert!(error.contains(what), "{query}: {error}");
            // Of nothing there is nothing to take away.
            assert_eq!(page.eval("document.querySelector('[data-testid=menu-export]').getClientRects().length"), 0);
            if what == "nothing" {
                // Only asking for the file tells that there is no such prompt.
                page.expect_report("status 404");
                page.expect_report("Failed to load resource");
            }
        });
    }
}

#[test]
fn damaged_values_leave_the_overview() {
    let prompt = &prompts()[6];
    let site = Site::damaged(&path::exact(DECODER, &prompt.hash(), 1), Some("no zip"));
    visit(&site.url, &format!("{}&cell=3.3", link(DECODER, 1, 0, prompt)), |page| {
        page.wait_for(HEATMAP);
        let notices = page.text("[data-testid=notices] p");
        assert!(notices.contains("L1.npz") && notices.contains("build the site again"), "{notices}");
        assert!(page.text("[data-testid=value]").starts_with('≈'));
        page.click("[data-testid=head-L2H1]");
        wait_exact(page);
    });
}

#[test]
fn a_prompt_without_its_patterns_is_told() {
    let prompt = &prompts()[6];
    let site = Site::damaged(&path::overview(ENCODER, &prompt.hash()), None);
    visit(&site.url, &link(ENCODER, 1, 0, prompt), |page| {
        let error = page.text("[data-testid=error]");
        assert!(error.contains("overview.npz") && error.contains("site"), "{error}");
        page.expect_report("status 404");
        page.expect_report("Failed to load resource");
        // The other prompts are a click away.
        page.click("[data-testid=error] li a");
        wait_exact(page);
    });
}
