//! Which files of a model folder have its weights.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};

use super::NO_GGUF;
use crate::model::files::ModelFiles;

/// The two kinds of files, better one first: ending, usual name, usual name of the index of several.
const KINDS: [(&str, &str, &str); 2] = [
    (".safetensors", "model.safetensors", "model.safetensors.index.json"),
    (".bin", "pytorch_model.bin", "pytorch_model.bin.index.json"),
];

/// What training programs leave beside the weights.
const NO_WEIGHTS: [&str; 5] =
    ["training_args.bin", "optimizer.bin", "scheduler.bin", "scaler.bin", "adapter_model.bin"];

/// Endings of formats that other programs read.
const OTHER_FORMATS: [&str; 5] = [".h5", ".msgpack", ".onnx", ".pth", ".pt"];

/// Files that together have all weights.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub files: Vec<String>,
    /// The index that named them, and in which of them it has which tensor.
    pub index: Option<(String, BTreeMap<String, String>)>,
}

/// The usual names first, then whatever else can be meant.
pub(super) fn find(folder: &ModelFiles) -> Result<Found> {
    let names = folder.names()?;
    for (ending, single, index) in KINDS {
        if names.iter().any(|name| name == single) {
            return Ok(Found { files: vec![single.to_owned()], index: None });
        }
        if let Some(bytes) = folder.read(index)? {
            let path = folder.display(index);
            return of_index(index, &bytes, &names, folder).with_context(|| format!("cannot use {path}"));
        }
        let is_candidate = |name: &&String| {
            name.ends_with(ending) && !name.starts_with("adapter_") && !NO_WEIGHTS.contains(&name.as_str())
        };
        let candidates: Vec<&str> = names.iter().filter(is_candidate).map(String::as_str).collect();
        match candidates.as_slice() {
            [] => continue,
            [only] if shard(only).is_none() => {
                return Ok(Found { files: vec![(*only).to_owned()], index: None });
            }
            several => return shards(several, single, folder),
        }
    }
    let place = folder.place();
    ensure!(
        !names.iter().any(|name| name.starts_with("adapter_model.")),
        "{place} has an adapter only; merge it into its base model (in PEFT: merge_and_unload) and give the result"
    );
    if let Some(name) = names.iter().find(|name| name.ends_with(".gguf")) {
        bail!("{place} has no weights but {name}, {NO_GGUF}");
    }
    let [(_, first, _), (_, second, _)] = KINDS;
    let other = names.iter().find(|name| OTHER_FORMATS.iter().any(|ending| name.ends_with(ending)));
    let other = other.map_or(String::new(), |name| {
        format!("; {name} has a format that is not supported, so get or save the model as safetensors")
    });
    let (first, second) = (folder.display(first), folder.display(second));
    bail!("no weights: neither {first} nor {second} is there, nor the index of a sharded one{other}")
}

fn of_index(index: &str, bytes: &[u8], names: &[String], folder: &ModelFiles) -> Result<Found> {
    #[derive(serde::Deserialize)]
    struct Index {
        weight_map: BTreeMap<String, String>,
    }
    let Index { weight_map } = serde_json::from_slice(bytes)?;
    let mut files: Vec<String> = weight_map.values().cloned().collect();
    files.sort_unstable();
    files.dedup();
    ensure!(!files.is_empty(), "it names no tensors");
    for name in &files {
        ensure!(!name.contains(['/', '\\']), "it names the file {name:?}, which is not in the model folder");
        ensure!(names.contains(name), "it names {}, which is not there; get it too", folder.display(name));
    }
    Ok(Found { files, index: Some((index.to_owned(), weight_map)) })
}

/// The files of a sharded model without an index.
fn shards(names: &[&str], single: &str, folder: &ModelFiles) -> Result<Found> {
    let parts: Option<Vec<Shard<'_>>> = names.iter().map(|name| shard(name)).collect();
    let alike = |parts: &Vec<Shard<'_>>| parts.iter().all(|p| (p.stem, p.of) == (parts[0].stem, parts[0].of));
    let Some(parts) = parts.filter(alike) else {
        let names = names.join(", ");
        bail!("{} has several files of weights ({names}); call the one that is meant {single}", folder.place())
    };
    for number in 1..=parts[0].of {
        if !parts.iter().any(|part| part.number == number) {
            let ending = names[0].rsplit_once('.').map_or("", |(_, ending)| ending);
            let (stem, of) = (parts[0].stem, parts[0].of);
            let missing = format!("{stem}-{number:05}-of-{of:05}.{ending}");
            bail!("{} is not there, but {} is; get it too", folder.display(&missing), names[0]);
        }
    }
    Ok(Found { files: names.iter().map(|name| (*name).to_owned()).collect(), index: None })
}

/// `STEM-00001-of-00003.ENDING`
struct Shard<'a> {
    stem: &'a str,
    number: usize,
    of: usize,
}

fn shard(name: &str) -> Option<Shard<'_>> {
    let (rest, _) = name.rsplit_once('.')?;
    let (rest, of) = rest.rsplit_once("-of-")?;
    let (stem, number) = rest.rsplit_once('-')?;
    Some(Shard { stem, number: number.parse().ok()?, of: of.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &[&str]) -> Result<Vec<String>> {
        let dir = tempfile::tempdir().unwrap();
        for name in names {
            let content = if name.ends_with(".json") { r#"{"weight_map": {"a": "model-1.safetensors"}}"# } else { "" };
            std::fs::write(dir.path().join(name), content).unwrap();
        }
        let files = find(&ModelFiles::folder(dir.path()).unwrap()).map(|found| found.files);
        files.map_err(|e| anyhow::anyhow!("{}", format!("{e:#}").replace(&*dir.path().to_string_lossy(), "DIR")))
    }

    #[test]
    fn usual_names_come_first() {
        let one = |names: &[&str]| found(names).unwrap().join(" ");
        let all = ["pytorch_model.bin", "model.safetensors", "model.safetensors.index.json", "other.safetensors"];
        assert_eq!(one(&all), "model.safetensors");
        assert_eq!(one(&[all[0], all[2], "model-1.safetensors"]), "model-1.safetensors");
        assert_eq!(one(&[all[0], "training_args.bin"]), "pytorch_model.bin");
        assert_eq!(one(&[all[0], "mine.safetensors", "adapter_model.safetensors"]), "mine.safetensors");
        assert_eq!(one(&["optimizer.bin", "mine.bin"]), "mine.bin");
        let shards = ["pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin"];
        assert_eq!(one(&shards), shards.join(" "));
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = |names: &[&str]| found(names).unwrap_err().to_string();
        assert_eq!(
            error(&["a-00002-of-00002.safetensors"]),
            "DIR/a-00001-of-00002.safetensors is not there, but a-00002-of-00002.safetensors is; get it too"
        );
        assert_eq!(
            error(&["a.bin", "b.bin"]),
            "DIR has several files of weights (a.bin, b.bin); call the one that is meant pytorch_model.bin"
        );
        assert_eq!(
            error(&["model.safetensors.index.json"]),
            "cannot use DIR/model.safetensors.index.json: it names DIR/model-1.safetensors, which is not there; get it too"
        );
        assert!(error(&["adapter_model.safetensors"]).starts_with("DIR has an adapter only; merge it into "));
        assert_eq!(error(&["tiny.gguf", "tf_model.h5"]), format!("DIR has no weights but tiny.gguf, {NO_GGUF}"));
        assert!(error(&["tf_model.h5"]).ends_with(
            "nor the index of a sharded one; tf_model.h5 has a format that is not supported, so get or save the model \
             as safetensors"
        ));
    }
}
