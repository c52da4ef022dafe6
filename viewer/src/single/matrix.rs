//! The values of one head on one prompt, as the page has them so far.

use lens_schema::LayerHead;
use lens_schema::npz::NpzError;
use lens_schema::scale::{Scale, normalized_index};
use lens_schema::shard::{ExactLayer, Overview, dequantize_hi};

use super::geometry::Cell;

/// One pattern: `n` query rows by `n` key columns, C order.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    pub n: usize,
    /// No query attends to a later key.
    pub causal: bool,
    /// Within 1.6e-5 of the stored values; else from the overview's high bytes, whose cells cover `pool` × `pool`.
    pub exact: bool,
    /// Cells along one side of a cell of the overview; 1 if the values are exact.
    pub pool: usize,
    /// Smallest and largest value, exact from the start.
    pub range: (f32, f32),
    values: Vec<f32>,
}

impl Matrix {
    /// From the overview alone: the high bytes, each spread over the cells that it stands for.
    pub fn approximate(overview: &Overview, head: LayerHead) -> Result<Self, NpzError> {
        let meta = overview.meta;
        check(overview, head)?;
        let (n, pool, side) = (meta.n_ctx, meta.pool, meta.overview_side());
        let hi = overview.layer(head.layer)?.head(head.head);
        let mut values = vec![0.0; n * n];
        for (query, row) in values.chunks_exact_mut(n.max(1)).enumerate() {
            let blocks = &hi[query / pool * side..(query / pool + 1) * side];
            let keys = if meta.causal { query + 1 } else { n };
            for (cells, &block) in row[..keys].chunks_mut(pool).zip(blocks) {
                cells.fill(dequantize_hi(block));
            }
        }
        let range = overview.range(head.layer, head.head);
        Ok(Matrix { n, causal: meta.causal, exact: false, pool, range, values })
    }

    /// From the overview and the layer's exact file.
    pub fn exact(overview: &Overview, layer: &ExactLayer, head: LayerHead) -> Result<Self, NpzError> {
        check(overview, head)?;
        let meta = overview.meta;
        let range = overview.range(head.layer, head.head);
        Ok(Matrix { n: meta.n_ctx, causal: meta.causal, exact: true, pool: 1, range, values: layer.head(head.head) })
    }

    /// From values that are exact.
    #[cfg(test)]
    pub fn of(n: usize, causal: bool, values: Vec<f32>) -> Self {
        let range = lens_schema::scale::min_max(values.iter().copied());
        Matrix { n, causal, exact: true, pool: 1, range, values }
    }

    /// Whether the cell can hold no attention; its value is exactly 0.
    pub fn is_masked(&self, cell: Cell) -> bool {
        self.causal && cell.key > cell.query
    }

    /// # Panics
    /// If the cell lies outside of the pattern.
    pub fn value(&self, cell: Cell) -> f32 {
        self.values[cell.query * self.n + cell.key]
    }

    /// What one query attends to, by key.
    pub fn row(&self, query: usize) -> &[f32] {
        &self.values[query * self.n..(query + 1) * self.n]
    }

    /// How much each query attends to one key, by query.
    pub fn column(&self, key: usize) -> impl Iterator<Item = f32> + '_ {
        self.values[key..].iter().step_by(self.n.max(1)).copied()
    }

    /// Every cell's place in a colour map of 256 entries; 0 where there can be no attention.
    pub fn indices(&self, scale: Scale, (min, max): (f32, f32)) -> Vec<u8> {
        let (min, max) = (scale.apply(min), scale.apply(max));
        let n = self.n.max(1);
        let mut indices = vec![0; self.values.len()];
        for (query, (indices, values)) in indices.chunks_exact_mut(n).zip(self.values.chunks_exact(n)).enumerate() {
            let keys = if self.causal { query + 1 } else { n };
            for (index, &value) in indices[..keys].iter_mut().zip(&values[..keys]) {
                *index = normalized_index(scale.apply(value), min, max);
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

    use super::*;

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
            let first = Matrix::approximate(&overview, head).unwrap();
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
            assert!(Matrix::approximate(&overview, LayerHead { layer: 0, head: 1 }).is_err());
        }
    }

    #[test]
    fn rows_and_columns() {
        let matrix = Matrix::of(2, false, vec![0.1, 0.9, 0.4, 0.6]);
        assert_eq!(matrix.row(1), [0.4, 0.6]);
        assert_eq!(matrix.column(1).collect::<Vec<_>>(), [0.9, 0.6]);
        assert_eq!(matrix.indices(Scale::Linear, (0.1, 0.9)), [0, 255, 96, 160]);
        assert!(!matrix.is_masked(Cell { query: 0, key: 1 }));
        let causal = Matrix::of(2, true, vec![1.0, 0.0, 0.25, 0.75]);
        assert_eq!(causal.indices(Scale::Linear, (0.0, 1.0)), [255, 0, 64, 192]);
    }
}
