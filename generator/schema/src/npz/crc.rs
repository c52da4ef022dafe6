//! The checksum of zip files, with tables made when they are first wanted: written into the program they would be
//! 16 kB that no compression shrinks, and the viewer is sent whole.

use std::sync::OnceLock;

/// Bytes that are taken at a time.
const STEP: usize = 8;

type Tables = [[u32; 256]; STEP];

/// CRC-32 of the bytes (ISO 3309; reflected polynomial 0xEDB88320), eight at a time by Kounavis and Berry's slicing.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    static TABLES: OnceLock<Box<Tables>> = OnceLock::new();
    let tables = TABLES.get_or_init(tables);
    let steps = bytes.chunks_exact(STEP);
    let rest = steps.remainder();
    let mut crc = !0u32;
    for step in steps {
        let low = crc.to_le_bytes();
        crc = 0;
        for (i, byte) in step.iter().enumerate() {
            let byte = byte ^ low.get(i).copied().unwrap_or(0);
            crc ^= tables[STEP - 1 - i][usize::from(byte)];
        }
    }
    for byte in rest {
        crc = crc >> 8 ^ tables[0][usize::from(crc as u8 ^ byte)];
    }
    !crc
}

/// Table `i` has what a byte followed by `i` zero bytes leaves.
fn tables() -> Box<Tables> {
    let mut tables = Box::new([[0; 256]; STEP]);
    for (byte, entry) in (0u32..).zip(&mut tables[0]) {
        let shift = |crc: u32, _| crc >> 1 ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 };
        *entry = (0..8).fold(byte, shift);
    }
    for i in 1..STEP {
        for byte in 0..256 {
            let before = tables[i - 1][byte];
            tables[i][byte] = before >> 8 ^ tables[0][usize::from(before as u8)];
        }
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_library_computes_it() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        let bytes: Vec<u8> = (0..1000u32).map(|i| ((i * i) >> 3) as u8).collect();
        for len in (0..40).chain([999, 1000]) {
            let mut library = rawzip::Crc32::new();
            library.update(&bytes[..len]);
            assert_eq!(crc32(&bytes[..len]), library.checksum(), "{len} bytes");
        }
    }
}
