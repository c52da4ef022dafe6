//! Numbers and tokens as text.

/// A value from the exact planes. The codec is within 1.6e-5 of the stored value; six decimals add at most 5e-7,
/// so that what is read off is within 2e-5.
pub fn exact(value: f32) -> String {
    format!("{value:.6}")
}

/// A value from the overview alone: no more digits than it is good for.
pub fn approximate(value: f32) -> String {
    match value {
        0.0 => "≈ 0".to_owned(),
        v if v < 0.001 => "< 0.001".to_owned(),
        v => format!("≈ {v:.3}"),
    }
}

/// A number beside the colour bar: short, and never rounded to 0 unless it is 0.
pub fn tick(value: f32) -> String {
    if value == 0.0 {
        return "0".to_owned();
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
    fn ticks_are_short() {
        assert_eq!([0.0, 1.0, 0.25, 0.0001, 0.012345, 12.0].map(tick), ["0", "1", "0.25", "0.0001", "0.0123", "12"]);
        assert_eq!(tick(100.0), "100");
        assert_eq!(count(14067712), "14\u{202f}067\u{202f}712");
        assert_eq!(count(128), "128");
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
    fn flowing_text_keeps_its_lines() {
        assert_eq!(flowing(" the"), " the");
        assert_eq!(flowing("\n\n"), "↵\n↵\n");
        assert_eq!(flowing("  "), "··");
        assert_eq!(flowing("\ta b"), "⇥a b");
    }
}
