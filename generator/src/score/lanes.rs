//! Loops that the compiler turns into vector instructions. Sums run in fixed lanes, so results do not depend on the
//! machine's width.

pub const LANES: usize = 16;

/// Runs a loop with the widest vector instructions of this machine.
#[inline]
pub fn vectorised(work: impl FnOnce()) {
    pulp::Arch::new().dispatch(work);
}

/// ln x of a normal positive x, with an absolute error below 1e-7 beside that of rounding.
#[inline(always)]
pub fn ln(x: f32) -> f32 {
    const SQRT_HALF: u32 = 0x3f35_04f3;
    // x = m · 2ᵉ with m in [√½, √2); ln m = f + f² · Q(f), f = m − 1, with Q fitted for the least largest error.
    let bits = x.to_bits();
    let e = (bits.wrapping_sub(SQRT_HALF) as i32) >> 23;
    let f = f32::from_bits(bits.wrapping_sub((e << 23) as u32)) - 1.0;
    let high = 0.198_882_79 + f * (-0.173_260_05 + f * (0.163_356_35 + f * -0.100_345_74));
    let q = -0.500_005_84 + f * (0.333_352_63 + f * (-0.249_614_64 + f * high));
    e as f32 * std::f32::consts::LN_2 + (f + f * f * q)
}

/// x ln x of x ≥ 0; 0 of 0.
#[inline(always)]
pub fn x_ln_x(x: f32) -> f32 {
    x * ln(x.max(f32::MIN_POSITIVE))
}

/// Σ f(value, index) over a slice of whole chunks.
#[inline(always)]
pub fn sum(values: &[f32], f: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [0.0; LANES];
    let mut first = 0.0;
    for chunk in values.as_chunks::<LANES>().0 {
        for l in 0..LANES {
            lanes[l] += f(chunk[l], first + l as f32);
        }
        first += LANES as f32;
    }
    total(lanes)
}

/// Sum of the lanes.
#[inline(always)]
pub fn total(lanes: [f32; LANES]) -> f32 {
    halves::<2, 1>(halves::<4, 2>(halves::<8, 4>(halves::<LANES, 8>(lanes))))[0]
}

/// The first half and the second, added. With arrays of fixed sizes no lane has to go through memory.
#[inline(always)]
fn halves<const N: usize, const HALF: usize>(lanes: [f32; N]) -> [f32; HALF] {
    let mut sums = [0.0; HALF];
    for l in 0..HALF {
        sums[l] = lanes[l] + lanes[l + HALF];
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_accurate() {
        let mut x = 1e-37f32;
        while x < 4.0 {
            let error = f64::from(ln(x)) - f64::from(x).ln();
            assert!(error.abs() < 1e-7 + 1.2e-7 * f64::from(x).ln().abs(), "{x:e}: {error:e}");
            x *= 1.0003;
        }
        assert_eq!((x_ln_x(0.0), x_ln_x(1.0)), (0.0, 0.0));
    }
}
