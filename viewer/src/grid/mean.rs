//! Averages: what can be averaged, and the mean of patterns at the precision of overviews.

use lens_schema::scale::range;
use lens_schema::shard::{dequantize_hi, quantize};

use crate::grid::order::{MEAN, Tile};

/// Prompts whose patterns are fetched for one average; of more, these are averaged.
pub const MOST_PROMPTS: usize = 64;

/// What is averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mean {
    /// The chosen heads of each layer.
    Heads,
    /// All chosen heads of a model.
    Layers,
    /// A head on all chosen prompts.
    Prompts,
}

impl Mean {
    pub const ALL: [Mean; 3] = [Mean::Heads, Mean::Layers, Mean::Prompts];

    pub fn name(self) -> &'static str {
        match self {
            Mean::Heads => "heads",
            Mean::Layers => "layers",
            Mean::Prompts => "prompts",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Mean::Heads => "over heads of a layer",
            Mean::Layers => "over all heads",
            Mean::Prompts => "over prompts",
        }
    }

    pub fn parse(name: &str) -> Option<Mean> {
        Self::ALL.into_iter().find(|mean| mean.name() == name)
    }

    /// The average that a tile goes into.
    pub fn of(self, tile: Tile) -> Tile {
        match self {
            Mean::Heads => Tile { head: MEAN, ..tile },
            Mean::Layers => Tile { layer: MEAN, head: MEAN, ..tile },
            Mean::Prompts => Tile { prompt: MEAN, ..tile },
        }
    }
}

/// A sum of square patterns: of each, the upper left `side` × `side` cells.
#[derive(Debug)]
pub struct Sum {
    side: usize,
    values: Vec<f32>,
    n: usize,
}

impl Sum {
    pub fn new(side: usize) -> Self {
        Sum { side, values: vec![0.0; side * side], n: 0 }
    }

    /// Adds the high bytes of a pattern of `side` rows.
    pub fn add(&mut self, cells: &[u8], side: usize) {
        let rows = self.values.chunks_mut(self.side.max(1)).zip(cells.chunks(side.max(1)));
        for (sums, cells) in rows {
            sums.iter_mut().zip(cells).for_each(|(sum, &hi)| *sum += dequantize_hi(hi));
        }
        self.n += 1;
    }

    /// The mean as high bytes, with its smallest and largest value.
    pub fn mean(&self) -> (Vec<u8>, (f32, f32)) {
        let values: Vec<f32> = self.values.iter().map(|sum| sum / self.n.max(1) as f32).collect();
        let high = values.iter().map(|&value| (quantize(value) >> 8) as u8).collect();
        (high, range(&values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_of_the_common_corner() {
        let mut sum = Sum::new(2);
        sum.add(&[255, 0, 0, 255], 2);
        sum.add(&[0, 0, 9, 255, 255, 9, 9, 9, 9], 3);
        let (cells, (least, most)) = sum.mean();
        // 0.5 is 180² / 255².
        assert_eq!(cells, [181, 0, 181, 255]);
        assert_eq!((least, most), (0.0, 1.0));
    }

    #[test]
    fn names_are_read_back() {
        assert!(Mean::ALL.iter().all(|mean| Mean::parse(mean.name()) == Some(*mean)));
        assert_eq!(Mean::parse("x"), None);
    }
}
