//! The values in view as files of numbers.

use lens_schema::npz::{Dtype, npy_header};

use super::Exhibit;

/// A table with a line per row: its position and token, then its values. The first line has the positions and tokens of
/// the columns. Fields are quoted as RFC 4180 has it; the position before the token tells equal tokens apart, and keeps
/// a table's program from taking a token for a formula.
pub fn csv(exhibit: &Exhibit) -> String {
    let [rows, columns] = exhibit.lines();
    let label = |at: usize| field(&format!("{at} {}", exhibit.labels[at]));
    let mut out = format!("{} \\ {}", exhibit.axes()[0], exhibit.axes()[1]);
    for column in columns.clone() {
        out.push(',');
        out.push_str(&label(column));
    }
    let mut values = exhibit.values();
    for row in rows {
        out.push_str("\r\n");
        out.push_str(&label(row));
        for value in values.by_ref().take(columns.len()) {
            // The shortest digits that stand for this number alone.
            out.push_str(&format!(",{value}"));
        }
    }
    out.push_str("\r\n");
    out
}

/// A field of a table, in quotes if it needs them.
fn field(text: &str) -> String {
    let needs = text.contains([',', '"', '\r', '\n']) || text.trim() != text;
    if needs { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// numpy's format: f32, `[rows, columns]`, C order.
pub fn npy(exhibit: &Exhibit) -> Vec<u8> {
    let mut out = npy_header(Dtype::F32, &[exhibit.side(), exhibit.side()]);
    out.extend(bytes(exhibit));
    out
}

/// All values, row by row, little-endian f32.
pub fn bytes(exhibit: &Exhibit) -> impl Iterator<Item = u8> + '_ {
    exhibit.values().flat_map(f32::to_le_bytes)
}

#[cfg(test)]
mod tests {
    use lens_schema::npz::npy_data;

    use super::*;
    use crate::single::export::tests::exhibit;

    /// As RFC 4180 has it.
    fn parse(text: &str) -> Vec<Vec<String>> {
        let (mut lines, mut line, mut field, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '"' if quoted && chars.peek() == Some(&'"') => field.extend(chars.next()),
                '"' => quoted = !quoted,
                ',' if !quoted => line.push(std::mem::take(&mut field)),
                '\r' if !quoted => {}
                '\n' if !quoted => {
                    line.push(std::mem::take(&mut field));
                    lines.push(std::mem::take(&mut line));
                }
                c => field.push(c),
            }
        }
        lines
    }

    #[test]
    fn tables_are_read_back() {
        let exhibit = exhibit(|_| {});
        let lines = parse(&csv(&exhibit));
        assert_eq!(lines[0], ["query \\ key", "0 <BOS>", "1 a,\"b\"", "2 =1+1\n", "3 </script>&"]);
        assert_eq!(lines.len(), 5);
        for (row, line) in lines[1..].iter().enumerate() {
            assert_eq!(line[0], lines[0][row + 1]);
            let values: Vec<f32> = line[1..].iter().map(|value| value.parse().unwrap()).collect();
            assert_eq!(values, exhibit.matrix.values()[4 * row..][..4]);
        }
        // What has no digits has words that numpy and pandas read.
        let odd = [f32::NAN, f32::INFINITY, -f32::INFINITY, 4e-9].map(|value| value.to_string());
        assert_eq!(odd, ["NaN", "inf", "-inf", "0.000000004"]);
    }

    #[test]
    fn arrays_are_read_back() {
        let exhibit = exhibit(|_| {});
        let file = npy(&exhibit);
        let data = npy_data(&file).unwrap();
        let values: Vec<f32> = data.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
        assert_eq!(values, exhibit.matrix.values());
        assert!(String::from_utf8_lossy(&file[..80]).contains("'shape': (4, 4)"));
    }

    #[test]
    fn what_is_shown_transposed_is_so() {
        let exhibit = exhibit(|look| look.transposed = true);
        let lines = parse(&csv(&exhibit));
        assert_eq!((lines[0][0].as_str(), lines[1][2].as_str(), lines[2][1].as_str()), ("key \\ query", "0.25", "0"));
    }
}
