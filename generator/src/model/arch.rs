//! Architectures: one file each, the only places that know Hugging Face's names and quirks.
//!
//! To add one: a file with its `config.json` and its tensor names, a line in [`ARCHITECTURES`], a fixture.

mod albert;
mod arcee;
mod bert;
mod bloom;
mod codegen;
mod cohere;
mod cohere2;
mod distilbert;
mod electra;
mod ernie4_5;
mod exaone4;
mod experts;
mod falcon;
mod gemma;
mod gemma2;
mod gemma3;
mod glm;
mod gpt2;
mod gpt_bigcode;
mod gpt_neo;
mod gpt_neox;
mod gpt_oss;
mod gptj;
mod granite;
mod granitemoe;
mod helium;
mod layers;
mod llama;
mod mistral;
mod mixtral;
mod modernbert;
mod modernbert_decoder;
mod mpnet;
mod mpt;
mod nemotron;
mod olmo;
mod olmo2;
mod olmo3;
mod olmoe;
mod openai_gpt;
mod opt;
mod phi;
mod phi3;
mod qwen2;
mod qwen3;
mod qwen3_moe;
mod roberta;
mod rotary;
mod seed_oss;
mod smollm3;
mod stablelm;
mod starcoder2;
mod t5;
mod vaultgemma;
mod xglm;

use anyhow::{Context as _, Result, bail, ensure};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::config::DecoderConfig;
use super::decoder::{Block, Embedding};
use super::files::ModelFiles;
use super::weights::{NO_GGUF, Weights};

/// What one architecture's `config.json` says, and where its weights are.
pub trait Architecture {
    /// What the library takes for keys that this `config.json` lacks. A key that is null does not lack.
    fn defaults(config: &Value) -> Value
    where
        Self: Sized,
    {
        let _ = config;
        Value::Null
    }
    /// The decoder's configuration; an error names what is not supported.
    fn config(&self) -> Result<DecoderConfig>;
    fn embedding(&self, weights: &Weights, config: &DecoderConfig) -> Result<Embedding>;
    fn block(&self, weights: &Weights, config: &DecoderConfig, layer: usize) -> Result<Block>;
    /// An earlier layer that has the same weights.
    fn shares_weights_of(&self, _layer: usize) -> Option<usize> {
        None
    }
}

/// An architecture with the values of a `config.json`.
pub(super) struct Described {
    pub architecture: Box<dyn Architecture>,
    /// Names that the token embedding may have besides its own: those of the output embedding, where the two are one
    /// matrix.
    pub embedding_names: &'static [&'static str],
}

type Reader = fn(Value) -> Result<Described>;

/// `model_type` of `config.json`, in alphabetical order.
const ARCHITECTURES: &[(&str, Reader)] = &[
    ("albert", read::<albert::Albert>),
    ("arcee", read::<arcee::Arcee>),
    ("bert", read::<bert::Bert>),
    ("bloom", |config| read::<bloom::Bloom>(renamed(config, bloom::NAMES))),
    ("camembert", read::<roberta::Roberta>),
    ("codegen", |config| read::<codegen::CodeGen>(renamed(config, gpt2::NAMES))),
    ("cohere", read::<cohere::Cohere>),
    ("cohere2", read::<cohere2::Cohere2>),
    ("distilbert", |config| read::<distilbert::DistilBert>(renamed(config, distilbert::NAMES))),
    ("electra", read::<electra::Electra>),
    ("ernie4_5", read::<ernie4_5::Ernie45>),
    ("exaone4", read::<exaone4::Exaone4>),
    ("falcon", |config| read::<falcon::Falcon>(renamed(config, falcon::NAMES))),
    ("gemma", read::<gemma::Gemma>),
    ("gemma2", read::<gemma2::Gemma2>),
    ("gemma3", gemma3::read_text_config),
    ("gemma3_text", read::<gemma3::Gemma3>),
    ("glm", read::<glm::Glm>),
    ("glm4", read::<glm::Glm>),
    ("gpt2", |config| read::<gpt2::Gpt2>(renamed(config, gpt2::NAMES))),
    ("gpt_bigcode", |config| read::<gpt_bigcode::GptBigCode>(renamed(config, gpt2::NAMES))),
    ("gpt_neo", |config| read::<gpt_neo::GptNeo>(renamed(config, gpt_neo::NAMES))),
    ("gpt_neox", read::<gpt_neox::GptNeoX>),
    ("gpt_oss", read::<gpt_oss::GptOss>),
    ("gptj", |config| read::<gptj::GptJ>(renamed(config, gpt2::NAMES))),
    ("granite", read::<granite::Granite>),
    ("granitemoe", read::<granitemoe::GraniteMoe>),
    ("helium", read::<helium::Helium>),
    ("llama", read::<llama::Llama>),
    ("mistral", read::<mistral::Mistral>),
    ("mixtral", read::<mixtral::Mixtral>),
    ("modernbert", |config| read::<modernbert::ModernBert>(renamed(config, modernbert::NAMES))),
    ("modernbert-decoder", |config| read::<modernbert_decoder::ModernBertDecoder>(renamed(config, modernbert::NAMES))),
    ("mpnet", read::<mpnet::MpNet>),
    ("mpt", |config| read::<mpt::Mpt>(renamed(config, mpt::NAMES))),
    ("mt5", |config| read::<t5::T5>(renamed(config, t5::NAMES))),
    ("nemotron", read::<nemotron::Nemotron>),
    ("olmo", read::<olmo::Olmo>),
    ("olmo2", read::<olmo2::Olmo2>),
    ("olmo3", read::<olmo3::Olmo3>),
    ("olmoe", read::<olmoe::OlMoe>),
    ("openai-gpt", |config| read::<openai_gpt::OpenAiGpt>(renamed(config, gpt2::NAMES))),
    ("opt", read::<opt::Opt>),
    ("phi", read::<phi::Phi>),
    ("phi3", read::<phi3::Phi3>),
    ("qwen2", read::<qwen2::Qwen2>),
    ("qwen3", read::<qwen3::Qwen3>),
    ("qwen3_moe", read::<qwen3_moe::Qwen3Moe>),
    ("roberta", read::<roberta::Roberta>),
    ("seed_oss", read::<seed_oss::SeedOss>),
    ("smollm3", read::<smollm3::SmolLm3>),
    ("stablelm", read::<stablelm::StableLm>),
    ("starcoder2", read::<starcoder2::Starcoder2>),
    ("t5", |config| read::<t5::T5>(renamed(config, t5::NAMES))),
    ("umt5", |config| read::<t5::T5>(renamed(config, t5::NAMES))),
    ("vaultgemma", read::<vaultgemma::VaultGemma>),
    ("xglm", |config| read::<xglm::Xglm>(renamed(config, xglm::NAMES))),
    ("xlm-roberta", read::<roberta::Roberta>),
];

/// The key that says whether the output embedding is the input's. Where it is missing and an architecture's defaults do
/// not have it either, it is.
const TIED: &str = "tie_word_embeddings";

/// What architectures call their output embedding.
const OUTPUT_EMBEDDINGS: &[&str] = &[
    "lm_head.weight",
    "lm_head.decoder.weight",
    "embed_out.weight",
    "cls.predictions.decoder.weight",
    "predictions.decoder.weight",
    "generator_lm_head.weight",
    "vocab_projector.weight",
    "decoder.weight",
];

fn read<A: Architecture + DeserializeOwned + 'static>(config: Value) -> Result<Described> {
    let read = |config: Value| {
        let defaults = A::defaults(&config);
        let config = over(config, defaults);
        let tied = config.get(TIED).is_none_or(|tied| *tied == true);
        serde_json::from_value::<A>(config).map(|architecture| (architecture, tied))
    };
    let error = match read(config.clone()) {
        Ok((architecture, tied)) => {
            let embedding_names = if tied { OUTPUT_EMBEDDINGS } else { &[] };
            return Ok(Described { architecture: Box::new(architecture), embedding_names });
        }
        Err(error) => anyhow::Error::new(error),
    };
    // The error does not say which key it is about: the one without which the rest can be read.
    let without = |key: &&String| {
        let mut rest = config.clone();
        rest.as_object_mut().and_then(|keys| keys.remove(*key));
        read(rest).is_ok()
    };
    let key = config.as_object().and_then(|keys| keys.keys().find(without));
    Err(match key {
        Some(key) => error.context(key.clone()),
        None => error,
    })
}

/// The keys of both objects; where both have one, that of the first.
fn over(mut first: Value, second: Value) -> Value {
    if let (Value::Object(first), Value::Object(second)) = (&mut first, second) {
        for (key, value) in second {
            first.entry(key).or_insert(value);
        }
    }
    first
}

/// A configuration with some keys `(other name, own name)` called by their own names. Where both are there,
/// the other name's value counts, as in the library.
fn renamed(mut config: Value, names: &[(&str, &str)]) -> Value {
    if let Some(keys) = config.as_object_mut() {
        for (other, own) in names {
            if let Some(value) = keys.remove(*other).filter(|value| !value.is_null()) {
                keys.insert((*own).to_owned(), value);
            }
        }
    }
    config
}

/// The supported values of `model_type`.
pub fn model_types() -> impl Iterator<Item = &'static str> {
    ARCHITECTURES.iter().map(|(name, _)| *name)
}

/// Reads a model folder's `config.json`.
pub(super) fn open(files: &ModelFiles) -> Result<Described> {
    let path = files.display("config.json");
    let Some(bytes) = files.read("config.json")? else {
        ensure!(
            files.read("adapter_config.json")?.is_none(),
            "{} is an adapter without its model: merge it into its base model (merge_and_unload of the peft library) \
             and give the folder where that was saved",
            files.place()
        );
        let names = files.names().unwrap_or_default();
        let gguf = names.iter().find(|name| name.ends_with(".gguf"));
        match gguf {
            Some(name) => bail!("{path} is missing, and {name} is {NO_GGUF}"),
            None => bail!("{path} is missing: is this a model folder?"),
        }
    };
    let config: Value = serde_json::from_slice(&bytes).with_context(|| format!("{path} is not JSON"))?;
    let supported = || model_types().collect::<Vec<_>>().join(", ");
    let Some(model_type) = config.get("model_type").and_then(Value::as_str) else {
        bail!("{path} has no model_type; supported are {}", supported());
    };
    let Some((_, read)) = ARCHITECTURES.iter().find(|(name, _)| *name == model_type) else {
        bail!("{path}: model_type {model_type:?} is not supported; supported are {}", supported());
    };
    check(&config).and_then(|()| read(config)).with_context(|| format!("cannot use {path}"))
}

/// Refuses what no architecture supports, whatever its other keys say.
fn check(config: &Value) -> Result<()> {
    if let Some(quantized) = config.get("quantization_config").filter(|value| !value.is_null()) {
        let method = quantized.get("quant_method").and_then(Value::as_str).unwrap_or("an unnamed method");
        bail!(
            "quantization_config: weights quantized by {method} are not supported; give the model that they were \
             made from, or a copy that was dequantized and saved"
        );
    }
    ensure!(
        config.get("add_cross_attention") != Some(&Value::Bool(true)),
        "add_cross_attention is not supported: there is no encoder whose output the layers could attend to"
    );
    ensure!(
        config.get("is_causal") != Some(&Value::Bool(false)),
        "is_causal is false: versions of transformers differ in what they make of it; it is not supported"
    );
    let pruned = config.get("pruned_heads").and_then(Value::as_object).is_some_and(|layers| !layers.is_empty());
    ensure!(!pruned, "pruned_heads is not supported: give the model before heads were removed from it");
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn embeddings_are_tied_where_the_library_ties_them() {
        let tied = |config: Value| {
            let name = config["model_type"].as_str().unwrap();
            let (_, read) = ARCHITECTURES.iter().find(|(known, _)| *known == name).unwrap();
            !read(config).unwrap().embedding_names.is_empty()
        };
        for name in ["gpt2", "gemma2", "cohere2", "t5", "bert", "smollm3", "starcoder2", "openai-gpt", "vaultgemma"] {
            assert!(tied(json!({"model_type": name})), "{name}");
            assert!(!tied(json!({"model_type": name, "tie_word_embeddings": false})), "{name}");
        }
        for name in ["llama", "qwen3_moe", "gpt_oss", "gpt_neox", "gptj", "codegen", "phi", "mt5", "granitemoe"] {
            assert!(!tied(json!({"model_type": name})), "{name}");
            assert!(tied(json!({"model_type": name, "tie_word_embeddings": true})), "{name}");
            assert!(!tied(json!({"model_type": name, "tie_word_embeddings": null})), "{name}");
        }
    }
}
