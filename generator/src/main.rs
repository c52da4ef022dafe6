//! The command line: parse, run, print. All printing of the program is in here and in [`console`].
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod console;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result};
use clap::{CommandFactory as _, FromArgMatches as _};
use console::Console;
use lens_build::cli::{Cli, Command, ModelsArgs, OutputArgs, ServeArgs};
use lens_build::data::DataDir;
use lens_build::data::lock::Lock;
use lens_build::plan::Plan;
use lens_build::serve::Server;
use lens_build::{demo, figure, model, pipeline};

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(e) => {
            eprintln!("error: {e:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether everything succeeded.
fn run() -> Result<bool> {
    let cli = parse();
    let output = cli.output;
    match cli.command {
        None => build(&Plan::build(cli.build)?, output),
        Some(Command::Activations(args)) => build(&Plan::activations(args)?, output),
        Some(Command::Figures(args)) if args.list => list_figures(args.json),
        Some(Command::Figures(args)) => build(&Plan::figures(args)?, output),
        Some(Command::Site(args)) => build(&Plan::site(args), output),
        Some(Command::Index(args)) => index(&args.save_path),
        Some(Command::Serve(args)) => serve(&args),
        Some(Command::Models(args)) => list_models(&args),
        Some(Command::Completions { shell }) => {
            clap_complete::generate(shell, &mut Cli::command(), "lens-build", &mut std::io::stdout());
            Ok(true)
        }
    }
}

/// Colours have to be known before the first error is printed, so they are looked up in the raw arguments.
fn parse() -> Cli {
    let arguments: Vec<_> = std::env::args_os().collect();
    let choice = arguments.iter().zip(arguments.iter().skip(1)).find(|(flag, _)| *flag == "--color");
    let color = match choice.map(|(_, value)| value.to_string_lossy()).as_deref() {
        Some("always") => clap::ColorChoice::Always,
        Some("never") => clap::ColorChoice::Never,
        _ => clap::ColorChoice::Auto,
    };
    let matches = Cli::command().color(color).get_matches_from(arguments);
    Cli::from_arg_matches(&matches).unwrap_or_else(|e| e.exit())
}

fn build(plan: &Plan, output: OutputArgs) -> Result<bool> {
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    ctrlc::set_handler(move || asked.store(true, Ordering::Relaxed)).context("cannot listen for Ctrl-C")?;
    rayon::ThreadPoolBuilder::new().num_threads(plan.jobs).build_global().context("cannot start the worker threads")?;
    let console = Console::new(output);
    let result = pipeline::run(plan, &console, &stop);
    console.end();
    let summary = result?;
    for failure in &summary.failures {
        eprintln!("failed: {failure}");
    }
    if !output.quiet {
        println!("prompts: {} run, {} already there", summary.computed, summary.kept);
        if let Some(site) = &summary.site {
            println!("site: {} ({} files, {})", site.out.display(), site.files, console::bytes(site.bytes));
            site.notes.iter().for_each(|note| eprintln!("note: {note}"));
        }
    }
    if !summary.failures.is_empty() {
        eprintln!("error: {} of the work failed (see above); the rest is finished and kept", summary.failures.len());
    }
    Ok(summary.failures.is_empty())
}

fn index(save_path: &std::path::Path) -> Result<bool> {
    let data = DataDir::new(save_path)?;
    anyhow::ensure!(
        save_path.is_dir(),
        "{} does not exist; name the data directory with --save-path",
        save_path.display()
    );
    let _lock = Lock::take(save_path)?;
    let models = data.write_models_index()?;
    for model in &models {
        let prompts = data.write_prompts_index(&model.dir(), &[])?;
        println!("{}: {} prompts", model.dir(), prompts.len());
    }
    let figures: Vec<_> = figure::REGISTRY.iter().map(figure::FigureFn::entry).collect();
    data.write_figures_index(&figures)?;
    Ok(true)
}

fn serve(args: &ServeArgs) -> Result<bool> {
    let server = Server::bind(&args.out, &args.host, args.port)?;
    println!("{} serves {} (Ctrl-C stops)", server.url(), args.out.display());
    if args.open {
        console::open_browser(&server.url())?;
    }
    server.run()?;
    Ok(true)
}

fn list_figures(json: bool) -> Result<bool> {
    for figure in figure::REGISTRY {
        match json {
            true => println!("{}", serde_json::to_string(&figure.entry())?),
            false => println!("{}  {}", figure.name, figure.doc().lines().next().unwrap_or_default()),
        }
    }
    Ok(true)
}

fn list_models(args: &ModelsArgs) -> Result<bool> {
    let matches = |name: &str| args.pattern.as_ref().is_none_or(|p| name.contains(p.as_str()));
    let built_in: Vec<_> = demo::models().iter().filter(|m| matches(m.name)).collect();
    let architectures: Vec<_> = model::arch::model_types().filter(|name| matches(name)).collect();
    if args.json {
        let built_in: Vec<_> =
            built_in.iter().map(|m| serde_json::json!({"name": m.name, "description": m.description})).collect();
        println!("{}", serde_json::json!({"built_in": built_in, "architectures": architectures}));
        return Ok(true);
    }
    println!("Built-in models:");
    built_in.iter().for_each(|m| println!("  {}  {}", m.name, m.description));
    println!("Architectures (model_type of a local folder's config.json):");
    architectures.iter().for_each(|name| println!("  {name}"));
    Ok(true)
}
