//! Where cells are: the window of the matrix that is in view, and the way between cells and pixels.
//!
//! Rows are queries and columns are keys, both counted from 0; pixels are CSS pixels from the top left corner of the
//! drawn square. Nothing in here knows a browser.

/// Cells that always stay in view, however far one zooms in.
const MIN_SPAN: f64 = 4.0;

/// One cell of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cell {
    pub query: usize,
    pub key: usize,
}

/// The square part of a pattern that is in view, in cells. Fractions of cells are allowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// First query row.
    pub query: f64,
    /// First key column.
    pub key: f64,
    /// Rows and columns in view.
    pub span: f64,
}

impl Window {
    /// All of a pattern with `n` rows.
    pub fn whole(n: usize) -> Self {
        Window { query: 0.0, key: 0.0, span: n.max(1) as f64 }
    }

    /// This window moved and resized as little as possible so that it lies inside of a pattern with `n` rows.
    pub fn within(self, n: usize) -> Self {
        let n = n.max(1) as f64;
        let span = if self.span.is_finite() { self.span.clamp(MIN_SPAN.min(n), n) } else { n };
        let first = |at: f64| if at.is_finite() { at.clamp(0.0, n - span) } else { 0.0 };
        Window { query: first(self.query), key: first(self.key), span }
    }

    /// Whether all of a pattern with `n` rows is in view.
    pub fn is_whole(self, n: usize) -> bool {
        self.span >= n.max(1) as f64
    }

    /// Rows that are at least partly in view.
    pub fn queries(self, n: usize) -> std::ops::Range<usize> {
        visible(self.query, self.span, n)
    }

    /// Columns that are at least partly in view.
    pub fn keys(self, n: usize) -> std::ops::Range<usize> {
        visible(self.key, self.span, n)
    }

    /// Moved so that the whole of `cell` is in view, with a margin of a tenth of the window where there is room.
    pub fn showing(self, cell: Cell, n: usize) -> Self {
        let margin = (self.span / 10.0).floor();
        let reveal = |first: f64, at: usize| {
            let at = at as f64;
            if at < first + margin {
                at - margin
            } else if at + 1.0 > first + self.span - margin {
                at + 1.0 + margin - self.span
            } else {
                first
            }
        };
        Window { query: reveal(self.query, cell.query), key: reveal(self.key, cell.key), ..self }.within(n)
    }
}

fn visible(first: f64, span: f64, n: usize) -> std::ops::Range<usize> {
    let from = first.floor().max(0.0) as usize;
    let to = (first + span).ceil().max(0.0) as usize;
    from.min(n)..to.min(n)
}

/// A window drawn into a square of `side` pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Geometry {
    pub n: usize,
    pub window: Window,
    pub side: f64,
    /// Keys are rows and queries are columns.
    pub transposed: bool,
}

impl Geometry {
    /// Side of a cell in pixels; below 1 when the pattern is longer than the square.
    pub fn cell(&self) -> f64 {
        self.side / self.window.span
    }

    /// What is told of queries and of keys, as it is told of rows and of columns; and the other way round.
    pub fn turned<T>(&self, query: T, key: T) -> (T, T) {
        if self.transposed { (key, query) } else { (query, key) }
    }

    /// First row and first column in view.
    fn first(&self) -> (f64, f64) {
        self.turned(self.window.query, self.window.key)
    }

    fn window_from(&self, row: f64, column: f64, span: f64) -> Window {
        let (query, key) = self.turned(row, column);
        Window { query, key, span }.within(self.n)
    }

    /// Top edge of a row.
    pub fn top(&self, row: usize) -> f64 {
        (row as f64 - self.first().0) * self.cell()
    }

    /// Left edge of a column.
    pub fn left(&self, column: usize) -> f64 {
        (column as f64 - self.first().1) * self.cell()
    }

    /// The cell under a pixel; `None` outside of the square.
    pub fn cell_at(&self, x: f64, y: f64) -> Option<Cell> {
        let inside = |v: f64| (0.0..self.side).contains(&v);
        if self.n == 0 || !inside(x) || !inside(y) {
            return None;
        }
        let at = |first: f64, pixel: f64| ((first + pixel / self.cell()).floor() as usize).min(self.n - 1);
        let (row, column) = self.first();
        let (query, key) = self.turned(at(row, y), at(column, x));
        Some(Cell { query, key })
    }

    /// The window after zooming in by `factor` (out if below 1); what is under the pixel stays there.
    pub fn zoomed(&self, x: f64, y: f64, factor: f64) -> Window {
        let span = Window { span: self.window.span / factor, ..self.window }.within(self.n).span;
        let moved = self.window.span - span;
        let (row, column) = self.first();
        self.window_from(row + y / self.side * moved, column + x / self.side * moved, span)
    }

    /// The window after the drawing was dragged by so many pixels to the right and down.
    pub fn panned(&self, right: f64, down: f64) -> Window {
        let (row, column) = self.first();
        self.window_from(row - down / self.cell(), column - right / self.cell(), self.window.span)
    }

    /// The window with a place of the whole pattern in its middle, told in parts of its height and its width.
    pub fn around(&self, down: f64, right: f64) -> Window {
        let first = |part: f64| part * self.n as f64 - self.window.span / 2.0;
        self.window_from(first(down), first(right), self.window.span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn every_pixel_is_in_the_cell_that_covers_it() {
        for n in [1, 2, 29, 700, 2048] {
            let geometry = Geometry { n, window: Window::whole(n), side: 713.0, transposed: false };
            for pixel in (0..713).step_by(7) {
                let at = pixel as f64 + 0.5;
                let cell = geometry.cell_at(at, 712.9).unwrap();
                assert!(geometry.left(cell.key) <= at && at < geometry.left(cell.key + 1), "n {n}, pixel {pixel}");
                assert_eq!(cell.query, n - 1);
            }
        }
        let geometry = Geometry { n: 3, window: Window::whole(3), side: 30.0, transposed: false };
        assert_eq!(geometry.cell_at(29.999, 0.0), Some(Cell { query: 0, key: 2 }));
        assert_eq!(geometry.cell_at(30.0, 0.0), None);
        assert_eq!(geometry.cell_at(-0.1, 0.0), None);
    }

    #[test]
    fn zooming_keeps_the_place_under_the_pointer() {
        let geometry = Geometry { n: 700, window: Window::whole(700), side: 700.0, transposed: false };
        let window = geometry.zoomed(350.0, 175.0, 4.0);
        assert!(near(window.span, 175.0));
        let zoomed = Geometry { window, ..geometry };
        assert!(near(zoomed.left(350), 350.0) && near(zoomed.top(175), 175.0));
        assert_eq!(zoomed.zoomed(10.0, 20.0, 1e-9), Window::whole(700));
        assert!(near(geometry.zoomed(0.0, 0.0, 1e9).span, MIN_SPAN));
    }

    #[test]
    fn transposed_rows_are_keys() {
        let window = Window { query: 10.0, key: 80.0, span: 20.0 };
        let geometry = Geometry { n: 100, window, side: 200.0, transposed: true };
        let cell = Cell { query: 12, key: 95 };
        assert_eq!((geometry.top(cell.key), geometry.left(cell.query)), (150.0, 20.0));
        assert_eq!(geometry.cell_at(25.0, 155.0), Some(cell));
        assert_eq!(geometry.panned(10.0, 0.0), Window { query: 9.0, ..window });
        assert_eq!(geometry.zoomed(0.0, 200.0, 2.0), Window { query: 10.0, key: 90.0, span: 10.0 });
        assert_eq!(geometry.around(0.5, 0.3), Window { query: 20.0, key: 40.0, span: 20.0 });
    }

    #[test]
    fn a_window_never_leaves_the_pattern() {
        let geometry =
            Geometry { n: 100, window: Window { query: 10.0, key: 80.0, span: 20.0 }, side: 200.0, transposed: false };
        assert_eq!(geometry.panned(10.0, -20.0), Window { query: 12.0, key: 79.0, span: 20.0 });
        assert_eq!(geometry.panned(1e6, -1e6), Window { query: 80.0, key: 0.0, span: 20.0 });
        assert_eq!(Window { query: f64::NAN, key: -3.0, span: f64::INFINITY }.within(7), Window::whole(7));
        assert_eq!(Window { query: 0.0, key: 0.0, span: 0.1 }.within(2), Window::whole(2));
        assert!(Window::whole(1).is_whole(1));
    }

    #[test]
    fn a_cell_is_brought_into_view() {
        let window = Window { query: 0.0, key: 0.0, span: 20.0 };
        assert_eq!(window.showing(Cell { query: 5, key: 5 }, 100), window);
        assert_eq!(window.showing(Cell { query: 50, key: 5 }, 100).query, 33.0);
        assert_eq!(window.showing(Cell { query: 99, key: 99 }, 100), Window { query: 80.0, key: 80.0, span: 20.0 });
        assert_eq!(Window { query: 2.5, key: 0.0, span: 3.0 }.queries(100), 2..6);
        assert_eq!(Window { query: 97.5, key: 0.0, span: 3.0 }.queries(100), 97..100);
    }
}
