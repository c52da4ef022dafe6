//! `index.html`: many patterns at once.

use crate::fixture::{DECODER, DECODER_SIZE, ENCODER, HOSTILE, Site, prompts};
use crate::harness::{Held, Page, visit};

const TILES: &str = "[data-testid=figures] a";

fn picker(model: &str) -> String {
    format!("[data-testid='picker-{model}']")
}

fn cell(model: &str, head: &str) -> String {
    format!("{} [data-cell={head}]", picker(model))
}

fn tile(model: &str, head: &str, prompt: usize) -> String {
    format!("[data-testid='tile-{model}-{head}-{}-raw']", prompts()[prompt].hash())
}

/// Waits until this many figures are on screen.
fn wait_tiles(page: &mut Page, n: usize) {
    page.wait(&format!("{n} figures"), &format!("document.querySelectorAll({TILES:?}).length === {n}"));
}

/// An address in pattern-lens' words.
fn address(heads: &str, chosen: &[usize]) -> String {
    let prompts = prompts();
    let hashes: Vec<String> = chosen.iter().map(|&i| prompts[i].hash()).collect();
    format!("index.html?models={DECODER}&prompts={}&functions=raw&heads-{DECODER}={heads}", hashes.join("~"))
}

#[test]
fn an_address_shows_its_figures_at_once() {
    let site = Site::made();
    visit(&site.url, &address("L0H1~L2Hx", &[0, 3]), |page| {
        wait_tiles(page, 2 * 5);
        for head in ["L0H1", "L2H0", "L2H3"] {
            page.wait_for(&tile(DECODER, head, 3));
        }
        page.reload();
        wait_tiles(page, 2 * 5);
        assert!(page.url().contains("L0H1~L2"), "{}", page.url());
    });
}

#[test]
fn unknown_parameters_are_kept() {
    let site = Site::made();
    visit(&site.url, &format!("{}&theirs=1", address("L0", &[3])), |page| {
        wait_tiles(page, 4);
        page.click(&cell(DECODER, "L1H0"));
        wait_tiles(page, 5);
        assert!(page.url().contains("theirs=1"), "{}", page.url());
    });
}

#[test]
fn heads_are_chosen_by_click_drag_and_text() {
    let site = Site::made();
    visit(&site.url, &address("L0H0", &[4]), |page| {
        wait_tiles(page, 1);
        page.click(&cell(DECODER, "L2H3"));
        wait_tiles(page, 2);
        page.drag(&cell(DECODER, "L1H1"), &cell(DECODER, "L2H2"));
        wait_tiles(page, 6);
        let field = format!("[data-testid='heads-{DECODER}']");
        page.fill(&field, "L*");
        wait_tiles(page, DECODER_SIZE.0 * DECODER_SIZE.1);
        page.fill(&field, "H1 L0");
        wait_tiles(page, 6);
        page.fill(&field, "L7");
        let problem = page.text(&format!("[data-testid='heads-problem-{DECODER}']"));
        assert!(problem.contains("there is no layer 7"), "{problem}");
    });
}

#[test]
fn an_invalid_selection_in_the_address_is_shown() {
    let site = Site::made();
    visit(&site.url, &address("L0H9", &[4]), |page| {
        let problem = page.wait(
            "the problem",
            &format!("document.querySelector(\"[data-testid='heads-problem-{DECODER}']\")?.innerText"),
        );
        assert!(problem.as_str().is_some_and(|p| p.contains("there is no head 9")), "{problem}");
    });
}

#[test]
fn back_undoes_a_choice() {
    let site = Site::made();
    visit(&site.url, &address("L0H0", &[4]), |page| {
        wait_tiles(page, 1);
        page.click(&cell(DECODER, "L1H1"));
        wait_tiles(page, 2);
        page.history(-1);
        wait_tiles(page, 1);
        page.history(1);
        wait_tiles(page, 2);
    });
}

#[test]
fn the_keyboard_chooses_heads() {
    let site = Site::made();
    visit(&site.url, &address("L0H0", &[4]), |page| {
        wait_tiles(page, 1);
        page.eval(&format!("document.querySelector({:?}).focus()", cell(DECODER, "L0H0")));
        page.key("ArrowDown", Held::None);
        page.key("ArrowRight", Held::None);
        page.key(" ", Held::None);
        wait_tiles(page, 2);
        page.wait_for(&tile(DECODER, "L1H1", 4));
    });
}

#[test]
fn prompts_are_searched_and_chosen() {
    let site = Site::made();
    visit(&site.url, &format!("index.html?models={ENCODER}&prompts="), |page| {
        page.wait_for("[data-testid=prompts] tbody tr");
        page.fill("[data-testid=search]", "short7w2");
        page.wait("one prompt", "document.querySelectorAll('[data-testid=prompts] tbody tr').length === 1");
        page.click(&format!("[data-testid='prompt-{}']", prompts()[9].hash()));
        wait_tiles(page, 4);
        assert!(page.url().contains(&prompts()[9].hash()), "{}", page.url());
    });
}

#[test]
fn a_figure_leads_to_its_pattern() {
    let site = Site::made();
    visit(&site.url, &address("L1H2", &[5]), |page| {
        wait_tiles(page, 1);
        let target = page.eval(&format!("document.querySelector({:?}).getAttribute('href')", tile(DECODER, "L1H2", 5)));
        let target = target.as_str().expect("a figure is a link").to_owned();
        let link = format!("single.html?head={DECODER}.L1.H2&prompt={}", prompts()[5].hash());
        assert!(target.trim_start_matches("./").starts_with(&link), "{target}");
        page.go(target.trim_start_matches("./"));
        page.wait("the pattern", "document.querySelector('[data-testid=head]')?.innerText === 'L1H2'");
    });
}

#[test]
fn hostile_texts_are_texts() {
    let site = Site::made();
    visit(&site.url, &address("L0H0", &[0]), |page| {
        wait_tiles(page, 1);
        page.wait_for("[data-testid=prompts] tbody tr");
        assert_ne!(page.eval("document.title"), "owned");
        let text = page.text("body");
        assert!(text.contains(HOSTILE[0]) && text.contains(HOSTILE[1]), "markers and markup are visible");
        assert_eq!(page.count("[data-testid=prompts] b, [data-testid=prompts] img, #app script"), 0);
    });
}
