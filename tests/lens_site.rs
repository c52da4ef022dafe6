//! Reading a site in Python: `generator/python/lens_site.py`.

use std::path::Path;
use std::process::{Command, Output};

use lens_build::serve::Server;

use crate::harness::{Test, python, texts};

/// One with a causal mask and one without, both with rotary positions, so that prompts may be long.
const FIXTURES: [&str; 2] = ["gpt_neox", "modernbert"];

/// Compares what lens_site reads with the data directory, and prints the largest difference.
const COMPARE: &str = r#"
import sys
import numpy as np
import lens_site

site = sys.argv[1]
assert lens_site.precision(site) == sys.argv[2]
model, = lens_site.models(site)
folder = model["sanitized_name"]
worst, longest = 0.0, 0
for prompt in lens_site.prompts(site, folder):
    A = lens_site.patterns(site, folder, prompt["hash"])
    kept = np.load(f"attn_data/{folder}/prompts/{prompt['hash']}/activations.npz")
    truth = np.stack([kept[f"blocks.{l}.attn.hook_pattern"][0] for l in range(model["n_layers"])])
    assert A.dtype == np.float32 and A.shape == truth.shape == (model["n_layers"], model["n_heads"], len(prompt["row_labels"]), len(prompt["row_labels"])), A.shape
    assert (A[truth == 0] == 0).all() or sys.argv[2] == "overview"
    assert not np.triu(A, 1).any() or model["attention_dir"] != "causal"
    n, longest = A.shape[-1], max(longest, A.shape[-1])
    if sys.argv[2] == "overview":
        pool = -(-n // 128)
        blocks = [truth[:, :, i : i + pool, j : j + pool].max((2, 3)) for i in range(0, n, pool) for j in range(0, n, pool)]
        side = -(-n // pool)
        truth = np.stack(blocks, -1).reshape(*truth.shape[:2], side, side).repeat(pool, 2).repeat(pool, 3)[:, :, :n, :n]
        truth = np.tril(truth) if model["attention_dir"] == "causal" else truth
    worst = max(worst, float(abs(A - truth).max()))
    part = lens_site.patterns(site, model["model_name"], prompt["hash"], layers=[1, 0])
    assert (part == A[[1, 0]]).all()
scores = lens_site.scores(site, folder)
assert scores["entropy"].shape == (len(lens_site.prompts(site, folder)), model["n_layers"], model["n_heads"])
kept = np.load(f"attn_data/{folder}/scores.npz")
assert sorted(scores) == sorted(n for n in kept.files if not n.endswith(".json"))
assert all(np.array_equal(scores[n], kept[n], equal_nan=True) for n in scores)
print(worst, longest)
"#;

fn run(test: &Test, code: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(python());
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
    command.env("PYTHONPATH", module).env("PYTHONDONTWRITEBYTECODE", "1").env("no_proxy", "*");
    command.arg("-c").arg(code).args(arguments).current_dir(test.path("")).output().unwrap()
}

/// The largest difference between the site and what the data directory has, and the longest prompt's rows.
fn compare(test: &Test, site: &str, precision: &str) -> (f64, usize) {
    let output = run(test, COMPARE, &[site, precision]);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let printed = text(&output.stdout);
    let (worst, longest) = printed.trim().split_once(' ').unwrap();
    (worst.parse().unwrap(), longest.parse().unwrap())
}

/// A tiny model on a short prompt and on one whose overview is pooled.
fn with_data(fixture: &str) -> Test {
    let test = Test::new();
    test.model(fixture, "org-tiny");
    test.set("org-tiny/config.json", "max_position_embeddings", 400.into());
    let (short, long) = (&texts(1, 9)[0], &texts(1, 200)[0]);
    test.prompts("p.jsonl", &[short, long]);
    test.run("activations --model org-tiny -p p.jsonl --min-chars 1 --max-chars 9999").succeeds();
    test.run("figures --figure-funcs raw_log").succeeds();
    test
}

#[test]
fn every_precision_is_read() {
    for fixture in FIXTURES {
        let test = with_data(fixture);
        for (precision, bound) in [("exact", 2e-5), ("f32", 0.0), ("overview", 0.008)] {
            test.run(&format!("site --precision {precision} --no-index-html")).succeeds();
            let (worst, longest) = compare(&test, "site", precision);
            assert!(worst <= bound, "{fixture}, {precision}: {worst}");
            assert!(longest > 128);
        }
    }
}

#[test]
fn a_published_site_is_read() {
    let test = with_data(FIXTURES[0]);
    test.run("site --no-index-html").succeeds();
    let server = Server::bind(&test.path("site"), "127.0.0.1", 0).unwrap();
    let url = server.url();
    std::thread::spawn(move || server.run());
    for address in [url.clone(), format!("{}index.html?models=x#y", url)] {
        assert!(compare(&test, &address, "exact").0 <= 2e-5);
    }
}

#[test]
fn what_is_wrong_is_said() {
    let test = with_data(FIXTURES[0]);
    test.run("site --no-index-html").succeeds();
    let hash = test.jsonl("site/org-tiny/prompts.jsonl")[0]["hash"].as_str().unwrap().to_owned();
    let refuses = |code: &str, message: &str| {
        let output = run(&test, &format!("import lens_site\n{code}"), &[]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(error.contains(&format!("SiteError: {message}")), "{code}: {error}");
    };
    refuses("lens_site.models('nowhere')", "nowhere is no site of lens-build: it has no lens.json");
    refuses("lens_site.prompts('site', 'gpt3')", "site has no model gpt3; it has org-tiny");
    refuses("lens_site.patterns('site', 'org-tiny', 'x')", "org-tiny has no prompt x in site; prompts() lists them");
    refuses("lens_site.patterns('site', 'org-tiny', '../x')", "'../x' is no hash of a prompt");
    refuses(
        &format!("lens_site.patterns('site', 'org-tiny', '{hash}', layers=[9])"),
        "org-tiny has no layer 9; its layers are 0 to ",
    );
    refuses("lens_site.models('http://127.0.0.1:9/site')", "http://127.0.0.1:9/site/lens.json cannot be reached: ");
    let layer = format!("site/org-tiny/prompts/{hash}/L0.npz");
    let whole = test.read(&layer);
    let read = format!("lens_site.patterns('site', 'org-tiny', '{hash}')");
    test.write(&layer, &whole[..whole.len() / 2]);
    refuses(&read, &format!("{} in site is damaged (", layer.trim_start_matches("site/")));
    let mut flipped = whole.clone();
    flipped[whole.len() / 3] ^= 0x55;
    test.write(&layer, flipped);
    refuses(&read, &format!("{}: ", layer.trim_start_matches("site/")));
    std::fs::remove_file(test.path(&layer)).unwrap();
    refuses(&read, &format!("{} is missing in site", layer.trim_start_matches("site/")));
    test.set("site/lens.json", "schema", 1.into());
    refuses(&read, "site has schema 1 (written by lens-build ");
}
