//! The values of one layer, exact: what completes an overview.

use super::{Meta, Overview, OverviewLayer, PackedLayer, dequantize, floats, unpack};
use crate::Precision;
use crate::npz::{Dtype, NpzError, Packed, Reader, Writer, array_data};

/// The exact file of one layer, with [`Precision::Exact`].
pub fn write_exact(meta: &Meta, layer: &PackedLayer) -> Result<Vec<u8>, NpzError> {
    let shape = [meta.n_heads, meta.cells(meta.n_ctx)];
    let mut writer = Writer::for_planes();
    writer.array("lo", Dtype::U8, &shape, &layer.lo)?;
    if meta.pool > 1 {
        writer.array("hi", Dtype::U8, &shape, &layer.hi)?;
    }
    writer.finish()
}

/// The exact file of one layer, with [`Precision::F32`]: `values` as [`pack_layer`](super::pack_layer) takes them.
pub fn write_f32(meta: &Meta, values: &[f32]) -> Result<Vec<u8>, NpzError> {
    let n = meta.n_ctx;
    let rows = values.chunks_exact(n).enumerate().map(|(row, values)| &values[..meta.row_len(n, row % n)]);
    let bytes: Vec<u8> = rows.flatten().flat_map(|value| value.to_le_bytes()).collect();
    let mut writer = Writer::for_planes();
    writer.array("values", Dtype::F32, &[meta.n_heads, meta.cells(n)], &bytes)?;
    writer.finish()
}

/// An exact file, read. Its arrays are unpacked when asked for.
#[derive(Debug)]
pub struct Exact<T: AsRef<[u8]>>(Reader<T>);

impl<T: AsRef<[u8]>> Exact<T> {
    pub fn read(bytes: T) -> Result<Self, NpzError> {
        Reader::new(bytes).map(Exact)
    }

    /// The arrays of the file, in the order that [`ExactLayer::of`] takes them.
    pub fn arrays(&self, meta: &Meta) -> Result<Vec<Packed<'_>>, NpzError> {
        let names: &[&str] = match meta.precision {
            Precision::F32 => &["values"],
            _ if meta.pool > 1 => &["lo", "hi"],
            _ => &["lo"],
        };
        names.iter().map(|name| self.0.packed_array(name)).collect()
    }
}

/// All values of one layer, exact.
#[derive(Debug, Clone, PartialEq)]
pub struct ExactLayer {
    meta: Meta,
    stored: Stored,
}

/// Cells of all heads, as they are stored.
#[derive(Debug, Clone, PartialEq)]
enum Stored {
    Planes { hi: Vec<u8>, lo: Vec<u8> },
    Values(Vec<f32>),
}

impl ExactLayer {
    /// Joins an exact file with the overview that it completes.
    pub fn read(overview: &Overview, layer: usize, bytes: &[u8]) -> Result<Self, NpzError> {
        let arrays =
            Exact::read(bytes)?.arrays(&overview.meta)?.iter().map(Packed::unpack).collect::<Result<_, _>>()?;
        ExactLayer::of(&overview.layer(layer)?, arrays)
    }

    /// Of what [`Exact::arrays`] hold, and the layer of the overview, which has the high bytes where they are not
    /// among them.
    pub fn of(overview: &OverviewLayer, arrays: Vec<Vec<u8>>) -> Result<Self, NpzError> {
        let meta = overview.meta;
        let size = meta.n_heads * meta.cells(meta.n_ctx);
        let mut arrays = arrays.into_iter();
        let mut array = |name: &str, expected| array_data(name, arrays.next().unwrap_or_default(), expected);
        let stored = match meta.precision {
            Precision::F32 => Stored::Values(floats(&array("values", size * 4)?)),
            Precision::Exact | Precision::Overview => {
                let lo = array("lo", size)?;
                let hi = if meta.pool > 1 { array("hi", size)? } else { overview.hi.clone() };
                Stored::Planes { hi, lo }
            }
        };
        Ok(ExactLayer { meta, stored })
    }

    /// One head's values, `[n_ctx, n_ctx]` in C order.
    pub fn head(&self, head: usize) -> Vec<f32> {
        let n = self.meta.n_ctx;
        let cells = self.meta.cells(n);
        let own = head * cells..(head + 1) * cells;
        match &self.stored {
            Stored::Values(values) => unpack(&self.meta, n, &values[own]),
            Stored::Planes { hi, lo } => {
                let planes = hi[own.clone()].iter().zip(&lo[own]);
                let values: Vec<f32> = planes.map(|(&hi, &lo)| dequantize(u16::from_be_bytes([hi, lo]))).collect();
                unpack(&self.meta, n, &values)
            }
        }
    }
}
