//! Figure functions: those of the library, those of a program of one's own, and those that fail.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use flate2::read::GzDecoder;
use lens_build::figure;
use lens_build::image;
use lens_schema::npz::Reader;
use lens_schema::path::{self, prompt_hash};
use serde_json::Value;

use crate::harness::{Run, Test, texts};

/// `examples/custom_figures.rs`, built as the program was: cargo builds no examples for tests.
fn custom() -> &'static Path {
    static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = Path::new(env!("CARGO_BIN_EXE_lens-build")).parent().unwrap();
        let profile = match folder.file_name().unwrap().to_str().unwrap() {
            "debug" => "dev",
            other => other,
        };
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args([
            "build",
            "--quiet",
            "--offline",
            "--workspace",
            "--example",
            "custom_figures",
            "--profile",
            profile,
        ]);
        let built = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        folder.join("examples").join("custom_figures")
    });
    &PROGRAM
}

/// Runs the example instead of the program.
fn run_custom(test: &Test, arguments: &str) -> Run {
    let mut command = Command::new(custom());
    command.args(arguments.split_whitespace()).current_dir(test.path("")).stdin(Stdio::null());
    test.finished(arguments, command.output().unwrap())
}

fn with_prompts(texts: &[&str]) -> Test {
    let test = Test::new();
    test.model("gpt2", "tiny");
    test.prompts("p.jsonl", texts);
    test
}

/// No special token, so that a prompt of one word is a pattern of one cell.
const TINY: &str = "--model tiny -p p.jsonl --min-chars 1 --prepend-bos never";

fn head(text: &str, head: &str) -> String {
    format!("attn_data/{}/{head}", path::prompt_dir("tiny", &prompt_hash(text)))
}

#[test]
fn every_figure_of_the_library_is_drawn_and_packed() {
    let text = &texts(1, 30)[0];
    let test = with_prompts(&[text, "the"]);
    test.run(&format!("{TINY} --figure-funcs *")).succeeds();
    let entries = test.jsonl("attn_data/figures.jsonl");
    let expected: Vec<String> =
        figure::Registry::with([]).unwrap().all().iter().flat_map(|f| f.figures().to_vec()).collect();
    assert_eq!(entries.iter().map(|e| e["name"].as_str().unwrap()).collect::<Vec<_>>(), expected);
    for text in [text, "the"] {
        for entry in &entries {
            let (name, format) = (entry["name"].as_str().unwrap(), entry["figure_save_fmt"].as_str().unwrap());
            for place in ["L0/H0", "L2/H1"] {
                let file = test.read(&format!("{}/{name}.{format}", head(text, place)));
                assert!(image::is_whole(format, &file), "{name}");
            }
            let packed = test.path("site").join(path::packed_figure("tiny", &prompt_hash(text), name));
            assert_eq!(packed.is_file(), entry.get("matrix").is_none(), "{name}");
        }
    }
    let svgz = test.read(&format!("{}/top_tokens.svgz", head(text, "L0/H0")));
    let mut svg = String::new();
    GzDecoder::new(svgz.as_slice()).read_to_string(&mut svg).unwrap();
    let words: Vec<&str> = text.split(' ').collect();
    assert!(words.iter().enumerate().any(|(i, word)| svg.contains(&format!(">{i} {word}</text>"))), "{svg}");
    let count = expected.len() * 2 * 9;
    let run = test.run("figures --figure-funcs *").succeeds();
    run.prints(&format!("figures: 0 drawn, {count} already there\nscores: 0 computed, 2 already there\n"));
}

/// The viewer colours the pattern itself for these; a site has them whether or not pictures were drawn.
#[test]
fn a_site_shows_what_needs_no_pictures() {
    let test = with_prompts(&[&texts(1, 30)[0]]);
    test.run(TINY).succeeds();
    let names = |file: &str| -> Vec<String> {
        test.jsonl(file).iter().map(|e| e["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("attn_data/figures.jsonl"), ["raw"]);
    assert_eq!(names("site/figures.jsonl"), ["raw", "raw_log", "raw_sqrt"]);
    assert!(test.jsonl("site/figures.jsonl").iter().all(|entry| entry["matrix"].is_object()));
}

#[test]
fn a_program_of_ones_own_draws_its_figures() {
    let text = &texts(1, 30)[0];
    let test = with_prompts(&[text]);
    let listed: Value = serde_json::from_str(&run_custom(&test, "figures --list --json").succeeds().stdout).unwrap();
    let entry = |name: &str| listed.as_array().unwrap().iter().find(|e| e["name"] == name).unwrap().clone();
    for name in ["svd_spectra", "change", "nearest.itself", "nearest.previous"] {
        let (entry, function) = (entry(name), name.split('.').next().unwrap());
        assert_eq!(
            (&entry["func_name"], &entry["source"]),
            (&function.into(), &"generator/examples/custom_figures.rs".into())
        );
        let code = entry["code"].as_str().unwrap();
        assert!(code.starts_with("/// ") && code.contains(&format!("\nfn {function}(")) && code.ends_with("\n}\n"));
    }
    assert!(entry("change")["doc"].as_str().unwrap().starts_with("What a query's attention changes"));
    assert!(listed.as_array().unwrap().iter().any(|e| e["name"] == "raw_log"));

    // Its own functions are drawn beside `raw` without being asked for.
    let run = run_custom(&test, TINY).succeeds();
    assert!(run.stdout.contains(&format!("figures: {} drawn, 0 already there\n", 5 * 9)), "{run}");
    let folder = head(text, "L1/H2");
    for file in ["raw.png", "svd_spectra.svgz", "change.svgz", "nearest.itself.svg", "nearest.previous.svg"] {
        let extension = file.rsplit('.').next().unwrap();
        assert!(image::is_whole(extension, &test.read(&format!("{folder}/{file}"))), "{file}");
        if extension != "png" {
            let packed = path::packed_figure(
                "tiny",
                &prompt_hash(text),
                file.strip_suffix(extension).unwrap().trim_end_matches('.'),
            );
            assert!(test.path("site").join(packed).is_file(), "{file}");
        }
    }
    let scores = "scores: 0 computed, 1 already there\n";
    run_custom(&test, "figures").succeeds().prints(&format!("figures: 0 drawn, {} already there\n{scores}", 5 * 9));
    // A damaged one of several is drawn again with the others.
    test.write(&format!("{folder}/nearest.previous.svg"), "<svg");
    let run = run_custom(&test, "figures").succeeds();
    run.prints(&format!("figures: 2 drawn, {} already there\n{scores}", 5 * 9 - 2));
    run_custom(&test, "figures --figure-funcs nothing").refused(
        "error: --figure-funcs \"nothing\" matches no figure function; there are: absorption, change, diagonals, \
         gram_aat, gram_ata, key_mass, markov, nearest, raw, raw_log, raw_sqrt, row_entropy, sink_masked, svd_spectra, \
         top_tokens",
    );
}

#[test]
fn a_function_that_fails_stops_nothing_else() {
    let text = &texts(1, 30)[0];
    let test = with_prompts(&[text, "the"]);
    let run = run_custom(&test, &format!("{TINY} --figure-funcs raw,change"));
    let place = head("the", "L0/H0");
    let run = run.fails_with(&format!("failed: {place}/change: a single token has nothing before it"), "");
    assert!(run.stdout.contains("prompts: 2 run") && run.stdout.contains("\nsite: "), "{run}");
    assert!(
        run.stderr.contains("failed: change: 4 more figures; change.error.txt in a head's folder says why"),
        "{run}"
    );
    assert_eq!(test.read(&format!("{place}/change.error.txt")), b"a single token has nothing before it");
    assert!(test.path(&format!("{place}/raw.png")).is_file());
    assert!(test.path(&format!("{}/change.svgz", head(text, "L0/H0"))).is_file());
    let packed = test.read(&format!("site/{}", path::packed_figure("tiny", &prompt_hash("the"), "change")));
    let message = Reader::new(packed).unwrap().get("L0H0.error.txt").unwrap();
    assert_eq!(message.unwrap(), b"a single token has nothing before it");
    // What failed is tried again, and a picture takes the place of the error.
    test.write(&format!("{}/change.error.txt", head(text, "L1/H1")), "an earlier run");
    std::fs::remove_file(test.path(&format!("{}/change.svgz", head(text, "L1/H1")))).unwrap();
    let run = run_custom(&test, "figures --figure-funcs raw,change");
    assert!(run.stdout.starts_with("figures: 1 drawn, 26 already there\n"), "{run}");
    assert!(!test.path(&format!("{}/change.error.txt", head(text, "L1/H1"))).exists());
}

#[test]
fn a_figure_is_written_on_the_command_line() {
    let text = &texts(1, 30)[0];
    let test = with_prompts(&[text]);
    let run = test.run(&format!("{TINY} --figure-funcs raw --figure-expr gap=A-A.T --figure-expr sq=A@A")).succeeds();
    assert!(run.stdout.contains("figures: 27 drawn, 0 already there"), "{run}");
    assert!(test.path(&format!("{}/gap.png", head(text, "L0/H1"))).is_file());
    let entry = test.jsonl("attn_data/figures.jsonl")[0].clone();
    assert_eq!(
        (&entry["name"], &entry["code"], &entry["figure_save_fmt"]),
        (&"gap".into(), &"A-A.T".into(), &"png".into())
    );
    assert!(test.path("site").join(path::packed_figure("tiny", &prompt_hash(text), "sq")).is_file());
    let refused = test.run("figures --figure-expr x=A+)");
    assert!(refused.stderr.starts_with("error: --figure-expr x: ") && refused.stderr.contains('^'), "{refused}");
    refused.refused_with("error: --figure-expr x: ");
    test.run("figures --figure-expr a/b=A").refused_with("error: the figure function \"a/b\"");
}
