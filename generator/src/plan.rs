//! From what the user typed to what will be done: validated and resolved, nothing run yet.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use candle_core::{DType, Device};
use lens_schema::path::sanitize_name;
use lens_schema::{FigureEntry, Precision};

use crate::cli::{self, ActivationsArgs, BuildArgs, FiguresArgs, SiteArgs, SiteCommandArgs};
use crate::data::PatternFormat;
use crate::figure::{self, FigureCommand, FigureFn, Registry};
use crate::model::LoadOptions;
use crate::model::device::DeviceChoice;
use crate::model::source::ModelSource;
use crate::prompt::Selection;
use crate::site::SiteOptions;
use crate::tokens::PrependBos;
use crate::{demo, fs};

/// What one run does.
#[derive(Debug)]
pub struct Plan {
    /// The data directory.
    pub data: PathBuf,
    pub input: Input,
    /// Figure functions to draw; `None` if figures are not asked for.
    pub figures: Option<Vec<FigureFn>>,
    /// Figures that the viewer draws from the patterns themselves: a site shows them, drawn or not.
    pub derived: Vec<FigureEntry>,
    pub site: Option<(PathBuf, SiteOptions)>,
    pub force: bool,
    /// Worker threads; 0 leaves the choice to rayon, which honours `RAYON_NUM_THREADS`.
    pub jobs: usize,
}

/// Where the patterns come from.
#[derive(Debug)]
pub enum Input {
    Run(Box<RunPlan>),
    /// What the data directory has: of these models (all if none is named), the first `n_samples` prompts.
    Kept {
        models: Vec<String>,
        n_samples: Option<usize>,
    },
}

/// Models to run, on what, and how.
#[derive(Debug)]
pub struct RunPlan {
    pub models: Vec<ModelSource>,
    /// Prompt files; if empty, the data directory's prompts, else the built-in ones.
    pub prompts: Vec<PathBuf>,
    pub selection: Selection,
    pub batch_size: Option<usize>,
    pub max_tokens: Option<usize>,
    pub prepend_bos: PrependBos,
    pub load: LoadOptions,
    pub format: PatternFormat,
}

/// What the user typed cannot be meant, whatever the machine, its files and its devices are.
#[derive(Debug)]
pub struct WrongUsage(String);

impl fmt::Display for WrongUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WrongUsage {}

fn wrong_usage(what: impl fmt::Display) -> anyhow::Error {
    WrongUsage(what.to_string()).into()
}

impl Plan {
    /// The whole pipeline.
    pub fn build(args: BuildArgs, registry: &Registry) -> Result<Plan> {
        let mut plan = Self::activations(args.activations, registry)?;
        plan.figures = Some(figures(&args.figures, registry)?);
        plan.site = Some(site(args.site, &plan.data)?);
        Ok(plan)
    }

    pub fn activations(args: ActivationsArgs, registry: &Registry) -> Result<Plan> {
        let from_file = !args.prompts.prompts.is_empty();
        let selection = Selection {
            min_chars: args.prompts.min_chars.unwrap_or(if from_file { 100 } else { 0 }),
            max_chars: args.prompts.max_chars.or(from_file.then_some(1000)),
            n_samples: args.prompts.n_samples,
            shuffle: args.prompts.shuffle.then_some(args.prompts.seed),
        };
        selection.check().map_err(wrong_usage)?;
        let format = match args.run.stacked_heads {
            true => PatternFormat::Stacked,
            false => PatternFormat::Npz { level: args.run.compress_level },
        };
        let load = LoadOptions { device: device(&args.run.device)?, dtype: dtype(args.run.dtype) };
        let run = RunPlan {
            models: models(&model_names(&args.models)?, args.revision.as_deref())?,
            prompts: args.prompts.prompts,
            selection,
            batch_size: args.run.batch_size,
            max_tokens: args.run.max_tokens,
            prepend_bos: args.run.prepend_bos,
            load,
            format,
        };
        Ok(Plan {
            data: args.data.save_path,
            input: Input::Run(Box::new(run)),
            figures: None,
            derived: registry.derived(),
            site: None,
            force: args.work.force,
            jobs: args.work.jobs.jobs.unwrap_or(0),
        })
    }

    pub fn figures(args: FiguresArgs, registry: &Registry) -> Result<Plan> {
        Ok(Plan {
            data: args.data.save_path,
            input: Input::Kept { models: model_names(&args.models)?, n_samples: args.first.n_samples },
            figures: Some(figures(&args.figures, registry)?),
            derived: registry.derived(),
            site: None,
            force: args.work.force,
            jobs: args.work.jobs.jobs.unwrap_or(0),
        })
    }

    pub fn site(args: SiteCommandArgs, registry: &Registry) -> Result<Plan> {
        Ok(Plan {
            site: Some(site(args.site, &args.data.save_path)?),
            data: args.data.save_path,
            input: Input::Kept { models: model_names(&args.models)?, n_samples: args.first.n_samples },
            figures: None,
            derived: registry.derived(),
            force: false,
            jobs: args.jobs.jobs.unwrap_or(0),
        })
    }
}

/// All figure functions, those that the command line names or writes too.
pub fn registry(args: &cli::FigureSelection, registry: &Registry) -> Result<Registry> {
    let commands = parsed(&args.figure_cmd, FigureCommand::parse)?;
    let written = parsed(&args.figure_expr, figure::expression)?;
    // Programs are started only when all that was typed can be meant.
    let drawn_elsewhere = commands.iter().map(FigureCommand::functions).collect::<Result<Vec<_>>>()?;
    registry.and(drawn_elsewhere.into_iter().flatten().chain(written)).map_err(wrong_usage)
}

fn parsed<T>(texts: &[String], parse: impl Fn(&str) -> Result<T>) -> Result<Vec<T>> {
    texts.iter().map(|text| parse(text)).collect::<Result<_>>().map_err(wrong_usage)
}

/// The figure functions that are asked for: what is written on the command line is.
pub fn figures(args: &cli::FigureSelection, registry: &Registry) -> Result<Vec<FigureFn>> {
    let registry = self::registry(args, registry)?;
    let selected = registry.select(&args.figure_funcs).map_err(wrong_usage)?;
    let is_written =
        |f: &FigureFn| args.figure_expr.iter().any(|text| text.split('=').next().map(str::trim) == Some(f.name()));
    let is_selected = |f: &FigureFn| selected.iter().any(|s| s.name() == f.name());
    Ok(registry.all().iter().filter(|f| is_written(f) || is_selected(f)).cloned().collect())
}

fn site(args: SiteArgs, data: &Path) -> Result<(PathBuf, SiteOptions)> {
    // The site replaces all that its folder has.
    if fs::resolve(data).starts_with(fs::resolve(&args.out)) {
        let (out, data) = (args.out.display(), data.display());
        return Err(wrong_usage(format!(
            "--out {out}: the data directory {data} lies there; a site needs a directory of its own"
        )));
    }
    let options = SiteOptions {
        title: args.title,
        templates: args.templates,
        base_url: args.base_url,
        viewer: args.viewer,
        no_pages: args.no_index_html,
        precision: precision(args.precision),
    };
    Ok((args.out, options))
}

/// The names that `--model` lists. A value that is a folder is one name, whatever commas it has.
pub fn model_names(typed: &cli::ModelSelection) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for value in &typed.models {
        match Path::new(value).is_dir() {
            true => names.push(value.clone()),
            false => names.extend(value.split(',').map(str::to_owned)),
        }
        if names.iter().any(String::is_empty) {
            return Err(wrong_usage(format!("--model {value:?}: a name is missing")));
        }
    }
    Ok(names)
}

/// The models of these names, each once; without a name the built-in ones.
fn models(names: &[String], revision: Option<&str>) -> Result<Vec<ModelSource>> {
    if let Some(revision) = revision {
        check_revision(revision)?;
    }
    if names.is_empty() {
        if let Some(revision) = revision {
            return Err(wrong_usage(format!(
                "--revision {revision}: built-in models have no revisions; name a model of the hub with --model"
            )));
        }
        return Ok(demo::models().iter().map(|model| ModelSource::Files(model.files())).collect());
    }
    let mut models: Vec<ModelSource> = Vec::new();
    for name in names {
        let model = ModelSource::find(name, revision)?;
        if let (Some(revision), ModelSource::Files(files)) = (revision, &model) {
            return Err(wrong_usage(format!(
                "--revision {revision}: only models of the hub have revisions, and --model {name} is {}; leave one of \
                 the two out",
                files.place()
            )));
        }
        if models.iter().any(|other| other.is_same(&model)) {
            continue;
        }
        let dir = |model: &ModelSource| sanitize_name(model.name()).to_ascii_lowercase();
        if let Some(other) = models.iter().find(|other| dir(other) == dir(&model)) {
            return Err(wrong_usage(format!(
                "--model: {} and {} would share the folder {} of the data directory; rename one of them, or run them \
                 one by one, each with its own --save-path and --out",
                other.place(),
                model.place(),
                sanitize_name(model.name())
            )));
        }
        models.push(model);
    }
    Ok(models)
}

/// Whether a name can be that of a branch, a tag or a commit, and of a file in the cache.
fn check_revision(revision: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '@' | '=');
    let word = |part: &str| !part.is_empty() && !part.starts_with(['.', '-']) && part.chars().all(plain);
    let is_name = revision.split('/').all(word) && !revision.contains("..") && revision.len() <= 100;
    match is_name {
        true => Ok(()),
        false => Err(wrong_usage(format!("--revision {revision:?}: no branch, tag or commit can be called so"))),
    }
}

fn device(name: &str) -> Result<Device> {
    let choice: DeviceChoice = name.parse().map_err(|e| wrong_usage(format!("--device {name}: {e}")))?;
    choice.open().with_context(|| format!("--device {name}"))
}

fn precision(precision: cli::Precision) -> Precision {
    match precision {
        cli::Precision::Overview => Precision::Overview,
        cli::Precision::Exact => Precision::Exact,
        cli::Precision::F32 => Precision::F32,
    }
}

fn dtype(dtype: cli::Dtype) -> DType {
    match dtype {
        cli::Dtype::F32 => DType::F32,
        cli::Dtype::F16 => DType::F16,
        cli::Dtype::Bf16 => DType::BF16,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_run_once_and_no_two_share_a_folder() {
        let dir = tempfile::tempdir().unwrap();
        let folder = |name: &str| {
            let folder = dir.path().join(name);
            std::fs::create_dir_all(&folder).unwrap();
            folder.display().to_string()
        };
        let (one, again) = (folder("x/m"), format!("{}/", folder("x/m")));
        let built_in = demo::models()[0].name.to_owned();
        let models = |names: &[&String]| models(&names.iter().map(|n| (*n).clone()).collect::<Vec<_>>(), None);
        assert_eq!(models(&[&one, &again, &built_in, &built_in]).unwrap().len(), 2);
        let error = models(&[&one, &folder("y/M")]).unwrap_err();
        assert!(error.is::<WrongUsage>() && error.to_string().contains("would share the folder M"), "{error}");
        let hub = ["gpt2", "openai-community/gpt2", "gpt2-small", "EleutherAI/pythia-14m"].map(str::to_owned);
        assert_eq!(models(&hub.each_ref()).unwrap().len(), 2);
    }

    #[test]
    fn revisions_are_of_the_hub() {
        let models =
            |name: &[&str], revision| models(&name.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>(), revision);
        for good in ["main", "step1000", "refs/pr/1", "v1.0-rc_1", "3a4b5c6"] {
            assert!(models(&["pythia-14m"], Some(good)).is_ok(), "{good}");
        }
        for bad in ["", "../x", "a//b", "/a", "a b", ".x", "a?b", "a%2Fb", "-x"] {
            let error = models(&["pythia-14m"], Some(bad)).unwrap_err();
            assert!(error.is::<WrongUsage>() && error.to_string().contains("can be called so"), "{error}");
        }
        for names in [&[][..], &[demo::models()[0].name]] {
            let error = models(names, Some("step1000")).unwrap_err();
            assert!(error.is::<WrongUsage>() && error.to_string().contains("built-in"), "{error}");
        }
    }

    #[test]
    fn a_site_cannot_contain_its_data() {
        let args = |out: &str| SiteArgs {
            out: out.into(),
            no_index_html: false,
            precision: cli::Precision::Exact,
            title: None,
            templates: None,
            base_url: None,
            viewer: None,
        };
        assert!(site(args("site"), Path::new("attn_data")).is_ok());
        assert!(site(args("data/site"), Path::new("data")).is_ok());
        for (out, data) in [("same", "same"), ("a", "a/b"), ("x/./y/", "x/y"), (".", "attn_data")] {
            let error = site(args(out), Path::new(data)).unwrap_err().to_string();
            assert!(error.contains("a site needs a directory of its own"), "{error}");
        }
    }
}
