//! What the program can be tried with: models that this project trained, and prompts that it wrote.

use anyhow::Result;
use lens_schema::{PromptEntry, jsonl};

use crate::model::files::ModelFiles;

/// A model that is part of the program: an ordinary Hugging Face model folder.
#[derive(Debug)]
pub struct DemoModel {
    pub name: &'static str,
    /// One line about it.
    pub description: &'static str,
    files: &'static [(&'static str, &'static [u8])],
}

impl DemoModel {
    pub fn files(&self) -> ModelFiles {
        ModelFiles::built_in(self.name, self.files)
    }
}

macro_rules! folder {
    ($name:literal: $($file:literal),*) => {
        &[$(($file, include_bytes!(concat!("../assets/demo/", $name, "/", $file)))),*]
    };
}

/// The built-in models.
pub fn models() -> &'static [DemoModel] {
    &[DemoModel {
        name: "attn-only-2l-demo",
        description: "2 layers of 4 attention heads without MLPs, trained on text with repetitions",
        files: folder!("attn-only-2l-demo": "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"),
    }]
}

/// The built-in prompts, in their order.
pub fn prompts() -> Result<Vec<PromptEntry>> {
    Ok(jsonl::parse("built-in prompts", include_str!("../assets/demo/prompts.jsonl"))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{LoadOptions, Model};
    use crate::tokens::Tokenizer;

    #[test]
    fn every_model_runs_on_every_prompt() {
        for demo in models() {
            let model = Model::load(&demo.files(), &LoadOptions::default()).unwrap();
            let tokenizer = Tokenizer::load(&demo.files()).unwrap();
            for prompt in prompts().unwrap() {
                let tokens = tokenizer.encode(&prompt.text, model.bos_policy(), model.n_ctx()).unwrap();
                assert_eq!(tokens.cut_from, None, "{}", prompt.text);
                let patterns = model.patterns(&[&tokens.ids]).unwrap();
                assert_eq!((patterns[0].n_ctx(), patterns[0].n_layers()), (tokens.ids.len(), model.entry().n_layers));
            }
        }
    }
}
