//! What is printed: results on standard output, progress and messages on standard error.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::ColorChoice;
use clap::builder::styling::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressStyle as BarStyle};

use crate::cli::{OutputArgs, ProgressStyle};
use crate::observer::Observer;

/// Plain lines come no more often than this.
const PLAIN_EVERY: Duration = Duration::from_secs(5);

/// What a message on standard error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What ends the program, or what it comes to.
    Error,
    /// One of several things that failed.
    Failed,
    /// What the user should know and that is no error.
    Note,
}

/// Whether messages have colours, unless the choice is left to the terminal and `NO_COLOR`.
pub fn set_color(choice: ColorChoice) {
    match choice {
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
        ColorChoice::Auto => anstream::ColorChoice::Auto,
    }
    .write_global();
}

/// Prints a result. Nobody may be reading any more: that is no error.
pub fn print(line: impl Display) -> Result<()> {
    match writeln!(anstream::stdout(), "{line}") {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(e).context("cannot write to standard output"),
        _ => Ok(()),
    }
}

/// Whether messages are JSON too: who reads progress as JSON reads every line so.
static JSON: AtomicBool = AtomicBool::new(false);

/// Has every message printed as the user chose.
pub fn set_form(output: OutputArgs) {
    JSON.store(output.progress == ProgressStyle::Json, Ordering::Relaxed);
}

/// Prints a message.
pub fn tell(kind: Kind, text: impl Display) {
    let (word, color) = match kind {
        Kind::Error => ("error", AnsiColor::Red),
        Kind::Failed => ("failed", AnsiColor::Red),
        Kind::Note => ("note", AnsiColor::Cyan),
    };
    if JSON.load(Ordering::Relaxed) {
        return line(serde_json::json!({ word: text.to_string() }));
    }
    let style = Style::new().bold().fg_color(Some(color.into()));
    line(format!("{style}{word}:{style:#} {text}"));
}

/// A line on standard error. If that is gone, there is nowhere left to say so.
fn line(text: impl Display) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Shows how far the work is, in the style the user chose.
#[derive(Debug)]
pub struct Console {
    output: OutputArgs,
    style: ProgressStyle,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    model: String,
    work: Work,
    done: u64,
    total: u64,
    /// What was done before the work began.
    before: u64,
    began: Instant,
    last_line: Instant,
    bar: ProgressBar,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Prompts,
    /// Bytes of weights.
    Download,
}

impl Console {
    pub fn new(output: OutputArgs) -> Self {
        let style = match output.progress {
            _ if output.quiet.quiet => ProgressStyle::None,
            ProgressStyle::Auto if !std::io::stderr().is_terminal() => ProgressStyle::Plain,
            style => style,
        };
        let now = Instant::now();
        let state = State {
            model: String::new(),
            work: Work::Prompts,
            done: 0,
            total: 0,
            before: 0,
            began: now,
            last_line: now,
            bar: ProgressBar::hidden(),
        };
        Console { output, style, state: Mutex::new(state) }
    }

    /// Removes the bar, so that what follows is printed on lines of its own.
    pub fn end(&self) {
        self.state().bar.finish_and_clear();
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&self, work: Work, model: &str, before: u64, total: u64) {
        let mut state = self.state();
        let now = Instant::now();
        state.bar.finish_and_clear();
        (state.model, state.work, state.done, state.total) = (model.to_owned(), work, before, total);
        (state.before, state.began, state.last_line) = (before, now, now);
        match self.style {
            ProgressStyle::Auto => {
                let template = match work {
                    Work::Prompts => "{prefix} [{bar:30}] {pos}/{len} prompts  {per_sec}  {eta} left",
                    Work::Download => {
                        "{prefix} [{bar:30}] {decimal_bytes}/{decimal_total_bytes}  {decimal_bytes_per_sec}  {eta} left"
                    }
                };
                let style = BarStyle::with_template(template).unwrap_or_else(|_| BarStyle::default_bar());
                state.bar =
                    ProgressBar::new(total).with_position(before).with_style(style).with_prefix(model.to_owned());
                state.bar.reset_eta();
                state.bar.enable_steady_tick(Duration::from_millis(200));
            }
            ProgressStyle::Plain => line(state.line()),
            ProgressStyle::None | ProgressStyle::Json => {}
        }
    }
}

impl State {
    fn line(&self) -> String {
        let seconds = self.began.elapsed().as_secs_f64();
        let rate = self.done.saturating_sub(self.before) as f64 / seconds.max(1e-3);
        let left = self.total.saturating_sub(self.done) as f64 / rate.max(1e-3);
        let State { model, done, total, .. } = self;
        match self.work {
            Work::Prompts if *done == 0 => format!("{model}: {total} prompts"),
            Work::Prompts if done >= total => format!("{model}: {done}/{total} prompts in {seconds:.1} s"),
            Work::Prompts => format!("{model}: {done}/{total} prompts, {rate:.1}/s, {left:.0} s left"),
            Work::Download => {
                let (all, rate) = (bytes(*total), bytes(rate as u64));
                match *done {
                    0 => format!("{model}: downloading {all}"),
                    done if done >= *total => format!("{model}: downloaded {all} in {seconds:.1} s"),
                    done if done == self.before => format!("{model}: downloading {all}, {} are there", bytes(done)),
                    done => format!("{model}: {} of {all} downloaded, {rate}/s, {left:.0} s left", bytes(done)),
                }
            }
        }
    }

    /// Whether it is time for a plain line.
    fn is_due(&mut self) -> bool {
        let due = self.done >= self.total || self.last_line.elapsed() >= PLAIN_EVERY;
        if due {
            self.last_line = Instant::now();
        }
        due
    }
}

impl Observer for Console {
    fn begin(&self, model: &str, total: usize) {
        self.start(Work::Prompts, model, 0, total as u64);
    }

    fn advance(&self, prompt: &str) {
        let mut state = self.state();
        state.done += 1;
        state.bar.inc(1);
        match self.style {
            ProgressStyle::Plain if self.output.verbose => line(format!("{}: {prompt}", state.line())),
            ProgressStyle::Plain if state.is_due() => line(state.line()),
            ProgressStyle::Auto if self.output.verbose => {
                state.bar.println(format!("{}: {prompt}", state.model));
            }
            ProgressStyle::Json => {
                let (model, done, total) = (&state.model, state.done, state.total);
                let seconds = state.began.elapsed().as_secs_f64();
                let line = serde_json::json!(
                    {"model": model, "prompt": prompt, "done": done, "total": total, "seconds": seconds});
                self::line(line);
            }
            _ => {}
        }
    }

    fn download(&self, model: &str, done: u64, total: u64) {
        let new = {
            let state = self.state();
            state.work != Work::Download || state.model != model
        };
        if new {
            self.start(Work::Download, model, done, total);
        }
        let mut state = self.state();
        (state.done, state.total) = (done, total);
        state.bar.set_length(total);
        state.bar.set_position(done);
        match self.style {
            ProgressStyle::Plain if state.is_due() => line(state.line()),
            ProgressStyle::Json if state.is_due() => {
                let seconds = state.began.elapsed().as_secs_f64();
                line(serde_json::json!({"model": model, "downloaded": done, "bytes": total, "seconds": seconds}));
            }
            _ => {}
        }
        if done >= total {
            state.bar.finish_and_clear();
        }
    }

    fn note(&self, text: &str) {
        if !self.output.quiet.quiet {
            self.state().bar.suspend(|| tell(Kind::Note, text));
        }
    }
}

/// A size as people read it.
pub fn bytes(n: u64) -> String {
    match n {
        0..1_000 => format!("{n} B"),
        1_000..1_000_000 => format!("{:.1} kB", n as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", n as f64 / 1e6),
        _ => format!("{:.2} GB", n as f64 / 1e9),
    }
}

/// Opens an address in the system's browser.
pub fn open_browser(url: &str) -> Result<()> {
    let command = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let (command, arguments) = if cfg!(windows) { ("explorer", [url]) } else { (command, [url]) };
    let child = std::process::Command::new(command).args(arguments).spawn();
    child.map(drop).with_context(|| format!("--open: cannot run {command}; open {url} in a browser"))
}
