//! What a tile has under the pointer: the value, and the tokens that it is about. At once from the overview, and after
//! a moment's rest from the exact values.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures::channel::oneshot;
use lens_schema::shard::dequantize_hi;
use leptos::prelude::{set_timeout, window};
use web_sys::{HtmlElement, MouseEvent};

use crate::dom;
use crate::grid::average::Average;
use crate::grid::colours::head_label;
use crate::grid::order::Tile;
use crate::grid::scene::Scene;
use crate::single::format::{approximate, exact, visible};
use crate::task::Task;
use crate::{canvas, index, patterns};

/// Exact values are fetched when the pointer has rested for so long.
const REST: Duration = Duration::from_millis(150);
/// Pixels between the pointer and the card.
const AWAY: f64 = 14.0;

/// Values of a square pattern.
#[derive(Debug)]
struct Values {
    /// Rows, and tokens along one side of a cell.
    side: usize,
    pool: usize,
    causal: bool,
    cells: Cells,
}

#[derive(Debug)]
enum Cells {
    High(Vec<u8>),
    Exact(Vec<f32>),
}

impl Values {
    fn at(&self, query: usize, key: usize) -> f32 {
        let at = query * self.side + key;
        match &self.cells {
            Cells::High(cells) => cells.get(at).map_or(0.0, |&hi| dequantize_hi(hi)),
            Cells::Exact(cells) => cells.get(at).copied().unwrap_or(0.0),
        }
    }

    /// The largest value among queries and keys, and where it is; none where no query sees a key.
    fn largest(&self, queries: Range<usize>, keys: Range<usize>) -> Option<(usize, usize, f32)> {
        let mut largest: Option<(usize, usize, f32)> = None;
        for query in queries {
            let end = if self.causal { keys.end.min(query + 1) } else { keys.end };
            for key in keys.start..end {
                let value = self.at(query, key);
                if largest.is_none_or(|(.., most)| value > most) {
                    largest = Some((query, key, value));
                }
            }
        }
        largest
    }
}

/// The cells, of `side`, that pixel `at` of `pixels` shows.
fn span(at: usize, side: usize, pixels: usize) -> Range<usize> {
    let from = at * side / pixels;
    from..((at + 1) * side / pixels).max(from + 1)
}

/// The exact values of the tile that was looked at last, in the scene of this generation.
type Kept = Rc<RefCell<Option<(Tile, u64, Rc<Values>)>>>;

/// The card beside the pointer, and what is being looked up for it.
#[derive(Debug)]
pub struct Hover {
    card: Rc<Card>,
    task: RefCell<Option<Task>>,
    kept: Kept,
}

#[derive(Debug)]
struct Card {
    root: HtmlElement,
    value: HtmlElement,
    note: HtmlElement,
    /// Query and key.
    tokens: [HtmlElement; 2],
}

impl Hover {
    /// The card of the figures in `root`.
    pub fn new(root: &HtmlElement) -> Self {
        let value = dom::element("strong", &[]);
        let note = dom::element("span", &[("class", "muted")]);
        let tokens = [(); 2].map(|()| dom::element("dd", &[("class", "mono")]));
        let name = |text| dom::words("dt", &[("class", "muted")], text);
        let list = dom::around("dl", &[], &[&name("query"), &tokens[0], &name("key"), &tokens[1]]);
        let attributes = [("class", "hover-card"), ("role", "status"), ("data-testid", "hover"), ("hidden", "")];
        let card = dom::around("div", &attributes, &[&value, &note, &list]);
        if let Some(pane) = root.parent_element() {
            dom::append(&pane, &card);
        }
        Hover { card: Rc::new(Card { root: card, value, note, tokens }), task: RefCell::default(), kept: Rc::default() }
    }

    pub fn leave(&self) {
        self.task.take();
        self.card.root.set_hidden(true);
    }

    /// Shows what tile number `at` has under the pointer, or its largest value.
    pub fn show(
        &self,
        scene: &Arc<Scene>,
        at: usize,
        average: Option<Rc<Average>>,
        event: &MouseEvent,
        at_pointer: bool,
    ) {
        let (Some(tile), Some(link)) = (scene.tiles.tiles.get(at), dom::closest(event, "a.tile")) else { return };
        let is_drawn = link.get_attribute("data-state").as_deref() == Some("drawn");
        let is_matrix = scene.tiles.functions[tile.function as usize].matrix.is_some();
        let is_focus_seen = || link.matches(":focus-visible").unwrap_or(false);
        if !is_drawn || !is_matrix || (!at_pointer && !is_focus_seen()) {
            return self.leave();
        }
        let rect = link.get_bounding_client_rect();
        let side = scene.layout.tile;
        let pixels = (side * canvas::pixel_ratio()).round().max(1.0) as usize;
        let place = |offset: f64| ((offset / side * pixels as f64) as usize).min(pixels - 1);
        let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
        let pixel = at_pointer.then(|| (place(y - rect.top()), place(x - rect.left())));
        if at_pointer && y > rect.top() + side {
            // On the caption.
            return self.leave();
        }
        // What is under the pointer need not be read out.
        dom::set(&self.card.root, "aria-hidden", if at_pointer { "true" } else { "false" });
        let look = Look {
            scene: scene.clone(),
            tile: *tile,
            average,
            pixel,
            pixels,
            at: if at_pointer { (x, y) } else { (rect.left(), rect.top() + side) },
            kept: self.kept.clone(),
            card: self.card.clone(),
        };
        self.task.replace(Some(Task::new(look.run())));
    }
}

/// One look at a tile.
struct Look {
    scene: Arc<Scene>,
    tile: Tile,
    average: Option<Rc<Average>>,
    /// Row and column of the pixel; none for all of them.
    pixel: Option<(usize, usize)>,
    pixels: usize,
    /// Where the card is to be.
    at: (f64, f64),
    kept: Kept,
    card: Rc<Card>,
}

impl Look {
    async fn run(self) {
        let (tiles, tile) = (&self.scene.tiles, self.tile);
        let model = &tiles.models[tile.model as usize].dir;
        if let Some(average) = &self.average {
            let (side, pool, causal) = (average.side, average.pool, average.causal);
            let values = Values { side, pool, causal, cells: Cells::High(average.cells.clone()) };
            let labels = match average.prompt {
                Some(prompt) => labels(model, &tiles.prompts[prompt as usize].hash, average.n_ctx).await,
                None => Vec::new(),
            };
            return self.tell(&values, &labels, &format!("{}, 8 bits", average.note));
        }
        let Some(prompt) = tiles.prompts.get(tile.prompt as usize) else { return };
        let (layer, head) = (tile.layer as usize, tile.head as usize);
        let Ok(overview) = patterns::overview(model, &prompt.hash).await else { return };
        let meta = overview.meta;
        let labels = labels(model, &prompt.hash, meta.n_ctx).await;
        let is_kept = |kept: &&(Tile, u64, Rc<Values>)| kept.0 == tile && kept.1 == self.scene.generation;
        let kept = self.kept.borrow().as_ref().filter(is_kept).map(|kept| kept.2.clone());
        if let Some(values) = kept {
            return self.tell(&values, &labels, "exact");
        }
        let Ok(cells) = patterns::overview_layer(model, &prompt.hash, layer).await else { return };
        let (side, causal) = (meta.overview_side(), meta.causal);
        let values = Values { side, pool: meta.pool, causal, cells: Cells::High(cells.head(head)) };
        let note = if meta.pool > 1 { "8 bits, the largest nearby" } else { "8 bits" };
        self.tell(&values, &labels, note);
        if self.pixel.is_none() {
            return;
        }
        rest().await;
        if let Ok(cells) = patterns::exact(model, &prompt.hash, layer).await {
            let values = Values { side: meta.n_ctx, pool: 1, causal, cells: Cells::Exact(cells.head(head)) };
            let values = Rc::new(values);
            self.tell(&values, &labels, "exact");
            self.kept.replace(Some((tile, self.scene.generation, values)));
        }
    }

    /// Writes the card.
    fn tell(&self, values: &Values, labels: &[String], note: &str) {
        let side = values.side;
        let part = |at: Option<usize>| at.map_or(0..side, |at| span(at, side, self.pixels));
        let (queries, keys) = (part(self.pixel.map(|p| p.0)), part(self.pixel.map(|p| p.1)));
        let largest = values.largest(queries.clone(), keys.clone());
        let (query, key, value) = largest.unwrap_or((queries.start, keys.start, f32::NAN));
        let (text, note) = match (largest, &values.cells) {
            (None, _) => ("masked".to_owned(), "the key comes after the query"),
            (_, Cells::Exact(_)) => (exact(value), note),
            _ => (approximate(value), note),
        };
        let head = head_label(&self.tile);
        let token = |cell: usize| {
            let at = cell * values.pool;
            let label = labels.get(at).map(|label| visible(label)).unwrap_or_default();
            let end = (at + values.pool - 1).min(labels.len().saturating_sub(1)).max(at);
            if end > at { format!("{label} {at}–{end}") } else { format!("{label} {at}") }
        };
        self.card.show(&text, &format!("{head}, {note}"), [token(query), token(key)], self.at);
    }
}

/// The labels of a prompt's tokens.
async fn labels(model: &str, hash: &str, n_ctx: usize) -> Vec<String> {
    let prompts = index::prompts(model).await.unwrap_or_default();
    prompts.iter().find(|p| p.hash == hash).map(|p| p.row_labels(n_ctx)).unwrap_or_default()
}

async fn rest() {
    let (wake, woken) = oneshot::channel();
    let wake = move || {
        let _nobody_may_wait = wake.send(());
    };
    set_timeout(wake, REST);
    let _rested = woken.await;
}

impl Card {
    fn show(&self, value: &str, note: &str, tokens: [String; 2], at: (f64, f64)) {
        self.value.set_text_content(Some(value));
        self.note.set_text_content(Some(note));
        self.tokens.iter().zip(tokens).for_each(|(element, text)| element.set_text_content(Some(&text)));
        self.root.set_hidden(false);
        // On the other side of the pointer where there is no room.
        let inner = |length: Result<wasm_bindgen::JsValue, _>| length.ok().and_then(|l| l.as_f64()).unwrap_or_default();
        let place = |at: f64, length: f64, room: f64| {
            let after = at + AWAY;
            if after + length > room { (at - AWAY - length).max(0.0) } else { after }
        };
        let left = place(at.0, f64::from(self.root.offset_width()), inner(window().inner_width()));
        let top = place(at.1, f64::from(self.root.offset_height()), inner(window().inner_height()));
        dom::style(&self.root, "transform", &format!("translate({left}px, {top}px)"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixel_shows_its_largest_value() {
        let cells = Cells::Exact((0..16).map(|i| i as f32).collect());
        let causal = Values { side: 4, pool: 1, causal: true, cells };
        assert_eq!(causal.largest(0..4, 0..4), Some((3, 3, 15.0)));
        assert_eq!(causal.largest(1..3, 2..4), Some((2, 2, 10.0)));
        assert_eq!(causal.largest(0..1, 1..4), None);
        let full = Values { side: 2, pool: 3, causal: false, cells: Cells::High(vec![0, 255, 0, 0]) };
        assert_eq!(full.largest(0..2, 0..2), Some((0, 1, 1.0)));
    }

    #[test]
    fn pixels_cover_every_cell() {
        assert_eq!((0..3).map(|i| span(i, 7, 3)).collect::<Vec<_>>(), [0..2, 2..4, 4..7]);
        assert_eq!((0..4).map(|i| span(i, 2, 4)).collect::<Vec<_>>(), [0..1, 0..1, 1..2, 1..2]);
    }
}
