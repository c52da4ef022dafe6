//! The values of one head on one prompt, as the page has them so far, or what an expression makes of them.

use lens_schema::npz::NpzError;
use lens_schema::scale::{self, min_max};
use lens_schema::shard::{ExactLayer, Overview, OverviewLayer, dequantize_hi};
use lens_schema::{LayerHead, Precision};

use super::colours::Colours;
use super::geometry::Cell;
use super::raster::{MASKED, Place};
use super::selection::Role;

/// One pattern, or what was derived from it: `n` query rows by `n` key columns, C order.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    pub n: usize,
    /// No query attends to a later key; what was derived has one and the same value there.
    pub causal: bool,
    /// Within 1.6e-5 of the kept values; else from the overview's high bytes, whose cells cover `pool` × `pool`.
    pub exact: bool,
    /// The kept values to the last bit.
    pub lossless: bool,
    /// Cells along one side of a cell of the overview; 1 if the values are exact.
    pub pool: usize,
    /// Smallest and largest value, exact from the start. Of what was derived, the smallest and largest finite value
    /// that is not masked.
    pub range: (f32, f32),
    /// Not a pattern: cells may have any value, or none.
    pub derived: bool,
    /// The first key is left out: its cells count as masked.
    pub headless: bool,
    values: Vec<f32>,
}

impl Matrix {
    fn new(n: usize, causal: bool, range: (f32, f32), values: Vec<f32>) -> Self {
        Matrix { n, causal, exact: true, lossless: false, pool: 1, range, derived: false, headless: false, values }
    }

    /// From the overview alone: the high bytes, each spread over the cells that it stands for.
    pub fn approximate(overview: &Overview, layer: &OverviewLayer, head: LayerHead) -> Result<Self, NpzError> {
        let meta = overview.meta;
        check(overview, head)?;
        let (n, pool, side) = (meta.n_ctx, meta.pool, meta.overview_side());
        let hi = layer.head(head.head);
        let mut values = vec![0.0; n * n];
        for (query, row) in values.chunks_exact_mut(n.max(1)).enumerate() {
            let blocks = &hi[query / pool * side..(query / pool + 1) * side];
            let keys = if meta.causal { query + 1 } else { n };
            for (cells, &block) in row[..keys].chunks_mut(pool).zip(blocks) {
                cells.fill(dequantize_hi(block));
            }
        }
        let range = overview.range(head.layer, head.head);
        Ok(Matrix { exact: false, pool, ..Matrix::new(n, meta.causal, range, values) })
    }

    /// From the overview and the layer's exact file.
    pub fn exact(overview: &Overview, layer: &ExactLayer, head: LayerHead) -> Result<Self, NpzError> {
        check(overview, head)?;
        let meta = overview.meta;
        let range = overview.range(head.layer, head.head);
        let values = layer.head(head.head);
        let lossless = meta.precision == Precision::F32;
        Ok(Matrix { lossless, ..Matrix::new(meta.n_ctx, meta.causal, range, values) })
    }

    /// From values that are exact.
    #[cfg(test)]
    pub fn of(n: usize, causal: bool, values: Vec<f32>) -> Self {
        let range = min_max(values.iter().copied());
        Matrix::new(n, causal, range, values)
    }

    /// What an expression made of this pattern, as many values.
    pub fn derive(&self, values: Vec<f32>) -> Self {
        let mut matrix = Matrix { derived: true, values, ..*self };
        matrix.causal = self.causal && matrix.is_constant_above();
        matrix.range = min_max(matrix.open().filter(|value| value.is_finite()));
        matrix
    }

    /// Without the first key; what remains of each row may be brought to the sum 1, where it is not 0.
    pub fn without_first(&self, renormalise: bool) -> Self {
        let mut matrix = Matrix { headless: true, derived: self.derived || renormalise, ..self.clone() };
        if renormalise {
            for query in 0..self.n {
                let row = &mut matrix.values[query * self.n + 1..(query + 1) * self.n];
                let sum: f32 = row.iter().sum();
                row.iter_mut().for_each(|value| *value /= if sum == 0.0 { 1.0 } else { sum });
            }
        }
        matrix.range = min_max(matrix.open().filter(|value| value.is_finite()));
        matrix
    }

    /// Whether all cells above the diagonal have the same value, so that nothing is lost where they are masked. Of one
    /// such cell alone that says nothing: it must be 0.
    fn is_constant_above(&self) -> bool {
        let first = self.values.get(self.n.saturating_sub(1)).copied().unwrap_or_default();
        let mut above = self.values.chunks_exact(self.n.max(1)).enumerate().flat_map(|(query, row)| &row[query + 1..]);
        let is_same = |value: f32| value == first || (value.is_nan() && first.is_nan());
        (self.n != 2 || first == 0.0) && above.all(|&value| is_same(value))
    }

    /// The values of all cells that are not masked.
    pub fn open(&self) -> impl Iterator<Item = f32> + '_ {
        let first = usize::from(self.headless);
        let keys = move |query: usize| if self.causal { query + 1 } else { self.n };
        let rows = self.values.chunks_exact(self.n.max(1)).enumerate();
        rows.flat_map(move |(query, row)| &row[first..keys(query)]).copied()
    }

    /// The one value of all masked cells, if there are some.
    pub fn masked(&self) -> Option<f32> {
        (self.causal && self.n > 1).then(|| self.values[self.n - 1])
    }

    /// Whether the values lie on both sides of 0, so that their colours go apart from there.
    pub fn diverges(&self) -> bool {
        self.derived && scale::diverges(self.range)
    }

    /// How strong a value is among all, from 0 to 1; 0 if it is not finite.
    pub fn strength(&self, value: f32) -> f32 {
        let (min, max) = self.range;
        match value {
            value if !self.derived => value.min(1.0),
            value if !value.is_finite() => 0.0,
            value if self.diverges() => value.abs() / max.max(-min),
            value if min < 0.0 => (value - min) / (max - min),
            value if max > 0.0 => value / max,
            _ => 0.0,
        }
    }

    /// Whether the cell can hold no attention. In a pattern its value is exactly 0.
    pub fn is_out_of_reach(&self, cell: Cell) -> bool {
        self.causal && cell.key > cell.query
    }

    /// Whether the cell is left out.
    pub fn is_hidden(&self, cell: Cell) -> bool {
        self.headless && cell.key == 0
    }

    /// Whether the cell can hold no attention, or is left out.
    pub fn is_masked(&self, cell: Cell) -> bool {
        self.is_out_of_reach(cell) || self.is_hidden(cell)
    }

    /// # Panics
    /// If the cell lies outside of the pattern.
    pub fn value(&self, cell: Cell) -> f32 {
        self.values[cell.query * self.n + cell.key]
    }

    /// What some queries attend to, by key, or how much some keys are attended to, by query: the sum of their rows or
    /// columns. `None` where all of it is masked.
    pub fn sum(&self, tokens: &[usize], role: Role) -> Vec<Option<f32>> {
        let open = |token: usize, other: usize| {
            let cell = match role {
                Role::Query => Cell { query: token, key: other },
                Role::Key => Cell { query: other, key: token },
            };
            (token < self.n && !self.is_masked(cell)).then(|| self.value(cell))
        };
        let add = |sum: Option<f32>, value: f32| Some(sum.unwrap_or(0.0) + value);
        (0..self.n).map(|other| tokens.iter().filter_map(|&token| open(token, other)).fold(None, add)).collect()
    }

    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Every cell's place in a colour map of 256 entries, row by row, or column by column.
    pub fn indices(&self, colours: &Colours, transposed: bool) -> Vec<Place> {
        let place = colours.places();
        let mut indices = Vec::with_capacity(self.values.len());
        for row in 0..self.n {
            for column in 0..self.n {
                let (query, key) = if transposed { (column, row) } else { (row, column) };
                let cell = Cell { query, key };
                indices.push(if self.is_masked(cell) { MASKED } else { place(self.value(cell)) });
            }
        }
        indices
    }
}

fn check(overview: &Overview, head: LayerHead) -> Result<(), NpzError> {
    let meta = overview.meta;
    if head.layer < meta.n_layers && head.head < meta.n_heads {
        return Ok(());
    }
    Err(NpzError(format!("there is no head {head}; the file has {} layers of {} heads", meta.n_layers, meta.n_heads)))
}

#[cfg(test)]
mod tests {
    use lens_schema::shard::{Meta, pack_layer, write_exact, write_overview};

    use crate::single::raster::NOT_FINITE;

    use super::*;

    fn indices(matrix: &Matrix, range: (f32, f32)) -> Vec<Place> {
        matrix.indices(&Colours { range, ..Colours::default() }, false)
    }

    /// A causal pattern of one head that attends to itself and, evenly, to everything before.
    fn values(n: usize) -> Vec<f32> {
        let cell = |q: usize, k: usize| match k {
            k if k > q => 0.0,
            k if k == q && q > 0 => 0.5,
            _ => (if q > 0 { 0.5 } else { 1.0 }) / q.max(1) as f32,
        };
        (0..n * n).map(|i| cell(i / n, i % n)).collect()
    }

    #[test]
    fn overview_first_and_exact_values_later() {
        for n in [1, 5, 200] {
            let meta = Meta::new(1, 1, n, true);
            let packed = pack_layer(&meta, &values(n));
            let overview = Overview::read(write_overview(&meta, std::slice::from_ref(&packed)).unwrap()).unwrap();
            let head = LayerHead { layer: 0, head: 0 };
            let heads = overview.layer(0).unwrap();
            let first = Matrix::approximate(&overview, &heads, head).unwrap();
            assert!(!first.exact && (first.pool > 1) == (n > 128));
            let layer = ExactLayer::read(&overview, 0, &write_exact(&meta, &packed).unwrap()).unwrap();
            let exact = Matrix::exact(&overview, &layer, head).unwrap();
            assert_eq!(first.range, exact.range);
            for (i, truth) in values(n).into_iter().enumerate() {
                let cell = Cell { query: i / n, key: i % n };
                assert!((exact.value(cell) - truth).abs() <= 1.6e-5);
                if exact.is_masked(cell) {
                    assert_eq!((first.value(cell), exact.value(cell)), (0.0, 0.0));
                } else if n <= 128 {
                    assert!((first.value(cell) - truth).abs() < 0.01);
                }
            }
            assert!(Matrix::approximate(&overview, &heads, LayerHead { layer: 0, head: 1 }).is_err());
        }
    }

    #[test]
    fn what_is_derived_has_its_own_range_and_colours() {
        let pattern = Matrix::of(2, true, vec![1.0, 0.0, 0.25, 0.75]);
        let signed = pattern.derive(vec![-2.0, 1.0, f32::NAN, f32::INFINITY]);
        assert_eq!((signed.range, signed.causal, signed.diverges()), ((-2.0, 1.0), false, true));
        assert_eq!(indices(&signed, (-2.0, 2.0)), [0, 192, NOT_FINITE, NOT_FINITE]);
        assert_eq!([-2.0, 1.0, f32::NAN].map(|v| signed.strength(v)), [1.0, 0.5, 0.0]);
        // Logarithms, with a rounding above 0, and what stays 0 where there is no attention.
        let logarithms = pattern.derive(vec![4e-9, -8.0, -0.6, -0.1]);
        assert!(!logarithms.diverges());
        assert_eq!([-8.0, -4.0].map(|v| logarithms.strength(v)), [0.0, 0.5]);
        let kept = pattern.derive(vec![4.0, 0.0, 1.0, 3.0]);
        assert!(kept.causal && !kept.diverges() && kept.strength(1.0) == 0.25);
        assert_eq!((kept.range, kept.masked()), ((1.0, 4.0), Some(0.0)));
        assert_eq!(pattern.derive(vec![f32::NAN; 4]).range, (0.0, 0.0));
        assert_eq!(pattern.derive(vec![0.0; 4]).strength(0.0), 0.0);
        assert!(!pattern.diverges() && pattern.strength(0.75) == 0.75);
    }

    #[test]
    fn what_is_the_same_in_all_masked_cells_stays_masked() {
        let pattern = Matrix::of(3, true, vec![1.0, 0.0, 0.0, 0.5, 0.5, 0.0, 0.25, 0.25, 0.5]);
        let derived =
            |above: [f32; 3]| pattern.derive(vec![0.0, above[0], above[1], -1.0, -1.0, above[2], -2.0, -2.0, -1.0]);
        for value in [0.0, -8.0, f32::NEG_INFINITY, f32::NAN] {
            let matrix = derived([value; 3]);
            assert!(matrix.causal && matrix.range == (-2.0, 0.0) && matrix.open().count() == 6, "{value}");
            assert!(matrix.masked().is_some_and(|masked| masked == value || value.is_nan()));
        }
        let all = derived([0.0, 0.0, -8.0]);
        assert_eq!((all.causal, all.range, all.masked()), (false, (-8.0, 0.0), None));
        // The only cell of its kind.
        let two = Matrix::of(2, true, vec![1.0, 0.0, 0.25, 0.75]);
        assert!(!two.derive(vec![0.0, -0.25, 0.25, 0.0]).causal && two.derive(vec![2.0, 0.0, 1.0, 1.0]).causal);
    }

    #[test]
    fn rows_and_columns() {
        let matrix = Matrix::of(2, false, vec![0.1, 0.9, 0.4, 0.6]);
        assert_eq!(matrix.sum(&[1], Role::Query), [Some(0.4), Some(0.6)]);
        assert_eq!(matrix.sum(&[1], Role::Key), [Some(0.9), Some(0.6)]);
        assert_eq!(matrix.sum(&[1, 0], Role::Query), [Some(0.5), Some(1.5)]);
        assert_eq!(matrix.sum(&[], Role::Query), [None; 2]);
        assert_eq!(indices(&matrix, (0.1, 0.9)), [0, 255, 96, 160]);
        assert!(!matrix.is_masked(Cell { query: 0, key: 1 }));
        let causal = Matrix::of(2, true, vec![1.0, 0.0, 0.25, 0.75]);
        assert_eq!(indices(&causal, (0.0, 1.0)), [255, MASKED, 64, 192]);
        assert_eq!(causal.indices(&Colours::default(), true), [255, 64, MASKED, 192]);
        assert_eq!(causal.sum(&[1], Role::Key), [None, Some(0.75)]);
        assert_eq!(causal.sum(&[0, 1], Role::Key), [Some(1.0), Some(1.0)]);
    }

    #[test]
    fn the_first_key_is_left_out() {
        let pattern = Matrix::of(3, true, vec![1.0, 0.0, 0.0, 0.5, 0.5, 0.0, 0.6, 0.1, 0.3]);
        let hidden = pattern.without_first(false);
        assert_eq!((hidden.range, hidden.derived), ((0.1, 0.5), false));
        assert!(hidden.is_masked(Cell { query: 2, key: 0 }) && !hidden.is_masked(Cell { query: 2, key: 1 }));
        assert_eq!(hidden.sum(&[2], Role::Query), [None, Some(0.1), Some(0.3)]);
        let whole = pattern.without_first(true);
        assert_eq!([1, 2].map(|key| whole.value(Cell { query: 2, key })), [0.25, 0.75]);
        assert_eq!((whole.range, whole.derived, whole.open().count()), ((0.25, 1.0), true, 3));
        assert_eq!(Matrix::of(1, true, vec![1.0]).without_first(true).range, (0.0, 0.0));
    }
}
