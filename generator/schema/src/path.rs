//! File names and URLs, for the data directory and the site alike.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use md5::{Digest, Md5};

use crate::head::LayerHead;

pub const MODELS: &str = "models.jsonl";
pub const FIGURES: &str = "figures.jsonl";
pub const MODEL_CFG: &str = "model_cfg.json";
pub const PROMPTS: &str = "prompts.jsonl";
pub const PROMPT: &str = "prompt.json";
pub const ACTIVATIONS_NPZ: &str = "activations.npz";
pub const ACTIVATIONS_NPY: &str = "activations-blocks.-.attn.hook_pattern.npy";
/// Head scores: of a model, and in the data directory of one of its prompts too.
pub const SCORES: &str = "scores.npz";
/// Site only: schema version, title, sizes and what is there.
pub const MANIFEST: &str = "lens.json";
pub const INDEX_HTML: &str = "index.html";
pub const SINGLE_HTML: &str = "single.html";
/// Site only: what hosts show where there is no file.
pub const NOT_FOUND_HTML: &str = "404.html";
/// Site only: tells GitHub Pages to publish the files as they are.
pub const NO_JEKYLL: &str = ".nojekyll";
/// Site only, where the site's address is known.
pub const SITEMAP: &str = "sitemap.xml";
/// Site only, where the site's address is known: what other sites show beside a link to it.
pub const PREVIEW: &str = "preview.png";
/// Site only: folder of the viewer's scripts, styles and WebAssembly.
pub const ASSETS: &str = "assets";

/// File names end so if they are figures: pictures, or the reason why there is none.
pub const FIGURE_EXTENSIONS: [&str; 4] = ["png", "svg", "svgz", FIGURE_ERROR];
/// What a figure function failed with is kept as `NAME.error.txt`.
pub const FIGURE_ERROR: &str = "error.txt";

/// Whether a site writes a file or folder of this name at its top, beside the models' folders.
pub fn is_site_file(name: &str) -> bool {
    [MODELS, FIGURES, MANIFEST, INDEX_HTML, SINGLE_HTML, NOT_FOUND_HTML, NO_JEKYLL, SITEMAP, PREVIEW, ASSETS]
        .iter()
        .any(|own| own.eq_ignore_ascii_case(name))
}

/// Directory name of a model: `/` becomes `-`, every other character outside `[A-Za-z0-9._-]` becomes `_`.
///
/// The result may still be a name that must not be used as a directory; see [`is_safe_name`].
pub fn sanitize_name(name: &str) -> String {
    name.chars()
        .map(|c| match c {
            '/' => '-',
            'A'..='Z' | 'a'..='z' | '0'..='9' | '.' | '_' | '-' => c,
            _ => '_',
        })
        .collect()
}

/// Whether `name` can stand as one path component inside a data directory or a site on every platform:
/// not empty, no separators, not `.` or `..`, no trailing dot, and none of Windows' reserved device names.
pub fn is_safe_name(name: &str) -> bool {
    const RESERVED: [&str; 4] = ["con", "prn", "aux", "nul"];
    if name.is_empty() || name.len() > 200 || name.ends_with('.') || sanitize_name(name) != name {
        return false;
    }
    let stem = name.split('.').next().unwrap_or("").to_ascii_lowercase();
    let numbered = (stem.starts_with("com") || stem.starts_with("lpt"))
        && stem.len() == 4
        && stem.ends_with(|c: char| c.is_ascii_digit() && c != '0');
    !RESERVED.contains(&stem.as_str()) && !numbered
}

/// Name of a prompt's directory: URL-safe base64 of the MD5 of the UTF-8 text, without padding (22 characters).
pub fn prompt_hash(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Md5::digest(text.as_bytes()))
}

/// `hook_pattern` entry of one layer in `activations.npz`, without the `.npy` that the container appends.
pub fn hook_pattern(layer: usize) -> String {
    format!("blocks.{layer}.attn.hook_pattern")
}

/// The layer that an entry of `activations.npz` holds, if it is an attention pattern.
pub fn parse_hook_pattern(entry: &str) -> Option<usize> {
    let entry = entry.strip_suffix(".npy").unwrap_or(entry);
    entry.strip_prefix("blocks.")?.strip_suffix(".attn.hook_pattern")?.parse().ok()
}

/// `MODEL/model_cfg.json`
pub fn model_cfg(model: &str) -> String {
    format!("{model}/{MODEL_CFG}")
}

/// `MODEL/prompts.jsonl`
pub fn prompts(model: &str) -> String {
    format!("{model}/{PROMPTS}")
}

/// `MODEL/scores.npz`, every score of every head; see [`crate::score`].
pub fn scores(model: &str) -> String {
    format!("{model}/{SCORES}")
}

/// `MODEL/heads.jsonl`, a line per head: averages of its scores, and the heads most like it.
pub fn heads(model: &str) -> String {
    format!("{model}/heads.jsonl")
}

/// `MODEL/head_distances.npz`, how much any two heads differ.
pub fn head_distances(model: &str) -> String {
    format!("{model}/head_distances.npz")
}

/// Data directory: `MODEL/random_tokens.npz`, what the model does on repeated random tokens.
pub fn random_tokens(model: &str) -> String {
    format!("{model}/random_tokens.npz")
}

/// `MODEL/prompts`, the folder of the prompts' folders.
pub fn prompts_dir(model: &str) -> String {
    format!("{model}/prompts")
}

/// `MODEL/prompts/HASH`
pub fn prompt_dir(model: &str, hash: &str) -> String {
    format!("{}/{hash}", prompts_dir(model))
}

/// `MODEL/prompts/HASH/prompt.json`
pub fn prompt_json(model: &str, hash: &str) -> String {
    format!("{}/{PROMPT}", prompt_dir(model, hash))
}

/// Data directory: `MODEL/prompts/HASH/L3/H7`
pub fn head_dir(model: &str, hash: &str, head: LayerHead) -> String {
    format!("{}/{}", prompt_dir(model, hash), head_subdir(head))
}

/// `L3/H7`, a head's directory inside a prompt's.
pub fn head_subdir(head: LayerHead) -> String {
    format!("L{}/H{}", head.layer, head.head)
}

/// Site: `MODEL/prompts/HASH/overview.npz`, all heads at thumbnail precision.
pub fn overview(model: &str, hash: &str) -> String {
    format!("{}/overview.npz", prompt_dir(model, hash))
}

/// Site: `MODEL/prompts/HASH/L3.npz`, what the overview leaves out of one layer.
pub fn exact(model: &str, hash: &str, layer: usize) -> String {
    format!("{}/L{layer}.npz", prompt_dir(model, hash))
}

/// Site: `MODEL/prompts/HASH/sheet.png`, all heads in one small picture, for the start page and for readers without the viewer.
pub fn sheet(model: &str, hash: &str) -> String {
    format!("{}/sheet.png", prompt_dir(model, hash))
}

/// Figure name and extension of a file in a head's directory; `None` if it is no figure.
pub fn parse_figure_file(file: &str) -> Option<(&str, &'static str)> {
    FIGURE_EXTENSIONS.into_iter().find_map(|extension| {
        let name = file.strip_suffix(extension)?.strip_suffix('.')?;
        (!name.is_empty()).then_some((name, extension))
    })
}

/// Site: `MODEL/prompts/HASH/NAME.zip`, every head's picture by one figure function.
/// Its entries are called by [`packed_figure_entry`].
pub fn packed_figure(model: &str, hash: &str, figure: &str) -> String {
    format!("{}/{figure}.zip", prompt_dir(model, hash))
}

/// `L3H7.svg` inside a packed figure file; the extension is the figure's format, or `error.txt`.
pub fn packed_figure_entry(head: LayerHead, extension: &str) -> String {
    format!("{head}.{extension}")
}

/// One head of one model as links spell it: `MODEL.L3.H7`. The model's name may contain dots.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PatternId {
    pub model: String,
    pub head: LayerHead,
}

impl fmt::Display for PatternId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.L{}.H{}", self.model, self.head.layer, self.head.head)
    }
}

impl FromStr for PatternId {
    type Err = String;

    /// Parses from the right, because a model's name may contain dots.
    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            let (rest, head) = text.rsplit_once(".H")?;
            let (model, layer) = rest.rsplit_once(".L")?;
            let head = LayerHead { layer: layer.parse().ok()?, head: head.parse().ok()? };
            (!model.is_empty()).then(|| PatternId { model: model.to_owned(), head })
        };
        parse().ok_or_else(|| {
            format!("{text:?} does not name a head; expected MODEL.L<layer>.H<head>, for example gpt2-small.L5.H5")
        })
    }
}

/// `single.html?head=MODEL.L3.H7&prompt=HASH`, relative to the site's root.
pub fn single_url(id: &PatternId, hash: &str) -> String {
    format!("{SINGLE_HTML}?head={id}&prompt={hash}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_directories() {
        assert_eq!(sanitize_name("EleutherAI/pythia-14m"), "EleutherAI-pythia-14m");
        assert_eq!(sanitize_name("a b:c\\d"), "a_b_c_d");
        for bad in ["", ".", "..", "a/b", "nul", "COM1.txt", "x.", "é"] {
            assert!(!is_safe_name(bad), "{bad:?}");
        }
        for good in ["gpt2-small", "pythia-1.4b", "company", "com0"] {
            assert!(is_safe_name(good), "{good:?}");
        }
    }

    #[test]
    fn hash_is_what_pattern_lens_writes() {
        // Taken from a directory that pattern-lens 0.5 wrote.
        let text = "nes long.\nIf you really want to take a file name, you can use cut -f 1 -d '.' $1.\n\n";
        assert_eq!(prompt_hash(text), "-dDLtEAuQkO6aEbgF9OZ9A");
    }

    #[test]
    fn pattern_ids_parse_from_the_right() {
        let id: PatternId = "pythia-1.4b.L0.L3.H12".parse().unwrap();
        assert_eq!((id.model.as_str(), id.head), ("pythia-1.4b.L0", LayerHead { layer: 3, head: 12 }));
        assert_eq!(id.to_string(), "pythia-1.4b.L0.L3.H12");
        for bad in ["", "m", "m.L1", "m.H1.L1", ".L1.H1", "m.L-1.H1", "m.L1.Hx"] {
            assert!(bad.parse::<PatternId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn figure_files_are_told_from_others() {
        assert_eq!(parse_figure_file("raw.png"), Some(("raw", "png")));
        assert_eq!(parse_figure_file("svd.left.svgz"), Some(("svd.left", "svgz")));
        assert_eq!(parse_figure_file("svd.error.txt"), Some(("svd", "error.txt")));
        for other in ["png", ".png", "raw", "raw.txt", "raw.png.tmp"] {
            assert_eq!(parse_figure_file(other), None, "{other}");
        }
    }

    #[test]
    fn hook_names_round_trip() {
        assert_eq!(parse_hook_pattern(&hook_pattern(11)), Some(11));
        assert_eq!(parse_hook_pattern("blocks.3.attn.hook_pattern.npy"), Some(3));
        assert_eq!(parse_hook_pattern("blocks.3.attn.hook_z.npy"), None);
    }
}
