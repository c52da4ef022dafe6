//! What a hub refuses, what arrives damaged, and what to do about it.

use std::collections::BTreeMap;
use std::fs;

use crate::hub::{Hubbed, ONE};
use crate::hub_server::{Kind, sum};

#[test]
fn what_arrives_damaged_is_not_kept() {
    let h = Hubbed::new();
    h.publish("a/tiny", &["main"], "gpt2");
    let weights = h.files("gpt2")["model.safetensors"].clone();
    let storage: &'static str = sum(&weights).leak();
    let blobs = h.cache("a/tiny").join("blobs");
    h.hub.trouble(storage, Kind::Garbles, 1);
    let run = h.run("--model a/tiny");
    run.fails_with(
        "failed: model a/tiny: model.safetensors arrived damaged: its SHA-256 is ",
        "run the same command again",
    );
    assert!(!blobs.join(storage).exists() && !blobs.join(format!("{storage}.incomplete")).exists());

    // A damaged beginning of an earlier run is downloaded again at once.
    fs::write(blobs.join(format!("{storage}.incomplete")), vec![7; 5000]).unwrap();
    h.run("--model a/tiny").succeeds();
    assert_eq!(fs::read(blobs.join(storage)).unwrap(), weights);

    // So is one that is too long.
    fs::remove_file(blobs.join(storage)).unwrap();
    fs::write(blobs.join(format!("{storage}.incomplete")), vec![7; weights.len() + 1]).unwrap();
    h.forget();
    h.run("--model a/tiny").succeeds();
    assert_eq!(fs::read(blobs.join(storage)).unwrap(), weights);
}

#[test]
fn who_may_not_have_a_model_is_told_what_to_do() {
    let h = Hubbed::new();
    h.publish("meta/gated", &["main"], "gpt2");
    h.hub.gate("meta/gated");
    let folder = "or give a folder that has it with --model DIR";
    let log_in = "set HF_TOKEN to a token of yours (HUB/settings/tokens), or log in with `hf auth login`";
    h.run("--model meta/gated").fails(&format!(
        "failed: model meta/gated: meta/gated is gated: accept its licence at HUB/meta/gated, then {log_in}; {folder}\n{ONE}"
    ));
    let token = [("HF_TOKEN", "hf_secret")];
    let run = h.run_with("--model meta/gated", &token).fails(&format!(
        "failed: model meta/gated: meta/gated is gated, and the token from HF_TOKEN has no access to it: ask for access \
         and accept the licence at HUB/meta/gated with the account that the token belongs to, and let the token read \
         gated repositories; {folder}\n{ONE}"
    ));
    assert!(!run.stderr.contains("hf_secret"));
    h.hub.require_token("hf_valid");
    h.run_with("--model meta/gated", &token).fails(&format!(
        "failed: model meta/gated: HUB does not accept the token from HF_TOKEN: correct or remove it; \
         HUB/settings/tokens has yours\n{ONE}"
    ));
    // With the right token from the file, everything is to be had, and the storage behind the hub never sees it.
    h.test.write("hf/token", "hf_valid\n");
    h.run("--model meta/gated").succeeds();
    h.forget();
    fs::remove_dir_all(h.test.path("hf/hub")).unwrap();
    h.run_with("--model meta/gated", &[("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")])
        .fails_with("failed: model meta/gated: meta/gated is gated: ", folder);
    h.test.write("elsewhere", "hf_valid");
    let elsewhere = h.test.path("elsewhere").display().to_string();
    fs::remove_file(h.test.path("hf/token")).unwrap();
    h.run_with("--model meta/gated", &[("HF_TOKEN_PATH", &elsewhere)]).succeeds();
}

#[test]
fn what_is_not_there_gets_near_names() {
    let h = Hubbed::new();
    let folder = "or give a folder that has it with --model DIR";
    let log_in = "set HF_TOKEN to a token of yours (HUB/settings/tokens), or log in with `hf auth login`";
    h.run("--model no-one/nothing-at-all").fails(&format!(
        "failed: model no-one/nothing-at-all: HUB has no model no-one/nothing-at-all, or it is private or gated: then {log_in}; \
         `lens-build models` lists names, {folder}\n{ONE}"
    ));
    h.run_with("--model pythia14m", &[("HF_TOKEN", "x")]).fails(&format!(
        "failed: model pythia14m: HUB has no model pythia14m, or the token from HF_TOKEN may not see it; \
         `lens-build models` lists names, {folder}. Did you mean pythia-14m?\n{ONE}"
    ));
    // Also where the server says no more than its status.
    h.hub.trouble("no-one", Kind::Plain(404), 2);
    h.run("--model no-one/else").fails_with("failed: model no-one/else: HUB has no model no-one/else, ", folder);
    h.hub.trouble("no-one", Kind::Plain(403), 1);
    h.run("--model no-one/else").fails(&format!(
        "failed: model no-one/else: the hub answers with status 403: no-one/else may be gated or private; see \
         HUB/no-one/else, then {log_in}; {folder}\n{ONE}"
    ));
    for (name, meant) in [("gtp2", "gpt2"), ("relu-4l-dem", "relu-4l-demo")] {
        let run = h.run_with(&format!("--model {name}"), &[("HF_ENDPOINT", "http://127.0.0.1:9")]);
        let start = format!("failed: model {name}: cannot reach http://127.0.0.1:9: ");
        run.fails_with(&start, &format!("{folder}. Did you mean {meant}?"));
        h.offline(&format!("--model {name}")).fails_with(
            &format!("failed: model {name}: the cache DIR/hf/hub has no {name} at main, and HF_HUB_OFFLINE is set; "),
            &format!("with --model DIR. Did you mean {meant}?"),
        );
    }
    h.run("--model ./pythia-14m").fails(
        "error: --model ./pythia-14m: there is no such folder, and no model of a hub can be called so. Did you mean \
         pythia-14m?",
    );
    h.run("--model gelu-1l").fails(
        "error: --model gelu-1l: NeelNanda/GELU_1L512W_C4_Code: the weights are a checkpoint in TransformerLens' own \
         format, which only TransformerLens reads; choose a model in Hugging Face's format",
    );
    assert!(!h.test.path("attn_data").join("pythia14m").exists());
}

#[test]
fn what_cannot_be_run_is_told_before_its_weights_are_downloaded() {
    let h = Hubbed::new();
    let mut files = h.files("gpt2");
    files.insert("config.json".to_owned(), br#"{"model_type": "mamba"}"#.to_vec());
    let commit = h.hub.publish("a/mamba", &["main"], files.clone());
    let place = format!("DIR/hf/hub/models--a--mamba/snapshots/{commit}/config.json");
    let run = h.run("--model a/mamba");
    run.fails_with(&format!("failed: model a/mamba: {place}: model_type \"mamba\" is not supported; "), "");
    let requests = h.hub.requests();
    assert_eq!(requests.len(), 2, "{requests:?}");

    let mut files = h.files("gpt2");
    let huge = r#"{"model_type": "gpt2", "vocab_size": 64, "n_positions": 40, "n_embd": 16384, "n_head": 128, "n_layer": 999}"#;
    files.insert("config.json".to_owned(), huge.as_bytes().to_vec());
    h.hub.publish("a/huge", &["main"], files);
    h.run("--model a/huge").fails_with("failed: model a/huge: it needs about ", "or take a smaller model");
    assert_eq!(h.hub.requests().len(), 2);

    files = h.files("gpt2");
    files.remove("tokenizer.json");
    h.hub.publish("a/mute", &["main"], files);
    h.run("--model a/mute").fails(&format!(
        "failed: model a/mute: a/mute at main has only config.json, model.safetensors, tokenizer_config.json: there is \
         no tokenizer.json, no vocab.json with merges.txt and no vocab.txt\n{ONE}"
    ));
    let mut files = h.files("gpt2");
    files.remove("model.safetensors");
    files.insert("model.gguf".to_owned(), b"x".to_vec());
    h.hub.publish("a/light", &["main"], files);
    let run = h.run("--model a/light");
    run.fails_with("failed: model a/light: a/light at main has only config.json, model.gguf, ", ", whole or in shards");
    h.hub.publish("a/data", &["main"], BTreeMap::from([("data.txt".to_owned(), b"x".to_vec())]));
    h.run("--model a/data").fails(&format!(
        "failed: model a/data: a/data at main has no config.json, so it is no model that can be run\n{ONE}"
    ));
}

#[test]
#[cfg(unix)]
fn a_cache_that_cannot_be_written_is_named() {
    let h = Hubbed::new();
    h.publish("a/tiny", &["main"], "gpt2");
    h.test.write("file", "");
    let cache = h.test.path("file").display().to_string();
    let run = h.run_with("--model a/tiny", &[("HF_HUB_CACHE", &cache)]);
    run.fails_with(
        "failed: model a/tiny: cannot write DIR/file/.locks/models--a--tiny in the hub's cache: a file is in the way of \
         a folder: ",
        "",
    );
}
