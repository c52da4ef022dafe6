//! `index.html`: choosing models, and heads of a model.

use crate::fixture::{DECODER, DECODER_SIZE, ENCODER, Site, prompts};
use crate::grid::{address, tile, wait_tiles};
use crate::harness::{Button, Held, visit};

fn picker(model: &str) -> String {
    format!("[data-testid='picker-{model}']")
}

fn cell(model: &str, head: &str) -> String {
    format!("{} [data-cell={head}]", picker(model))
}

fn field() -> String {
    format!("[data-testid='heads-{DECODER}']")
}

fn problem() -> String {
    format!("[data-testid='heads-problem-{DECODER}']")
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
        // From a head that is chosen, dragging takes out.
        page.drag(&cell(DECODER, "L2H3"), &cell(DECODER, "L2H1"));
        wait_tiles(page, 3);
        page.fill(&field(), "L*");
        wait_tiles(page, DECODER_SIZE.0 * DECODER_SIZE.1);
        page.fill(&field(), "H1 L0");
        wait_tiles(page, 6);
        page.fill(&field(), "L0H0-1, l2");
        wait_tiles(page, 6);
        page.wait("the text in the address", "location.search.includes('L0H0-1~l2')");
        page.reload();
        wait_tiles(page, 6);
    });
}

#[test]
fn whole_layers_heads_and_models_are_chosen() {
    let site = Site::made();
    visit(&site.url, &address("", &[4]), |page| {
        page.wait_for("[data-testid=start]");
        page.click(&format!("{} [aria-label='L1: all heads of the layer']", picker(DECODER)));
        wait_tiles(page, 4);
        page.click(&format!("{} [aria-label='Head 3 of every layer']", picker(DECODER)));
        wait_tiles(page, 6);
        page.click(&format!("{} [aria-label='L1: all heads of the layer']", picker(DECODER)));
        wait_tiles(page, 2);
        page.click(&format!("[data-testid='heads-all-{DECODER}']"));
        wait_tiles(page, 12);
        page.click(&format!("[data-testid='heads-none-{DECODER}']"));
        page.wait_for("[data-testid=start]");
        assert!(page.text("[data-testid=start]").contains("No head of the chosen models is chosen"));
    });
}

#[test]
fn an_invalid_selection_is_shown_as_such() {
    let site = Site::made();
    visit(&site.url, &address("L0H9", &[4]), |page| {
        page.wait("the problem", &format!("document.querySelector({:?})?.innerText", problem()));
        assert!(page.text(&problem()).contains("there is no head 9"));
        assert!(page.text("[data-testid=notices]").contains("there is no head 9"));
        for (text, said) in
            [("L7", "there is no layer 7"), ("nonsense", "\"nonsense\" is not a head selection"), ("L2-1", "L2-1")]
        {
            page.fill(&field(), text);
            page.wait(text, &format!("document.querySelector({:?}).innerText.includes({said:?})", problem()));
            assert_eq!(page.eval(&format!("document.querySelector({:?}).ariaInvalid", field())), "true");
            page.wait("the text in the address", &format!("location.search.includes({text:?})"));
        }
        page.fill(&field(), "L2");
        wait_tiles(page, 4);
        assert_eq!(page.text(&problem()), "");
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
        page.key(" ", Held::Shift);
        wait_tiles(page, 5);
        page.key(" ", Held::Ctrl);
        wait_tiles(page, 7);
        page.key("a", Held::Ctrl);
        wait_tiles(page, 12);
    });
}

#[test]
fn models_are_chosen_sorted_and_all_taken() {
    let site = Site::made();
    visit(&site.url, &format!("index.html?prompts={}", prompts()[4].hash()), |page| {
        page.wait_for("[data-testid=start]");
        assert!(page.text("[data-testid=start]").contains("Choose a model"));
        page.click(&format!("[data-testid='model-{ENCODER}']"));
        wait_tiles(page, 4);
        page.click("[data-testid=choose-models]");
        wait_tiles(page, 12 + 4);
        page.click("[data-testid=sort-models-n_layers]");
        let first = "document.querySelector('[data-testid=models] tbody tr').dataset.testid";
        page.wait("the smaller model first", &format!("{first} === 'model-{ENCODER}'"));
        page.click("[data-testid=sort-models-n_layers]");
        page.wait("the larger model first", &format!("{first} === 'model-{DECODER}'"));
        page.wait("the sort in the address", "location.search.includes('msort=-n_layers')");
        page.click_at(&format!("[data-testid='model-{DECODER}'] input"), (0.5, 0.5), Button::Left, Held::None);
        wait_tiles(page, 4);
    });
}
