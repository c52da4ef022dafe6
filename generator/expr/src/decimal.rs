//! Decimal numbers, read without the 10 kB of powers that the standard library needs to round the rarest of them
//! rightly: no compression shrinks those, and the viewer is sent whole.

/// Digits of which a `u64` holds any.
const DIGITS: usize = 19;
/// 10 to this power, and to every smaller one, is exact in f64.
const EXACT: i32 = 22;

/// The number that `text` is: digits with a sign, a fraction and an exponent, each optional, such as `-2`, `.5` or
/// `1e-8`; infinite if it is too large. Correctly rounded up to 2^53 times or divided by 10^22, otherwise to about the
/// last bit.
pub fn decimal(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (digits, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = || whole.bytes().chain(fraction.bytes());
    if all().next().is_none() || !all().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let leading = all().take_while(|b| *b == b'0').count();
    let kept = all().skip(leading).take(DIGITS);
    let mantissa = kept.fold(0u64, |sum, b| sum * 10 + u64::from(b - b'0'));
    let dropped = (whole.len() + fraction.len() - leading).saturating_sub(DIGITS);
    let shift = i32::try_from(dropped as i64 - fraction.len() as i64).ok()?;
    let value = scaled(mantissa as f64, exponent.saturating_add(shift));
    Some(if text.starts_with('-') { -value } else { value })
}

/// `value * 10^power`, in steps that are exact powers.
fn scaled(mut value: f64, power: i32) -> f64 {
    let mut left = power.unsigned_abs();
    while left > 0 && value != 0.0 && value.is_finite() {
        let step = left.min(EXACT as u32);
        let ten = 10f64.powi(step as i32);
        value = if power < 0 { value / ten } else { value * ten };
        left -= step;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_numbers_are_the_standard_librarys() {
        for text in [
            "0",
            "1",
            "-2",
            "+3",
            "1e-8",
            ".5",
            "1.",
            "0.1",
            "3.14159265358979",
            "1E+22",
            "123456789012345e-22",
            "1e22",
        ] {
            assert_eq!(decimal(text).map(f64::to_bits), text.parse().ok().map(f64::to_bits), "{text}");
        }
    }

    #[test]
    fn rare_numbers_are_near_them() {
        for text in [
            "1.7976931348623157e308",
            "2.2250738585072014e-308",
            "12345678901234567890123",
            "0.00000000000000000001234567890123456789",
            "9.999e-300",
        ] {
            let (ours, exact) = (decimal(text).unwrap(), text.parse::<f64>().unwrap());
            assert!(((ours - exact) / exact).abs() < 4.0 * f64::EPSILON, "{text}: {ours} {exact}");
        }
        assert_eq!(
            [decimal("1e999"), decimal("1e-999"), decimal("0e999999")],
            [Some(f64::INFINITY), Some(0.0), Some(0.0)]
        );
    }

    #[test]
    fn what_is_no_number() {
        for text in ["", "-", ".", "e5", "1e", "1e5.0", "1 ", "NaN", "inf", "0x1", "1.2.3", "--1", "1_0", "é"] {
            assert_eq!(decimal(text), None, "{text:?}");
        }
    }
}
