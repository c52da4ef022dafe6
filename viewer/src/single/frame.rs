//! How the heatmap's box is divided: the square, the query labels to its left and the key labels below it, and
//! outside of them what the axes are called.

/// Text sizes of the axes, in CSS pixels.
pub const FONT_PX: f64 = 11.0;
/// From one line of labels to the next.
pub const LINE_PX: f64 = 13.0;
/// Between a label and the square.
pub const GAP_PX: f64 = 5.0;
/// Room for the title of an axis.
pub const TITLE_PX: f64 = 15.0;
/// Narrowest and widest room for labels.
const GUTTER_PX: (f64, f64) = (30.0, 116.0);

/// Where the square lies in its box, in CSS pixels that fall on device pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    pub left: f64,
    pub top: f64,
    pub side: f64,
    /// Room below the square.
    pub bottom: f64,
}

impl Frame {
    /// The largest square that fits a box with labels up to `label` wide on a screen with `ratio` device pixels per
    /// CSS pixel. Labels never take more than a sixth of the box.
    pub fn new(width: f64, height: f64, label: f64, ratio: f64) -> Self {
        let most = (width.min(height) / 6.0).clamp(GUTTER_PX.0, GUTTER_PX.1);
        let gutter = (label.ceil() + 2.0 * GAP_PX + 1.0).clamp(GUTTER_PX.0, most) + TITLE_PX;
        let snap = |v: f64| (v * ratio).floor() / ratio;
        let (left, top) = (snap(gutter), snap(LINE_PX / 2.0));
        let side = snap((width - left - 2.0).min(height - top - gutter)).max(1.0);
        Frame { left, top, side, bottom: (height - top - side).max(0.0) }
    }

    /// Room between the labels of the queries and the square's left edge, for one label.
    pub fn query_room(&self) -> f64 {
        self.left - TITLE_PX - 2.0 * GAP_PX
    }

    /// Room for a label of a key, from the square's lower edge down.
    pub fn key_room(&self) -> f64 {
        self.bottom - TITLE_PX - 2.0 * GAP_PX
    }

    /// From the box to the square.
    pub fn inside(&self, x: f64, y: f64) -> (f64, f64) {
        (x - self.left, y - self.top)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_square_takes_what_labels_leave() {
        let frame = Frame::new(700.0, 720.0, 40.0, 1.0);
        assert_eq!((frame.left, frame.top, frame.side, frame.bottom), (66.0, 6.0, 632.0, 82.0));
        let long = Frame::new(360.0, 360.0, 500.0, 2.0);
        assert_eq!((long.left, long.side), (75.0, 278.5));
        assert!(Frame::new(0.0, 0.0, 0.0, 1.0).side >= 1.0);
    }

    #[test]
    fn edges_fall_on_device_pixels() {
        for ratio in [1.0, 1.25, 1.5, 2.0, 3.0] {
            let frame = Frame::new(713.3, 655.7, 61.9, ratio);
            for edge in [frame.left, frame.top, frame.side] {
                assert!(((edge * ratio).round() - edge * ratio).abs() < 1e-6, "{edge} at {ratio}");
            }
        }
    }
}
