//! The names that models have beside their folders: TransformerLens' names and aliases, and hub ids.

use std::sync::LazyLock;

use lens_schema::path::sanitize_name;

use crate::demo;

/// A model that TransformerLens knows.
#[derive(Debug)]
pub struct Known {
    /// What TransformerLens calls it by default.
    pub name: &'static str,
    /// Its hub id.
    pub id: &'static str,
    /// `model_type` of its `config.json`, or why it cannot be run.
    pub architecture: Result<&'static str, Refusal>,
    /// Further names.
    pub aliases: Vec<&'static str>,
}

/// Why a model that TransformerLens knows cannot be run from its hub id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// A checkpoint in TransformerLens' own layout.
    TransformerLensFormat,
    /// The weights are on no hub.
    NotHosted,
    /// The model is defined by Python code beside its weights.
    CustomCode,
}

impl Refusal {
    fn parse(reason: &str) -> Option<Self> {
        match reason {
            "transformer_lens" => Some(Refusal::TransformerLensFormat),
            "not_hosted" => Some(Refusal::NotHosted),
            "custom_code" => Some(Refusal::CustomCode),
            _ => None,
        }
    }

    /// What to say of it after the model's name.
    pub fn reason(self) -> &'static str {
        match self {
            Refusal::TransformerLensFormat => {
                "the weights are a checkpoint in TransformerLens' own format, which only TransformerLens reads; choose a \
                 model in Hugging Face's format"
            }
            Refusal::NotHosted => {
                "the weights are on no hub; give the folder that has them in Hugging Face's format with --model DIR"
            }
            Refusal::CustomCode => {
                "the model is defined by Python code beside the weights, which is not run; choose a model of a supported \
                 architecture"
            }
        }
    }
}

impl Known {
    /// Every name of the model, its default name first.
    pub fn spellings(&self) -> impl Iterator<Item = &'static str> {
        [self.name, self.id].into_iter().chain(self.aliases.iter().copied())
    }

    fn is_called(&self, name: &str) -> bool {
        // Directories of models are called by their names without slashes; those are names too.
        self.spellings().any(|s| s.eq_ignore_ascii_case(name) || sanitize_name(s).eq_ignore_ascii_case(name))
    }
}

/// Every model that TransformerLens knows, in its order.
pub fn known() -> &'static [Known] {
    static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| {
        let table = include_str!("../../assets/names/transformer_lens.tsv");
        table.lines().filter(|line| !line.starts_with('#')).filter_map(parse).collect()
    });
    &KNOWN
}

fn parse(line: &'static str) -> Option<Known> {
    let mut columns = line.split('\t');
    let (name, id, architecture) = (columns.next()?, columns.next()?, columns.next()?);
    let architecture = match architecture.strip_prefix('!') {
        Some(reason) => Err(Refusal::parse(reason)?),
        None => Ok(architecture),
    };
    Some(Known { name, id, architecture, aliases: columns.next()?.split_whitespace().collect() })
}

/// The model of this name, however its letters are cased.
pub fn find(name: &str) -> Option<&'static Known> {
    known().iter().find(|model| model.is_called(name))
}

/// Whether a name has the form of a hub id: `name` or `owner/name`.
pub fn is_hub_id(name: &str) -> bool {
    let word = |part: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        part.chars().all(|c| plain(c) || c == '-' || c == '.')
            && part.starts_with(plain)
            && part.ends_with(plain)
            && part.len() <= 96
    };
    let parts: Vec<&str> = name.split('/').collect();
    parts.len() <= 2 && parts.iter().all(|p| word(p)) && !name.contains("--") && !name.contains("..")
}

/// Names that may have been meant, nearest first, each of another model; `others` are names beside the known ones.
pub fn near<'a>(name: &str, others: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    /// How like the name a suggestion must be, and how much less like it than the best one it may be.
    const AT_LEAST: f64 = 0.72;
    const BELOW_BEST: f64 = 0.08;
    let name = name.to_lowercase();
    let score = |spelling: &str| {
        let spelling = spelling.to_lowercase();
        // Who types no owner may have meant any.
        let own = spelling.rsplit('/').next().filter(|_| !name.contains('/')).unwrap_or(&spelling);
        strsim::normalized_damerau_levenshtein(own, &name)
    };
    let better = |a: &(f64, &str), b: &(f64, &str)| a.0.total_cmp(&b.0).then(b.1.len().cmp(&a.1.len()));
    let known = known().iter().filter(|model| model.architecture.is_ok());
    let nearest = known.filter_map(|model| model.spellings().map(|s| (score(s), s)).max_by(better));
    let mut scored: Vec<(f64, &'a str)> = nearest.collect();
    scored.extend(others.into_iter().map(|other| (score(other), other)));
    let best = scored.iter().map(|(score, _)| *score).fold(AT_LEAST + BELOW_BEST, f64::max);
    scored.retain(|(score, _)| *score >= best - BELOW_BEST);
    scored.sort_by(|a, b| better(b, a).then(a.1.cmp(b.1)));
    scored.into_iter().map(|(_, name)| name).take(3).collect()
}

/// A question for a message's end, if a name is not known and may be another one misspelled.
pub fn meant(name: &str) -> String {
    let near = match find(name) {
        Some(_) => Vec::new(),
        None => near(name, demo::models().iter().map(|model| model.name)),
    };
    if near.is_empty() { String::new() } else { format!(". Did you mean {}?", near.join(" or ")) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_name_means_one_model() {
        assert_eq!(known().len(), 231);
        let mut seen = BTreeMap::new();
        for model in known() {
            for spelling in model.spellings().flat_map(|s| [s.to_lowercase(), sanitize_name(s).to_lowercase()]) {
                let other = seen.insert(spelling.clone(), model.id).unwrap_or(model.id);
                assert_eq!(other, model.id, "{spelling}");
            }
            assert!(is_hub_id(model.id), "{}", model.id);
        }
    }

    #[test]
    fn models_are_found_by_any_of_their_names() {
        let id = |name: &str| find(name).map(|model| model.id);
        for name in ["gpt2", "gpt2-small", "GPT2-Small", "openai-community/gpt2", "openai-community-gpt2"] {
            assert_eq!(id(name), Some("gpt2"), "{name}");
        }
        for name in ["pythia-14m", "EleutherAI/pythia-14m", "eleutherai/Pythia-14M", "EleutherAI-pythia-14m"] {
            assert_eq!(id(name), Some("EleutherAI/pythia-14m"), "{name}");
        }
        for name in ["tiny-stories-1m", "roneneldan/TinyStories-1M"] {
            assert_eq!(find(name).map(|model| model.name), Some("tiny-stories-1M"), "{name}");
        }
        assert_eq!(id("gelu-1l"), Some("NeelNanda/GELU_1L512W_C4_Code"));
        assert_eq!(find("gelu-1l").unwrap().architecture, Err(Refusal::TransformerLensFormat));
        assert_eq!(find("pythia").unwrap().name, "pythia-70m");
        assert_eq!(id("no-such-model"), None);
    }

    #[test]
    fn hub_ids_have_a_form() {
        for good in ["gpt2", "EleutherAI/pythia-1.4b", "a_b/c-d.e", "x"] {
            assert!(is_hub_id(good), "{good}");
        }
        let long = "x".repeat(97);
        for bad in ["", "/", "a/", "/a", "a/b/c", "./a", "../a", "a--b", "a..b", "a b", "-a", "a.", "~/a", "é", &long]
        {
            assert!(!is_hub_id(bad), "{bad:?}");
        }
    }

    #[test]
    fn near_names_are_near() {
        assert_eq!(near("gtp2", []).first(), Some(&"gpt2"));
        assert_eq!(near("pythia14m", []).first(), Some(&"pythia-14m"));
        assert_eq!(near("tinystories-1M", []).first(), Some(&"roneneldan/TinyStories-1M"));
        assert_eq!(near("relu-4l-dmeo", ["relu-4l-demo"]), ["relu-4l-demo"]);
        assert!(near("zzz/qqq", []).is_empty());
        assert!(near("pythia-15m", []).len() <= 3);
    }
}
