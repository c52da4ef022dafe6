//! Sites from patterns made here: what they consist of, what they replace and what they refuse to.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use lens_build::pattern::AttentionPatterns;
use lens_build::site::{GITHUB_PAGES_LIMIT, SiteBuilder, SiteOptions, SiteReport};
use lens_schema::npz::Reader;
use lens_schema::shard::{ExactLayer, Overview};
use lens_schema::{FigureEntry, Manifest, ModelEntry, Precision, PromptEntry, jsonl, path};
use ndarray::Array3;
use tempfile::TempDir;

pub const HOSTILE: &str = "</noscript><script>alert(1)</script><img src=x onerror=alert(2)>\"'&";

pub fn model(name: &str) -> ModelEntry {
    serde_json::from_value(serde_json::json!({"model_name": name, "n_layers": 2, "n_heads": 3, "d_model": 8})).unwrap()
}

pub fn prompt(text: &str) -> PromptEntry {
    let json = serde_json::json!({"text": text, "hash": path::prompt_hash(text), "meta": {"pile_set_name": "Github"}});
    serde_json::from_value(json).unwrap()
}

/// Rows that sum to 1, with one bright cell.
pub fn patterns(n_ctx: usize) -> AttentionPatterns {
    let layer = |l: usize| {
        let mut values = Array3::zeros((3, n_ctx, n_ctx));
        for ((head, query, key), value) in values.indexed_iter_mut() {
            let weight = |key: usize| 1.0 + ((query * 31 + key * 17 + head * 7 + l) % 13) as f32;
            if key <= query {
                *value = weight(key) / (0..=query).map(weight).sum::<f32>();
            }
        }
        values
    };
    AttentionPatterns { layers: vec![layer(0), layer(1)], causal: true }
}

fn data_only(precision: Precision) -> SiteOptions {
    SiteOptions { no_pages: true, precision, ..SiteOptions::default() }
}

fn figure(name: &str) -> FigureEntry {
    FigureEntry { name: name.to_owned(), ..FigureEntry::default() }
}

/// Two models on two prompts, one of them without prompts.
pub fn build(out: &Path, options: &SiteOptions, data: &Path) -> anyhow::Result<SiteReport> {
    let site = SiteBuilder::new(out, options, &[figure("raw"), figure("svd")])?;
    let one = site.add_model(&model("org/one-1.4b"))?;
    site.add_model(&model("empty"))?;
    site.add_prompt(one, 1, &prompt("a second prompt"), &patterns(5), &data.join("second"))?;
    site.add_prompt(one, 0, &prompt(HOSTILE), &patterns(140), &data.join("first"))?;
    site.finish()
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    walkdir::WalkDir::new(folder)
        .into_iter()
        .map(Result::unwrap)
        .filter(|e| e.file_type().is_file())
        .map(|e| (e.path().strip_prefix(folder).unwrap().display().to_string(), fs::read(e.path()).unwrap()))
        .collect()
}

/// A viewer as trunk writes it; only names matter here.
fn viewer(folder: &Path) -> SiteOptions {
    let page = r#"<link rel="stylesheet" href="./a-1.css"><link rel="modulepreload" href="./v-2.js">
        <link rel="preload" href="./v-2_bg.wasm" as="fetch" type="application/wasm">"#;
    fs::create_dir_all(folder).unwrap();
    for (name, text) in [("index.html", page), ("a-1.css", "p{}"), ("v-2.js", "export{}"), ("v-2_bg.wasm", "\0asm")] {
        fs::write(folder.join(name), text).unwrap();
    }
    SiteOptions { viewer: Some(folder.to_owned()), ..SiteOptions::default() }
}

#[test]
fn the_files_of_a_site() {
    let dir = TempDir::new().unwrap();
    let out = dir.path().join("site");
    let report = build(&out, &viewer(&dir.path().join("dist")), dir.path()).unwrap();
    let files = files(&out);
    let (first, second) = (path::prompt_hash(HOSTILE), path::prompt_hash("a second prompt"));
    let mut expected: Vec<String> = [
        ".nojekyll",
        "404.html",
        "index.html",
        "single.html",
        "lens.json",
        "models.jsonl",
        "figures.jsonl",
        "assets/v-2.js",
        "assets/v-2_bg.wasm",
        "empty/model_cfg.json",
        "empty/prompts.jsonl",
        "org-one-1.4b/model_cfg.json",
        "org-one-1.4b/prompts.jsonl",
    ]
    .map(str::to_owned)
    .to_vec();
    for hash in [&first, &second] {
        expected.extend(
            ["prompt.json", "overview.npz", "L0.npz", "L1.npz", "sheet.png"]
                .map(|f| format!("org-one-1.4b/prompts/{hash}/{f}")),
        );
    }
    let own =
        |name: &str| ["boot", "icon", "style", "worker"].iter().any(|own| name.starts_with(&format!("assets/{own}-")));
    expected.extend(files.keys().filter(|n| own(n)).cloned());
    expected.sort();
    assert_eq!(files.keys().cloned().collect::<Vec<_>>(), expected);
    assert_eq!((report.files, report.bytes), (files.len() as u64, files.values().map(|f| f.len() as u64).sum()));
    assert_eq!(report.notes, Vec::<String>::new());

    let manifest: Manifest = serde_json::from_slice(&files["lens.json"]).unwrap();
    let prompts: Vec<(&str, usize)> = manifest.models.iter().map(|m| (m.dir.as_str(), m.n_prompts)).collect();
    assert_eq!(prompts, [("org-one-1.4b", 2), ("empty", 0)]);
    assert!(manifest.models.iter().all(|m| !m.scores));
    assert_eq!((manifest.schema, manifest.files), (lens_schema::SCHEMA_VERSION, report.files - 1));
    let lines = String::from_utf8(files["org-one-1.4b/prompts.jsonl"].clone()).unwrap();
    assert_eq!(jsonl::parse::<PromptEntry>("p", &lines).unwrap(), [prompt(HOSTILE), prompt("a second prompt")]);
}

#[test]
fn values_are_those_that_went_in() {
    let dir = TempDir::new().unwrap();
    let out = dir.path().join("site");
    for (precision, bound) in [(Precision::Exact, 2e-5), (Precision::F32, 0.0)] {
        build(&out, &data_only(precision), dir.path()).unwrap();
        assert!(!out.join("index.html").exists() && !out.join("assets").exists());
        for (text, n) in [(HOSTILE, 140), ("a second prompt", 5)] {
            let hash = path::prompt_hash(text);
            let read = |file: String| fs::read(out.join(file)).unwrap();
            let overview = Overview::read(read(path::overview("org-one-1.4b", &hash))).unwrap();
            for (l, layer) in patterns(n).layers.iter().enumerate() {
                let exact = ExactLayer::read(&overview, l, &read(path::exact("org-one-1.4b", &hash, l))).unwrap();
                for (head, truth) in layer.outer_iter().enumerate() {
                    let worst = exact.head(head).iter().zip(&truth).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                    assert!(worst <= bound, "{n} rows, L{l}H{head}: {worst}");
                }
            }
        }
    }
}

/// However many heads there are: an overview, a file for each layer, one for each figure that is no matrix.
#[test]
fn precision_decides_on_the_files_of_a_prompt() {
    let dir = TempDir::new().unwrap();
    for head in ["L0/H0", "L1/H2"] {
        let head = dir.path().join("first").join(head);
        fs::create_dir_all(&head).unwrap();
        for name in ["raw.png", "svd.left.svg", "svd.right.svg"] {
            fs::write(head.join(name), "<svg></svg>").unwrap();
        }
    }
    let mut sizes = Vec::new();
    for precision in [Precision::Overview, Precision::Exact, Precision::F32] {
        let out = dir.path().join("site");
        sizes.push(build(&out, &data_only(precision), dir.path()).unwrap().bytes);
        let all = files(&out);
        let layers: &[&str] = if precision == Precision::Overview { &[] } else { &["L0.npz", "L1.npz"] };
        for (text, figures) in [(HOSTILE, &["svd.left.zip", "svd.right.zip"][..]), ("a second prompt", &[])] {
            let folder = format!("{}/", path::prompt_dir("org-one-1.4b", &path::prompt_hash(text)));
            let found: Vec<&str> = all.keys().filter_map(|name| name.strip_prefix(&folder)).collect();
            assert_eq!(found, [layers, &["overview.npz", "prompt.json"], figures].concat(), "{precision:?}");
        }
        let manifest: Manifest = serde_json::from_slice(&all["lens.json"]).unwrap();
        assert_eq!(manifest.precision, precision);
    }
    assert!(sizes.is_sorted(), "{sizes:?}");
}

#[test]
fn the_same_input_gives_the_same_bytes_and_replaces_the_site() {
    let dir = TempDir::new().unwrap();
    let out = dir.path().join("site");
    let options = viewer(&dir.path().join("dist"));
    build(&out, &options, dir.path()).unwrap();
    let first = files(&out);
    fs::write(out.join("CNAME"), "example.org").unwrap();
    build(&out, &options, dir.path()).unwrap();
    assert_eq!(fs::read_to_string(out.join("CNAME")).unwrap(), "example.org", "what is not ours stays");
    fs::remove_file(out.join("CNAME")).unwrap();
    assert!(first == files(&out), "two builds differ");
    let beside: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(beside.iter().all(|name| !name.to_string_lossy().starts_with('.')), "{beside:?}");
}

#[test]
fn pages_keep_hostile_text_inert_and_links_relative() {
    let dir = TempDir::new().unwrap();
    let out = dir.path().join("site");
    let options = SiteOptions { title: Some(HOSTILE.to_owned()), ..viewer(&dir.path().join("dist")) };
    build(&out, &options, dir.path()).unwrap();
    for page in ["index.html", "single.html", "404.html"] {
        let html = fs::read_to_string(out.join(page)).unwrap();
        assert!(
            !html.contains("<script>") && !html.contains("<img src=x") && !html.contains("<style"),
            "{page}: {html}"
        );
        assert!(html.starts_with("<!doctype html>") && html.contains("<html lang=\"en\">"), "{page}");
        assert!(
            html.contains("Content-Security-Policy")
                && !html.contains("unsafe-inline")
                && !html.contains("'unsafe-eval'")
        );
        for attribute in html.split("href=\"").chain(html.split("src=\"")).skip(1) {
            assert!(!attribute.starts_with('/') && !attribute.starts_with("http"), "{page}: {attribute}");
        }
    }
}

/// A site is measured as it lies on disk, so that a file with a hole in it is enough.
#[test]
fn a_site_above_the_limit_of_github_pages_is_told() {
    let dir = TempDir::new().unwrap();
    let report = |bytes: u64| {
        let site = SiteBuilder::new(&dir.path().join("site"), &data_only(Precision::Exact), &[]).unwrap();
        fs::File::create(dir.path().join(".site.partial/hole")).unwrap().set_len(bytes).unwrap();
        site.finish().unwrap()
    };
    let small = report(GITHUB_PAGES_LIMIT / 2);
    assert!(small.notes.is_empty() && small.bytes > GITHUB_PAGES_LIMIT / 2, "{small:?}");
    let large = report(GITHUB_PAGES_LIMIT);
    let note = "the site has 1.00 GB, GitHub Pages takes 1 GB: keep 8 bits of each value (--precision overview), ";
    assert!(large.notes.len() == 1 && large.notes[0].starts_with(note), "{large:?}");
}

#[test]
fn an_address_makes_absolute_links() {
    let dir = TempDir::new().unwrap();
    let out = dir.path().join("site");
    let options =
        SiteOptions { base_url: Some("https://example.org/a".to_owned()), ..viewer(&dir.path().join("dist")) };
    build(&out, &options, dir.path()).unwrap();
    let html = fs::read_to_string(out.join("index.html")).unwrap();
    assert!(html.contains(r#"rel="canonical" href="https://example.org/a/""#), "{html}");
    assert!(fs::read_to_string(out.join("sitemap.xml")).unwrap().contains("example.org"));
    let picture = r#"property="og:image" content="https://example.org/a/preview.png""#;
    assert!(html.contains(picture) && html.contains("All heads of org/one-1.4b on a prompt"), "{html}");
    let png = png::Decoder::new(std::io::Cursor::new(fs::read(out.join("preview.png")).unwrap())).read_info().unwrap();
    assert_eq!(png.info().size(), (1200, 630));
    build(&out, &viewer(&dir.path().join("dist")), dir.path()).unwrap();
    assert!(
        !out.join("preview.png").exists() && !fs::read_to_string(out.join("index.html")).unwrap().contains("og:image")
    );
}

/// A model of so many heads on so many prompts.
fn build_many(out: &Path, options: &SiteOptions, n_heads: usize, n_prompts: usize) {
    let site = SiteBuilder::new(out, options, &[figure("raw")]).unwrap();
    let entry = ModelEntry { n_heads, ..model("many") };
    let id = site.add_model(&entry).unwrap();
    let layer = Array3::from_shape_fn((n_heads, 2, 2), |(_, query, key)| [[1.0, 0.0], [0.25, 0.75]][query][key]);
    let patterns = AttentionPatterns { layers: vec![layer.clone(), layer], causal: true };
    for i in 0..n_prompts {
        site.add_prompt(id, i, &prompt(&format!("prompt {i}")), &patterns, Path::new("none")).unwrap();
    }
    site.finish().unwrap();
}

#[test]
fn files_do_not_grow_with_heads() {
    let dir = TempDir::new().unwrap();
    let out = dir.path().join("site");
    let options = viewer(&dir.path().join("dist"));
    let names = |n_heads| {
        build_many(&out, &options, n_heads, 2);
        files(&out).into_keys().collect::<Vec<_>>()
    };
    assert_eq!(names(1), names(500));
}

#[test]
fn the_first_prompts_are_listed_with_a_picture() {
    let dir = TempDir::new().unwrap();
    let out = dir.path().join("site");
    build_many(&out, &viewer(&dir.path().join("dist")), 3, 103);
    let sheets = files(&out).into_keys().filter(|name| name.ends_with("/sheet.png")).count();
    let html = fs::read_to_string(out.join("index.html")).unwrap();
    assert_eq!((sheets, html.matches("<img ").count(), html.matches("prompt.json\"").count()), (100, 100, 100));
    assert!(html.contains("3 more are in <a href=\"many/prompts.jsonl\">"), "{html}");
    let first = path::prompt_hash("prompt 0");
    let sheet = fs::read(out.join(path::sheet("many", &first))).unwrap();
    let size = png::Decoder::new(std::io::Cursor::new(sheet)).read_info().unwrap().info().size();
    assert!(html.contains(&format!(
        "many/prompts/{first}/sheet.png\" width=\"{}\" height=\"{}\" loading=\"lazy\" alt=\"Attention of many",
        size.0, size.1
    )));
}

#[test]
fn templates_override_by_name() {
    let dir = TempDir::new().unwrap();
    let (out, templates) = (dir.path().join("site"), dir.path().join("templates"));
    fs::create_dir(&templates).unwrap();
    fs::write(templates.join("404.html"), "gone: {{ title }}").unwrap();
    fs::write(templates.join("indx.html"), "typo").unwrap();
    let options = || SiteOptions { templates: Some(templates.clone()), ..viewer(&dir.path().join("dist")) };
    let report = build(&out, &options(), dir.path()).unwrap();
    assert_eq!(fs::read_to_string(out.join("404.html")).unwrap(), "gone: Attention patterns");
    assert!(report.notes.len() == 1 && report.notes[0].contains("indx.html overrides no template"), "{report:?}");
    fs::write(templates.join("404.html"), "{{ titel }}").unwrap();
    let error = format!("{:#}", build(&out, &options(), dir.path()).unwrap_err());
    assert!(error.contains("404.html") && error.contains("undefined"), "{error}");
}

#[test]
fn pictures_are_packed_by_function() {
    let dir = TempDir::new().unwrap();
    let head = dir.path().join("first/L1/H2");
    fs::create_dir_all(&head).unwrap();
    for name in ["raw.png", "svd.left.svg", "svd.right.svg", "other.png", "svd.tmp"] {
        fs::write(head.join(name), format!("<{name}>")).unwrap();
    }
    // Where the function failed, each of its figures says why.
    let failed = dir.path().join("first/L0/H0");
    fs::create_dir_all(&failed).unwrap();
    fs::write(failed.join("svd.error.txt"), "no spectrum").unwrap();
    let out = dir.path().join("site");
    build(&out, &viewer(&dir.path().join("dist")), dir.path()).unwrap();
    let manifest: Manifest = serde_json::from_slice(&fs::read(out.join("lens.json")).unwrap()).unwrap();
    let hash = path::prompt_hash(HOSTILE);
    let names: Vec<&String> = manifest.models[0].figures.keys().collect();
    assert_eq!(names, ["svd.left", "svd.right"]);
    assert!(manifest.models[0].has_figure("svd.left", &hash) && !manifest.models[0].has_figure("svd", "x"));
    let zip = fs::read(out.join(path::packed_figure("org-one-1.4b", &hash, "svd.left"))).unwrap();
    let zip = Reader::new(&zip).unwrap();
    assert_eq!(zip.get("L1H2.svg").unwrap().unwrap(), b"<svd.left.svg>");
    assert_eq!(zip.get("L0H0.error.txt").unwrap().unwrap(), b"no spectrum");
    fs::write(head.join("svd.left.svg"), "<svg><pa").unwrap();
    let error = format!("{:#}", build(&out, &viewer(&dir.path().join("dist")), dir.path()).unwrap_err());
    assert!(error.contains("svd.left.svg is damaged; delete it and draw it again"), "{error}");
}

#[test]
fn what_is_no_site_is_not_replaced() {
    let dir = TempDir::new().unwrap();
    let out = dir.path().join("thesis");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("chapter.tex"), "years of work").unwrap();
    let error = build(&out, &viewer(&dir.path().join("dist")), dir.path()).unwrap_err().to_string();
    assert!(
        error.contains("is not a site (it has chapter.tex and no lens.json)") && error.contains("--out"),
        "{error}"
    );
    assert_eq!(fs::read_to_string(out.join("chapter.tex")).unwrap(), "years of work");
    let error = build(&out.join("chapter.tex"), &SiteOptions::default(), dir.path()).unwrap_err().to_string();
    assert!(error.contains("is a file"), "{error}");
}

#[test]
fn a_failed_build_leaves_the_site_as_it_was() {
    let dir = TempDir::new().unwrap();
    let out = dir.path().join("site");
    build(&out, &viewer(&dir.path().join("dist")), dir.path()).unwrap();
    let before = files(&out);
    let site = SiteBuilder::new(&out, &SiteOptions::default(), &[]).unwrap();
    let error = SiteBuilder::new(&out, &SiteOptions::default(), &[]).unwrap_err().to_string();
    assert!(error.contains("another lens-build (process"), "{error}");
    let id = site.add_model(&model("m")).unwrap();
    let mut short = patterns(5);
    short.layers.pop();
    let error = site.add_prompt(id, 0, &prompt("x"), &short, dir.path()).unwrap_err().to_string();
    assert!(error.contains("1 layers and 3 heads, the model has 2 and 3"), "{error}");
    drop(site);
    assert!(before == files(&out));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "the site and the viewer, nothing else");
}

#[test]
fn names_never_leave_the_site() {
    let dir = TempDir::new().unwrap();
    let site = SiteBuilder::new(&dir.path().join("site"), &SiteOptions::default(), &[]).unwrap();
    for name in ["..", "", "assets", "index.html", "nul"] {
        assert!(site.add_model(&model(name)).is_err(), "{name:?}");
    }
    let id = site.add_model(&model("m")).unwrap();
    assert!(site.add_model(&model("M")).unwrap_err().to_string().contains("share the site's folder"));
    let outside = PromptEntry { hash: "../../x".to_owned(), ..prompt("x") };
    assert!(site.add_prompt(id, 0, &outside, &patterns(3), dir.path()).is_err());
}
