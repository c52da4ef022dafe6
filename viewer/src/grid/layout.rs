//! Where tiles and headings lie, and which of them are in view. All lengths are CSS pixels.

use std::ops::Range;

use crate::grid::order::{Key, Order, Tile};

/// How the reader wants tiles to be laid out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wish {
    /// Width that there is.
    pub width: f64,
    /// Side of a tile, unless `per_row` decides.
    pub tile: f64,
    pub per_row: Option<usize>,
    /// A new row starts where this changes; rows then have a label.
    pub row: Option<Key>,
    /// How many of the first keys of the order have headings.
    pub headings: usize,
}

/// One line of the page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    pub top: f64,
    pub height: f64,
    pub content: Content,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Content {
    /// `first` is the first of the `count` tiles below the heading of the order's key number `depth`.
    Heading { depth: usize, first: usize, count: usize },
    /// Tiles `first..first + len`; the row has a label if it begins something.
    Row { first: usize, len: usize, labelled: bool },
}

/// The page, laid out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layout {
    pub bands: Vec<Band>,
    pub height: f64,
    pub tile: f64,
    pub gap: f64,
    pub columns: usize,
    /// Space for row labels on the left.
    pub gutter: f64,
    /// Space for the caption below a tile; 0 where there is no room to read one.
    pub caption: f64,
}

/// Smallest tile that has a caption.
const CAPTIONED: f64 = 60.0;
const CAPTION: f64 = 18.0;
const GUTTER: f64 = 40.0;
const HEADINGS: [f64; 2] = [44.0, 34.0];

impl Layout {
    /// Lays out `tiles`, which are in `order`.
    pub fn new(tiles: &[Tile], order: &Order, wish: Wish) -> Layout {
        let gutter = if wish.row.is_some() { GUTTER } else { 0.0 };
        let width = (wish.width - gutter).max(16.0);
        let gap_of = |tile: f64| {
            if tile < 40.0 {
                2.0
            } else if tile < 90.0 {
                6.0
            } else {
                10.0
            }
        };
        let (columns, tile, gap) = match wish.per_row {
            Some(n) => {
                let gap = gap_of(width / n as f64);
                (n, ((width - gap * (n - 1) as f64) / n as f64).floor().clamp(4.0, 512.0), gap)
            }
            None => {
                let tile = wish.tile.min(width);
                let gap = gap_of(tile);
                ((((width + gap) / (tile + gap)) as usize).max(1), tile, gap)
            }
        };
        let caption = if tile >= CAPTIONED { CAPTION } else { 0.0 };
        let mut layout = Layout { tile, gap, columns, gutter, caption, ..Layout::default() };
        // Behind a score, no key has its tiles together.
        let keys: Vec<Key> = order.grouping().iter().map(|r| r.key).collect();
        let breaks = wish.row.and_then(|row| keys.iter().position(|k| *k == row)).map_or(0, |at| at + 1);
        let headings = wish.headings.min(keys.len());
        let same = |a: &Tile, b: &Tile, n: usize| keys[..n].iter().all(|k| a.get(*k) == b.get(*k));
        let mut first = 0;
        while first < tiles.len() {
            // Headings of everything that changes here.
            let changed = if first == 0 {
                0
            } else {
                (0..headings).find(|&d| !same(&tiles[first], &tiles[first - 1], d + 1)).unwrap_or(headings)
            };
            for depth in changed..headings {
                let count = tiles[first..].iter().take_while(|t| same(t, &tiles[first], depth + 1)).count();
                let height = HEADINGS[depth.min(HEADINGS.len() - 1)];
                layout.push(height, Content::Heading { depth, first, count });
            }
            let run = headings.max(breaks);
            let labelled =
                breaks > 0 && (first == 0 || !same(&tiles[first], &tiles[first - 1], breaks) || changed < headings);
            let len = tiles[first..].iter().take(columns).take_while(|t| same(t, &tiles[first], run)).count();
            layout.push(tile + caption + gap, Content::Row { first, len, labelled });
            first += len;
        }
        layout
    }

    fn push(&mut self, height: f64, content: Content) {
        self.bands.push(Band { top: self.height, height, content });
        self.height += height;
    }

    /// Bands that `top..bottom` touches.
    pub fn visible(&self, top: f64, bottom: f64) -> Range<usize> {
        let first = self.bands.partition_point(|b| b.top + b.height <= top);
        let end = self.bands.partition_point(|b| b.top < bottom);
        first..end.max(first)
    }

    /// The band that a tile is in.
    pub fn band_of(&self, tile: usize) -> Option<usize> {
        let after = self.bands.partition_point(|b| match b.content {
            Content::Heading { first, .. } | Content::Row { first, .. } => first <= tile,
        });
        let row =
            |b: &Band| matches!(b.content, Content::Row { first, len, .. } if (first..first + len).contains(&tile));
        after.checked_sub(1).filter(|&i| row(&self.bands[i]))
    }

    /// The tile one row above or below, in the same column if the row reaches so far.
    pub fn beside(&self, tile: usize, down: bool) -> Option<usize> {
        let band = self.band_of(tile)?;
        let row = |b: &Band| match b.content {
            Content::Row { first, len, .. } => Some((first, len)),
            Content::Heading { .. } => None,
        };
        let (first, _) = row(&self.bands[band])?;
        let next = if down {
            self.bands[band + 1..].iter().find_map(row)
        } else {
            self.bands[..band].iter().rev().find_map(row)
        };
        next.map(|(other, len)| other + (tile - first).min(len - 1))
    }

    /// Left edge of a column.
    pub fn column_left(&self, column: usize) -> f64 {
        column as f64 * (self.tile + self.gap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::order::arrange;

    fn tiles(models: u32, prompts: u32, layers: u32, heads: u32) -> Vec<Tile> {
        let mut out = Vec::new();
        for model in 0..models {
            for prompt in 0..prompts {
                for layer in 0..layers {
                    out.extend((0..heads).map(|head| Tile { model, prompt, layer, head, function: 0 }));
                }
            }
        }
        arrange(&mut out, &Order::default(), |_| None);
        out
    }

    const WISH: Wish = Wish { width: 1000.0, tile: 100.0, per_row: None, row: None, headings: 0 };

    fn rows(layout: &Layout) -> Vec<(usize, usize)> {
        let row = |b: &Band| match b.content {
            Content::Row { first, len, .. } => Some((first, len)),
            Content::Heading { .. } => None,
        };
        layout.bands.iter().filter_map(row).collect()
    }

    #[test]
    fn tiles_fill_the_width() {
        let layout = Layout::new(&tiles(1, 1, 4, 5), &Order::default(), WISH);
        assert_eq!((layout.columns, rows(&layout)), (9, vec![(0, 9), (9, 9), (18, 2)]));
        assert!(layout.column_left(layout.columns - 1) + layout.tile <= WISH.width);
        let exact = Layout::new(&tiles(1, 1, 1, 1), &Order::default(), Wish { per_row: Some(16), ..WISH });
        assert_eq!(exact.columns, 16);
        assert!(exact.column_left(15) + exact.tile <= WISH.width);
        let narrow = Layout::new(&tiles(1, 1, 1, 2), &Order::default(), Wish { width: 50.0, ..WISH });
        assert_eq!((narrow.columns, narrow.tile), (1, 50.0));
        assert_eq!(Layout::new(&[], &Order::default(), WISH).height, 0.0);
    }

    #[test]
    fn headings_stand_where_their_key_changes() {
        let layout = Layout::new(&tiles(2, 2, 1, 3), &Order::default(), Wish { headings: 2, ..WISH });
        let shape: Vec<_> = layout
            .bands
            .iter()
            .map(|b| match b.content {
                Content::Heading { depth, first, count } => (depth, first, count),
                Content::Row { first, len, .. } => (9, first, len),
            })
            .collect();
        assert_eq!(
            shape,
            [
                (0, 0, 6),
                (1, 0, 3),
                (9, 0, 3),
                (1, 3, 3),
                (9, 3, 3),
                (0, 6, 6),
                (1, 6, 3),
                (9, 6, 3),
                (1, 9, 3),
                (9, 9, 3),
            ]
        );
    }

    #[test]
    fn rows_begin_with_their_key() {
        let wish = Wish { row: Some(Key::Layer), per_row: Some(4), ..WISH };
        let layout = Layout::new(&tiles(1, 1, 2, 6), &Order::default(), wish);
        assert_eq!(rows(&layout), [(0, 4), (4, 2), (6, 4), (10, 2)]);
        let labels: Vec<_> =
            layout.bands.iter().map(|b| matches!(b.content, Content::Row { labelled: true, .. })).collect();
        assert_eq!(labels, [true, false, true, false]);
        assert!(layout.gutter > 0.0);
    }

    #[test]
    fn only_what_is_in_view_is_visible() {
        let many = tiles(1, 200, 10, 25);
        let layout = Layout::new(&many, &Order::default(), Wish { headings: 2, tile: 16.0, ..WISH });
        assert_eq!(layout.bands.last().map(|b| b.top + b.height), Some(layout.height));
        for top in [0.0, 1.0, 12_345.0, layout.height - 900.0] {
            let visible = layout.visible(top, top + 900.0);
            assert!(!visible.is_empty() && visible.len() < 60);
            for (i, band) in layout.bands.iter().enumerate() {
                let touches = band.top < top + 900.0 && band.top + band.height > top;
                assert_eq!(visible.contains(&i), touches, "band {i} at {top}");
            }
        }
        assert_eq!(layout.visible(layout.height + 1.0, layout.height + 2.0).len(), 0);
    }

    #[test]
    fn arrows_move_between_rows() {
        let layout = Layout::new(&tiles(1, 2, 1, 12), &Order::default(), Wish { headings: 2, ..WISH });
        // Rows 0–8, 9–11, a heading, 12–20, 21–23.
        assert_eq!(layout.band_of(10), Some(3));
        assert_eq!(layout.beside(1, true), Some(10));
        assert_eq!(layout.beside(5, true), Some(11));
        assert_eq!(layout.beside(10, true), Some(13));
        assert_eq!(layout.beside(12, false), Some(9));
        assert_eq!((layout.beside(0, false), layout.beside(22, true)), (None, None));
        assert_eq!(layout.band_of(24), None);
    }
}
