//! From what the user typed to what will be done: validated and resolved, nothing run yet.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use candle_core::{DType, Device};
use lens_schema::path::sanitize_name;

use crate::cli::{self, ActivationsArgs, BuildArgs, FiguresArgs, SiteArgs, SiteCommandArgs};
use crate::data::PatternFormat;
use crate::figure::{self, FigureFn};
use crate::model::LoadOptions;
use crate::model::device::DeviceChoice;
use crate::model::files::ModelFiles;
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
    pub figures: Option<Vec<&'static FigureFn>>,
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
    pub models: Vec<ModelFiles>,
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
    pub fn build(args: BuildArgs) -> Result<Plan> {
        let mut plan = Self::activations(args.activations)?;
        plan.figures = Some(figures(&args.figures)?);
        plan.site = Some(site(args.site, &plan.data)?);
        Ok(plan)
    }

    pub fn activations(args: ActivationsArgs) -> Result<Plan> {
        if let Some(revision) = args.revision {
            return Err(wrong_usage(format!(
                "--revision {revision}: only models of a hub have revisions, and this version reads built-in models \
                 and local folders; give the folder that has this revision with --model"
            )));
        }
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
            models: models(&args.models.models)?,
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
            site: None,
            force: args.work.force,
            jobs: args.work.jobs.jobs.unwrap_or(0),
        })
    }

    pub fn figures(args: FiguresArgs) -> Result<Plan> {
        Ok(Plan {
            data: args.data.save_path,
            input: Input::Kept { models: args.models.models, n_samples: args.first.n_samples },
            figures: Some(figures(&args.figures)?),
            site: None,
            force: args.work.force,
            jobs: args.work.jobs.jobs.unwrap_or(0),
        })
    }

    pub fn site(args: SiteCommandArgs) -> Result<Plan> {
        Ok(Plan {
            site: Some(site(args.site, &args.data.save_path)?),
            data: args.data.save_path,
            input: Input::Kept { models: args.models.models, n_samples: args.first.n_samples },
            figures: None,
            force: false,
            jobs: args.jobs.jobs.unwrap_or(0),
        })
    }
}

/// The figure functions that are asked for.
pub fn figures(args: &cli::FigureSelection) -> Result<Vec<&'static FigureFn>> {
    figure::select(&args.figure_funcs).map_err(wrong_usage)
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
    };
    Ok((args.out, options))
}

/// The models of these names, each once; without a name the built-in ones.
fn models(names: &[String]) -> Result<Vec<ModelFiles>> {
    if names.is_empty() {
        return Ok(demo::models().iter().map(demo::DemoModel::files).collect());
    }
    let mut models: Vec<ModelFiles> = Vec::new();
    for name in names {
        let model = find_model(name)?;
        if models.iter().any(|other| other.is_same_place(&model)) {
            continue;
        }
        let dir = |model: &ModelFiles| sanitize_name(&model.name).to_ascii_lowercase();
        if let Some(other) = models.iter().find(|other| dir(other) == dir(&model)) {
            return Err(wrong_usage(format!(
                "--model: {} and {} would share the folder {} of the data directory; rename one of them, or run them \
                 one by one, each with its own --save-path and --out",
                other.place(),
                model.place(),
                sanitize_name(&model.name)
            )));
        }
        models.push(model);
    }
    Ok(models)
}

/// A built-in model, or a local folder.
fn find_model(name: &str) -> Result<ModelFiles> {
    if let Some(model) = demo::models().iter().find(|m| m.name == name) {
        return Ok(model.files());
    }
    let path = Path::new(name);
    if path.is_dir() {
        return ModelFiles::folder(path);
    }
    ensure!(!path.exists(), "--model {name}: this is a file; give the folder that has config.json and the weights");
    let names = demo::models().iter().map(|m| m.name).collect::<Vec<_>>();
    let near = names.iter().filter(|n| strsim::jaro_winkler(n, name) > 0.8).copied().collect::<Vec<_>>();
    let hint = match near.is_empty() {
        true => format!("Built in are {}.", names.join(", ")),
        false => format!("Did you mean {}?", near.join(" or ")),
    };
    anyhow::bail!(
        "--model {name}: neither a built-in model nor a folder. {hint} \
         This version does not download models: give the folder that has config.json and the weights"
    )
}

fn device(name: &str) -> Result<Device> {
    let choice: DeviceChoice = name.parse().map_err(|e| wrong_usage(format!("--device {name}: {e}")))?;
    choice.open().with_context(|| format!("--device {name}"))
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
    fn unknown_models_get_near_names() {
        let name = demo::models()[0].name;
        let error = find_model(&format!("{name}x")).unwrap_err().to_string();
        assert!(error.contains(&format!("Did you mean {name}")), "{error}");
        let error = find_model("zzz/qqq").unwrap_err().to_string();
        assert!(error.contains("Built in are"), "{error}");
    }

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
        let models = |names: &[&String]| models(&names.iter().map(|n| (*n).clone()).collect::<Vec<_>>());
        assert_eq!(models(&[&one, &again, &built_in, &built_in]).unwrap().len(), 2);
        let error = models(&[&one, &folder("y/M")]).unwrap_err();
        assert!(error.is::<WrongUsage>() && error.to_string().contains("would share the folder M"), "{error}");
    }

    #[test]
    fn a_site_cannot_contain_its_data() {
        let args = |out: &str| SiteArgs {
            out: out.into(),
            no_index_html: false,
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
