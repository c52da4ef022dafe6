//! Figures that another program draws: `--figure-cmd 'python my_figures.py'`.
//!
//! The program is started once for every thread that draws, and keeps running. It is told what to draw on standard
//! input and answers on standard output; the protocol is described in `generator/python/lens_figures.py`, which does
//! Python's side of it and is put on Python's path.

mod child;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, bail, ensure};
use lens_schema::PromptEntry;
use ndarray::{ArrayView2, Ix2};
use ndarray_npy::WriteNpyExt as _;
use serde::{Deserialize, Serialize};

use super::{About, FigureFn, Heatmap, Picture};
use crate::data::npy;
use crate::image::{self, Format};
use crate::pattern::Pattern;
use child::Child;

/// Python's side of the protocol.
const HELPER: (&str, &str) = ("lens_figures.py", include_str!("../../python/lens_figures.py"));

/// What a function is, as its program says.
#[derive(Deserialize)]
struct Said {
    name: String,
    #[serde(default)]
    doc: String,
    source: Option<String>,
    code: Option<String>,
    #[serde(default)]
    figures: Vec<String>,
    format: Option<String>,
}

/// The first line of a program.
#[derive(Deserialize)]
struct Greeting {
    lens_figures: u32,
    functions: Vec<Said>,
}

#[derive(Serialize)]
struct Request<'a> {
    function: &'a str,
    model: &'a str,
    layer: usize,
    head: usize,
    prompt: &'a PromptEntry,
    tokens: &'a [String],
    causal: bool,
    bytes: usize,
}

/// The line that answers a request.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    files: Vec<File>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct File {
    name: String,
    bytes: usize,
    matrix: Option<Style>,
}

/// How a file that is a matrix is coloured.
#[derive(Deserialize)]
#[serde(default)]
struct Style {
    normalize: bool,
    cmap: String,
    diverging_colormap: bool,
    normalize_min: Option<f32>,
}

impl Default for Style {
    fn default() -> Self {
        let Heatmap { normalize, cmap, diverging_colormap, normalize_min, .. } = Heatmap::default();
        Style { normalize, cmap: cmap.into_owned(), diverging_colormap, normalize_min }
    }
}

/// One command and its running processes, of which each draws one head at a time.
struct Pool {
    words: Vec<String>,
    idle: Mutex<Vec<Child>>,
    /// Holds [`HELPER`].
    helper: tempfile::TempDir,
}

/// A program that draws figures, and its arguments.
#[derive(Debug)]
pub struct FigureCommand {
    /// As it was typed.
    line: String,
    words: Vec<String>,
}

impl FigureCommand {
    /// A line of words, as a shell reads it.
    ///
    /// # Errors
    /// A line that names no program, or whose quotes are not closed.
    pub fn parse(line: &str) -> Result<FigureCommand> {
        let words = shlex::split(line).with_context(|| format!("--figure-cmd {line:?}: quotes must be closed"))?;
        let names_program = words.first().is_some_and(|program| !program.is_empty());
        ensure!(
            names_program,
            "--figure-cmd {line:?}: write a program and its arguments, as in 'python my_figures.py'"
        );
        Ok(FigureCommand { line: line.to_owned(), words })
    }

    /// The figure functions of the program, which is started to ask for them.
    ///
    /// # Errors
    /// A program that does not start, or does not say what it draws.
    pub fn functions(&self) -> Result<Vec<FigureFn>> {
        functions(self.words.clone()).with_context(|| format!("--figure-cmd {:?}", self.line))
    }
}

fn functions(words: Vec<String>) -> Result<Vec<FigureFn>> {
    let helper = tempfile::tempdir().context("no temporary directory for Python's side of the protocol")?;
    std::fs::write(helper.path().join(HELPER.0), HELPER.1).context("cannot write Python's side of the protocol")?;
    let pool = Pool { words, idle: Mutex::default(), helper };
    let (child, greeting) = pool.start()?;
    let Greeting { lens_figures: version, functions } = greeting;
    ensure!(version == 1, "it speaks version {version} of the protocol; this program speaks version 1");
    ensure!(!functions.is_empty(), "it registers no figure function");
    pool.put_back(child);
    let pool = Arc::new(pool);
    functions.into_iter().map(|said| function(said, &pool)).collect()
}

fn function(said: Said, pool: &Arc<Pool>) -> Result<FigureFn> {
    let Said { name, doc, source, code, figures, format } = said;
    let format = format.map(|f| f.parse::<Format>()).transpose().with_context(|| format!("its function {name}"))?;
    let about = About { name: name.clone(), doc, source, code };
    let short: Vec<&str> = figures.iter().map(String::as_str).collect();
    let names: Vec<String> = match short.is_empty() {
        true => vec![name.clone()],
        false => short.iter().map(|figure| format!("{name}.{figure}")).collect(),
    };
    let pool = Arc::clone(pool);
    Ok(FigureFn::new(about, &short, format, move |pattern| pool.draw(&name, &names, pattern)))
}

impl Pool {
    fn start(&self) -> Result<(Child, Greeting)> {
        let mut path = vec![self.helper.path().to_owned()];
        path.extend(std::env::var_os("PYTHONPATH").iter().flat_map(std::env::split_paths).collect::<Vec<PathBuf>>());
        Child::start(&self.words, &std::env::join_paths(path)?)
    }

    fn put_back(&self, child: Child) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(child);
    }

    /// A program that ended, or answered what is not understood, is not asked again; the next head starts another.
    fn draw(&self, function: &str, figures: &[String], pattern: &Pattern<'_>) -> Result<Vec<Picture>> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut child = match idle {
            Some(child) => child,
            None => self.start()?.0,
        };
        let mut npy = Vec::new();
        pattern.values.as_standard_layout().write_npy(&mut npy)?;
        let request = Request {
            function,
            model: pattern.model,
            layer: pattern.head.layer,
            head: pattern.head.head,
            prompt: pattern.prompt,
            tokens: pattern.labels,
            causal: pattern.causal,
            bytes: npy.len(),
        };
        let answer: Answer = child.ask(&request, &npy)?;
        let files = answer.files.iter().map(|file| child.take(file.bytes)).collect::<Result<Vec<_>>>()?;
        self.put_back(child);
        if let Some(error) = answer.error {
            bail!("{error}");
        }
        pictures(figures, answer.files.into_iter().zip(files))
    }
}

/// The pictures of `figures`, in their order, from a program's files.
fn pictures(figures: &[String], files: impl Iterator<Item = (File, Vec<u8>)>) -> Result<Vec<Picture>> {
    let mut drawn = BTreeMap::new();
    for (file, bytes) in files {
        let (figure, extension) = file.name.rsplit_once('.').unwrap_or((&file.name, ""));
        let format = extension.parse::<Format>().with_context(|| format!("the file {:?}", file.name))?;
        ensure!(
            figures.iter().any(|name| name == figure),
            "it drew {:?}; its figures are called {}, and their files .png, .svg or .svgz",
            file.name,
            figures.join(", ")
        );
        let bytes = match file.matrix {
            Some(style) => coloured(&bytes, style, format).with_context(|| format!("the matrix {figure}"))?,
            None => bytes,
        };
        ensure!(drawn.insert(figure.to_owned(), Picture { format, bytes }).is_none(), "it drew {figure} twice");
    }
    let missing = |figure: &String| format!("it drew no file {figure}.png, .svg or .svgz");
    figures.iter().map(|figure| drawn.remove(figure).with_context(|| missing(figure))).collect()
}

fn coloured(bytes: &[u8], style: Style, format: Format) -> Result<Vec<u8>> {
    let Style { normalize, cmap, diverging_colormap, normalize_min } = style;
    let matrix = npy::read(bytes)?.into_dimensionality::<Ix2>().context("a matrix has two axes")?;
    let matrix: ArrayView2<'_, f32> = matrix.view();
    image::heatmap(matrix, &Heatmap { format, normalize, cmap: cmap.into(), diverging_colormap, normalize_min })
}
