//! Which labels an axis shows: all of them where they fit, every 2nd, 5th, 10th … otherwise.

use std::ops::Range;

/// The smallest of 1, 2, 5, 10, 20, 50 … cells that leaves `room` pixels from one label to the next, `cell` being
/// the side of a cell in pixels.
pub fn step(cell: f64, room: f64) -> usize {
    let mut decade = 1;
    loop {
        for factor in [1, 2, 5] {
            let step = decade * factor;
            if step as f64 * cell >= room || step >= 1 << 20 {
                return step;
            }
        }
        decade *= 10;
    }
}

/// The cells of `visible` that carry a label: multiples of `step`.
pub fn labelled(visible: Range<usize>, step: usize) -> impl Iterator<Item = usize> {
    let first = visible.start.next_multiple_of(step.max(1));
    (first..visible.end).step_by(step.max(1))
}

/// The label's text: the token where every cell has a label, else the position and the token.
pub fn text(index: usize, token: &str, step: usize) -> String {
    if step > 1 { format!("{index} {token}") } else { token.to_owned() }
}

/// `text` if it is at most `width` wide, else its longest beginning that fits together with `…`.
pub fn ellipsise(text: &str, width: f64, measure: impl Fn(&str) -> f64) -> String {
    if measure(text) <= width {
        return text.to_owned();
    }
    let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    let fits = ends.partition_point(|&end| measure(&format!("{}…", &text[..end])) <= width);
    match fits {
        0 => String::new(),
        fits => format!("{}…", &text[..ends[fits - 1]]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_thinned_in_round_steps() {
        assert_eq!([30.0, 12.0, 7.9, 3.0, 1.0, 0.35, 0.1].map(|cell| step(cell, 12.0)), [1, 1, 2, 5, 20, 50, 200]);
        assert!(step(0.0, 12.0) >= 1 << 20);
        assert_eq!(labelled(3..23, 5).collect::<Vec<_>>(), [5, 10, 15, 20]);
        assert_eq!(labelled(0..3, 1).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(labelled(11..14, 10).count(), 0);
    }

    #[test]
    fn thinned_labels_say_where_they_are() {
        assert_eq!(text(40, "·the", 1), "·the");
        assert_eq!(text(40, "·the", 20), "40 ·the");
    }

    #[test]
    fn long_tokens_are_ellipsised() {
        let width = |text: &str| text.chars().count() as f64;
        assert_eq!(ellipsise("straße", 6.0, width), "straße");
        assert_eq!(ellipsise("straßen", 6.0, width), "straß…");
        assert_eq!(ellipsise("straßen", 1.0, width), "…");
        assert_eq!(ellipsise("straßen", 0.5, width), "");
        assert_eq!(ellipsise("", 0.0, width), "");
    }
}
