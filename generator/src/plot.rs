//! Plots as SVG: lines, points and bars on axes, with the names that matplotlib gives them.
//!
//! A plot reads well on light and on dark: its colours change with the reader's preference.

mod axis;
mod draw;

use anyhow::Result;

use crate::image::{Format, gzip};
use axis::Axis;

/// A plot's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlotFormat {
    Svg,
    /// SVG, compressed with gzip.
    Svgz,
}

impl From<PlotFormat> for Format {
    fn from(format: PlotFormat) -> Format {
        match format {
            PlotFormat::Svg => Format::Svg,
            PlotFormat::Svgz => Format::Svgz,
        }
    }
}

/// What is plotted: series of points, an x and a y axis, a title.
///
/// Limits and ticks follow from the data unless they are set; a legend appears where a series has a label. What cannot
/// be drawn is left out: values that are not finite (a line has a gap there) and, on a logarithmic axis, those that are
/// not positive.
///
/// ```
/// # use lens_build::plot::{Axes, PlotFormat};
/// let mut axes = Axes::default();
/// axes.title("Powers").xlabel("exponent").ylabel("value").ylog();
/// axes.plot(0..8, (0..8).map(|i| 2f64.powi(i))).label("of 2");
/// axes.scatter([0, 4], [1.0, 81.0]).label("of 3");
/// let svg = axes.draw(PlotFormat::Svg)?;
/// # assert!(svg.starts_with(b"<svg"));
/// # Ok::<_, anyhow::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Axes {
    title: String,
    x: Axis,
    y: Axis,
    series: Vec<Series>,
}

/// Points that belong together. Its colour is the next of a cycle unless it is chosen.
#[derive(Debug, Clone)]
pub struct Series {
    kind: Kind,
    points: Vec<(f64, f64)>,
    label: String,
    color: Option<[u8; 3]>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Line,
    Points,
    /// Bars from y = 0.
    Bars,
    /// Bars from x = 0.
    HorizontalBars,
    /// A line across the plot at the point's y.
    Across,
    /// A line from bottom to top at the point's x.
    Upright,
}

/// A number that can be plotted.
pub trait Number {
    fn to_f64(self) -> f64;
}

macro_rules! numbers {
    ($($number:ty)*) => {
        $(impl Number for $number {
            fn to_f64(self) -> f64 {
                self as f64
            }
        })*
    };
}

numbers!(f32 f64 u8 i32 u32 i64 u64 usize isize);

impl<T: Number + Copy> Number for &T {
    fn to_f64(self) -> f64 {
        (*self).to_f64()
    }
}

impl Axes {
    pub fn title(&mut self, text: impl Into<String>) -> &mut Self {
        self.title = text.into();
        self
    }

    pub fn xlabel(&mut self, text: impl Into<String>) -> &mut Self {
        self.x.label = text.into();
        self
    }

    pub fn ylabel(&mut self, text: impl Into<String>) -> &mut Self {
        self.y.label = text.into();
        self
    }

    /// Makes the x axis logarithmic.
    pub fn xlog(&mut self) -> &mut Self {
        self.x.log = true;
        self
    }

    /// Makes the y axis logarithmic.
    pub fn ylog(&mut self) -> &mut Self {
        self.y.log = true;
        self
    }

    /// Where the x axis begins and ends.
    pub fn xlim(&mut self, low: f64, high: f64) -> &mut Self {
        self.x.limits = Some((low, high));
        self
    }

    /// Where the y axis begins and ends.
    pub fn ylim(&mut self, low: f64, high: f64) -> &mut Self {
        self.y.limits = Some((low, high));
        self
    }

    /// Places on the x axis, and what is written there.
    pub fn xticks(&mut self, ticks: impl IntoIterator<Item = (f64, String)>) -> &mut Self {
        self.x.ticks = Some(ticks.into_iter().collect());
        self
    }

    /// Places on the y axis, and what is written there.
    pub fn yticks(&mut self, ticks: impl IntoIterator<Item = (f64, String)>) -> &mut Self {
        self.y.ticks = Some(ticks.into_iter().collect());
        self
    }

    /// A line through these points. What one of the two has too much is ignored, here and below.
    pub fn plot<X: Number, Y: Number>(
        &mut self,
        x: impl IntoIterator<Item = X>,
        y: impl IntoIterator<Item = Y>,
    ) -> &mut Series {
        self.series(Kind::Line, x, y)
    }

    /// A dot at each of these points.
    pub fn scatter<X: Number, Y: Number>(
        &mut self,
        x: impl IntoIterator<Item = X>,
        y: impl IntoIterator<Item = Y>,
    ) -> &mut Series {
        self.series(Kind::Points, x, y)
    }

    /// A bar of this height around each x, 0.8 wide.
    pub fn bar<X: Number, Y: Number>(
        &mut self,
        x: impl IntoIterator<Item = X>,
        height: impl IntoIterator<Item = Y>,
    ) -> &mut Series {
        self.series(Kind::Bars, x, height)
    }

    /// A horizontal bar of this width for each label, the first on top.
    pub fn barh<Y: Number>(
        &mut self,
        labels: impl IntoIterator<Item = impl Into<String>>,
        width: impl IntoIterator<Item = Y>,
    ) -> &mut Series {
        let labels: Vec<String> = labels.into_iter().map(Into::into).collect();
        let top = labels.len() as f64;
        self.y.limits = Some((-0.4, top.max(1.0) - 0.6));
        let places: Vec<f64> = (1..=labels.len()).map(|i| top - i as f64).collect();
        self.y.ticks = Some(places.iter().copied().zip(labels).collect());
        self.series(Kind::HorizontalBars, width, places)
    }

    /// A line across the whole plot at `y`.
    pub fn axhline(&mut self, y: f64) -> &mut Series {
        self.series(Kind::Across, [0.0], [y])
    }

    /// A line from bottom to top at `x`.
    pub fn axvline(&mut self, x: f64) -> &mut Series {
        self.series(Kind::Upright, [x], [0.0])
    }

    /// The plot's file.
    ///
    /// # Errors
    /// Limits that are not finite, or not positive on a logarithmic axis.
    pub fn draw(&self, format: PlotFormat) -> Result<Vec<u8>> {
        let svg = draw::svg(self)?;
        match format {
            PlotFormat::Svg => Ok(svg.into_bytes()),
            PlotFormat::Svgz => gzip(svg.as_bytes()),
        }
    }

    #[cfg(test)]
    pub(crate) fn points(&self, series: usize) -> &[(f64, f64)] {
        &self.series[series].points
    }

    #[cfg(test)]
    pub(crate) fn y_tick_labels(&self) -> Vec<&str> {
        self.y.ticks.iter().flatten().map(|tick| tick.1.as_str()).collect()
    }

    fn series<X: Number, Y: Number>(
        &mut self,
        kind: Kind,
        x: impl IntoIterator<Item = X>,
        y: impl IntoIterator<Item = Y>,
    ) -> &mut Series {
        let points = x.into_iter().map(Number::to_f64).zip(y.into_iter().map(Number::to_f64)).collect();
        let at = self.series.len();
        self.series.push(Series { kind, points, label: String::new(), color: None });
        &mut self.series[at]
    }
}

impl Series {
    /// What the legend calls it.
    pub fn label(&mut self, text: impl Into<String>) -> &mut Self {
        self.label = text.into();
        self
    }

    pub fn color(&mut self, red: u8, green: u8, blue: u8) -> &mut Self {
        self.color = Some([red, green, blue]);
        self
    }

    /// Gray: for what others are compared with.
    pub fn muted(&mut self) -> &mut Self {
        self.color = Some(draw::MUTED);
        self
    }
}
