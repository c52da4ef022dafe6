//! Models from a hub: what is downloaded and what is not, and the cache.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::harness::{Run, Test, texts};
use crate::hub_server::{Hub, Kind, sum};

/// A folder with prompts, and a hub.
pub struct Hubbed {
    pub test: Test,
    pub hub: Hub,
}

pub const ONE: &str = "error: 1 failure, named above; the rest is finished and kept";

impl Hubbed {
    pub fn new() -> Self {
        let test = Test::new();
        let texts = texts(2, 30);
        test.prompts("p.jsonl", &texts.iter().map(String::as_str).collect::<Vec<_>>());
        Hubbed { test, hub: Hub::new() }
    }

    pub fn with_tls() -> Self {
        Hubbed { hub: Hub::with_tls(), ..Self::new() }
    }

    /// The files of a fixture with a tokenizer.
    pub fn files(&self, fixture: &str) -> BTreeMap<String, Vec<u8>> {
        self.test.model(fixture, "source");
        let mut files = self.test.files("source");
        fs::remove_dir_all(self.test.path("source")).unwrap();
        files.remove("patterns.npz");
        files
    }

    /// Publishes a fixture, and beside it what nobody needs.
    pub fn publish(&self, id: &str, revisions: &[&str], fixture: &str) -> String {
        let mut files = self.files(fixture);
        for other in ["README.md", ".gitattributes", "tf_model.h5", "flax_model.msgpack", "generation_config.json"] {
            files.insert(other.to_owned(), b"not needed".to_vec());
        }
        self.hub.publish(id, revisions, files)
    }

    pub fn command(&self, arguments: &str) -> Command {
        let mut command = self.test.command(&format!("activations -p p.jsonl {arguments}"));
        command.env("HF_ENDPOINT", &self.hub.url).env("HF_HUB_DOWNLOAD_TIMEOUT", "1").env("HF_HUB_ETAG_TIMEOUT", "1");
        command
    }

    pub fn run(&self, arguments: &str) -> Run {
        self.run_with(arguments, &[])
    }

    pub fn run_with(&self, arguments: &str, variables: &[(&str, &str)]) -> Run {
        let output = self.command(arguments).envs(variables.iter().copied()).output().unwrap();
        let mut run = self.test.finished(arguments, output);
        run.stderr = run.stderr.replace(&self.hub.url, "HUB");
        run
    }

    /// Runs without a connection.
    pub fn offline(&self, arguments: &str) -> Run {
        self.run_with(arguments, &[("HF_HUB_OFFLINE", "1"), ("HF_ENDPOINT", "http://127.0.0.1:9")])
    }

    pub fn cache(&self, id: &str) -> PathBuf {
        self.test.path(&format!("hf/hub/models--{}", id.replace('/', "--")))
    }

    /// Makes the data directory forget all models.
    pub fn forget(&self) {
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
    h.hub.trouble("/api/models/a/short", Kind::Body(r#"{"id": "a/short"}"#), 1);
    h.publish("a/short", &["main"], "gpt2");
    h.run("--model a/short").succeeds();
}

#[test]
fn a_hub_may_redirect_to_itself() {
    let h = Hubbed::new();
    let mut files = h.files("gpt2");
    // Two large files, which the storage gives the same etag.
    files.insert("special_tokens_map.json".to_owned(), format!("{{{}}}", " ".repeat(9000)).into_bytes());
    h.hub.publish("a/tiny", &["main"], files.clone());
    h.hub.store_itself();
    h.run("--model a/tiny").succeeds();
    for file in ["special_tokens_map.json", "model.safetensors"] {
        assert_eq!(fs::read(h.cache("a/tiny").join("blobs").join(sum(&files[file]))).unwrap(), files[file]);
    }
}

#[test]
fn content_of_another_size_is_downloaded_again() {
    let h = Hubbed::new();
    h.publish("a/tiny", &["main"], "gpt2");
    let weights = h.files("gpt2")["model.safetensors"].clone();
    let blob = h.cache("a/tiny").join("blobs").join(sum(&weights));
    fs::create_dir_all(blob.parent().unwrap()).unwrap();
    fs::write(&blob, &weights[..100]).unwrap();
    h.run("--model a/tiny").succeeds();
    assert_eq!(fs::read(&blob).unwrap(), weights);
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
