//! Fingers and the mouse on the heatmap: hovering, tapping, dragging, pinching.

/// Pixels that a pointer may tremble and still tap.
const TREMBLE: f64 = 6.0;

/// What the pointers did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Gesture {
    /// The mouse is over this place with no button down.
    Hover { x: f64, y: f64 },
    /// Pressed and released in one place.
    Tap { x: f64, y: f64 },
    /// Dragged by one pointer, to this place and by this much.
    Drag { x: f64, y: f64, right: f64, down: f64 },
    /// Two fingers moved apart (`factor` > 1) or together, around their middle, which also moved.
    Pinch { x: f64, y: f64, factor: f64, right: f64, down: f64 },
}

/// The pointers that are down.
#[derive(Debug, Clone, Default)]
pub struct Pointers {
    /// Id and last place.
    down: Vec<(i32, f64, f64)>,
    /// How far the first one has come from where it was pressed, and whether there ever was a second.
    start: (f64, f64),
    is_drag: bool,
}

impl Pointers {
    /// Whether something is being dragged.
    pub fn is_dragging(&self) -> bool {
        self.is_drag
    }

    pub fn press(&mut self, id: i32, x: f64, y: f64) {
        self.down.retain(|&(other, ..)| other != id);
        if self.down.is_empty() {
            self.start = (x, y);
            self.is_drag = false;
        } else {
            self.is_drag = true;
        }
        self.down.push((id, x, y));
    }

    pub fn go(&mut self, id: i32, x: f64, y: f64) -> Option<Gesture> {
        let before = self.down.clone();
        let Some(pointer) = self.down.iter_mut().find(|(other, ..)| *other == id) else {
            return self.down.is_empty().then_some(Gesture::Hover { x, y });
        };
        (pointer.1, pointer.2) = (x, y);
        match (&before[..], &self.down[..]) {
            (&[(_, from_x, from_y)], _) => {
                if !self.is_drag && (x - self.start.0).hypot(y - self.start.1) <= TREMBLE {
                    return None;
                }
                // The way until it counted as a drag is part of it.
                let (from_x, from_y) = if self.is_drag { (from_x, from_y) } else { self.start };
                self.is_drag = true;
                Some(Gesture::Drag { x, y, right: x - from_x, down: y - from_y })
            }
            (&[(_, ax, ay), (_, bx, by), ..], &[(_, cx, cy), (_, dx, dy), ..]) => {
                let apart = |x: f64, y: f64| x.hypot(y).max(1.0);
                Some(Gesture::Pinch {
                    x: (cx + dx) / 2.0,
                    y: (cy + dy) / 2.0,
                    factor: apart(cx - dx, cy - dy) / apart(ax - bx, ay - by),
                    right: (cx + dx - ax - bx) / 2.0,
                    down: (cy + dy - ay - by) / 2.0,
                })
            }
            _ => None,
        }
    }

    pub fn release(&mut self, id: i32) -> Option<Gesture> {
        let place = self.down.iter().position(|(other, ..)| *other == id)?;
        let (_, x, y) = self.down.remove(place);
        let tapped = self.down.is_empty() && !self.is_drag;
        if self.down.is_empty() {
            self.is_drag = false;
        }
        tapped.then_some(Gesture::Tap { x, y })
    }

    /// The browser took the pointer for itself, to scroll.
    pub fn cancel(&mut self, id: i32) {
        self.down.retain(|(other, ..)| *other != id);
        self.is_drag = !self.down.is_empty();
    }
}

/// Zoom factor of a turn of the wheel; `mode` is `WheelEvent.deltaMode` (pixels, lines, pages).
pub fn wheel_factor(delta: f64, mode: u32) -> f64 {
    (-wheel_pixels(delta, mode) * 0.0025).clamp(-1.0, 1.0).exp()
}

/// A turn of the wheel in pixels.
pub fn wheel_pixels(delta: f64, mode: u32) -> f64 {
    delta * [1.0, 16.0, 400.0].get(mode as usize).copied().unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trembling_tap_is_a_tap() {
        let mut pointers = Pointers::default();
        assert_eq!(pointers.go(1, 5.0, 5.0), Some(Gesture::Hover { x: 5.0, y: 5.0 }));
        pointers.press(1, 10.0, 10.0);
        assert_eq!(pointers.go(1, 12.0, 11.0), None);
        assert_eq!(pointers.release(1), Some(Gesture::Tap { x: 12.0, y: 11.0 }));
        assert_eq!(pointers.release(1), None);
    }

    #[test]
    fn a_drag_is_no_tap() {
        let mut pointers = Pointers::default();
        pointers.press(1, 10.0, 10.0);
        assert_eq!(pointers.go(1, 13.0, 10.0), None);
        assert_eq!(pointers.go(1, 30.0, 10.0), Some(Gesture::Drag { x: 30.0, y: 10.0, right: 20.0, down: 0.0 }));
        assert_eq!(pointers.go(1, 30.0, 15.0), Some(Gesture::Drag { x: 30.0, y: 15.0, right: 0.0, down: 5.0 }));
        assert!(pointers.is_dragging());
        assert_eq!(pointers.release(1), None);
        assert!(!pointers.is_dragging());
    }

    #[test]
    fn two_fingers_pinch() {
        let mut pointers = Pointers::default();
        pointers.press(1, 0.0, 0.0);
        pointers.press(2, 10.0, 0.0);
        let pinch = Gesture::Pinch { x: 10.0, y: 0.0, factor: 2.0, right: 5.0, down: 0.0 };
        assert_eq!(pointers.go(2, 20.0, 0.0), Some(pinch));
        assert_eq!(pointers.release(2), None);
        assert_eq!(pointers.go(1, 1.0, 0.0), Some(Gesture::Drag { x: 1.0, y: 0.0, right: 1.0, down: 0.0 }));
        assert_eq!(pointers.release(1), None);
        pointers.press(3, 0.0, 0.0);
        pointers.cancel(3);
        assert_eq!(pointers.release(3), None);
    }

    #[test]
    fn the_wheel_zooms_both_ways() {
        assert!(wheel_factor(-100.0, 0) > 1.0 && wheel_factor(3.0, 1) < 1.0);
        assert!((wheel_factor(-100.0, 0) * wheel_factor(100.0, 0) - 1.0).abs() < 1e-9);
        assert!(wheel_factor(-1e9, 0).is_finite());
    }
}
