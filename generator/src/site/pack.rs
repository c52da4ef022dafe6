//! Puts patterns and figures into few files: see [`lens_schema::shard`] for the format.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use lens_schema::npz::Writer;
use lens_schema::shard::{Meta, pack_layer, write_exact, write_f32, write_overview};
use lens_schema::{LayerHead, Precision, path};

use super::stage::Stage;
use crate::image;
use crate::pattern::AttentionPatterns;

/// Deflate level of packed figures: SVG gains, PNG and SVGZ are stored.
const FIGURE_LEVEL: u32 = 6;

/// Writes `overview.npz`, and `L{l}.npz` if more than overviews is wanted.
pub fn patterns(
    stage: &Stage,
    model: &str,
    hash: &str,
    patterns: &AttentionPatterns,
    precision: Precision,
) -> Result<()> {
    let n_ctx = patterns.n_ctx();
    ensure!(n_ctx > 0 && patterns.n_heads() > 0, "there is no attention pattern in it");
    let meta = Meta { precision, ..Meta::new(patterns.n_layers(), patterns.n_heads(), n_ctx, patterns.causal) };
    let mut overview = Vec::with_capacity(meta.n_layers);
    for (l, layer) in patterns.layers.iter().enumerate() {
        ensure!(
            layer.dim() == (meta.n_heads, n_ctx, n_ctx),
            "layer {l} is {:?} where layer 0 is {:?}",
            layer.dim(),
            (meta.n_heads, n_ctx, n_ctx)
        );
        let values = layer.as_standard_layout();
        let values = values.as_slice().context("a pattern is not contiguous")?;
        let mut packed = pack_layer(&meta, values);
        match precision {
            Precision::Overview => {}
            Precision::Exact => stage.write(&path::exact(model, hash, l), &write_exact(&meta, &packed)?)?,
            Precision::F32 => stage.write(&path::exact(model, hash, l), &write_f32(&meta, values)?)?,
        }
        packed.hi = Vec::new();
        packed.lo = Vec::new();
        overview.push(packed);
    }
    stage.write(&path::overview(model, hash), &write_overview(&meta, &overview)?)
}

/// Writes `NAME.zip` for every figure that the data directory's `prompt_dir` has of `figures`, which are given with
/// the names of their functions, and returns their names. A function that is given without its figures has all that
/// are called `function.figure`. Where a function failed on a head, each of its figures has the reason.
pub fn figures(
    stage: &Stage,
    model: &str,
    hash: &str,
    prompt_dir: &Path,
    heads: impl Iterator<Item = LayerHead>,
    figures: &BTreeMap<String, String>,
) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    if figures.is_empty() {
        return Ok(names);
    }
    let mut found: BTreeMap<String, BTreeMap<String, PathBuf>> = BTreeMap::new();
    // By function, then by entry.
    let mut errors: BTreeMap<String, BTreeMap<String, PathBuf>> = BTreeMap::new();
    for head in heads {
        for (figure, extension, file) in figure_files(&prompt_dir.join(path::head_subdir(head)))? {
            let entry = path::packed_figure_entry(head, extension);
            if extension == path::FIGURE_ERROR {
                errors.entry(figure).or_default().insert(entry, file);
                continue;
            }
            let function = figure.split_once('.').map_or(figure.as_str(), |(function, _)| function);
            if (figures.contains_key(&figure) || figures.contains_key(function)) && path::is_safe_name(&figure) {
                found.entry(figure).or_default().insert(entry, file);
            }
        }
    }
    for (function, errors) in errors {
        let is_of = |figure: &str| figure.split_once('.').map_or(figure, |(first, _)| first) == function;
        let drawn = found.keys().filter(|figure| is_of(figure)).cloned();
        let listed = figures.iter().filter(|(name, func)| **name == function || **func == function);
        let mut all: BTreeSet<String> = listed.map(|(name, _)| name.clone()).chain(drawn).collect();
        if all.len() > 1 {
            // The function's own name is no figure where its figures have names.
            all.remove(&function);
        }
        for figure in all.into_iter().filter(|figure| path::is_safe_name(figure)) {
            found.entry(figure).or_default().extend(errors.clone());
        }
    }
    for (figure, files) in found {
        let mut writer = Writer::new(FIGURE_LEVEL);
        for (entry, file) in files {
            let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let extension = file.extension().and_then(|e| e.to_str()).unwrap_or_default();
            ensure!(image::is_whole(extension, &bytes), "{} is damaged; delete it and draw it again", file.display());
            writer.entry(&entry, &[&bytes])?;
        }
        stage.write(&path::packed_figure(model, hash, &figure), &writer.finish()?)?;
        names.insert(figure);
    }
    Ok(names)
}

/// Figure name, extension and path of every figure in a head's directory, sorted.
fn figure_files(head_dir: &Path) -> Result<Vec<(String, &'static str, PathBuf)>> {
    let mut files = Vec::new();
    let entries = match fs::read_dir(head_dir) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(files),
        other => other.with_context(|| format!("cannot list {}", head_dir.display()))?,
    };
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot list {}", head_dir.display()))?;
        if let Some((figure, extension)) = path::parse_figure_file(&entry.file_name().to_string_lossy()) {
            files.push((figure.to_owned(), extension, entry.path()));
        }
    }
    files.sort();
    Ok(files)
}
