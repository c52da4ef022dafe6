//! One axis of a plot: what it spans, where its ticks are, and where a value lies on it.

use std::ops::Range;

use anyhow::{Result, ensure};
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

/// About as many ticks are on an axis.
const TICKS: f64 = 6.0;

/// An axis as it is asked for.
#[derive(Debug, Clone, Default)]
pub struct Axis {
    pub label: String,
    pub log: bool,
    pub limits: Option<(f64, f64)>,
    pub ticks: Option<Vec<(f64, String)>>,
}

/// An axis as it is drawn.
#[derive(Debug, Clone)]
pub struct Scaled {
    log: bool,
    pub low: f64,
    pub high: f64,
    pub ticks: Vec<(f64, String)>,
}

impl Axis {
    /// Whether a value can be on it.
    pub fn takes(&self, value: f64) -> bool {
        value.is_finite() && (!self.log || value > 0.0)
    }

    /// The axis for these values, with a margin around them; none beyond `base`, where bars stand.
    pub fn scaled(&self, values: impl Iterator<Item = f64>, base: Option<f64>) -> Result<Scaled> {
        let (low, high) = match self.limits {
            Some((low, high)) => {
                ensure!(
                    self.takes(low) && self.takes(high) && low != high,
                    "the axis {:?} cannot go from {low} to {high}",
                    self.label
                );
                (low, high)
            }
            None => self.around(values, base.filter(|base| self.takes(*base))),
        };
        let ticks = match &self.ticks {
            Some(ticks) => ticks.clone(),
            None if self.log => log_ticks(low.min(high), low.max(high)),
            None => linear_ticks(low.min(high), low.max(high)),
        };
        Ok(Scaled { log: self.log, low, high, ticks })
    }

    fn around(&self, values: impl Iterator<Item = f64>, base: Option<f64>) -> (f64, f64) {
        let values = values.filter(|v| self.takes(*v)).chain(base);
        let (min, max) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| (lo.min(v), hi.max(v)));
        if min > max {
            return if self.log { (0.1, 1.0) } else { (0.0, 1.0) };
        }
        let (from, to) = if self.log { (min.log10(), max.log10()) } else { (min, max) };
        let margin = match to - from {
            0.0 if self.log => 0.5,
            0.0 => (from.abs() * 0.1).max(0.5),
            span => span * 0.04,
        };
        let low = if base == Some(min) { from } else { from - margin };
        let high = if base == Some(max) && max > min { to } else { to + margin };
        if self.log { (10f64.powf(low), 10f64.powf(high)) } else { (low, high) }
    }
}

/// Multiples of 1, 2 or 5 times a power of ten.
fn linear_ticks(low: f64, high: f64) -> Vec<(f64, String)> {
    let rough = (high - low) / TICKS;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|m| m * power).into_iter().find(|step| *step >= rough).unwrap_or(rough);
    let (first, last) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
    let decimals = (-step.log10().floor()).max(0.0) as usize;
    let text = |value: f64| match low.abs().max(high.abs()) >= 1e6 || decimals > 4 {
        true => format!("{value:.2e}"),
        false => format!("{value:.decimals$}"),
    };
    (first..=last).map(|i| i as f64 * step).map(|value| (value, text(value))).collect()
}

/// Powers of ten, not too many of them; where there are fewer than two, also what lies between.
fn log_ticks(low: f64, high: f64) -> Vec<(f64, String)> {
    let (first, last) = ((low.log10() - 1e-9).ceil() as i32, (high.log10() + 1e-9).floor() as i32);
    if last - first >= 1 {
        let step = ((last - first) as f64 / TICKS).ceil().max(1.0) as usize;
        return (first..=last).step_by(step).map(|power| (10f64.powi(power), power_of_ten(power))).collect();
    }
    let inside = |value: &f64| *value >= low * (1.0 - 1e-9) && *value <= high * (1.0 + 1e-9);
    let between: Vec<f64> =
        (first - 1..=last + 1).flat_map(|p| [1.0, 2.0, 5.0].map(|m| m * 10f64.powi(p))).filter(inside).collect();
    match between.len() {
        0 | 1 => linear_ticks(low, high),
        _ => between.into_iter().map(|value| (value, format!("{value:e}"))).collect(),
    }
}

fn power_of_ten(power: i32) -> String {
    match power {
        0..=4 => format!("{}", 10i64.pow(power as u32)),
        -3..0 => format!("{:.*}", power.unsigned_abs() as usize, 10f64.powi(power)),
        _ => format!("1e{power}"),
    }
}

impl Ranged for Scaled {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        let place = |v: f64| if self.log { v.max(f64::MIN_POSITIVE).log10() } else { v };
        let part = (place(*value) - place(self.low)) / (place(self.high) - place(self.low));
        // What lies outside is drawn at the edge.
        from + (f64::from(to - from) * part.clamp(0.0, 1.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _hint: Hint) -> Vec<f64> {
        let (low, high) = (self.low.min(self.high), self.low.max(self.high));
        self.ticks.iter().map(|tick| tick.0).filter(|value| (low..=high).contains(value)).collect()
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Scaled {
    fn format_ext(&self, value: &f64) -> String {
        self.ticks.iter().find(|tick| tick.0 == *value).map(|tick| tick.1.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis, values: &[f64]) -> String {
        let scaled = axis.scaled(values.iter().copied(), None).unwrap();
        let inside = scaled.key_points(0);
        scaled.ticks.into_iter().filter(|t| inside.contains(&t.0)).map(|t| t.1).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn ticks_are_round() {
        let linear = Axis::default();
        assert_eq!(labels(&linear, &[0.0, 1.0]), "0.0 0.2 0.4 0.6 0.8 1.0");
        assert_eq!(labels(&linear, &[0.0, 205.0]), "0 50 100 150 200");
        assert_eq!(labels(&linear, &[3.0, 3.0]), "2.6 2.8 3.0 3.2 3.4");
        assert_eq!(labels(&linear, &[]), "0.0 0.2 0.4 0.6 0.8 1.0");
        let log = Axis { log: true, ..Axis::default() };
        assert_eq!(labels(&log, &[1e-4, 1.0, 0.0, -1.0, f64::NAN]), "1e-4 0.001 0.01 0.1 1");
        assert_eq!(labels(&log, &[1e-12, 1.0]), "1e-12 1e-10 1e-8 1e-6 1e-4 0.01 1");
        assert_eq!(labels(&log, &[2.0, 6.0]), "2e0 5e0");
    }

    #[test]
    fn limits_go_before_data() {
        let axis = Axis { limits: Some((0.0, 10.0)), ..Axis::default() };
        let scaled = axis.scaled([77.0].into_iter(), None).unwrap();
        assert_eq!([0.0, 5.0, 77.0].map(|v| scaled.map(&v, (0, 100))), [0, 50, 100]);
        let axis = Axis { limits: Some((0.0, 10.0)), log: true, label: "odds".into(), ..Axis::default() };
        assert_eq!(
            axis.scaled([].into_iter(), None).unwrap_err().to_string(),
            "the axis \"odds\" cannot go from 0 to 10"
        );
    }

    #[test]
    fn bars_stand_on_the_edge() {
        let scaled = Axis::default().scaled([1.0, 2.0].into_iter(), Some(0.0)).unwrap();
        assert_eq!(scaled.low, 0.0);
        assert!(scaled.high > 2.0);
    }
}
