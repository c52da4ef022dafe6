//! Bad input: one clear error with the place and the remedy, and nothing that is there already is lost.

use std::fs;
use std::net::TcpListener;

use lens_schema::path::{self, prompt_hash};

use crate::harness::{Test, assert_same, copy, texts};

/// A local model that has been run on two prompts, with figures and a site.
pub struct Done {
    pub test: Test,
    /// Of the prompts, in their order.
    hashes: Vec<String>,
}

impl Done {
    pub fn new() -> Self {
        let test = Test::new();
        test.model("gpt2", "tiny");
        let texts = texts(2, 30);
        test.prompts("p.jsonl", &texts.iter().map(String::as_str).collect::<Vec<_>>());
        test.run("--model tiny -p p.jsonl").succeeds();
        Done { test, hashes: texts.iter().map(|t| prompt_hash(t)).collect() }
    }

    fn prompt(&self, i: usize) -> String {
        format!("attn_data/{}", path::prompt_dir("tiny", &self.hashes[i]))
    }
}

pub const ONE: &str = "error: 1 failure, named above; the rest is finished and kept";

#[test]
fn prompt_files() {
    let test = Test::new();
    test.model("gpt2", "tiny");
    let run = |file: &str| test.run(&format!("--model tiny -p {file}"));
    let no_file = "(os error 2)";
    run("none.jsonl").fails_with("error: cannot open the prompt file none.jsonl: ", no_file);
    run("tiny").fails("error: tiny is a folder; --prompts takes a .jsonl or .txt file");
    let good = "{\"text\": \"good\"}\n";
    let jsonl = |line: &[u8]| {
        test.write("p.jsonl", [good.as_bytes(), b"\n", line, b"\n"].concat());
        run("p.jsonl")
    };
    jsonl(b"[1]").fails("error: p.jsonl:3: not a JSON object but an array; a line is one object");
    jsonl(b"{\"text\": ").fails_with("error: p.jsonl:3: not a JSON object: EOF while parsing", "");
    jsonl(b"{\"text\": 3}").fails("error: p.jsonl:3: \"text\" is not a string but a number");
    jsonl(b"{\"prompt\": \"x\"}")
        .fails("error: p.jsonl:3: the object has no \"text\"; each line needs a string under that key");
    jsonl(b"{\"text\": \"caf\xe9\"}")
        .fails("error: p.jsonl:3: not UTF-8 (byte 14 of the line); save the file as UTF-8");
    jsonl(br#"{"text": "\uD83D"}"#).fails(
        "error: p.jsonl:3: not a JSON object: \\uD800 to \\uDFFF are halves of a character, and one is alone \
         (byte 17 of the line)",
    );
    test.write("p.json", "[{\"text\": \"not one by one\"}]");
    run("p.json").fails("error: p.json:1: not a JSON object but an array; a line is one object");
    test.write("p.txt", b"a\n\nb\n\xff");
    run("p.txt").fails("error: p.txt:4: not UTF-8 (byte 1 of the line); save the file as UTF-8");
    test.write("p.txt", "too short\n\ntoo short\n\nand this");
    run("p.txt").fails(
        "error: no prompt is left of p.txt: 3 read, 3 too short, 0 repeated; lower --min-chars (now 100) to keep \
         shorter ones",
    );
    test.write("p.txt", " \n\n");
    run("p.txt").fails("error: no prompt is left of p.txt: 0 read, 0 too short, 0 repeated");
    test.run_with_input("--model tiny -p -", b"{\"text\": null}\n")
        .fails("error: stdin:1: \"text\" is not a string but null");
    assert!(!test.path("attn_data").exists() && !test.path("site").exists(), "nothing is written");
}

#[test]
fn models() {
    let test = Test::new();
    let texts = texts(1, 30);
    test.prompts("p.jsonl", &[&texts[0]]);
    test.run("--model p.jsonl")
        .fails("error: --model p.jsonl: this is a file; give the folder that has config.json and the weights");

    test.write("model.gguf", "GGUF");
    let no_gguf = "a GGUF, which is not supported; give the model that it was converted from: the folder with its \
        config.json, safetensors and tokenizer";
    test.run("--model model.gguf").fails(&format!("error: --model model.gguf: this is {no_gguf}"));

    let fails = |test: &Test, message: &str| {
        test.run("--model bad -p p.jsonl").fails(&format!("failed: model bad: {message}\n{ONE}"));
    };
    fs::create_dir(test.path("bad")).unwrap();
    fails(&test, "DIR/bad/config.json is missing: is this a model folder?");
    test.write("bad/q4.gguf", "GGUF");
    fails(&test, &format!("DIR/bad/config.json is missing, and q4.gguf is {no_gguf}"));
    fs::remove_file(test.path("bad/q4.gguf")).unwrap();
    test.model("gpt2", "bad");
    test.set("bad/config.json", "model_type", "mamba".into());
    let supported = lens_build::model::arch::model_types().collect::<Vec<_>>().join(", ");
    fails(&test, &format!("DIR/bad/config.json: model_type \"mamba\" is not supported; supported are {supported}"));
    test.set("bad/config.json", "model_type", serde_json::Value::Null);
    fails(&test, &format!("DIR/bad/config.json has no model_type; supported are {supported}"));

    test.model("gpt2", "bad");
    test.set("bad/config.json", "n_inner", 20.into());
    fails(
        &test,
        "cannot load bad: tensor transformer.h.0.mlp.c_fc.weight in DIR/bad/model.safetensors has shape [24, 96], but \
         config.json asks for [24, 20]",
    );
    // Another model's: of what it would take nothing is said.
    test.write("bad/config.json", r#"{"model_type": "llama", "num_hidden_layers": 1000}"#);
    fails(
        &test,
        "cannot load bad: tensor model.embed_tokens.weight of shape [32000, 4096] is missing in \
         DIR/bad/model.safetensors",
    );
    test.model("gpt2", "bad");
    test.set("bad/config.json", "vocab_size", 1_000_000_000_000_u64.into());
    fails(
        &test,
        "cannot load bad: tensor transformer.wte.weight in DIR/bad/model.safetensors has shape [64, 24], but \
         config.json asks for [1000000000000, 24]",
    );
    test.model("gpt2", "bad");
    let weights = test.read("bad/model.safetensors");
    test.write("bad/model.safetensors", &weights[..weights.len() / 2]);
    test.run("--model bad -p p.jsonl").fails_with(
        "failed: model bad: cannot load bad: DIR/bad/model.safetensors is damaged or cut short; get it again: ",
        "",
    );
    fs::remove_file(test.path("bad/model.safetensors")).unwrap();
    fails(
        &test,
        "cannot load bad: no weights: neither DIR/bad/model.safetensors nor DIR/bad/pytorch_model.bin is there, nor \
         the index of a sharded one",
    );

    test.model("gpt2", "bad");
    test.write("bad/tokenizer.json", "{}");
    test.run("--model bad -p p.jsonl")
        .fails_with("failed: model bad: DIR/bad/tokenizer.json is not a usable tokenizer: ", "");
    fs::remove_file(test.path("bad/tokenizer.json")).unwrap();
    let run = test.run("--model bad -p p.jsonl");
    run.fails_with("failed: model bad: DIR/bad/tokenizer.json is missing, and there is no ", " has it");
    assert!(!test.path("attn_data/bad").exists() && !test.path("site").exists(), "nothing of it is written");
}

#[test]
fn what_a_prompt_cannot_be_run_with() {
    let test = Test::new();
    test.model("gpt2", "tiny");
    let texts = texts(2, 30);
    test.prompts("p.jsonl", &texts.iter().map(String::as_str).chain([""]).collect::<Vec<_>>());
    let run = |flags: &str| test.run(&format!("activations --model tiny -p p.jsonl {flags}"));
    run("--prepend-bos never --min-chars 0")
        .fails(&format!(
            "failed: model tiny, prompt {}: the prompt has no tokens; remove it, or give --prepend-bos always\n{ONE}",
            prompt_hash("")
        ))
        .prints("prompts: 2 run, 0 already there\n");
    test.write("tiny/tokenizer_config.json", "{}");
    test.set("tiny/config.json", "bos_token_id", serde_json::Value::Null);
    test.set("tiny/config.json", "eos_token_id", serde_json::Value::Null);
    let bos = "DIR/tiny/tokenizer.json names no BOS token, nor does config.json have a bos_token_id; give --prepend-bos never";
    let failures: Vec<String> =
        texts.iter().map(|text| format!("failed: model tiny, prompt {}: {bos}", prompt_hash(text))).collect();
    let mut failures = failures;
    failures.sort();
    let count = "error: 2 failures, named above; the rest is finished and kept";
    run("--prepend-bos always -f").fails(&format!("{}\n{count}", failures.join("\n")));
}

#[test]
fn devices() {
    let test = Test::new();
    test.run("--device cuda:1").fails(
        "error: --device cuda:1: this build has no code for it; make one that has with `cargo build --release \
             --features cuda` (which needs NVIDIA's CUDA toolkit), or use --device cpu",
    );
    assert_eq!(fs::read_dir(test.path("")).unwrap().count(), 0);
}

/// A failure that would take prompts away leaves the site as it was.
#[test]
fn damaged_patterns() {
    let done = Done::new();
    let (test, file) = (&done.test, format!("{}/activations.npz", done.prompt(1)));
    let (whole, site) = (test.read(&file), test.files("site"));
    let place = format!("failed: model tiny, prompt {}: ", done.hashes[1]);
    let damaged = format!("{place}{file} is damaged; delete it and run `lens-build activations` again");
    let kept = "failed: site: DIR/site stays as it was, because 1 of its prompts would be missing from the new one; \
        see to the failures and run the same command again, or choose another --out";
    let two = "error: 2 failures, named above; the rest is finished and kept";
    for (bytes, why) in [(&whole[..whole.len() / 2], "not a whole zip archive"), (b"", "not a whole zip archive")] {
        test.write(&file, bytes);
        let run = test.run("site");
        assert!(run.stderr.contains(why) && run.stderr.contains(kept) && run.stderr.contains(two), "{run}");
        run.fails_with(&damaged, "");
        test.run("figures --force")
            .fails_with(&damaged, "")
            .prints("figures: 9 drawn, 0 already there\nscores: 1 computed, 0 already there\n");
        // The whole pipeline meets it too.
        test.run("--model tiny -p p.jsonl").fails_with(&damaged, "");
        assert_same(&site, &test.files("site"));
    }
    let mut flipped = whole.clone();
    let middle = flipped.len() / 3;
    flipped[middle] ^= 0x20;
    test.write(&file, flipped);
    test.run("site").fails_with(&damaged, "");
    // Elsewhere there is nothing to lose: what can be shown is shown.
    let run = test.run("site -o elsewhere");
    assert!(run.stdout.starts_with("site: DIR/elsewhere ("), "{run}");
    assert_eq!(test.jsonl("elsewhere/tiny/prompts.jsonl").len(), 1);

    // The remedy helps.
    fs::remove_file(test.path(&file)).unwrap();
    test.run("activations --model tiny -p p.jsonl").succeeds().prints("prompts: 1 run, 1 already there\n");
    assert!(test.read(&file) == whole);
    test.run("site").succeeds();
    assert_same(&site, &test.files("site"));
}

#[test]
fn damaged_stacked_patterns() {
    let test = Test::new();
    test.model("gpt2", "tiny");
    let texts = texts(1, 30);
    test.prompts("p.jsonl", &[&texts[0]]);
    test.run("activations --model tiny -p p.jsonl --stacked-heads").succeeds();
    let dir = path::prompt_dir("tiny", &prompt_hash(&texts[0]));
    let file = format!("attn_data/{dir}/{}", path::ACTIVATIONS_NPY);
    let whole = test.read(&file);
    test.write(&file, &whole[..whole.len() - 7]);
    test.run("figures").fails_with(
        &format!(
            "failed: model tiny, prompt {}: {file} is damaged; delete it and run `lens-build activations` again: ",
            prompt_hash(&texts[0])
        ),
        "",
    );
}

#[test]
fn damaged_pictures_are_drawn_again() {
    let done = Done::new();
    let (test, data) = (&done.test, done.test.files("attn_data"));
    for (picture, length) in [("L0/H1", 40), ("L2/H0", 0)] {
        let file = format!("{}/{picture}/raw.png", done.prompt(0));
        test.write(&file, &test.read(&file)[..length]);
    }
    test.run("figures").succeeds().prints("figures: 2 drawn, 16 already there\nscores: 0 computed, 2 already there\n");
    assert_same(&data, &test.files("attn_data"));
}

#[test]
fn damaged_json() {
    let done = Done::new();
    let test = &done.test;
    let (data, site) = (test.files("attn_data"), test.files("site"));
    let broken = |file: &str, bytes: &[u8]| test.write(&format!("attn_data/{file}"), bytes);
    let index = "the index is damaged; delete it and run `lens-build index`: ";
    broken("tiny/prompts.jsonl", b"{\"hash\": \"x\"}\n{\"hash\"");
    test.run("site").fails_with(&format!("failed: model tiny: attn_data/tiny/prompts.jsonl:2: {index}"), "");
    fs::remove_file(test.path("attn_data/tiny/prompts.jsonl")).unwrap();
    test.run("index").succeeds();
    test.write("attn_data/tiny/prompts.jsonl", &data["tiny/prompts.jsonl"]);

    broken("figures.jsonl", b"\xff\n");
    test.run("site").fails_with(&format!("error: attn_data/figures.jsonl:1: {index}"), "");
    fs::remove_file(test.path("attn_data/figures.jsonl")).unwrap();
    test.run("index").succeeds();

    let remedy = "delete its folder and run `lens-build activations` again: ";
    let file = format!("{}/prompt.json", done.prompt(0));
    let prompt = test.read(&file);
    test.write(&file, &prompt[..prompt.len() / 2]);
    let failed = format!("failed: model tiny, prompt {}: {file} is damaged; {remedy}", done.hashes[0]);
    test.run("site").fails_with(&failed, "");
    test.run("--model tiny -p p.jsonl").fails_with(&failed, "");
    test.run("index").fails_with(&format!("error: {file} is damaged; {remedy}"), "");
    test.write(&file, &prompt);

    let remedy = "is damaged; delete it and run `lens-build activations` for this model again: ";
    broken("tiny/model_cfg.json", b"{\"model_name\": \"tiny\"}");
    test.run("site").fails_with(
        &format!("error: attn_data/tiny/model_cfg.json {remedy}"),
        "missing field `n_layers` at line 1 column 22",
    );
    test.write("attn_data/tiny/model_cfg.json", &data["tiny/model_cfg.json"]);
    test.set("attn_data/tiny/model_cfg.json", "n_layers", 1_000_000_000_000_u64.into());
    test.run("figures")
        .fails(&format!("error: attn_data/tiny/model_cfg.json {remedy}no model has 1000000000000 layers of 3 heads"));
    fs::remove_file(test.path("attn_data/tiny/model_cfg.json")).unwrap();
    test.prompts("more.jsonl", &[&texts(3, 31)[2]]);
    test.run("activations --model tiny -p more.jsonl").succeeds();
    assert!(test.read("attn_data/tiny/model_cfg.json") == data["tiny/model_cfg.json"]);
    assert_same(&site, &test.files("site"));
}

/// Copies that a file manager makes; other things beside the data are left alone.
#[test]
fn folders_of_impossible_names() {
    let done = Done::new();
    let test = &done.test;
    let cannot = |name: &str| {
        format!(
            "must be renamed or moved away: \"{name}\" cannot be the name of a directory; names of models and prompts \
             are made of A-Z a-z 0-9 . _ - and must not be reserved"
        )
    };
    test.write("attn_data/.DS_Store", "");
    test.write(&format!("{}/Icon", done.prompt(0)), "");
    test.run("site").succeeds();
    copy(&test.path("attn_data/tiny"), &test.path("attn_data/tiny copy"));
    test.run("site").fails(&format!("error: attn_data/tiny copy {}", cannot("tiny copy")));
    fs::remove_dir_all(test.path("attn_data/tiny copy")).unwrap();
    copy(&test.path(&done.prompt(0)), &test.path("attn_data/tiny/prompts/(1)"));
    test.run("figures").fails(&format!("failed: model tiny: attn_data/tiny/prompts/(1) {}\n{ONE}", cannot("(1)")));
}

#[test]
fn a_taken_port() {
    let done = Done::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    done.test.run(&format!("serve --port {port}")).fails(&format!(
        "error: port {port} of 127.0.0.1 is in use; choose another with --port, or any free one with --port 0"
    ));
    done.test
        .run("serve --port 0 --host no.such.host.invalid")
        .fails_with("error: cannot serve at no.such.host.invalid, port 0: ", "");
    done.test.run("serve --port 0 -o none").fails_with(
        "error: none: there is no site; build one with `lens-build --out DIR`, or name one with --out: ",
        "(os error 2)",
    );
}

/// What would not fit is refused before the weights are read, and the rest goes on.
#[test]
#[cfg(target_os = "linux")]
fn a_model_that_is_too_large() {
    let test = Test::new();
    test.model("llama", "large");
    test.set("large/config.json", "max_position_embeddings", 1_000_000.into());
    test.model("gpt2", "small");
    test.prompts("p.jsonl", &[&texts(1, 300_000)[0]]);
    let run = test.run("activations --model large --model small -p p.jsonl --max-chars 9000000");
    let run = run.fails_with(
        "failed: model large: cannot run large: it needs about 12070 GiB of memory (0.0 GiB for the weights, 4024 GiB for \
         a batch, 8047 GiB for results that are being written), and ",
        " are available: give --dtype bf16, which halves the weights, or give --max-tokens, so that prompts are shorter \
         than 300001 tokens, or take a smaller model",
    );
    assert!(run.stdout.starts_with("prompts: 1 run, "), "{run}");
    assert!(!test.path("attn_data/large").exists(), "nothing of it is written");
    test.run("activations --model large -p p.jsonl --max-chars 9000000 --max-tokens 9").succeeds();
}
