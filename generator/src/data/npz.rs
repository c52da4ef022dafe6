//! `activations.npz`: one array `[1, n_heads, n_ctx, n_ctx]` per layer, as numpy and pattern-lens read it.
//! `activations-….npy`: all layers stacked, `[1, n_layers, n_heads, n_ctx, n_ctx]`.

use std::io::{self, Write};

use anyhow::{Context as _, Result, ensure};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use lens_schema::npz::{Dtype, Reader, npy_header};
use lens_schema::path;
use ndarray::{Array3, ArrayD, Axis};
use rawzip::{CompressionMethod, DataDescriptorOutput, ZipArchiveWriter};

use super::{npy, zero_runs};

/// Writes one `hook_pattern` entry per layer.
///
/// Level 0 stores, level 1 leaves out the zeros at the price of a copy (see [`zero_runs`]), 2 to 9 are zlib's.
pub fn write(out: impl Write, layers: &[Array3<f32>], level: u32) -> io::Result<()> {
    let mut zip = ZipArchiveWriter::new(out);
    for (l, layer) in layers.iter().enumerate() {
        let (n_heads, n_query, n_key) = layer.dim();
        let header = npy_header(Dtype::F32, &[1, n_heads, n_query, n_key]);
        let words = layer.as_slice().ok_or_else(|| io::Error::other("patterns must be in C order"))?;
        let data: &[u8] = bytemuck::cast_slice(words);
        let mut crc = crc32fast::Hasher::new();
        crc.update(&header);
        crc.update(data);
        let descriptor = DataDescriptorOutput::new(crc.finalize(), (header.len() + data.len()) as u64);
        let method = if level == 0 { CompressionMethod::STORE } else { CompressionMethod::DEFLATE };
        let name = format!("{}.npy", path::hook_pattern(l));
        let (mut entry, _) =
            zip.new_file(name.as_str()).compression_method(method).start().map_err(io::Error::other)?;
        match level {
            0 => {
                entry.write_all(&header)?;
                entry.write_all(data)?;
            }
            1 => zero_runs::deflate(&mut entry, &header, words)?,
            _ => {
                let mut encoder = DeflateEncoder::new(&mut entry, Compression::new(level));
                encoder.write_all(&header)?;
                encoder.write_all(data)?;
                encoder.finish()?;
            }
        }
        entry.finish(descriptor).map_err(io::Error::other)?;
    }
    zip.finish().map_err(io::Error::other)?;
    Ok(())
}

/// Reads the pattern of every layer, from a zip that anyone wrote: stored or deflated, zip64, f16 to f64.
pub fn read(bytes: &[u8]) -> Result<Vec<Array3<f32>>> {
    let archive = Reader::new(bytes)?;
    let n_layers = archive.names()?.iter().filter(|name| path::parse_hook_pattern(name).is_some()).count();
    ensure!(n_layers > 0, "there is no entry such as {}", path::hook_pattern(0));
    (0..n_layers)
        .map(|l| {
            let name = path::hook_pattern(l);
            let npy = archive.get(&format!("{name}.npy"))?.with_context(|| format!("there is no entry {name}"))?;
            let array = npy::read(&npy).and_then(|a| layers_of(a, 0)).with_context(|| name.clone())?;
            array.into_iter().next().with_context(|| name)
        })
        .collect()
}

/// Writes all layers as one array.
pub fn write_stacked(mut out: impl Write, layers: &[Array3<f32>]) -> io::Result<()> {
    let (n_heads, n_query, n_key) = layers.first().map_or((0, 0, 0), Array3::dim);
    out.write_all(&npy_header(Dtype::F32, &[1, layers.len(), n_heads, n_query, n_key]))?;
    for layer in layers {
        let words = layer.as_slice().ok_or_else(|| io::Error::other("patterns must be in C order"))?;
        out.write_all(bytemuck::cast_slice(words))?;
    }
    Ok(())
}

/// Reads what [`write_stacked`] or pattern-lens' `stack_heads` wrote.
pub fn read_stacked(bytes: &[u8]) -> Result<Vec<Array3<f32>>> {
    layers_of(npy::read(bytes)?, 1)
}

/// Splits `[1, (n_layers,) n_heads, n_ctx, n_ctx]` by its layers; `stacked` is the number of layer axes.
fn layers_of(array: ArrayD<f32>, stacked: usize) -> Result<Vec<Array3<f32>>> {
    let shape = array.shape().to_vec();
    let expected = || {
        let layers = if stacked == 1 { "n_layers, " } else { "" };
        format!("an array of shape {shape:?}; expected [1, {layers}n_heads, n_ctx, n_ctx] of one prompt")
    };
    let (outer, &[n_heads, n_query, n_key]) = shape.split_last_chunk::<3>().with_context(expected)?;
    ensure!(outer.len() == 1 + stacked && outer[0] == 1 && n_query == n_key && n_query > 0 && n_heads > 0, expected());
    let n_layers = outer[1..].iter().product();
    ensure!(n_layers > 0, expected());
    if n_layers == 1 {
        return Ok(vec![array.into_shape_with_order((n_heads, n_query, n_key))?]);
    }
    let all = array.into_shape_with_order((n_layers, n_heads, n_query, n_key))?;
    Ok(all.axis_iter(Axis(0)).map(|layer| layer.to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layers(n_layers: usize, n: usize) -> Vec<Array3<f32>> {
        let value = |l: usize, h: usize, q: usize, k: usize| (l + h + k) as f32 / (q + 1) as f32;
        (0..n_layers)
            .map(|l| Array3::from_shape_fn((2, n, n), |(h, q, k)| if k <= q { value(l, h, q, k) } else { 0.0 }))
            .collect()
    }

    #[test]
    fn every_level_comes_back() {
        let layers = layers(3, 40);
        for level in 0..=9 {
            let mut file = Vec::new();
            write(&mut file, &layers, level).unwrap();
            assert_eq!(read(&file).unwrap(), layers, "level {level}");
        }
        let mut file = Vec::new();
        write_stacked(&mut file, &layers).unwrap();
        assert_eq!(read_stacked(&file).unwrap(), layers);
    }

    #[test]
    fn the_zip_crate_agrees() {
        let mut file = Vec::new();
        write(&mut file, &layers(2, 50), 1).unwrap();
        let mut archive = zip::ZipArchive::new(io::Cursor::new(&file)).unwrap();
        let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
        assert_eq!(names, ["blocks.0.attn.hook_pattern.npy", "blocks.1.attn.hook_pattern.npy"]);
        let mut npy = Vec::new();
        io::copy(&mut archive.by_index(1).unwrap(), &mut npy).unwrap();
        assert_eq!(npy::read(&npy).unwrap().shape(), [1, 2, 50, 50]);
    }

    #[test]
    fn zip64_is_read() {
        let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default().large_file(true);
        zip.start_file("blocks.0.attn.hook_pattern.npy", options).unwrap();
        zip.write_all(&npy_header(Dtype::F32, &[1, 1, 1, 1])).unwrap();
        zip.write_all(&1.0f32.to_le_bytes()).unwrap();
        let file = zip.finish().unwrap().into_inner();
        assert_eq!(read(&file).unwrap(), [Array3::<f32>::ones((1, 1, 1))]);
    }

    #[test]
    fn damage_is_described() {
        let error = |file: &[u8]| format!("{:#}", read(file).unwrap_err());
        let mut file = Vec::new();
        write(&mut file, &layers(2, 30), 1).unwrap();
        assert!(error(&file[..file.len() / 2]).contains("not a whole zip archive"));
        assert!(error(b"").contains("not a whole zip archive"));
        let mut flipped = file.clone();
        flipped[3000] ^= 1;
        assert!(error(&flipped).starts_with("blocks.0.attn.hook_pattern"), "{}", error(&flipped));

        let mut empty = lens_schema::npz::Writer::new(0);
        empty.array("blocks.1.attn.hook_pattern", Dtype::F32, &[1, 1, 1, 1], &[0; 4]).unwrap();
        assert!(error(&empty.finish().unwrap()).contains("no entry blocks.0.attn.hook_pattern"));
        let mut batch = lens_schema::npz::Writer::new(0);
        batch.array("blocks.0.attn.hook_pattern", Dtype::F32, &[2, 1, 1, 1], &[0; 8]).unwrap();
        assert!(error(&batch.finish().unwrap()).contains("shape [2, 1, 1, 1]; expected [1, n_heads, n_ctx, n_ctx]"));
    }
}
