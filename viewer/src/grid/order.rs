//! What a tile is a picture of, and in which order tiles stand.

use lens_schema::sort;

/// What tells one tile from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    Model,
    Prompt,
    Layer,
    Head,
    Function,
    /// Tells nothing apart, but orders: [`Order::score`].
    Score,
}

impl Key {
    /// In the order that tiles have by default.
    pub const ALL: [Key; 5] = [Key::Model, Key::Prompt, Key::Layer, Key::Head, Key::Function];

    pub fn name(self) -> &'static str {
        match self {
            Key::Model => "model",
            Key::Prompt => "prompt",
            Key::Layer => "layer",
            Key::Head => "head",
            Key::Function => "function",
            Key::Score => "score",
        }
    }

    pub fn parse(name: &str) -> Option<Key> {
        Self::ALL.into_iter().find(|k| k.name() == name)
    }
}

/// A key and its direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rank {
    pub key: Key,
    pub descending: bool,
}

/// All keys, the most significant first, with a score of the heads among them if one is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub ranks: Vec<Rank>,
    /// The name of the score that [`Key::Score`] stands for.
    pub score: Option<String>,
}

/// How a score is written among the keys: `score:induction`.
const SCORE: &str = "score:";

impl Default for Order {
    fn default() -> Self {
        Order::read(&[])
    }
}

impl Order {
    /// From `-layer`, `score:induction`: these first, the others after them as by default.
    pub fn read(items: &[String]) -> Order {
        let mut order = Order { ranks: Vec::new(), score: None };
        let others = Key::ALL.iter().map(|key| key.name());
        for item in items.iter().map(String::as_str).chain(others) {
            let (name, descending) = match item.strip_prefix('-') {
                Some(name) => (name, true),
                None => (item, false),
            };
            let key = match name.strip_prefix(SCORE) {
                Some(score) if !score.is_empty() && order.score.is_none() => {
                    order.score = Some(score.to_owned());
                    Key::Score
                }
                _ => match Key::parse(name) {
                    Some(key) if order.place(key).is_none() => key,
                    _ => continue,
                },
            };
            order.ranks.push(Rank { key, descending });
        }
        order
    }

    /// The shortest list that [`Order::read`] reads back.
    pub fn write(&self) -> Vec<String> {
        let write = |rank: &Rank| {
            let minus = if rank.descending { "-" } else { "" };
            match (rank.key, &self.score) {
                (Key::Score, Some(score)) => format!("{minus}{SCORE}{score}"),
                (key, _) => format!("{minus}{}", key.name()),
            }
        };
        let all: Vec<String> = self.ranks.iter().map(write).collect();
        let enough = (0..all.len()).find(|&n| Order::read(&all[..n]) == *self).unwrap_or(all.len());
        all[..enough].to_vec()
    }

    /// Where a key stands.
    pub fn place(&self, key: Key) -> Option<usize> {
        self.ranks.iter().position(|r| r.key == key)
    }

    /// Keys in front of the score, or all: those that groups of tiles can have in common.
    pub fn grouping(&self) -> &[Rank] {
        &self.ranks[..self.place(Key::Score).unwrap_or(self.ranks.len())]
    }

    /// Moves the key at `from` to `to`.
    pub fn shift(&mut self, from: usize, to: usize) {
        let moved = self.ranks.remove(from);
        self.ranks.insert(to.min(self.ranks.len()), moved);
    }

    /// Sorts by a score, the largest first, within the groups of the first `groups` keys; or by none.
    pub fn sort_by_score(&mut self, score: Option<String>, groups: usize) {
        match (self.place(Key::Score), &score) {
            (Some(at), None) => drop(self.ranks.remove(at)),
            (None, Some(_)) => {
                let rank = Rank { key: Key::Score, descending: true };
                self.ranks.insert(groups.min(self.ranks.len()), rank);
            }
            _ => {}
        }
        self.score = score;
    }
}

/// In place of an index: all those that were chosen, averaged.
pub const MEAN: u32 = u32::MAX;

/// A picture: indexes into the models, prompts and functions of the [`Tiles`](super::tiles::Tiles) that it is in.
/// Prompt, layer and head may be [`MEAN`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    pub model: u32,
    pub prompt: u32,
    pub layer: u32,
    pub head: u32,
    pub function: u32,
}

impl Tile {
    pub fn get(&self, key: Key) -> u32 {
        match key {
            Key::Model => self.model,
            Key::Prompt => self.prompt,
            Key::Layer => self.layer,
            Key::Head => self.head,
            Key::Function => self.function,
            Key::Score => 0,
        }
    }

    /// Whether both are of the same layer on the same prompt.
    pub fn is_beside(&self, other: &Tile) -> bool {
        let place = |tile: &Tile| (tile.model, tile.prompt, tile.layer);
        place(self) == place(other)
    }

    /// Whether it is an average.
    pub fn is_mean(&self) -> bool {
        self.head == MEAN || self.prompt == MEAN
    }
}

/// Puts tiles in order. Models, prompts and functions are ordered as their indexes are; tiles without a score come
/// last in either direction.
pub fn arrange(tiles: &mut Vec<Tile>, order: &Order, score: impl Fn(&Tile) -> Option<f32>) {
    if *order == Order::default() && tiles.is_sorted() {
        return;
    }
    let key = |tile: &Tile| {
        let mut key = [0u32; 6];
        for (out, rank) in key.iter_mut().zip(&order.ranks) {
            let value = match rank.key {
                Key::Score => match score(tile).filter(|s| !s.is_nan()) {
                    Some(score) => ordered(if rank.descending { -score } else { score }),
                    None => u32::MAX,
                },
                key if rank.descending => !tile.get(key),
                key => tile.get(key),
            };
            *out = value;
        }
        key
    };
    let keys: Vec<[u32; 6]> = tiles.iter().map(key).collect();
    let order = sort::indexes(tiles.len(), &mut |a, b| keys[a].cmp(&keys[b]));
    *tiles = order.into_iter().map(|i| tiles[i]).collect();
}

/// Numbers that are ordered as the floats are.
fn ordered(value: f32) -> u32 {
    let bits = value.to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(text: &str) -> Order {
        Order::read(&text.split('~').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn orders_are_written_shortly() {
        for text in [
            "prompt",
            "-layer~head",
            "function~head",
            "-function",
            "model~-prompt",
            "head~layer~prompt~model",
            "-score:induction",
            "model~score:a.b~-layer",
        ] {
            let order = order(text);
            assert_eq!(Order::read(&order.write()), order);
            assert!(order.write().join("~").len() <= text.len(), "{text}: {:?}", order.write());
        }
        assert!(order("model~prompt~nonsense~model~score:").write().is_empty());
        assert_eq!(order("score:a~-score:b").write(), ["score:a"]);
    }

    fn tile(model: u32, prompt: u32, layer: u32, head: u32) -> Tile {
        Tile { model, prompt, layer, head, function: 0 }
    }

    #[test]
    fn tiles_are_sorted_by_every_key() {
        let mut tiles = vec![tile(0, 0, 1, 0), tile(0, 1, 0, 0), tile(0, 0, 0, 1), tile(0, 0, 0, 0)];
        let none = |_: &Tile| None;
        arrange(&mut tiles, &Order::default(), none);
        assert_eq!(tiles, [tile(0, 0, 0, 0), tile(0, 0, 0, 1), tile(0, 0, 1, 0), tile(0, 1, 0, 0)]);
        arrange(&mut tiles, &order("-layer~-head~prompt"), none);
        assert_eq!(tiles, [tile(0, 0, 1, 0), tile(0, 0, 0, 1), tile(0, 0, 0, 0), tile(0, 1, 0, 0)]);
    }

    #[test]
    fn scores_order_tiles_within_their_groups() {
        let scores = [Some(-0.5), Some(2.0), None, Some(f32::NAN), Some(0.0)];
        let by = |text: &str| {
            let mut tiles: Vec<Tile> = (0..5).map(|head| tile(0, 0, u32::from(head > 3), head)).collect();
            arrange(&mut tiles, &order(text), |t| scores[t.head as usize]);
            tiles.iter().map(|t| t.head).collect::<Vec<_>>()
        };
        assert_eq!(by("score:s"), [0, 4, 1, 2, 3]);
        assert_eq!(by("-score:s"), [1, 4, 0, 2, 3]);
        assert_eq!(by("layer~-score:s"), [1, 0, 2, 3, 4]);
    }

    #[test]
    fn keys_are_moved() {
        let mut order = Order::default();
        order.shift(2, 0);
        assert_eq!(order.write(), ["layer"]);
        order.shift(0, 99);
        assert_eq!(order.ranks[4].key, Key::Layer);
    }

    #[test]
    fn a_score_comes_and_goes() {
        let mut order = Order::default();
        order.sort_by_score(Some("a".to_owned()), 2);
        assert_eq!(
            (order.write(), order.grouping().len()),
            (vec!["model".into(), "prompt".into(), "-score:a".into()], 2)
        );
        order.sort_by_score(Some("b".to_owned()), 0);
        assert_eq!(order.write()[2], "-score:b");
        order.sort_by_score(None, 0);
        assert_eq!(order, Order::default());
    }
}
