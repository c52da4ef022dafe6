//! `index.html?view=heads`: heads found by their scores.

use lens_schema::scale::{lut, normalized_index};
use serde_json::Value;

use crate::fixture::{DECODER, DECODER_SIZE, RANDOM, Site, WITHOUT, prompts, random_score};
use crate::grid::wait_tiles;
use crate::harness::{Button, Held, Page, visit};

pub const VIEW: &str = "index.html?view=heads";
pub const N: usize = DECODER_SIZE.0 * DECODER_SIZE.1;
/// `induction_random`, which the page begins with.
pub const FIRST: usize = 2;

pub fn name(head: usize) -> String {
    format!("L{}H{}", head / DECODER_SIZE.1, head % DECODER_SIZE.1)
}

/// The heads by a made-up score, the largest first.
pub fn by_score(score: usize) -> Vec<usize> {
    let mut heads: Vec<usize> = (0..N).collect();
    heads.sort_by(|a, b| random_score(score, *b).total_cmp(&random_score(score, *a)));
    heads
}

/// Waits until the list has these heads, in this order.
pub fn wait_list(page: &mut Page, heads: &[usize]) {
    let names: Vec<String> = heads.iter().map(|h| name(*h)).collect();
    let listed = "[...document.querySelectorAll('[data-testid=heads] tbody th')].map(e => e.innerText).join(' ')";
    page.wait(&format!("the list {names:?}"), &format!("{listed} === {:?}", names.join(" ")));
}

pub fn wait_address(page: &mut Page, text: &str) {
    page.wait(&format!("{text} in the address"), &format!("location.search.includes({text:?})"));
}

/// The middle of a head's cell on the map, as fractions of its size.
fn cell(page: &mut Page, head: usize) -> (f64, f64) {
    page.wait("the map", "document.querySelector('[data-testid=map]').style.width !== ''");
    let size =
        page.eval("(({ clientWidth: w, clientHeight: h }) => [w, h])(document.querySelector('[data-testid=map]'))");
    let (w, h) = (size[0].as_f64().unwrap(), size[1].as_f64().unwrap());
    // Names take 30 pixels at the left and 18 above.
    let side = (w - 30.0) / DECODER_SIZE.1 as f64;
    let (layer, column) = ((head / DECODER_SIZE.1) as f64, (head % DECODER_SIZE.1) as f64);
    ((30.0 + (column + 0.5) * side) / w, (18.0 + (layer + 0.5) * side) / h)
}

/// The colour at a point of a picture.
fn pixel(page: &mut Page, chart: &str, at: (f64, f64)) -> Vec<u64> {
    let script = format!(
        "(() => {{ const c = document.querySelector('[data-testid={chart}] canvas'); \
         const x = Math.floor(c.width * {}), y = Math.floor(c.height * {}), copy = new OffscreenCanvas(1, 1); \
         const context = copy.getContext('2d', {{ willReadFrequently: true }}); \
         context.drawImage(c, -x, -y); return [...context.getImageData(0, 0, 1, 1).data] }})()",
        at.0, at.1
    );
    page.eval(&script).as_array().unwrap().iter().filter_map(Value::as_u64).collect()
}

#[test]
fn the_map_and_the_list_have_the_values() {
    let site = Site::made();
    visit(&site.url, VIEW, |page| {
        let order = by_score(FIRST);
        wait_list(page, &order[..10]);
        assert!(page.text("[data-testid=doc]").contains("100 random tokens"));
        let row = page.text(&format!("[data-testid=row-{}]", name(order[0])));
        assert!(row.contains("0.917"), "{row}");
        assert_eq!(page.text("[data-testid=focus]"), name(order[0]));
        // Every cell has the colour of its value, from the smallest to the largest.
        let viridis = lut("viridis").unwrap();
        for head in 0..N {
            let place = normalized_index(random_score(FIRST, head), 0.0, 11.0 / 12.0);
            let at = cell(page, head);
            let [r, g, b] = viridis[usize::from(place)].map(u64::from);
            assert_eq!(pixel(page, "map", at), [r, g, b, 255], "{}", name(head));
        }
        assert_eq!(
            page.text("[data-testid=map-bar]").split_whitespace().collect::<Vec<_>>(),
            ["0", "0.458", "0.917", "induction_random"]
        );
        page.choose("[data-testid=score]", "prefix_matching");
        wait_list(page, &by_score(3)[..10]);
        wait_address(page, "score=prefix_matching");
        page.click("[data-testid=order]");
        let ascending: Vec<usize> = by_score(3).into_iter().rev().collect();
        wait_list(page, &ascending[..10]);
        page.choose("[data-testid=top]", "all");
        wait_list(page, &ascending);
        wait_address(page, "order=up&top=all");
        // On one prompt the values are those of the prompt; random tokens are no prompt.
        page.choose("[data-testid=on]", &prompts()[4].hash());
        wait_address(page, &format!("on={}", prompts()[4].hash()));
        wait_list(page, &ascending);
        assert!(page.text("[data-testid=doc]").contains("The same on every prompt."));
    });
}

/// The built-in model of two layers has induction heads, all in its second layer.
#[test]
fn a_real_induction_head_comes_first() {
    let site = Site::demo("attn-only-2l-demo");
    visit(&site.url, VIEW, |page| {
        page.wait_for("[data-testid=heads]");
        let first = "document.querySelector('[data-testid=heads] tbody th').innerText";
        assert_eq!(page.eval("document.querySelector('[data-testid=score]').value"), "induction_random");
        let best = page.eval(first);
        assert!(best.as_str().unwrap().starts_with("L1"), "{best}");
        let value = page.eval("Number(document.querySelector('[data-testid=heads] tbody .value').innerText)");
        assert!(value.as_f64().unwrap() > 0.5, "{value}");
        page.choose("[data-testid=score]", "prefix_matching");
        page.wait("the same head first", &format!("{first} === {best} && location.search.includes('prefix')"));
    });
}

#[test]
fn what_is_under_the_pointer_is_named() {
    let site = Site::made();
    visit(&site.url, VIEW, |page| {
        wait_list(page, &by_score(FIRST)[..10]);
        let at = cell(page, 6);
        page.hover("[data-testid=map]", at);
        let tip = page.text("[data-testid=map] .tip");
        assert_eq!(tip, format!("L1H2\ninduction_random {:.3}", random_score(FIRST, 6)));
        page.hover("[data-testid=score]", (0.5, 0.5));
        page.wait("no tip", "document.querySelector('[data-testid=map] .tip').hidden");
        // A head without a value says why, and comes last.
        page.choose("[data-testid=score]", RANDOM[WITHOUT.0]);
        page.choose("[data-testid=top]", "all");
        let last = "document.querySelector('[data-testid=heads] tbody tr:last-child').innerText";
        page.wait("it at the end", &format!("/12\\s+L1H3\\s+–/.test({last})"));
        let at = cell(page, WITHOUT.1);
        page.hover("[data-testid=map]", at);
        let tip = page.text("[data-testid=map] .tip");
        assert!(tip.starts_with("L1H3\nduplicate_random has no value: "), "{tip}");
    });
}

#[test]
fn going_back_undoes_a_click_on_the_head_that_is_looked_at() {
    let site = Site::made();
    visit(&site.url, &format!("{VIEW}&focus=L1H1"), |page| {
        wait_list(page, &by_score(FIRST)[..10]);
        let at = cell(page, 5);
        page.click_at("[data-testid=map]", at, Button::Left, Held::None);
        wait_address(page, &format!("heads-{DECODER}=L1H1"));
        page.history(-1);
        page.wait("no selection", "location.search === '?view=heads&focus=L1H1'");
        page.wait("none in the list", "document.querySelectorAll('[data-testid=heads] :checked').length === 0");
    });
}

#[test]
fn a_click_selects_and_a_rectangle_selects_several() {
    let site = Site::made();
    visit(&site.url, VIEW, |page| {
        wait_list(page, &by_score(FIRST)[..10]);
        let at = cell(page, 5);
        page.click_at("[data-testid=map]", at, Button::Left, Held::None);
        wait_address(page, &format!("heads-{DECODER}=L1H1"));
        wait_address(page, "focus=L1H1");
        let at = cell(page, 11);
        page.click_at("[data-testid=map]", at, Button::Left, Held::Ctrl);
        wait_address(page, &format!("heads-{DECODER}=L1H1~L2H3"));
        assert!(page.text("[data-testid=selection]").starts_with("2 selected:"));
        page.history(-1);
        page.history(-1);
        page.wait("no selection", "!location.search.includes('heads-')");
        // From the rows of the list, and all of them.
        let first = name(by_score(FIRST)[0]);
        page.click(&format!("[data-testid=row-{first}] input"));
        wait_address(page, &format!("heads-{DECODER}={first}"));
        page.click("[data-testid=none]");
        page.wait("no selection", "!location.search.includes('heads-')");
        page.click("[data-testid=listed]");
        page.wait(
            "10 selected",
            "document.querySelector('[data-testid=selection]').innerText.startsWith('10 selected')",
        );
        // The selection is that of the figures.
        page.click("[data-testid=figures]");
        wait_tiles(page, 10);
        page.click("[data-testid=view-heads]");
        page.wait(
            "10 selected",
            "document.querySelector('[data-testid=selection]').innerText.startsWith('10 selected')",
        );
    });
}

#[test]
fn brushing_in_the_scatter_plot_selects() {
    let site = Site::made();
    let query = format!("{VIEW}&x=layer&y=head&hue=self");
    visit(&site.url, &query, |page| {
        page.wait_for("[data-testid=heads]");
        page.wait("the plot", "document.querySelector('[data-testid=scatter] canvas').width > 300");
        // The right third is the last layer.
        page.drag_in("[data-testid=scatter]", (0.7, 0.02), (0.99, 0.88));
        wait_address(page, &format!("heads-{DECODER}=L2"));
        page.drag_in("[data-testid=plane]", (0.001, 0.001), (0.999, 0.999));
        page.wait("all heads", "document.querySelector('[data-testid=selection]').innerText.includes('all 12 heads')");
        page.wait("all heads in the address", "!location.search.includes('heads-')");
    });
}

#[test]
fn the_keyboard_moves_selects_and_opens() {
    let site = Site::made();
    visit(&site.url, &format!("{VIEW}&focus=L0H0"), |page| {
        page.wait_for("[data-testid=heads]");
        cell(page, 0);
        page.eval("document.querySelector('[data-testid=map]').focus()");
        page.key("ArrowRight", Held::None);
        wait_address(page, "focus=L0H1");
        page.key("ArrowDown", Held::None);
        wait_address(page, "focus=L1H1");
        let said = page.eval("document.querySelector('[data-slot=said]').textContent");
        assert_eq!(said, format!("L1H1, induction_random {:.3}", random_score(FIRST, 5)));
        page.key(" ", Held::None);
        wait_address(page, &format!("heads-{DECODER}=L1H1"));
        page.key("ArrowRight", Held::Shift);
        wait_address(page, &format!("heads-{DECODER}=L1H1-2"));
        page.key("ArrowDown", Held::Shift);
        wait_address(page, &format!("heads-{DECODER}=L1-2H1-2"));
        page.key("Escape", Held::None);
        page.wait("no selection", "!location.search.includes('heads-')");
        page.key("Enter", Held::None);
        page.wait_for("[data-testid=heatmap]");
        assert!(page.url().contains(&format!("head={DECODER}.L2.H2")), "{}", page.url());
    });
}

#[test]
fn ranges_leave_what_lies_within() {
    let site = Site::made();
    visit(&site.url, &format!("{VIEW}&filter=induction_random:0.5-"), |page| {
        let passing: Vec<usize> = by_score(FIRST).into_iter().filter(|h| random_score(FIRST, *h) >= 0.5).collect();
        wait_list(page, &passing);
        assert_eq!(page.text("[data-testid=passing]"), format!("{} of {N} heads pass", passing.len()));
        page.fill("[data-testid=max0]", "0.8");
        wait_address(page, "filter=induction_random:0.5-0.8");
        let passing: Vec<usize> = passing.into_iter().filter(|h| random_score(FIRST, *h) <= 0.8).collect();
        wait_list(page, &passing);
        // What one types into keeps the focus.
        assert_eq!(page.eval("document.activeElement.name"), "max0");
        page.click("[data-testid=filter]");
        page.choose("[data-testid=score1]", "layer");
        page.fill("[data-testid=min1]", "1");
        let passing: Vec<usize> = passing.into_iter().filter(|h| h / DECODER_SIZE.1 >= 1).collect();
        wait_list(page, &passing);
        wait_address(page, "filter=induction_random:0.5-0.8~layer:1-");
        page.click("[data-do=passing]");
        let selected = passing.len();
        page.wait(
            "the selection",
            &format!("document.querySelector('[data-testid=selection]').innerText.startsWith('{selected} selected')"),
        );
        page.click("[data-do=unfilter]");
        page.click("[data-do=unfilter]");
        wait_list(page, &by_score(FIRST)[..10]);
        page.wait("no filter", "!location.search.includes('filter')");
    });
}

#[test]
fn it_fits_a_phone() {
    let site = Site::made();
    visit(&site.url, &format!("{VIEW}&filter=layer:0-1"), |page| {
        page.resize(390, 844);
        page.wait_for("[data-testid=heads]");
        page.settle();
        assert_eq!(page.eval("document.documentElement.scrollWidth"), 390);
        let at = cell(page, 3);
        page.touch("[data-testid=map]", at, (0.0, 0.0));
        wait_address(page, "focus=L0H3");
    });
}
