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
    let bos = |files: &[(&str, &str)]| load(folder(files).path()).unwrap().bos;
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

#[test]
fn what_is_missing_or_unusable_is_named() {
    let error = |folder: tempfile::TempDir| load(folder.path()).unwrap_err().to_string();
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
