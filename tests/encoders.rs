//! Encoders: from a prompt to the site, in both directions; and configurations of them that cannot be used.

use lens_build::model::files::ModelFiles;
use lens_build::model::{LoadOptions, Model};
use lens_schema::path;
use lens_schema::shard::{ExactLayer, Overview};
use ndarray::Array4;
use ndarray_npy::NpzReader;
use serde_json::{Value, json};

use crate::harness::Test;

const TEXT: &str = "The heads look at [MASK]";

/// The special tokens and words of the prompt, and others up to the model's vocabulary.
fn vocabulary() -> String {
    let words = "[PAD] [UNK] [CLS] [SEP] [MASK] the head ##s look at";
    let rest = (words.split(' ').count()..64).map(|i| format!("word{i}"));
    words.split(' ').map(str::to_owned).chain(rest).collect::<Vec<_>>().join("\n")
}

#[test]
fn both_directions_come_through_to_the_site() {
    let test = Test::new();
    test.model("bert", "tiny");
    for file in ["tokenizer.json", "tokenizer_config.json"] {
        std::fs::remove_file(test.path(&format!("tiny/{file}"))).unwrap();
    }
    test.write("tiny/vocab.txt", vocabulary());
    test.prompts("p.jsonl", &[TEXT]);
    test.run("--model tiny --prompts p.jsonl --min-chars 0 --out site").succeeds();

    let hash = path::prompt_hash(TEXT);
    let prompt = &test.jsonl("site/tiny/prompts.jsonl")[0];
    assert_eq!(prompt["row_labels"], json!(["[CLS]", "the", "head", "##s", "look", "at", "[MASK]", "[SEP]"]));
    assert_eq!(prompt["tokens"], json!(["the", "head", "##s", "look", "at", "[MASK]"]));
    assert_eq!(test.jsonl("site/models.jsonl")[0]["attention_dir"], "bidirectional");

    let npz = std::fs::File::open(test.path(&format!("attn_data/tiny/prompts/{hash}/activations.npz"))).unwrap();
    let mut npz = NpzReader::new(npz).unwrap();
    let site = |file: String| test.read(&format!("site/{file}"));
    let overview = Overview::read(site(path::overview("tiny", &hash))).unwrap();
    for layer in 0..2 {
        let patterns: Array4<f32> = npz.by_name(&format!("blocks.{layer}.attn.hook_pattern.npy")).unwrap();
        assert_eq!(patterns.shape(), [1, 2, 8, 8]);
        assert!(patterns.iter().all(|p| *p > 0.0), "every query sees every key");
        let exact = ExactLayer::read(&overview, layer, &site(path::exact("tiny", &hash, layer))).unwrap();
        for head in 0..2 {
            let packed = exact.head(head);
            let truth = patterns.slice(ndarray::s![0, head, .., ..]);
            assert_eq!(packed.len(), truth.len());
            assert!(packed.iter().zip(&truth).all(|(a, b)| (a - b).abs() < 2e-5), "L{layer}H{head}");
        }
    }
}

#[test]
fn what_is_not_computed_is_refused_by_name() {
    let cases = [
        ("bert", "position_embedding_type", json!("relative_key"), "position_embedding_type \"relative_key\" is not"),
        ("roberta", "position_embedding_type", json!("relative_key_query"), "supported is \"absolute\""),
        ("electra", "add_cross_attention", json!(true), "add_cross_attention is not supported"),
        ("albert", "num_hidden_groups", json!(0), "num_hidden_groups or inner_group_num is 0"),
        ("roberta", "pad_token_id", Value::Null, "pad_token_id is null"),
        ("mpnet", "relative_attention_num_buckets", json!(16), "relative_attention_num_buckets 16 is not supported"),
        ("t5", "is_decoder", json!(true), "is_decoder is not supported; supported is the encoder"),
        ("t5_encoder", "feed_forward_proj", json!("dense-relu"), "feed_forward_proj \"dense-relu\" is not supported"),
        ("t5", "relative_attention_num_buckets", json!(2), "2 buckets of relative positions are too few"),
        ("t5", "relative_attention_max_distance", json!(3), "a largest relative distance of 3: more than 3 is needed"),
        ("modernbert", "layer_types", json!(["full_attention", "linear", "linear"]), "layer type \"linear\" is not"),
        ("modernbert", "layer_types", json!(["full_attention"]), "layer_types has 1 layers, num_hidden_layers is 3"),
        ("modernbert", "global_attn_every_n_layers", json!(0), "global_attn_every_n_layers is 0"),
        ("distilbert", "activation", json!("gelu_10"), "unknown variant `gelu_10`"),
    ];
    for (fixture, key, value, expected) in cases {
        let test = Test::new();
        test.model(fixture, "tiny");
        test.set("tiny/config.json", key, value);
        let files = ModelFiles::folder(&test.path("tiny")).unwrap();
        let error = format!("{:#}", Model::load(&files, &LoadOptions::default()).unwrap_err());
        assert!(error.contains(expected), "{fixture}, {key}: {error}");
    }
}
