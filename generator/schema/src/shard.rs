//! The packed patterns of a site.
//!
//! A value p in \[0, 1\] is kept as q = round(65535·√p), in two byte planes. The high bytes are good for every
//! thumbnail, the low bytes give the rest: |error| ≤ 1.6e-5. Causal patterns keep their lower triangle only,
//! row by row (`[n_heads, n(n+1)/2]`), others all of it (`[n_heads, n·n]`).
//!
//! - **overview**: one file per (model, prompt). `L{l}.npy`, u8: the high bytes of all heads, max-pooled by
//!   `pool` × `pool` cells where the pattern has more than [`OVERVIEW_SIDE`] rows; `range.npy`,
//!   f32 `[n_layers, n_heads, 2]`: each head's smallest and largest value; `meta.json`: [`Meta`].
//! - **exact**: one file per (model, prompt, layer). `lo.npy`, u8: the low bytes, never pooled; where the
//!   overview is pooled, `hi.npy` has the high bytes. With [`Precision::F32`] there is `values.npy` instead, f32: the
//!   values themselves. With [`Precision::Overview`] there are no such files.
//!
//! In Python, of an overview that is not pooled:
//! `hi = np.load("overview.npz")["L3"].astype(int); lo = np.load("L3.npz")["lo"]; p = ((hi * 256 + lo) / 65535) ** 2`

mod exact;
mod overview;

use serde::{Deserialize, Serialize};

pub use self::exact::{Exact, ExactLayer, write_exact, write_f32};
pub use self::overview::{Overview, OverviewLayer, write_overview};
use crate::Precision;
use crate::scale::range;

/// Longest side of a head in the overview.
pub const OVERVIEW_SIDE: usize = 128;

/// What the arrays of one (model, prompt) mean; `meta.json` of the overview.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    pub schema: u32,
    pub n_layers: usize,
    pub n_heads: usize,
    /// Rows and columns of a pattern.
    pub n_ctx: usize,
    /// Only the lower triangle is kept; everything above it is exactly 0.
    pub causal: bool,
    /// Cells of the pattern along one side of a cell of the overview.
    pub pool: usize,
    /// What the files of the layers hold.
    pub precision: Precision,
}

impl Meta {
    /// With [`Precision::Exact`].
    pub fn new(n_layers: usize, n_heads: usize, n_ctx: usize, causal: bool) -> Self {
        Meta {
            schema: crate::SCHEMA_VERSION,
            n_layers,
            n_heads,
            n_ctx,
            causal,
            pool: n_ctx.div_ceil(OVERVIEW_SIDE).max(1),
            precision: Precision::Exact,
        }
    }

    /// Rows and columns of a head in the overview.
    pub fn overview_side(&self) -> usize {
        self.n_ctx.div_ceil(self.pool)
    }

    /// Stored cells of a head of `side` rows.
    fn cells(&self, side: usize) -> usize {
        if self.causal { side * (side + 1) / 2 } else { side * side }
    }

    /// Stored cells of row `row`.
    fn row_len(&self, side: usize, row: usize) -> usize {
        if self.causal { row + 1 } else { side }
    }
}

/// q = round(65535·√p), of p clamped to \[0, 1\].
pub fn quantize(p: f32) -> u16 {
    (p.clamp(0.0, 1.0).sqrt() * 65535.0 + 0.5) as u16
}

/// p of q.
pub fn dequantize(q: u16) -> f32 {
    let root = f32::from(q) / 65535.0;
    root * root
}

/// p as the high byte alone shows it; 0 and 255 are exactly 0 and 1.
pub fn dequantize_hi(hi: u8) -> f32 {
    let root = f32::from(hi) / 255.0;
    root * root
}

/// One layer's arrays, ready to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct PackedLayer {
    /// High bytes, pooled if `meta.pool > 1`.
    pub overview: Vec<u8>,
    /// High bytes, not pooled; empty if the overview has them all.
    pub hi: Vec<u8>,
    pub lo: Vec<u8>,
    /// Smallest and largest value of each head.
    pub range: Vec<[f32; 2]>,
}

/// Packs one layer: `values` is `[n_heads, n_ctx, n_ctx]` in C order, query rows, key columns.
///
/// # Panics
/// If `values` has another length than `meta` says.
pub fn pack_layer(meta: &Meta, values: &[f32]) -> PackedLayer {
    let n = meta.n_ctx;
    assert_eq!(values.len(), meta.n_heads * n * n, "a layer is [n_heads, n_ctx, n_ctx]");
    let side = meta.overview_side();
    let mut layer = PackedLayer {
        overview: Vec::with_capacity(meta.n_heads * meta.cells(side)),
        hi: Vec::with_capacity(meta.n_heads * meta.cells(n)),
        lo: Vec::with_capacity(meta.n_heads * meta.cells(n)),
        range: Vec::with_capacity(meta.n_heads),
    };
    let mut quantized = vec![0u16; n];
    for head in values.chunks_exact((n * n).max(1)) {
        let (min, max) = range(head);
        layer.range.push([min, max]);
        let first = layer.hi.len();
        for (row, row_values) in head.chunks_exact(n).enumerate() {
            let stored = &row_values[..meta.row_len(n, row)];
            let quantized = &mut quantized[..stored.len()];
            quantized.iter_mut().zip(stored).for_each(|(q, &p)| *q = quantize(p));
            layer.hi.extend(quantized.iter().map(|&q| (q >> 8) as u8));
            layer.lo.extend(quantized.iter().map(|&q| q as u8));
        }
        if meta.pool > 1 {
            max_pool(meta, &layer.hi[first..], &mut layer.overview);
        }
    }
    if meta.pool == 1 {
        layer.overview = std::mem::take(&mut layer.hi);
    }
    layer
}

/// Appends the largest of every `pool` × `pool` block: a single bright cell stays visible.
fn max_pool(meta: &Meta, hi: &[u8], out: &mut Vec<u8>) {
    let side = meta.overview_side();
    // The largest of each column in the rows of a block so far.
    let mut columns = vec![0u8; meta.n_ctx];
    let mut rest = hi;
    for row in 0..meta.n_ctx {
        let (cells, tail) = rest.split_at(meta.row_len(meta.n_ctx, row));
        rest = tail;
        columns.iter_mut().zip(cells).for_each(|(largest, &cell)| *largest = cell.max(*largest));
        if (row + 1) % meta.pool == 0 || row + 1 == meta.n_ctx {
            let blocks = columns.chunks(meta.pool).take(meta.row_len(side, row / meta.pool));
            out.extend(blocks.map(|block| block.iter().copied().fold(0, u8::max)));
            columns.fill(0);
        }
    }
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

/// A square from its stored cells.
fn unpack<T: Copy + Default>(meta: &Meta, side: usize, stored: &[T]) -> Vec<T> {
    if !meta.causal {
        return stored.to_vec();
    }
    let mut out = vec![T::default(); side * side];
    let mut rest = stored;
    for row in 0..side {
        let (cells, tail) = rest.split_at(row + 1);
        out[row * side..row * side + row + 1].copy_from_slice(cells);
        rest = tail;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows that sum to 1, peaky like attention, from a small linear congruential generator.
    fn pattern(n_heads: usize, n: usize, causal: bool) -> Vec<f32> {
        let mut state = 1u32;
        let mut out = Vec::new();
        for row in (0..n_heads).flat_map(|_| 0..n) {
            let len = if causal { row + 1 } else { n };
            let weights: Vec<f32> = (0..len)
                .map(|_| {
                    state = state.wrapping_mul(1664525).wrapping_add(1013904223);
                    ((state >> 8) as f32 / (1 << 24) as f32 * 12.0).exp()
                })
                .collect();
            let sum: f32 = weights.iter().sum();
            out.extend(weights.iter().map(|w| w / sum));
            out.extend(std::iter::repeat_n(0.0, n - len));
        }
        out
    }

    #[test]
    fn values_come_back_within_the_bound() {
        for (n, causal) in [(1, true), (7, true), (7, false), (128, true), (129, true), (300, true), (150, false)] {
            let meta = Meta::new(2, 3, n, causal);
            let values = [pattern(3, n, causal), pattern(3, n, causal)];
            let packed: Vec<_> = values.iter().map(|v| pack_layer(&meta, v)).collect();
            let overview = Overview::read(write_overview(&meta, &packed).unwrap()).unwrap();
            assert_eq!(overview.meta, meta);
            for layer in 0..2 {
                let exact = write_exact(&meta, &packed[layer]).unwrap();
                let exact = ExactLayer::read(&overview, layer, &exact).unwrap();
                for head in 0..3 {
                    let truth = &values[layer][head * n * n..(head + 1) * n * n];
                    let got = exact.head(head);
                    let worst = got.iter().zip(truth).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                    assert!(worst <= 1.6e-5, "n {n}: {worst}");
                    assert_eq!(overview.range(layer, head), crate::scale::min_max(truth.iter().copied()));
                }
            }
        }
    }

    #[test]
    fn floats_come_back_to_the_last_bit() {
        for (n, causal) in [(1, true), (7, false), (130, true)] {
            let meta = Meta { precision: Precision::F32, ..Meta::new(1, 3, n, causal) };
            let mut values = pattern(3, n, causal);
            values[0] = 1e-40;
            let overview = write_overview(&meta, &[pack_layer(&meta, &values)]).unwrap();
            let overview = Overview::read(overview).unwrap();
            let layer = ExactLayer::read(&overview, 0, &write_f32(&meta, &values).unwrap()).unwrap();
            let got: Vec<u32> = (0..3).flat_map(|head| layer.head(head)).map(f32::to_bits).collect();
            assert_eq!(got, values.into_iter().map(f32::to_bits).collect::<Vec<_>>());
        }
    }

    #[test]
    fn overview_keeps_the_brightest_cell() {
        let n = 300;
        let meta = Meta::new(1, 1, n, true);
        assert_eq!((meta.pool, meta.overview_side()), (3, 100));
        let mut values = vec![0.0; n * n];
        values[250 * n + 100] = 1.0;
        let overview = write_overview(&meta, &[pack_layer(&meta, &values)]).unwrap();
        let tile = Overview::read(overview).unwrap().layer(0).unwrap().head(0);
        let bright: Vec<usize> = (0..tile.len()).filter(|&i| tile[i] > 0).collect();
        assert_eq!((bright, tile[83 * 100 + 33]), (vec![83 * 100 + 33], 255));
    }

    #[test]
    fn bytes_are_the_same_each_time() {
        let meta = Meta::new(1, 2, 40, true);
        let write = || write_overview(&meta, &[pack_layer(&meta, &pattern(2, 40, true))]).unwrap();
        assert_eq!(write(), write());
    }

    #[test]
    fn another_schema_is_refused() {
        let meta = Meta { schema: 99, ..Meta::new(1, 1, 3, true) };
        let bytes = write_overview(&meta, &[pack_layer(&meta, &[0.0; 9])]).unwrap();
        assert!(Overview::read(bytes).unwrap_err().0.contains("schema 99"));
    }

    #[test]
    fn ends_are_exact() {
        assert_eq!((quantize(0.0), quantize(1.0), dequantize(65535), dequantize(0)), (0, 65535, 1.0, 0.0));
        assert_eq!((dequantize_hi(0), dequantize_hi(255)), (0.0, 1.0));
    }
}
