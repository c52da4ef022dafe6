//! Colours that tell the values of a key apart.

use crate::grid::order::{Key, MEAN, Tile};
use crate::grid::tiles::{ChosenModel, Tiles};

/// A CSS colour for a tile's border. Layers and heads run through a sequence, so that near ones look alike; models,
/// prompts and functions get hues far apart.
pub fn border(tiles: &Tiles, tile: &Tile, key: Key) -> String {
    let value = tile.get(key);
    // Among the models of different size, a layer has one colour.
    let of = |size: fn(&ChosenModel) -> usize| {
        let most = tiles.models.iter().map(size).max().unwrap_or(0);
        if most > 1 { f64::from(value) / (most - 1) as f64 } else { 0.0 }
    };
    if value == MEAN {
        return "var(--text-3)".to_owned();
    }
    match key {
        Key::Layer => sequence(of(|m| m.n_layers)),
        Key::Head => sequence(of(|m| m.n_heads)),
        Key::Model | Key::Prompt | Key::Function | Key::Score => category(value),
    }
}

/// From blue through green to red, `at` in 0 to 1.
fn sequence(at: f64) -> String {
    colour(265.0 - 240.0 * at)
}

/// Hues by the golden angle: neighbours are far apart however many there are.
fn category(n: u32) -> String {
    colour((250.0 + 137.507_764 * f64::from(n)) % 360.0)
}

fn colour(hue: f64) -> String {
    format!("oklch(var(--category-l) var(--category-c) {hue:.1})")
}

/// The first values of a key among the tiles with their colours, at most `most`, and how many more there are.
pub fn legend(tiles: &Tiles, key: Key, most: usize) -> (Vec<(String, String)>, usize) {
    // By value, the first tile that has it; averages before all.
    let mut firsts: Vec<Option<&Tile>> = Vec::new();
    for tile in &tiles.tiles {
        let value = tile.get(key).wrapping_add(1) as usize;
        firsts.resize(firsts.len().max(value + 1), None);
        firsts[value].get_or_insert(tile);
    }
    let shown = firsts.iter().flatten().take(most).map(|tile| (label(tiles, tile, key), border(tiles, tile, key)));
    (shown.collect(), firsts.iter().flatten().count().saturating_sub(most))
}

/// What a tile is, by one key.
pub fn label(tiles: &Tiles, tile: &Tile, key: Key) -> String {
    match key {
        Key::Model => tiles.models[tile.model as usize].name.clone(),
        Key::Prompt if tile.prompt == MEAN => "mean of prompts".to_owned(),
        Key::Prompt => tiles.prompts[tile.prompt as usize].preview(160),
        Key::Layer if tile.layer == MEAN => "all layers".to_owned(),
        Key::Layer => format!("L{}", tile.layer),
        Key::Head if tile.head == MEAN => "mean".to_owned(),
        Key::Head => format!("H{}", tile.head),
        Key::Function => tiles.functions[tile.function as usize].name.clone(),
        Key::Score => String::new(),
    }
}

/// Layer and head of a tile: `L3H7`, `L3 mean`, `mean`.
pub fn head_label(tile: &Tile) -> String {
    match (tile.layer, tile.head) {
        (MEAN, _) => "mean".to_owned(),
        (layer, MEAN) => format!("L{layer} mean"),
        (layer, head) => format!("L{layer}H{head}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legends_name_every_value_once() {
        let model = ChosenModel { dir: "m".into(), name: "m".into(), n_layers: 3, n_heads: 1, heads: Vec::new() };
        let tile = |layer| Tile { model: 0, prompt: 0, layer, head: 0, function: 0 };
        let tiles = Tiles { models: vec![model], tiles: [2, 0, 2, 1].map(tile).to_vec(), ..Tiles::default() };
        let (shown, more) = legend(&tiles, Key::Layer, 2);
        assert_eq!(shown.iter().map(|s| s.0.as_str()).collect::<Vec<_>>(), ["L0", "L1"]);
        assert_eq!(more, 1);
        assert_ne!(shown[0].1, shown[1].1);
    }
}
