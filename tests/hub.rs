//! Models from a hub: what is downloaded and what is not, the cache, and errors that say what to do.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::harness::{Run, Test, texts};
use crate::hub_server::{Hub, Kind, sum};

/// A folder with prompts, and a hub.
struct Hubbed {
    test: Test,
    hub: Hub,
}

const ONE: &str = "error: 1 failure, named above; the rest is finished and kept";

impl Hubbed {
    fn new() -> Self {
        let test = Test::new();
        let texts = texts(2, 30);
        test.prompts("p.jsonl", &texts.iter().map(String::as_str).collect::<Vec<_>>());
        Hubbed { test, hub: Hub::new() }
    }

    /// The files of a fixture with a tokenizer.
    fn files(&self, fixture: &str) -> BTreeMap<String, Vec<u8>> {
        self.test.model(fixture, "source");
        let mut files = self.test.files("source");
        fs::remove_dir_all(self.test.path("source")).unwrap();
        files.remove("patterns.npz");
        files
    }

    /// Publishes a fixture, and beside it what nobody needs.
    fn publish(&self, id: &str, revisions: &[&str], fixture: &str) -> String {
        let mut files = self.files(fixture);
        for other in ["README.md", ".gitattributes", "tf_model.h5", "flax_model.msgpack", "generation_config.json"] {
            files.insert(other.to_owned(), b"not needed".to_vec());
        }
        self.hub.publish(id, revisions, files)
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = self.test.command(&format!("activations -p p.jsonl {arguments}"));
        command.env("HF_ENDPOINT", &self.hub.url).env("HF_HUB_DOWNLOAD_TIMEOUT", "1").env("HF_HUB_ETAG_TIMEOUT", "1");
        command
    }

    fn run(&self, arguments: &str) -> Run {
        self.run_with(arguments, &[])
    }

    fn run_with(&self, arguments: &str, variables: &[(&str, &str)]) -> Run {
        let output = self.command(arguments).envs(variables.iter().copied()).output().unwrap();
        let mut run = self.test.finished(arguments, output);
        run.stderr = run.stderr.replace(&self.hub.url, "HUB");
        run
    }

    /// Runs without a connection.
    fn offline(&self, arguments: &str) -> Run {
        self.run_with(arguments, &[("HF_HUB_OFFLINE", "1"), ("HF_ENDPOINT", "http://127.0.0.1:9")])
    }

    fn cache(&self, id: &str) -> PathBuf {
        self.test.path(&format!("hf/hub/models--{}", id.replace('/', "--")))
    }

    /// Makes the data directory forget all models.
    fn forget(&self) {
        let _ = fs::remove_dir_all(self.test.path("attn_data"));
    }
}

#[test]
fn only_the_files_that_are_needed_are_downloaded_and_only_once() {
    let h = Hubbed::new();
    let commit = h.publish("some-one/Tiny", &["main"], "gpt2");
    let run = h.run("--model some-one/Tiny").succeeds().prints("prompts: 2 run, 0 already there\n");
    assert!(
        run.stderr.starts_with("some-one/Tiny: downloading 52.1 kB\nsome-one/Tiny: downloaded 52.1 kB in "),
        "{run}"
    );
    let weights = h.files("gpt2")["model.safetensors"].clone();
    let at = |file: &str| format!("GET /some-one/Tiny/resolve/{commit}/{file}");
    let expected = [
        "GET /api/models/some-one/Tiny/revision/main".to_owned(),
        at("config.json"),
        at("tokenizer.json"),
        at("tokenizer_config.json"),
        at("model.safetensors"),
        format!("GET /{}", sum(&weights)),
    ];
    assert_eq!(h.hub.requests(), expected);
    assert_eq!(h.test.read("attn_data/some-one-Tiny/model_cfg.json"), {
        let cfg: Value = serde_json::from_slice(&h.test.read("attn_data/some-one-Tiny/model_cfg.json")).unwrap();
        assert_eq!((&cfg["model_name"], &cfg["tokenizer_name"]), (&"some-one/Tiny".into(), &"some-one/Tiny".into()));
        serde_json::to_vec(&cfg).unwrap()
    });

    // The cache is laid out as Python's.
    let cache = h.cache("some-one/Tiny");
    assert_eq!(fs::read_to_string(cache.join("refs/main")).unwrap(), commit);
    assert_eq!(fs::read(cache.join("blobs").join(sum(&weights))).unwrap(), weights);
    let mut snapshot: Vec<_> =
        fs::read_dir(cache.join("snapshots").join(&commit)).unwrap().map(Result::unwrap).collect();
    snapshot.sort_by_key(fs::DirEntry::file_name);
    let names: Vec<_> = snapshot.iter().map(|entry| entry.file_name().into_string().unwrap()).collect();
    assert_eq!(names, ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]);
    #[cfg(unix)]
    for entry in &snapshot {
        let link = fs::read_link(entry.path()).unwrap();
        assert!(link.starts_with("../../blobs") && link.components().count() == 4, "{link:?}");
    }
    let left: Vec<_> = h.test.files("hf").into_keys().filter(|name| name.ends_with(".incomplete")).collect();
    assert!(left.is_empty(), "{left:?}");

    // Again: the hub is asked whether there is news, and nothing is downloaded.
    let again = h.run("--model some-one/Tiny").succeeds().prints("prompts: 0 run, 2 already there\n");
    assert!(!again.stderr.contains("download"), "{again}");
    assert_eq!(h.hub.requests(), ["GET /api/models/some-one/Tiny/revision/main"]);

    // And the whole pipeline takes the same names.
    h.test.run("figures --model some-one/Tiny").succeeds();
    h.test.run("site --model some-one-Tiny").succeeds();
}

#[test]
fn weights_in_shards_and_pickles_are_found() {
    let h = Hubbed::new();
    h.publish("a/sharded", &["main"], "llama");
    h.publish("a/pickled", &["main"], "gpt_neo_bin");
    let json =
        h.run("--model a/sharded,a/pickled --progress json").succeeds().prints("prompts: 4 run, 0 already there\n");
    let lines: Vec<Value> = json.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ends: Vec<_> = lines.iter().filter(|l| l["downloaded"].is_u64() && l["downloaded"] == l["bytes"]).collect();
    assert_eq!(ends.iter().map(|l| l["model"].as_str().unwrap()).collect::<Vec<_>>(), ["a/sharded", "a/pickled"]);
    let requests = h.hub.requests();
    for file in ["model.safetensors.index.json", "model-00004-of-00004.safetensors", "pytorch_model.bin"] {
        assert_eq!(requests.iter().filter(|r| r.ends_with(file)).count(), 1, "{file}: {requests:?}");
    }
    assert!(!requests.iter().any(|r| r.ends_with("h5") || r.ends_with("msgpack") || r.contains("generation")));
}

#[test]
fn a_server_without_a_list_of_files_is_enough() {
    let h = Hubbed::new();
    h.publish("a/tiny", &["main"], "gpt2");
    h.publish("a/sharded", &["main"], "llama");
    h.hub.trouble("/api/", Kind::Status(404), 9);
    h.run("--model a/tiny --model a/sharded").succeeds().prints("prompts: 4 run, 0 already there\n");
    let requests = h.hub.requests();
    let asked = |file: &str| requests.iter().any(|r| r.ends_with(file));
    assert!(asked("special_tokens_map.json") && !asked("pytorch_model.bin"), "{requests:?}");
}

#[test]
fn a_renamed_model_is_found_by_its_old_name() {
    let h = Hubbed::new();
    h.publish("openai-community/gpt2", &["main"], "gpt2");
    h.hub.rename("gpt2", "openai-community/gpt2");
    h.run("--model gpt2").succeeds();
    assert!(h.cache("gpt2").join("refs/main").is_file());
}

#[test]
fn the_cache_is_enough_without_a_connection() {
    let h = Hubbed::new();
    h.publish("a/tiny", &["main"], "gpt2");
    let offline =
        "and HF_HUB_OFFLINE is set; unset it to ask the hub, or give a folder that has the model with --model DIR";
    h.offline("--model a/tiny")
        .fails(&format!("failed: model a/tiny: the cache DIR/hf/hub has no a/tiny at main, {offline}\n{ONE}"));
    h.run("--model a/tiny").succeeds();
    h.hub.requests();
    h.forget();
    h.offline("--model a/tiny").succeeds().prints("prompts: 2 run, 0 already there\n");
    assert!(h.hub.requests().is_empty());

    // Without the switch, the cache takes the place of a hub that is out of order or out of reach.
    let note = |why: &str| format!("a/tiny: {why}; what the cache has of it is used");
    h.hub.trouble("/api/", Kind::Status(503), 1);
    h.run("--model a/tiny").succeeds().notes(&note("the hub answers with status 503"));
    h.hub.trouble("/api/", Kind::Waits(Duration::from_secs(3)), 1);
    h.run("--model a/tiny").succeeds().notes(&note("cannot reach HUB: no answer in time"));
    h.hub.trouble("/api/", Kind::Body("<html>log in</html>"), 1);
    let run = h.run("--model a/tiny").succeeds();
    assert!(run.stderr.contains("HUB/api/models/a/tiny/revision/main does not answer like a hub: "), "{run}");
    let run = h.run_with("--model a/tiny", &[("HF_ENDPOINT", "http://127.0.0.1:9")]).succeeds();
    assert!(run.stderr.contains("note: a/tiny: cannot reach http://127.0.0.1:9: Connection refused"), "{run}");

    // What is only a part is not taken for the whole.
    let weights = sum(&h.files("gpt2")["model.safetensors"]);
    fs::remove_file(h.cache("a/tiny").join("blobs").join(weights)).unwrap();
    let part = "the cache DIR/hf/hub has only a part of a/tiny at main: there are no weights: no model.safetensors and \
                no pytorch_model.bin, whole or in shards";
    h.offline("--model a/tiny").fails(&format!("failed: model a/tiny: {part}, {offline}\n{ONE}"));
    let run = h.run_with("--model a/tiny", &[("HF_ENDPOINT", "http://127.0.0.1:9")]);
    run.fails_with("failed: model a/tiny: cannot reach http://127.0.0.1:9: ", part);
    // And the part that is missing is got when it can be.
    h.run("--model a/tiny").succeeds();
    assert_eq!(h.hub.requests().iter().filter(|r| r.contains("/resolve/")).count(), 1);
}

#[test]
fn a_broken_connection_goes_on_where_it_ended() {
    let h = Hubbed::new();
    h.publish("a/tiny", &["main"], "gpt2");
    let weights = h.files("gpt2")["model.safetensors"].clone();
    let content = format!("GET /{}", sum(&weights));
    let ranges = |h: &Hubbed| {
        let requests = h.hub.requests().into_iter();
        requests.filter_map(|r| r.strip_prefix(&content).map(str::to_owned)).collect::<Vec<_>>()
    };
    let clear = |h: &Hubbed| {
        fs::remove_dir_all(h.test.path("hf")).unwrap();
        h.forget();
    };
    let storage: &'static str = sum(&weights).leak();

    // Within one run.
    h.hub.trouble(storage, Kind::BreaksAfter(1000), 1);
    h.hub.trouble(storage, Kind::BreaksAfter(500), 1);
    h.hub.trouble(storage, Kind::StallsAfter(2000), 1);
    h.run("--model a/tiny").succeeds();
    assert_eq!(ranges(&h), ["", " from 1000", " from 1500", " from 3500"]);

    // Over several, and with servers that cannot resume.
    clear(&h);
    h.hub.trouble(storage, Kind::BreaksAfter(1000), 1);
    h.hub.trouble(storage, Kind::BreaksAfter(0), 5);
    let run = h.run("--model a/tiny");
    let size = weights.len();
    run.fails_with(
        &format!(
            "failed: model a/tiny: model.safetensors broke off after 1000 of {size} bytes; the same command goes on"
        ),
        " from there: the connection broke: Peer disconnected",
    );
    ranges(&h);
    let incomplete = h.cache("a/tiny").join("blobs").join(format!("{}.incomplete", sum(&weights)));
    assert_eq!(fs::read(&incomplete).unwrap(), weights[..1000]);
    assert!(!h.cache("a/tiny").join("refs/main").exists());
    h.run("--model a/tiny").succeeds();
    assert_eq!(ranges(&h), ["", " from 1000"]);

    clear(&h);
    fs::create_dir_all(incomplete.parent().unwrap()).unwrap();
    fs::write(&incomplete, &weights[..3000]).unwrap();
    h.hub.trouble(storage, Kind::NoRange, 9);
    h.run("--model a/tiny").succeeds();
    assert_eq!(ranges(&h), ["", " from 3000"]);
}

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
        "failed: model no-one/nothing-at-all: HUB has no model no-one/nothing-at-all, or it is private: then {log_in}; \
         `lens-build models` lists names, {folder}\n{ONE}"
    ));
    h.run_with("--model pythia14m", &[("HF_TOKEN", "x")]).fails(&format!(
        "failed: model pythia14m: HUB has no model pythia14m, or the token from HF_TOKEN may not see it; \
         `lens-build models` lists names, {folder}. Did you mean pythia-14m?\n{ONE}"
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
fn two_programs_may_download_the_same_model() {
    let h = Hubbed::new();
    h.publish("a/tiny", &["main"], "gpt2");
    let weights = h.files("gpt2")["model.safetensors"].clone();
    let storage: &'static str = sum(&weights).leak();
    // The first is in the middle of the weights when the second comes.
    h.hub.trouble(storage, Kind::StallsAfter(1000), 1);
    let mut first = h.command("--model a/tiny -s one");
    let first =
        first.env("HF_HUB_DOWNLOAD_TIMEOUT", "3").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let incomplete = h.cache("a/tiny").join("blobs").join(format!("{storage}.incomplete"));
    while !fs::metadata(&incomplete).is_ok_and(|m| m.len() == 1000) {
        std::thread::sleep(Duration::from_millis(10));
    }
    let second = h.run("--model a/tiny -s two").succeeds();
    let second = second.notes("a/tiny: another program is downloading model.safetensors; waiting for it");
    assert!(!second.stderr.contains("downloaded"), "{second}");
    h.test.finished("first", first.wait_with_output().unwrap()).succeeds();
    assert_eq!(fs::read(h.cache("a/tiny").join("blobs").join(storage)).unwrap(), weights);
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

#[test]
#[cfg(unix)]
fn ctrl_c_ends_a_download_that_goes_on_later() {
    let h = Hubbed::new();
    h.publish("a/tiny", &["main"], "gpt2");
    let storage: &'static str = sum(&h.files("gpt2")["model.safetensors"]).leak();
    h.hub.trouble(storage, Kind::StallsAfter(1000), 1);
    let mut command = h.command("--model a/tiny");
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let incomplete = h.cache("a/tiny").join("blobs").join(format!("{storage}.incomplete"));
    while !fs::metadata(&incomplete).is_ok_and(|m| m.len() == 1000) {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let run = h.test.finished("", child.wait_with_output().unwrap());
    run.fails_with("error: stopped; what was finished is kept, run the same command again to go on", "");
    h.hub.requests();
    h.run("--model a/tiny").succeeds();
    assert!(h.hub.requests().last().unwrap().ends_with(" from 1000"));
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
