//! `.npy` arrays of floats, read whatever their precision, byte order or header version
//! (format: `numpy/lib/_format_impl.py`).

use anyhow::{Context as _, Result, bail, ensure};
use half::f16;
use half::slice::HalfFloatSliceExt as _;

/// An array in C order.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    pub shape: Vec<usize>,
    pub data: Vec<f32>,
}

/// Reads a whole `.npy` file of f16, f32 or f64.
pub fn read(npy: &[u8]) -> Result<Array> {
    let data = lens_schema::npz::npy_data(npy)?;
    let header = String::from_utf8_lossy(&npy[..npy.len() - data.len()]);
    let descr = value(&header, "descr")?.trim_matches(['\'', '"']);
    let order = value(&header, "fortran_order")?;
    ensure!(order == "False", "the array is in Fortran order; save it with numpy.ascontiguousarray");
    let shape = value(&header, "shape")?
        .split(',')
        .map(str::trim)
        .filter(|d| !d.is_empty())
        .map(|d| d.parse::<usize>().with_context(|| format!("shape of {d:?} elements")))
        .collect::<Result<Vec<_>>>()?;
    let width = match descr {
        "<f2" => 2,
        "<f4" => 4,
        "<f8" => 8,
        _ => bail!("elements of type {descr:?}; expected little-endian f16, f32 or f64"),
    };
    let bytes =
        shape.iter().try_fold(width, |size: usize, &d| size.checked_mul(d)).context("the shape is too large")?;
    ensure!(data.len() == bytes, "{} bytes of data; shape {shape:?} of {descr} needs {bytes}", data.len());
    let data = match width {
        2 => data.chunks_exact(2).map(|b| f16::from_le_bytes([b[0], b[1]])).collect::<Vec<_>>().to_f32_vec(),
        4 => bytemuck::pod_collect_to_vec(data),
        _ => data.as_chunks::<8>().0.iter().map(|&b| f64::from_le_bytes(b) as f32).collect(),
    };
    Ok(Array { shape, data })
}

/// The text of one key's value in the header's dictionary; parentheses are taken off.
fn value<'a>(header: &'a str, key: &str) -> Result<&'a str> {
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
    use super::*;

    fn npy(descr: &str, order: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let dict = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': ({shape}), }}\n");
        let mut out = b"\x93NUMPY\x01\x00".to_vec();
        out.extend((dict.len() as u16).to_le_bytes());
        out.extend(dict.as_bytes());
        out.extend(data);
        out
    }

    #[test]
    fn every_precision() {
        let half: Vec<u8> = [0.5f32, 0.25].iter().flat_map(|&v| f16::from_f32(v).to_le_bytes()).collect();
        let single: Vec<u8> = [0.5f32, 0.25].iter().flat_map(|v| v.to_le_bytes()).collect();
        let double: Vec<u8> = [0.5f64, 0.25].iter().flat_map(|v| v.to_le_bytes()).collect();
        for (descr, data) in [("<f2", half), ("<f4", single), ("<f8", double)] {
            let array = read(&npy(descr, "False", "2,", &data)).unwrap();
            assert_eq!(array, Array { shape: vec![2], data: vec![0.5, 0.25] });
        }
    }

    #[test]
    fn what_we_write_comes_back() {
        let mut file = lens_schema::npz::npy_header(lens_schema::npz::Dtype::F32, &[1, 2]);
        file.extend([0.5f32, 1.0].iter().flat_map(|v| v.to_le_bytes()));
        assert_eq!(read(&file).unwrap(), Array { shape: vec![1, 2], data: vec![0.5, 1.0] });
    }

    #[test]
    fn damage_is_described() {
        let error = |npy: &[u8]| read(npy).unwrap_err().to_string();
        assert_eq!(error(&npy("<f4", "False", "2, 3", &[0; 20])), "20 bytes of data; shape [2, 3] of <f4 needs 24");
        assert!(error(&npy("<i8", "False", "2", &[0; 16])).contains("\"<i8\"; expected"));
        assert!(error(&npy("<f4", "True", "2", &[0; 8])).contains("Fortran"));
        assert!(error(&npy("<f4", "False", "18446744073709551615, 4", &[])).contains("too large"));
        assert_eq!(error(b"PK\x03\x04"), "not an .npy array");
        assert!(error(b"\x93NUMPY\x01\x00\x02\x00{}").contains("no \"descr\""));
    }
}
