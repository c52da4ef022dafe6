//! How the heatmap's box is divided: the square, the labels of the rows to its left and of the columns below it,
//! outside of them what the axes are called, and on the other two sides a band for what a row and a column look like.

/// Text sizes of the axes, in CSS pixels.
pub const FONT_PX: f64 = 11.0;
/// From one line of labels to the next.
pub const LINE_PX: f64 = 13.0;
/// Between a label and the square.
pub const GAP_PX: f64 = 5.0;
/// Room for the title of an axis.
pub const TITLE_PX: f64 = 15.0;
/// Narrowest and widest room for labels. The corner between them has room for a small picture of the whole.
const GUTTER_PX: (f64, f64) = (52.0, 116.0);
/// Width of the bands, and what a box is divided by to have narrower ones.
const BAND_PX: f64 = 40.0;
const BANDS: f64 = 14.0;

/// Largest and smallest side of the small picture of the whole, and what is left free around it.
const MINIMAP_PX: f64 = 100.0;
const MINIMAP_LEAST_PX: f64 = 24.0;
const MINIMAP_GAP_PX: f64 = 8.0;

/// Where the square lies in its box, in CSS pixels that fall on device pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    pub left: f64,
    pub top: f64,
    pub side: f64,
    /// The right edge.
    pub right: f64,
    /// Room below the square.
    pub bottom: f64,
    /// Height of the band above the square, and width of the one to its right.
    pub band: f64,
}

impl Frame {
    /// The largest square that fits a box with labels up to `label` wide on a screen with `ratio` device pixels per
    /// CSS pixel. Labels never take more than a sixth of the box.
    pub fn new(width: f64, height: f64, label: f64, ratio: f64) -> Self {
        let most = (width.min(height) / 6.0).clamp(GUTTER_PX.0, GUTTER_PX.1);
        let gutter = (label.ceil() + 2.0 * GAP_PX + 1.0).clamp(GUTTER_PX.0, most) + TITLE_PX;
        let snap = |v: f64| (v * ratio).floor() / ratio;
        let band = snap((width.min(height) / BANDS).min(BAND_PX));
        let (left, top) = (snap(gutter), band + snap(LINE_PX / 2.0));
        let side = snap((width - left - band - 2.0).min(height - top - gutter)).max(1.0);
        Frame { left, top, side, bottom: (height - top - side).max(0.0), band, right: left + side }
    }

    /// For lines between two columns of tokens: the lines between `left` and `right`, `side` high, and labels outside of
    /// them.
    pub fn lines(width: f64, height: f64, label: f64) -> Self {
        let left = (label.ceil() + 3.0 * GAP_PX).clamp(GUTTER_PX.0, (width / 3.0).max(GUTTER_PX.0)).floor();
        let (top, bottom) = (2.0 * TITLE_PX + GAP_PX, LINE_PX);
        let side = (height - top - bottom).max(1.0);
        Frame { left, top, side, bottom, band: 0.0, right: (width - left).max(left + 1.0) }
    }

    /// Room between the labels of the rows and the square's left edge, for one label.
    pub fn row_room(&self) -> f64 {
        self.left - TITLE_PX - 2.0 * GAP_PX
    }

    /// Room for a label of a column, from the square's lower edge down.
    pub fn column_room(&self) -> f64 {
        self.bottom - TITLE_PX - 2.0 * GAP_PX
    }

    /// Left, top and side of the small picture of the whole pattern between the axes, where there is room.
    pub fn minimap(&self) -> Option<(f64, f64, f64)> {
        let side = (self.left.min(self.bottom) - 2.0 * MINIMAP_GAP_PX).min(MINIMAP_PX);
        let place = (self.left - side - MINIMAP_GAP_PX, self.top + self.side + MINIMAP_GAP_PX, side);
        (side >= MINIMAP_LEAST_PX).then_some(place)
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
        let frame = Frame::new(700.0, 720.0, 60.0, 1.0);
        assert_eq!((frame.left, frame.top, frame.side, frame.bottom, frame.band), (86.0, 46.0, 572.0, 102.0, 40.0));
        assert_eq!(frame.minimap(), Some((8.0, 626.0, 70.0)));
        let long = Frame::new(360.0, 360.0, 500.0, 2.0);
        assert_eq!((long.left, long.band, long.side), (75.0, 25.5, 253.0));
        assert!(Frame::new(0.0, 0.0, 0.0, 1.0).side >= 1.0);
    }

    #[test]
    fn lines_have_the_room_between_two_columns() {
        let frame = Frame::lines(700.0, 700.0, 60.0);
        assert_eq!((frame.left, frame.right, frame.top, frame.side), (75.0, 625.0, 35.0, 652.0));
        assert_eq!(Frame::lines(300.0, 300.0, 500.0).left, 100.0);
        assert!(Frame::lines(0.0, 0.0, 0.0).side >= 1.0);
    }

    #[test]
    fn edges_fall_on_device_pixels() {
        for ratio in [1.0, 1.25, 1.5, 2.0, 3.0] {
            let frame = Frame::new(713.3, 655.7, 61.9, ratio);
            for edge in [frame.left, frame.top, frame.side, frame.band] {
                assert!(((edge * ratio).round() - edge * ratio).abs() < 1e-6, "{edge} at {ratio}");
            }
        }
    }
}
