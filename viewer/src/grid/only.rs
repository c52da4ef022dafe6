//! Narrowing the choice to what a heading stands over.

use lens_schema::{HeadSelection, LayerHead};

use crate::grid::order::{Key, MEAN, Tile};
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
            Key::Layer => self.keep_heads(tiles, |head| head.layer == tile.layer as usize),
            Key::Head => self.keep_heads(tiles, |head| head.head == tile.head as usize),
            Key::Score => {}
        }
    }

    /// Chooses only what an average is made of, each figure by itself.
    pub fn keep_members(&mut self, tiles: &Tiles, tile: &Tile) {
        self.mean = None;
        for key in Key::ALL {
            if key != Key::Function && tile.get(key) != MEAN {
                self.keep_only(tiles, tile, key);
            }
        }
    }

    fn keep_heads(&mut self, tiles: &Tiles, keep: impl Fn(&LayerHead) -> bool) {
        for model in &tiles.models {
            let mut kept = vec![false; model.n_layers * model.n_heads];
            for head in model.heads.iter().filter(|head| keep(head)) {
                kept[head.layer * model.n_heads + head.head] = true;
            }
            self.heads.set(&model.name, None);
            self.heads.set(&model.dir, Some(HeadSelection::of(&kept, model.n_heads).to_string()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::tiles::ChosenModel;

    #[test]
    fn the_rest_is_let_go() {
        let model = |dir: &str, n_layers, heads: &[(usize, usize)]| ChosenModel {
            dir: dir.into(),
            name: dir.into(),
            n_layers,
            n_heads: 3,
            heads: heads.iter().map(|&(layer, head)| LayerHead { layer, head }).collect(),
        };
        let models = vec![model("a", 2, &[(0, 1), (1, 0), (1, 1)]), model("b", 1, &[(0, 1)])];
        let tiles = Tiles { models, ..Tiles::default() };
        let tile = Tile { model: 0, prompt: MEAN, layer: 1, head: 1, function: 0 };
        let only = |key| {
            let mut state = State::default();
            state.keep_only(&tiles, &tile, key);
            let heads = state.heads.iter().map(|(_, heads)| heads.to_owned()).collect::<Vec<_>>();
            (state.models, heads)
        };
        assert_eq!(only(Key::Model), (vec!["a".to_owned()], vec![]));
        assert_eq!(only(Key::Layer).1, ["L1H0-1", ""]);
        assert_eq!(only(Key::Head).1, ["H1", "H1"]);
        let mut state = State::default();
        state.keep_members(&tiles, &Tile { head: MEAN, ..tile });
        assert_eq!((state.models, state.heads.get("a")), (vec!["a".to_owned()], Some("L1H0-1")));
    }
}
