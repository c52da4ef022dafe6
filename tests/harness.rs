//! The program from outside: a folder, command lines that run in it, and what is expected of them.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder of its own.
pub struct Test {
    dir: TempDir,
}

/// What became of a command line.
#[derive(Debug)]
pub struct Run {
    command: String,
    status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// Words of the tokenizer that [`Test::model`] adds.
const WORDS: &str = "the cat sat on a mat and then it ran to that old red house by the river where many \
    small birds sing all day long while one dog sleeps under trees near some flowers because rain fell last night";

impl Test {
    pub fn new() -> Self {
        Test { dir: TempDir::new().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// A prompt file of these texts.
    pub fn prompts(&self, name: &str, texts: &[&str]) {
        let lines: String = texts.iter().map(|text| format!("{}\n", json!({"text": text}))).collect();
        self.write(name, lines);
    }

    /// A copy of a model fixture, with a tokenizer that has a token per word.
    pub fn model(&self, fixture: &str, name: &str) {
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/models").join(fixture);
        copy(&fixture, &self.path(name));
        let mut vocab = serde_json::Map::from_iter([("<s>".to_owned(), json!(0)), ("<unk>".to_owned(), json!(1))]);
        for word in WORDS.split_whitespace() {
            let id = vocab.len();
            vocab.entry(word).or_insert(json!(id));
        }
        let special = |id: usize, content: &str| {
            json!({"id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false,
                   "normalized": false, "special": true})
        };
        let tokenizer = json!({
            "version": "1.0",
            "added_tokens": [special(0, "<s>"), special(1, "<unk>")],
            "pre_tokenizer": {"type": "WhitespaceSplit"},
            "model": {"type": "WordLevel", "vocab": vocab, "unk_token": "<unk>"},
        });
        self.write(&format!("{name}/tokenizer.json"), tokenizer.to_string());
        self.write(&format!("{name}/tokenizer_config.json"), r#"{"bos_token": "<s>"}"#);
    }

    /// Changes a key of a JSON file.
    pub fn set(&self, file: &str, key: &str, value: Value) {
        let mut json: Value = serde_json::from_slice(&self.read(file)).unwrap();
        json[key] = value;
        self.write(file, json.to_string());
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        let path = self.path(name);
        fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    /// The values of a file with one JSON object per line.
    pub fn jsonl(&self, name: &str) -> Vec<Value> {
        let text = String::from_utf8(self.read(name)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Every file below a folder, by its path in there.
    pub fn files(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        let folder = self.path(folder);
        walkdir::WalkDir::new(&folder)
            .into_iter()
            .map(Result::unwrap)
            .filter(|e| e.file_type().is_file())
            .map(|e| (e.path().strip_prefix(&folder).unwrap().display().to_string(), fs::read(e.path()).unwrap()))
            .collect()
    }

    /// The program with arguments as a shell would split them (without quotes), in this folder.
    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lens-build"));
        command.args(arguments.split_whitespace()).current_dir(self.dir.path()).stdin(Stdio::null());
        for (variable, _) in std::env::vars_os() {
            let name = variable.to_string_lossy().to_uppercase();
            let proxy = name.ends_with("_PROXY") || name == "TRANSFORMERS_OFFLINE";
            if name.starts_with("HF_") || name.starts_with("HUGGING") || proxy {
                command.env_remove(variable);
            }
        }
        let certificates = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"];
        for variable in ["NO_COLOR", "CLICOLOR_FORCE", "RAYON_NUM_THREADS"].into_iter().chain(certificates) {
            command.env_remove(variable);
        }
        // A hub where nobody listens, and a cache of this test's own.
        command.env("HF_ENDPOINT", "http://127.0.0.1:9").env("HF_HOME", self.path("hf"));
        command
    }

    pub fn run(&self, arguments: &str) -> Run {
        self.finished(arguments, self.command(arguments).output().unwrap())
    }

    /// Runs with words that may have spaces in them.
    pub fn run_words(&self, words: &[&str]) -> Run {
        self.finished(words.join(" "), self.command("").args(words).output().unwrap())
    }

    /// Runs with a text on standard input.
    pub fn run_with_input(&self, arguments: &str, input: &[u8]) -> Run {
        let mut command = self.command(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        self.finished(arguments, child.wait_with_output().unwrap())
    }

    /// Runs below a shell's commands.
    pub fn run_after(&self, shell: &str, arguments: &str) -> Run {
        let binary = env!("CARGO_BIN_EXE_lens-build");
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("{shell}; exec '{binary}' {arguments}")).current_dir(self.dir.path());
        self.finished(arguments, command.stdin(Stdio::null()).output().unwrap())
    }

    pub fn finished(&self, command: impl AsRef<OsStr>, output: Output) -> Run {
        let real = self.dir.path().canonicalize().unwrap().display().to_string();
        let text = |bytes| String::from_utf8(bytes).unwrap().replace(&real, "DIR");
        Run {
            command: command.as_ref().to_string_lossy().into_owned(),
            status: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

impl Run {
    /// Exit status 0 and no complaint.
    #[track_caller]
    pub fn succeeds(self) -> Self {
        assert_eq!(self.status, Some(0), "{self}");
        assert!(!self.messages().iter().any(|m| !m.starts_with("note: ")), "{self}");
        self
    }

    /// Exit status 1, and exactly these messages, one a line.
    #[track_caller]
    pub fn fails(self, messages: &str) -> Self {
        assert_eq!(self.status, Some(1), "{self}");
        assert_eq!(self.messages().join("\n"), messages, "{self}");
        self
    }

    /// Exit status 1, and a message that begins so and ends so.
    #[track_caller]
    pub fn fails_with(self, start: &str, end: &str) -> Self {
        assert_eq!(self.status, Some(1), "{self}");
        let fits = |m: &String| m.starts_with(start) && m.ends_with(end);
        assert!(self.messages().iter().any(fits), "no message {start} … {end}\n{self}");
        self
    }

    /// Exit status 2 and this first message.
    #[track_caller]
    pub fn refused(self, message: &str) -> Self {
        assert_eq!(self.status, Some(2), "{self}");
        assert_eq!(self.messages().first().map(String::as_str), Some(message), "{self}");
        assert_eq!(self.stdout, "", "{self}");
        self
    }

    /// Exit status 2, and a first message that begins so.
    #[track_caller]
    pub fn refused_with(self, start: &str) -> Self {
        assert_eq!(self.status, Some(2), "{self}");
        assert!(self.messages().first().is_some_and(|m| m.starts_with(start)), "{self}");
        self
    }

    #[track_caller]
    pub fn prints(self, stdout: &str) -> Self {
        assert_eq!(self.stdout, stdout, "{self}");
        self
    }

    #[track_caller]
    pub fn notes(self, note: &str) -> Self {
        assert!(self.messages().contains(&format!("note: {note}")), "no note {note}\n{self}");
        self
    }

    /// Lines of standard error that are no progress. Those that are JSON read as others do.
    fn messages(&self) -> Vec<String> {
        let kinds = ["error", "failed", "note"];
        let message = |line: &str| match serde_json::from_str::<Value>(line) {
            Ok(json) => kinds.iter().find_map(|kind| Some(format!("{kind}: {}", json[kind].as_str()?))),
            Err(_) => kinds.iter().any(|kind| line.starts_with(&format!("{kind}: "))).then(|| line.to_owned()),
        };
        self.stderr.lines().filter_map(message).collect()
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Run { command, status, stdout, stderr } = self;
        write!(f, "lens-build {command}\nstatus: {status:?}\nstdout:\n{stdout}\nstderr:\n{stderr}")
    }
}

/// Copies a folder.
pub fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap();
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        match entry.file_type().is_dir() {
            true => fs::create_dir_all(target).unwrap(),
            // Not `fs::copy`, which would copy a read-only file's permissions too.
            false => fs::write(target, fs::read(entry.path()).unwrap()).unwrap(),
        }
    }
}

/// A Python that has numpy.
pub fn python() -> &'static str {
    static PYTHON: LazyLock<&str> = LazyLock::new(|| {
        let has_numpy = |python: &&str| {
            Command::new(python).args(["-c", "import numpy"]).output().is_ok_and(|output| output.status.success())
        };
        ["python3", "/usr/bin/python3"]
            .into_iter()
            .find(has_numpy)
            .expect("no python3 with numpy; `just setup` gets it")
    });
    &PYTHON
}

/// `count` different texts of `words` words each.
pub fn texts(count: usize, words: usize) -> Vec<String> {
    let vocabulary: Vec<&str> = WORDS.split_whitespace().collect();
    let text = |i: usize| {
        (0..words).fold(String::new(), |mut text, w| {
            let word = vocabulary[(i * 7 + w * (i % 11 + 1)) % vocabulary.len()];
            let _ = write!(text, "{}{word}", if w == 0 { "" } else { " " });
            text
        })
    };
    let mut texts: Vec<String> = (0..count).map(text).collect();
    texts.sort_unstable();
    texts.dedup();
    texts
}

/// Every file is the same in both, byte by byte.
#[track_caller]
pub fn assert_same(left: &BTreeMap<String, Vec<u8>>, right: &BTreeMap<String, Vec<u8>>) {
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(left), names(right));
    for (name, bytes) in left {
        assert!(*bytes == right[name], "{name} differs");
    }
}

/// A local model, and two prompts that are long enough not to be dropped.
pub fn with_model() -> Test {
    let test = Test::new();
    test.model("gpt2", "tiny");
    let texts = texts(2, 30);
    test.prompts("p.jsonl", &texts.iter().map(String::as_str).collect::<Vec<_>>());
    test
}
