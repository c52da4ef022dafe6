//! The overview of one (model, prompt): what every thumbnail is drawn from.

use super::{Meta, PackedLayer, floats, unpack};
use crate::npz::{Dtype, NpzError, Packed, Reader, Writer, array_data};

/// The overview file of one (model, prompt).
pub fn write_overview(meta: &Meta, layers: &[PackedLayer]) -> Result<Vec<u8>, NpzError> {
    let cells = meta.cells(meta.overview_side());
    let mut writer = Writer::for_planes();
    let json = serde_json::to_string(meta).map_err(|e| NpzError(e.to_string()))?;
    writer.entry("meta.json", &[json.as_bytes()])?;
    let range: Vec<u8> = layers.iter().flat_map(|l| &l.range).flatten().flat_map(|v| v.to_le_bytes()).collect();
    writer.array("range", Dtype::F32, &[meta.n_layers, meta.n_heads, 2], &range)?;
    for (l, layer) in layers.iter().enumerate() {
        writer.array(&format!("L{l}"), Dtype::U8, &[meta.n_heads, cells], &layer.overview)?;
    }
    writer.finish()
}

/// An overview file, read. Layers are inflated when asked for.
#[derive(Debug)]
pub struct Overview {
    pub meta: Meta,
    range: Vec<f32>,
    archive: Reader<Vec<u8>>,
}

impl Overview {
    /// An error if the file is damaged or of another schema version.
    pub fn read(bytes: Vec<u8>) -> Result<Self, NpzError> {
        let archive = Reader::new(bytes)?;
        let meta: Meta = archive.json("meta.json")?;
        if meta.schema != crate::SCHEMA_VERSION {
            return Err(NpzError(format!(
                "schema {} is not {}; build the site again",
                meta.schema,
                crate::SCHEMA_VERSION
            )));
        }
        let range = floats(&archive.array("range", meta.n_layers * meta.n_heads * 8)?);
        Ok(Overview { meta, range, archive })
    }

    /// Smallest and largest value of a head, exact.
    pub fn range(&self, layer: usize, head: usize) -> (f32, f32) {
        let i = (layer * self.meta.n_heads + head) * 2;
        (self.range[i], self.range[i + 1])
    }

    /// High bytes of one layer: all its heads, as stored.
    pub fn layer(&self, layer: usize) -> Result<OverviewLayer, NpzError> {
        OverviewLayer::of(self.meta, self.packed_layer(layer)?.unpack()?)
    }

    /// One layer's array as it lies in the file.
    pub fn packed_layer(&self, layer: usize) -> Result<Packed<'_>, NpzError> {
        self.archive.packed_array(&format!("L{layer}"))
    }
}

/// One layer of an overview, inflated.
#[derive(Debug, Clone, PartialEq)]
pub struct OverviewLayer {
    pub meta: Meta,
    pub(super) hi: Vec<u8>,
}

impl OverviewLayer {
    /// Of what [`Overview::packed_layer`] holds.
    pub fn of(meta: Meta, unpacked: Vec<u8>) -> Result<Self, NpzError> {
        let hi = array_data("hi", unpacked, meta.n_heads * meta.cells(meta.overview_side()))?;
        Ok(OverviewLayer { meta, hi })
    }

    /// One head as a square of [`Meta::overview_side`] rows: high bytes, 0 where nothing is stored.
    pub fn head(&self, head: usize) -> Vec<u8> {
        let side = self.meta.overview_side();
        let cells = self.meta.cells(side);
        unpack(&self.meta, side, &self.hi[head * cells..(head + 1) * cells])
    }
}
