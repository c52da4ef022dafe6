use std::path::Path;

use serde_json::json;

use super::*;

/// Ids 0… of: the special token, Ġ, the letters, and two merges; `é` is the bytes Ã and ©.
const WORDS: [&str; 11] = ["<|end|>", "Ġ", "a", "b", "c", "Ċ", "Ã", "©", "ab", "Ġab", "\""];
const MERGES: &str = "#version: 0.2\na b\nĠ ab\n";

/// A folder with a byte-level BPE in GPT-2's two files.
fn folder(extra: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let vocab: serde_json::Map<_, _> = WORDS.iter().enumerate().map(|(i, w)| ((*w).to_owned(), i.into())).collect();
    write(&folder, "vocab.json", &serde_json::to_string(&vocab).unwrap());
    write(&folder, "merges.txt", MERGES);
    extra.iter().for_each(|(name, content)| write(&folder, name, content));
    folder
}

fn write(folder: &tempfile::TempDir, name: &str, content: &str) {
    std::fs::write(folder.path().join(name), content).unwrap();
}

fn load(folder: &Path) -> Result<Tokenizer> {
    Tokenizer::load(&ModelFiles::folder(folder).unwrap())
}

/// Tokenizers of many kinds give the ids that TransformerLens and transformers give, and a label for each.
#[test]
fn ids_equal_the_reference() {
    #[derive(serde::Deserialize)]
    struct Expected {
        special: String,
        texts: Vec<Text>,
    }
    #[derive(serde::Deserialize)]
    struct Text {
        text: String,
        without: Vec<u32>,
        ids: Vec<u32>,
    }
    let mut kinds = 0;
    for entry in std::fs::read_dir(fixtures()).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(expected) = std::fs::read(folder.join("expected.json")) else { continue };
        let expected: Expected = serde_json::from_slice(&expected).unwrap();
        let tokenizer = load(&folder).unwrap();
        let special = if expected.special == "bos" { BosPolicy::Prepend } else { BosPolicy::Template };
        for Text { text, without, ids } in expected.texts {
            let encode = |special| tokenizer.encode(&text, special, 999);
            let name = format!("{}: {text:?}", folder.display());
            match encode(BosPolicy::None) {
                Ok(tokens) => assert_eq!(tokens.ids, without, "{name}"),
                Err(_) => assert!(without.is_empty(), "{name}"),
            }
            let tokens = encode(special).unwrap();
            assert_eq!(tokens.ids, ids, "{name}");
            assert_eq!(tokens.labels.len(), ids.len(), "{name}");
        }
        kinds += 1;
    }
    assert!(kinds > 10);
}

fn fixtures() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/tokenizers")
}

const END: (&str, &str) = ("tokenizer_config.json", r#"{"bos_token":{"content":"<|end|>"}}"#);

#[test]
fn vocab_and_merges_make_byte_level_bpe() {
    let tokenizer = load(folder(&[END]).path()).unwrap();
    let tokens = tokenizer.encode("ab abé\n<|end|>", BosPolicy::Prepend, 100).unwrap();
    assert_eq!(tokens.ids, [0, 8, 9, 6, 7, 5, 0]);
    assert_eq!(tokens.tokens, ["ab", "Ġab", "Ã", "©", "Ċ", "<|end|>"]);
    assert_eq!(tokens.labels, ["<|end|>", "ab", " ab", "\\xC3", "\\xA9", "\n", "<|end|>"]);
    assert_eq!(tokens.cut_from, None);
}

#[test]
fn special_tokens_are_asked_for_or_left_out() {
    let folder = folder(&[END]);
    let tokenizer = load(folder.path()).unwrap();
    let ids = |bos: PrependBos, policy| tokenizer.encode("ab", bos.resolve(policy), 9).unwrap().ids;
    assert_eq!(ids(PrependBos::Auto, BosPolicy::None), [8]);
    assert_eq!(ids(PrependBos::Always, BosPolicy::None), [0, 8]);
    assert_eq!(ids(PrependBos::Never, BosPolicy::Prepend), [8]);
    assert_eq!(ids(PrependBos::Never, BosPolicy::Template), [8]);
}

#[test]
fn a_cut_is_reported_and_counts_the_bos() {
    let folder = folder(&[END]);
    let tokenizer = load(folder.path()).unwrap();
    let encode = |most| tokenizer.encode("abc", BosPolicy::Prepend, most);
    let cut = encode(2).unwrap();
    assert_eq!((cut.ids, cut.tokens, cut.cut_from), (vec![0, 8], vec!["ab".to_owned()], Some(3)));
    assert_eq!(encode(3).unwrap().cut_from, None);
    assert!(encode(1).unwrap_err().to_string().contains("--max-tokens 1"));
}

#[test]
fn the_bos_is_the_tokenizers_then_the_configs_then_the_end_of_text() {
    let bos = |files: &[(&str, &str)]| load(folder(files).path()).unwrap().beginning.first().copied();
    let config = ("config.json", r#"{"bos_token_id":3,"eos_token_id":[4,5]}"#);
    assert_eq!(bos(&[END, config]), Some(0));
    assert_eq!(bos(&[("special_tokens_map.json", r#"{"bos_token":"a"}"#), config]), Some(2));
    assert_eq!(bos(&[config]), Some(3));
    let none = ("tokenizer_config.json", r#"{"bos_token":null,"eos_token":"<|end|>"}"#);
    assert_eq!(bos(&[none, config]), Some(0));
    assert_eq!(bos(&[("config.json", r#"{"eos_token_id":[4,5]}"#)]), Some(4));
    let folder = folder(&[]);
    let error = load(folder.path()).unwrap().encode("a", BosPolicy::Prepend, 9).unwrap_err();
    assert!(error.to_string().contains("--prepend-bos never"), "{error}");
}

#[test]
fn saved_padding_and_truncation_are_off() {
    let saved = json!({
        "version": "1.0",
        "truncation": {"direction": "Right", "max_length": 1, "strategy": "LongestFirst", "stride": 0},
        "padding": {"strategy": {"Fixed": 8}, "direction": "Right", "pad_to_multiple_of": null, "pad_id": 0,
            "pad_type_id": 0, "pad_token": "x"},
        "added_tokens": [],
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true},
        "model": {"type": "BPE", "vocab": {"x": 0, "▁": 1, "a": 2, "▁a": 3, "<0x0A>": 4, "<0xC3>": 5, "<0xA9>": 6},
            "merges": ["▁ a"], "byte_fallback": true, "unk_token": "x"},
    });
    let folder = tempfile::tempdir().unwrap();
    write(&folder, "tokenizer.json", &saved.to_string());
    let tokens = load(folder.path()).unwrap().encode("a a\né", BosPolicy::None, 99).unwrap();
    assert_eq!(tokens.ids, [3, 3, 4, 5, 6]);
    assert_eq!(tokens.labels, [" a", " a", "\n", "\\xC3", "\\xA9"]);
    assert_eq!(tokens.tokens[2], "<0x0A>");
}

#[test]
fn vocab_txt_makes_word_pieces_in_a_template() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder, "vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nplay\n##ing\n,\n");
    let tokenizer = load(folder.path()).unwrap();
    let encode = |bos: PrependBos, most| {
        tokenizer.encode("Playing, [MASK] zoo", bos.resolve(BosPolicy::Template), most).unwrap()
    };
    let tokens = encode(PrependBos::Auto, 99);
    assert_eq!(tokens.ids, [2, 5, 6, 7, 4, 1, 3]);
    assert_eq!(tokens.labels, ["[CLS]", "play", "##ing", ",", "[MASK]", "[UNK]", "[SEP]"]);
    assert_eq!(tokens.tokens, ["play", "##ing", ",", "[MASK]", "[UNK]"]);
    let cut = encode(PrependBos::Always, 4);
    assert_eq!((cut.ids, cut.cut_from), (vec![2, 5, 6, 3], Some(7)));
    assert_eq!(encode(PrependBos::Never, 99).ids, [5, 6, 7, 4, 1]);
}

/// A template's beginning is a decoder's BOS; what it puts at the end is not for decoders.
#[test]
fn a_template_begins_a_decoders_input() {
    let tokenizer = load(&fixtures().join("gpt2_template")).unwrap();
    let labels = |special| tokenizer.encode("the", special, 9).unwrap().labels.concat();
    assert_eq!(labels(BosPolicy::Prepend), "<s>the");
    assert_eq!(labels(BosPolicy::Template), "<s>the</s>");
    assert_eq!(labels(BosPolicy::None), "the");
}

#[test]
fn pieces_are_labelled_with_what_they_stand_for() {
    let labels = |name: &str, text: &str, special| {
        load(&fixtures().join(name)).unwrap().encode(text, special, 99).unwrap().labels
    };
    assert_eq!(labels("llama", "é\n日", BosPolicy::Prepend), ["<s>", " ", "é", "\n", "日"]);
    assert_eq!(labels("llama", "ß", BosPolicy::None), [" ", "\\xC3", "\\x9F"]);
    assert_eq!(labels("t5", "the", BosPolicy::Template).last().unwrap(), "</s>");
    assert_eq!(labels("bert", "Heads", BosPolicy::Template), ["[CLS]", "he", "##ad", "##s", "[SEP]"]);
    assert_eq!(labels("roberta", "a <mask>", BosPolicy::Template), ["<s>", "a", "<mask>", "</s>"]);
}

#[test]
fn added_tokens_are_where_the_files_say() {
    let list =
        r#"{"added_tokens_decoder":{"12":{"content":"b c","special":false},"11":{"content":"<x>","special":true}}}"#;
    let tokenizer = load(folder(&[("tokenizer_config.json", list)]).path()).unwrap();
    let tokens = tokenizer.encode("ab c<x>", BosPolicy::None, 99).unwrap();
    assert_eq!((tokens.ids, tokens.labels.concat()), (vec![2, 12, 11], "ab c<x>".to_owned()));
    // Where they are all listed in one file, the older two do not count.
    let map = ("special_tokens_map.json", r#"{"bos_token":"a"}"#);
    assert!(load(folder(&[("tokenizer_config.json", list), map]).path()).unwrap().beginning.is_empty());

    let error = load(folder(&[("added_tokens.json", r#"{"<x>":20}"#)]).path()).unwrap_err().to_string();
    assert!(error.contains("the added token \"<x>\" the id 20, the vocabulary 11"), "{error}");
}

#[test]
fn what_is_missing_or_unusable_is_named() {
    let error = |folder: tempfile::TempDir| load(folder.path()).unwrap_err().to_string();
    let pieces = tempfile::tempdir().unwrap();
    write(&pieces, "tokenizer.model", "");
    let message = error(pieces);
    assert!(message.contains("tokenizer.model is not read") && message.contains("save_pretrained"), "{message}");
    let other = ("tokenizer_config.json", r#"{"tokenizer_class":"Qwen2TokenizerFast"}"#);
    let message = error(folder(&[other]));
    assert!(message.contains("tokenizer_class Qwen2Tokenizer is not read from vocab.json"), "{message}");
    assert!(error(tempfile::tempdir().unwrap()).contains("tokenizer.json is missing"));
    assert!(error(folder(&[("tokenizer.json", "{")])).contains("tokenizer.json is not a usable tokenizer"));
    assert!(error(folder(&[("merges.txt", "a\n")])).contains("vocab.json is not a usable tokenizer"));
    assert!(error(folder(&[("vocab.json", "{\"a\":0}")])).contains("not byte-level"));
    assert!(error(folder(&[("tokenizer_config.json", "[]")])).contains("tokenizer_config.json is not a JSON object"));
    let alone = folder(&[]);
    std::fs::remove_file(alone.path().join("merges.txt")).unwrap();
    assert!(error(alone).contains("merges.txt is missing"));
}

#[test]
fn ids_above_the_models_vocabulary_are_refused() {
    let folder = folder(&[("config.json", r#"{"vocab_size":9}"#)]);
    let tokenizer = load(folder.path()).unwrap();
    assert!(tokenizer.encode("ab", BosPolicy::None, 9).is_ok());
    let error = tokenizer.encode(" ab", BosPolicy::None, 9).unwrap_err().to_string();
    assert!(error.contains("\"Ġab\" the id 9, but config.json has a vocabulary of 9"), "{error}");
    assert!(tokenizer.encode("", BosPolicy::None, 9).unwrap_err().to_string().contains("no tokens"));
}
