//! What comes before and after: heads, layers, prompts.

use lens_schema::LayerHead;

/// What to step through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Along {
    /// Heads in reading order, on into the next layer.
    Head,
    /// The same head of the next layer.
    Layer,
    Prompt,
}

/// The head `step` places on in reading order; `None` beyond the first and the last.
pub fn head(at: LayerHead, step: isize, n_layers: usize, n_heads: usize) -> Option<LayerHead> {
    let index = (at.layer * n_heads + at.head).checked_add_signed(step)?;
    (index < n_layers * n_heads).then(|| LayerHead { layer: index / n_heads, head: index % n_heads })
}

/// The same head `step` layers on; `None` beyond the first and the last layer.
pub fn layer(at: LayerHead, step: isize, n_layers: usize) -> Option<LayerHead> {
    let layer = at.layer.checked_add_signed(step)?;
    (layer < n_layers).then_some(LayerHead { layer, ..at })
}

/// The entry `step` places on in a list; `None` beyond its ends, or if `at` is not in it.
pub fn in_list<'a, T>(list: &'a [T], name: impl Fn(&T) -> &str, at: &str, step: isize) -> Option<&'a T> {
    list.get(list.iter().position(|entry| name(entry) == at)?.checked_add_signed(step)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(layer: usize, head: usize) -> LayerHead {
        LayerHead { layer, head }
    }

    #[test]
    fn heads_run_on_into_the_next_layer() {
        assert_eq!(head(at(0, 3), 1, 2, 4), Some(at(1, 0)));
        assert_eq!(head(at(1, 0), -1, 2, 4), Some(at(0, 3)));
        assert_eq!(head(at(1, 3), 1, 2, 4), None);
        assert_eq!(head(at(0, 0), -1, 2, 4), None);
    }

    #[test]
    fn layers_keep_the_head() {
        assert_eq!(layer(at(0, 3), 1, 2), Some(at(1, 3)));
        assert_eq!(layer(at(1, 3), 1, 2), None);
        assert_eq!(layer(at(0, 3), -1, 2), None);
    }

    #[test]
    fn prompts_end_at_the_ends() {
        let near = |at: &str, step: isize| in_list(&["a", "b"], |name| name, at, step).copied();
        assert_eq!((near("a", 1), near("b", -1)), (Some("b"), Some("a")));
        assert_eq!((near("b", 1), near("a", -1), near("c", 1)), (None, None, None));
    }
}
