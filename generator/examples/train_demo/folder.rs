//! Writes a model as Hugging Face lays it out.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use half::f16;
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use serde_json::{Value, json};
use tokenizers::Tokenizer;

use crate::model::{Config, LAYER_NORM_EPSILON, Model};
use crate::tokenizer::{END_OF_TEXT, END_OF_TEXT_ID};

/// Writes `config.json`, `model.safetensors` (f16), `tokenizer.json` and `tokenizer_config.json`.
pub fn write(folder: &Path, model: &Model, tokenizer: &Tokenizer) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let write = |file: &str, bytes: &[u8]| {
        let path = folder.join(file);
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))
    };
    write("config.json", pretty(&config(&model.config))?.as_bytes())?;
    write("model.safetensors", &weights(model)?)?;
    write("tokenizer.json", tokenizer_json(tokenizer)?.as_bytes())?;
    write("tokenizer_config.json", pretty(&tokenizer_config(&model.config))?.as_bytes())
}

pub fn config(config: &Config) -> Value {
    json!({
        "model_type": "gpt2",
        "architectures": ["GPT2LMHeadModel"],
        "activation_function": "relu",
        "vocab_size": config.vocab_size,
        "n_positions": config.n_positions,
        "n_embd": config.n_embd,
        "n_layer": config.n_layer,
        "n_head": config.n_head,
        "n_inner": config.stored_inner(),
        "layer_norm_epsilon": LAYER_NORM_EPSILON,
        "bos_token_id": END_OF_TEXT_ID,
        "eos_token_id": END_OF_TEXT_ID,
        "attn_pdrop": 0.0,
        "embd_pdrop": 0.0,
        "resid_pdrop": 0.0,
        "tie_word_embeddings": false,
        "torch_dtype": "float16",
    })
}

pub fn tokenizer_config(config: &Config) -> Value {
    json!({
        "tokenizer_class": "GPT2TokenizerFast",
        "bos_token": END_OF_TEXT,
        "eos_token": END_OF_TEXT,
        "unk_token": END_OF_TEXT,
        "add_prefix_space": false,
        "add_bos_token": false,
        "clean_up_tokenization_spaces": false,
        "model_max_length": config.n_positions,
    })
}

pub fn tokenizer_json(tokenizer: &Tokenizer) -> Result<String> {
    tokenizer.to_string(false).map_err(|e| anyhow!("cannot write the tokenizer: {e}"))
}

pub fn pretty(value: &Value) -> Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

fn weights(model: &Model) -> Result<Vec<u8>> {
    let mut tensors = Vec::new();
    for (name, weight) in &model.weights {
        let values: Vec<f32> = weight.flatten_all()?.to_vec1()?;
        let bytes: Vec<u8> = values.iter().flat_map(|v| f16::from_f32(*v).to_le_bytes()).collect();
        let prefix = if name.starts_with("lm_head") { "" } else { "transformer." };
        tensors.push((format!("{prefix}{name}"), weight.dims().to_vec(), bytes));
    }
    let views =
        tensors.iter().map(|(name, shape, bytes)| Ok((name, TensorView::new(Dtype::F16, shape.clone(), bytes)?)));
    let metadata = [("format".to_owned(), "pt".to_owned())].into();
    Ok(safetensors::serialize(views.collect::<Result<Vec<_>>>()?, Some(metadata))?)
}
