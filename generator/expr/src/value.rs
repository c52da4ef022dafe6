//! Numbers, rows, columns and matrices while an expression is evaluated.

use std::borrow::Cow;

use crate::function::Axis;

/// `[rows, columns]` values by rows. Borrowed as long as it is the pattern itself.
#[derive(Debug, Clone)]
pub(crate) struct Value<'a> {
    pub rows: usize,
    pub columns: usize,
    pub cells: Cow<'a, [f64]>,
}

impl<'a> Value<'a> {
    pub fn number(value: f64) -> Self {
        Value { rows: 1, columns: 1, cells: Cow::Owned(vec![value]) }
    }

    /// A matrix `[n, n]` from its cells: query, key.
    pub fn square(n: usize, cell: impl Fn(usize, usize) -> f64) -> Self {
        let mut cells = Vec::with_capacity(n * n);
        for i in 0..n {
            cells.extend((0..n).map(|j| cell(i, j)));
        }
        Value { rows: n, columns: n, cells: Cow::Owned(cells) }
    }

    /// The first cell: the value of a number.
    pub fn first(&self) -> f64 {
        self.cells[0]
    }

    fn row(&self, row: usize) -> &[f64] {
        let row = if self.rows == 1 { 0 } else { row };
        &self.cells[row * self.columns..(row + 1) * self.columns]
    }

    /// Rows and columns repeated where there is only one of them.
    fn expand(self, rows: usize, columns: usize) -> Value<'a> {
        if (self.rows, self.columns) == (rows, columns) {
            return self;
        }
        let mut cells = Vec::with_capacity(rows * columns);
        for i in 0..rows {
            match self.row(i) {
                &[cell] if columns != 1 => cells.resize(cells.len() + columns, cell),
                row => cells.extend_from_slice(row),
            }
        }
        Value { rows, columns, cells: Cow::Owned(cells) }
    }

    pub fn transpose(self) -> Value<'a> {
        let (rows, columns) = (self.columns, self.rows);
        if rows == 1 || columns == 1 {
            return Value { rows, columns, cells: self.cells };
        }
        let mut cells = vec![0.0; rows * columns];
        // In tiles, so that neither side strides through memory for long.
        const TILE: usize = 16;
        for (top, left) in (0..rows).step_by(TILE).flat_map(|top| (0..columns).step_by(TILE).map(move |c| (top, c))) {
            for i in top..rows.min(top + TILE) {
                for j in left..columns.min(left + TILE) {
                    cells[i * columns + j] = self.cells[j * rows + i];
                }
            }
        }
        Value { rows, columns, cells: Cow::Owned(cells) }
    }

    /// A function of cells at the same place, the values broadcast as in numpy.
    pub fn cellwise(kernel: fn(&mut [f64], &[&[f64]]), mut values: Vec<Value<'a>>) -> Value<'a> {
        // One of them is 1, or both are the same; n may be 0.
        let longer = |a: usize, b: usize| if a == 1 { b } else { a };
        let rows = values.iter().fold(1, |rows, value| longer(rows, value.rows));
        let columns = values.iter().fold(1, |columns, value| longer(columns, value.columns));
        let others = values.split_off(1);
        let first = values.remove(0).expand(rows, columns);
        let mut cells = first.cells.into_owned();
        // What has one column is repeated for a row at a time.
        let mut repeated = vec![vec![0.0; columns]; others.len()];
        for (i, out) in cells.chunks_exact_mut(columns.max(1)).enumerate() {
            for (row, other) in repeated.iter_mut().zip(&others) {
                if other.columns != columns && (i == 0 || other.rows != 1) {
                    row.fill(other.row(i)[0]);
                }
            }
            let slices: Vec<&[f64]> = others
                .iter()
                .zip(&repeated)
                .map(|(other, row)| if other.columns == columns { other.row(i) } else { &row[..] })
                .collect();
            kernel(out, &slices);
        }
        Value { rows, columns, cells: Cow::Owned(cells) }
    }

    /// Many values to one: all of them, or those of each column or row. What is reduced keeps its dimension.
    pub fn reduce(self, kernel: fn(&[f64]) -> f64, axis: Axis) -> Value<'a> {
        match axis {
            Axis::Both => Value::number(kernel(&self.cells)),
            Axis::Down => self.transpose().reduce(kernel, Axis::Across).transpose(),
            Axis::Across => {
                let cells = (0..self.rows).map(|i| kernel(self.row(i))).collect();
                Value { rows: self.rows, columns: 1, cells: Cow::Owned(cells) }
            }
        }
    }

    /// A function of whole rows or columns.
    pub fn along(self, kernel: impl Fn(&mut [f64]), axis: Axis) -> Value<'a> {
        if axis == Axis::Down {
            return self.transpose().along(kernel, Axis::Across).transpose();
        }
        let Value { rows, columns, cells } = self;
        let mut cells = cells.into_owned();
        cells.chunks_exact_mut(columns.max(1)).for_each(kernel);
        Value { rows, columns, cells: Cow::Owned(cells) }
    }

    /// Moved by so many places; what leaves at one end enters at the other.
    pub fn roll(self, shift: f64, axis: Axis) -> Value<'a> {
        self.along(|row| row.rotate_right(shift.rem_euclid(row.len() as f64) as usize), axis)
    }
}
