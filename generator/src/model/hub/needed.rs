//! Which files a model needs.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};

use crate::fs;

pub const CONFIG: &str = "config.json";
const TOKENIZER: &str = "tokenizer.json";
/// What a tokenizer is made of where there is no [`TOKENIZER`], the first that is there whole.
const VOCABULARIES: [&[&str]; 2] = [&["vocab.json", "merges.txt"], &["vocab.txt"]];
/// What goes with a tokenizer where it is there.
const TOKENIZER_EXTRAS: [&str; 3] = ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"];
/// The weights, whole or as the index of several files; the first that is there.
const WEIGHTS: [[&str; 2]; 2] =
    [["model.safetensors", "model.safetensors.index.json"], ["pytorch_model.bin", "pytorch_model.bin.index.json"]];

/// What a model does not have.
#[derive(Debug)]
pub struct Lacking(String);

impl std::fmt::Display for Lacking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Lacking {}

/// Whether a folder has all that a model needs.
pub fn is_whole(folder: &Path) -> bool {
    check_whole(folder).is_ok()
}

pub fn check_whole(folder: &Path) -> Result<()> {
    ensure!(folder.join(CONFIG).exists(), "there is no {CONFIG}");
    gather(folder, &mut |file| Ok(folder.join(file).exists()))
}

/// Gets every file that a model needs and no other. `get` brings a file into the folder, if there is such a file.
pub fn gather(folder: &Path, get: &mut dyn FnMut(&str) -> Result<bool>) -> Result<()> {
    let mut has_tokenizer = get(TOKENIZER)?;
    for vocabulary in VOCABULARIES {
        if !has_tokenizer {
            has_tokenizer = true;
            for file in vocabulary {
                has_tokenizer = has_tokenizer && get(file)?;
            }
        }
    }
    if !has_tokenizer {
        bail!(Lacking("there is no tokenizer.json, no vocab.json with merges.txt and no vocab.txt".to_owned()));
    }
    for extra in TOKENIZER_EXTRAS {
        get(extra)?;
    }
    for [single, index] in WEIGHTS {
        if get(single)? {
            return Ok(());
        }
        if get(index)? {
            for shard in shards(&folder.join(index))? {
                if !get(&shard)? {
                    bail!(Lacking(format!("{index} names {shard}, which is not there")));
                }
            }
            return Ok(());
        }
    }
    let single = WEIGHTS.map(|[single, _]| single);
    bail!(Lacking(format!("there are no weights: no {}, whole or in shards", single.join(" and no "))))
}

/// The files that the index of sharded weights names.
fn shards(index: &Path) -> Result<Vec<String>> {
    #[derive(serde::Deserialize)]
    struct Index {
        weight_map: BTreeMap<String, String>,
    }
    let damaged = || format!("{} is damaged; remove it and run the same command again", index.display());
    let Index { weight_map } = serde_json::from_slice(&fs::read(index)?).with_context(damaged)?;
    let mut files: Vec<String> = weight_map.into_values().collect();
    files.sort_unstable();
    files.dedup();
    for file in &files {
        ensure!(!file.contains(['/', '\\']) && !file.starts_with('.'), "{} names the file {file:?}", index.display());
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is asked for, of a folder with these files.
    fn asked(files: &[&str]) -> (Vec<String>, Option<String>) {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let index = r#"{"weight_map": {"a": "two.safetensors", "b": "one.safetensors", "c": "two.safetensors"}}"#;
            std::fs::write(dir.path().join(file), index).unwrap();
        }
        let mut got = Vec::new();
        let mut get = |file: &str| {
            let there = dir.path().join(file).exists();
            got.extend(there.then(|| file.to_owned()));
            Ok(there)
        };
        let result = gather(dir.path(), &mut get);
        (got, result.err().map(|e| e.to_string()))
    }

    #[test]
    fn only_what_is_needed_is_asked_for() {
        let all = ["tokenizer.json", "vocab.json", "merges.txt", "tokenizer_config.json", "model.safetensors"];
        let (got, error) =
            asked(&[&all[..], &["pytorch_model.bin", "tf_model.h5", "model.safetensors.index.json"]].concat());
        assert_eq!((got.join(" ").as_str(), error), ("tokenizer.json tokenizer_config.json model.safetensors", None));
        let (got, error) = asked(&["vocab.json", "merges.txt", "vocab.txt", "pytorch_model.bin"]);
        assert_eq!((got.join(" ").as_str(), error), ("vocab.json merges.txt pytorch_model.bin", None));
        let (got, error) =
            asked(&["vocab.txt", "model.safetensors.index.json", "one.safetensors", "two.safetensors", "x.bin"]);
        assert_eq!(got.join(" "), "vocab.txt model.safetensors.index.json one.safetensors two.safetensors");
        assert_eq!(error, None);
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = |files: &[&str]| asked(files).1.unwrap();
        assert!(error(&["vocab.json", "model.safetensors"]).starts_with("there is no tokenizer.json, "));
        assert!(error(&["tokenizer.json", "tf_model.h5"]).starts_with("there are no weights: no model.safetensors"));
        let index = ["tokenizer.json", "model.safetensors.index.json", "one.safetensors"];
        assert_eq!(error(&index), "model.safetensors.index.json names two.safetensors, which is not there");
    }
}
