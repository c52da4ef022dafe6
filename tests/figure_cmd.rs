//! Figures that a program in another language draws: `--figure-cmd`.

use std::path::{Path, PathBuf};

use lens_build::image;
use lens_schema::path::{self, prompt_hash};
use serde_json::Value;

use crate::harness::{Run, Test, python, texts};

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/python_figures.py")
}

fn with_prompts(texts: &[&str]) -> Test {
    let test = Test::new();
    test.model("gpt2", "tiny");
    test.prompts("p.jsonl", texts);
    test
}

/// Runs with the figures of a script.
fn run(test: &Test, script: &Path, arguments: &str) -> Run {
    let command = format!("{} '{}'", python(), script.display());
    let mut words: Vec<&str> = arguments.split_whitespace().collect();
    words.extend(["--figure-cmd", &command]);
    test.run_words(&words)
}

const BUILD: &str = "--model tiny -p p.jsonl --min-chars 1 --prepend-bos never --figure-funcs";

fn head(text: &str, head: &str) -> String {
    format!("attn_data/{}/{head}", path::prompt_dir("tiny", &prompt_hash(text)))
}

#[test]
fn the_example_draws() {
    let text = &texts(1, 30)[0];
    let test = with_prompts(&[text]);
    run(&test, &example(), &format!("{BUILD} raw,change,mass")).succeeds();
    for file in ["raw.png", "change.png", "mass.received.svg", "mass.given.svg"] {
        let (name, extension) = file.rsplit_once('.').unwrap();
        for place in ["L0/H0", "L2/H2"] {
            assert!(image::is_whole(extension, &test.read(&format!("{}/{file}", head(text, place)))), "{file}");
        }
        assert_eq!(
            test.path("site").join(path::packed_figure("tiny", &prompt_hash(text), name)).is_file(),
            name != "raw"
        );
    }
    // The labels of the rows reach the script: the first token is in the picture.
    let svg = String::from_utf8(test.read(&format!("{}/mass.received.svg", head(text, "L0/H1")))).unwrap();
    assert!(svg.contains(&format!("<title>{} ", text.split(' ').next().unwrap())), "{svg}");
    let entries = test.jsonl("site/figures.jsonl");
    let entry = entries.iter().find(|e| e["name"] == "mass.given").unwrap();
    assert_eq!(entry["func_name"], "mass");
    assert!(entry["doc"].as_str().unwrap().starts_with("Mean attention that each token receives"));
    assert!(entry["code"].as_str().unwrap().contains("def mass(attn_matrix, save_dir):"));
    assert!(entry["source"].as_str().unwrap().ends_with("python_figures.py"));
    // The matrix is coloured here: zero change is the middle of the colour map.
    let png = test.read(&format!("{}/change.png", head(text, "L0/H0")));
    assert!(png.windows(4).any(|w| w == b"PLTE"));
    run(&test, &example(), "figures").succeeds();

    let listed = run(&test, &example(), "figures --list --json").succeeds();
    let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
    assert!(listed.as_array().unwrap().iter().any(|e| e["name"] == "mass.received"));
}

/// Errors, exits and wrong files are those of one head; the next one is drawn by a new process.
#[test]
fn what_goes_wrong_stops_nothing_else() {
    let text = &texts(1, 30)[0];
    let test = with_prompts(&[text]);
    let script = test.path("bad.py");
    test.write(
        "bad.py",
        r#"
import os, sys
from lens_figures import current, register_attn_figure_func, save_matrix_wrapper

print("this is no part of the protocol")

@register_attn_figure_func
@save_matrix_wrapper(normalize=True)
def fragile(attn_matrix):
    place = current().layer, current().head
    if place == (0, 1):
        raise ValueError("no picture of this")
    if place == (1, 0):
        print("my last words", file=sys.stderr)
        os._exit(7)
    if place == (1, 1):
        return attn_matrix[0]
    if place == (2, 0):
        return attn_matrix * float("nan")
    return attn_matrix

@register_attn_figure_func
def misnamed(attn_matrix, save_dir):
    (save_dir / "other.svg").write_text("<svg/>")
"#,
    );
    let run = run(&test, &script, &format!("{BUILD} fragile,misnamed -j 2"));
    let run = run.fails_with("failed: ", "");
    assert!(run.stdout.contains("figures: 5 drawn, 0 already there"), "{run}");
    let error = |place: &str, name: &str| {
        String::from_utf8(test.read(&format!("{}/{name}.error.txt", head(text, place)))).unwrap()
    };
    let raised = error("L0/H1", "fragile");
    assert!(raised.contains("bad.py\", line 12") && raised.ends_with("ValueError: no picture of this"), "{raised}");
    let ended = error("L1/H0", "fragile");
    assert!(ended.contains("exit status: 7") && ended.ends_with("my last words"), "{ended}");
    assert!(error("L1/H1", "fragile").contains("a matrix has 2 axes"));
    assert!(error("L2/H0", "fragile").contains("is NaN"));
    assert!(error("L2/H0", "misnamed").contains("it drew \"other.svg\"; its figures are called misnamed"));
    assert!(image::is_whole("svgz", &test.read(&format!("{}/fragile.svgz", head(text, "L2/H2")))));
}

#[test]
fn programs_that_are_none_are_refused() {
    let test = with_prompts(&["the cat sat"]);
    let refused = |command: &str, error: &str| {
        let run = test.run_words(&["figures", "--list", "--figure-cmd", command]);
        run.fails_with(&format!("error: --figure-cmd {command:?}: {error}"), "");
    };
    refused("no-such-program --flag", "cannot start no-such-program");
    refused("echo hello", "its first line is not what lens_figures writes: hello");
    refused("true", "it registers no figure function (exit status: 0)");
    test.write("broken.py", "import lens_figures\n1 / 0\n");
    test.write("empty.py", "import lens_figures\n");
    let broken = test.run_words(&["figures", "--list", "--figure-cmd", &format!("{} broken.py", python())]);
    assert!(broken.stderr.contains("ZeroDivisionError"), "{broken}");
    let empty = test.run_words(&["figures", "--list", "--figure-cmd", &format!("{} empty.py", python())]);
    assert!(empty.stderr.contains("it registers no figure function"), "{empty}");
}

/// No program is started: not even those that are whole.
#[test]
fn lines_that_are_no_command_are_wrong_usage() {
    let test = with_prompts(&["the cat sat"]);
    for (line, why) in [
        ("", "write a program and its arguments, as in 'python my_figures.py'"),
        ("''", "write a program and its arguments, as in 'python my_figures.py'"),
        ("python 'a", "quotes must be closed"),
    ] {
        let run = test.run_words(&["--model", "tiny", "--figure-cmd", "touch started", "--figure-cmd", line]);
        run.refused(&format!("error: --figure-cmd {line:?}: {why}"));
    }
    test.run_words(&["--model", "tiny", "--figure-cmd", "touch started", "--figure-expr", "x=A+"])
        .refused_with("error: --figure-expr x: ");
    assert!(!test.path("started").exists() && !test.path("attn_data").exists());
}
