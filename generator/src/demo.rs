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
    ($name:literal) => {
        folder!($name: "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")
    };
    ($name:literal: $($file:literal),*) => {
        &[$(($file, include_bytes!(concat!("../assets/demo/", $name, "/", $file)))),*]
    };
}

/// The built-in models.
pub fn models() -> &'static [DemoModel] {
    &[
        DemoModel {
            name: "attn-only-1l-demo",
            description: "1 layer × 4 heads without MLPs: what attention does alone, for comparison with 2 layers",
            files: folder!("attn-only-1l-demo"),
        },
        DemoModel {
            name: "attn-only-2l-demo",
            description: "2 layers × 4 heads without MLPs: a previous-token head and an induction head that uses it",
            files: folder!("attn-only-2l-demo"),
        },
        DemoModel {
            name: "relu-4l-demo",
            description: "4 layers × 4 heads with MLPs, trained on stories, dialogue, lists and code",
            files: folder!("relu-4l-demo"),
        },
    ]
}

/// The built-in prompts, in their order.
pub fn prompts() -> Result<Vec<PromptEntry>> {
    Ok(jsonl::parse("built-in prompts", include_str!("../assets/demo/prompts.jsonl"))?)
}
