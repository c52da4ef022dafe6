//! Entries of the index files. Keys that are not ours are kept and written back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Precision;
use crate::path::sanitize_name;
use crate::scale::Scale;
use crate::{sort, token};

/// Key of a prompt: one token id per row of its pattern. Written by lens-build only.
pub const INPUT_IDS: &str = "input_ids";

/// One line of `models.jsonl`, and the whole of `model_cfg.json`: keys as TransformerLens' `HookedTransformerConfig`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelEntry {
    pub model_name: String,
    pub n_layers: usize,
    pub n_heads: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sanitized_name: Option<String>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl ModelEntry {
    /// Name of the model's directory.
    pub fn dir(&self) -> String {
        self.sanitized_name.clone().unwrap_or_else(|| sanitize_name(&self.model_name))
    }

    /// A whole number among the other keys, such as `d_model`, `d_head`, `n_ctx` or `n_params`.
    pub fn number(&self, key: &str) -> Option<u64> {
        self.rest.get(key)?.as_u64()
    }

    /// A string among the other keys, such as `act_fn`, `dtype` or `positional_embedding_type`.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.rest.get(key)?.as_str()
    }
}

/// One `prompt.json`, and one line of `prompts.jsonl`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PromptEntry {
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_fname: Option<String>,
    #[serde(default)]
    pub hash: String,
    /// Tokens of the text, without a prepended BOS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n_tokens: Option<usize>,
    /// As the tokenizer spells them, without a prepended BOS. Older directories do not have them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<Vec<String>>,
    /// One readable label per row of the pattern, a prepended BOS included. Written by lens-build only.
    /// Called so that a data set may have `labels` of its own.
    #[serde(default, rename = "row_labels", skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl PromptEntry {
    /// One readable label for each of the pattern's `n_ctx` rows, whatever the directory's age:
    /// the written labels; else the tokens, after a `<BOS>` where the pattern has one row more; else the row numbers.
    pub fn row_labels(&self, n_ctx: usize) -> Vec<String> {
        if let Some(labels) = &self.labels
            && labels.len() == n_ctx
        {
            return labels.clone();
        }
        if let Some(tokens) = &self.tokens
            && let Some(extra) = n_ctx.checked_sub(tokens.len())
            && extra <= 1
        {
            let bos = (extra == 1).then(|| "<BOS>".to_owned());
            return bos.into_iter().chain(tokens.iter().map(|t| token::readable(t))).collect();
        }
        (0..n_ctx).map(|i| format!("#{i}")).collect()
    }

    /// One number for each row, equal for equal tokens: their ids where they are known, else a number for each label.
    pub fn token_ids(&self, labels: &[String]) -> Vec<u32> {
        let ids = self.rest.get(INPUT_IDS).and_then(Value::as_array);
        let ids: Option<Vec<u32>> =
            ids.and_then(|ids| ids.iter().map(|id| id.as_u64().and_then(|id| u32::try_from(id).ok())).collect());
        if let Some(ids) = ids
            && ids.len() == labels.len()
        {
            return ids;
        }
        let known = sort::set(labels.iter().map(String::as_str));
        labels.iter().map(|label| known.partition_point(|other| *other < label.as_str()) as u32).collect()
    }

    /// Where the prompt comes from: the data set named by its own keys, else the file it was read from.
    pub fn dataset(&self) -> Option<&str> {
        let meta = self.rest.get("meta").and_then(|m| m.get("pile_set_name"));
        let own = ["dataset", "source", "subset"].iter().find_map(|k| self.rest.get(*k));
        meta.or(own).and_then(Value::as_str).or(self.source_fname.as_deref())
    }
}

/// One line of `figures.jsonl`: a figure function.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FigureEntry {
    pub name: String,
    #[serde(default)]
    pub func_name: String,
    #[serde(default)]
    pub doc: Option<String>,
    #[serde(default)]
    pub figure_save_fmt: Option<String>,
    #[serde(default)]
    pub source: Option<String>,
    #[serde(default)]
    pub code: Option<String>,
    /// How the viewer draws this figure from the pattern itself; absent where pictures are packed instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matrix: Option<MatrixStyle>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl FigureEntry {
    /// The function that draws this figure, maybe among others: `func` where the figure is `func.figure`.
    pub fn function(&self) -> &str {
        if self.func_name.is_empty() { &self.name } else { &self.func_name }
    }

    /// How the viewer draws this figure from the pattern itself. `raw` is known by its name, so that
    /// directories written by pattern-lens show it too.
    pub fn matrix_style(&self) -> Option<MatrixStyle> {
        self.matrix.clone().or_else(|| (self.name == "raw").then(MatrixStyle::default))
    }
}

/// A figure that is a colour-mapped function of the pattern, cell by cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MatrixStyle {
    pub colormap: String,
    pub scale: Scale,
}

impl Default for MatrixStyle {
    fn default() -> Self {
        MatrixStyle { colormap: "Blues".to_owned(), scale: Scale::Linear }
    }
}

/// `lens.json` of a site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub schema: u32,
    /// Name and version of the program that wrote the site.
    pub generator: String,
    pub title: String,
    /// Whether there are files of layers, and of what kind.
    #[serde(default)]
    pub precision: Precision,
    pub models: Vec<ManifestModel>,
    /// Files and bytes of the site without this manifest.
    pub files: u64,
    pub bytes: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ManifestModel {
    /// Directory name.
    pub dir: String,
    pub n_prompts: usize,
    /// Packed figures by name; `None` where every prompt has it, else the hashes that do.
    pub figures: BTreeMap<String, Option<Vec<String>>>,
    /// Whether the site has the files of [`crate::score`] of it.
    #[serde(default)]
    pub scores: bool,
}

impl ManifestModel {
    /// Whether this figure was packed for this prompt.
    pub fn has_figure(&self, figure: &str, hash: &str) -> bool {
        self.figures.get(figure).is_some_and(|only| only.as_ref().is_none_or(|h| h.iter().any(|x| x == hash)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn unknown_keys_survive() {
        let line = r#"{"model_name":"m/x","n_layers":2,"n_heads":3,"d_mlp":null,"mine":[1]}"#;
        let entry: ModelEntry = serde_json::from_str(line).unwrap();
        assert_eq!(entry.dir(), "m-x");
        assert_eq!(serde_json::to_string(&entry).unwrap(), line);
    }

    #[test]
    fn labels_fit_the_rows() {
        let mut p = PromptEntry { tokens: Some(vec!["a".into(), "Ġb".into()]), ..Default::default() };
        assert_eq!(p.row_labels(2), ["a", " b"]);
        assert_eq!(p.row_labels(3), ["<BOS>", "a", " b"]);
        assert_eq!(p.row_labels(4), ["#0", "#1", "#2", "#3"]);
        p.labels = Some(vec!["<|endoftext|>".into(), "a".into(), " b".into()]);
        assert_eq!(p.row_labels(3)[0], "<|endoftext|>");
    }

    #[test]
    fn dataset_of_a_prompt() {
        let p: PromptEntry = serde_json::from_str(r#"{"text":"x","meta":{"pile_set_name":"Github"}}"#).unwrap();
        assert_eq!(p.dataset(), Some("Github"));
        let p: PromptEntry = serde_json::from_str(r#"{"text":"x","source_fname":"a.txt"}"#).unwrap();
        assert_eq!(p.dataset(), Some("a.txt"));
    }

    #[test]
    fn tokens_are_told_apart_by_their_ids() {
        let labels = ["a", "b", "a"].map(str::to_owned);
        let of = |ids| {
            PromptEntry { rest: json!(ids).as_object().unwrap().clone(), ..Default::default() }.token_ids(&labels)
        };
        assert_eq!(of(json!({ "input_ids": [7, 9, 8] })), [7, 9, 8]);
        assert_eq!(of(json!({ "input_ids": [7, 9] })), [0, 1, 0]);
        assert_eq!(of(json!({ "input_ids": [7, 9, "x"] })), [0, 1, 0]);
        assert_eq!(of(json!({})), [0, 1, 0]);
    }
}
