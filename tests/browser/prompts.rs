//! `index.html`: the table of prompts.

use crate::fixture::{DECODER, ENCODER, Site, prompts};
use crate::grid::wait_tiles;
use crate::harness::{Button, Held, Page, visit};

const ROWS: &str = "[data-testid=prompts] tbody tr";

fn row(prompt: usize) -> String {
    format!("[data-testid='prompt-{}']", prompts()[prompt].hash())
}

fn wait_rows(page: &mut Page, n: usize) {
    page.wait(&format!("{n} rows"), &format!("document.querySelectorAll({ROWS:?}).length === {n}"));
}

fn first_row(page: &mut Page, prompt: usize) {
    let hash = prompts()[prompt].hash();
    page.wait("the first row", &format!("document.querySelector({ROWS:?}).dataset.testid === 'prompt-{hash}'"));
}

#[test]
fn prompts_are_searched_and_chosen() {
    let site = Site::made();
    visit(&site.url, &format!("index.html?models={ENCODER}&prompts="), |page| {
        page.wait_for(ROWS);
        page.fill("[data-testid=search]", "short7w2");
        wait_rows(page, 1);
        page.click(&row(9));
        wait_tiles(page, 4);
        assert!(page.url().contains(&prompts()[9].hash()), "{}", page.url());
        page.fill("[data-testid=search]", "nothing like it");
        wait_rows(page, 0);
        assert!(page.text("[data-testid=panel-prompts]").contains("No prompt passes the filters"));
        page.wait("the search in the address", "location.search.includes('q=nothing+like+it')");
    });
}

#[test]
fn prompts_are_filtered_by_tokens_and_data_set() {
    let site = Site::made();
    visit(&site.url, &format!("index.html?models={ENCODER}"), |page| {
        page.wait_for(ROWS);
        // `short{i}` has 3 + i tokens; the hostile prompt has 14.
        page.fill("[data-testid=tokens-max]", "5");
        wait_rows(page, 3);
        page.fill("[data-testid=tokens-min]", "5");
        wait_rows(page, 1);
        page.fill("[data-testid=tokens-max]", "14");
        wait_rows(page, 11);
        page.click("[data-testid=dataset-Hostile]");
        wait_rows(page, 1);
        page.click("[data-testid=dataset-Github]");
        wait_rows(page, 6);
        page.wait("the filters in the address", "location.search.includes('tokens=5-14&dataset=Hostile~Github')");
        page.reload();
        wait_rows(page, 6);
        page.click("[data-testid=choose-filtered]");
        wait_tiles(page, 6 * 4);
    });
}

#[test]
fn prompts_are_sorted_by_every_column() {
    let site = Site::made();
    visit(&site.url, &format!("index.html?models={ENCODER}"), |page| {
        first_row(page, 0);
        for (column, ascending, descending) in [("tokens", 2, 1), ("dataset", 1, 0)] {
            let header = format!("[data-testid=sort-prompts-{column}]");
            page.click(&header);
            first_row(page, ascending);
            page.click(&header);
            first_row(page, descending);
            page.wait("the sort in the address", &format!("location.search.includes('psort=-{column}')"));
            page.click(&header);
            first_row(page, 0);
        }
        let mut by_text: Vec<usize> = (0..prompts().len()).collect();
        by_text.sort_by_key(|&i| prompts()[i].text().to_lowercase());
        let mut by_hash = by_text.clone();
        by_hash.sort_by_key(|&i| prompts()[i].hash());
        for (column, first) in [("text", by_text[0]), ("hash", by_hash[0])] {
            page.click(&format!("[data-testid=sort-prompts-{column}]"));
            first_row(page, first);
        }
    });
}

#[test]
fn one_a_range_a_page_and_all_are_chosen() {
    let site = Site::made();
    visit(&site.url, &format!("index.html?models={ENCODER}&size=16"), |page| {
        wait_rows(page, 20);
        let chosen = |page: &mut Page, n: usize| {
            let total = format!("document.querySelector('[data-testid=progress]').dataset.total === '{}'", n * 4);
            page.wait(&format!("{n} prompts"), &total);
        };
        page.click(&row(3));
        chosen(page, 1);
        page.click_at(&row(7), (0.5, 0.5), Button::Left, Held::Shift);
        chosen(page, 5);
        page.click(&format!("{} input", row(5)));
        chosen(page, 4);
        page.click("[data-testid=choose-page]");
        chosen(page, 20);
        page.click("[data-testid=choose-filtered]");
        chosen(page, 32);
        page.wait("all in the address", "location.search.includes('prompts=*')");
        page.click("[data-testid=choose-none]");
        page.wait_for("[data-testid=start]");
    });
}

#[test]
fn the_table_has_pages() {
    let site = Site::made();
    visit(&site.url, &format!("index.html?models={ENCODER}"), |page| {
        wait_rows(page, 20);
        page.click("[data-testid=page-next]");
        wait_rows(page, 12);
        page.wait("the page in the address", "location.search.includes('page=2')");
        page.reload();
        wait_rows(page, 12);
        page.click("[data-testid=page-first]");
        wait_rows(page, 20);
        page.choose("[data-testid=per-page]", "50");
        wait_rows(page, 32);
        page.wait("the number in the address", "location.search.includes('perpage=50')");
        page.reload();
        wait_rows(page, 32);
    });
}

#[test]
fn a_prompt_opens_to_its_full_text() {
    let site = Site::made();
    let long = &prompts()[1];
    visit(&site.url, &format!("index.html?models={DECODER}"), |page| {
        page.click(&format!("[data-testid='open-{}']", long.hash()));
        let full = format!("[data-testid='full-{}']", long.hash());
        let shown = page.text(&full);
        assert!(shown.contains("long298") && shown.contains(&long.hash()), "{shown}");
        // Opening does not choose.
        page.wait_for("[data-testid=start]");
        page.wait("the prompt in the address", "location.search.includes('open=')");
        page.reload();
        assert!(page.text(&full).contains("long298"));
    });
}
