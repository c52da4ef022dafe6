//! `.npy` arrays of floats, read whatever their precision, byte order or memory order.

use std::borrow::Cow;

use anyhow::{Context as _, Result, bail, ensure};
use half::f16;
use ndarray::ArrayD;
use ndarray_npy::{ReadNpyError, ReadNpyExt, ReadableElement};

/// Reads a whole `.npy` file of f16, f32 or f64 into C order.
pub fn read(npy: &[u8]) -> Result<ArrayD<f32>> {
    let data = lens_schema::npz::npy_data(npy)?;
    let header = String::from_utf8_lossy(&npy[..npy.len() - data.len()]);
    let descr = text_of(&header, "descr")?.trim_matches(['\'', '"']);
    check_size(&header, data.len())?;
    let array = match descr {
        "<f4" | ">f4" => elements::<f32>(npy)?,
        "<f8" | ">f8" => elements::<f64>(npy)?.mapv(|v| v as f32),
        // The library has no f16: its bits are read as whole numbers of the same width.
        "<f2" | ">f2" => elements::<u16>(&with_descr(npy, descr, &descr.replace('f', "u")))?
            .mapv(|bits| f16::from_bits(bits).to_f32()),
        _ => bail!("elements of type {descr:?}; expected f16, f32 or f64"),
    };
    Ok(if array.is_standard_layout() { array } else { array.as_standard_layout().into_owned() })
}

fn elements<T: ReadableElement>(npy: &[u8]) -> Result<ArrayD<T>, ReadNpyError> {
    ArrayD::read_npy(npy)
}

/// The same file whose header names another type.
fn with_descr<'a>(npy: &'a [u8], from: &str, to: &str) -> Cow<'a, [u8]> {
    match npy.windows(from.len()).position(|w| w == from.as_bytes()) {
        Some(at) => Cow::Owned([&npy[..at], to.as_bytes(), &npy[at + from.len()..]].concat()),
        None => Cow::Borrowed(npy),
    }
}

/// Refuses a damaged shape before memory is taken for it.
fn check_size(header: &str, n_bytes: usize) -> Result<()> {
    let shape = text_of(header, "shape")?;
    let dims = shape.split(',').map(str::trim).filter(|d| !d.is_empty()).map(str::parse::<usize>);
    let dims = dims.collect::<Result<Vec<_>, _>>().with_context(|| format!("a shape of ({shape})"))?;
    let n = dims.iter().try_fold(1usize, |n, &d| n.checked_mul(d));
    ensure!(n.is_some_and(|n| n <= n_bytes), "{n_bytes} bytes of data are too few for the shape ({shape})");
    Ok(())
}

/// The text of one key's value in the header's dictionary, without parentheses
/// (format: `numpy/lib/_format_impl.py`).
fn text_of<'a>(header: &'a str, key: &str) -> Result<&'a str> {
    let missing = || format!("the header has no {key:?}");
    let (_, rest) = header.split_once(&format!("'{key}':")).with_context(missing)?;
    let rest = rest.trim_start();
    let value = match rest.strip_prefix('(') {
        Some(tuple) => tuple.split(')').next(),
        None => rest.split([',', '}']).next(),
    };
    Ok(value.with_context(missing)?.trim())
}

#[cfg(test)]
mod tests {
    use ndarray::arr2;

    use super::*;

    fn npy(descr: &str, order: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let dict = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': ({shape}), }}");
        let dict = format!("{dict:<117}\n");
        let mut out = b"\x93NUMPY\x01\x00".to_vec();
        out.extend((dict.len() as u16).to_le_bytes());
        out.extend(dict.as_bytes());
        out.extend(data);
        out
    }

    #[test]
    fn every_precision_and_byte_order() {
        let values = [0.5, 0.25, 1.0, 0.0];
        let half = values.map(f16::from_f64);
        let expected = arr2(&[[0.5, 0.25], [1.0, 0.0]]).into_dyn();
        for (descr, data) in [
            ("<f2", half.map(f16::to_le_bytes).concat()),
            (">f2", half.map(f16::to_be_bytes).concat()),
            ("<f4", values.map(|v| (v as f32).to_le_bytes()).concat()),
            (">f4", values.map(|v| (v as f32).to_be_bytes()).concat()),
            ("<f8", values.map(f64::to_le_bytes).concat()),
            (">f8", values.map(f64::to_be_bytes).concat()),
        ] {
            assert_eq!(read(&npy(descr, "False", "2, 2", &data)).unwrap(), expected, "{descr}");
            let columns = read(&npy(descr, "True", "2, 2", &data)).unwrap();
            assert_eq!(columns, expected.t(), "{descr}");
            assert!(columns.is_standard_layout());
        }
    }

    #[test]
    fn what_we_write_comes_back() {
        let mut file = lens_schema::npz::npy_header(lens_schema::npz::Dtype::F32, &[1, 2]);
        file.extend([0.5f32, 1.0].iter().flat_map(|v| v.to_le_bytes()));
        assert_eq!(read(&file).unwrap(), arr2(&[[0.5, 1.0]]).into_dyn());
    }

    #[test]
    fn damage_is_described() {
        let error = |npy: &[u8]| read(npy).unwrap_err().to_string();
        assert_eq!(
            error(&npy("<f4", "False", "2, 30", &[0; 20])),
            "20 bytes of data are too few for the shape (2, 30)"
        );
        assert_eq!(error(&npy("<f4", "False", "2, 3", &[0; 20])), "reached EOF before reading all data");
        assert_eq!(error(&npy("<f4", "False", "2,", &[0; 9])), "file had 1 extra bytes before EOF");
        assert!(error(&npy("<i8", "False", "2", &[0; 16])).contains("\"<i8\"; expected"));
        assert!(error(&npy("<f4", "False", "18446744073709551615, 4", &[])).contains("too few"));
        assert_eq!(error(b"PK\x03\x04"), "not an .npy array");
        assert!(error(b"\x93NUMPY\x01\x00\x02\x00{}").contains("no \"descr\""));
    }
}
