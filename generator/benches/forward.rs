//! The forward pass, family by family, beside what the machine can do: the matrix products that it is made of, run alone by
//! the same library.
//!
//! The families are the fixtures of the tests with the sizes of a small model of [`LAYERS`] layers, then come GPT-2-small and a Llama of 160M
//! parameters; all weights are random. `of GEMM` is the rate of the linear maps in all the time that is not spent on
//! attention, norms, activations and rotations included, as a share of the rate of the same products alone. `attention`
//! is the share of the time that scores, softmax and mixtures of values take.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result};
use clap::Parser;
use lens_build::model::config::DecoderConfig;
use lens_build::model::files::ModelFiles;
use lens_build::model::{LoadOptions, Model, arch};
use serde_json::{Value, json};

/// Times the forward pass and the matrix products that it is made of
#[derive(Debug, Parser)]
struct Arguments {
    /// Only families that contain this text
    #[arg(long, default_value = "")]
    only: String,
    /// Tokens of a prompt; as many prompts as make 2048 tokens are run together
    #[arg(long, default_value_t = 512)]
    tokens: usize,
    /// How often everything is run; medians are printed
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Passed by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

/// What a small model of a family gets for the keys that the families have for it. Key-value heads: see [`enlarged`].
const SIZES: [(&[&str], usize); 8] = [
    (&["hidden_size", "n_embd", "d_model", "dim", "embedding_size", "word_embed_proj_dim"], 768),
    (&["num_attention_heads", "n_head", "n_heads", "num_heads", "attention_heads"], 12),
    (&["head_dim", "d_kv", "rotary_dim"], 64),
    (&["intermediate_size", "n_inner", "ffn_dim", "hidden_dim", "d_ff", "ffn_hidden_size"], 3072),
    // Two experts a token of this size are three times d_model, as the eight of Qwen3-30B-A3B are.
    (&["moe_intermediate_size"], 1152),
    // Experts in every layer, as `maps` counts them.
    (&["decoder_sparse_step"], 1),
    (&["max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "seq_length"], 2050),
    (&["window_size", "sliding_window", "local_attention"], 128),
];

/// Layers of a small model, unless its configuration lists them one by one. The last one stops at its softmax, so with
/// few of them attention would seem dearer than it is.
const LAYERS: usize = 6;

const LLAMA: &str = r#"{"model_type": "llama", "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
    "num_key_value_heads": 12, "intermediate_size": 2048, "vocab_size": 32000, "max_position_embeddings": 2048}"#;
const GPT2: &str = r#"{"model_type": "gpt2", "n_embd": 768, "n_layer": 12, "n_head": 12, "n_positions": 2048,
    "vocab_size": 50257}"#;

#[allow(clippy::print_stdout, reason = "a benchmark prints its result")]
fn main() -> Result<()> {
    lens_build::memory::keep_freed();
    let arguments = Arguments::parse();
    let Arguments { tokens, runs, .. } = arguments;
    let prompts = (2048 / tokens).max(1);
    println!(
        "{} threads, {prompts} prompts of {tokens} tokens; medians of {runs} runs\n",
        rayon::current_num_threads()
    );
    println!("{:<16} {:>9} {:>11} {:>9} {:>10}", "family", "tokens/s", "GEMM GFLOP/s", "of GEMM", "attention");
    let mut bench = Bench { prompts, tokens, runs, gemm: BTreeMap::new() };
    let mut cases = Vec::new();
    for family in arch::model_types() {
        let like = fixture(family)?;
        let config = serde_json::from_slice(&std::fs::read(like.join("config.json"))?)?;
        cases.push((family.to_owned(), enlarged(config), like));
    }
    cases.push(("GPT-2-small".to_owned(), serde_json::from_str(GPT2)?, fixture("gpt2")?));
    cases.push(("Llama 160M".to_owned(), serde_json::from_str(LLAMA)?, fixture("llama")?));
    for (name, config, like) in cases {
        if name.to_lowercase().contains(&arguments.only.to_lowercase()) {
            let line = bench.line(&config, &like).with_context(|| name.clone())?;
            println!("{name:<16} {line}");
        }
    }
    Ok(())
}

/// The first fixture of an architecture.
fn fixture(family: &str) -> Result<PathBuf> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/models");
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(fixtures)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    folders.sort();
    let is_of_family = |folder: &&PathBuf| {
        let config = std::fs::read(folder.join("config.json")).ok();
        let config: Option<Value> = config.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        config.is_some_and(|config| config["model_type"] == family)
    };
    folders.iter().find(is_of_family).cloned().with_context(|| format!("no fixture is of {family}"))
}

/// The configuration of a fixture with the sizes of a small model.
fn enlarged(mut config: Value) -> Value {
    let heads = SIZES[1].0.iter().find_map(|key| config[*key].as_u64());
    for key in ["num_key_value_heads", "num_kv_heads"] {
        if let Some(own) = config[key].as_u64() {
            config[key] = if Some(own) == heads { 12.into() } else { own.min(4).into() };
        }
    }
    resize(&mut config);
    let lists =
        |value: &Value| value.as_array().is_some_and(|list| list.len() > 1 && list.iter().all(Value::is_string));
    if !config.as_object().is_some_and(|keys| keys.values().any(lists)) {
        for key in ["num_hidden_layers", "n_layer", "n_layers", "num_layers"] {
            if config[key].is_u64() {
                config[key] = LAYERS.into();
            }
        }
    }
    config
}

fn resize(value: &mut Value) {
    let Value::Object(map) = value else { return };
    for (key, value) in map {
        if let Some((_, size)) = SIZES.iter().find(|(keys, _)| keys.contains(&key.as_str()))
            && value.is_u64()
        {
            *value = json!(size);
        } else if key.ends_with("_factor") && value.is_array() {
            // One for each pair of a head's dimensions.
            *value = json!(vec![1.0; 32]);
        } else {
            resize(value);
        }
    }
}

struct Bench {
    prompts: usize,
    tokens: usize,
    runs: usize,
    /// Seconds of products that were timed already, by rows, inputs and outputs.
    gemm: BTreeMap<[usize; 3], f64>,
}

impl Bench {
    fn line(&mut self, config: &Value, like: &Path) -> Result<String> {
        let files: &'static [(&str, &[u8])] = vec![("config.json", &*config.to_string().into_bytes().leak())].leak();
        let (files, like) = (ModelFiles::built_in("bench", files), ModelFiles::folder(like)?);
        let model = Model::random(&files, &like, &LoadOptions::default())?;
        let ids: Vec<u32> = (0..self.tokens as u32).map(|i| i * 37 % 60).collect();
        let batch = vec![ids.as_slice(); self.prompts];
        model.patterns(&batch)?;
        let (mut passes, mut attentions) = (Vec::new(), Vec::new());
        for _ in 0..self.runs {
            let (begin, before) = (Instant::now(), model.attention_time());
            model.patterns(&batch)?;
            passes.push(begin.elapsed().as_secs_f64());
            attentions.push((model.attention_time() - before).as_secs_f64());
        }
        let (pass, attention) = (median(passes), median(attentions));
        let (mut flop, mut seconds) = (0.0, 0.0);
        for (shape @ [rows, d_in, d_out], times) in maps(model.config(), self.prompts * self.tokens) {
            let runs = self.runs;
            let one = *self.gemm.entry(shape).or_insert_with(|| gemm_seconds(rows, d_in, d_out, runs));
            flop += (times * 2 * rows * d_in * d_out) as f64;
            seconds += times as f64 * one;
        }
        Ok(format!(
            "{:>9.0} {:>12.1} {:>7.0} % {:>8.0} %",
            (self.prompts * self.tokens) as f64 / pass,
            flop / seconds / 1e9,
            100.0 * seconds / (pass - attention),
            100.0 * attention / pass,
        ))
    }
}

/// The linear maps of a pass: rows, inputs and outputs, and how often. The last layer has queries and keys only.
fn maps(config: &DecoderConfig, rows: usize) -> Vec<([usize; 3], usize)> {
    let (d, others) = (config.d_model, config.n_layers() - 1);
    let last = (config.n_heads + config.n_key_value_heads) * config.d_head;
    let mut maps = vec![
        ([rows, d, config.d_qkv()], others),
        ([rows, d, last], 1),
        ([rows, config.n_heads * config.d_head, d], others),
    ];
    if let Some(hidden) = config.d_mlp {
        let up = hidden * if config.gated_mlp { 2 } else { 1 };
        let (rows, times) = match config.experts {
            Some(experts) => (rows * experts.per_token / experts.n_experts, others * experts.n_experts),
            None => (rows, others),
        };
        maps.extend([([rows, d, up], times), ([rows, hidden, d], times)]);
    }
    maps
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Median time of a product `[m, k] · [k, n]` on all threads, by the library that the forward pass uses.
fn gemm_seconds(m: usize, k: usize, n: usize, runs: usize) -> f64 {
    let (a, b, mut c) = (vec![0.5f32; m * k], vec![0.25f32; k * n], vec![0f32; m * n]);
    let times = (0..runs + 1).map(|_| {
        let begin = Instant::now();
        let (c, a, b) = (c.as_mut_ptr(), a.as_ptr(), b.as_ptr());
        let [k_stride, n_stride] = [k, n].map(|stride| stride as isize);
        let threads = gemm::Parallelism::Rayon(0);
        // SAFETY: the three buffers are row-major matrices of exactly these shapes.
        unsafe {
            gemm::gemm(
                m, n, k, c, 1, n_stride, false, a, 1, k_stride, b, 1, n_stride, 0.0, 1.0, false, false, false, threads,
            );
        }
        begin.elapsed().as_secs_f64()
    });
    median(times.collect())
}
