//! Which keys a query sees, and what position adds to its scores.

use std::ops::Range;

use anyhow::{Result, ensure};

/// The keys that a query sees are always one run of neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mask {
    /// No later keys.
    pub causal: bool,
    /// Only keys at a distance below this.
    pub window: Option<usize>,
}

impl Mask {
    /// The keys, of `n` in all, that query `i` sees. Never empty: a query sees itself.
    pub fn keys(self, i: usize, n: usize) -> Range<usize> {
        let first = self.window.map_or(0, |w| (i + 1).saturating_sub(w.max(1)));
        let end = if self.causal { i + 1 } else { self.window.map_or(n, |w| (i + w.max(1)).min(n)) };
        first..end
    }
}

/// What is added to the scaled attention scores of a head, depending on positions alone.
#[derive(Debug, Clone)]
pub enum PositionBias {
    None,
    /// Attention with linear biases: a slope per head times the key's position.
    Alibi(Alibi),
    /// A learned value per head and class of distances; the layers have the values.
    Relative(Buckets),
}

/// Press, Smith & Lewis 2021, "Train Short, Test Long".
#[derive(Debug, Clone, PartialEq)]
pub struct Alibi {
    /// One per head.
    pub slopes: Vec<f32>,
    /// Slope times position is rounded to bfloat16 before it is used.
    pub rounded: bool,
    /// The bias is multiplied by this many times the attention scale.
    pub scaled: Option<f32>,
    /// Positions are counted back from the input's last token: …, −2, −1, 0. The patterns are the same but for rounding.
    pub from_end: bool,
}

/// Classes of distances: Raffel et al. 2020, "Exploring the Limits of Transfer Learning" (T5), section 2.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buckets {
    pub count: usize,
    /// Distances from here on share the last bucket.
    pub max_distance: usize,
}

/// A position bias worked out for inputs of up to `n` tokens.
#[derive(Debug, Clone)]
pub struct BiasTable {
    /// Per head, in the order of `index`.
    values: Vec<Vec<f32>>,
    index: BiasIndex,
}

/// What the values of a bias table belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BiasIndex {
    /// The key's position: `n` values.
    Key,
    /// The key's position before the input's end: `n` values, the last one of the last key.
    KeyFromEnd,
    /// Distance key − query + n − 1: 2n − 1 values.
    Distance,
}

impl BiasTable {
    /// What is added to head `head`'s scores of query `i` with keys `0..n`.
    pub fn row(&self, head: usize, i: usize, n: usize) -> &[f32] {
        let values = &self.values[head];
        let first = match self.index {
            BiasIndex::Key => 0,
            BiasIndex::KeyFromEnd => values.len() - n,
            BiasIndex::Distance => values.len() / 2 - i,
        };
        &values[first..first + n]
    }
}

impl PositionBias {
    /// The bias of inputs of up to `n` tokens, to be added to scores that were multiplied by `scale`. `learned` has the
    /// layer's values for each head and bucket.
    pub fn table(&self, n: usize, scale: f32, causal: bool, learned: Option<&[Vec<f32>]>) -> Option<BiasTable> {
        match self {
            PositionBias::None => None,
            PositionBias::Alibi(alibi) => Some(alibi.table(n, scale)),
            PositionBias::Relative(buckets) => learned.map(|learned| buckets.table(learned, n, causal)),
        }
    }

    pub(super) fn check(&self, causal: bool) -> Result<()> {
        match self {
            PositionBias::Relative(buckets) => buckets.check(causal),
            _ => Ok(()),
        }
    }
}

impl Alibi {
    /// The paper's slopes: for a power of two, 2^(−8/n), 2^(−16/n), …; otherwise those of the power of two
    /// below, then every other slope of the power of two above. With `rounded_base` they are powers of an f32.
    pub fn slopes(n_heads: usize, rounded_base: bool) -> Vec<f32> {
        let below = if n_heads.is_power_of_two() { n_heads } else { n_heads.next_power_of_two() / 2 };
        let slope = |k: usize, of: usize| {
            let base = (-8.0 / of as f64).exp2();
            let base = if rounded_base { f64::from(base as f32) } else { base };
            base.powf(k as f64) as f32
        };
        let first = (1..=below).map(|k| slope(k, below));
        let rest = (0..n_heads - below).map(|k| slope(2 * k + 1, 2 * below));
        first.chain(rest).collect()
    }

    fn table(&self, n: usize, scale: f32) -> BiasTable {
        let factor = self.scaled.map_or(1.0, |times| times * scale);
        let round = |v: f32| if self.rounded { half::bf16::from_f32(v).to_f32() } else { v };
        let (start, index) =
            if self.from_end { (n as f32 - 1.0, BiasIndex::KeyFromEnd) } else { (0.0, BiasIndex::Key) };
        let value = |slope: f32, position: f32| factor * round(round(slope) * round(position));
        let row = |slope: &f32| (0..n).map(|j| value(*slope, j as f32 - start)).collect();
        BiasTable { values: self.slopes.iter().map(row).collect(), index }
    }
}

impl Buckets {
    /// Buckets of one direction, and how many of them are for one distance each.
    fn of_direction(self, causal: bool) -> (usize, usize) {
        let buckets = if causal { self.count } else { self.count / 2 };
        (buckets, buckets / 2)
    }

    fn check(self, causal: bool) -> Result<()> {
        let (_, exact) = self.of_direction(causal);
        ensure!(exact > 0, "{} buckets of relative positions are too few", self.count);
        ensure!(
            self.max_distance > exact,
            "a largest relative distance of {}: more than {exact} is needed",
            self.max_distance
        );
        Ok(())
    }

    /// Bucket of a key at `distance` = key − query: half of the buckets exact, the rest logarithmically wider
    /// up to `max_distance`; bidirectional inputs split them between the two directions.
    fn bucket(self, distance: isize, causal: bool) -> usize {
        let (buckets, exact) = self.of_direction(causal);
        let (base, far) = if causal {
            (0, (-distance).max(0) as usize)
        } else {
            (if distance > 0 { buckets } else { 0 }, distance.unsigned_abs())
        };
        if far < exact {
            return base + far;
        }
        let log = (far as f32 / exact as f32).ln() / ((self.max_distance as f64 / exact as f64).ln() as f32);
        base + (exact + (log * (buckets - exact) as f32) as usize).min(buckets - 1)
    }

    fn table(self, learned: &[Vec<f32>], n: usize, causal: bool) -> BiasTable {
        let buckets: Vec<usize> = (1 - n as isize..n as isize).map(|d| self.bucket(d, causal)).collect();
        let values = learned.iter().map(|head| buckets.iter().map(|b| head[*b]).collect()).collect();
        BiasTable { values, index: BiasIndex::Distance }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks() {
        let mask = |causal, window| Mask { causal, window };
        assert_eq!(mask(true, None).keys(3, 10), 0..4);
        assert_eq!(mask(true, Some(2)).keys(3, 10), 2..4);
        assert_eq!(mask(true, Some(8)).keys(3, 10), 0..4);
        assert_eq!(mask(false, None).keys(3, 10), 0..10);
        assert_eq!(mask(false, Some(3)).keys(3, 5), 1..5);
    }

    #[test]
    fn slopes_of_a_power_of_two_and_of_others() {
        assert_eq!(Alibi::slopes(4, true), [0.25, 0.0625, 0.015625, 0.00390625]);
        let six = Alibi::slopes(6, true);
        assert_eq!(six[..4], Alibi::slopes(4, true)[..]);
        assert_eq!(six[4..], [Alibi::slopes(8, true)[0], Alibi::slopes(8, true)[2]]);
        assert_eq!(Alibi::slopes(12, false)[10], 0.5f32.powf(2.5));
    }

    #[test]
    fn positions_count_from_either_end() {
        let alibi = |from_end| Alibi { slopes: vec![0.5], rounded: false, scaled: None, from_end };
        let (start, end) = (alibi(false).table(5, 1.0), alibi(true).table(5, 1.0));
        assert_eq!(start.row(0, 2, 3), [0.0, 0.5, 1.0]);
        assert_eq!(end.row(0, 2, 3), [-1.0, -0.5, 0.0]);
    }
}
