//! Sums over all cells of a head, taken row by row, while a row is at hand.

use super::lanes::{LANES, sum, vectorised, x_ln_x};

/// Sums over the rows of one pattern.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sums {
    /// Σ A; n, but for rounding.
    pub mass: f64,
    /// Σ A².
    pub squares: f64,
    /// Σ Hᵢ, with the entropy Hᵢ = −Σⱼ A ln A of row i in nats.
    pub entropy: f64,
    /// Σ Hᵢ / ln(number of keys that row i may look at), over the rows that may look at several.
    pub entropy_norm: f64,
    /// Σ exp Hᵢ.
    pub effective_tokens: f64,
    /// Σ A |i − j|.
    pub distance: f64,
    /// Σ A (i − j)².
    pub distance_squared: f64,
    /// Σ A over |i − j| ≤ [`window`].
    pub window: f64,
}

/// What counts as near in a pattern of `n` rows: a quarter of them.
pub fn window(n: usize) -> usize {
    (n / 4).max(1)
}

/// Sums of a pattern of `n` rows.
pub fn sums(values: &[f32], n: usize, causal: bool) -> Sums {
    let mut sums = Sums::default();
    // A row, filled up with zeros, which add nothing to any of the sums.
    let mut padded = vec![0.0; n.next_multiple_of(LANES)];
    vectorised(
        #[inline(always)]
        || {
            for (i, row) in values.chunks_exact(n.max(1)).enumerate() {
                let keys = if causal { i + 1 } else { n };
                padded[..keys].copy_from_slice(&row[..keys]);
                sums.add_row(&padded[..keys.next_multiple_of(LANES)], i, keys, window(n));
            }
        },
    );
    sums
}

impl Sums {
    #[inline(always)]
    fn add_row(&mut self, row: &[f32], query: usize, keys: usize, window: usize) {
        let (query, window) = (query as f32, window as f32);
        let entropy = f64::from(-sum(row, |a, _| x_ln_x(a))).max(0.0);
        self.mass += f64::from(sum(row, |a, _| a));
        self.squares += f64::from(sum(row, |a, _| a * a));
        self.entropy += entropy;
        if keys > 1 {
            self.entropy_norm += entropy / (keys as f64).ln();
        }
        self.effective_tokens += entropy.exp();
        self.distance += f64::from(sum(row, |a, j| a * (j - query).abs()));
        self.distance_squared += f64::from(sum(row, |a, j| a * ((j - query) * (j - query))));
        self.window += f64::from(sum(row, |a, j| if (j - query).abs() <= window { a } else { 0.0 }));
    }
}
