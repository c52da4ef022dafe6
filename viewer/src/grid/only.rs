//! Narrowing the choice to what a heading stands over.

use lens_schema::sort::set;
use lens_schema::{HeadSelection, LayerHead};

use crate::grid::order::{Key, Tile};
use crate::grid::state::{Prompts, State};
use crate::grid::tiles::Tiles;

impl State {
    /// Chooses only what agrees with `tile`, one of `tiles`, in `key`. Of layers and heads, those stay that were
    /// chosen.
    pub fn keep_only(&mut self, tiles: &Tiles, tile: &Tile, key: Key) {
        match key {
            Key::Model => self.models = vec![tiles.models[tile.model as usize].dir.clone()],
            Key::Prompt => self.prompts = Prompts::Some(vec![tiles.prompts[tile.prompt as usize].hash.clone()]),
            Key::Function => self.functions = Some(vec![tiles.functions[tile.function as usize].name.clone()]),
            Key::Layer | Key::Head => self.keep_heads(tiles, |t| t.get(key) == tile.get(key)),
        }
    }

    fn keep_heads(&mut self, tiles: &Tiles, keep: impl Fn(&Tile) -> bool) {
        for (place, model) in tiles.models.iter().enumerate() {
            let own = tiles.tiles.iter().filter(|t| t.model as usize == place && keep(t));
            let heads = set(own.map(|t| LayerHead { layer: t.layer as usize, head: t.head as usize }));
            self.heads.remove(&model.name);
            let text = HeadSelection::of(&heads, model.n_layers, model.n_heads).to_string();
            self.heads.insert(model.dir.clone(), text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::tiles::ChosenModel;

    #[test]
    fn the_rest_is_let_go() {
        let model = |dir: &str, n_layers| ChosenModel { dir: dir.into(), name: dir.into(), n_layers, n_heads: 3 };
        let tile = |model, layer, head| Tile { model, prompt: 0, layer, head, function: 0 };
        let chosen = vec![tile(0, 0, 1), tile(0, 1, 0), tile(0, 1, 1), tile(1, 0, 1)];
        let tiles = Tiles { models: vec![model("a", 2), model("b", 1)], tiles: chosen, ..Tiles::default() };
        let only = |key| {
            let mut state = State::default();
            state.keep_only(&tiles, &tiles.tiles[2], key);
            (state.models, state.heads.into_values().collect::<Vec<_>>())
        };
        assert_eq!(only(Key::Model), (vec!["a".to_owned()], vec![]));
        assert_eq!(only(Key::Layer).1, ["L1H0-1", ""]);
        assert_eq!(only(Key::Head).1, ["H1", "H1"]);
    }
}
