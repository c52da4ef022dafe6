//! The sites that the tests visit.
//!
//! [`Site::made`] has two models whose patterns are a formula, so that a test knows every value; its texts are as
//! hostile as texts can be. [`Site::demo`] is what the program makes of its own models and prompts.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use lens_schema::path;
use ndarray::Array4;
use ndarray_npy::NpzWriter;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower_http::services::ServeDir;

/// A model of the made site. Its name has dots and looks like the end of a link.
pub const DECODER: &str = "made-1.5.L2";
pub const DECODER_SIZE: (usize, usize) = (3, 4);
/// One without a causal mask.
pub const ENCODER: &str = "made-encoder";
pub const ENCODER_SIZE: (usize, usize) = (2, 2);

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

/// A site that is being served; the server stops when it is dropped.
pub struct Site {
    pub url: String,
    server: Option<Child>,
    _folder: TempDir,
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            server.kill().ok();
            server.wait().ok();
        }
    }
}

impl Site {
    /// The site of the made models.
    pub fn made() -> Arc<Site> {
        static SITE: Mutex<Weak<Site>> = Mutex::new(Weak::new());
        shared(&SITE, |folder| {
            let data = folder.join("data");
            write_model(&data, DECODER, DECODER_SIZE, true);
            write_model(&data, ENCODER, ENCODER_SIZE, false);
            let data = data.to_str().expect("a temporary directory is UTF-8");
            run(folder, &["index", "--save-path", data]);
            run(folder, &["figures", "--save-path", data, "--figure-funcs", "raw"]);
            run(folder, &["site", "--save-path", data, "--out", "site", "--title", "Made <i>site</i>"]);
        })
    }

    /// The site of the program's own models and prompts.
    pub fn demo() -> Arc<Site> {
        static SITE: Mutex<Weak<Site>> = Mutex::new(Weak::new());
        shared(&SITE, |folder| run(folder, &[]))
    }
}

/// The site if a test is using it, else a new one.
fn shared(site: &'static Mutex<Weak<Site>>, build: impl FnOnce(&Path)) -> Arc<Site> {
    let mut site = site.lock().unwrap_or_else(PoisonError::into_inner);
    site.upgrade().unwrap_or_else(|| {
        let folder = tempfile::tempdir().expect("a temporary directory can be made");
        build(folder.path());
        let new = Arc::new(serve(folder));
        *site = Arc::downgrade(&new);
        new
    })
}

/// Runs the program in `folder`.
fn run(folder: &Path, arguments: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_lens-build")).args(arguments).current_dir(folder).output();
    let output = output.expect("the program can be started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "lens-build {}: {}\n{said}", arguments.join(" "), output.status);
}

/// Serves `folder/site` with the program, on a port that is free.
fn serve(folder: TempDir) -> Site {
    let mut server = Command::new(env!("CARGO_BIN_EXE_lens-build"))
        .args(["serve", "--out", "site", "--port", "0"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program can be started");
    let mut lines = BufReader::new(server.stdout.take().expect("stdout is piped")).lines();
    let url = lines.find_map(|line| {
        let line = line.expect("the server's output is text");
        let start = line.find("http://")?;
        line[start..].split_whitespace().next().map(str::to_owned)
    });
    let url = url.expect("the server prints its address");
    Site { url, server: Some(server), _folder: folder }
}

/// Serves a few files under a path of their own, by another server than the program's.
pub fn serve_files(files: &[(&str, &str)]) -> Site {
    let folder = tempfile::tempdir().expect("a temporary directory can be made");
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).expect("a file can be written");
    }
    serve_below(folder, "/some/where")
}

/// Serves a folder under a path, as static hosts do, by another server than the program's.
pub fn serve_below(folder: TempDir, below: &str) -> Site {
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
    Site { url, server: None, _folder: folder }
}

/// Writes a model's directory as pattern-lens lays it out.
fn write_model(data: &Path, model: &str, (n_layers, n_heads): (usize, usize), causal: bool) {
    let direction = if causal { "causal" } else { "bidirectional" };
    let config = json!({
        "model_name": model, "n_layers": n_layers, "n_heads": n_heads, "d_model": 8 * n_heads, "d_head": 8,
        "n_ctx": 512, "d_vocab": 1000, "act_fn": "gelu", "attention_dir": direction, "n_params": 12_345,
        "positional_embedding_type": "standard", "normalization_type": "LN", "dtype": "torch.float32",
        "default_prepend_bos": causal, "tokenizer_name": "<i>made</i>",
    });
    write(&data.join(path::model_cfg(model)), &config);
    for prompt in prompts() {
        let n = prompt.tokens.len() + usize::from(causal);
        let hash = prompt.hash();
        let entry = json!({
            "text": prompt.text(), "hash": hash, "tokens": prompt.tokens, "n_tokens": prompt.tokens.len(),
            "meta": { "pile_set_name": prompt.dataset },
        });
        write(&data.join(path::prompt_json(model, &hash)), &entry);
        let file = data.join(path::prompt_dir(model, &hash)).join(path::ACTIVATIONS_NPZ);
        let mut npz = NpzWriter::new_compressed(std::fs::File::create(file).expect("a file can be made"));
        for layer in 0..n_layers {
            let pattern = Array4::from_shape_fn((1, n_heads, n, n), |(_, head, query, key)| {
                value(layer, head, n, causal, query, key)
            });
            npz.add_array(path::hook_pattern(layer), &pattern).expect("a pattern can be written");
        }
        npz.finish().expect("an npz can be written");
    }
}

fn write(file: &Path, value: &Value) {
    std::fs::create_dir_all(file.parent().expect("a file lies in a folder")).expect("a folder can be made");
    std::fs::write(file, value.to_string()).expect("a file can be written");
}
