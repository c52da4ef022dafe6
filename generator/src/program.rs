//! The command line: parse, run, print. All printing is in here and in [`console`].

mod console;
mod listing;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result, ensure};
use clap::{ColorChoice, CommandFactory as _, FromArgMatches as _};
use console::{Console, Kind, print, tell};

use crate::cli::{Cli, Command, FiguresArgs, IndexArgs, ModelsArgs, OutputArgs, ServeArgs};
use crate::figure::{FigureFn, Registry};
use crate::model::catalog::Catalog;
use crate::model::hub::settings::Settings;
use crate::plan::{Input, Plan, WrongUsage};
use crate::serve::Server;
use crate::{memory, pipeline, plan};

/// The whole program: reads the arguments, does what they ask for, and prints. To be called by `main`, once.
///
/// `figures` are figure functions of one's own. They join those of the library: everything that takes
/// `--figure-funcs` knows them, and they are drawn where nothing else is asked for. One that has the name of another
/// takes its place.
///
/// `examples/custom_figures.rs` is a complete program of this kind.
pub fn run(figures: impl IntoIterator<Item = FigureFn>) -> ExitCode {
    memory::keep_freed();
    match Registry::with(figures).and_then(|registry| carry_out(&registry)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(e) => {
            tell(Kind::Error, format!("{e:#}"));
            ExitCode::from(if e.is::<WrongUsage>() { 2 } else { 1 })
        }
    }
}

/// Whether everything succeeded.
fn carry_out(registry: &Registry) -> Result<bool> {
    let cli = parse();
    match cli.command {
        None => build(cli.build.activations.work.output, || Plan::build(cli.build, registry)),
        Some(Command::Activations(args)) => build(args.work.output, || Plan::activations(args, registry)),
        Some(Command::Figures(args)) if args.list => list_figures(&args, registry),
        Some(Command::Figures(args)) => build(args.work.output, || Plan::figures(args, registry)),
        Some(Command::Site(args)) => build(args.output, || Plan::site(args, registry)),
        Some(Command::Index(args)) => index(&args, registry),
        Some(Command::Serve(args)) => serve(&args),
        Some(Command::Models(args)) => list_models(&args),
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "lens-build", &mut script);
            print(String::from_utf8(script)?.trim_end())?;
            Ok(true)
        }
    }
}

/// Colours have to be known before the first error is printed, so they are looked up in the raw arguments.
fn parse() -> Cli {
    let arguments: Vec<_> = std::env::args_os().collect();
    let texts: Vec<_> = arguments.iter().map(|a| a.to_string_lossy()).collect();
    let next = texts.iter().skip(1).map(AsRef::as_ref).chain([""]);
    let given = |(flag, next)| match flag {
        "--color" => Some(next),
        _ => str::strip_prefix(flag, "--color="),
    };
    let choice = match texts.iter().map(AsRef::as_ref).zip(next).find_map(given) {
        Some("always") => ColorChoice::Always,
        Some("never") => ColorChoice::Never,
        _ => ColorChoice::Auto,
    };
    console::set_color(choice);
    let matches = Cli::command().color(choice).get_matches_from(arguments);
    Cli::from_arg_matches(&matches).unwrap_or_else(|e| e.exit())
}

fn build(output: OutputArgs, plan: impl FnOnce() -> Result<Plan>) -> Result<bool> {
    console::set_form(output);
    let plan = plan()?;
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    let interrupted = move || {
        if asked.swap(true, Ordering::Relaxed) {
            // Files appear whole or not at all, so this is safe at any time.
            std::process::exit(1);
        }
        if !output.quiet.quiet {
            tell(Kind::Note, "stopping when the work at hand is done; once more stops at once");
        }
    };
    ctrlc::set_handler(interrupted).context("cannot listen for Ctrl-C")?;
    rayon::ThreadPoolBuilder::new().num_threads(plan.jobs).build_global().context("cannot start the worker threads")?;
    let console = Console::new(output);
    let result = pipeline::run(&plan, &console, &stop);
    console.end();
    let summary = result?;
    for failure in &summary.failures {
        tell(Kind::Failed, failure);
    }
    if !output.quiet.quiet {
        if matches!(plan.input, Input::Run(_)) {
            print(format!("prompts: {} run, {} already there", summary.computed, summary.kept))?;
        }
        if plan.figures.is_some() {
            print(format!("figures: {} drawn, {} already there", summary.drawn, summary.figures_kept))?;
            print(format!("scores: {} computed, {} already there", summary.scored, summary.scores_kept))?;
        }
        if let Some(site) = &summary.site {
            print(format!("site: {} ({} files, {})", site.out.display(), site.files, console::bytes(site.bytes)))?;
            site.notes.iter().for_each(|note| tell(Kind::Note, note));
        }
    }
    match summary.failures.len() {
        0 => return Ok(true),
        1 => tell(Kind::Error, "1 failure, named above; the rest is finished and kept"),
        n => tell(Kind::Error, format!("{n} failures, named above; the rest is finished and kept")),
    }
    Ok(false)
}

fn index(args: &IndexArgs, registry: &Registry) -> Result<bool> {
    let models = plan::model_names(&args.models)?;
    for (model, n_prompts) in pipeline::index(&args.data.save_path, &models, registry)? {
        if !args.quiet.quiet {
            print(format!("{model}: {n_prompts} prompts"))?;
        }
    }
    Ok(true)
}

fn serve(args: &ServeArgs) -> Result<bool> {
    let server = Server::bind(&args.out, &args.host, args.port)?;
    print(format!("{} serves {} (Ctrl-C stops)", server.url(), args.out.display()))?;
    if args.open
        && let Err(e) = console::open_browser(&server.url())
    {
        tell(Kind::Note, format!("{e:#}"));
    }
    server.run()?;
    Ok(true)
}

fn list_figures(args: &FiguresArgs, registry: &Registry) -> Result<bool> {
    let figures = match args.figures.figure_funcs.is_empty() {
        true => plan::registry(&args.figures, registry)?.all().to_vec(),
        false => plan::figures(&args.figures, registry)?,
    };
    if args.json {
        let entries: Vec<_> = figures.iter().flat_map(FigureFn::entries).collect();
        print(serde_json::to_string(&entries)?)?;
        return Ok(true);
    }
    let width = figures.iter().map(|f| f.name().len()).max().unwrap_or(0);
    for figure in &figures {
        let mark = if figure.is_default() { '*' } else { ' ' };
        let first = figure.doc().lines().next().unwrap_or_default();
        print(format!("{mark} {:width$}  {first}", figure.name()))?;
    }
    print("\n* drawn unless --figure-funcs says otherwise; --figure-funcs '*' draws all")?;
    Ok(true)
}

fn list_models(args: &ModelsArgs) -> Result<bool> {
    let catalog = Catalog::of(args.pattern.as_deref().unwrap_or_default(), &Settings::from_env())?;
    if args.json {
        print(serde_json::to_string(&catalog)?)?;
        return Ok(true);
    }
    let Some(pattern) = &args.pattern else {
        print(listing::overview(&catalog))?;
        return Ok(true);
    };
    ensure!(
        !catalog.is_empty(),
        "nothing that can be run is called {pattern:?}; `lens-build models '*'` lists everything"
    );
    print(listing::table(&catalog))?;
    Ok(true)
}
