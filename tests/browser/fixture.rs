//! The site that the tests visit: two models whose patterns are a formula, so that a test knows every value, and texts
//! that are as hostile as texts can be. It lies under a path of its host, as on a project's GitHub Pages.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use lens_build::data::scores::files as score_files;
use lens_build::pattern::AttentionPatterns;
use lens_build::score::{of_prompt, table::gather};
use lens_build::site::{SiteBuilder, SiteOptions};
use lens_schema::score::{Column, ScoreEntry};
use lens_schema::{FigureEntry, Precision, PromptEntry, path};
use ndarray::Array3;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower_http::services::ServeDir;

use crate::pictures;

/// A model of the made site. Its name has dots and looks like the end of a link.
pub const DECODER: &str = "made-1.5.L2";
pub const DECODER_SIZE: (usize, usize) = (3, 4);
/// One without a causal mask.
pub const ENCODER: &str = "made-encoder";
pub const ENCODER_SIZE: (usize, usize) = (2, 2);

/// The model that has head scores; the other has none.
pub const SCORED: &str = DECODER;
/// Its scores on random tokens, which are made up.
pub const RANDOM: [&str; 5] =
    ["prev_token_random", "duplicate_random", "induction_random", "prefix_matching", "prefix_matching_preceding"];

/// The score and the head number that have no value.
pub const WITHOUT: (usize, usize) = (1, 7);

/// A made-up score of head number `head`: twelfths, each once.
pub fn random_score(score: usize, head: usize) -> f32 {
    if (score, head) == WITHOUT {
        return f32::NAN;
    }
    ((head * 5 + score * 7 + 3) % 12) as f32 / 12.0
}

/// Tokens that are markup, markers, quotes, white space, wide, combining, right-to-left and escapes.
pub const HOSTILE: [&str; 14] = [
    "<BOS>",
    "<b>bold</b>",
    "<script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "&amp;",
    "\"",
    "'",
    " ",
    "\n",
    "\t",
    "🦀",
    "é\u{301}",
    "\u{202e}abc",
    "</textarea>",
];

/// A made prompt: its tokens, and the data set that it says it is from.
pub struct Prompt {
    pub tokens: Vec<String>,
    pub dataset: &'static str,
}

impl Prompt {
    pub fn text(&self) -> String {
        self.tokens.concat()
    }

    pub fn hash(&self) -> String {
        path::prompt_hash(&self.text())
    }

    /// Rows of the decoder's patterns: the tokens after a BOS.
    pub fn n_ctx(&self) -> usize {
        self.tokens.len() + 1
    }
}

/// The made prompts: a hostile one, a long one, and `short{i}` of 3 + i tokens.
pub fn prompts() -> Vec<Prompt> {
    let words = |name: &str, n: usize| (0..n).map(|i| format!(" {name}{i}")).collect();
    let mut all = vec![
        Prompt { tokens: HOSTILE.map(str::to_owned).to_vec(), dataset: "Hostile" },
        Prompt { tokens: words("long", 299), dataset: "Books" },
    ];
    all.extend((0..30).map(|i| Prompt {
        tokens: words(&format!("short{i}w"), 3 + i),
        dataset: if i % 2 == 0 { "Books" } else { "Github" },
    }));
    all
}

/// The pattern of one head of a made model, `[n, n]`: positive numbers without order, each row summing to 1.
pub fn value(layer: usize, head: usize, n: usize, causal: bool, query: usize, key: usize) -> f32 {
    let weight = |k: usize| {
        let mixed = (layer * 7919 + head * 104_729 + query * 1_299_709 + k * 15_485_863) % 1009;
        let near = if k + head == query { 1500.0 } else { 1.0 };
        near + mixed as f64
    };
    let last = if causal { query } else { n - 1 };
    if key > last {
        return 0.0;
    }
    (weight(key) / (0..=last).map(weight).sum::<f64>()) as f32
}

/// A site that is being served; its files are deleted when it is dropped.
pub struct Site {
    pub url: String,
    folder: TempDir,
}

impl Site {
    /// The site of the made models.
    pub fn made() -> Arc<Site> {
        static SITE: Mutex<Weak<Site>> = Mutex::new(Weak::new());
        let mut site = SITE.lock().unwrap_or_else(PoisonError::into_inner);
        site.upgrade().unwrap_or_else(|| {
            let new = Arc::new(Site::with(Precision::Exact));
            *site = Arc::downgrade(&new);
            new
        })
    }

    /// The same with this precision.
    pub fn with(precision: Precision) -> Site {
        serve(made(precision))
    }

    /// The site of a built-in model on a few of the built-in prompts, as the program makes it.
    pub fn demo(model: &str) -> Site {
        let (folder, data) = (tempfile::tempdir(), tempfile::tempdir());
        let (folder, data) = (folder.expect("a temporary directory"), data.expect("a temporary directory"));
        let mut program = Command::new(env!("CARGO_BIN_EXE_lens-build"));
        program.args(["--quiet", "--model", model, "--n-samples", "4", "--out"]).arg(folder.path());
        let status = program.arg("--save-path").arg(data.path()).status().expect("the program starts");
        assert!(status.success(), "the site of {model} cannot be built");
        serve(folder)
    }

    /// Where its files are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The same with other content in one of its files, or without the file.
    pub fn damaged(file: &str, content: Option<&str>) -> Site {
        let folder = made(Precision::Exact);
        let file = folder.path().join(file);
        match content {
            Some(content) => std::fs::write(file, content).expect("a file can be written"),
            None => std::fs::remove_file(file).expect("the file was there"),
        }
        serve(folder)
    }
}

fn made(precision: Precision) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary directory can be made");
    build(folder.path(), precision).unwrap_or_else(|e| panic!("the site cannot be built: {e:#}"));
    folder
}

/// Builds the site of the made models.
fn build(out: &Path, precision: Precision) -> anyhow::Result<()> {
    let raw = FigureEntry { name: "raw".to_owned(), doc: Some("<b>as it is</b>".to_owned()), ..Default::default() };
    let options = SiteOptions { title: Some("Made <i>site</i>".to_owned()), precision, ..Default::default() };
    let figures: Vec<FigureEntry> = std::iter::once(raw).chain(pictures::entries()).collect();
    let builder = SiteBuilder::new(out, &options, &figures)?;
    let drawn = tempfile::tempdir()?;
    pictures::write(drawn.path(), DECODER_SIZE)?;
    let mut scored = BTreeMap::new();
    for (model, (n_layers, n_heads), causal) in [(DECODER, DECODER_SIZE, true), (ENCODER, ENCODER_SIZE, false)] {
        let id = builder.add_model(&serde_json::from_value(config(model, n_layers, n_heads, causal))?)?;
        for (position, prompt) in prompts().iter().enumerate() {
            let n = prompt.tokens.len() + usize::from(causal);
            let layer = |layer| {
                Array3::from_shape_fn((n_heads, n, n), |(head, query, key)| value(layer, head, n, causal, query, key))
            };
            let patterns = AttentionPatterns { layers: (0..n_layers).map(layer).collect(), causal };
            let entry: PromptEntry = serde_json::from_value(json!({
                "text": prompt.text(), "hash": prompt.hash(), "tokens": prompt.tokens, "n_tokens": prompt.tokens.len(),
                "meta": { "pile_set_name": prompt.dataset },
            }))?;
            let pictured = model == DECODER && position == pictures::PICTURED;
            let folder = if pictured { drawn.path() } else { Path::new("no pictures") };
            builder.add_prompt(id, position, &entry, &patterns, folder)?;
            if model == SCORED {
                scored.insert(prompt.hash(), of_prompt(&patterns, &entry));
            }
        }
    }
    let hashes: Vec<String> = prompts().iter().map(Prompt::hash).collect();
    let random = (0..RANDOM.len()).map(|score| (0..12).map(|head| random_score(score, head)).collect()).collect();
    let gathered = gather(DECODER_SIZE, &hashes, |hash| Ok(scored.get(hash).cloned()), &Ok(random))?;
    let mut scores = gathered.expect("prompts have scores");
    scores.table.absent.remove("induction");
    scores.table.columns.retain(|column| column.entry.name != "induction");
    scores.table.columns.push(induction());
    builder.add_files(&score_files(SCORED, &scores)?)?;
    builder.finish().map(drop)
}

/// A score of the decoder's heads by a formula, in the place of one that no made prompt has.
fn induction() -> Column {
    let entry = ScoreEntry {
        name: "induction".to_owned(),
        doc: "Made.".to_owned(),
        unit: "probability".to_owned(),
        min: Some(0.0),
        max: Some(1.0),
        per_prompt: true,
        undefined: None,
    };
    let (n_layers, n_heads) = DECODER_SIZE;
    let heads = |prompt| (0..n_layers).flat_map(move |l| (0..n_heads).map(move |h| score(prompt, l, h)));
    Column { entry, values: (0..prompts().len()).flat_map(heads).collect() }
}

/// The score of a head of the decoder on a prompt: another for each head.
pub fn score(prompt: usize, layer: usize, head: usize) -> f32 {
    ((prompt + 5 * (layer * DECODER_SIZE.1 + head)) % 13) as f32 / 13.0
}

fn config(model: &str, n_layers: usize, n_heads: usize, causal: bool) -> Value {
    json!({
        "model_name": model, "n_layers": n_layers, "n_heads": n_heads, "d_model": 8 * n_heads, "d_head": 8,
        "n_ctx": 512, "d_vocab": 1000, "act_fn": "gelu", "n_params": 12_345, "dtype": "torch.float32",
        "attention_dir": if causal { "causal" } else { "bidirectional" },
        "positional_embedding_type": "standard", "normalization_type": "LN",
        "default_prepend_bos": causal, "tokenizer_name": "<i>made</i>",
    })
}

/// Serves a few files.
pub fn serve_files(files: &[(&str, &str)]) -> Site {
    let folder = tempfile::tempdir().expect("a temporary directory can be made");
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).expect("a file can be written");
    }
    serve(folder)
}

/// Serves a folder under a path of a host, as a plain static server does.
pub fn serve(folder: TempDir) -> Site {
    let below = "/some/where";
    let files = axum::Router::new().nest_service(below, ServeDir::new(folder.path()));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("http://{}{below}", listener.local_addr().expect("a listener has an address"));
    listener.set_nonblocking(true).expect("a listener can be non-blocking");
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        runtime.expect("a runtime starts").block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener can be handed over");
            axum::serve(listener, files).await.expect("files are served until the tests end");
        });
    });
    Site { url, folder }
}
