//! How fast the pages are in a browser that has never seen them: headless Chromium over the DevTools protocol, at
//! latencies of one's choice, beside pattern-lens' own pages where they are given.
//!
//! `just bench-viewer` measures a made site in the shape of tiny-stories-1M: 8 prompts of 128 heads. With `--site DIR`
//! it is another site, of which the model `--model` and up to 8 of its prompts are shown. `--pattern-lens DIR`, or
//! `PATTERN_LENS_SITE`, is a folder with pattern-lens' pages over the same data; the two are visited in turns, since
//! machines change their speed from one minute to the next.
//!
//! - [`sites`]: made sites; [`server`]: serves them
//! - [`visit`]: one visit, of which `page.js` takes note

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../browser/cdp.rs"]
mod cdp;
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../browser/chromium.rs"]
mod chromium;
mod server;
mod sites;
mod visit;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use lens_schema::{ModelEntry, PromptEntry, jsonl, path};
use server::Server;
use sites::{MODEL, Size};
use visit::{Note, Step, Visit};

/// Measures the pages of a site in headless Chromium
#[derive(Debug, Parser)]
struct Arguments {
    /// A site, instead of a made one
    #[arg(long)]
    site: Option<PathBuf>,
    /// The directory of the site's model [default: the first]
    #[arg(long, requires = "site")]
    model: Option<String>,
    /// pattern-lens' pages over the same data [default: $PATTERN_LENS_SITE]
    #[arg(long, requires = "site")]
    pattern_lens: Option<PathBuf>,
    /// Milliseconds until a request is answered
    #[arg(long, value_delimiter = ',', default_value = "0,40")]
    latency: Vec<u64>,
    /// How often everything is visited
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Only figures of so many prompts, only a long pattern, only very many figures
    #[arg(long, value_delimiter = ',', default_value = "figures,long,many")]
    only: Vec<String>,
    /// Passed by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

/// What was measured, in the order it first was: a name, and a value of each run.
#[derive(Default)]
struct Table {
    rows: Vec<(String, Vec<f64>)>,
}

impl Table {
    fn add(&mut self, name: &str, value: f64) {
        match self.rows.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) => values.push(value),
            None => self.rows.push((name.to_owned(), vec![value])),
        }
    }

    /// Each row's median, smallest and largest value.
    #[allow(clippy::print_stdout, reason = "a benchmark prints its result")]
    fn print(&mut self, title: &str) {
        println!("\n{title}");
        for (name, values) in &mut self.rows {
            values.sort_by(f64::total_cmp);
            let (first, last) = (values[0], values[values.len() - 1]);
            println!("  {name:<62} {:>10.1}  ({first:.1}–{last:.1})", values[values.len() / 2]);
        }
    }
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    ensure!(arguments.runs > 0, "--runs 0 measures nothing");
    let scratch = tempfile::tempdir()?;
    let made = |name: &str, size: Size| -> Result<Server> {
        let folder = scratch.path().join(name);
        sites::build(&folder, &size)?;
        Ok(Server::start(&folder)?)
    };
    for what in &arguments.only {
        match what.as_str() {
            "figures" => {
                let ours = match &arguments.site {
                    Some(folder) => Server::start(folder)?,
                    None => made("figures", Size { layers: 8, heads: 16, rows: (0..8).map(|i| 50 + 6 * i).collect() })?,
                };
                let theirs =
                    arguments.pattern_lens.clone().or(std::env::var_os("PATTERN_LENS_SITE").map(PathBuf::from));
                let theirs = theirs.filter(|_| arguments.site.is_some()).as_deref().map(Server::start).transpose()?;
                figures(&arguments, &ours, theirs.as_ref())?;
            }
            "long" => long(&arguments, &made("long", Size { layers: 3, heads: 16, rows: vec![1024] })?)?,
            "many" => many(&arguments, &made("many", Size { layers: 10, heads: 25, rows: vec![40; 200] })?)?,
            other => anyhow::bail!("--only {other}: there is figures, long and many"),
        }
    }
    Ok(())
}

/// The model of a site that is measured, and its prompts.
fn choice(arguments: &Arguments, folder: &Path) -> Result<(ModelEntry, Vec<PromptEntry>)> {
    let read = |file: &str| fs::read_to_string(folder.join(file)).with_context(|| format!("{file} of the site"));
    let mut models = jsonl::parse::<ModelEntry>(path::MODELS, &read(path::MODELS)?)?;
    let wanted = |m: &ModelEntry| arguments.model.as_ref().is_none_or(|name| *name == m.dir());
    let place = models.iter().position(wanted).context("the site does not have this model")?;
    let model = models.swap_remove(place);
    let file = path::prompts(&model.dir());
    let prompts = jsonl::parse(&file, &read(&file)?)?;
    Ok((model, prompts.into_iter().take(8).collect()))
}

/// Everything that is in view is drawn, of this many figures.
fn drawn(figures: usize) -> String {
    format!(
        "(p => p.total === '{figures}' && p.inView > 0 && p.drawn === p.inView)\
         (document.querySelector('[data-testid=progress]').dataset)"
    )
}

/// The data of this many figures is fetched and unpacked.
fn loaded(figures: usize) -> String {
    format!("document.querySelector('[data-testid=progress]').dataset.loaded === '{figures}'")
}

fn wait(done: impl Into<String>) -> Step {
    Step { act: None, done: done.into() }
}

fn click(selector: &str, done: impl Into<String>) -> Step {
    Step { act: Some(format!("document.querySelector(\"{selector}\").click()")), done: done.into() }
}

/// Rows to choose from, then all heads of a few prompts.
fn figures(arguments: &Arguments, ours: &Server, theirs: Option<&Server>) -> Result<()> {
    let (model, prompts) = choice(arguments, &ours.folder)?;
    let (dir, n) = (model.dir(), prompts.len() * model.n_layers * model.n_heads);
    let hashes: Vec<&str> = prompts.iter().map(|p| p.hash.as_str()).collect();
    let hashes = hashes.join("~");
    let row = |testid: &str| format!("document.querySelector(\"[data-testid='{testid}']\")");
    let rows = format!("{} && {}", row(&format!("model-{dir}")), row(&format!("prompt-{}", prompts[0].hash)));
    let chosen = "document.querySelector('[data-testid=choose-filtered]:enabled')";
    // How each lens shows figures that its address names, and figures that a click chooses.
    let by_address = format!("index.html?models={dir}&prompts={hashes}");
    let by_click = format!("index.html?models={dir}");
    let pattern_lens =
        format!("index.html?functions=raw&prompts={hashes}&models={dir}&heads-{dir}=LxHx&ui.imagesPerRow=16");
    let pictures = format!(
        "(i => i.length === {n} && i.every(x => x.complete && x.naturalWidth))([...document.querySelectorAll('.images img')])"
    );
    let selected = format!(
        "document.querySelectorAll('#promptGrid .ag-center-cols-container .ag-row-selected').length === {}",
        prompts.len()
    );
    for &latency in &arguments.latency {
        let (mut own, mut other) = (Table::default(), Table::default());
        for _ in 0..arguments.runs {
            let visit = begin(ours, latency, "index.html", &[wait(&*rows)])?;
            own.add("navigation → rows usable, ms", visit.notes[0].done);
            start_up(&mut own, ours)?;
            let mut visit = begin(ours, latency, &by_address, &[wait(drawn(n)), wait(loaded(n))])?;
            own.add("navigation → all in view painted, ms", visit.notes[0].painted);
            own.add("navigation → all data unpacked, ms", visit.notes[1].done);
            own.add("longest task, ms", visit.longest_task()?);
            requests(&mut own, ours, |file| file.ends_with(".npz"));
            let steps = [wait(chosen), click("[data-testid=choose-filtered]", drawn(n)), wait(loaded(n))];
            let visit = begin(ours, latency, &by_click, &steps)?;
            own.add("click → all in view painted, ms", since(visit.notes[1], visit.notes[1].painted));
            own.add("click → all data unpacked, ms", since(visit.notes[2], visit.notes[2].done));
            let Some(theirs) = theirs else { continue };
            let ready = "document.querySelectorAll('#modelGrid .ag-center-cols-container .ag-row').length > 0 && \
                document.querySelectorAll('#promptGrid .ag-center-cols-container .ag-row').length > 0";
            let visit = begin(theirs, latency, "index.html", &[wait(ready)])?;
            other.add("navigation → rows usable, ms", visit.notes[0].done);
            start_up(&mut other, theirs)?;
            let steps = [wait(&*selected), click(".image-controls-display button", &*pictures)];
            let mut visit = begin(theirs, latency, &pattern_lens, &steps)?;
            other.add("navigation → all complete, ms", visit.notes[1].done);
            other.add("click → all complete, ms", since(visit.notes[1], visit.notes[1].done));
            other.add("longest task, ms", visit.longest_task()?);
            requests(&mut other, theirs, |file| file.ends_with(".png"));
        }
        own.print(&format!("{n} figures, {latency} ms a request"));
        if theirs.is_some() {
            other.print(&format!("pattern-lens, {n} figures, {latency} ms a request"));
        }
    }
    Ok(())
}

fn begin(server: &Server, latency: u64, page: &str, steps: &[Step]) -> Result<Visit> {
    server.begin(Duration::from_millis(latency));
    Visit::new(&format!("{}{page}", server.url), steps)
}

fn since(note: Note, then: f64) -> f64 {
    then - note.begun
}

/// What a page needs before anything is chosen, as a server that compresses sends it.
fn start_up(table: &mut Table, server: &Server) -> Result<()> {
    let mut files = BTreeMap::new();
    for (file, _) in server.sent() {
        if let Ok(bytes) = fs::read(server.folder.join(&file)) {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            gzip.write_all(&bytes)?;
            files.insert(file, gzip.finish()?.len());
        }
    }
    table.add("start-up: requests", server.sent().len() as f64);
    table.add("start-up: kB, gzip", files.values().sum::<usize>() as f64 / 1000.0);
    Ok(())
}

fn requests(table: &mut Table, server: &Server, is_figure: impl Fn(&str) -> bool) {
    let sent = server.sent();
    let figures: usize = sent.iter().filter(|(file, _)| is_figure(file)).map(|(_, bytes)| bytes).sum();
    table.add("requests", sent.len() as f64);
    table.add("figures, kB", figures as f64 / 1000.0);
}

/// A pattern of 1,024 tokens: its way onto the page, and values under the mouse.
fn long(arguments: &Arguments, site: &Server) -> Result<()> {
    let (_, prompts) = choice(arguments, &site.folder)?;
    let page = format!("single.html?head={MODEL}.L2.H5&prompt={}", prompts[0].hash);
    let shown = "document.querySelector('[data-testid=heatmap]').dataset.square";
    let exact = "document.querySelector('[data-testid=single]').getAttribute('aria-busy') === 'false' && \
        !document.querySelector('[data-testid=note]')";
    for &latency in &arguments.latency {
        let mut table = Table::default();
        for _ in 0..arguments.runs {
            let mut visit = begin(site, latency, &page, &[wait(shown), wait(exact)])?;
            table.add("navigation → first picture, ms", visit.notes[0].painted);
            table.add("navigation → exact values, ms", visit.notes[1].painted);
            table.add("longest task, ms", visit.longest_task()?);
            let frame = "(r => [r.left, r.top, r.width, r.height])\
                (document.querySelector('[data-testid=heatmap]').getBoundingClientRect())";
            let frame = visit.eval(frame)?;
            let part = |i: usize| frame[i].as_f64().unwrap_or_default();
            for i in 0..40 {
                let (x, y) = (0.05 + 0.02 * f64::from(i % 20), 0.5 + 0.011 * f64::from(i));
                visit.eval("void window.speed.hover('[data-testid=value]')")?;
                std::thread::sleep(Duration::from_millis(20));
                visit.move_mouse(part(0) + part(2) * x, part(1) + part(3) * y);
                let times = visit.eval("window.speed.hovered")?;
                if let (Some(text), Some(frame)) = (times[0].as_f64(), times[1].as_f64()) {
                    table.add("hover → value, ms", text);
                    table.add("hover → value painted, ms", frame);
                }
            }
        }
        table.print(&format!("One pattern of 1024 tokens, {latency} ms a request"));
    }
    Ok(())
}

/// 50,000 figures: the first of them, scrolling through all, and memory.
fn many(arguments: &Arguments, site: &Server) -> Result<()> {
    let mut table = Table::default();
    for _ in 0..arguments.runs {
        let first = "document.querySelector('[data-testid=figures] a.tile[data-state=drawn]')";
        let steps = [
            wait("document.querySelector('[data-testid=choose-filtered]:enabled')"),
            click("[data-testid=choose-filtered]", first),
            wait(drawn(50_000)),
        ];
        let mut visit = begin(site, 0, &format!("index.html?models={MODEL}&size=48"), &steps)?;
        table.add("click → first figures painted, ms", since(visit.notes[1], visit.notes[1].painted));
        table.add("click → all in view painted, ms", since(visit.notes[2], visit.notes[2].painted));
        table.add(
            "files fetched before scrolling",
            site.sent().iter().filter(|(f, _)| f.ends_with(".npz")).count() as f64,
        );
        let before = visit.memory();
        for round in 0..3 {
            let gaps = visit.eval("window.speed.scroll(4000)")?;
            let gaps: Vec<f64> = gaps.as_array().into_iter().flatten().filter_map(|gap| gap.as_f64()).collect();
            table.add("scrolling: longest frame, ms", gaps.iter().copied().fold(0.0, f64::max));
            let late = gaps.iter().filter(|gap| **gap > 20.0).count();
            table.add("scrolling: frames over 20 ms, %", 100.0 * late as f64 / gaps.len().max(1) as f64);
            let memory = visit.memory();
            if let (Some(before), Some(after)) = (before, memory) {
                table.add(&format!("memory after scrolling {} times, MB more", round + 1), after - before);
            }
            visit.eval("scrollTo(0, 0)")?;
        }
        before.into_iter().for_each(|memory| table.add("memory before scrolling, MB", memory));
    }
    table.print("50,000 figures");
    Ok(())
}
