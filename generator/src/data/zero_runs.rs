//! A deflate stream that only looks for zeros.
//!
//! Half of a causal pattern is the zero triangle, and the other half is mantissas that no compressor shortens.
//! So the data goes into stored blocks and each run of zeros into a block of fixed Huffman codes: one literal
//! zero, then matches at distance 1. The cost is that of a copy, the size that of the triangle.
//! Formats: RFC 1951, sections 3.2.3 to 3.2.6.

use std::io::{self, Write};

/// Shorter runs stay in the stored blocks: switching there and back takes about this many bytes.
const SHORTEST_RUN: usize = 8;

/// Bytes that are written at once.
const PENDING: usize = 1 << 16;

/// Writes `words`' little-endian bytes after `header`, deflated.
pub fn deflate(out: impl Write, header: &[u8], words: &[f32]) -> io::Result<()> {
    let mut stream = Stream { out, pending: Vec::with_capacity(2 * PENDING), bits: 0, n_bits: 0 };
    stream.stored(header)?;
    let mut data = 0; // where the data that is not yet written begins
    let mut at = 0;
    while at < words.len() {
        if words[at].to_bits() != 0 {
            at += 1;
            continue;
        }
        let run = words[at..].iter().take_while(|w| w.to_bits() == 0).count();
        if run >= SHORTEST_RUN {
            stream.stored(bytemuck::cast_slice(&words[data..at]))?;
            stream.zeros(run * 4);
            data = at + run;
        }
        at += run;
    }
    stream.stored(bytemuck::cast_slice(&words[data..]))?;
    stream.finish()
}

/// Bits go out from the least significant end of each byte.
struct Stream<W> {
    out: W,
    /// Bytes that are not yet written.
    pending: Vec<u8>,
    bits: u64,
    n_bits: u32,
}

impl<W: Write> Stream<W> {
    fn push(&mut self, value: u64, n_bits: u32) {
        self.bits |= value << self.n_bits;
        self.n_bits += n_bits;
        while self.n_bits >= 8 {
            self.pending.push(self.bits as u8);
            self.bits >>= 8;
            self.n_bits -= 8;
        }
    }

    /// Huffman codes go out from their most significant bit.
    fn code(&mut self, code: u64, n_bits: u32) {
        self.push(code.reverse_bits() >> (64 - n_bits), n_bits);
    }

    fn align(&mut self) {
        if self.n_bits > 0 {
            self.push(0, 8 - self.n_bits);
        }
    }

    /// Stored blocks: three header bits, then from the next byte on the length, its complement, and the data.
    fn stored(&mut self, data: &[u8]) -> io::Result<()> {
        for block in data.chunks(usize::from(u16::MAX)) {
            let length = block.len() as u16;
            self.push(0b000, 3);
            self.align();
            self.pending.extend(length.to_le_bytes());
            self.pending.extend((!length).to_le_bytes());
            self.pending.extend_from_slice(block);
            if self.pending.len() >= PENDING {
                self.out.write_all(&self.pending)?;
                self.pending.clear();
            }
        }
        Ok(())
    }

    /// A block of fixed Huffman codes that stands for `length` zero bytes.
    fn zeros(&mut self, length: usize) {
        const LONGEST: usize = 258;
        self.push(0b010, 3);
        self.literal_zero();
        let mut left = length - 1;
        while left >= LONGEST {
            self.code(0b1100_0101, 8); // symbol 285: length 258
            self.code(0, 5);
            left -= LONGEST;
        }
        if left >= 3 {
            self.match_at_distance_1(left);
        } else {
            (0..left).for_each(|_| self.literal_zero());
        }
        self.end_of_block();
    }

    /// Literals 0 to 143 are `0011_0000` and up.
    fn literal_zero(&mut self) {
        self.code(0b0011_0000, 8);
    }

    /// Length 3 to 257. From length 11 on, four symbols share each number of extra bits. Distance 1 is code 0.
    fn match_at_distance_1(&mut self, length: usize) {
        let l = (length - 3) as u64;
        let (symbol, extra) = match l {
            0..8 => (257 + l, 0),
            _ => {
                let extra = l.ilog2() - 2;
                (257 + 4 * u64::from(extra + 1) + ((l >> extra) - 4), extra)
            }
        };
        match symbol {
            ..280 => self.code(symbol - 256, 7),
            _ => self.code(0b1100_0000 + symbol - 280, 8),
        }
        self.push(l & ((1 << extra) - 1), extra);
        self.code(0, 5);
    }

    fn end_of_block(&mut self) {
        self.code(0, 7);
    }

    /// An empty block of fixed Huffman codes that is marked as the last one.
    fn finish(mut self) -> io::Result<()> {
        self.push(0b011, 3);
        self.end_of_block();
        self.align();
        self.out.write_all(&self.pending)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn deflated(header: &[u8], words: &[f32]) -> Vec<u8> {
        let mut out = Vec::new();
        deflate(&mut out, header, words).unwrap();
        out
    }

    fn inflate(stream: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        flate2::read::DeflateDecoder::new(stream).read_to_end(&mut out).unwrap();
        out
    }

    #[test]
    fn every_run_length_comes_back() {
        for run in (0..300).chain([1000, 20_000]) {
            let mut words = vec![0.5f32; 3];
            words.extend(std::iter::repeat_n(0.0, run));
            words.extend([0.25, 0.0, 0.125]);
            words.extend(std::iter::repeat_n(0.0, run / 2));
            let mut expected = b"header".to_vec();
            expected.extend_from_slice(bytemuck::cast_slice(&words));
            assert_eq!(inflate(&deflated(b"header", &words)), expected, "run of {run}");
        }
    }

    #[test]
    fn every_match_length_comes_back() {
        for length in 1..600 {
            let mut out = Vec::new();
            let mut stream = Stream { out: &mut out, pending: Vec::new(), bits: 0, n_bits: 0 };
            stream.zeros(length);
            stream.finish().unwrap();
            assert_eq!(inflate(&out), vec![0; length], "{length}");
        }
    }

    #[test]
    fn data_longer_than_a_block_and_nothing_at_all() {
        let words: Vec<f32> = (1..40_000).map(|i| i as f32).collect();
        assert_eq!(inflate(&deflated(b"", &words)), bytemuck::cast_slice::<_, u8>(&words));
        assert_eq!(inflate(&deflated(b"", &[])), b"");
    }

    #[test]
    fn negative_zero_is_no_zero() {
        let words = [-0.0f32; 100];
        assert_eq!(inflate(&deflated(b"", &words)), bytemuck::cast_slice::<_, u8>(&words));
    }

    #[test]
    fn a_triangle_halves() {
        let n = 200;
        let words: Vec<f32> = (0..n * n).map(|i| if i % n <= i / n { 1.0 + i as f32 } else { 0.0 }).collect();
        let size = deflated(b"", &words).len();
        assert!(size < n * n * 4 * 54 / 100, "{size}");
    }
}
