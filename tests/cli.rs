//! Commands, flags, exit statuses, and what is printed where.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use lens_build::{demo, model};
use serde_json::Value;

use crate::harness::{Test, assert_same, texts, with_model};

const TINY: &str = "--model tiny -p p.jsonl";

#[test]
fn without_arguments_everything_is_made_of_what_is_built_in() {
    let test = Test::new();
    let n = demo::models().len() * demo::prompts().unwrap().len();
    let first = test.run("").succeeds();
    assert!(first.stdout.starts_with(&format!("prompts: {n} run, 0 already there\nfigures: ")), "{first}");
    assert!(first.stdout.contains("\nsite: DIR/site ("), "{first}");
    for model in demo::models() {
        assert!(test.path(&format!("attn_data/{}/model_cfg.json", model.name)).is_file());
        assert!(test.path(&format!("site/{}/prompts.jsonl", model.name)).is_file());
    }
    let (data, site) = (test.files("attn_data"), test.files("site"));
    let again = test.run("").succeeds();
    assert!(again.stdout.starts_with(&format!("prompts: 0 run, {n} already there\nfigures: 0 drawn, ")), "{again}");
    assert_same(&data, &test.files("attn_data"));
    assert_same(&site, &test.files("site"));
}

#[test]
fn stages_run_alone_give_what_the_pipeline_gives() {
    let test = with_model();
    test.run(&format!("{TINY} -s one -o site-one")).succeeds();
    test.run(&format!("activations {TINY} -s two")).succeeds().prints("prompts: 2 run, 0 already there\n");
    assert!(!test.path("two/tiny/prompts").join("L0").exists());
    test.run("figures -s two")
        .succeeds()
        .prints("figures: 18 drawn, 0 already there\nscores: 2 computed, 0 already there\n");
    test.run("figures -s two")
        .succeeds()
        .prints("figures: 0 drawn, 18 already there\nscores: 0 computed, 2 already there\n");
    test.run("site -s two -o site-two").succeeds();
    assert_same(&test.files("one"), &test.files("two"));
    assert_same(&test.files("site-one"), &test.files("site-two"));
}

#[test]
fn results_and_progress_have_streams_of_their_own() {
    let test = with_model();
    let results = "prompts: 2 run, 0 already there\n";
    let run = |flags: &str| test.run(&format!("activations {TINY} --force {flags}")).succeeds();
    let plain = run("").prints(results);
    assert!(plain.stderr.starts_with("tiny: 2 prompts\n") && plain.stderr.contains("tiny: 2/2 prompts in "), "{plain}");
    let none = run("--progress none").prints(results);
    assert_eq!(none.stderr, "");
    let quiet = run("-q").prints("");
    assert_eq!(quiet.stderr, "");
    let json = run("--progress json").prints(results);
    let lines: Vec<Value> = json.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().map(|l| l["done"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2]);
    assert!(lines.iter().all(|l| l["model"] == "tiny" && l["total"] == 2 && l["prompt"].is_string()), "{json}");
    // Messages too.
    let told = |arguments: &str, key: &str| {
        let run = test.run(&format!("{arguments} --progress json"));
        let lines: Vec<Value> = run.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(lines.iter().any(|line| line[key].is_string()), "{run}");
    };
    told(&format!("activations {TINY} --force --max-tokens 3"), "note");
    told("site", "note");
    told("activations --model nobody/nothing -p p.jsonl", "failed");
    told("activations --model nobody/nothing -p p.jsonl -q", "error");
    told("figures -s none", "error");
    let verbose = run("-v");
    for prompt in test.jsonl("attn_data/tiny/prompts.jsonl") {
        assert!(verbose.stderr.contains(prompt["hash"].as_str().unwrap()), "{verbose}");
    }
}

#[test]
fn colours_are_for_terminals_and_for_those_who_ask() {
    let test = Test::new();
    let red = |flags: &str| test.run(&format!("site -s none {flags}")).stderr.contains("\u{1b}[");
    assert!(!red(""));
    assert!(!red("--color never"));
    assert!(red("--color always") && red("--color=always"));
    let mut command = test.command("site -s none --color always");
    let run = test.finished("", command.env("NO_COLOR", "1").output().unwrap());
    assert!(run.stderr.contains("\u{1b}["), "what is asked for counts more than the environment");
}

#[test]
fn a_model_is_called_by_its_folder_however_it_is_named() {
    let test = with_model();
    test.model("gpt2", "my model (2)");
    let mut command = test.command("activations -p ../p.jsonl -s ../data --model . --model ../tiny/ --model ../tiny");
    let run = command.current_dir(test.path("tiny")).output().unwrap();
    test.finished("", run).succeeds().prints("prompts: 2 run, 0 already there\n");
    let mut command = test.command("activations -p p.jsonl -s data --model");
    let run = command.arg("my model (2)").output().unwrap();
    test.finished("", run).succeeds();
    let models = test.jsonl("data/models.jsonl");
    let names: Vec<_> = models.iter().map(|m| (m["model_name"].as_str(), m["sanitized_name"].as_str())).collect();
    assert_eq!(names, [(Some("my model (2)"), Some("my_model__2_")), (Some("tiny"), Some("tiny"))]);
    // Kept models are found by all these names too.
    for name in ["tiny", "./tiny", "tiny/"] {
        test.run(&format!("figures -s data --model {name}")).succeeds();
    }
}

/// A value is split at commas unless it is the name of a folder.
#[test]
fn names_of_folders_and_files_may_have_commas() {
    let test = with_model();
    test.model("gpt2", "one,two");
    test.write("p,q.jsonl", test.read("p.jsonl"));
    test.run("activations --model one,two -p p,q.jsonl").succeeds();
    test.run("activations --model tiny,one,two -p p.jsonl").fails_with("failed: model one: ", "");
    let models = |data: &str| {
        let models = test.jsonl(&format!("{data}/models.jsonl"));
        models.iter().map(|m| m["model_name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(models("attn_data"), ["one,two", "tiny"]);
    test.run("activations --model one,two --model tiny -s both -p p,q.jsonl").succeeds();
    assert_eq!(models("both"), ["one,two", "tiny"]);
    test.run("site --model one,two").succeeds();
    assert_eq!(models("site"), ["one,two"]);
    test.run("index --model one,two").succeeds().prints("one_two: 2 prompts\n");
}

#[test]
fn a_model_that_fails_does_not_stop_the_others() {
    let test = with_model();
    test.model("llama", "sharded");
    test.model("gpt2", "broken");
    test.set("broken/config.json", "n_head", 5.into());
    let models = "--model sharded --model broken --model tiny";
    let run = test.run(&format!("{models} -p p.jsonl --no-index-html"));
    let broken =
        "failed: model broken: cannot use DIR/broken/config.json: a hidden size of 24 cannot be split into 5 heads";
    let run = run.fails(&format!("{broken}\nerror: 1 failure, named above; the rest is finished and kept"));
    assert!(run.stdout.starts_with("prompts: 4 run, 0 already there\n") && run.stdout.contains("\nsite: "), "{run}");
    assert_eq!(test.jsonl("site/models.jsonl").len(), 2);
    assert!(!test.path("attn_data/broken").exists());
}

#[test]
fn prompts_come_from_any_file_and_from_standard_input() {
    let test = with_model();
    let names = || {
        let prompts = test.jsonl("attn_data/tiny/prompts.jsonl");
        prompts.iter().map(|p| p["source_fname"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let line = "the old cat sat on the red mat";
    test.write("windows.txt", format!("\u{feff}{line}\r\n{line}\r\n\r\nbirds sing\r\n"));
    test.write("windows.jsonl", format!("\u{feff}{{\"text\": \"{line}\", \"mine\": {{\"a\": [1]}}}}\r\n\r\n"));
    let arguments = "activations --model tiny --min-chars 5 -p windows.txt -p windows.jsonl -p -";
    test.run_with_input(arguments, b"{\"text\": \"one dog sleeps\"}\n").succeeds();
    assert_eq!(names(), ["windows.txt", "windows.txt", "windows.jsonl", "stdin"]);
    let prompts = test.jsonl("attn_data/tiny/prompts.jsonl");
    assert_eq!(prompts[0]["text"], format!("{line}\n{line}"));
    assert_eq!(prompts[2]["mine"]["a"][0], 1);
    // Without a file, the data directory's own prompts are run.
    test.model("llama", "other");
    let run = test.run("activations --model other").succeeds();
    assert_eq!(run.stdout, "prompts: 4 run, 0 already there\n");
    assert_eq!(test.jsonl("attn_data/other/prompts.jsonl")[2]["mine"]["a"][0], 1);
}

#[test]
fn prompts_are_filtered_cut_shuffled_and_counted() {
    let test = Test::new();
    test.model("gpt2", "tiny");
    let texts = texts(30, 12);
    test.prompts("p.jsonl", &texts.iter().map(String::as_str).collect::<Vec<_>>());
    let chosen = |flags: &str| {
        let _ = std::fs::remove_dir_all(test.path("attn_data"));
        test.run(&format!("activations --model tiny -p p.jsonl --min-chars 1 {flags}")).succeeds();
        let prompts = test.jsonl("attn_data/tiny/prompts.jsonl");
        prompts.iter().map(|p| p["text"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(chosen("-n 3"), texts[..3]);
    let shuffled = chosen("-n 5 --shuffle --seed 7");
    assert!(shuffled.len() == 5 && shuffled != texts[..5], "{shuffled:?}");
    assert_eq!(shuffled, chosen("-n 5 --shuffle --seed 7 -r"));
    assert_ne!(shuffled, chosen("-n 5 --shuffle"));
    assert_eq!(shuffled, chosen("--shuffle --seed 7")[..5]);
    let pieces = chosen("-n 4 --max-chars 10");
    assert!(pieces.iter().all(|piece| piece.chars().count() <= 10), "{pieces:?}");
    test.run("activations --model tiny -p p.jsonl --max-tokens 5 -f -n 1 --min-chars 1")
        .succeeds()
        .notes(&format!("tiny: prompt {} is cut from 13 to 5 tokens", lens_schema::path::prompt_hash(&texts[0])));
}

#[test]
fn the_form_of_what_is_kept_does_not_change_the_site() {
    let test = with_model();
    test.run(&format!("{TINY} -s npz -o site-npz --compress-level 0")).succeeds();
    test.run(&format!("{TINY} -s npy -o site-npy --stacked-heads")).succeeds();
    assert_same(&test.files("site-npz"), &test.files("site-npy"));
    let stacked = test.files("npy");
    let arrays = stacked.keys().filter(|f| f.ends_with("/activations-blocks.-.attn.hook_pattern.npy")).count();
    assert!(arrays == 2 && !stacked.keys().any(|f| f.ends_with("activations.npz")), "{:?}", stacked.keys());
    test.run("site -s npy -o again").succeeds();
    assert_same(&test.files("site-npz"), &test.files("again"));
}

#[test]
fn a_site_is_as_the_flags_ask() {
    let test = with_model();
    test.run(&format!("activations {TINY}")).succeeds();
    test.write("templates/404.html", "gone from {{ title }}");
    let run = test.run("site --title Heads --templates templates --base-url https://x.org/a -n 1").succeeds();
    assert!(run.stdout.starts_with("site: DIR/site ("), "{run}");
    assert_eq!(test.read("site/404.html"), b"gone from Heads");
    let index = String::from_utf8(test.read("site/index.html")).unwrap();
    assert!(index.contains("<title>Heads</title>") && index.contains("x.org"), "{index}");
    assert_eq!(test.jsonl("site/tiny/prompts.jsonl").len(), 1);
    test.run("site --no-index-html").succeeds();
    assert!(!test.path("site/index.html").exists() && test.path("site/lens.json").is_file());
    test.run("site --templates none").fails("error: --templates none: there is no such folder");
    test.run("site --viewer p.jsonl").fails("error: --viewer p.jsonl: there is no such folder");
    test.write("templates/404.html", "{{ titel }}");
    test.run("site --templates templates").fails_with("error: template 404.html: undefined value", "");
    assert!(!test.path("site/index.html").exists(), "the site before is left as it was");
}

#[test]
fn indexes_are_rebuilt() {
    let test = with_model();
    test.run(&format!("activations {TINY}")).succeeds();
    test.run("figures").succeeds();
    let whole = test.files("attn_data");
    for index in ["models.jsonl", "figures.jsonl", "tiny/prompts.jsonl"] {
        std::fs::remove_file(test.path("attn_data").join(index)).unwrap();
    }
    test.run("index").succeeds().prints("tiny: 2 prompts\n");
    let sorted = |bytes: &[u8]| {
        let mut lines: Vec<Vec<u8>> = bytes.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
        lines.sort();
        lines
    };
    let rebuilt = test.files("attn_data");
    assert!(whole.keys().eq(rebuilt.keys()));
    // Scores have their rows in the order of the prompts.
    let gathered = ["tiny/scores.npz", "tiny/heads.jsonl", "tiny/head_distances.npz"];
    let mut others = whole.iter().filter(|(name, _)| !gathered.contains(&name.as_str()));
    assert!(others.all(|(name, bytes)| sorted(bytes) == sorted(&rebuilt[name])));
    test.write("attn_data/tiny/prompts.jsonl", "{\"text\":");
    test.run("index --model tiny -q").succeeds().prints("");
    test.run("index --model big").fails("error: --model big: not in attn_data, which has tiny");
}

#[test]
fn what_there_is_is_listed() {
    let test = Test::new();
    let figures = test.run("figures --list").succeeds();
    assert!(figures.stdout.lines().any(|line| line.starts_with("* raw          Raw attention matrix")), "{figures}");
    let figures: Value = serde_json::from_str(&test.run("figures --list --json").succeeds().stdout).unwrap();
    assert!(figures.as_array().unwrap().iter().any(|f| f["name"] == "raw" && f["figure_save_fmt"] == "png"));
    let only: Value =
        serde_json::from_str(&test.run("figures --list --json --figure-funcs ra*").succeeds().stdout).unwrap();
    assert_eq!(only.as_array().unwrap().len(), 3);

    let models: Value = serde_json::from_str(&test.run("models --json").succeeds().stdout).unwrap();
    let names: Vec<&str> = models["built_in"].as_array().unwrap().iter().map(|m| m["name"].as_str().unwrap()).collect();
    assert_eq!(names, demo::models().iter().map(|m| m.name).collect::<Vec<_>>());
    assert_eq!(models["architectures"].as_array().unwrap().len(), model::arch::model_types().count());
    let neox = test.run("models NEOX").succeeds().stdout;
    assert!(neox.starts_with("Architectures (model_type of config.json):\n  gpt_neox\n\nNames known "), "{neox}");
    assert_eq!(test.run("models gpt?neo?").succeeds().stdout, neox);

    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(test.run(&format!("completions {shell}")).succeeds().stdout.contains("figure-funcs"), "{shell}");
    }
    test.run("completions tcsh").refused("error: invalid value 'tcsh' for '<SHELL>'");
    let help = test.run("--help").succeeds().stdout;
    for command in ["activations", "figures", "site", "index", "serve", "models", "completions"] {
        assert!(help.contains(&format!("\n  {command} ")), "{help}");
    }
}

#[test]
#[cfg(unix)]
fn a_site_is_served_until_the_system_asks_to_stop() {
    let test = with_model();
    test.run(TINY).succeeds();
    // Without programs there is no browser to open, which is no reason not to serve.
    let mut command = test.command("serve --port 0 --open");
    command.env("PATH", test.path("")).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.strip_prefix("http://").and_then(|rest| rest.strip_suffix("/ serves site (Ctrl-C stops)\n"));
    let mut stream = TcpStream::connect(address.unwrap()).unwrap();
    write!(stream, "GET /lens.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("\"dir\":\"tiny\""), "{answer}");
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    let run = test.finished("serve", child.wait_with_output().unwrap()).succeeds();
    assert!(run.stderr.starts_with("note: --open: cannot run ") && run.stderr.contains(address.unwrap()), "{run}");
}

/// `lens-build … | head -1` closes the pipe early.
#[test]
#[cfg(unix)]
fn nobody_has_to_read_on() {
    let test = Test::new();
    let mut command = test.command("completions zsh");
    let mut child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    test.finished("", child.wait_with_output().unwrap()).succeeds();
}
