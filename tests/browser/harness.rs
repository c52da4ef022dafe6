//! One visit to a site with a fresh browser profile.
//!
//! [`visit`] opens a page, lets the test act on it, and then asserts that the page was clean: nothing on the console,
//! no exception, no failed request and none that left the site. When a test fails, the page's state is printed and
//! its picture kept in `target/screenshots`.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use serde_json::{Value, json};

use crate::cdp::Connection;
use crate::chromium::Chromium;
use crate::report::report;

/// How long a page may take for what a test waits for. Fast in practice; a busy machine is no reason to fail.
const PATIENCE: Duration = Duration::from_secs(60);

/// The browser's words for a page that is left while a script of it runs.
const LEFT: [&str; 3] = ["navigated or closed", "context was destroyed", "Cannot find context"];

/// Keys held down while another is pressed or the mouse is clicked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Held {
    None = 0,
    Ctrl = 2,
    Shift = 8,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Button {
    Left,
    Right,
}

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

    /// Page coordinates of a point in an element, as fractions of its width and height; scrolled into view.
    pub fn point(&mut self, selector: &str, at: (f64, f64)) -> (f64, f64) {
        self.wait_for(selector);
        let script = format!(
            "(() => {{ const e = document.querySelector({selector:?}); \
             e.scrollIntoView({{ block: 'nearest', inline: 'nearest', behavior: 'instant' }}); \
             const r = e.getBoundingClientRect(); return [r.x + r.width * {}, r.y + r.height * {}] }})()",
            at.0, at.1
        );
        let point = self.eval(&script);
        (point[0].as_f64().expect("x is a number"), point[1].as_f64().expect("y is a number"))
    }

    fn mouse(&mut self, kind: &str, (x, y): (f64, f64), button: &str, held: Held) {
        let clicks = u8::from(kind != "mouseMoved");
        let buttons =
            if kind == "mouseReleased" { 0 } else { u8::from(button == "left") + 2 * u8::from(button == "right") };
        let params = json!({ "type": kind, "x": x, "y": y, "button": button, "buttons": buttons, "clickCount": clicks, "modifiers": held as u8 });
        self.tab.call("Input.dispatchMouseEvent", params);
    }

    /// Moves the mouse to a point of an element.
    pub fn hover(&mut self, selector: &str, at: (f64, f64)) {
        let point = self.point(selector, at);
        self.mouse("mouseMoved", point, "none", Held::None);
        self.settle();
    }

    /// Clicks the middle of an element.
    pub fn click(&mut self, selector: &str) {
        self.click_at(selector, (0.5, 0.5), Button::Left, Held::None);
    }

    /// Clicks a point of an element.
    pub fn click_at(&mut self, selector: &str, at: (f64, f64), button: Button, held: Held) {
        let point = self.point(selector, at);
        let button = if button == Button::Left { "left" } else { "right" };
        self.mouse("mouseMoved", point, "none", held);
        self.mouse("mousePressed", point, button, held);
        self.mouse("mouseReleased", point, button, held);
        self.settle();
    }

    /// Drags from the middle of one element to the middle of another.
    pub fn drag(&mut self, from: &str, to: &str) {
        let (from, to) = (self.point(from, (0.5, 0.5)), self.point(to, (0.5, 0.5)));
        self.drag_between(from, to);
    }

    /// Drags between two points of an element.
    pub fn drag_in(&mut self, selector: &str, from: (f64, f64), to: (f64, f64)) {
        self.point(selector, from);
        let (from, to) = (self.point(selector, from), self.point(selector, to));
        self.drag_between(from, to);
    }

    fn drag_between(&mut self, from: (f64, f64), to: (f64, f64)) {
        self.mouse("mouseMoved", from, "none", Held::None);
        self.mouse("mousePressed", from, "left", Held::None);
        for step in 1..=4 {
            let part = f64::from(step) / 4.0;
            self.mouse(
                "mouseMoved",
                (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part),
                "left",
                Held::None,
            );
        }
        self.mouse("mouseReleased", to, "left", Held::None);
        self.settle();
    }

    /// Presses a key by its DOM name, such as `ArrowRight`, `Escape`, `Tab` or `a`.
    pub fn key(&mut self, key: &str, held: Held) {
        let code = match key {
            "Tab" => 9,
            "Enter" => 13,
            "Escape" => 27,
            " " => 32,
            "End" => 35,
            "Home" => 36,
            "ArrowLeft" => 37,
            "ArrowUp" => 38,
            "ArrowRight" => 39,
            "ArrowDown" => 40,
            one if one.len() == 1 => u32::from(one.as_bytes()[0].to_ascii_uppercase()),
            other => panic!("the harness does not know the code of the key {other}"),
        };
        let text = match key {
            "Enter" => "\r",
            one if one.len() == 1 && held == Held::None => one,
            _ => "",
        };
        let kind = if text.is_empty() { "rawKeyDown" } else { "keyDown" };
        for kind in [kind, "keyUp"] {
            let params = json!({ "type": kind, "key": key, "code": if key == "a" { "KeyA" } else { key }, "text": text, "windowsVirtualKeyCode": code, "modifiers": held as u8 });
            self.tab.call("Input.dispatchKeyEvent", params);
        }
        self.settle();
    }

    /// Puts a finger on a point of an element, moves it by some pixels in steps, and lifts it.
    pub fn touch(&mut self, selector: &str, at: (f64, f64), by: (f64, f64)) {
        let (x, y) = self.point(selector, at);
        let steps = if by == (0.0, 0.0) { 0 } else { 8 };
        for step in 0..=steps {
            let part = f64::from(step) / f64::from(steps.max(1));
            let finger = json!([{ "x": x + by.0 * part, "y": y + by.1 * part }]);
            let kind = if step == 0 { "touchStart" } else { "touchMove" };
            self.tab.call("Input.dispatchTouchEvent", json!({ "type": kind, "touchPoints": finger }));
        }
        // A finger that rests before it is lifted throws nothing: the next tap would only stop what was thrown.
        std::thread::sleep(Duration::from_millis(if steps > 0 { 100 } else { 0 }));
        self.tab.call("Input.dispatchTouchEvent", json!({ "type": "touchEnd", "touchPoints": [] }));
        self.settle();
    }

    /// Types into a field after emptying it.
    pub fn fill(&mut self, selector: &str, text: &str) {
        self.wait_for(selector);
        self.eval(&format!("(() => {{ const e = document.querySelector({selector:?}); e.focus(); e.select(); }})()"));
        if text.is_empty() {
            self.eval("document.execCommand('delete')");
        } else {
            self.tab.call("Input.insertText", json!({ "text": text }));
        }
        self.settle();
    }

    /// Chooses an option of a `select` by its value.
    pub fn choose(&mut self, selector: &str, value: &str) {
        self.wait_for(selector);
        let script = format!(
            "(() => {{ const e = document.querySelector({selector:?}); e.value = {value:?}; \
             e.dispatchEvent(new Event('change', {{ bubbles: true }})); return e.value === {value:?} }})()"
        );
        assert_eq!(self.eval(&script), true, "{selector} has no option {value}");
        self.settle();
    }

    /// Window size in CSS pixels.
    pub fn resize(&mut self, width: u32, height: u32) {
        let mobile = width < 600;
        let params = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile });
        self.tab.call("Emulation.setDeviceMetricsOverride", params);
        self.tab.call("Emulation.setTouchEmulationEnabled", json!({ "enabled": mobile }));
    }

    /// What the reader's system prefers: `("prefers-color-scheme", "dark")`.
    pub fn prefer(&mut self, feature: &str, value: &str) {
        self.emulate(feature, value);
        self.settle();
    }

    /// The same without waiting for a frame, for a page without scripts.
    pub fn emulate(&mut self, feature: &str, value: &str) {
        let features = json!([{ "name": feature, "value": value }]);
        self.tab.call("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// Whether pages that are loaded from now on run scripts. What waits for frames needs them.
    pub fn scripts(&mut self, run: bool) {
        self.tab.call("Emulation.setScriptExecutionDisabled", json!({ "value": !run }));
    }

    /// Answers every request later, in milliseconds.
    pub fn delay(&mut self, latency: u32) {
        let params = json!({ "offline": false, "latency": latency, "downloadThroughput": -1, "uploadThroughput": -1 });
        self.tab.call("Network.emulateNetworkConditions", params);
    }

    /// Runs a script before those of every page that is loaded from now on.
    pub fn before_pages(&mut self, script: &str) {
        self.tab.call("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script }));
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

    /// Lets the page save files, into this folder.
    pub fn save_into(&mut self, folder: &Path) {
        let params = json!({ "behavior": "allow", "downloadPath": folder, "browserContextId": self.context });
        self.profile.call("Browser.setDownloadBehavior", params);
    }

    /// The one file in a folder, once it is complete: its name and its bytes. It is taken out.
    pub fn saved(&mut self, folder: &Path) -> (String, Vec<u8>) {
        let end = Instant::now() + PATIENCE;
        loop {
            let files = std::fs::read_dir(folder).expect("the folder is there");
            let name = files.flatten().map(|file| file.file_name().to_string_lossy().into_owned()).next();
            // Before that, the browser gives it another ending, and the name of a hidden file.
            if let Some(name) = name.filter(|name| !name.ends_with(".crdownload") && !name.starts_with('.')) {
                let file = folder.join(&name);
                let bytes = std::fs::read(&file).expect("a complete file can be read");
                std::fs::remove_file(&file).expect("a complete file can be removed");
                return (name, bytes);
            }
            assert!(Instant::now() < end, "waited {PATIENCE:?} for a file");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What the page put on the clipboard.
    pub fn clipboard(&mut self) -> String {
        let text = self.eval("navigator.clipboard.readText()");
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Lets the page read and write the clipboard.
    pub fn allow_clipboard(&mut self) {
        let permissions = json!(["clipboardReadWrite", "clipboardSanitizedWrite"]);
        let params = json!({ "permissions": permissions, "browserContextId": self.context });
        self.profile.call("Browser.grantPermissions", params);
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
