//! Numbers and tokens as text.

/// A value from the exact planes. The codec is within 1.6e-5 of the stored value; six decimals add at most 5e-7,
/// so that what is read off is within 2e-5.
pub fn exact(value: f32) -> String {
    format!("{value:.6}")
}

/// A value from f32: as many digits as tell it from every other f32.
pub fn lossless(value: f32) -> String {
    if value == 0.0 || value >= 1e-4 { value.to_string() } else { format!("{value:e}") }
}

/// A value from the overview alone: no more digits than it is good for.
pub fn approximate(value: f32) -> String {
    match value {
        0.0 => "≈ 0".to_owned(),
        v if v < 0.001 => "< 0.001".to_owned(),
        v => format!("≈ {v:.3}"),
    }
}

/// A value that may be any number: five significant digits, with an exponent where that is shorter.
pub fn number(value: f32) -> String {
    if !value.is_finite() {
        return not_finite(value).to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    if !(1e-4..1e6).contains(&value.abs()) {
        return format!("{value:.3e}");
    }
    let digits = (4 - value.abs().log10().floor() as i32).clamp(0, 8) as usize;
    format!("{value:.digits$}")
}

/// What has no digits.
fn not_finite(value: f32) -> &'static str {
    match value {
        v if v.is_nan() => "NaN",
        v if v > 0.0 => "∞",
        _ => "-∞",
    }
}

/// A value in so little room that there are `digits` digits after the point, or fewer.
pub fn short(value: f32, digits: usize) -> String {
    match value.abs() {
        _ if !value.is_finite() => not_finite(value).to_owned(),
        size if size >= 1000.0 || (size > 0.0 && size < 0.001) => format!("{value:.0e}"),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => {
            let text = format!("{value:.digits$}");
            let (sign, size) = text.split_at(usize::from(text.starts_with('-')));
            size.strip_prefix("0.").map_or_else(|| text.clone(), |digits| format!("{sign}.{digits}"))
        }
    }
}

/// How many cells of all.
pub fn cells(part: usize, all: usize) -> String {
    format!("{} of {} cells", count(part as u64), count(all as u64))
}

/// A number beside the colour bar: short, and never rounded to 0 unless it is 0.
pub fn tick(value: f32) -> String {
    if !value.is_finite() {
        return not_finite(value).to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    if !(1e-4..1e6).contains(&value.abs()) {
        let text = format!("{value:.2e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{}e{exponent}", digits.trim_end_matches('0').trim_end_matches('.'));
    }
    let digits = (2 - value.abs().log10().floor() as i32).clamp(0, 5) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A count with thousands separated: `14 067 712`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// A token on one line with nothing invisible in it: a space is `·`, a line feed `↵`, a tab `⇥`; other control
/// characters, and the ones that change the direction or the joining of text, are spelled by their number.
pub fn visible(token: &str) -> String {
    if token.is_empty() {
        return "∅".to_owned();
    }
    let mut out = String::with_capacity(token.len() + 4);
    for c in token.chars() {
        match c {
            ' ' => out.push('·'),
            '\n' => out.push('↵'),
            '\t' => out.push('⇥'),
            '\r' => out.push('␍'),
            '\u{a0}' => out.push('⍽'),
            c if is_invisible(c) => out.push_str(&format!("\\u{{{:X}}}", c as u32)),
            c => out.push(c),
        }
    }
    out
}

fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// Text on one line: spaces as they are, and nothing else that could not be seen.
pub fn on_one_line(text: &str) -> String {
    text.chars().map(|c| if c == ' ' { c.to_string() } else { visible(c.encode_utf8(&mut [0; 4])) }).collect()
}

/// A token in flowing text: spaces and line feeds as they are, with a `↵` before each break; a token of white space
/// only, and whatever else could not be seen, as [`visible`] spells it.
pub fn flowing(token: &str) -> String {
    if token.chars().all(|c| c == ' ' || c == '\u{a0}') {
        return visible(token);
    }
    let mut out = String::with_capacity(token.len() + 4);
    for c in token.chars() {
        match c {
            ' ' => out.push(' '),
            '\n' => out.push_str("↵\n"),
            c => out.push_str(&visible(c.encode_utf8(&mut [0; 4]))),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_off_is_within_the_bound() {
        for i in 0..=100_000 {
            let p = i as f32 / 100_000.0;
            let stored = lens_schema::shard::dequantize(lens_schema::shard::quantize(p));
            let read: f64 = exact(stored).parse().unwrap();
            assert!((read - f64::from(p)).abs() <= 2e-5, "{p}: {read}");
        }
    }

    #[test]
    fn approximate_values_look_approximate() {
        assert_eq!(approximate(0.0), "≈ 0");
        assert_eq!(approximate(0.0004), "< 0.001");
        assert_eq!(approximate(0.12345), "≈ 0.123");
    }

    #[test]
    fn no_bit_is_lost() {
        for value in [0.0, 1.0, 1.0 / 3.0, 1e-4, 9.999_999e-5, 1.234_567_9e-10, 1e-40, f32::MIN_POSITIVE] {
            let text = lossless(value);
            assert!(text.parse::<f32>() == Ok(value) && text.len() <= 14, "{text}");
        }
    }

    #[test]
    fn ticks_are_short() {
        assert_eq!([0.0, 1.0, 0.25, 0.0001, 0.012345, 12.0].map(tick), ["0", "1", "0.25", "0.0001", "0.0123", "12"]);
        assert_eq!([100.0, -0.25, 1e-9, -2.5e7].map(tick), ["100", "-0.25", "1e-9", "-2.5e7"]);
        assert_eq!(count(14067712), "14\u{202f}067\u{202f}712");
        assert_eq!(count(128), "128");
    }

    #[test]
    fn numbers_of_any_size() {
        let shown = [0.25, -7.9996, 123_456.0, 4e-9, -3.5e12, f32::NAN, -f32::INFINITY, -0.0].map(number);
        assert_eq!(shown, ["0.25000", "-7.9996", "123456", "4.000e-9", "-3.500e12", "NaN", "-∞", "0"]);
        let shown = [0.25, -0.25, 1.0, -12.34, 123.4, 5e6, 4e-9, f32::NAN].map(|value| short(value, 2));
        assert_eq!(shown, [".25", "-.25", "1.00", "-12.3", "123", "5e6", "4e-9", "NaN"]);
        assert_eq!([9.996, -9.996, 0.999].map(|value| short(value, 2)), ["10.00", "-10.00", "1.00"]);
        assert_eq!(cells(3, 2500), "3 of 2\u{202f}500 cells");
    }

    #[test]
    fn nothing_invisible_is_left() {
        assert_eq!(visible(" the\n\t"), "·the↵⇥");
        assert_eq!(visible("<BOS>"), "<BOS>");
        assert_eq!(visible("\u{202e}a\u{0}"), "\\u{202E}a\\u{0}");
        assert_eq!(visible(""), "∅");
        assert_eq!(visible("日本 語é"), "日本·語é");
    }

    #[test]
    fn one_line_stays_one() {
        assert_eq!(on_one_line("A +\n\u{202e}B"), "A +↵\\u{202E}B");
        assert_eq!(on_one_line(""), "");
    }

    #[test]
    fn flowing_text_keeps_its_lines() {
        assert_eq!(flowing(" the"), " the");
        assert_eq!(flowing("\n\n"), "↵\n↵\n");
        assert_eq!(flowing("  "), "··");
        assert_eq!(flowing("\ta b"), "⇥a b");
    }
}
