//! Runs that are stopped and go on, and runs that must give the same bytes however they are done.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Stdio};

use lens_schema::path::{self, prompt_hash};
use serde_json::json;

use crate::harness::{Run, Test, assert_same, texts};

const ALL: &str = "--model tiny -p p.jsonl --min-chars 1";

fn with_prompts(count: usize, words: usize) -> (Test, Vec<String>) {
    let test = Test::new();
    test.model("gpt2", "tiny");
    let texts = texts(count, words);
    test.prompts("p.jsonl", &texts.iter().map(String::as_str).collect::<Vec<_>>());
    (test, texts)
}

/// A run of which `done` prompts are finished, still running.
fn begun(test: &Test, done: usize) -> (Child, BufReader<std::process::ChildStderr>) {
    let mut command = test.command(&format!("{ALL} --progress json -b 1 -j 1"));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut progress = BufReader::new(child.stderr.take().unwrap());
    for _ in 0..done {
        let mut line = String::new();
        progress.read_line(&mut line).unwrap();
        assert!(line.contains("\"done\""), "{line}");
    }
    (child, progress)
}

/// What an uninterrupted run gives: data directory and site.
fn uninterrupted(count: usize, words: usize) -> Test {
    let (test, _) = with_prompts(count, words);
    test.run(ALL).succeeds();
    test
}

#[track_caller]
fn assert_same_result(left: &Test, right: &Test) {
    assert_same(&left.files("attn_data"), &right.files("attn_data"));
    assert_same(&left.files("site"), &right.files("site"));
}

fn finished(test: &Test, mut child: Child, mut progress: BufReader<std::process::ChildStderr>) -> Run {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    progress.read_to_end(&mut stderr).unwrap();
    child.stdout.take().unwrap().read_to_end(&mut stdout).unwrap();
    let status = child.wait().unwrap();
    test.finished("", std::process::Output { status, stdout, stderr })
}

#[test]
fn a_killed_run_goes_on_to_the_same_result() {
    let (test, _) = with_prompts(200, 30);
    for done in [1, 7] {
        let (mut child, progress) = begun(&test, done);
        child.kill().unwrap();
        finished(&test, child, progress);
        assert!(!test.path("site").exists());
    }
    let run = test.run(ALL).succeeds();
    let kept: usize = run.stdout.split_once(" run, ").unwrap().1.split(' ').next().unwrap().parse().unwrap();
    assert!((8..200).contains(&kept), "{run}");
    assert_same_result(&test, &uninterrupted(200, 30));
    let left: Vec<_> = std::fs::read_dir(test.path("")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with('.')), "{left:?}");
}

#[test]
#[cfg(unix)]
fn a_run_that_is_asked_to_stop_goes_on_to_the_same_result() {
    let (test, _) = with_prompts(200, 30);
    for signal in ["-INT", "-TERM"] {
        let (child, progress) = begun(&test, 5);
        let kill = std::process::Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        let run = finished(&test, child, progress);
        run.fails(
            "note: stopping when the work at hand is done; once more stops at once\n\
             error: stopped; what was finished is kept, run the same command again to go on",
        );
        assert!(!test.path("site").exists() && test.path("attn_data/models.jsonl").is_file());
        // What is there can be used as it is.
        let there = test.jsonl("attn_data/tiny/prompts.jsonl").len();
        assert!((5..200).contains(&there), "{there}");
        test.run("figures").succeeds();
    }
    test.run(ALL).succeeds();
    assert_same_result(&test, &uninterrupted(200, 30));
}

#[test]
fn threads_and_batches_do_not_change_a_byte() {
    let one = uninterrupted(25, 35);
    for flags in ["-j 1", "-j 4", "-b 1", "-b 8 -j 3"] {
        let (test, _) = with_prompts(25, 35);
        test.run(&format!("{ALL} {flags}")).succeeds();
        assert_same_result(&one, &test);
    }
    let (test, _) = with_prompts(25, 35);
    let mut command = test.command(ALL);
    test.finished(ALL, command.env("RAYON_NUM_THREADS", "1").output().unwrap()).succeeds();
    assert_same_result(&one, &test);
    // The order of the prompts does not show in what belongs to one of them.
    test.run(&format!("{ALL} --shuffle --force")).succeeds();
    let (mut left, mut right) = (one.files("attn_data"), test.files("attn_data"));
    assert!(left.remove("tiny/prompts.jsonl") != right.remove("tiny/prompts.jsonl"));
    for gathered in ["scores.npz", "heads.jsonl", "head_distances.npz"] {
        let file = format!("tiny/{gathered}");
        assert!(left.remove(&file).is_some() && right.remove(&file).is_some());
    }
    assert_same(&left, &right);
}

#[test]
fn what_is_kept_although_it_was_run_otherwise_is_told() {
    let (test, texts) = with_prompts(3, 20);
    let other = "other tokens than now (--max-tokens, --prepend-bos or the tokenizer differ); --force runs them again";
    test.run(&format!("activations {ALL} --max-tokens 9 -n 2")).succeeds();
    let rows = |i: usize| {
        let file = path::prompt_json("tiny", &prompt_hash(&texts[i]));
        let prompt: serde_json::Value = serde_json::from_slice(&test.read(&format!("attn_data/{file}"))).unwrap();
        prompt["row_labels"].as_array().unwrap().len()
    };
    assert_eq!(rows(0), 9);
    let note =
        |kept| format!("tiny: {kept} of the {kept} prompts that attn_data has are kept as they were run, with {other}");
    test.run(&format!("activations {ALL} --prepend-bos never")).succeeds().notes(&note(2));
    assert_eq!((rows(0), rows(2)), (9, 20));
    test.run(&format!("activations {ALL}")).succeeds().notes(&note(3));
    test.run(&format!("activations {ALL} --force")).succeeds();
    assert_eq!((rows(0), rows(2)), (21, 21));
    let quiet = test.run(&format!("activations {ALL} --progress none")).succeeds();
    assert_eq!(quiet.stderr, "");
}

#[test]
fn other_weights_of_the_same_name_are_not_mixed() {
    let (test, _) = with_prompts(3, 20);
    test.run(&format!("activations {ALL} -n 2")).succeeds();
    let before = test.files("attn_data");
    let mut weights = test.read("tiny/model.safetensors");
    let middle = weights.len() / 2;
    weights[middle] ^= 1;
    test.write("tiny/model.safetensors", &weights);
    let refused = |n: usize| {
        format!(
            "failed: model tiny: {n} of the {n} prompts that attn_data has of it were run with other weights, another \
             config.json or another --dtype; --force runs them again, another --save-path keeps both\n\
             error: 1 failure, named above; the rest is finished and kept"
        )
    };
    test.run(&format!("activations {ALL}")).fails(&refused(2));
    assert_same(&before, &test.files("attn_data"));
    test.run(&format!("activations {ALL} --force")).succeeds();
    test.run(&format!("activations {ALL} --dtype bf16")).fails(&refused(3));
    test.run(&format!("activations {ALL}")).succeeds().prints("prompts: 0 run, 3 already there\n");
}

/// Pictures of patterns that are no more would be lies.
#[test]
fn figures_are_of_the_patterns_that_are_there() {
    let (test, texts) = with_prompts(1, 20);
    test.run(ALL).succeeds();
    let dir = format!("attn_data/{}", path::prompt_dir("tiny", &prompt_hash(&texts[0])));
    let picture = format!("{dir}/L1/H2/raw.png");
    let first = test.read(&picture);
    // Of the same patterns all pictures stay, those of others' functions too.
    test.write(&format!("{dir}/L1/H2/svd.png"), "drawn by another program");
    test.run(&format!("activations {ALL} --force")).succeeds();
    assert!(test.read(&picture) == first && test.path(&format!("{dir}/L1/H2/svd.png")).is_file());
    // Of other patterns none stays.
    test.run(&format!("activations {ALL} --force --max-tokens 7")).succeeds();
    assert!(!test.path(&picture).exists() && !test.path(&format!("{dir}/L1/H2/svd.png")).exists());
    test.run("figures").succeeds().prints("figures: 9 drawn, 0 already there\nscores: 1 computed, 0 already there\n");
    assert!(test.read(&picture) != first);
}

#[test]
fn keys_of_others_survive_a_second_run() {
    let (test, texts) = with_prompts(1, 20);
    test.run(&format!("activations {ALL}")).succeeds();
    let prompt = format!("attn_data/{}", path::prompt_json("tiny", &prompt_hash(&texts[0])));
    test.set(&prompt, "reviewed", true.into());
    test.set("attn_data/tiny/model_cfg.json", "mine", 7.into());
    // Those of an index may be in the index alone.
    let indexes = ["attn_data/models.jsonl", "attn_data/tiny/prompts.jsonl"];
    indexes.into_iter().for_each(|index| test.set(index, "noted", "here".into()));
    for command in [format!("activations {ALL} --force"), "figures".to_owned(), "index".to_owned()] {
        test.run(&command).succeeds();
        assert_eq!(test.jsonl("attn_data/tiny/prompts.jsonl")[0]["reviewed"], true, "{command}");
        assert_eq!(test.jsonl("attn_data/models.jsonl")[0]["mine"], 7, "{command}");
        indexes.iter().for_each(|index| assert_eq!(test.jsonl(index)[0]["noted"], "here", "{command}: {index}"));
    }
}

/// `labels` and `input_ids` are what data sets call things of their own.
#[test]
fn keys_of_a_data_set_are_kept_whatever_they_are_called() {
    let test = Test::new();
    test.model("gpt2", "tiny");
    let text = &texts(1, 30)[0];
    let line = json!({"text": text, "labels": [0, 2], "label": 1, "meta": {"n": 1.5, "none": null}});
    test.write("p.jsonl", line.to_string());
    test.run(&format!("{ALL} --figure-funcs raw")).succeeds();
    let prompt = format!("attn_data/{}", path::prompt_json("tiny", &prompt_hash(text)));
    let kept = &test.jsonl(&prompt)[0];
    line.as_object().unwrap().iter().for_each(|(key, value)| assert_eq!(&kept[key], value, "{key}"));
    // As another program may have left them.
    test.set(&prompt, "input_ids", "none".into());
    test.run("figures --force").succeeds();
    test.run("site").succeeds();
    assert_eq!(test.jsonl("site/tiny/prompts.jsonl")[0]["labels"], line["labels"]);
}
