//! One visit to a site with a fresh browser profile.
//!
//! [`visit`] opens a page, lets the test act on it, and then asserts that the page was clean: nothing on the console,
//! no exception, no failed request and none that left the site. When a test fails, the page's state is printed and
//! its picture kept in `target/screenshots`.

mod input;
mod surroundings;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use serde_json::{Value, json};

pub use self::input::{Button, Held};
use crate::cdp::Connection;
use crate::chromium::Chromium;
use crate::report::report;

/// How long a page may take for what a test waits for. Fast in practice; a busy machine is no reason to fail.
const PATIENCE: Duration = Duration::from_secs(60);

/// The browser's words for a page that is left while a script of it runs.
const LEFT: [&str; 3] = ["navigated or closed", "context was destroyed", "Cannot find context"];

/// A page of a site, in a tab of its own.
pub struct Page {
    _browser: Arc<Chromium>,
    /// Closing this connection discards the tab with its profile.
    profile: Connection,
    /// The profile's id.
    context: Value,
    tab: Connection,
    /// `http://127.0.0.1:PORT` with the path under which the site lies, without a final slash.
    site: String,
    expected: Vec<&'static str>,
}

/// Opens `path` (relative to the site's root) and runs the test on it.
pub fn visit(site: &str, path: &str, test: impl FnOnce(&mut Page)) {
    let mut page = Page::new(site);
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        page.go(path);
        test(&mut page);
        let reports = page.reports();
        assert!(reports.is_empty(), "the page reported:\n{}", reports.join("\n"));
    }));
    if let Err(panic) = outcome {
        let name = std::thread::current().name().unwrap_or("test").replace("::", "-");
        let state = catch_unwind(AssertUnwindSafe(|| (page.state(), page.screenshot(&name))));
        if let Ok((state, file)) = state {
            eprintln!("{state}\nscreenshot: {}", file.display());
        }
        resume_unwind(panic);
    }
}

impl Page {
    fn new(site: &str) -> Self {
        let browser = Chromium::shared();
        let mut profile = Connection::open(&browser.url);
        let context = profile.call("Target.createBrowserContext", json!({ "disposeOnDetach": true }));
        let target = profile.call(
            "Target.createTarget",
            json!({ "url": "about:blank", "browserContextId": context["browserContextId"], "width": 1280, "height": 800 }),
        );
        let target = target["targetId"].as_str().expect("a target has an id");
        let mut tab = Connection::open(&format!("{}/devtools/page/{target}", browser.address));
        for domain in ["Page", "Runtime", "Log", "Network"] {
            tab.call(&format!("{domain}.enable"), json!({}));
        }
        tab.call("Emulation.setFocusEmulationEnabled", json!({ "enabled": true }));
        let site = site.trim_end_matches('/').to_owned();
        let context = context["browserContextId"].clone();
        let mut page = Page { _browser: browser, profile, context, tab, site, expected: Vec::new() };
        page.resize(1280, 800);
        page
    }

    /// Navigates to `path` below the site's root.
    pub fn go(&mut self, path: &str) {
        let url = format!("{}/{path}", self.site);
        let answer = self.tab.call("Page.navigate", json!({ "url": url }));
        assert!(answer.get("errorText").is_none(), "{url}: {}", answer["errorText"]);
        self.wait("the document", "document.readyState === 'complete' && location.href !== 'about:blank'");
    }

    /// Reloads the page.
    pub fn reload(&mut self) {
        self.eval("window.beforeReload = true");
        self.tab.call("Page.reload", json!({}));
        self.wait("the reload", "window.beforeReload === undefined && document.readyState === 'complete'");
    }

    /// What the browser's back (-1) and forward (1) buttons do.
    pub fn history(&mut self, step: i64) {
        let history = self.tab.call("Page.getNavigationHistory", json!({}));
        let index = history["currentIndex"].as_i64().expect("the history has a position") + step;
        let entry = history["entries"].get(usize::try_from(index).unwrap_or(usize::MAX));
        let id = entry.unwrap_or_else(|| panic!("no history entry {index} in {history}"))["id"].clone();
        self.tab.call("Page.navigateToHistoryEntry", json!({ "entryId": id }));
        self.settle();
    }

    /// The address below the site's root, with query and fragment.
    pub fn url(&mut self) -> String {
        let url = self.eval("location.href");
        let url = url.as_str().expect("an address is text");
        url.strip_prefix(&self.site).unwrap_or(url).trim_start_matches('/').to_owned()
    }

    /// Value of a JavaScript expression; a promise is awaited. When the page is left meanwhile, the next one is asked.
    pub fn eval(&mut self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let mut answer = loop {
            match self.tab.try_call("Runtime.evaluate", params.clone()) {
                Ok(answer) => break answer,
                Err(error) if LEFT.iter().any(|left| error.contains(left)) => {}
                Err(error) => panic!("{expression}: {error}"),
            }
        };
        if let Some(details) = answer.get("exceptionDetails") {
            panic!("{expression}: {}", details["exception"]["description"].as_str().unwrap_or("failed"));
        }
        answer["result"]["value"].take()
    }

    /// Waits until a JavaScript expression is true (or something like it), and returns its value.
    pub fn wait(&mut self, what: &str, expression: &str) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            // While the page navigates there may be nothing to ask.
            let value = self.eval(&format!("(() => {{ try {{ return {expression} }} catch {{ return null }} }})()"));
            if !matches!(&value, Value::Null | Value::Bool(false)) && value != 0 && value != "" {
                return value;
            }
            assert!(Instant::now() < end, "waited {PATIENCE:?} for {what}: {expression}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until an element is there and has a size.
    pub fn wait_for(&mut self, selector: &str) {
        let found = format!("document.querySelector({selector:?})?.getClientRects().length");
        self.wait(&format!("an element {selector}"), &found);
    }

    /// Waits until no element matches.
    pub fn wait_gone(&mut self, selector: &str) {
        self.wait(&format!("no element {selector}"), &format!("document.querySelector({selector:?}) === null"));
    }

    /// Lets the page draw what it has to: two frames.
    pub fn settle(&mut self) {
        self.eval("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))");
    }

    /// Number of elements that match.
    pub fn count(&mut self, selector: &str) -> u64 {
        self.eval(&format!("document.querySelectorAll({selector:?}).length")).as_u64().expect("a length is a number")
    }

    /// Visible text of the first element that matches, once there is one.
    pub fn text(&mut self, selector: &str) -> String {
        self.wait(&format!("an element {selector}"), &format!("document.querySelector({selector:?}) !== null"));
        self.eval(&format!("document.querySelector({selector:?}).innerText")).as_str().unwrap_or_default().to_owned()
    }

    /// Saves a picture of the window as `target/screenshots/NAME.png`.
    pub fn screenshot(&mut self, name: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots");
        std::fs::create_dir_all(&folder).expect("the folder of screenshots can be made");
        let picture = self.tab.call("Page.captureScreenshot", json!({ "format": "png" }));
        let picture = picture["data"].as_str().expect("a picture is base64");
        let picture = base64::engine::general_purpose::STANDARD.decode(picture).expect("a picture is base64");
        let file = folder.join(format!("{name}.png"));
        std::fs::write(&file, picture).expect("a screenshot can be written");
        file
    }

    /// Says that this visit rightly leads to a report that contains `text`; the visit fails if there is none.
    pub fn expect_report(&mut self, text: &'static str) {
        self.expected.push(text);
    }

    /// Everything that a clean page does not do, one line each.
    pub fn reports(&mut self) -> Vec<String> {
        self.settle();
        let mut reports: Vec<String> = self.tab.events.iter().filter_map(|event| report(event, &self.site)).collect();
        for text in &self.expected {
            let before = reports.len();
            reports.retain(|line| !line.contains(text));
            if reports.len() == before {
                reports.push(format!("missing: a report of {text:?}"));
            }
        }
        reports
    }

    fn state(&mut self) -> String {
        let text = self.eval("document.body?.innerText ?? ''");
        let text: String = text.as_str().unwrap_or_default().chars().take(2000).collect();
        format!("address: {}\nreports: {:#?}\ntext:\n{text}", self.url(), self.reports())
    }
}
