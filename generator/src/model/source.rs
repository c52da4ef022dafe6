//! From what the user calls a model to where its files come from.

use std::path::Path;

use anyhow::{Result, bail, ensure};
use lens_schema::path::sanitize_name;

use super::files::ModelFiles;
use super::hub::{self, HubModel};
use super::names::{self, Known};
use super::weights::NO_GGUF;
use crate::demo;

/// Where a model's files come from.
#[derive(Debug, Clone)]
pub enum ModelSource {
    /// They are at hand.
    Files(ModelFiles),
    Hub(HubModel),
}

impl ModelSource {
    /// A built-in name, else a local folder, else a TransformerLens name, else a hub id. `revision` is of the hub.
    pub fn find(name: &str, revision: Option<&str>) -> Result<ModelSource> {
        if let Some(model) = demo::models().iter().find(|m| m.name.eq_ignore_ascii_case(name)) {
            return Ok(ModelSource::Files(model.files()));
        }
        let path = Path::new(name);
        if path.is_dir() {
            return Ok(ModelSource::Files(ModelFiles::folder(path)?));
        }
        ensure!(!path.exists() || !name.ends_with(".gguf"), "--model {name}: this is {NO_GGUF}");
        ensure!(!path.exists(), "--model {name}: this is a file; give the folder that has config.json and the weights");
        if let Some(known) = names::find(name) {
            if let Err(refusal) = known.architecture {
                bail!("--model {name}: {}: {}", known.id, refusal.reason());
            }
            return Ok(ModelSource::Hub(of_known(known, name, revision)));
        }
        if !names::is_hub_id(name) {
            let meant = names::meant(name);
            bail!("--model {name}: there is no such folder, and no model of a hub can be called so{meant}");
        }
        Ok(ModelSource::Hub(HubModel {
            name: with_revision(name, revision),
            spellings: vec![with_revision(name, revision)],
            ids: vec![name.to_owned()],
            revision: revision.unwrap_or(hub::MAIN).to_owned(),
        }))
    }

    /// What the model is called where the data directory does not know it by another name.
    pub fn name(&self) -> &str {
        match self {
            ModelSource::Files(files) => &files.name,
            ModelSource::Hub(model) => &model.name,
        }
    }

    /// Where the files are.
    pub fn place(&self) -> String {
        match self {
            ModelSource::Files(files) => files.place(),
            ModelSource::Hub(model) => format!("{} on the hub at {}", model.ids.join(" or "), model.revision),
        }
    }

    pub fn is_same(&self, other: &ModelSource) -> bool {
        match (self, other) {
            (ModelSource::Files(a), ModelSource::Files(b)) => a.is_same_place(b),
            (ModelSource::Hub(a), ModelSource::Hub(b)) => {
                a.revision == b.revision
                    && a.ids.iter().any(|id| b.ids.iter().any(|other| id.eq_ignore_ascii_case(other)))
            }
            _ => false,
        }
    }
}

/// A model's directory is called as it was asked for, as pattern-lens does it; a hub id's by TransformerLens' name.
fn of_known(known: &'static Known, typed: &str, revision: Option<&str>) -> HubModel {
    let typed = known.spellings().find(|s| s.eq_ignore_ascii_case(typed)).unwrap_or(known.id);
    let name = if typed.contains('/') { known.name } else { typed };
    let spellings = [name].into_iter().chain(known.spellings().filter(|s| *s != name));
    let first = if typed.contains('/') { typed } else { known.id };
    let mut ids: Vec<String> = Vec::new();
    for id in [first, known.id].into_iter().chain(known.spellings()) {
        if !ids.iter().any(|there| there == id) {
            ids.push(id.to_owned());
        }
    }
    HubModel {
        name: with_revision(name, revision),
        spellings: spellings.map(|s| with_revision(s, revision)).collect(),
        ids,
        revision: revision.unwrap_or(hub::MAIN).to_owned(),
    }
}

/// `pythia-14m-step1000`
fn with_revision(name: &str, revision: Option<&str>) -> String {
    revision.map_or_else(|| name.to_owned(), |revision| format!("{name}-{}", sanitize_name(revision)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hub(name: &str, revision: Option<&str>) -> HubModel {
        match ModelSource::find(name, revision).unwrap() {
            ModelSource::Hub(model) => model,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn directories_are_called_as_pattern_lens_calls_them() {
        let name = |typed: &str| hub(typed, None).name;
        assert_eq!(name("tiny-stories-1M"), "tiny-stories-1M");
        assert_eq!(name("roneneldan/TinyStories-1M"), "tiny-stories-1M");
        assert_eq!(name("PYTHIA-14M"), "pythia-14m");
        assert_eq!(name("EleutherAI/pythia-14m"), "pythia-14m");
        assert_eq!(name("gpt2"), "gpt2");
        assert_eq!(name("gpt2-small"), "gpt2-small");
        assert_eq!(name("some-one/Else"), "some-one/Else");
        assert!(hub("gpt2", None).spellings.contains(&"gpt2-small".to_owned()));
        let step = hub("EleutherAI/pythia-14m", Some("step1000"));
        assert_eq!((step.name.as_str(), step.revision.as_str()), ("pythia-14m-step1000", "step1000"));
        assert_eq!(hub("a/b", Some("refs/pr/1")).name, "a/b-refs-pr-1");
    }

    #[test]
    fn ids_that_were_typed_come_first() {
        assert_eq!(hub("gpt2-small", None).ids[0], "gpt2");
        assert_eq!(hub("openai-community/GPT2", None).ids[..2], ["openai-community/gpt2", "gpt2"]);
        assert_eq!(hub("pythia", None).ids[0], "EleutherAI/pythia-70m");
    }

    #[test]
    fn spellings_of_one_model_are_the_same_model() {
        let same = |a: &str, b: &str| ModelSource::find(a, None).unwrap().is_same(&ModelSource::find(b, None).unwrap());
        assert!(same("gpt2", "openai-community/gpt2") && same("x/Y", "X/y"));
        assert!(!same("gpt2", "gpt2-medium"));
    }

    #[test]
    fn what_cannot_be_run_is_refused_by_name() {
        let error = |name: &str| ModelSource::find(name, None).unwrap_err().to_string();
        let format = "only TransformerLens reads";
        assert!(
            error("gelu-1l").starts_with("--model gelu-1l: NeelNanda/GELU_1L512W_C4_Code: "),
            "{}",
            error("gelu-1l")
        );
        assert!(error("gelu-1l").contains(format) && error("othello-gpt").contains(format));
        assert!(error("llama-7b").contains("on no hub"));
        assert!(error("bigcode/santacoder").contains("Python code"));
        assert!(error("./none").contains("no such folder"));
    }
}
