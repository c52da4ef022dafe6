//! The table of contents of a safetensors file.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use safetensors::tensor::{Dtype, SafeTensors};

use super::view::{Kind, View};

pub(super) fn table(bytes: &[u8]) -> Result<BTreeMap<String, View>> {
    let (header, metadata) = SafeTensors::read_metadata(bytes)?;
    let data = header + size_of::<u64>();
    let mut table = BTreeMap::new();
    for name in metadata.offset_keys() {
        let info = metadata.info(&name).context("a tensor without a description")?;
        let view = View::contiguous(kind(info.dtype), info.shape.clone(), data + info.data_offsets.0);
        view.check(data + info.data_offsets.1)?;
        table.insert(name, view);
    }
    Ok(table)
}

fn kind(dtype: Dtype) -> Kind {
    match dtype {
        Dtype::F64 => Kind::F64,
        Dtype::F32 => Kind::F32,
        Dtype::F16 => Kind::F16,
        Dtype::BF16 => Kind::Bf16,
        other => Kind::Other(format!("{other:?}")),
    }
}
