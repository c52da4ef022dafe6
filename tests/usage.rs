//! What the command line refuses: flags where they mean nothing, and values that cannot be meant.

use crate::harness::{Test, assert_same, with_model};

#[test]
fn flags_are_accepted_where_they_apply() {
    let test = Test::new();
    for arguments in [
        "activations --out x",
        "activations --figure-funcs raw",
        "activations --title x",
        "figures --prompts x",
        "figures --out x",
        "figures --dtype f32",
        "figures --batch-size 1",
        "figures --list -s x",
        "figures --list -q",
        "site --force",
        "site --prompts x",
        "site --figure-funcs raw",
        "index --out x",
        "index --n-samples 1",
        "index --progress none",
        "serve --save-path x",
        "serve --progress none",
        "serve -q",
        "models --model x",
        "completions bash -v",
    ] {
        let run = test.run(arguments);
        let flag = arguments.split_whitespace().rfind(|a| a.starts_with('-')).unwrap();
        let message = run.stderr.lines().next().unwrap_or_default().to_owned();
        assert!(message.starts_with("error: ") && message.contains(flag), "{run}");
        run.refused(&message);
    }
    assert_eq!(std::fs::read_dir(test.path("")).unwrap().count(), 0, "nothing is written");
}

#[test]
fn wrong_usage_is_told_before_anything_is_written() {
    let test = with_model();
    let before = test.files("");
    let refused = |arguments: &str, message: &str| drop(test.run(arguments).refused(message));
    refused("-n 0", "error: invalid value '0' for '--n-samples <N>': 0 is not in 1..18446744073709551615");
    refused("-j 0", "error: invalid value '0' for '--jobs <N>': 0 is not in 1..=1024");
    refused("site -j 1000000", "error: invalid value '1000000' for '--jobs <N>': 1000000 is not in 1..=1024");
    refused("--compress-level 10", "error: invalid value '10' for '--compress-level <LEVEL>': 10 is not in 0..=9");
    refused("--dtype f8", "error: invalid value 'f8' for '--dtype <DTYPE>'");
    refused("--seed 1", "error: the following required arguments were not provided:");
    refused("-q -v", "error: the argument '--quiet' cannot be used with '--verbose'");
    refused("--device tpu", "error: --device tpu: no such device; use auto, cpu, cuda, cuda:N or metal");
    refused(
        "--min-chars 9 --max-chars 8",
        "error: --min-chars 9 is above --max-chars 8: no piece could be long enough",
    );
    refused(
        "--figure-funcs sdv*",
        "error: --figure-funcs \"sdv*\" matches no figure function; there are: absorption, diagonals, gram_aat, gram_ata, \
         key_mass, markov, raw, raw_log, raw_sqrt, row_entropy, sink_masked, svd_spectra, top_tokens",
    );
    refused(
        "--base-url x.org",
        "error: invalid value 'x.org' for '--base-url <URL>': expected the site's address, for example \
         https://name.github.io/patterns/",
    );
    refused(
        "--model tiny --revision step1000",
        "error: --revision step1000: only models of the hub have revisions, and --model tiny is DIR/tiny; leave one of \
         the two out",
    );
    refused("--model tiny,", "error: --model \"tiny,\": a name is missing");
    refused("index --model ,", "error: --model \",\": a name is missing");
    test.run_words(&["figures", "--model", ""]).refused("error: --model \"\": a name is missing");
    refused("serve --host=", "error: a value is required for '--host <HOST>' but none was supplied");
    refused(
        "models [",
        "error: invalid value '[' for '[PATTERN]': error parsing glob '[': unclosed character class; missing ']'",
    );
    refused(
        "-o here -s here/data",
        "error: --out here: the data directory here/data lies there; a site needs a directory of its own",
    );
    test.model("gpt2", "other/tiny");
    refused(
        "--model tiny,other/tiny -p p.jsonl",
        "error: --model: DIR/tiny and DIR/other/tiny would share the folder tiny of the data directory; rename one of \
         them, or run them one by one, each with its own --save-path and --out",
    );
    std::fs::remove_dir_all(test.path("other")).unwrap();
    assert_same(&before, &test.files(""));
}
