//! Where a tensor's values lie in a file, and how they become f32.

use anyhow::{Result, anyhow, ensure};
use half::{bf16, f16};
use rayon::prelude::*;

/// A tensor in the bytes of a file.
#[derive(Debug, Clone)]
pub(super) struct View {
    pub kind: Kind,
    pub shape: Vec<usize>,
    /// Values from one index of a dimension to the next.
    pub strides: Vec<usize>,
    /// Byte of the first value.
    pub start: usize,
}

/// How a value is stored; always little-endian.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    F64,
    F32,
    F16,
    Bf16,
    /// Anything that is not a plain float, by the name that the file has for it.
    Other(String),
}

impl Kind {
    /// An error unless its values can be read.
    pub fn check(&self) -> Result<()> {
        match self {
            Kind::Other(kind) => Err(not_a_float(kind)),
            _ => Ok(()),
        }
    }

    /// Bytes of a value; 0 for what cannot be read.
    fn size(&self) -> usize {
        match self {
            Kind::F64 => 8,
            Kind::F32 => 4,
            Kind::F16 | Kind::Bf16 => 2,
            Kind::Other(_) => 0,
        }
    }
}

fn not_a_float(kind: &str) -> anyhow::Error {
    anyhow!(
        "its values are of type {kind}: only f64, f32, f16 and bf16 weights are supported; give the original model, not \
         a quantised one"
    )
}

impl View {
    /// Values one after the other in C order.
    pub fn contiguous(kind: Kind, shape: Vec<usize>, start: usize) -> View {
        let strides = contiguous_strides(&shape);
        View { kind, shape, strides, start }
    }

    /// An error unless all values lie before byte `end`.
    pub fn check(&self, end: usize) -> Result<()> {
        let last = self.span().and_then(|n| n.checked_mul(self.kind.size())).and_then(|n| n.checked_add(self.start));
        ensure!(last.is_some_and(|last| last <= end), "values of a tensor lie outside of what holds them");
        Ok(())
    }

    /// Values from the first to the last; `None` if that overflows.
    fn span(&self) -> Option<usize> {
        if self.shape.contains(&0) {
            return Some(0);
        }
        self.shape
            .iter()
            .zip(&self.strides)
            .try_fold(1usize, |span, (n, stride)| span.checked_add((n - 1).checked_mul(*stride)?))
    }

    /// The bytes that reading it touches.
    pub fn bytes(&self) -> std::ops::Range<usize> {
        self.start..self.start + self.span().unwrap_or(0) * self.kind.size()
    }

    /// The same matrix with rows and columns exchanged.
    pub fn transposed(mut self) -> View {
        self.shape.reverse();
        self.strides.reverse();
        self
    }

    /// The values as f32 in C order. `file` is what the view was checked against.
    pub fn values(&self, file: &[u8]) -> Result<Vec<f32>> {
        let bytes = &file[self.bytes()];
        Ok(match &self.kind {
            Kind::F64 => self.gather(bytes, |b| f64::from_le_bytes(b) as f32),
            Kind::F32 => self.gather(bytes, f32::from_le_bytes),
            Kind::F16 => self.gather(bytes, |b| f16::from_le_bytes(b).to_f32()),
            Kind::Bf16 => self.gather(bytes, |b| bf16::from_le_bytes(b).to_f32()),
            Kind::Other(kind) => return Err(not_a_float(kind)),
        })
    }

    fn gather<const N: usize>(&self, bytes: &[u8], value: impl Fn([u8; N]) -> f32 + Sync) -> Vec<f32> {
        const AT_ONCE: usize = 1 << 16;
        let stored = bytes.as_chunks::<N>().0;
        let mut values = vec![0.0; self.shape.iter().product()];
        if values.is_empty() {
            return values;
        }
        if self.strides == contiguous_strides(&self.shape) {
            values.par_chunks_mut(AT_ONCE).zip(stored.par_chunks(AT_ONCE)).for_each(|(values, stored)| {
                values.iter_mut().zip(stored).for_each(|(v, b)| *v = value(*b));
            });
            return values;
        }
        // Matrices of the last two dimensions, one for every index of the others.
        let dim = |back: usize| match self.shape.len().checked_sub(back) {
            Some(at) => (self.shape[at], self.strides[at]),
            None => (1, 0),
        };
        let ((rows, row_stride), (columns, column_stride)) = (dim(2), dim(1));
        for (matrix, out) in values.chunks_mut(rows * columns).enumerate() {
            let first = self.offset_of_matrix(matrix);
            out.par_chunks_mut(TILE * columns).enumerate().for_each(|(band, out)| {
                let at = first + band * TILE * row_stride;
                // Tiles keep both sides in the cache, whichever of them is walked across its rows.
                for tile in (0..columns).step_by(TILE) {
                    for (r, row) in out.chunks_mut(columns).enumerate() {
                        let end = (tile + TILE).min(columns);
                        for (c, v) in row[tile..end].iter_mut().enumerate() {
                            *v = value(stored[at + r * row_stride + (tile + c) * column_stride]);
                        }
                    }
                }
            });
        }
        values
    }

    /// Offset in values of one of the matrices that the dimensions before the last two count.
    fn offset_of_matrix(&self, mut matrix: usize) -> usize {
        let outer = self.shape.len().saturating_sub(2);
        let mut offset = 0;
        for at in (0..outer).rev() {
            offset += matrix % self.shape[at] * self.strides[at];
            matrix /= self.shape[at];
        }
        offset
    }
}

const TILE: usize = 32;

fn contiguous_strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1usize; shape.len()];
    for at in (1..shape.len()).rev() {
        strides[at - 1] = strides[at].saturating_mul(shape[at]);
    }
    strides
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(n: usize) -> Vec<u8> {
        (0..n).flat_map(|v| (v as f32).to_le_bytes()).collect()
    }

    #[test]
    fn transposes_odd_shapes() {
        let (rows, columns) = (37, 70);
        let out = View::contiguous(Kind::F32, vec![rows, columns], 0).transposed();
        assert_eq!(out.shape, [columns, rows]);
        let out = out.values(&file(rows * columns)).unwrap();
        assert!((0..rows).all(|r| (0..columns).all(|c| out[c * rows + r] == (r * columns + c) as f32)));
    }

    #[test]
    fn strides_and_offsets() {
        // Of a [4, 3, 5] tensor: [1.., :, ::2] with the first two dimensions exchanged.
        let view = View { kind: Kind::F32, shape: vec![3, 3, 3], strides: vec![5, 15, 2], start: 15 * 4 };
        view.check(60 * 4).unwrap();
        let out = view.values(&file(60)).unwrap();
        for (i, v) in out.iter().enumerate() {
            let [a, b, c] = [i / 9, i / 3 % 3, i % 3];
            assert_eq!(*v, ((b + 1) * 15 + a * 5 + c * 2) as f32);
        }
        assert!(view.check(59 * 4).is_err());
        // A row that is repeated, a single value, and nothing.
        let view = |shape: &[usize], strides: &[usize]| View {
            kind: Kind::F32,
            shape: shape.to_vec(),
            strides: strides.to_vec(),
            start: 4,
        };
        assert_eq!(view(&[2, 2], &[0, 1]).values(&file(3)).unwrap(), [1.0, 2.0, 1.0, 2.0]);
        assert_eq!(view(&[3], &[2]).values(&file(6)).unwrap(), [1.0, 3.0, 5.0]);
        assert_eq!(view(&[], &[]).values(&file(2)).unwrap(), [1.0]);
        assert!(view(&[0, 7], &[7, 1]).values(&file(1)).unwrap().is_empty());
        assert!(view(&[2, usize::MAX], &[usize::MAX, 2]).check(usize::MAX).is_err());
    }

    #[test]
    fn precisions() {
        let bytes = [f64::to_le_bytes(1.5).to_vec(), vec![0x00, 0x3e], vec![0xc0, 0x3f]].concat();
        let value = |kind, start| View::contiguous(kind, vec![1], start).values(&bytes).unwrap()[0];
        assert_eq!((value(Kind::F64, 0), value(Kind::F16, 8), value(Kind::Bf16, 10)), (1.5, 1.5, 1.5));
        let error = View::contiguous(Kind::Other("I8".to_owned()), vec![1], 0).values(&bytes).unwrap_err();
        assert!(error.to_string().starts_with("its values are of type I8: only "), "{error}");
    }
}
