//! What the address of `index.html?view=heads` says and keeps, and what is said where a site lacks what is asked for.

use crate::finder::{FIRST, N, VIEW, by_score, name, wait_list};
use crate::fixture::{DECODER, DECODER_SIZE, ENCODER, RANDOM, SCORED, Site, prompts};
use crate::harness::visit;

#[test]
fn the_address_has_everything() {
    let site = Site::made();
    let hash = prompts()[3].hash();
    let query = format!(
        "model={SCORED}&score=entropy&on={hash}&x=self&y=prev_token&hue=layer&filter=layer:0-1&top=20&order=up&focus=L1H2"
    );
    visit(&site.url, &format!("{VIEW}&{query}&mine=1"), |page| {
        for _ in 0..2 {
            page.wait_for("[data-testid=heads]");
            for (control, value) in [
                ("score", "entropy"),
                ("on", &hash),
                ("x", "self"),
                ("y", "prev_token"),
                ("hue", "layer"),
                ("top", "20"),
            ] {
                assert_eq!(page.eval(&format!("document.querySelector('[data-testid={control}]').value")), value);
            }
            assert_eq!(page.text("[data-testid=focus]"), "L1H2");
            assert_eq!(page.count("[data-testid=heads] tbody tr"), 8);
            assert_eq!(page.count("[data-testid=heads] [aria-sort=ascending]"), 1);
            assert_eq!(page.count("[data-testid=similar] li"), 6);
            page.wait_for("[data-testid=open] canvas[data-state=drawn]");
            assert!(page.eval("document.querySelector('[data-testid=open]').href").as_str().unwrap().contains(&hash));
            page.reload();
        }
        assert!(page.url().ends_with(&format!("{query}&mine=1")), "{}", page.url());
        page.click("[data-testid=similar] button");
        page.wait("another head", "!location.search.includes('focus=L1H2')");
        page.history(-1);
        page.wait("the head before", "document.querySelector('[data-testid=focus]').innerText === 'L1H2'");
    });
}

#[test]
fn what_is_asked_for_and_not_there_is_said() {
    let site = Site::made();
    visit(
        &site.url,
        &format!("{VIEW}&model=nobody&score=symmetry&x=nonsense&filter=a~layer:1&focus=L9H0&top=3"),
        |page| {
            wait_list(page, &by_score(FIRST)[..10]);
            let notices = page.text("[data-testid=notices]");
            for said in [
                "no model nobody",
                "has symmetry: the pattern is causal",
                "no score nonsense",
                "filter=a in",
                "no head L9H0",
                "top=3 in",
            ] {
                assert!(notices.contains(said), "{said}: {notices}");
            }
            assert_eq!(page.count("[data-testid=score] option[value=symmetry]:disabled"), 1);
        },
    );
}

#[test]
fn patterns_have_the_colours_of_the_figures() {
    let site = Site::made();
    let mut seen = Vec::new();
    for look in ["", "&scale=log&colors=magma"] {
        visit(&site.url, &format!("{VIEW}&model={SCORED}{look}"), |page| {
            let picture = "[data-testid=open] canvas[data-state=drawn]";
            page.wait_for(picture);
            seen.push(page.eval(&format!("document.querySelector({picture:?}).toDataURL()")));
            let href = page.eval("document.querySelector('[data-testid=open]').getAttribute('href')");
            assert!(href.as_str().is_some_and(|href| href.contains("prompt=") && href.ends_with(look)), "{href}");
        });
    }
    assert_ne!(seen[0], seen[1]);
}

#[test]
fn a_model_without_scores_says_how_to_make_them() {
    let site = Site::made();
    visit(&site.url, &format!("{VIEW}&model={ENCODER}"), |page| {
        let text = page.text("[data-testid=without-scores]");
        assert!(
            text.contains(&format!("no head scores of {ENCODER}")) && text.contains("lens-build figures"),
            "{text}"
        );
        page.choose("[data-testid=model]", DECODER);
        wait_list(page, &by_score(FIRST)[..10]);
        page.choose("[data-testid=model]", ENCODER);
        page.wait_for("[data-testid=without-scores]");
    });
    let without = Site::damaged("lens.json", Some(&page_manifest()));
    visit(&without.url, VIEW, |page| {
        assert!(page.text("[data-testid=without-scores]").contains("lens-build figures"));
    });
}

/// The manifest of a site whose models have no scores.
fn page_manifest() -> String {
    let models = [DECODER, ENCODER].map(|dir| serde_json::json!({ "dir": dir, "n_prompts": 32, "figures": {} }));
    serde_json::json!({ "schema": lens_schema::SCHEMA_VERSION, "generator": "", "title": "", "models": models, "files": 1, "bytes": 1 })
        .to_string()
}

#[test]
fn scores_that_cannot_be_read_are_an_error() {
    let site = Site::damaged(&lens_schema::path::scores(SCORED), Some("no archive"));
    visit(&site.url, VIEW, |page| {
        let error = page.text("[data-testid=error]");
        assert!(error.contains("scores.npz: not a whole zip archive"), "{error}");
        // Another model can be chosen, and this one again.
        assert_eq!(page.eval("document.querySelector('[data-testid=model]').value"), SCORED);
        page.choose("[data-testid=model]", ENCODER);
        page.wait_for("[data-testid=without-scores]");
        page.choose("[data-testid=model]", SCORED);
        page.wait_for("[data-testid=error] [data-testid=model]");
    });
}

#[test]
fn the_page_of_a_pattern_has_its_scores() {
    let site = Site::made();
    let best = by_score(FIRST)[0];
    let (layer, head) = (best / DECODER_SIZE.1, best % DECODER_SIZE.1);
    let address = format!("single.html?head={SCORED}.L{layer}.H{head}&prompt={}", prompts()[3].hash());
    visit(&site.url, &address, |page| {
        let card = page.text("[data-testid=head-scores] section");
        assert!(card.contains(&format!("1st of {N}")) && card.contains("on this prompt"), "{card}");
        let score = RANDOM[FIRST];
        page.click(&format!("[data-testid=head-scores] a[href*='score={score}']"));
        wait_list(page, &by_score(FIRST)[..10]);
        assert_eq!(page.text("[data-testid=focus]"), name(best));
        assert!(page.url().contains(&format!("on={}", prompts()[3].hash())), "{}", page.url());
    });
    // Where there are none, nothing is asked for.
    let address = format!("single.html?head={ENCODER}.L0.H0&prompt={}", prompts()[3].hash());
    visit(&site.url, &address, |page| {
        page.wait_for("[data-testid=heatmap]");
        page.settle();
        assert_eq!(page.count("[data-testid=head-scores] section"), 0);
    });
}
