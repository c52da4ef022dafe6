//! One headless Chromium for all tests that run at the same time.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tempfile::TempDir;

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// No sandbox: containers and root have none. Nothing on the network: only the sites that the tests serve resolve.
const FLAGS: [&str; 14] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--force-color-profile=srgb",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--remote-debugging-port=0",
];

/// A running browser; killed when the last test lets go of it.
pub struct Chromium {
    process: Child,
    /// `ws://127.0.0.1:PORT`
    pub address: String,
    /// Where connections to the browser itself are opened.
    pub url: String,
    _profile: TempDir,
}

impl Chromium {
    /// The running browser, or a new one.
    pub fn shared() -> Arc<Self> {
        static RUNNING: Mutex<Weak<Chromium>> = Mutex::new(Weak::new());
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        running.upgrade().unwrap_or_else(|| {
            let new = Arc::new(Chromium::start());
            *running = Arc::downgrade(&new);
            new
        })
    }

    /// A new browser that has seen nothing.
    pub fn start() -> Self {
        let program = find();
        let profile = tempfile::tempdir().expect("a temporary directory can be made");
        let mut process = Command::new(&program)
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("cannot start {}: {e}", program.display()));
        let mut lines = BufReader::new(process.stderr.take().expect("stderr is piped")).lines();
        let mut said = Vec::new();
        let url = loop {
            match lines.next() {
                Some(Ok(line)) => match line.split_once("DevTools listening on ") {
                    Some((_, url)) => break url.trim().to_owned(),
                    None => said.push(line),
                },
                _ => panic!("{} stopped before it listened:\n{}", program.display(), said.join("\n")),
            }
        };
        // The browser must not block on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let address = url.split("/devtools").next().unwrap_or_default().to_owned();
        Chromium { process, address, url, _profile: profile }
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn find() -> PathBuf {
    if let Some(path) = std::env::var_os("CHROMIUM") {
        return path.into();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .flat_map(|folder| NAMES.map(|name| folder.join(name)))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("the browser tests need Chromium; run `just setup`, or set CHROMIUM to a browser"))
}
