//! What clicking, dragging and typing on the grid of heads does to what was chosen: of each head, counted through the
//! layers, whether it is.

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
    /// Number of cells.
    pub fn count(self) -> usize {
        self.n_layers * self.n_heads
    }

    /// A head's number, counted through the layers.
    pub fn number(self, head: LayerHead) -> usize {
        head.layer * self.n_heads + head.head
    }

    /// One layer's heads.
    pub fn layer(self, layer: usize) -> Vec<usize> {
        (layer * self.n_heads..(layer + 1) * self.n_heads).collect()
    }

    /// One head of every layer.
    pub fn head(self, head: usize) -> Vec<usize> {
        (0..self.n_layers).map(|layer| layer * self.n_heads + head).collect()
    }

    /// Every head.
    pub fn all(self) -> Vec<usize> {
        (0..self.count()).collect()
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
pub fn dragged(base: &[bool], size: Size, drag: Option<Drag>) -> Vec<bool> {
    let mut out = base.to_vec();
    let Some(Drag { from, to, add }) = drag else { return out };
    for layer in from.layer.min(to.layer)..=from.layer.max(to.layer) {
        out[layer * size.n_heads..][from.head.min(to.head)..=from.head.max(to.head)].fill(add);
    }
    out
}

/// Takes these, by their numbers, out if all of them are chosen, else adds them.
pub fn toggled(base: &[bool], these: &[usize]) -> Vec<bool> {
    let add = !these.iter().all(|at| base[*at]);
    let mut out = base.to_vec();
    these.iter().for_each(|at| out[*at] = add);
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
        let base = [true, false, false, false, false, false];
        let drag = Drag { from: cell(1, 1), to: cell(0, 2), add: true };
        let with = dragged(&base, SIZE, Some(drag));
        assert_eq!(with, [true, true, true, false, true, true]);
        assert_eq!(dragged(&with, SIZE, Some(Drag { add: false, ..drag })), base);
        assert_eq!(dragged(&base, SIZE, None), base);
    }

    #[test]
    fn lines_are_completed_first() {
        let mut some = [false; 6];
        some[SIZE.number(cell(1, 1))] = true;
        let full = toggled(&some, &SIZE.layer(1));
        assert_eq!(full, [false, false, false, true, true, true]);
        assert_eq!(toggled(&full, &SIZE.layer(1)), [false; 6]);
        assert_eq!(toggled(&full, &SIZE.head(2)), [false, false, true, true, true, true]);
        assert_eq!(toggled(&full, &SIZE.all()), [true; 6]);
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
