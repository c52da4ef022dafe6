//! Attention patterns against reference tensors, and model folders that cannot be used.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use lens_build::model::files::ModelFiles;
use lens_build::model::rope::Scaling;
use lens_build::model::{BosPolicy, LoadOptions, Model, arch};
use ndarray::{Array1, Array3};
use ndarray_npy::NpzReader;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Value, json};

/// Largest difference of a probability from the reference implementation's.
const TOLERANCE: f32 = 1e-5;

pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/models")
}

fn folders() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(fixtures()).unwrap();
    let mut folders: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect();
    folders.sort();
    folders
}

pub fn load(folder: &Path) -> anyhow::Result<Model> {
    Model::load(&ModelFiles::folder(folder)?, &LoadOptions::default())
}

struct Reference {
    ids: Vec<Vec<u32>>,
    /// `[prompt][layer]`
    patterns: Vec<Vec<Array3<f32>>>,
}

impl Reference {
    fn read(folder: &Path) -> Self {
        let mut npz = NpzReader::new(std::fs::File::open(folder.join("patterns.npz")).unwrap()).unwrap();
        let names = npz.names().unwrap();
        let (mut ids, mut patterns) = (Vec::new(), Vec::new());
        while names.contains(&format!("ids{}", ids.len())) {
            let prompt = ids.len();
            let own: Array1<i64> = npz.by_name(&format!("ids{prompt}")).unwrap();
            ids.push(own.iter().map(|id| *id as u32).collect());
            let layers = (0..).map(|l| format!("p{prompt}.l{l}")).take_while(|name| names.contains(name));
            patterns.push(layers.map(|name| npz.by_name(&name).unwrap()).collect());
        }
        assert!(ids.len() > 1, "{}", folder.display());
        Reference { ids, patterns }
    }
}

#[test]
fn patterns_equal_the_reference() {
    let mut covered = BTreeSet::new();
    for folder in folders() {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let (model, reference) = (load(&folder).unwrap(), Reference::read(&folder));
        let batch: Vec<&[u32]> = reference.ids.iter().map(Vec::as_slice).collect();
        let patterns = model.patterns(&batch).unwrap();
        let mut worst = 0f32;
        for (ours, theirs) in patterns.iter().zip(&reference.patterns) {
            assert_eq!(ours.layers.len(), theirs.len(), "{name}");
            assert_eq!(ours.layers.len(), model.entry().n_layers, "{name}");
            for (ours, theirs) in ours.layers.iter().zip(theirs) {
                assert_eq!(ours.shape(), theirs.shape(), "{name}");
                for (ours, theirs) in ours.iter().zip(theirs) {
                    worst = worst.max((ours - theirs).abs());
                    assert!(*theirs != 0.0 || *ours == 0.0, "{name}: a masked cell is {ours}");
                }
                // Less than 1 where a sink takes its share.
                for (ours, theirs) in ours.rows().into_iter().zip(theirs.rows()) {
                    assert!((ours.sum() - theirs.sum()).abs() < TOLERANCE, "{name}: a row's sum is {}", ours.sum());
                }
            }
        }
        println!("{name}: largest difference {worst:.1e}");
        assert!(worst < TOLERANCE, "{name}: {worst:e}");

        let config: Value = serde_json::from_slice(&std::fs::read(folder.join("config.json")).unwrap()).unwrap();
        covered.insert(config["model_type"].as_str().unwrap().to_owned());
    }
    let supported: BTreeSet<String> = arch::model_types().map(str::to_owned).collect();
    assert_eq!(supported, covered, "every architecture has a fixture");
}

#[test]
fn a_prompt_does_not_depend_on_its_batch() {
    for folder in folders() {
        let (model, reference) = (load(&folder).unwrap(), Reference::read(&folder));
        let batch: Vec<&[u32]> = reference.ids.iter().rev().chain(&reference.ids).map(Vec::as_slice).collect();
        let together = model.patterns(&batch).unwrap();
        for (ids, patterns) in batch.iter().zip(&together) {
            assert_eq!(&model.patterns(&[ids]).unwrap()[0], patterns, "{}", folder.display());
        }
    }
}

#[test]
fn entries_have_transformer_lens_keys() {
    let model = load(&fixtures().join("gpt_neo")).unwrap();
    let entry = model.entry();
    assert_eq!((entry.model_name.as_str(), entry.n_layers, entry.n_heads), ("gpt_neo", 3, 3));
    let rest = Value::Object(entry.rest.clone());
    let expected = json!({
        "d_model": 24, "d_head": 8, "n_ctx": 40, "d_mlp": 96, "d_vocab": 64, "act_fn": "gelu_new",
        "normalization_type": "LN", "positional_embedding_type": "standard", "attention_dir": "causal",
        "window_size": 6, "use_local_attn": true, "attn_types": ["global", "local", "local"],
        "n_key_value_heads": null, "parallel_attn_mlp": false, "default_prepend_bos": true,
        "original_architecture": "GPTNeoForCausalLM", "tokenizer_name": "gpt_neo", "dtype": "torch.float32",
        "n_params": 3 * (4 * 24 * 24 + 2 * 24 * 96), "use_attn_scale": false, "attn_scale": -1.0,
    });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&rest[key], value, "{key}");
    }
    assert_eq!((model.n_ctx(), model.bos_policy()), (40, BosPolicy::Prepend));
    assert!(model.patterns_bytes(40) > 4 * 3 * 3 * 40 * 40);
}

#[test]
fn unusable_inputs_are_refused() {
    let model = load(&fixtures().join("gpt2")).unwrap();
    let error = |ids: &[u32]| model.patterns(&[ids]).unwrap_err().to_string();
    assert_eq!(error(&[]), "input 0 of the batch has no tokens");
    assert_eq!(error(&[1, 64]), "token id 64 is outside of the model's vocabulary of 64");
    assert_eq!(error(&[1; 41]), "an input of 41 tokens; the model takes 40");
}

/// A copy of a fixture that a test may damage.
pub struct Copy(tempfile::TempDir);

impl Copy {
    pub fn of(name: &str) -> Copy {
        let copy = Copy(tempfile::tempdir().unwrap());
        for entry in std::fs::read_dir(fixtures().join(name)).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, copy.path(&path.file_name().unwrap().to_string_lossy())).unwrap();
        }
        copy
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.0.path().canonicalize().unwrap().join(file)
    }

    pub fn set(self, key: &str, value: Value) -> Copy {
        let path = self.path("config.json");
        let mut config: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        config[key] = value;
        std::fs::write(path, config.to_string()).unwrap();
        self
    }

    fn without(self, key: &str) -> Copy {
        let path = self.path("config.json");
        let mut config: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        config.as_object_mut().unwrap().remove(key);
        std::fs::write(path, config.to_string()).unwrap();
        self
    }

    /// Replaces one tensor's shape and values, or removes the tensor.
    fn tensor(self, name: &str, new: Option<(&[usize], f32)>) -> Copy {
        let path = self.path("model.safetensors");
        let bytes = std::fs::read(&path).unwrap();
        let old = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        let mut tensors: Vec<(String, TensorView<'_>)> = old.tensors();
        tensors.retain(|(n, _)| n != name);
        let values = new.map(|(shape, v)| (shape, v.to_le_bytes().repeat(shape.iter().product())));
        if let Some((shape, values)) = &values {
            tensors.push((name.to_owned(), TensorView::new(Dtype::F32, shape.to_vec(), values).unwrap()));
        }
        std::fs::write(path, safetensors::serialize(tensors, None).unwrap()).unwrap();
        self
    }

    /// The whole chain of the error of loading it, with the folder's path replaced by `DIR`.
    pub fn error(&self) -> String {
        let error = format!("{:#}", load(self.0.path()).unwrap_err());
        error.replace(&*self.path("").to_string_lossy(), "DIR/")
    }
}

#[test]
fn unsupported_configurations_are_refused_by_name() {
    let supported = arch::model_types().collect::<Vec<_>>().join(", ");
    let error = Copy::of("gpt2").set("model_type", json!("mamba")).error();
    assert_eq!(error, format!("DIR/config.json: model_type \"mamba\" is not supported; supported are {supported}"));
    let error = Copy::of("gpt2").set("model_type", Value::Null).error();
    assert_eq!(error, format!("DIR/config.json has no model_type; supported are {supported}"));

    let error = Copy::of("gpt2").set("activation_function", json!("snake")).error();
    let expected = "cannot use DIR/config.json: activation_function: unknown variant `snake`, expected one of `gelu`";
    assert!(error.starts_with(expected), "{error}");
    let error = Copy::of("gpt2").set("n_head", json!(5)).error();
    assert_eq!(error, "cannot use DIR/config.json: a hidden size of 24 cannot be split into 5 heads");
    let error = Copy::of("llama_yarn").set("rope_scaling", json!({"rope_type": "spiral"})).error();
    let types = "default, linear, dynamic, llama3, yarn, longrope";
    let expected = format!("cannot use DIR/config.json: rope type \"spiral\" is not supported; supported are {types}");
    assert_eq!(error, expected);
    let error = Copy::of("llama_yarn").set("rope_scaling", json!({"rope_type": "linear"})).error();
    assert_eq!(error, "cannot use DIR/config.json: rope type \"linear\" needs factor");
    let error = Copy::of("gpt_neo").set("attention_layers", json!(["global", "nearby", "local"])).error();
    let expected = "attention layer \"nearby\" is not supported; supported are global, local";
    assert_eq!(error, format!("cannot use DIR/config.json: {expected}"));
}

/// Whatever the architecture.
#[test]
fn what_no_architecture_supports_is_refused_by_name() {
    let quantized = json!({"quant_method": "gptq", "bits": 4});
    let cases = [
        (
            "quantization_config",
            quantized,
            "quantization_config: weights quantized by gptq are not supported; give the",
        ),
        ("quantization_config", json!({}), "quantization_config: weights quantized by an unnamed method"),
        ("add_cross_attention", json!(true), "add_cross_attention is not supported: there is no encoder"),
        ("is_causal", json!(false), "is_causal is false: versions of transformers differ in what they make of it"),
        ("pruned_heads", json!({"0": [1]}), "pruned_heads is not supported: give the model before heads were removed"),
    ];
    for (key, value, expected) in cases {
        for name in ["gpt2", "bloom", "llama"] {
            let error = Copy::of(name).set(key, value.clone()).error();
            assert!(error.starts_with(&format!("cannot use DIR/config.json: {expected}")), "{name}: {error}");
        }
    }
    let copy = Copy::of("gpt2").set("quantization_config", Value::Null).set("add_cross_attention", json!(false));
    let copy = copy.set("pruned_heads", json!({})).set("auto_map", json!({"AutoModel": "own.Model"}));
    assert!(load(copy.0.path()).is_ok());
}

/// Values that change what attention does, and that are not computed.
#[test]
fn variants_that_are_not_computed_are_refused_by_name() {
    let mpt = |key: &str, value: Value| json!({ key: value });
    let cases = [
        ("gptj", "rotary_dim", json!(0), "rotary position embedding of 0 dimensions: an even number is needed"),
        ("gptj", "rotary_dim", Value::Null, "rotary position embedding of 24 dimensions in heads of 6"),
        ("gptj", "n_head", json!(5), "a hidden size of 24 cannot be split into 5 heads"),
        ("codegen", "n_head", json!(2), "2 attention heads: CodeGen needs a multiple of 4"),
        ("opt", "do_layer_norm_before", json!("yes"), "do_layer_norm_before: invalid type: string \"yes\""),
        ("opt", "activation_function", json!("xielu"), "activation_function: unknown variant `xielu`"),
        ("bloom", "n_head", json!(0), "the number of attention heads is 0"),
        ("bloom", "n_head", json!(1u64 << 60), "1152921504606846976 attention heads; at most 65536 are supported"),
        ("bloom", "n_layer", json!(1u64 << 60), "1152921504606846976 layers; at most 65536 are supported"),
        ("xglm", "d_model", json!(3), "a hidden size of 3: positions need at least 4 dimensions"),
        ("mpt", "attn_config", mpt("attn_type", json!("grouped_query_attention")), "attn_config: unknown variant"),
        ("mpt", "attn_config", mpt("rope", json!(true)), "attn_config.rope is true; it is not supported for MPT"),
        ("mpt", "attn_config", mpt("clip_qkv", json!(-1.0)), "attn_config.clip_qkv is -1; it must not be negative"),
        ("mpt", "attn_config", mpt("sliding_window_size", json!(8)), "attn_config.sliding_window_size is 8"),
        ("falcon_alibi", "num_kv_heads", json!(2), "num_kv_heads 2 for 6 attention heads needs new_decoder_arch"),
        (
            "falcon_multi_query",
            "num_ln_in_parallel_attn",
            json!(2),
            "num_ln_in_parallel_attn 2 is not supported without",
        ),
        ("falcon_groups", "num_ln_in_parallel_attn", json!(3), "num_ln_in_parallel_attn 3 is not supported with new"),
        ("falcon_groups", "parallel_attn", json!(false), "new_decoder_architecture without parallel_attn is not"),
        ("falcon_groups", "num_kv_heads", json!(3), "4 attention heads cannot share 3 key-value heads evenly"),
        ("falcon_groups", "rope_scaling", json!({"rope_type": "spiral"}), "rope type \"spiral\" is not supported"),
        ("phi", "partial_rotary_factor", json!(0.4), "rotary position embedding of 3 dimensions: an even number"),
        ("granite", "hidden_act", json!("xielu"), "hidden_act: unknown variant `xielu`"),
        ("mistral", "sliding_window", json!(0), "the sliding window is 0"),
        ("mistral", "partial_rotary_factor", json!(0.5), "partial_rotary_factor is not supported for this model_type"),
        ("mixtral", "num_experts_per_tok", json!(5), "5 experts per token of 3 experts"),
        ("qwen3_moe", "decoder_sparse_step", json!(0), "decoder_sparse_step is 0"),
        ("olmo", "clip_qkv", json!(-1.0), "clip_qkv is -1; it must not be negative"),
        ("gemma", "use_bidirectional_attention", json!(true), "use_bidirectional_attention is not supported for this"),
        ("gemma2", "query_pre_attn_scalar", json!(0), "query_pre_attn_scalar is 0"),
        ("gemma3_text", "sliding_window_pattern", json!(0), "sliding_window_pattern is 0"),
        ("qwen2", "layer_types", json!(["full_attention"]), "layer_types lists 1 layers of 2"),
        (
            "qwen2",
            "layer_types",
            json!(["full_attention", "chunked_attention"]),
            "layer_types: \"chunked_attention\" is not supported; supported are full_attention, sliding_attention",
        ),
        (
            "qwen2_kinds",
            "use_sliding_window",
            json!(false),
            "layers are sliding_attention, but there is no sliding_win",
        ),
        (
            "gpt_oss",
            "quantization_config",
            json!({"quant_method": "mxfp4"}),
            "quantization_config: weights quantized by",
        ),
    ];
    for (name, key, value, expected) in cases {
        let error = Copy::of(name).set(key, value).error();
        assert!(error.starts_with(&format!("cannot use DIR/config.json: {expected}")), "{name} {key}: {error}");
    }
}

/// Parameters of rotary embedding that say too little, or two things at once.
#[test]
fn unclear_rotary_parameters_are_refused() {
    let both = json!({"type": "linear", "rope_type": "yarn", "factor": 2.0});
    let short = json!({"type": "longrope", "short_factor": [1.0, 2.0], "long_factor": [1.0, 2.0, 3.0]});
    let of = "the parameters of rotary embedding have";
    let cases = [
        ("llama_linear", "rope_scaling", both, format!("{of} rope_type \"yarn\" and type \"linear\"; remove one")),
        ("llama_linear", "rope_scaling", json!({"factor": 2.0}), format!("{of} no rope_type")),
        ("phi3_longrope", "rope_scaling", short, "short_factor has 2 values, 3 are needed".to_owned()),
        (
            "mistral",
            "rope_parameters",
            json!({"full_attention": {"rope_theta": 1e4}}),
            "rope_parameters has a set of parameters for \"full_attention\"; this model_type has one for all layers"
                .to_owned(),
        ),
        (
            "gemma3_text",
            "rope_parameters",
            json!({"rope_theta": 1e4}),
            "rope_parameters has no set of parameters for full_attention".to_owned(),
        ),
    ];
    for (name, key, value, expected) in cases {
        let error = Copy::of(name).set(key, value).error();
        assert_eq!(error, format!("cannot use DIR/config.json: {expected}"), "{name}");
    }
}

/// A key that is null and a key that is missing mean what they mean to the library.
#[test]
fn null_is_not_missing() {
    let config = |copy: Copy| Model::read_config(&ModelFiles::folder(copy.0.path()).unwrap()).unwrap();
    let windows = |copy: Copy| config(copy).layers.iter().map(|l| l.window).collect::<Vec<_>>();
    assert_eq!(windows(Copy::of("mistral")), [Some(6), Some(6)]);
    assert_eq!(windows(Copy::of("mistral").set("sliding_window", Value::Null)), [None, None]);
    assert_eq!(windows(Copy::of("mistral").without("sliding_window")), [Some(4096), Some(4096)]);
    assert_eq!(windows(Copy::of("mixtral_stacked").without("sliding_window")), [None, None]);

    assert_eq!(config(Copy::of("qwen3").set("head_dim", json!(10))).d_head, 10);
    assert_eq!(config(Copy::of("qwen3").set("head_dim", Value::Null)).d_head, 24 / 4);
    assert_eq!(config(Copy::of("qwen3").without("head_dim")).d_head, 128);

    let of_queries = |copy: Copy| config(copy).n_key_value_heads;
    assert_eq!(of_queries(Copy::of("granite").set("num_key_value_heads", Value::Null)), 4);
    let scaling = |copy: Copy| config(copy).rotary[0].scaling.clone();
    assert!(matches!(scaling(Copy::of("gpt_oss")), Scaling::Yarn { truncate: false, .. }));
    assert_eq!(scaling(Copy::of("gpt_oss").set("rope_scaling", Value::Null)), Scaling::None);
    let bias = Copy::of("starcoder2").set("use_bias", Value::Null);
    assert!(load(bias.0.path()).is_ok());
}

#[test]
fn weights_of_variants_that_are_not_computed_are_refused() {
    for (tensor, variant) in [
        ("blocks.0.attn.q_ln.weight", "norms of queries and keys (attn_config.qk_ln)"),
        ("blocks.1.attn.Wqkv.bias", "biases (no_bias is false)"),
        ("wpe.weight", "learned positions (attn_config.alibi is false)"),
    ] {
        let error = Copy::of("mpt").tensor(&format!("transformer.{tensor}"), Some((&[20], 1.0))).error();
        let name = tensor.trim_start_matches("blocks.0.").trim_start_matches("blocks.1.");
        assert_eq!(error, format!("an MPT with {variant} is not supported; the weights have {name}"));
    }
}

/// The names that the library gives to the sizes of every architecture count before an architecture's own.
#[test]
fn sizes_have_two_names() {
    for (name, own) in [
        ("gpt2", "n_head"),
        ("bloom", "n_head"),
        ("mpt", "n_heads"),
        ("xglm", "attention_heads"),
        ("distilbert", "n_heads"),
        ("t5", "num_heads"),
    ] {
        let heads = load(&fixtures().join(name)).unwrap().entry().n_heads;
        let copy = Copy::of(name).set("num_attention_heads", json!(heads)).set(own, json!(1));
        assert_eq!(load(copy.0.path()).unwrap().entry().n_heads, heads, "{name}");
    }
    let copy = Copy::of("falcon_groups").set("n_embed", json!(24)).set("hidden_size", json!(1));
    assert!(load(copy.0.path()).is_ok());
}

#[test]
fn entries_name_what_attention_knows_of_positions() {
    for (name, positions, prepend) in [
        ("gptj", "rotary", true),
        ("bloom", "alibi", false),
        ("mpt", "alibi", true),
        ("falcon_alibi", "alibi", true),
        ("falcon_groups", "rotary", true),
        ("opt", "standard", true),
        ("xglm", "standard", false),
    ] {
        let rest = Value::Object(load(&fixtures().join(name)).unwrap().entry().rest.clone());
        assert_eq!(rest["positional_embedding_type"], positions, "{name}");
        assert_eq!(rest["default_prepend_bos"], prepend, "{name}");
    }
}

#[test]
fn an_adapter_without_its_model_is_refused() {
    let copy = Copy::of("gpt2");
    std::fs::rename(copy.path("config.json"), copy.path("adapter_config.json")).unwrap();
    assert!(
        copy.error().contains(" is an adapter without its model: merge it into its base model"),
        "{}",
        copy.error()
    );
}

#[test]
fn unusable_configuration_files_are_refused() {
    let copy = Copy::of("gpt2");
    std::fs::write(copy.path("config.json"), "{\"model_type\": ").unwrap();
    assert_eq!(copy.error(), "DIR/config.json is not JSON: EOF while parsing a value at line 1 column 15");
    std::fs::remove_file(copy.path("config.json")).unwrap();
    assert_eq!(copy.error(), "DIR/config.json is missing: is this a model folder?");
}

#[test]
fn unusable_weights_are_refused() {
    let name = "transformer.h.1.attn.c_attn.weight";
    let error = Copy::of("gpt2").tensor(name, None).error();
    assert_eq!(error, format!("tensor {name} of shape [24, 72] is missing in DIR/model.safetensors"));
    let error = Copy::of("gpt2").tensor(name, Some((&[24, 70], 0.5))).error();
    let expected = "has shape [24, 70], but config.json asks for [24, 72]";
    assert_eq!(error, format!("tensor {name} in DIR/model.safetensors {expected}"));
    let error = Copy::of("gpt2").tensor(name, Some((&[24, 72], f32::NAN))).error();
    assert_eq!(error, format!("tensor {name} in DIR/model.safetensors has the value NaN at index 0"));

    let copy = Copy::of("gpt2");
    let path = copy.path("model.safetensors");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 100]).unwrap();
    let damaged = "DIR/model.safetensors is damaged or cut short; get it again: ";
    assert!(copy.error().starts_with(damaged), "{}", copy.error());
    std::fs::write(&path, "version https://git-lfs.github.com/spec/v1").unwrap();
    let expected =
        "DIR/model.safetensors is a pointer of Git LFS, not the file itself; run `git lfs pull` there, or get it again";
    assert_eq!(copy.error(), expected);
    std::fs::remove_file(path).unwrap();
    let expected =
        "no weights: neither DIR/model.safetensors nor DIR/pytorch_model.bin is there, nor the index of a sharded one";
    assert_eq!(copy.error(), expected);
}

#[test]
fn a_damaged_pytorch_file_is_refused() {
    let copy = Copy::of("gpt_neo_bin");
    let path = copy.path("pytorch_model.bin");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let damaged = "DIR/pytorch_model.bin is damaged or cut short; get it again: ";
    assert!(copy.error().starts_with(damaged), "{}", copy.error());
}

#[test]
fn a_missing_shard_is_named() {
    let copy = Copy::of("llama");
    std::fs::remove_file(copy.path("model-00002-of-00004.safetensors")).unwrap();
    let expected = "it names DIR/model-00002-of-00004.safetensors, which is not there; get it too";
    assert_eq!(copy.error(), format!("cannot use DIR/model.safetensors.index.json: {expected}"));
}
