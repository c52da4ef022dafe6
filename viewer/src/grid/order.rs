//! What a tile is a picture of, and in which order tiles stand.

use lens_schema::sort::sort_by;

/// What tells one tile from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    Model,
    Prompt,
    Layer,
    Head,
    Function,
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

/// All keys, the most significant first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order(pub [Rank; 5]);

impl Default for Order {
    fn default() -> Self {
        Order(Key::ALL.map(|key| Rank { key, descending: false }))
    }
}

impl Order {
    /// From `-layer`, `prompt`: these first, the others after them as by default.
    pub fn read(items: &[String]) -> Order {
        let mut ranks: Vec<Rank> = Vec::new();
        let named = items.iter().map(|item| match item.strip_prefix('-') {
            Some(name) => (name, true),
            None => (item.as_str(), false),
        });
        let others = Key::ALL.map(|key| (key.name(), false));
        for (name, descending) in named.chain(others) {
            if let Some(key) = Key::parse(name)
                && ranks.iter().all(|r| r.key != key)
            {
                ranks.push(Rank { key, descending });
            }
        }
        // Every key is there once: the default ones complete the list.
        Order(std::array::from_fn(|i| ranks[i]))
    }

    /// The shortest list that [`Order::read`] reads back.
    pub fn write(&self) -> Vec<String> {
        let all: Vec<String> =
            self.0.iter().map(|r| format!("{}{}", if r.descending { "-" } else { "" }, r.key.name())).collect();
        let enough = (0..all.len()).find(|&n| Order::read(&all[..n]) == *self).unwrap_or(all.len());
        all[..enough].to_vec()
    }

    /// Moves the key at `from` to `to`.
    pub fn shift(&mut self, from: usize, to: usize) {
        let mut ranks = self.0.to_vec();
        let moved = ranks.remove(from);
        ranks.insert(to.min(ranks.len()), moved);
        self.0 = std::array::from_fn(|i| ranks[i]);
    }
}

/// A picture: indexes into the models, prompts and functions of the [`Tiles`] that it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
        }
    }
}

/// Puts tiles in order. Models, prompts and functions are ordered as their indexes are.
pub fn sort(tiles: &mut Vec<Tile>, order: &Order) {
    sort_by(tiles, |a, b| {
        let compare = |r: &Rank| {
            let ordering = a.get(r.key).cmp(&b.get(r.key));
            if r.descending { ordering.reverse() } else { ordering }
        };
        order.0.iter().map(compare).find(|o| o.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(text: &str) -> Order {
        Order::read(&text.split('~').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn orders_are_written_shortly() {
        for text in ["prompt", "-layer~head", "function~head", "-function", "model~-prompt", "head~layer~prompt~model"]
        {
            let order = order(text);
            assert_eq!(Order::read(&order.write()), order);
            assert!(order.write().join("~").len() <= text.len(), "{text}: {:?}", order.write());
        }
        assert!(order("model~prompt~nonsense~model").write().is_empty());
    }

    #[test]
    fn tiles_are_sorted_by_every_key() {
        let tile = |model, prompt, layer, head| Tile { model, prompt, layer, head, function: 0 };
        let mut tiles = vec![tile(0, 0, 1, 0), tile(0, 1, 0, 0), tile(0, 0, 0, 1), tile(0, 0, 0, 0)];
        sort(&mut tiles, &Order::default());
        assert_eq!(tiles, [tile(0, 0, 0, 0), tile(0, 0, 0, 1), tile(0, 0, 1, 0), tile(0, 1, 0, 0)]);
        sort(&mut tiles, &order("-layer~-head~prompt"));
        assert_eq!(tiles, [tile(0, 0, 1, 0), tile(0, 0, 0, 1), tile(0, 0, 0, 0), tile(0, 1, 0, 0)]);
    }

    #[test]
    fn keys_are_moved() {
        let mut order = Order::default();
        order.shift(2, 0);
        assert_eq!(order.write(), ["layer"]);
        order.shift(0, 99);
        assert_eq!(order.0[4].key, Key::Layer);
    }
}
