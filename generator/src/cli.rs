//! What the user typed: every command and flag, as data from which help and completions derive.

use std::ops::RangeBounds;
use std::path::PathBuf;

use clap::builder::{NonEmptyStringValueParser, RangedU64ValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::tokens::PrependBos;

/// Run language models on prompts, keep every head's attention pattern, and emit a static site to browse them.
///
/// Without a command, the whole pipeline runs: activations, figures, site.
#[derive(Debug, Parser)]
#[command(name = "lens-build", version, args_conflicts_with_subcommands = true, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub build: BuildArgs,
    /// Colours of messages
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value = "auto")]
    pub color: clap::ColorChoice,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run models, keep attention patterns in the data directory
    Activations(ActivationsArgs),
    /// Draw figures and compute head scores from kept patterns
    Figures(FiguresArgs),
    /// Emit the static site from the data directory
    Site(SiteCommandArgs),
    /// Rebuild the jsonl indexes by walking the data directory
    Index(IndexArgs),
    /// Serve a site that was built
    Serve(ServeArgs),
    /// What can be run: built-in models, architectures, known names, and what the hub's cache has
    Models(ModelsArgs),
    /// Print a shell's completions
    Completions { shell: clap_complete::Shell },
}

/// The whole pipeline.
#[derive(Debug, Args)]
pub struct BuildArgs {
    #[command(flatten)]
    pub activations: ActivationsArgs,
    #[command(flatten)]
    pub figures: FigureSelection,
    #[command(flatten)]
    pub site: SiteArgs,
}

#[derive(Debug, Args)]
pub struct ActivationsArgs {
    #[command(flatten)]
    pub data: DataArgs,
    #[command(flatten)]
    pub models: ModelSelection,
    /// Revision of a model of the hub: a branch, a tag or a commit, such as step1000
    #[arg(long, value_name = "REV")]
    pub revision: Option<String>,
    #[command(flatten)]
    pub prompts: PromptArgs,
    #[command(flatten)]
    pub run: RunArgs,
    #[command(flatten)]
    pub work: WorkArgs,
}

#[derive(Debug, Args)]
pub struct FiguresArgs {
    #[command(flatten)]
    pub data: DataArgs,
    #[command(flatten)]
    pub models: ModelSelection,
    #[command(flatten)]
    pub first: FirstN,
    #[command(flatten)]
    pub figures: FigureSelection,
    #[command(flatten)]
    pub work: WorkArgs,
    /// List the registered figure functions instead
    #[arg(long, conflicts_with_all = ["save_path", "models", "n_samples", "force", "jobs", "quiet", "verbose", "progress"])]
    pub list: bool,
    /// With --list: as JSON
    #[arg(long, requires = "list")]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct SiteCommandArgs {
    #[command(flatten)]
    pub data: DataArgs,
    #[command(flatten)]
    pub models: ModelSelection,
    #[command(flatten)]
    pub first: FirstN,
    #[command(flatten)]
    pub site: SiteArgs,
    #[command(flatten)]
    pub jobs: Jobs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
pub struct IndexArgs {
    #[command(flatten)]
    pub data: DataArgs,
    #[command(flatten)]
    pub models: ModelSelection,
    #[command(flatten)]
    pub quiet: Quiet,
}

#[derive(Debug, Args)]
pub struct DataArgs {
    /// The data directory
    #[arg(short, long, value_name = "DIR", default_value = "attn_data")]
    pub save_path: PathBuf,
}

#[derive(Debug, Args)]
pub struct ModelSelection {
    /// A built-in model, a local model folder, a TransformerLens name or a hub id; repeatable, or separated by commas,
    /// which a folder's name may have too
    #[arg(short, long = "model", value_name = "NAME")]
    pub models: Vec<String>,
}

#[derive(Debug, Args)]
pub struct FirstN {
    /// Only the first N prompts of each model
    #[arg(short = 'n', long, value_name = "N", value_parser = number(1..))]
    pub n_samples: Option<usize>,
}

#[derive(Debug, Args)]
pub struct PromptArgs {
    /// `.jsonl` with a `text` key per line, or `.txt` with blank lines between prompts; `-` is standard input;
    /// repeatable
    #[arg(short, long, value_name = "FILE")]
    pub prompts: Vec<PathBuf>,
    /// Drop shorter prompts [default: 100 with a prompt file]
    #[arg(long, value_name = "N")]
    pub min_chars: Option<usize>,
    /// Cut longer prompts in pieces of N characters [default: 1000 with a prompt file]
    #[arg(long, value_name = "N", value_parser = number(1..))]
    pub max_chars: Option<usize>,
    /// Only the first N prompts after filtering
    #[arg(short = 'n', long, value_name = "N", value_parser = number(1..))]
    pub n_samples: Option<usize>,
    /// Shuffle before -n, reproducibly
    #[arg(long)]
    pub shuffle: bool,
    /// Seed of --shuffle
    #[arg(long, value_name = "N", default_value_t = 0, requires = "shuffle")]
    pub seed: u64,
    /// Accepted as in pattern-lens: a prompts file is always treated as raw
    #[arg(short, long)]
    pub raw_prompts: bool,
}

#[derive(Debug, Args)]
pub struct RunArgs {
    /// Prompts per forward pass [default: chosen from memory]
    #[arg(short, long, value_name = "N", value_parser = number(1..))]
    pub batch_size: Option<usize>,
    /// Cut a prompt to N tokens [default: the model's context]
    #[arg(long, value_name = "N", value_parser = number(1..))]
    pub max_tokens: Option<usize>,
    /// Whether a beginning-of-sequence token comes first
    #[arg(long, value_enum, default_value = "auto")]
    pub prepend_bos: PrependBos,
    /// Where to compute: auto, cpu, cuda[:N] or metal
    #[arg(long, default_value = "auto")]
    pub device: String,
    /// Of the weights, and on a GPU of the activations; patterns are f32 always
    #[arg(long, value_enum, default_value = "f32")]
    pub dtype: Dtype,
    /// Of activations.npz: 0 stores, 1 drops zeros only, 9 is smallest
    #[arg(long, value_name = "LEVEL", default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=9))]
    pub compress_level: u32,
    /// Keep patterns as one stacked .npy per prompt instead of the .npz
    #[arg(long)]
    pub stacked_heads: bool,
}

#[derive(Debug, Args)]
pub struct WorkArgs {
    /// Recompute what is already there
    #[arg(short, long)]
    pub force: bool,
    #[command(flatten)]
    pub jobs: Jobs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
pub struct Jobs {
    /// Worker threads, at most 1024 [default: $RAYON_NUM_THREADS, else all cores]
    #[arg(short, long, value_name = "N", value_parser = number(1..=1024))]
    pub jobs: Option<usize>,
}

#[derive(Debug, Args)]
pub struct FigureSelection {
    /// Which figure functions, as globs; '*' is all that `figures --list` lists [default: raw, and one's own]
    #[arg(long, value_name = "GLOB", value_delimiter = ',')]
    pub figure_funcs: Vec<String>,
    /// A figure of one's own, as a matrix expression over the pattern A: 'log=log10(A + 1e-8)'; repeatable
    #[arg(long, value_name = "NAME=EXPR")]
    pub figure_expr: Vec<String>,
    /// A program that draws figures of one's own: 'python my_figures.py', which imports lens_figures; repeatable
    #[arg(long, value_name = "CMD")]
    pub figure_cmd: Vec<String>,
}

#[derive(Debug, Args)]
pub struct SiteArgs {
    /// The site
    #[arg(short, long, value_name = "DIR", default_value = "site")]
    pub out: PathBuf,
    /// Data without pages
    #[arg(long)]
    pub no_index_html: bool,
    /// How exactly the site keeps values
    #[arg(long, value_enum, default_value = "exact")]
    pub precision: Precision,
    /// The site's title
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// Templates that override the built-in ones by name
    #[arg(long, value_name = "DIR")]
    pub templates: Option<PathBuf>,
    /// Where the site will be published, for absolute links
    #[arg(long, value_name = "URL", value_parser = crate::site::base_url)]
    pub base_url: Option<String>,
    /// A built viewer that takes the place of the built-in one
    #[arg(long, value_name = "DIR")]
    pub viewer: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The site
    #[arg(short, long, value_name = "DIR", default_value = "site")]
    pub out: PathBuf,
    /// Address to listen at; 0.0.0.0 lets other machines in
    #[arg(long, default_value = "127.0.0.1", value_parser = NonEmptyStringValueParser::new())]
    pub host: String,
    /// Port to listen at; 0 takes any free one
    #[arg(long, default_value_t = 8000)]
    pub port: u16,
    /// Open the site in a browser
    #[arg(long)]
    pub open: bool,
}

#[derive(Debug, Args)]
pub struct ModelsArgs {
    /// Only what contains this text or matches this glob, in full; '*' is everything
    #[arg(value_parser = glob)]
    pub pattern: Option<String>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// What is printed. Results go to standard output, progress and diagnostics to standard error.
#[derive(Debug, Clone, Copy, Args)]
pub struct OutputArgs {
    #[command(flatten)]
    pub quiet: Quiet,
    /// Print every prompt as it is finished
    #[arg(short, long, conflicts_with = "quiet")]
    pub verbose: bool,
    /// How progress is shown
    #[arg(long, value_enum, value_name = "STYLE", default_value = "auto")]
    pub progress: ProgressStyle,
}

#[derive(Debug, Clone, Copy, Args)]
pub struct Quiet {
    /// Print errors only
    #[arg(short, long)]
    pub quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProgressStyle {
    /// A bar on a terminal, plain lines elsewhere
    Auto,
    /// A line now and then
    Plain,
    /// Nothing
    None,
    /// One JSON object per line, of messages too
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Dtype {
    F32,
    F16,
    Bf16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Precision {
    /// 8 bits: within 0.008 for prompts of up to 128 tokens, pictures of longer ones; smallest
    Overview,
    /// 16 bits: within 0.000016
    Exact,
    /// All 32 bits; largest
    F32,
}

fn number(range: impl RangeBounds<u64>) -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(range)
}

fn glob(text: &str) -> Result<String, globset::Error> {
    globset::Glob::new(text).map(|_| text.to_owned())
}
