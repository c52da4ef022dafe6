//! The whole pipeline, timed from outside: the program as a user runs it, stage by stage and in one go.
//!
//! `cargo bench --bench pipeline` makes a random model of GPT-2-small's shape with prompts of 206 tokens on average.
//! `-- --model DIR --prompts FILE` times other input, for example the one that another program is timed on.

mod input;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Parser;

/// Times the stages and the whole pipeline
#[derive(Debug, Parser)]
struct Arguments {
    /// A model folder instead of the random model
    #[arg(long, requires = "prompts")]
    model: Option<PathBuf>,
    /// The prompts of that model
    #[arg(long, requires = "model")]
    prompts: Option<PathBuf>,
    /// How often everything is run; medians are printed
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Prompts
    #[arg(long, default_value_t = 50)]
    n_samples: usize,
    /// Passed by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

/// One finished run of the program.
#[derive(Clone, Copy)]
struct Run {
    wall: Duration,
    /// Largest resident set, in bytes.
    peak: u64,
}

#[allow(clippy::print_stdout, reason = "a benchmark prints its result")]
fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench");
    std::fs::create_dir_all(&scratch)?;
    let (model, prompts) = match (arguments.model, arguments.prompts) {
        (Some(model), Some(prompts)) => (model.canonicalize()?, prompts.canonicalize()?),
        _ => input::make(&scratch.join("random-gpt2"))?,
    };
    let n = arguments.n_samples.to_string();
    let input = ["--model", text(&model)?, "--prompts", text(&prompts)?, "--n-samples", &n];
    // As pattern-lens filters: prompts of at least 100 characters, cut to pieces of 1000.
    let filter = ["--min-chars", "100", "--max-chars", "1000"];
    let raw = ["--figure-funcs", "raw"];
    let plans: [(&str, Vec<&str>); 4] = [
        ("activations", [&["activations"][..], &input, &filter].concat()),
        ("figures", [&["figures"][..], &raw].concat()),
        ("site", vec!["site"]),
        ("one pass", [&input[..], &filter, &raw].concat()),
    ];
    let mut runs: [Vec<Run>; 4] = Default::default();
    for round in 0..arguments.runs {
        let mut stages = Duration::ZERO;
        for (i, (name, plan)) in plans.iter().enumerate() {
            // The first three stages share a data directory; the one pass starts afresh.
            let folder = scratch.join(if i < 3 { "stages" } else { "pass" });
            if i == 0 || i == 3 {
                remove(&folder)?;
                std::fs::create_dir_all(&folder)?;
            }
            let run = time(plan, &folder).with_context(|| format!("the run of {name}"))?;
            println!("run {} {name:<12} {:>7.2} s  {:>6} MiB", round + 1, run.wall.as_secs_f64(), run.peak >> 20);
            stages += if i < 3 { run.wall } else { Duration::ZERO };
            runs[i].push(run);
        }
        println!("run {} stages       {:>7.2} s", round + 1, stages.as_secs_f64());
    }
    println!("\nmedian of {} runs, {} prompts", arguments.runs, n);
    for ((name, _), runs) in plans.iter().zip(&mut runs) {
        runs.sort_by_key(|run| run.wall);
        let peak = runs.iter().map(|run| run.peak).max().unwrap_or(0);
        println!("{name:<12} {:>7.2} s  {:>6} MiB", runs[runs.len() / 2].wall.as_secs_f64(), peak >> 20);
    }
    Ok(())
}

/// Runs the program in `folder` and watches its memory. Linux tells the largest resident set so far in `/proc`.
fn time(arguments: &[&str], folder: &Path) -> Result<Run> {
    let begin = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_lens-build"))
        .args(arguments)
        .args(["--quiet"])
        .current_dir(folder)
        .stdout(Stdio::null())
        .spawn()
        .context("cannot start the program")?;
    let mut peak = 0;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        peak = peak.max(high_water(child.id()).unwrap_or(0));
        std::thread::sleep(Duration::from_millis(5));
    };
    let wall = begin.elapsed();
    ensure!(status.success(), "lens-build {} ended with {status}", arguments.join(" "));
    Ok(Run { wall, peak })
}

/// Largest resident set of a running process so far, in bytes.
fn high_water(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? << 10)
}

fn remove(folder: &Path) -> Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e.into()),
        _ => Ok(()),
    }
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().with_context(|| format!("{} is not UTF-8", path.display()))
}
