//! Loops over slices that the compiler turns into vector instructions. Each is inlined into a caller that
//! picks the instruction set at run time; sums run in fixed lanes, so results do not depend on the machine's width.

use crate::model::config::NormKind;
use crate::model::mlp::Activation;

/// Runs a loop with the widest vector instructions of this machine.
#[inline]
pub(super) fn vectorised(work: impl FnOnce()) {
    pulp::Arch::new().dispatch(work);
}

const LANES: usize = 16;

#[inline(always)]
fn fold(x: &[f32], start: f32, f: impl Fn(f32, f32) -> f32) -> [f32; LANES] {
    let mut lanes = [start; LANES];
    let (chunks, rest) = x.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, v) in lanes.iter_mut().zip(chunk) {
            *lane = f(*lane, *v);
        }
    }
    for (lane, v) in lanes.iter_mut().zip(rest) {
        *lane = f(*lane, *v);
    }
    lanes
}

#[inline(always)]
fn total(lanes: [f32; LANES]) -> f32 {
    lanes.iter().sum()
}

/// 2ⁿ and eʳ − 1 for which eˣ is 2ⁿ · eʳ, with |r| ≤ ln 2 / 2; of x between −87 and 88.
#[inline(always)]
fn parts_of_exp(x: f32) -> (f32, f32) {
    // Adding 1.5 · 2²³ rounds to a whole number in the low mantissa bits.
    const ROUND: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_145_75;
    const LN_2_LOW: f32 = 1.428_606_8e-6;
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    let r = (x - n * LN_2_HIGH) - n * LN_2_LOW;
    // Taylor series; the next term is below 1e-8 of the value.
    let tail = 1.0 / 120.0 + r * (1.0 / 720.0 + r * (1.0 / 5040.0));
    let power = f32::from_bits((rounded.to_bits() << 23).wrapping_add(127 << 23));
    (power, r * (1.0 + r * (0.5 + r * (1.0 / 6.0 + r * (1.0 / 24.0 + r * tail)))))
}

/// eˣ, with a relative error below 2e-7; 0 below −87.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    let (power, rest) = parts_of_exp(x.clamp(-87.0, 88.0));
    if x < -87.0 { 0.0 } else { (1.0 + rest) * power }
}

/// tanh, with a relative error below 4e-7: a soft cap multiplies it by as much as it divided the scores by.
#[inline(always)]
pub(super) fn tanh(x: f32) -> f32 {
    let (power, rest) = parts_of_exp((2.0 * x.abs()).clamp(0.0, 40.0));
    // e²ˣ − 1, without the loss of digits near 0.
    let m = power * rest + (power - 1.0);
    (m / (m + 2.0)).copysign(x)
}

#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// Abramowitz & Stegun's form of the complementary error function for x ≥ 0, P(t) · t · exp(−x²) with
/// t = 1 / (1 + x / 2); P fitted for the least largest error, 1.5e-8 in f32.
#[inline(always)]
fn erfc(x: f32) -> f32 {
    let t = 1.0 / (1.0 + 0.5 * x);
    let high = 0.122_146_49 + t * (-0.218_220_95 + t * 0.058_797_91);
    let p = 0.277_034_46 + t * (0.321_703_64 + t * (0.130_826_47 + t * (0.307_712 + t * high)));
    t * p * exp(-x * x)
}

/// One activation, value by value.
#[inline(always)]
pub(super) fn activate(x: &mut [f32], activation: Activation) {
    #[inline(always)]
    fn each(x: &mut [f32], f: impl Fn(f32) -> f32) {
        for v in x {
            *v = f(*v);
        }
    }
    match activation {
        Activation::Gelu => each(x, |v| v.max(0.0) - 0.5 * v.abs() * erfc(v.abs() * std::f32::consts::FRAC_1_SQRT_2)),
        Activation::GeluTanh => {
            const TWICE_SQRT_2_OVER_PI: f32 = 1.595_769;
            each(x, |v| v * sigmoid(TWICE_SQRT_2_OVER_PI * (v + 0.044715 * v * v * v)));
        }
        Activation::GeluQuick => each(x, |v| v * sigmoid(1.702 * v)),
        Activation::Silu => each(x, |v| v * sigmoid(v)),
        Activation::Relu => each(x, |v| v.max(0.0)),
        Activation::ReluSquared => each(x, |v| v.max(0.0) * v.max(0.0)),
        Activation::Tanh => each(x, tanh),
        Activation::Sigmoid => each(x, sigmoid),
        Activation::Identity => {}
    }
}

#[inline(always)]
pub(super) fn add(x: &mut [f32], y: &[f32]) {
    for (x, y) in x.iter_mut().zip(y) {
        *x += *y;
    }
}

/// Standardises one row in place, then applies weight and bias.
#[inline(always)]
pub(super) fn norm(x: &mut [f32], kind: NormKind, eps: f32, weight: Option<&[f32]>, bias: Option<&[f32]>) {
    let n = x.len() as f32;
    if kind == NormKind::Layer {
        let mean = total(fold(x, 0.0, |sum, v| sum + v)) / n;
        for v in x.iter_mut() {
            *v -= mean;
        }
    }
    let square = total(fold(x, 0.0, |sum, v| sum + v * v)) / n;
    let factor = 1.0 / (square + eps).sqrt();
    match weight {
        Some(weight) => x.iter_mut().zip(weight).for_each(|(v, w)| *v = *v * factor * w),
        None => x.iter_mut().for_each(|v| *v *= factor),
    }
    if let Some(bias) = bias {
        add(x, bias);
    }
}

/// Turns the pairs of one head; `cos` and `sin` have one value per pair.
#[inline(always)]
pub(super) fn rotate(x: &mut [f32], cos: &[f32], sin: &[f32], interleaved: bool) {
    if interleaved {
        for ((pair, c), s) in x.as_chunks_mut::<2>().0.iter_mut().zip(cos).zip(sin) {
            let [a, b] = *pair;
            *pair = [a * c - b * s, b * c + a * s];
        }
    } else {
        let (first, second) = x.split_at_mut(cos.len());
        for (((a, b), c), s) in first.iter_mut().zip(second).zip(cos).zip(sin) {
            (*a, *b) = (*a * c - *b * s, *b * c + *a * s);
        }
    }
}

/// Raw scores of the keys that a query sees → probabilities, in place.
#[inline(always)]
pub(super) fn softmax(x: &mut [f32], scale: f32, soft_cap: Option<f32>, bias: Option<&[f32]>, sink: Option<f32>) {
    match soft_cap {
        Some(cap) => x.iter_mut().for_each(|v| *v = cap * tanh(*v * scale / cap)),
        None => x.iter_mut().for_each(|v| *v *= scale),
    }
    if let Some(bias) = bias {
        add(x, bias);
    }
    let highest = fold(x, sink.unwrap_or(f32::NEG_INFINITY), |m, v| if v > m { v } else { m });
    let highest = highest.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for v in x.iter_mut() {
        *v = exp(*v - highest);
    }
    let sum = total(fold(x, 0.0, |sum, v| sum + v)) + sink.map_or(0.0, |s| exp(s - highest));
    let factor = 1.0 / sum;
    for v in x.iter_mut() {
        *v *= factor;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worst(f: impl Fn(f32) -> f32, exact: impl Fn(f64) -> f64) -> f64 {
        let points = (-4000..4000).map(|i| i as f32 * 0.005);
        points.map(|x| (f64::from(f(x)) - exact(f64::from(x))).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn exponential() {
        let relative = |x: f32| (f64::from(exp(x)) / f64::from(x).exp() - 1.0).abs();
        let worst = (-8700..8800).map(|i| relative(i as f32 * 0.01)).fold(0.0, f64::max);
        assert!(worst < 2e-7, "{worst:e}");
        assert_eq!((exp(-88.0), exp(f32::NEG_INFINITY), exp(0.0)), (0.0, 0.0, 1.0));
    }

    #[test]
    fn hyperbolic_tangent() {
        let relative = |x: f32| (f64::from(tanh(x)) / f64::from(x).tanh() - 1.0).abs();
        let small = (-120..20).map(|i| 1.3f32.powi(i)).flat_map(|x| [x, -x]).map(relative).fold(0.0, f64::max);
        let even = (1..8000).map(|i| relative(i as f32 * 0.0025)).fold(0.0, f64::max);
        assert!(small < 4e-7 && even < 4e-7, "{small:e} {even:e}");
        assert_eq!((tanh(0.0), tanh(-1e30), tanh(f32::INFINITY)), (0.0, -1.0, 1.0));
    }

    #[test]
    fn activations() {
        let one = |activation| {
            move |x: f32| {
                let mut row = [x];
                activate(&mut row, activation);
                row[0]
            }
        };
        let silu = worst(one(Activation::Silu), |x| x / (1.0 + (-x).exp()));
        let gelu = worst(one(Activation::GeluTanh), |x| {
            0.5 * x * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3))).tanh())
        });
        let exact = worst(one(Activation::Gelu), |x| {
            0.5 * x * (1.0 + candle_core::cpu::erf::erf_f64(x / std::f64::consts::SQRT_2))
        });
        assert!(silu < 3e-6 && gelu < 3e-6 && exact < 3e-6, "{silu:e} {gelu:e} {exact:e}");
    }

    #[test]
    fn softmax_with_a_sink_leaves_room_for_it() {
        let mut row = [1.0, 1.0];
        softmax(&mut row, 1.0, None, None, Some(1.0));
        assert!(row.iter().all(|p| (p - 1.0 / 3.0).abs() < 1e-6));
    }
}
