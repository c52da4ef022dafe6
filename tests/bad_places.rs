//! Directories that are something else, are in use, full, or cannot be written: nothing that is there already is lost.

use std::fs;

use lens_build::data::DataDir;
use lens_schema::path::{self, prompt_hash};

use crate::bad_input::{Done, ONE};
use crate::harness::{assert_same, texts};

#[test]
fn directories_that_are_something_else() {
    let done = Done::new();
    let test = &done.test;
    let (data, site) = (test.files("attn_data"), test.files("site"));
    test.run("site -s none -o x").fails(
        "error: none has no models; run `lens-build activations` first, or name the data directory with --save-path",
    );
    test.run("index -s tiny").fails(
        "error: tiny has no models; run `lens-build activations` first, or name the data directory with --save-path",
    );
    test.run("activations -s site")
        .fails("error: site is a site, not a data directory; --save-path names the data directory");
    test.run("activations -s p.jsonl").fails("error: p.jsonl is not a directory");
    test.run("site -o tiny").fails(
        "error: DIR/tiny is not a site (it has config.json and no lens.json), so it is not replaced; choose another \
         --out, or empty it",
    );
    test.run("site -o p.jsonl").fails("error: DIR/p.jsonl is a file; a site needs a directory: choose another --out");
    test.run("site -o attn_data").refused(
        "error: --out attn_data: the data directory attn_data lies there; a site needs a directory of its own",
    );
    test.run("serve -o attn_data --port 0").fails(
        "error: attn_data: there is no site; build one with `lens-build --out DIR`, or name one with --out (it has no \
         lens.json; `lens-build site` makes one of a data directory)",
    );
    test.write("site/lens.json", "{");
    test.run("site").fails_with("error: DIR/site/lens.json is damaged; delete DIR/site to build the site anew: ", "");
    test.write("site/lens.json", &site["lens.json"]);

    // Another model of the same name.
    test.model("llama", "else/tiny");
    test.prompts("more.jsonl", &[&texts(3, 31)[2]]);
    test.run("activations --model else/tiny -p more.jsonl").fails(&format!(
        "failed: model tiny: attn_data/tiny belongs to another model called tiny (3 layers of 3 heads; this one has 3 \
         of 4); choose another --save-path\n{ONE}"
    ));
    assert_same(&data, &test.files("attn_data"));
    assert_same(&site, &test.files("site"));
}

#[test]
fn another_writer() {
    let done = Done::new();
    let test = &done.test;
    let (data, site) = (test.files("attn_data"), test.files("site"));
    let me = std::process::id();
    let refused = |arguments: &str, dir: &str, flag: &str| {
        test.run(arguments).fails(&format!(
            "error: another lens-build (process {me}) is writing {dir}; wait until it ends, or choose another {flag}"
        ));
    };
    let lock = DataDir::new(&test.path("attn_data")).unwrap().lock().unwrap();
    for arguments in ["--model tiny -p p.jsonl -f", "activations --model tiny -p p.jsonl", "figures", "index"] {
        refused(arguments, "attn_data", "--save-path");
    }
    drop(lock);
    let lock = lens_build::lock::Lock::take(&test.path(".site.lock"), &test.path("site"), "--out").unwrap();
    refused("--model tiny -p p.jsonl -f", "DIR/site", "--out");
    refused("site", "DIR/site", "--out");
    drop(lock);
    assert_same(&data, &test.files("attn_data"));
    assert_same(&site, &test.files("site"));
}

/// The device that is always full stands where the first file would be written.
#[test]
#[cfg(target_os = "linux")]
fn a_full_disk() {
    let done = Done::new();
    let test = &done.test;
    let (data, site) = (test.files("attn_data"), test.files("site"));
    let text = &texts(3, 31)[2];
    test.prompts("more.jsonl", &[text]);
    let dir = format!("attn_data/{}", path::prompt_dir("tiny", &prompt_hash(text)));
    let full = |file: &str| {
        fs::create_dir_all(test.path(&dir)).unwrap();
        std::os::unix::fs::symlink("/dev/full", test.path(&format!("{dir}/.{file}.tmp"))).unwrap();
        test.run("--model tiny -p more.jsonl").fails(&format!(
            "error: cannot write {dir}/{file}: the disk is full; free some space and run the same command again, \
             finished work is kept: No space left on device (os error 28)"
        ));
        fs::remove_dir_all(test.path(&dir)).unwrap();
        assert_same(&data, &test.files("attn_data"));
        assert_same(&site, &test.files("site"));
    };
    full("activations.npz");
    full("prompt.json");
}

/// The system refuses files above a size, as it does where a quota is exceeded.
#[test]
#[cfg(unix)]
fn files_that_are_too_large() {
    let done = Done::new();
    let test = &done.test;
    let (data, site) = (test.files("attn_data"), test.files("site"));
    let limit = "trap '' XFSZ; ulimit -f 4";
    let end =
        "is larger than this file system or `ulimit -f` allows; finished work is kept: File too large (os error 27)";
    test.run_after(limit, "activations --model tiny -p p.jsonl --force")
        .fails_with("error: cannot write attn_data/tiny/", end);
    test.run_after(limit, "site").fails_with("", end);
    // Without a handler the system kills the program in the middle of a file; the next run clears up.
    let killed = test.run_after("ulimit -f 4", "activations --model tiny -p p.jsonl --force");
    assert!(!killed.stdout.contains("prompts"), "{killed}");
    test.run("activations --model tiny -p p.jsonl").succeeds();
    assert_same(&data, &test.files("attn_data"));
    assert_same(&site, &test.files("site"));
}

/// Not even root writes there.
#[test]
#[cfg(target_os = "linux")]
fn a_directory_that_cannot_be_written() {
    let done = Done::new();
    let remedy = "the directory cannot be written; make it writable or choose another with --save-path or --out: ";
    let cannot = |what: &str| format!("error: cannot create the directory /sys/{what}: {remedy}");
    done.test.run("activations --model tiny -p p.jsonl -s /sys/data").fails_with(&cannot("data"), "");
    done.test.run("site -o /sys/a/site").fails_with(&cannot("a"), "");
}

#[test]
fn a_file_in_the_way_of_a_directory() {
    let done = Done::new();
    let test = &done.test;
    test.write("data/tiny", "not a folder");
    test.run("activations --model tiny -p p.jsonl -s data").fails_with(
        "failed: model tiny: cannot create the directory data/tiny: a file is in the way of a directory: ",
        "",
    );
    assert_eq!(test.read("data/tiny"), b"not a folder");
}
