//! A model folder of GPT-2-small's shape with random weights, and prompts for it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use candle_core::{Device, Tensor, safetensors};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

const LAYERS: usize = 12;
const WIDTH: usize = 768;
const VOCABULARY: usize = 50_257;
const POSITIONS: usize = 1024;
/// Tokens of a prompt: from the one to the other, 206 on average.
const TOKENS: (usize, usize) = (166, 246);
const PROMPTS: usize = 50;

/// Makes the folder where it is missing. Returns the model's folder and the file of prompts.
pub fn make(folder: &Path) -> Result<(PathBuf, PathBuf)> {
    let prompts = folder.join("prompts.jsonl");
    if !prompts.exists() {
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join("config.json"), config())?;
        std::fs::write(folder.join("tokenizer.json"), tokenizer())?;
        weights(&folder.join("model.safetensors"))?;
        std::fs::write(&prompts, texts()?)?;
    }
    Ok((folder.to_owned(), prompts))
}

fn config() -> String {
    json!({
        "model_type": "gpt2", "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5, "n_embd": WIDTH,
        "n_head": 12, "n_layer": LAYERS, "n_positions": POSITIONS, "vocab_size": VOCABULARY,
        "bos_token_id": 0, "eos_token_id": 0,
    })
    .to_string()
}

/// Every word is a token: numbers in base 36, so that 250 of them fit into 1000 characters.
fn tokenizer() -> String {
    let mut vocabulary = serde_json::Map::new();
    vocabulary.insert("<|endoftext|>".to_owned(), 0.into());
    vocabulary.extend((1..VOCABULARY).map(|id| (word(id), id.into())));
    json!({
        "version": "1.0",
        "added_tokens": [{ "id": 0, "content": "<|endoftext|>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true }],
        "pre_tokenizer": { "type": "WhitespaceSplit" },
        "model": { "type": "WordLevel", "vocab": vocabulary, "unk_token": "<|endoftext|>" },
    })
    .to_string()
}

fn word(mut id: usize) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut word = String::new();
    while id > 0 {
        word.insert(0, char::from(DIGITS[id % 36]));
        id /= 36;
    }
    word
}

fn texts() -> Result<String> {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut lines = String::new();
    for i in 0..PROMPTS {
        // Spread evenly over the range, in an order without order.
        let n = TOKENS.0 + (TOKENS.1 - TOKENS.0) * (i * 37 % PROMPTS) / (PROMPTS - 1);
        let words: Vec<String> = (0..n).map(|_| word(random.random_range(1..46_656))).collect();
        lines += &serde_json::to_string(&json!({ "text": words.join(" ") }))?;
        lines.push('\n');
    }
    Ok(lines)
}

/// Normal weights with GPT-2's deviation of 0.02; queries and keys are larger, so that patterns have peaks.
fn weights(file: &Path) -> Result<()> {
    let mut random = ChaCha8Rng::seed_from_u64(0);
    let mut tensors = BTreeMap::new();
    let mut put = |name: String, shape: &[usize], scale: f32| -> Result<()> {
        let n = shape.iter().product::<usize>();
        let values: Vec<f32> = (0..n).map(|_| scale * normal(&mut random)).collect();
        tensors.insert(name, Tensor::from_vec(values, shape, &Device::Cpu)?);
        Ok(())
    };
    put("wte.weight".to_owned(), &[VOCABULARY, WIDTH], 0.02)?;
    put("wpe.weight".to_owned(), &[POSITIONS, WIDTH], 0.01)?;
    for layer in 0..LAYERS {
        for (name, shape, scale) in [
            ("ln_1.weight", &[WIDTH][..], 0.5),
            ("ln_1.bias", &[WIDTH], 0.02),
            ("attn.c_attn.weight", &[WIDTH, 3 * WIDTH], 0.08),
            ("attn.c_attn.bias", &[3 * WIDTH], 0.02),
            ("attn.c_proj.weight", &[WIDTH, WIDTH], 0.02),
            ("attn.c_proj.bias", &[WIDTH], 0.02),
            ("ln_2.weight", &[WIDTH], 0.5),
            ("ln_2.bias", &[WIDTH], 0.02),
            ("mlp.c_fc.weight", &[WIDTH, 4 * WIDTH], 0.02),
            ("mlp.c_fc.bias", &[4 * WIDTH], 0.02),
            ("mlp.c_proj.weight", &[4 * WIDTH, WIDTH], 0.02),
            ("mlp.c_proj.bias", &[WIDTH], 0.02),
        ] {
            put(format!("h.{layer}.{name}"), shape, scale)?;
        }
    }
    put("ln_f.weight".to_owned(), &[WIDTH], 0.5)?;
    put("ln_f.bias".to_owned(), &[WIDTH], 0.02)?;
    safetensors::save(&tensors.into_iter().collect(), file).with_context(|| format!("cannot write {}", file.display()))
}

/// A number of mean 0 and deviation 1: the sum of twelve even ones, which is close enough to normal.
fn normal(random: &mut ChaCha8Rng) -> f32 {
    (0..3)
        .map(|_| random.random::<u64>())
        .flat_map(|bits| (0..4).map(move |i| (bits >> (16 * i)) as u16))
        .map(f32::from)
        .sum::<f32>()
        / 65_536.0
        - 6.0
}
