//! Rotary position embedding and its scalings.

use std::f64::consts::PI;

use anyhow::{Result, ensure};

/// Su et al. 2021, "RoFormer". Pairs of a head's dimensions are turned by position × frequency.
#[derive(Debug, Clone, PartialEq)]
pub struct Rotary {
    /// How many of a head's first dimensions are turned; even.
    pub dims: usize,
    /// Frequencies are `theta^(−2i / dims)`.
    pub theta: f64,
    /// Pairs are neighbours (0, 1), (2, 3), …; otherwise halves (0, dims/2), (1, dims/2 + 1), ….
    pub interleaved: bool,
    pub scaling: Scaling,
}

/// How the frequencies are stretched to contexts beyond the trained one.
#[derive(Debug, Clone, PartialEq)]
pub enum Scaling {
    None,
    /// All frequencies divided by `factor`.
    Linear {
        factor: f64,
    },
    /// The base grows with the input once it is longer than the trained context.
    Dynamic {
        factor: f64,
        trained: usize,
    },
    /// Llama 3: high frequencies kept, low ones divided by `factor`, a ramp between.
    Llama3 {
        factor: f64,
        low: f64,
        high: f64,
        trained: f64,
    },
    /// Peng et al. 2023, "YaRN": as Llama 3 by dimension, and all rotations multiplied by `attention`.
    Yarn {
        factor: f64,
        beta_fast: f64,
        beta_slow: f64,
        trained: f64,
        attention: f64,
        truncate: bool,
    },
    /// Ding et al. 2024, "LongRoPE": a divisor per frequency; one list up to the trained context, one above.
    LongRope {
        short: Vec<f64>,
        long: Vec<f64>,
        trained: usize,
        attention: f64,
    },
}

/// Cosines and sines for positions `0..n`, each `[n, dims / 2]`.
#[derive(Debug, Clone, PartialEq)]
pub struct RotaryTable {
    pub cos: Vec<f32>,
    pub sin: Vec<f32>,
    /// Values per position.
    pub pairs: usize,
}

impl Rotary {
    /// A plain rotary embedding of whole heads.
    pub fn new(dims: usize, theta: f64) -> Self {
        Rotary { dims, theta, interleaved: false, scaling: Scaling::None }
    }

    pub(super) fn check(&self, d_head: usize) -> Result<()> {
        let dims = self.dims;
        ensure!(
            dims >= 2 && dims.is_multiple_of(2),
            "rotary position embedding of {dims} dimensions: an even number is needed"
        );
        ensure!(dims <= d_head, "rotary position embedding of {dims} dimensions in heads of {d_head}");
        if let Scaling::LongRope { short, long, .. } = &self.scaling {
            for (name, list) in [("short_factor", short), ("long_factor", long)] {
                ensure!(list.len() == dims / 2, "{name} has {} values, {} are needed", list.len(), dims / 2);
            }
        }
        Ok(())
    }

    /// Whether the frequencies depend on the input's length.
    pub fn by_length(&self) -> bool {
        matches!(self.scaling, Scaling::Dynamic { .. } | Scaling::LongRope { .. })
    }

    /// The longest input, where `n_ctx` is what the configuration says without regard to scaling.
    pub fn n_ctx(&self, n_ctx: usize) -> usize {
        match self.scaling {
            Scaling::Dynamic { factor, .. } => (n_ctx as f64 * factor) as usize,
            _ => n_ctx,
        }
    }

    /// The table of an input of `n` tokens. Angles are rounded to f32 where the reference implementation does.
    pub fn table(&self, n: usize) -> RotaryTable {
        let (frequencies, factor) = (self.frequencies(n), self.factor());
        let angles = || (0..n).flat_map(|t| frequencies.iter().map(move |f| f64::from(t as f32 * f)));
        RotaryTable {
            cos: angles().map(|a| (a.cos() * factor) as f32).collect(),
            sin: angles().map(|a| (a.sin() * factor) as f32).collect(),
            pairs: frequencies.len(),
        }
    }

    fn factor(&self) -> f64 {
        match self.scaling {
            Scaling::Yarn { attention, .. } | Scaling::LongRope { attention, .. } => attention,
            _ => 1.0,
        }
    }

    /// Radians per position for each pair, for an input of `n` tokens. In f32 as in the reference implementation: the
    /// last bit of a frequency, times a late position, can be seen in a pattern.
    fn frequencies(&self, n: usize) -> Vec<f32> {
        let plain = |theta: f64| move |i: usize| theta.powf(f64::from((2 * i) as f32 / self.dims as f32));
        let pairs = 0..self.dims / 2;
        let base = plain(self.theta);
        match &self.scaling {
            Scaling::None => pairs.map(|i| 1.0 / base(i) as f32).collect(),
            Scaling::Linear { factor } => pairs.map(|i| 1.0 / base(i) as f32 / *factor as f32).collect(),
            Scaling::Dynamic { factor, trained } => {
                let (n, trained, dims) = (n.max(*trained) as f64, *trained as f64, self.dims as f64);
                let grown = (factor * n / trained - (factor - 1.0)).powf(dims / (dims - 2.0));
                pairs.map(|i| 1.0 / plain(self.theta * grown)(i) as f32).collect()
            }
            Scaling::Llama3 { factor, low, high, trained } => pairs
                .map(|i| {
                    let frequency = 1.0 / base(i) as f32;
                    let (factor, low, high) = (*factor as f32, *low as f32, *high as f32);
                    let turns = *trained as f32 / ((2.0 * PI) as f32 / frequency);
                    // 0: fully stretched, 1: kept
                    let kept = ((turns - low) / (high - low)).clamp(0.0, 1.0);
                    (1.0 - kept) * frequency / factor + kept * frequency
                })
                .collect(),
            Scaling::Yarn { factor, beta_fast, beta_slow, trained, truncate, .. } => {
                let pair_turning =
                    |turns: f64| self.dims as f64 * (trained / (turns * 2.0 * PI)).ln() / (2.0 * self.theta.ln());
                let (mut first, mut last) = (pair_turning(*beta_fast), pair_turning(*beta_slow));
                if *truncate {
                    (first, last) = (first.floor(), last.ceil());
                }
                let (first, mut last) = (first.max(0.0), last.min(self.dims as f64 - 1.0));
                if first == last {
                    last += 0.001;
                }
                pairs
                    .map(|i| {
                        let ramp = (i as f32 - first as f32) / (last - first) as f32;
                        let (kept, base) = (1.0 - ramp.clamp(0.0, 1.0), base(i) as f32);
                        (1.0 - kept) * (1.0 / (*factor as f32 * base)) + kept * (1.0 / base)
                    })
                    .collect()
            }
            Scaling::LongRope { short, long, trained, .. } => {
                let divisors = if n > *trained { long } else { short };
                pairs.map(|i| 1.0 / (divisors[i] as f32 * base(i) as f32)).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_pair_turns_by_one_radian() {
        let table = Rotary::new(4, 10_000.0).table(3);
        assert_eq!(table.pairs, 2);
        assert_eq!(table.cos[..2], [1.0, 1.0]);
        assert!((table.sin[4] - 2f32.sin()).abs() < 1e-7 && (table.sin[5] - 0.02f32.sin()).abs() < 1e-7);
    }

    #[test]
    fn dynamic_scaling_leaves_short_inputs_alone() {
        let plain = Rotary::new(8, 10_000.0);
        let scaling = Scaling::Dynamic { factor: 2.0, trained: 16 };
        let dynamic = Rotary { scaling, ..plain.clone() };
        assert_eq!(dynamic.frequencies(16), plain.frequencies(16));
        assert!(dynamic.frequencies(17)[3] < plain.frequencies(17)[3]);
    }

    #[test]
    fn odd_dimensions_are_refused() {
        let e = Rotary::new(3, 1e4).check(8).unwrap_err().to_string();
        assert_eq!(e, "rotary position embedding of 3 dimensions: an even number is needed");
    }
}
