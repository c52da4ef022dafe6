//! The HTML pages: templates, built in or the user's own, filled with what the site has.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use lens_schema::path::{ASSETS, INDEX_HTML, NOT_FOUND_HTML, SINGLE_HTML, SITEMAP};
use lens_schema::shard::Overview;
use lens_schema::{LayerHead, PatternId, PromptEntry, jsonl, path};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use rayon::prelude::*;
use serde::Serialize;

use super::SiteModel;
use super::assets::{Links, Viewer};
use super::escape::{self, Escaped};
use super::sheet::{self, Sheet};
use super::stage::Stage;

const TEMPLATES: [(&str, &str); 4] = [
    ("base.html", include_str!("../../../templates/base.html")),
    (INDEX_HTML, include_str!("../../../templates/index.html")),
    (SINGLE_HTML, include_str!("../../../templates/single.html")),
    (NOT_FOUND_HTML, include_str!("../../../templates/404.html")),
];

/// Prompts of each model that the pages list for readers without scripts, with a picture each.
const LISTED_PROMPTS: usize = 100;
/// Prompts that they list in all: of many models, fewer each.
const LISTED_IN_ALL: usize = 600;
/// Characters of each of them.
const LISTED_CHARS: usize = 300;

/// The pages of a site.
#[derive(Debug)]
pub struct Pages {
    templates: Environment<'static>,
    viewer: Option<Viewer>,
    /// Ends in `/`.
    base_url: Option<String>,
    notes: Vec<String>,
}

/// What a template sees.
#[derive(Debug, Serialize)]
struct Context<'a> {
    /// File name of the page.
    page: &'a str,
    title: &'a str,
    description: String,
    /// Where the site is published, with a final `/`.
    base_url: Option<&'a str>,
    /// What the page's relative links begin with.
    root: &'a str,
    generator: &'a str,
    models: &'a [Model],
    assets: &'a str,
    /// Names below `assets`; none if the site has no viewer.
    viewer: Option<&'a Links>,
    /// The picture that other sites show beside a link to this one; none without `base_url`.
    preview: Option<&'a Preview>,
    /// Indexes that the viewer reads first.
    preload: [&'a str; 3],
}

#[derive(Debug, Serialize)]
struct Model {
    name: String,
    n_layers: usize,
    n_heads: usize,
    n_prompts: usize,
    /// Its `prompts.jsonl`.
    url: String,
    /// The first [`LISTED_PROMPTS`].
    prompts: Vec<Prompt>,
}

#[derive(Debug, Serialize)]
struct Prompt {
    /// The first [`LISTED_CHARS`] characters.
    text: String,
    /// Whether the text goes on.
    is_cut: bool,
    /// Its `prompt.json`.
    url: String,
    /// Its first head in the viewer.
    single: String,
    sheet: Picture,
}

/// A contact sheet; see [`sheet`].
#[derive(Debug, Default, Serialize)]
struct Picture {
    url: String,
    width: usize,
    height: usize,
}

#[derive(Debug, Serialize)]
struct Preview {
    /// Absolute.
    url: String,
    width: usize,
    height: usize,
    /// Name of the model that is to be seen.
    model: String,
}

impl Pages {
    /// Loads and tries the templates, so that a mistake in one shows before any work is done.
    pub fn new(viewer: Option<Viewer>, templates: Option<&Path>, base_url: Option<&str>) -> Result<Self> {
        let mut notes = Vec::new();
        if viewer.is_none() {
            notes.push(
                "this lens-build was built without its viewer, so the pages only list models and prompts: \
                 build it with `just build`, or name a built viewer with --viewer DIR"
                    .to_owned(),
            );
        }
        let base_url =
            base_url.map(|url| self::base_url(url).with_context(|| format!("base URL {url:?}"))).transpose()?;
        let pages = Pages { templates: load(templates, &mut notes)?, viewer, base_url, notes };
        pages.render("", &[], None)?;
        Ok(pages)
    }

    /// Writes the pages and the viewer; what the user should know is returned.
    pub fn write(&self, stage: &Stage, title: &str, models: &[SiteModel]) -> Result<Vec<String>> {
        let listed = LISTED_IN_ALL.div_ceil(models.len().max(1)).min(LISTED_PROMPTS);
        let preview = match &self.base_url {
            Some(base_url) => preview(stage, base_url, models)?,
            None => None,
        };
        let models = models.iter().map(|m| Model::list(stage, m, listed)).collect::<Result<Vec<_>>>()?;
        for (page, html) in self.render(title, &models, preview.as_ref())? {
            stage.write(page, html.as_bytes())?;
        }
        if let Some(viewer) = &self.viewer {
            viewer.write(stage)?;
        }
        if let Some(base_url) = &self.base_url {
            let page = Escaped(base_url);
            let sitemap = format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
                 <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\"><url><loc>{page}</loc></url></urlset>\n"
            );
            stage.write(SITEMAP, sitemap.as_bytes())?;
        }
        Ok(self.notes.clone())
    }

    fn render(
        &self,
        title: &str,
        models: &[Model],
        preview: Option<&Preview>,
    ) -> Result<BTreeMap<&'static str, String>> {
        let names: Vec<&str> = models.iter().map(|m| m.name.as_str()).collect();
        let n_prompts = models.iter().map(|m| m.n_prompts).max().unwrap_or(0);
        let description = format!("Attention patterns of {} on {n_prompts} prompts, head by head.", names.join(", "));
        let render = |page: &'static str| {
            // The page for what is not found is shown at any depth, where only an absolute link leads home.
            let root = if page == NOT_FOUND_HTML { self.base_url.as_deref().unwrap_or("") } else { "" };
            let context = Context {
                page,
                title,
                description: description.clone(),
                base_url: self.base_url.as_deref(),
                root,
                generator: concat!("lens-build ", env!("CARGO_PKG_VERSION")),
                models,
                assets: ASSETS,
                viewer: self.viewer.as_ref().map(Viewer::links),
                preview,
                preload: [path::MANIFEST, path::MODELS, path::FIGURES],
            };
            let html = self.templates.get_template(page).and_then(|t| t.render(Serde(context)));
            Ok((page, html.with_context(|| format!("template {page}"))?))
        };
        [INDEX_HTML, SINGLE_HTML, NOT_FOUND_HTML].into_iter().map(render).collect()
    }
}

impl Model {
    /// A model as the pages list it; the pictures of its first prompts are drawn.
    fn list(stage: &Stage, model: &SiteModel, listed: usize) -> Result<Self> {
        let hashes: Vec<&str> = model.prompts.values().take(listed).map(|prompt| prompt.hash.as_str()).collect();
        let prompts = hashes.into_par_iter().map(|hash| Prompt::list(stage, &model.dir, hash));
        Ok(Model {
            name: model.entry.model_name.clone(),
            n_layers: model.entry.n_layers,
            n_heads: model.entry.n_heads,
            n_prompts: model.prompts.len(),
            url: path::prompts(&model.dir),
            prompts: prompts.collect::<Result<_>>()?,
        })
    }
}

impl Prompt {
    fn list(stage: &Stage, dir: &str, hash: &str) -> Result<Self> {
        let url = path::prompt_json(dir, hash);
        let entries = jsonl::parse::<PromptEntry>(&url, &stage.read_to_string(&url)?)?;
        let mut rest = entries.iter().flat_map(|entry| entry.text.chars());
        let text = rest.by_ref().take(LISTED_CHARS).collect();
        let head = LayerHead { layer: 0, head: 0 };
        let sheet = sheet_of(stage, dir, hash)?;
        let picture = Picture { url: path::sheet(dir, hash), width: sheet.width, height: sheet.height };
        stage.write(&picture.url, &sheet.png()?)?;
        Ok(Prompt {
            text,
            is_cut: rest.next().is_some(),
            url,
            single: path::single_url(&PatternId { model: dir.to_owned(), head }, hash),
            sheet: picture,
        })
    }
}

fn sheet_of(stage: &Stage, dir: &str, hash: &str) -> Result<Sheet> {
    let file = path::overview(dir, hash);
    Overview::read(stage.read(&file)?).map_err(Into::into).and_then(|o| sheet::draw(&o)).context(file)
}

/// Draws the first prompt of the model that has the most heads.
fn preview(stage: &Stage, base_url: &str, models: &[SiteModel]) -> Result<Option<Preview>> {
    let heads = |model: &&SiteModel| model.entry.n_layers * model.entry.n_heads;
    let Some(model) = models.iter().rev().filter(|model| !model.prompts.is_empty()).max_by_key(heads) else {
        return Ok(None);
    };
    let first = model.prompts.values().map(|prompt| prompt.hash.as_str()).next().unwrap_or_default();
    let sheet = sheet_of(stage, &model.dir, first)?.preview();
    stage.write(path::PREVIEW, &sheet.png()?)?;
    let url = format!("{base_url}{}", path::PREVIEW);
    Ok(Some(Preview { url, width: sheet.width, height: sheet.height, model: model.entry.model_name.clone() }))
}

/// The built-in templates, overridden by those in `folder`.
fn load(folder: Option<&Path>, notes: &mut Vec<String>) -> Result<Environment<'static>> {
    let mut templates = Environment::new();
    templates.set_formatter(escape::format);
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    for (name, source) in TEMPLATES {
        templates.add_template(name, source).with_context(|| format!("template {name}"))?;
    }
    let Some(folder) = folder else { return Ok(templates) };
    ensure!(folder.is_dir(), "--templates {}: there is no such folder", folder.display());
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.with_context(|| format!("cannot read the templates in {}", folder.display()))?;
        if !entry.file_type().is_file() {
            continue;
        }
        let file = entry.path();
        let name = file.strip_prefix(folder)?.to_string_lossy().replace('\\', "/");
        let source = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        if !TEMPLATES.iter().any(|(known, _)| *known == name) {
            let known: Vec<&str> = TEMPLATES.iter().map(|(known, _)| *known).collect();
            notes.push(format!("{} overrides no template; there are {}", file.display(), known.join(", ")));
        }
        templates.add_template_owned(name, source).with_context(|| format!("template {}", file.display()))?;
    }
    Ok(templates)
}

/// An address with a final `/`.
pub fn base_url(url: &str) -> Result<String> {
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    ensure!(
        host.is_some_and(|h| !h.is_empty() && !h.starts_with('/') && !h.contains(['?', '#', ' '])),
        "expected the site's address, for example https://name.github.io/patterns/"
    );
    Ok(format!("{}/", url.trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_end_in_a_slash() {
        assert_eq!(base_url("https://x.org/a").unwrap(), "https://x.org/a/");
        assert_eq!(base_url("http://localhost:8000///").unwrap(), "http://localhost:8000/");
        for wrong in ["x.org", "ftp://x.org", "https://", "https:///a", "https://x.org/?a", ""] {
            assert!(base_url(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn hostile_text_is_escaped() {
        let pages = Pages::new(None, None, Some("https://x.org/\"><script>")).unwrap();
        let hostile = "</title><script>alert(1)</script>\"'><img src=x onerror=alert(2)>";
        let prompt = || Prompt {
            text: hostile.to_owned(),
            is_cut: true,
            url: "m/prompts/h/prompt.json".to_owned(),
            single: "single.html".to_owned(),
            sheet: Picture::default(),
        };
        let model = Model {
            name: hostile.to_owned(),
            n_layers: 1,
            n_heads: 1,
            n_prompts: 2,
            url: "m/prompts.jsonl".to_owned(),
            prompts: vec![prompt()],
        };
        for (page, html) in pages.render(hostile, &[model], None).unwrap() {
            assert!(!html.contains("<script>") && !html.contains("<img src=x"), "{page}: {html}");
        }
    }
}
