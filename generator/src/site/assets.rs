//! The viewer's files: built into the program, or read from a folder that trunk wrote.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use lens_schema::path::{ASSETS, INDEX_HTML};
use serde::Serialize;

use super::stage::Stage;

/// `viewer/dist` as it was when the program was built; empty if there was none.
static BUILT_IN: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/viewer.rs"));

/// The part of the program that the page of one pattern needs, as `viewer/src/parts.rs` calls it.
const SINGLE: &str = "single";

const BOOT: &[u8] = include_bytes!("boot.js");
const WORKER: &[u8] = include_bytes!("worker.js");
const ICON: &[u8] = include_bytes!("icon.svg");

/// A viewer, as trunk builds it.
#[derive(Debug)]
pub struct Viewer {
    /// Name below `assets/` and content.
    files: Vec<(String, Cow<'static, [u8]>)>,
    links: Links,
}

/// What the pages refer to; names below `assets/`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Links {
    /// The module that wasm-bindgen wrote.
    pub js: String,
    pub wasm: String,
    /// The module that fetches parts of the program; empty if it has none.
    pub parts: String,
    /// The parts that the page of one pattern needs.
    pub single: Vec<String>,
    pub css: String,
    pub icon: String,
    /// The script that starts the viewer.
    pub boot: String,
    /// The script with which the viewer starts a worker.
    pub worker: String,
}

impl Viewer {
    /// The viewer that is part of the program; `None` if it was built without one.
    pub fn built_in() -> Result<Option<Self>> {
        if BUILT_IN.is_empty() {
            return Ok(None);
        }
        let files = BUILT_IN.iter().map(|(name, bytes)| ((*name).to_owned(), Cow::Borrowed(*bytes))).collect();
        Viewer::new(files).context("the built-in viewer").map(Some)
    }

    /// The viewer in a folder that `trunk build` wrote.
    pub fn folder(folder: &Path) -> Result<Option<Self>> {
        ensure!(folder.is_dir(), "--viewer {}: there is no such folder", folder.display());
        let mut files = Vec::new();
        for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
            let entry = entry.with_context(|| format!("cannot read the viewer in {}", folder.display()))?;
            if entry.file_type().is_file() {
                let bytes =
                    fs::read(entry.path()).with_context(|| format!("cannot read {}", entry.path().display()))?;
                let name = entry.path().strip_prefix(folder)?.to_string_lossy().replace('\\', "/");
                files.push((name, Cow::Owned(bytes)));
            }
        }
        Viewer::new(files)
            .with_context(|| format!("{} is no viewer; build one with `just viewer`", folder.display()))
            .map(Some)
    }

    /// The page that trunk wrote says which files are what; it is not part of the site itself.
    fn new(mut files: Vec<(String, Cow<'static, [u8]>)>) -> Result<Self> {
        let page = files.iter().position(|(name, _)| name == INDEX_HTML).context("it has no index.html")?;
        let page = files.remove(page).1;
        let (mut links, sheets) = Links::of(&String::from_utf8_lossy(&page));
        let optional = [&links.icon, &links.parts].into_iter().filter(|name| !name.is_empty());
        for name in sheets.iter().chain([&links.js, &links.wasm]).chain(&links.single).chain(optional) {
            ensure!(!name.is_empty(), "its index.html does not link a module and its WebAssembly");
            ensure!(files.iter().any(|(file, _)| file == name), "its index.html links {name:?}, which is not there");
        }
        let css = take_joined(&mut files, &sheets);
        let mut add = |stem: &str, extension: &str, bytes: Cow<'static, [u8]>| {
            let name = format!("{stem}-{:08x}.{extension}", crc32fast::hash(&bytes));
            files.push((name.clone(), bytes));
            name
        };
        links.css = add("style", "css", Cow::Owned(css));
        links.boot = add("boot", "js", Cow::Borrowed(BOOT));
        links.worker = add("worker", "js", Cow::Borrowed(WORKER));
        if links.icon.is_empty() {
            links.icon = add("icon", "svg", Cow::Borrowed(ICON));
        }
        Ok(Viewer { files, links })
    }

    pub fn links(&self) -> &Links {
        &self.links
    }

    /// Writes everything below `assets/`.
    pub fn write(&self, stage: &Stage) -> Result<()> {
        self.files.iter().try_for_each(|(name, bytes)| stage.write(&format!("{ASSETS}/{name}"), bytes))
    }
}

/// Takes the style sheets out of the files and joins them in their order: a page waits for one request instead of many.
fn take_joined(files: &mut Vec<(String, Cow<'static, [u8]>)>, sheets: &[String]) -> Vec<u8> {
    let mut joined = Vec::new();
    for sheet in sheets {
        if let Some(place) = files.iter().position(|(name, _)| name == sheet) {
            joined.extend_from_slice(&files.remove(place).1);
            joined.push(b'\n');
        }
    }
    joined
}

impl Links {
    /// Of a page as trunk and `viewer/split` write it: `modulepreload` for modules, `preload` for the WebAssembly, and
    /// `data-parts` at what belongs to parts of it. The style sheets come beside, in the order that they are to be
    /// applied in.
    fn of(page: &str) -> (Self, Vec<String>) {
        let (mut links, mut sheets) = (Links::default(), Vec::new());
        for tag in page.split("<link").skip(1).filter_map(|rest| rest.split_once('>')).map(|(tag, _)| attributes(tag)) {
            let href = tag.get("href").map_or("", |h| h.trim_start_matches("./")).to_owned();
            match (tag.get("rel").copied().unwrap_or_default(), tag.get("data-parts")) {
                ("stylesheet", _) => sheets.push(href),
                ("modulepreload", Some(_)) => links.parts = href,
                ("modulepreload", None) if links.js.is_empty() => links.js = href,
                ("preload", Some(parts)) => links.single.extend(parts.split(' ').any(|p| p == SINGLE).then_some(href)),
                ("preload", None) if links.wasm.is_empty() && href.ends_with(".wasm") => links.wasm = href,
                ("icon", _) => links.icon = href,
                _ => {}
            }
        }
        (links, sheets)
    }
}

/// Attributes of a tag, quoted or not.
fn attributes(mut tag: &str) -> BTreeMap<&str, &str> {
    let mut out = BTreeMap::new();
    while let Some((name, rest)) = tag.split_once('=') {
        let name = name.split_whitespace().next_back().unwrap_or_default();
        let (value, rest) = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => rest[1..].split_once(quote).unwrap_or((&rest[1..], "")),
            _ => rest.split_once(char::is_whitespace).unwrap_or((rest.trim_end_matches('/'), "")),
        };
        out.insert(name, value);
        tag = rest;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<!doctype html><html><head>
        <link rel="modulepreload" href="./v-3-parts.js" data-parts="">
        <link rel="preload" href="./v-3-both.wasm" as="fetch" type="application/wasm" data-parts="heads single">
        <link rel="preload" href="./v-3-heads.wasm" as="fetch" type="application/wasm" data-parts="heads">
        <link rel="stylesheet" href="./base-1.css"/><link rel=stylesheet href=./grid-2.css>
        <link rel="modulepreload" href="./v-3.js" crossorigin="anonymous">
        <link rel="preload" href='./v-3_bg.wasm' crossorigin="anonymous" as="fetch" type="application/wasm"></head>"#;

    const FILES: [&str; 7] =
        ["base-1.css", "grid-2.css", "v-3.js", "v-3-parts.js", "v-3_bg.wasm", "v-3-both.wasm", "v-3-heads.wasm"];

    fn viewer(page: &str, names: &[&str]) -> Result<Viewer> {
        let files = names.iter().map(|n| ((*n).to_owned(), Cow::Borrowed(&b"x"[..])));
        Viewer::new(files.chain([(INDEX_HTML.to_owned(), Cow::Owned(page.as_bytes().to_vec()))]).collect())
    }

    #[test]
    fn the_page_says_what_is_what() {
        let viewer = viewer(PAGE, &FILES).unwrap();
        let links = viewer.links();
        assert_eq!((links.js.as_str(), links.wasm.as_str()), ("v-3.js", "v-3_bg.wasm"));
        assert_eq!((links.parts.as_str(), &links.single[..]), ("v-3-parts.js", &["v-3-both.wasm".to_owned()][..]));
        assert!(links.boot.starts_with("boot-") && links.icon.starts_with("icon-"));
        assert!(viewer.files.iter().all(|(name, _)| name != INDEX_HTML));
        let sheets: Vec<_> = viewer.files.iter().filter(|(name, _)| name.ends_with(".css")).collect();
        assert!(sheets.len() == 1 && sheets[0].0 == links.css, "{sheets:?}");
        assert_eq!(*sheets[0].1, *b"x\nx\n");
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = |page, names: &[&str]| viewer(page, names).unwrap_err().to_string();
        for name in FILES.iter().filter(|name| !name.contains("heads")) {
            let others = FILES.into_iter().filter(|other| other != name).collect::<Vec<_>>();
            assert!(error(PAGE, &others).contains(&format!("{name:?}")), "{name}");
        }
        assert!(error("<html>", &[]).contains("does not link a module"));
    }
}
