//! The names of models: revisions, other names of the same model, and the list of all.

use std::fs;

use serde_json::Value;

use crate::hub::{Hubbed, ONE};

#[test]
fn revisions_are_models_of_their_own() {
    let h = Hubbed::new();
    h.publish("EleutherAI/pythia-14m", &["main"], "gpt_neox");
    let step = h.publish("EleutherAI/pythia-14m", &["step1000", "refs/pr/1"], "gpt2");
    h.run("--model pythia-14m").succeeds();
    h.run("--model pythia-14m --revision step1000").succeeds().prints("prompts: 2 run, 0 already there\n");
    h.run("--model EleutherAI/pythia-14m --revision refs/pr/1").succeeds();
    h.run(&format!("--model pythia-14m --revision {step}")).succeeds();
    let models = h.test.jsonl("attn_data/models.jsonl");
    let names: Vec<&str> = models.iter().map(|m| m["model_name"].as_str().unwrap()).collect();
    let commit = format!("pythia-14m-{step}");
    let mut expected = ["pythia-14m", "pythia-14m-refs-pr-1", "pythia-14m-step1000", &commit];
    expected.sort_unstable();
    assert_eq!(names, expected);
    let architecture =
        |name: &str| models.iter().find(|m| m["model_name"] == name).unwrap()["original_architecture"].clone();
    assert_eq!(architecture("pythia-14m-step1000"), "GPT2LMHeadModel");
    assert_eq!(architecture("pythia-14m"), "GPTNeoXForCausalLM");
    let refs = h.cache("EleutherAI/pythia-14m").join("refs");
    assert_eq!(fs::read_to_string(refs.join("refs/pr/1")).unwrap(), step);
    // Offline, every one of them is there again.
    for revision in ["step1000", "refs/pr/1", &step] {
        h.offline(&format!("--model pythia-14m --revision {revision}")).succeeds();
    }
    h.run("--model pythia-14m --revision step999").fails(&format!(
        "failed: model pythia-14m-step999: EleutherAI/pythia-14m has no revision step999; \
         HUB/EleutherAI/pythia-14m/tree/main lists its branches and tags\n{ONE}"
    ));
    let test = &h.test;
    test.model("gpt2", "tiny");
    test.run("--model tiny --revision step1000").refused(
        "error: --revision step1000: only models of the hub have revisions, and --model tiny is DIR/tiny; leave one of \
         the two out",
    );
    test.run("--revision step1000")
        .refused("error: --revision step1000: built-in models have no revisions; name a model of the hub with --model");
    test.run("--model gpt2 --revision ../x")
        .refused("error: --revision \"../x\": no branch, tag or commit can be called so");
}

#[test]
fn a_data_directory_is_found_by_every_name_of_its_model() {
    let h = Hubbed::new();
    h.publish("gpt2", &["main"], "gpt2");
    h.publish("roneneldan/TinyStories-1M", &["main"], "gpt_neo");
    h.run("--model gpt2").succeeds();
    for name in ["gpt2-small", "GPT2", "openai-community-gpt2"] {
        h.run(&format!("--model {name}")).succeeds().prints("prompts: 0 run, 2 already there\n");
        h.test.run(&format!("figures --model {name}")).succeeds();
    }
    h.run("--model roneneldan/TinyStories-1M").succeeds();
    h.run("--model tiny-stories-1M").succeeds().prints("prompts: 0 run, 2 already there\n");
    let models = h.test.jsonl("attn_data/models.jsonl");
    let names: Vec<_> = models.iter().map(|m| (m["model_name"].as_str(), m["tokenizer_name"].as_str())).collect();
    assert_eq!(names, [(Some("gpt2"), Some("gpt2")), (Some("tiny-stories-1M"), Some("roneneldan/TinyStories-1M"))]);
    h.run("--model gpt2 --model gpt2-small,openai-community/gpt2")
        .succeeds()
        .prints("prompts: 0 run, 2 already there\n");
}

#[test]
fn what_there_is_is_listed() {
    let h = Hubbed::new();
    h.publish("EleutherAI/pythia-14m", &["main"], "gpt_neox");
    h.publish("some-one/tiny", &["main", "v2"], "gpt2");
    h.run("--model pythia-14m --model some-one/tiny").succeeds();
    h.run("--model some-one/tiny --revision v2").succeeds();
    let models = |pattern: &str| h.test.run(&format!("models {pattern}")).succeeds().stdout;
    insta::assert_snapshot!(models("pythia-14m"));
    insta::assert_snapshot!(models("TINY-stories-?M"));
    insta::assert_snapshot!(models("attn-only-2l"));
    insta::assert_snapshot!(models("some-one"));
    let overview = models("");
    for expected in
        ["Built-in models:\n", "\n  gpt_neox", "\nIn the hub's cache, DIR/hf/hub:\n", "gpt2-small gpt2-medium"]
    {
        assert!(overview.contains(expected), "no {expected}\n{overview}");
    }
    assert!(overview.lines().count() < 60 && overview.lines().all(|line| line.chars().count() <= 120), "{overview}");

    let json: Value = serde_json::from_str(&models("--json")).unwrap();
    let known = json["known"].as_array().unwrap();
    assert_eq!(known.len(), 231);
    let pythia = known.iter().find(|k| k["name"] == "pythia-14m").unwrap();
    let expected = serde_json::json!({"name": "pythia-14m", "id": "EleutherAI/pythia-14m", "aliases": [],
        "architecture": "gpt_neox", "refused": null, "cached": true});
    assert_eq!(pythia, &expected);
    assert_eq!(json["cached"][1]["revisions"], serde_json::json!(["main", "v2"]));
    assert_eq!(json["cached"][1]["can_run"], true);
    h.test
        .run("models nothing")
        .fails("error: nothing that can be run is called \"nothing\"; `lens-build models '*'` lists everything");
}
