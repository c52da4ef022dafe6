//! Where the marks of heads lie: on the map of layers and heads, and in a plane of two numbers. Sizes are CSS pixels.

use lens_schema::scale::min_max;

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A row per layer, a column per head.
    Map,
    /// One score across, one upwards.
    Scatter,
    /// The plane in which similar heads are near each other; its axes mean nothing.
    Plane,
}

impl Kind {
    pub const ALL: [Kind; 3] = [Kind::Map, Kind::Scatter, Kind::Plane];

    pub fn name(self) -> &'static str {
        match self {
            Kind::Map => "map",
            Kind::Scatter => "scatter",
            Kind::Plane => "plane",
        }
    }
}

/// A place on an axis that is named.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    pub at: f64,
    pub label: String,
}

/// The marks, and what stands around them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plot {
    pub width: f64,
    pub height: f64,
    /// Left, top, width and height of where the marks lie.
    pub frame: [f64; 4],
    /// The middle of each head's mark; `None` where it has no place.
    pub marks: Vec<Option<(f64, f64)>>,
    /// Half the width of a mark.
    pub half: f64,
    /// Marks fill cells; else they are discs.
    pub square: bool,
    pub across: Vec<Tick>,
    pub upwards: Vec<Tick>,
}

/// Room for names at the left and above, and sides of a cell.
const NAMES: (f64, f64) = (30.0, 18.0);
const CELL: (f64, f64) = (8.0, 60.0);
/// Room for names around a plane: left, top, right, below.
const MARGIN: [f64; 4] = [46.0, 22.0, 14.0, 38.0];
/// Between two names on an axis, at least.
const APART: (f64, f64) = (22.0, 14.0);
/// A mark is looked at from this far.
const REACH: f64 = 16.0;

impl Plot {
    /// The map, in so much room across; wider where the cells would be too small.
    pub fn map(n_layers: usize, n_heads: usize, room: f64) -> Self {
        let cell = ((room - NAMES.0) / n_heads.max(1) as f64).floor().clamp(CELL.0, CELL.1);
        let (width, height) = (cell * n_heads as f64, cell * n_layers as f64);
        let middle = |at: usize| (at as f64 + 0.5) * cell;
        let place = |at: usize| Some((NAMES.0 + middle(at % n_heads), NAMES.1 + middle(at / n_heads)));
        let names = |n: usize, apart: f64, from: f64, prefix: &str| {
            let step = ((apart / cell).ceil() as usize).next_power_of_two();
            let tick = |at: usize| Tick { at: from + middle(at), label: format!("{prefix}{at}") };
            (0..n).step_by(step).map(tick).collect()
        };
        Plot {
            width: NAMES.0 + width,
            height: NAMES.1 + height,
            frame: [NAMES.0, NAMES.1, width, height],
            marks: (0..n_layers * n_heads).map(place).collect(),
            half: cell / 2.0 - if cell < 14.0 { 0.5 } else { 1.0 },
            square: true,
            across: names(n_heads, APART.0, NAMES.0, ""),
            upwards: names(n_layers, APART.1, NAMES.1, "L"),
        }
    }

    /// Two numbers per head, in so much room. With axes, they have ticks of their own; else both have the same unit.
    pub fn plane(points: &[(f32, f32)], (width, height): (f64, f64), axes: bool) -> Self {
        let [left, top, right, below] = if axes { MARGIN } else { [14.0; 4] };
        let frame = [left, top, (width - left - right).max(1.0), (height - top - below).max(1.0)];
        let is_whole = |p: &&(f32, f32)| p.0.is_finite() && p.1.is_finite();
        let range = |pick: fn(&(f32, f32)) -> f32| span(min_max(points.iter().filter(is_whole).map(pick)));
        let (mut x, mut y) = (range(|p| p.0), range(|p| p.1));
        if !axes {
            let unit = ((x.1 - x.0) / frame[2]).max((y.1 - y.0) / frame[3]);
            (x, y) = (widened(x, unit * frame[2]), widened(y, unit * frame[3]));
        }
        let across = |v: f64| left + (v - x.0) / (x.1 - x.0) * frame[2];
        let upwards = |v: f64| top + (y.1 - v) / (y.1 - y.0) * frame[3];
        let place = |p: &(f32, f32)| Some((across(f64::from(p.0)), upwards(f64::from(p.1))));
        let named = |range: (f64, f64), most: f64, at: &dyn Fn(f64) -> f64| match axes {
            true => ticks(range, most).into_iter().map(|(v, label)| Tick { at: at(v), label }).collect(),
            false => Vec::new(),
        };
        Plot {
            width,
            height,
            frame,
            marks: points.iter().map(|p| Some(p).filter(is_whole).and_then(place)).collect(),
            half: if points.len() <= 300 {
                5.5
            } else if points.len() <= 1200 {
                4.0
            } else {
                3.0
            },
            square: false,
            across: named(x, frame[2] / 70.0, &across),
            upwards: named(y, frame[3] / 45.0, &upwards),
        }
    }

    /// The head at a place: the nearest within reach, on the map the one whose cell it is.
    pub fn at(&self, (x, y): (f64, f64)) -> Option<usize> {
        let far = |(mx, my): (f64, f64)| match self.square {
            true => (mx - x).abs().max((my - y).abs()),
            false => (mx - x).hypot(my - y),
        };
        let reach = if self.square { self.half + 1.0 } else { REACH };
        self.best(|mark| Some(far(mark)).filter(|far| *far <= reach))
    }

    /// The head that an arrow key leads to: near in its direction, and little to the side.
    pub fn toward(&self, from: usize, (dx, dy): (f64, f64)) -> Option<usize> {
        let Some((x, y)) = self.marks.get(from).copied().flatten() else { return self.best(|_| Some(0.0)) };
        self.best(|mark| {
            let (right, down) = (mark.0 - x, mark.1 - y);
            let (along, aside) = (right * dx + down * dy, (right * dy).abs() + (down * dx).abs());
            (along > 0.5).then_some(along + 3.0 * aside)
        })
    }

    /// The heads whose marks have their middle in the rectangle between two places.
    pub fn inside(&self, a: (f64, f64), b: (f64, f64)) -> impl Iterator<Item = usize> {
        let between = |v: f64, a: f64, b: f64| v >= a.min(b) - 0.5 && v <= a.max(b) + 0.5;
        let is_inside = move |mark: &(f64, f64)| between(mark.0, a.0, b.0) && between(mark.1, a.1, b.1);
        (0..self.marks.len()).filter(move |at| self.marks[*at].as_ref().is_some_and(is_inside))
    }

    /// The head that costs least.
    fn best(&self, cost: impl Fn((f64, f64)) -> Option<f64>) -> Option<usize> {
        let mut best = None;
        for (at, mark) in self.marks.iter().enumerate() {
            if let Some(cost) = mark.and_then(&cost)
                && best.is_none_or(|(_, least)| cost < least)
            {
                best = Some((at, cost));
            }
        }
        best.map(|(at, _)| at)
    }
}

/// A range with some room around it; of one value alone, one unit of its size.
fn span((min, max): (f32, f32)) -> (f64, f64) {
    let (min, max) = (f64::from(min), f64::from(max));
    let room = if max > min { 0.04 * (max - min) } else { 0.5 * min.abs().max(1e-3) };
    (min - room, max + room)
}

/// A range with the same middle, so long.
fn widened((min, max): (f64, f64), length: f64) -> (f64, f64) {
    let middle = (min + max) / 2.0;
    (middle - length / 2.0, middle + length / 2.0)
}

/// Round numbers within a range, about `most` of them, as they are written.
pub fn ticks((min, max): (f64, f64), most: f64) -> Vec<(f64, String)> {
    let rough = (max - min) / most.max(1.0);
    if rough <= 0.0 || !rough.is_finite() {
        return Vec::new();
    }
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|step| *step >= rough * 0.999);
    let step = step.unwrap_or(10.0 * power);
    let digits = (-(step * 1.001).log10().floor()).clamp(0.0, 12.0) as usize;
    let (first, last) = ((min / step - 1e-9).ceil() as i64, (max / step + 1e-9).floor() as i64);
    (first..=last).map(|i| (i as f64 * step, format!("{:.digits$}", i as f64 * step))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(range: (f64, f64), most: f64) -> Vec<String> {
        ticks(range, most).into_iter().map(|t| t.1).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(labels((-0.04, 1.04), 5.0), ["0.0", "0.5", "1.0"]);
        assert_eq!(labels((0.0, 1.0), 6.0), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels((-3.0, 12.0), 4.0), ["0", "5", "10"]);
        assert_eq!(labels((0.0012, 0.0041), 3.0), ["0.002", "0.003", "0.004"]);
        assert!(labels((1.0, 1.0), 4.0).is_empty() && labels((0.0, f64::NAN), 4.0).is_empty());
    }

    #[test]
    fn the_map_has_a_cell_per_head() {
        let map = Plot::map(2, 3, 150.0);
        assert_eq!((map.width, map.height, map.marks.len()), (150.0, 98.0, 6));
        for (at, mark) in map.marks.iter().enumerate() {
            assert_eq!(map.at(mark.unwrap()), Some(at));
        }
        assert_eq!((map.at((5.0, 5.0)), map.at((149.0, 97.0))), (None, Some(5)));
        let keys = [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)];
        assert_eq!(keys.map(|key| map.toward(1, key)), [Some(2), Some(4), Some(0), None]);
        let [a, b] = [0, 4].map(|at| map.marks[at].unwrap());
        assert_eq!(map.inside(b, a).collect::<Vec<_>>(), [0, 1, 3, 4]);
        // Too many heads for the room are wider than it; not all are named.
        let wide = Plot::map(4, 200, 400.0);
        assert_eq!((wide.width, wide.across.len(), wide.upwards.len()), (1630.0, 50, 2));
        assert_eq!(Plot::map(0, 0, 400.0).marks, []);
    }

    #[test]
    fn points_lie_between_the_axes() {
        let points = [(0.0, 0.0), (1.0, 2.0), (0.5, f32::NAN), (0.25, 1.0)];
        let plot = Plot::plane(&points, (400.0, 300.0), true);
        let [left, top, width, height] = plot.frame;
        for (x, y) in plot.marks.iter().flatten() {
            assert!((left..left + width).contains(x) && (top..top + height).contains(y));
        }
        let [a, b] = [0, 1].map(|at| plot.marks[at].unwrap());
        assert!(a.0 < b.0 && a.1 > b.1 && plot.marks[2].is_none());
        assert_eq!((plot.at((b.0 + 5.0, b.1)), plot.at((b.0 - 40.0, b.1))), (Some(1), None));
        assert_eq!(
            (plot.toward(0, (1.0, 0.0)), plot.toward(1, (1.0, 0.0)), plot.toward(2, (1.0, 0.0))),
            (Some(3), None, Some(0))
        );
        assert_eq!(plot.inside((0.0, 0.0), (400.0, 300.0)).count(), 3);
        // A tick lies where a point of its value does.
        let at = |ticks: &[Tick], label: &str| ticks.iter().find(|t| t.label == label).unwrap().at;
        assert!(
            (at(&plot.across, "1.0") - b.0).abs() < 1e-6
                && (at(&plot.upwards, "1.0") - plot.marks[3].unwrap().1).abs() < 1e-6
        );
        // One point, or none, has a plane too.
        assert!(Plot::plane(&[(0.3, 0.3)], (400.0, 300.0), true).marks[0].is_some());
        assert_eq!(Plot::plane(&[(f32::NAN, 0.0)], (400.0, 300.0), true).marks, [None]);
    }

    #[test]
    fn distances_are_kept_without_axes() {
        let plot = Plot::plane(&[(0.0, 0.0), (3.0, 0.0), (0.0, 1.0)], (400.0, 300.0), false);
        let [a, b, c] = [0, 1, 2].map(|at| plot.marks[at].unwrap());
        assert!(((b.0 - a.0) / 3.0 - (a.1 - c.1)).abs() < 1e-6);
        assert!(plot.across.is_empty());
    }
}
