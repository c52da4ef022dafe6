//! Matrix products of plain slices.

/// A view of a matrix in a slice: element (r, c) is at `r · row_stride + c · column_stride`.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a> {
    pub values: &'a [f32],
    pub row_stride: usize,
    pub column_stride: usize,
}

impl<'a> Matrix<'a> {
    /// Rows of `row_stride` values each, of which the first columns are used.
    pub fn rows(values: &'a [f32], row_stride: usize) -> Self {
        Matrix { values, row_stride, column_stride: 1 }
    }

    pub fn transposed(self) -> Self {
        Matrix { row_stride: self.column_stride, column_stride: self.row_stride, ..self }
    }

    fn holds(&self, rows: usize, columns: usize) -> bool {
        rows == 0 || columns == 0 || last(rows, columns, self.row_stride, self.column_stride) < self.values.len()
    }
}

fn last(rows: usize, columns: usize, row_stride: usize, column_stride: usize) -> usize {
    (rows - 1) * row_stride + (columns - 1) * column_stride
}

/// Who computes a product.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Threads {
    One,
    All,
}

/// c ← a · b (+ c if `add`), for a of `[m, k]` and b of `[k, n]`. `c` has rows of `c_stride` values, of which the
/// first `n` are written.
///
/// # Panics
/// If a slice is too short for its shape.
pub(super) fn multiply(
    [m, k, n]: [usize; 3],
    a: Matrix<'_>,
    b: Matrix<'_>,
    c: &mut [f32],
    c_stride: usize,
    add: bool,
    threads: Threads,
) {
    assert!(a.holds(m, k) && b.holds(k, n), "an operand is smaller than its shape");
    assert!(n <= c_stride && (m == 0 || n == 0 || last(m, n, c_stride, 1) < c.len()), "the result does not fit");
    let parallelism = match threads {
        Threads::One => gemm::Parallelism::None,
        Threads::All => gemm::Parallelism::Rayon(0),
    };
    // SAFETY: the assertions above keep every element that the strides reach inside its slice, and `c` is
    // borrowed mutably, so it overlaps neither operand.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            c.as_mut_ptr(),
            1,
            c_stride as isize,
            add,
            a.values.as_ptr(),
            a.column_stride as isize,
            a.row_stride as isize,
            b.values.as_ptr(),
            b.column_stride as isize,
            b.row_stride as isize,
            1.0,
            1.0,
            false,
            false,
            false,
            parallelism,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_with_strides() {
        // a = [[1, 2], [3, 4]] in rows of three, b = [[5, 6], [7, 8]] stored by columns
        let (a, b) = ([1., 2., 0., 3., 4., 0.], [5., 7., 6., 8.]);
        let b = Matrix::rows(&b, 2).transposed();
        let mut c = [100.0, 0.0, -1.0, 0.0, 0.0, -1.0];
        multiply([2, 2, 2], Matrix::rows(&a, 3), b, &mut c, 3, true, Threads::One);
        assert_eq!(c, [119.0, 22.0, -1.0, 43.0, 50.0, -1.0]);
        multiply([2, 2, 2], Matrix::rows(&a, 3), b, &mut c, 3, false, Threads::All);
        assert_eq!(c, [19.0, 22.0, -1.0, 43.0, 50.0, -1.0]);
    }
}
