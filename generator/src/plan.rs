//! From what the user typed to what will be done: validated and resolved, nothing run yet.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use candle_core::{DType, Device};

use crate::cli::{self, ActivationsArgs, BuildArgs, FiguresArgs, SiteArgs, SiteCommandArgs};
use crate::data::PatternFormat;
use crate::demo;
use crate::figure::{self, FigureFn};
use crate::model::LoadOptions;
use crate::model::files::ModelFiles;
use crate::prompt::Selection;
use crate::site::SiteOptions;
use crate::tokens::PrependBos;

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

impl Plan {
    /// The whole pipeline.
    pub fn build(args: BuildArgs) -> Result<Plan> {
        let mut plan = Self::activations(args.activations)?;
        plan.figures = Some(figure::select(&args.figures.figure_funcs)?);
        plan.site = Some(site(args.site));
        Ok(plan)
    }

    pub fn activations(args: ActivationsArgs) -> Result<Plan> {
        let models = match args.models.models.as_slice() {
            [] => demo::models().iter().map(demo::DemoModel::files).collect(),
            names => names.iter().map(|name| find_model(name)).collect::<Result<Vec<_>>>()?,
        };
        let from_file = !args.prompts.prompts.is_empty();
        let selection = Selection {
            min_chars: args.prompts.min_chars.unwrap_or(if from_file { 100 } else { 0 }),
            max_chars: args.prompts.max_chars.or(from_file.then_some(1000)),
            n_samples: args.prompts.n_samples,
            shuffle: args.prompts.shuffle.then_some(args.prompts.seed),
        };
        let format = match args.run.stacked_heads {
            true => PatternFormat::Stacked,
            false => PatternFormat::Npz { level: args.run.compress_level },
        };
        let run = RunPlan {
            models,
            prompts: args.prompts.prompts,
            selection,
            batch_size: args.run.batch_size,
            max_tokens: args.run.max_tokens,
            prepend_bos: args.run.prepend_bos,
            load: LoadOptions { device: device(&args.run.device)?, dtype: dtype(args.run.dtype) },
            format,
        };
        Ok(Plan {
            data: args.data.save_path,
            input: Input::Run(Box::new(run)),
            figures: None,
            site: None,
            force: args.work.force,
            jobs: jobs(&args.work.jobs),
        })
    }

    pub fn figures(args: FiguresArgs) -> Result<Plan> {
        Ok(Plan {
            data: args.data.save_path,
            input: Input::Kept { models: args.models.models, n_samples: args.first.n_samples },
            figures: Some(figure::select(&args.figures.figure_funcs)?),
            site: None,
            force: args.work.force,
            jobs: jobs(&args.work.jobs),
        })
    }

    pub fn site(args: SiteCommandArgs) -> Plan {
        Plan {
            data: args.data.save_path,
            input: Input::Kept { models: args.models.models, n_samples: args.first.n_samples },
            figures: None,
            site: Some(site(args.site)),
            force: false,
            jobs: jobs(&args.jobs),
        }
    }
}

fn site(args: SiteArgs) -> (PathBuf, SiteOptions) {
    let options = SiteOptions {
        title: args.title,
        templates: args.templates,
        base_url: args.base_url,
        viewer: args.viewer,
        no_pages: args.no_index_html,
    };
    (args.out, options)
}

fn jobs(args: &cli::Jobs) -> usize {
    args.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
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
    let names = demo::models().iter().map(|m| m.name).collect::<Vec<_>>();
    let near = names.iter().filter(|n| strsim::jaro_winkler(n, name) > 0.8).copied().collect::<Vec<_>>();
    let built_in = format!("built in are {}", names.join(", "));
    let hint = if near.is_empty() { built_in } else { format!("did you mean {}?", near.join(" or ")) };
    Err(anyhow!(
        "--model {name}: neither a built-in model nor a folder; {hint} \
         This version does not download models: give the folder that has config.json and the weights"
    ))
}

fn device(name: &str) -> Result<Device> {
    match name {
        "auto" | "cpu" => Ok(Device::Cpu),
        _ if name == "metal" || name == "cuda" || name.starts_with("cuda:") => {
            bail!("--device {name}: this build computes on the CPU only; use --device cpu")
        }
        _ => bail!("--device {name}: no such device; use auto, cpu, cuda, cuda:N or metal"),
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
    fn unknown_models_get_near_names() {
        let name = demo::models()[0].name;
        let error = find_model(&format!("{name}x")).unwrap_err().to_string();
        assert!(error.contains(&format!("did you mean {name}")), "{error}");
        let error = find_model("zzz/qqq").unwrap_err().to_string();
        assert!(error.contains("built in are"), "{error}");
    }

    #[test]
    fn devices_are_checked() {
        assert!(device("auto").is_ok());
        assert!(device("cuda:1").unwrap_err().to_string().contains("--device cpu"));
        assert!(device("tpu").unwrap_err().to_string().contains("no such device"));
    }
}
