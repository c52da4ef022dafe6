//! One row of tiles: links with captions, over one canvas that all its matrix figures are painted on.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use lens_schema::{LayerHead, PatternId, path};
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, HtmlElement};

use crate::dom;
use crate::grid::average::{Average, average};
use crate::grid::colours::{border, head_label, label};
use crate::grid::order::{Key, MEAN, Tile};
use crate::grid::packed;
use crate::grid::pins::Pin;
use crate::grid::progress::{Progress, Tally};
use crate::grid::scene::Scene;
use crate::grid::tiles::Tiles;
use crate::single::format::tick;
use crate::task::Task;
use crate::{canvas, frame, patterns};

/// Tiles `first..first + links.len()` of a scene. When it is dropped, what is being fetched for it is too.
#[derive(Debug)]
pub struct Row {
    cells: Rc<Cells>,
    _tasks: Vec<Task>,
}

#[derive(Debug)]
struct Cells {
    scene: Arc<Scene>,
    first: usize,
    links: Vec<HtmlElement>,
    context: Option<CanvasRenderingContext2d>,
    /// Those that are drawn, by column.
    averages: RefCell<Vec<(usize, Rc<Average>)>>,
    tally: Tally,
}

impl Row {
    /// The row and its element; `active` is the tile that the tabulator key reaches.
    pub fn new(
        scene: &Arc<Scene>,
        (first, len): (usize, usize),
        labelled: bool,
        progress: Progress,
        active: usize,
    ) -> (HtmlElement, Row) {
        let layout = &scene.layout;
        let root = dom::element("div", &[("class", "band row")]);
        if let Some(key) = scene.row.filter(|_| labelled) {
            let text = label(&scene.tiles, &scene.tiles.tiles[first], key);
            dom::append(&root, &dom::words("span", &[("class", "row-label"), ("title", &text)], &text));
        }
        let (width, height) = (layout.column_left(len - 1) + layout.tile, layout.tile);
        let surface = dom::element("canvas", &[("aria-hidden", "true")]);
        dom::style(&surface, "width", &format!("{width}px"));
        dom::style(&surface, "height", &format!("{height}px"));
        dom::append(&root, &surface);
        let surface: HtmlCanvasElement = surface.unchecked_into();
        canvas::fit(&surface, width, height);
        let links = links(scene, first, len);
        for (i, link) in links.iter().enumerate() {
            dom::set(link, "tabindex", if first + i == active { "0" } else { "-1" });
            dom::append(&root, link);
        }
        let cells = Rc::new(Cells {
            scene: scene.clone(),
            first,
            links,
            context: canvas::context(&surface),
            averages: RefCell::default(),
            tally: Tally::new(progress),
        });
        let tasks = begin(&cells);
        (root, Row { cells, _tasks: tasks })
    }

    /// The average that a tile shows, if it is drawn.
    pub fn average(&self, tile: usize) -> Option<Rc<Average>> {
        let column = tile.checked_sub(self.cells.first)?;
        let averages = self.cells.averages.borrow();
        averages.iter().find(|(of, _)| *of == column).map(|(_, average)| average.clone())
    }
}

/// The pattern that a tile shows; none if it is an average.
pub fn pin(tiles: &Tiles, tile: &Tile) -> Option<Pin> {
    (!tile.is_mean()).then(|| Pin {
        id: PatternId {
            model: tiles.models[tile.model as usize].dir.clone(),
            head: LayerHead { layer: tile.layer as usize, head: tile.head as usize },
        },
        hash: tiles.prompts[tile.prompt as usize].hash.clone(),
    })
}

/// Links to the patterns in full, with borders, captions and names.
fn links(scene: &Scene, first: usize, len: usize) -> Vec<HtmlElement> {
    let tiles = &scene.tiles;
    // Neighbours are mostly of one prompt.
    let mut prompt = (None, String::new(), "");
    let link = |at: usize| {
        let tile = &tiles.tiles[at];
        let (model, function) = (&tiles.models[tile.model as usize], &tiles.functions[tile.function as usize].name);
        if prompt.0 != Some(tile.prompt) {
            let row = tiles.prompts.get(tile.prompt as usize);
            let text = row.map_or_else(|| label(tiles, tile, Key::Prompt), |row| row.preview(80));
            prompt = (Some(tile.prompt), text, row.map_or("mean", |row| row.hash.as_str()));
        }
        let (_, text, hash) = &prompt;
        let head = head_label(tile);
        let score = score(tiles, at).map(|score| format!(", score {score}")).unwrap_or_default();
        let href = match pin(tiles, tile) {
            Some(pin) => scene.shade.after(path::single_url(&pin.id, &pin.hash)),
            None => scene.members_url(scene.address.clone(), tile),
        };
        let link = dom::element(
            "a",
            &[
                ("class", if scene.colour.is_some() { "tile coloured" } else { "tile" }),
                ("href", &href),
                ("aria-label", &format!("{} {head}, {function}, {text}{score}", model.name)),
                ("data-index", &at.to_string()),
                ("data-testid", &format!("tile-{}-{}-{hash}-{function}", model.dir, head.replace(' ', "-"))),
            ],
        );
        if let Some(key) = scene.colour {
            dom::style(&link, "--border", &border(tiles, tile, key));
        }
        if scene.layout.caption > 0.0 {
            dom::append(&link, &dom::words("span", &[("class", "caption")], &caption(scene, at)));
        }
        link
    };
    (first..first + len).map(link).collect()
}

/// What the headings do not say already and tells tiles apart.
fn caption(scene: &Scene, at: usize) -> String {
    let tiles = &scene.tiles;
    let tile = &tiles.tiles[at];
    let mut parts = Vec::new();
    let open = |key: Key| !scene.headed.contains(&key);
    match (open(Key::Layer), open(Key::Head)) {
        (true, true) => parts.push(head_label(tile)),
        (true, false) => parts.push(label(tiles, tile, Key::Layer)),
        (false, true) => parts.push(label(tiles, tile, Key::Head)),
        (false, false) => {}
    }
    // In front of what may be too long to be seen.
    parts.extend(score(tiles, at));
    for (key, n) in
        [(Key::Function, tiles.functions.len()), (Key::Model, tiles.models.len()), (Key::Prompt, tiles.prompts.len())]
    {
        if n > 1 && open(key) {
            parts.push(label(tiles, tile, key));
        }
    }
    parts.join(" ")
}

/// The score that a tile has, if tiles are sorted by one.
fn score(tiles: &Tiles, at: usize) -> Option<String> {
    tiles.scores.get(at).copied().flatten().filter(|score| !score.is_nan()).map(tick)
}

/// Begins to fetch and draw a row.
fn begin(cells: &Rc<Cells>) -> Vec<Task> {
    // One task per layer of a prompt: its tiles are drawn together.
    let mut layers: Vec<(Tile, Vec<usize>)> = Vec::new();
    let mut tasks = Vec::new();
    for column in 0..cells.links.len() {
        let tile = cells.tile(column);
        let function = &cells.scene.tiles.functions[tile.function as usize];
        let cells = cells.clone();
        if tile.is_mean() {
            tasks.push(Task::new(async move { cells.average(column).await }));
        } else if function.matrix.is_some() {
            match layers.iter_mut().rev().find(|(first, _)| first.is_beside(&tile)) {
                Some((_, columns)) => columns.push(column),
                None => layers.push((tile, vec![column])),
            }
        } else {
            tasks.push(Task::new(async move { cells.show(column).await }));
        }
    }
    for (_, columns) in layers {
        let cells = cells.clone();
        tasks.push(Task::new(async move {
            if let Err(message) = cells.paint(&columns).await {
                columns.iter().for_each(|&column| cells.tally.failed(&cells.links[column], &message));
            }
        }));
    }
    tasks
}

impl Cells {
    fn tile(&self, column: usize) -> Tile {
        self.scene.tiles.tiles[self.first + column]
    }

    /// Paints tiles of one layer of one prompt.
    async fn paint(&self, columns: &[usize]) -> Result<(), String> {
        let (tiles, tile) = (&self.scene.tiles, self.tile(columns[0]));
        let (dir, hash) = (&tiles.models[tile.model as usize].dir, &tiles.prompts[tile.prompt as usize].hash);
        let overview = patterns::overview(dir, hash).await?;
        let layer = patterns::overview_layer(dir, hash, tile.layer as usize).await?;
        for &column in columns {
            frame::turn().await;
            let tile = self.tile(column);
            let (l, h) = (tile.layer as usize, tile.head as usize);
            let meta = &overview.meta;
            self.put(column, &layer.head(h), meta.overview_side(), meta.causal, overview.range(l, h));
        }
        Ok(())
    }

    /// Paints one tile.
    fn put(&self, column: usize, cells: &[u8], side: usize, causal: bool, range: (f32, f32)) {
        let scene = &self.scene;
        let ratio = canvas::pixel_ratio();
        let pixels = (scene.layout.tile * ratio).round().max(1.0) as usize;
        let Some(style) = &scene.tiles.functions[self.tile(column).function as usize].matrix else { return };
        let palette = canvas::palette(&scene.shade.over(style), range);
        let image = canvas::render(cells, side, causal, pixels, &palette);
        if let Some(context) = &self.context {
            canvas::put(context, &image, pixels, (scene.layout.column_left(column) * ratio).round(), 0.0);
        }
        self.tally.drew(&self.links[column]);
    }

    /// Paints an average, and says of what it is.
    async fn average(&self, column: usize) {
        let link = &self.links[column];
        match average(&self.scene.tiles, &self.tile(column)).await {
            Ok(average) => {
                self.put(column, &average.cells, average.side, average.causal, average.range);
                let name = link.get_attribute("aria-label").unwrap_or_default();
                dom::set(link, "aria-label", &format!("{name}: {}, 8 bits", average.note));
                if let Some(caption) = dom::first(link, ".caption") {
                    let tile = self.tile(column);
                    let head = match (tile.prompt, tile.layer) {
                        (MEAN, _) => head_label(&tile) + " ",
                        (_, MEAN) => String::new(),
                        (_, layer) => format!("L{layer} "),
                    };
                    caption.set_text_content(Some(&format!("{head}{}", average.short)));
                    dom::set(&caption, "title", &average.note);
                }
                self.averages.borrow_mut().push((column, Rc::new(average)));
            }
            Err(message) => self.tally.failed(link, &message),
        }
    }

    /// Shows a packed picture in its tile.
    async fn show(&self, column: usize) {
        let (tiles, tile, link) = (&self.scene.tiles, self.tile(column), &self.links[column]);
        let (model, hash) = (&tiles.models[tile.model as usize].dir, &tiles.prompts[tile.prompt as usize].hash);
        let function = &tiles.functions[tile.function as usize].name;
        let head = LayerHead { layer: tile.layer as usize, head: tile.head as usize };
        let picture = match packed::picture(model, hash, function, head).await {
            Ok(picture) => picture,
            Err(message) => return self.tally.failed(link, &message),
        };
        let image = dom::element("img", &[("alt", ""), ("src", &picture.0)]);
        let image: web_sys::HtmlImageElement = image.unchecked_into();
        let loaded = wasm_bindgen_futures::JsFuture::from(image.decode()).await;
        match loaded {
            Ok(_) => {
                let _parts_of_one_document = link.prepend_with_node_1(&image);
                self.tally.drew(link);
            }
            Err(_) => self.tally.failed(link, &format!("the browser cannot show {function} of {head}")),
        }
        // The URL is needed as long as the picture is shown: this task lives as long as the row.
        futures::future::pending::<()>().await;
    }
}
