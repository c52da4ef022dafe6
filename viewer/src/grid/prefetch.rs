//! What is chosen but not in view is fetched too, if it is little, so that it is there when it is scrolled to. What is
//! in view comes first, and a few requests at a time leave room for what the reader does meanwhile.

use std::cell::Cell;

use leptos::reactive::spawn_local_scoped_with_cancellation;

use crate::erase::effect;
use crate::grid::order::Tile;
use crate::grid::store::Store;
use crate::grid::tiles::Tiles;
use crate::patterns;
use crate::signal::memo;

/// So many files of so many unpacked bytes are little; of more, only what is in view is fetched.
const FILES: usize = 64;
const BYTES: usize = 16 << 20;
/// Longest side of a head in an overview whose size is not known.
const SIDE: usize = lens_schema::shard::OVERVIEW_SIDE;

/// One model on one prompt: indexes into the tiles' models and prompts, the layers that are chosen of it, and how many
/// figures are drawn from them.
#[derive(Debug, Default, PartialEq, Eq)]
struct Part {
    model: u32,
    prompt: u32,
    layers: Vec<usize>,
    figures: usize,
}

/// What to fetch for the figures that the viewer draws itself, in their order; nothing if it is too much.
fn parts(tiles: &Tiles) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    // The places of the parts by model and prompt.
    let mut places = vec![usize::MAX; tiles.models.len() * tiles.prompts.len()];
    // Averages take many files; they are for what is in view.
    let is_drawn = |t: &&Tile| !t.is_mean() && tiles.functions[t.function as usize].matrix.is_some();
    for tile in tiles.tiles.iter().filter(is_drawn) {
        let (place, layer) =
            (&mut places[tile.model as usize * tiles.prompts.len() + tile.prompt as usize], tile.layer as usize);
        if *place == usize::MAX {
            *place = parts.len();
            parts.push(Part { model: tile.model, prompt: tile.prompt, ..Part::default() });
        }
        let part = &mut parts[*place];
        part.figures += 1;
        if !part.layers.contains(&layer) {
            part.layers.push(layer);
        }
        if parts.len() > FILES {
            return Vec::new();
        }
    }
    let bytes = |part: &Part| {
        let tokens = tiles.prompts[part.prompt as usize].tokens().map_or(SIDE, |(_, most)| most + 1);
        let side = tokens.min(SIDE);
        part.layers.len() * tiles.models[part.model as usize].n_heads * side * (side + 1) / 2
    };
    if parts.iter().map(bytes).sum::<usize>() > BYTES { Vec::new() } else { parts }
}

/// Fetches whenever everything in view is drawn, until something else is chosen.
pub fn follow(store: Store) {
    let progress = store.progress;
    let at_rest = memo(move || {
        let in_view = progress.in_view.get();
        in_view > 0 && progress.drawn.get() + progress.lost() >= in_view
    });
    effect(move || {
        let tiles = store.tiles.get();
        progress.loaded.set(0);
        if at_rest.get() {
            spawn_local_scoped_with_cancellation(async move {
                let parts = parts(&tiles);
                let next = Cell::new(0);
                let some = || async {
                    while let Some(part) = parts.get(next.replace(next.get() + 1)) {
                        if load(&tiles, part).await.is_ok() {
                            progress.loaded.update(|n| *n += part.figures);
                        }
                    }
                };
                futures::join!(some(), some(), some());
            });
        }
    });
}

/// What goes wrong is told when it is in view.
async fn load(tiles: &Tiles, part: &Part) -> Result<(), String> {
    let (model, prompt) = (&tiles.models[part.model as usize], &tiles.prompts[part.prompt as usize]);
    for &layer in &part.layers {
        patterns::overview_layer(&model.dir, &prompt.hash, layer).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use lens_schema::PromptEntry;
    use lens_schema::index::MatrixStyle;

    use super::*;
    use crate::grid::order::MEAN;
    use crate::grid::table::merge;
    use crate::grid::tiles::{ChosenModel, Function};

    /// A model on `n` prompts of so many tokens, with two layers of so many heads, as matrices and as pictures.
    fn tiles(n: u32, tokens: usize, n_heads: usize) -> Tiles {
        let prompt = |i| PromptEntry { hash: format!("{i}"), n_tokens: Some(tokens), ..Default::default() };
        let prompts = ("m".to_owned(), Arc::new((0..n).map(prompt).collect()));
        let matrix = |matrix| Function { name: String::new(), matrix, entry: None };
        let tile = |i: u32| Tile { model: 0, prompt: i % n, layer: i / n % 2, head: 0, function: i / n / 2 };
        Tiles {
            models: vec![ChosenModel { dir: "m".into(), name: "m".into(), n_layers: 2, n_heads, heads: Vec::new() }],
            prompts: merge(&[prompts]),
            functions: vec![matrix(Some(MatrixStyle::default())), matrix(None)],
            tiles: (0..n * 4).map(tile).collect(),
            ..Tiles::default()
        }
    }

    #[test]
    fn a_little_is_fetched_and_much_is_not() {
        let few = parts(&tiles(3, 20, 8));
        assert_eq!(
            few.iter().map(|p| (p.prompt, p.layers.len(), p.figures)).collect::<Vec<_>>(),
            [(0, 2, 2), (1, 2, 2), (2, 2, 2)]
        );
        assert_eq!(parts(&tiles(64, 20, 8)).len(), 64);
        assert!(parts(&tiles(65, 20, 8)).is_empty());
        assert_eq!(parts(&tiles(60, 127, 16)).len(), 60);
        assert!(parts(&tiles(60, 127, 17)).is_empty());
        let mut means = tiles(3, 20, 8);
        means.tiles.iter_mut().for_each(|tile| tile.prompt = MEAN);
        assert!(parts(&means).is_empty());
        assert!(parts(&Tiles::default()).is_empty());
    }
}
