//! One visit of a page by a browser that has never seen it.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::cdp::Connection;
use crate::chromium::Chromium;

/// A page takes no longer than this for anything that is measured.
const PATIENCE: Duration = Duration::from_secs(60);

/// Something to wait for, and what is done first.
pub struct Step {
    /// JavaScript statements; nothing where the step follows from the one before.
    pub act: Option<String>,
    /// A JavaScript expression.
    pub done: String,
}

/// When a step was done, in milliseconds since the navigation began.
#[derive(Clone, Copy)]
pub struct Note {
    /// When its act, or the one before it, began.
    pub begun: f64,
    pub done: f64,
    /// Two frames later.
    pub painted: f64,
}

/// A page that has taken all steps.
pub struct Visit {
    tab: Connection,
    browser: Connection,
    pub notes: Vec<Note>,
    _chromium: Chromium,
}

impl Visit {
    /// Starts a browser with an empty profile, opens a page and takes the steps.
    pub fn new(url: &str, steps: &[Step]) -> Result<Visit> {
        let chromium = Chromium::start();
        let mut browser = Connection::open(&chromium.url);
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let target = target["targetId"].as_str().context("a target has an id")?;
        let mut tab = Connection::open(&format!("{}/devtools/page/{target}", chromium.address));
        tab.call("Page.enable", json!({}));
        let size = json!({ "width": 1440, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        tab.call("Emulation.setDeviceMetricsOverride", size);
        tab.call("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script(steps) }));
        // The browser has more to do when it starts than what is measured.
        thread::sleep(Duration::from_millis(1500));
        tab.call("Page.navigate", json!({ "url": url }));
        let mut visit = Visit { tab, browser, notes: Vec::new(), _chromium: chromium };
        let end = Instant::now() + PATIENCE;
        while visit.eval("window.speed?.over ?? false")? != true {
            if Instant::now() > end {
                let steps = visit.eval("window.speed?.steps.length")?;
                bail!("{url}: only {steps} of the steps were done within {PATIENCE:?}");
            }
            thread::sleep(Duration::from_millis(100));
        }
        let notes = visit.eval("window.speed.steps")?;
        let note = |note: &Value| -> Option<Note> {
            Some(Note {
                begun: note["begun"].as_f64()?,
                done: note["done"].as_f64()?,
                painted: note["painted"].as_f64()?,
            })
        };
        visit.notes = notes.as_array().context("steps are a list")?.iter().filter_map(note).collect();
        Ok(visit)
    }

    /// Value of a JavaScript expression; a promise is awaited.
    pub fn eval(&mut self, expression: &str) -> Result<Value> {
        let params = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let mut answer = self.tab.call("Runtime.evaluate", params);
        if answer.get("exceptionDetails").is_some() {
            bail!("{expression}: {}", answer["exceptionDetails"]["exception"]["description"]);
        }
        Ok(answer["result"]["value"].take())
    }

    /// The longest task of the page so far, in milliseconds; 0 if none took 50.
    pub fn longest_task(&mut self) -> Result<f64> {
        let longest = self.eval("Math.max(0, ...window.speed.tasks.map(task => task[1]))")?;
        longest.as_f64().context("a task takes a number of milliseconds")
    }

    pub fn move_mouse(&mut self, x: f64, y: f64) {
        self.tab.call("Input.dispatchMouseEvent", json!({ "type": "mouseMoved", "x": x, "y": y }));
    }

    /// Memory of the page's process that it does not share, in MB; nothing where the system does not tell.
    pub fn memory(&mut self) -> Option<f64> {
        self.tab.call("HeapProfiler.collectGarbage", json!({}));
        let processes = self.browser.call("SystemInfo.getProcessInfo", json!({}));
        let renderers = processes["processInfo"].as_array()?.iter().filter(|p| p["type"] == "renderer");
        let private = |pid: u64| {
            let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
            let line = rollup.lines().find(|line| line.starts_with("Private_Dirty:"))?;
            line.split_whitespace().nth(1)?.parse::<f64>().ok()
        };
        renderers.filter_map(|p| private(p["id"].as_u64()?)).reduce(f64::max).map(|kilobytes| kilobytes / 1000.0)
    }
}

/// `page.js` with the steps in it: as code, because pages may forbid making code of text.
fn script(steps: &[Step]) -> String {
    let step = |step: &Step| {
        let act = step.act.as_ref().map_or("null".to_owned(), |act| format!("() => {{ {act} }}"));
        format!("{{ act: {act}, done: () => ({}) }},", step.done)
    };
    include_str!("page.js").replace("/* steps */", &steps.iter().map(step).collect::<String>())
}
