//! Model folders that cannot be used: each is refused by the name of what is wrong with it.

use lens_build::model::files::ModelFiles;
use lens_build::model::{Model, arch};
use serde_json::{Value, json};

use crate::models::{Copy, folders, load};

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
    assert!(load(&copy.path("")).is_ok());
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
        ("xglm", "max_position_embeddings", json!(1u64 << 60), "1152921504606846976 positions; at most 1048576 are"),
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
        ("smollm3", "no_rope_layers", json!([1]), "no_rope_layers lists 1 layers of 2"),
        ("smollm3", "no_rope_layer_interval", json!(0), "no_rope_layer_interval is 0"),
        ("exaone4", "sliding_window_pattern", json!("LLLG"), "sliding_window_pattern is \"LLLG\"; give layer_types"),
        ("glm4", "hidden_act", json!("xielu"), "hidden_act: unknown variant `xielu`"),
        ("nemotron", "rope_scaling", json!({"type": "linear", "factor": 2.0}), "versions of transformers differ in wh"),
        (
            "olmo3",
            "rope_parameters",
            json!({"rope_type": "yarn", "factor": 2.0}),
            "rope_parameters: versions of transf",
        ),
        ("olmoe", "head_dim", json!(10), "head_dim is not supported for this model_type"),
        ("olmoe", "num_experts_per_tok", json!(5), "5 experts per token of 3 experts"),
        ("openai_gpt", "afn", json!("gelu_new"), "afn \"gelu_new\" is not supported; supported are gelu, relu, silu"),
        ("vaultgemma", "use_bidirectional_attention", json!(true), "use_bidirectional_attention is not supported for"),
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

/// What a check refuses is what loading refuses, in the same words.
#[test]
fn names_and_shapes_are_checked_without_values() {
    let refused = |result: anyhow::Result<()>| result.err().map(|e| format!("{e:#}"));
    let check = |folder: &std::path::Path| refused(Model::check(&ModelFiles::folder(folder).unwrap()));
    let mut missing = 0;
    for folder in folders() {
        assert_eq!(check(&folder), None, "{}", folder.display());
        let Ok(bytes) = std::fs::read(folder.join("model.safetensors")) else { continue };
        let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        for tensor in tensors.names().into_iter().step_by(4) {
            let copy = Copy::of(&folder.file_name().unwrap().to_string_lossy()).tensor(tensor, None);
            let loading = refused(load(&copy.path("")).map(drop));
            assert_eq!(check(&copy.path("")), loading, "{} without {tensor}", folder.display());
            missing += usize::from(loading.is_some_and(|error| error.contains(" is missing in ")));
        }
    }
    assert!(missing > 300, "{missing}");
    let copy = Copy::of("llama_bf16").set("intermediate_size", json!(1u64 << 40));
    assert_eq!(
        check(&copy.path("")).map(|error| error.replace(&*copy.path("").to_string_lossy(), "DIR/")),
        Some(copy.error())
    );
    assert!(copy.error().ends_with("but config.json asks for [1099511627776, 24]"), "{}", copy.error());
    // A value is none of a check's concern.
    let copy = Copy::of("gpt2").tensor("transformer.wpe.weight", Some((&[40, 24], f32::NAN)));
    assert!(check(&copy.path("")).is_none() && load(&copy.path("")).is_err());
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
