//! What clicking, dragging and typing on the grid of heads does to what was chosen.

use std::collections::BTreeSet;

use lens_schema::LayerHead;

/// A rectangle that is being dragged over the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drag {
    pub from: LayerHead,
    pub to: LayerHead,
    /// Whether the rectangle is added to what was chosen, or taken out.
    pub add: bool,
}

/// The size of a model's grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub n_layers: usize,
    pub n_heads: usize,
}

impl Size {
    /// One layer's heads.
    pub fn layer(self, layer: usize) -> Vec<LayerHead> {
        (0..self.n_heads).map(|head| LayerHead { layer, head }).collect()
    }

    /// One head of every layer.
    pub fn head(self, head: usize) -> Vec<LayerHead> {
        (0..self.n_layers).map(|layer| LayerHead { layer, head }).collect()
    }

    /// Every head.
    pub fn all(self) -> Vec<LayerHead> {
        (0..self.n_layers).flat_map(|layer| self.layer(layer)).collect()
    }

    /// The head that an arrow key leads to.
    pub fn moved(self, at: LayerHead, key: &str) -> Option<LayerHead> {
        let LayerHead { layer, head } = at;
        Some(match key {
            "ArrowUp" => LayerHead { layer: layer.saturating_sub(1), head },
            "ArrowDown" => LayerHead { layer: (layer + 1).min(self.n_layers - 1), head },
            "ArrowLeft" => LayerHead { layer, head: head.saturating_sub(1) },
            "ArrowRight" => LayerHead { layer, head: (head + 1).min(self.n_heads - 1) },
            "Home" => LayerHead { layer, head: 0 },
            "End" => LayerHead { layer, head: self.n_heads - 1 },
            _ => return None,
        })
    }
}

/// What was chosen, with the rectangle added or taken out.
pub fn dragged(base: &BTreeSet<LayerHead>, drag: Option<Drag>) -> BTreeSet<LayerHead> {
    let mut out = base.clone();
    let Some(Drag { from, to, add }) = drag else { return out };
    for layer in from.layer.min(to.layer)..=from.layer.max(to.layer) {
        for head in from.head.min(to.head)..=from.head.max(to.head) {
            let cell = LayerHead { layer, head };
            if add {
                out.insert(cell)
            } else {
                out.remove(&cell)
            };
        }
    }
    out
}

/// Takes these out if all of them are chosen, else adds them.
pub fn toggled(base: &BTreeSet<LayerHead>, these: &[LayerHead]) -> BTreeSet<LayerHead> {
    let mut out = base.clone();
    if these.iter().all(|cell| base.contains(cell)) {
        out.retain(|cell| !these.contains(cell));
    } else {
        out.extend(these);
    }
    out
}

/// A selection as it is shown to be edited.
pub fn spaced(text: &str) -> String {
    text.replace('~', ", ")
}

/// A selection as the URL has it.
pub fn compact(text: &str) -> String {
    let terms = text.split(|c: char| matches!(c, '~' | ',') || c.is_whitespace()).filter(|t| !t.is_empty());
    terms.collect::<Vec<_>>().join("~")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size { n_layers: 2, n_heads: 3 };

    fn cell(layer: usize, head: usize) -> LayerHead {
        LayerHead { layer, head }
    }

    #[test]
    fn rectangles_are_added_and_taken_out() {
        let base = BTreeSet::from([cell(0, 0)]);
        let drag = Drag { from: cell(2, 1), to: cell(1, 2), add: true };
        let with = dragged(&base, Some(drag));
        assert_eq!(with, BTreeSet::from([cell(0, 0), cell(1, 1), cell(1, 2), cell(2, 1), cell(2, 2)]));
        assert_eq!(dragged(&with, Some(Drag { add: false, ..drag })), base);
        assert_eq!(dragged(&base, None), base);
    }

    #[test]
    fn lines_are_completed_first() {
        let some = BTreeSet::from([cell(1, 1)]);
        let full = toggled(&some, &SIZE.layer(1));
        assert_eq!(full.len(), 3);
        assert!(toggled(&full, &SIZE.layer(1)).is_empty());
        assert_eq!(toggled(&full, &SIZE.head(2)).len(), 4);
        assert_eq!(toggled(&full, &SIZE.all()).len(), 6);
    }

    #[test]
    fn arrows_stay_inside() {
        assert_eq!(SIZE.moved(cell(0, 0), "ArrowUp"), Some(cell(0, 0)));
        assert_eq!(SIZE.moved(cell(1, 2), "ArrowDown"), Some(cell(1, 2)));
        assert_eq!(SIZE.moved(cell(1, 0), "End"), Some(cell(1, 2)));
        assert_eq!(SIZE.moved(cell(1, 0), "x"), None);
    }

    #[test]
    fn text_is_spaced_for_reading() {
        assert_eq!(spaced("L0H1~L2"), "L0H1, L2");
        assert_eq!(compact(" L0H1,L2  H3, "), "L0H1~L2~H3");
    }
}
