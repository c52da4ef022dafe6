//! Takes out of the viewer's program what not every page shows. trunk calls this when it has built the viewer, before
//! it puts the new one in the place of the old.
//!
//! The functions marked with `wasm_split` in `viewer/src/parts.rs`, and what only they need, become files of their own
//! that are fetched when they are first called. This has to happen before wasm-bindgen: what trunk made of the whole
//! program is replaced.

mod name;
mod page;
mod parts;
mod small;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context as _, Result, anyhow, ensure};
use wasm_split_cli_support::Options;

/// The program as cargo builds it.
const PROGRAM: &str = "lens-viewer.wasm";
const PAGE: &str = "index.html";
/// What trunk calls a program ends with this.
const BOUND: &str = "_bg.wasm";

fn main() -> Result<()> {
    let staging = PathBuf::from(env::var("TRUNK_STAGING_DIR").context("this is for trunk to call: trunk build")?);
    let profile = if env::var("TRUNK_PROFILE").is_ok_and(|p| p == "release") { "wasm-release" } else { "debug" };
    let target = target_directory()?;
    let program = target.join("wasm32-unknown-unknown").join(profile).join(PROGRAM);
    let work = target.join("wasm-split").join(profile);

    let name = staged_name(&staging)?;
    let parts = split(&program, &work, &name)?;
    bind(&work, &name)?;
    let mut files = Vec::new();
    for (part, stems) in parts {
        let theirs = stems.iter().map(|stem| parts::file(&work, stem, &staging, &name));
        files.push((part, theirs.collect::<Result<Vec<_>>>()?));
    }
    fs::write(staging.join(parts::loader(&name)), parts::script(&name, &files))?;
    let [js, wasm] = [format!("{name}.js"), format!("{name}{BOUND}")];
    let (program, script) = small::bound(&fs::read(work.join(&wasm))?, &fs::read_to_string(work.join(&js))?)?;
    fs::write(staging.join(js), script)?;
    fs::write(staging.join(wasm), program)?;
    let page = staging.join(PAGE);
    fs::write(&page, page::with_links(&fs::read_to_string(&page)?, &name, &files)?)?;
    name::hash_again(&staging, &name, &page)
}

/// Where cargo builds.
fn target_directory() -> Result<PathBuf> {
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let said = Command::new(cargo).args(["metadata", "--no-deps", "--format-version", "1"]).output()?;
    let metadata: serde_json::Value = serde_json::from_slice(&said.stdout).context("cargo metadata")?;
    metadata["target_directory"].as_str().map(PathBuf::from).context("cargo metadata names no target directory")
}

/// The name, without extension, that trunk gave the program; it holds a hash of it.
fn staged_name(staging: &Path) -> Result<String> {
    let names = fs::read_dir(staging)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let names = names.collect::<Result<Vec<String>>>()?;
    let name = names.iter().find_map(|name| name.strip_suffix(BOUND));
    name.map(str::to_owned).with_context(|| format!("there is no program in {}", staging.display()))
}

/// Splits the program. The files that each part consists of, by its name; they lie in `work` under these names with
/// `.wasm`, and the rest of the program as `<name>.wasm`.
fn split(program: &Path, work: &Path, name: &str) -> Result<BTreeMap<String, Vec<String>>> {
    if work.is_dir() {
        fs::remove_dir_all(work)?;
    }
    let whole = fs::read(program).with_context(|| format!("cannot read {}", program.display()))?;
    let (rest, link, module) =
        (work.join(format!("{name}.wasm")), format!("./{}", parts::loader(name)), format!("./{name}.js"));
    let mut options = Options::new(&whole);
    options.output_dir = work;
    options.main_out_path = &rest;
    options.link_name = &link;
    options.main_module = &module;
    let split = wasm_split_cli_support::transform(options)
        .map_err(|e| anyhow!("{e:#}"))
        .with_context(|| format!("cannot split {}", program.display()))?;
    ensure!(
        !split.prefetch_map.is_empty(),
        "{} has no parts; was it built without viewer/build.rs?",
        program.display()
    );
    Ok(split.prefetch_map.into_iter().collect())
}

/// Makes the module that the browser loads, and the program as that wants it.
fn bind(work: &Path, name: &str) -> Result<()> {
    let status = Command::new("wasm-bindgen")
        .args(["--target", "web", "--no-typescript", "--keep-lld-exports"])
        .args(["--remove-name-section", "--remove-producers-section", "--out-name", name, "--out-dir"])
        .args([work, &work.join(format!("{name}.wasm"))])
        .status()
        .context("cannot run wasm-bindgen; `just viewer` installs it")?;
    ensure!(status.success(), "wasm-bindgen failed on what was left of the program");
    Ok(())
}
