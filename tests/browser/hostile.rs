//! Texts and pictures that would run scripts, or fetch something from elsewhere, if they were more than data.
//!
//! Each test shows one kind of them and asserts that it is there to be read, or to be seen, and does nothing: the
//! harness has it that nothing was said on the console, not by the Content-Security-Policy either, and that nothing was
//! requested from elsewhere.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use lens_build::pattern::AttentionPatterns;
use lens_build::site::{SiteBuilder, SiteOptions};
use lens_schema::{FigureEntry, LayerHead, PromptEntry, path};
use ndarray::Array3;
use serde_json::json;

use crate::fixture::{Site, serve, serve_files};
use crate::harness::{Page, visit};

/// Ends whatever it stands in, and sets a variable in every way that markup has. Without spaces, so that it can be a
/// token that is shown as it is.
const MARKUP: &str = "<script>owned=1</script></script></style></noscript></title></textarea>\"'>-->\
    <img/src=x/onerror=owned=1><svg/onload=owned=1><iframe/src=javascript:parent.owned=1></iframe>";
/// How it begins.
const START: &str = "<script>owned=1</script>";

/// Pictures, red but for what a script, a handler or a style sheet from elsewhere would make of them.
const PICTURES: [(&str, &str); 6] = [
    (
        "script",
        "<script>document.querySelector('rect').setAttribute('fill', '#00ff00'); new Image().src='http://elsewhere.example/1'</script>",
    ),
    (
        "handlers",
        "<g/><set attributeName='x' to='0' onbegin=\"document.querySelector('rect').setAttribute('fill','#00ff00')\"/><image href='x' onerror=\"document.querySelector('rect').setAttribute('fill','#00ff00')\"/>",
    ),
    (
        "pictures",
        "<image href='http://elsewhere.example/2.png' width='9' height='9'/><use href='http://elsewhere.example/3.svg#a'/><feImage href='http://elsewhere.example/4.png'/>",
    ),
    (
        "sheets",
        "<style>@import url('http://elsewhere.example/5.css'); @font-face { font-family: f; src: url('http://elsewhere.example/6.woff') } text { font-family: f }</style><text y='9'>text</text>",
    ),
    (
        "links",
        "<a href=\"javascript:void(document.querySelector('rect').setAttribute('fill','#00ff00'))\"><text y='9'>text</text></a>",
    ),
    (
        "foreign",
        "<foreignObject width='40' height='40'><body xmlns='http://www.w3.org/1999/xhtml'><script>new Image().src='http://elsewhere.example/7'</script><iframe src='http://elsewhere.example/8'/><img src='http://elsewhere.example/9' onerror=\"new Image().src='http://elsewhere.example/10'\"/></body></foreignObject>",
    ),
];

fn svg(content: &str) -> String {
    format!(
        "<?xml version='1.0'?><?xml-stylesheet href='http://elsewhere.example/0.css'?>\
         <svg xmlns='http://www.w3.org/2000/svg' width='40' height='40' \
         onload=\"document.querySelector('rect').setAttribute('fill','#00ff00')\">\
         <rect width='40' height='40' fill='#b40000'/>{content}</svg>"
    )
}

fn model_dir() -> String {
    path::sanitize_name(MARKUP)
}

fn single() -> String {
    format!("single.html?head={}.L0.H0&prompt={}", model_dir(), path::prompt_hash(MARKUP))
}

/// A model, a prompt and figures, all of which are hostile wherever they can be.
fn site() -> Arc<Site> {
    static SITE: Mutex<Weak<Site>> = Mutex::new(Weak::new());
    let mut site = SITE.lock().unwrap_or_else(PoisonError::into_inner);
    site.upgrade().unwrap_or_else(|| {
        let folder = tempfile::tempdir().expect("a temporary directory can be made");
        build(folder.path()).unwrap_or_else(|e| panic!("the site cannot be built: {e:#}"));
        let new = Arc::new(serve(folder));
        *site = Arc::downgrade(&new);
        new
    })
}

fn build(out: &Path) -> anyhow::Result<()> {
    let figure = |name: &str| FigureEntry {
        name: name.to_owned(),
        func_name: name.to_owned(),
        doc: Some(format!("{MARKUP}\n\n{MARKUP}")),
        figure_save_fmt: Some(MARKUP.to_owned()),
        source: Some(MARKUP.to_owned()),
        code: Some(MARKUP.to_owned()),
        ..Default::default()
    };
    let mut figures = vec![figure(MARKUP), figure("failing"), figure("raw")];
    figures.extend(PICTURES.map(|(name, _)| figure(name)));
    let options = SiteOptions { title: Some(MARKUP.to_owned()), ..Default::default() };
    let builder = SiteBuilder::new(out, &options, &figures)?;
    let model = builder.add_model(&serde_json::from_value(json!({
        "model_name": MARKUP, "n_layers": 1, "n_heads": 1, "act_fn": MARKUP, "tokenizer_name": MARKUP,
        "positional_embedding_type": MARKUP, "dtype": MARKUP,
    }))?)?;
    let prompt: PromptEntry = serde_json::from_value(json!({
        "text": MARKUP, "hash": path::prompt_hash(MARKUP), "n_tokens": 3, "tokens": [MARKUP, START, "<b>bold</b>"],
        "meta": { "pile_set_name": MARKUP }, "source_fname": MARKUP,
    }))?;
    let drawn = tempfile::tempdir()?;
    let head = drawn.path().join(path::head_subdir(LayerHead { layer: 0, head: 0 }));
    fs::create_dir_all(&head)?;
    for (name, content) in PICTURES {
        fs::write(head.join(format!("{name}.svg")), svg(content))?;
    }
    fs::write(head.join("failing.error.txt"), MARKUP)?;
    let layer = Array3::from_shape_fn((1, 3, 3), |(_, query, key)| match key <= query {
        true => 1.0 / (query + 1) as f32,
        false => 0.0,
    });
    builder.add_prompt(model, 0, &prompt, &AttentionPatterns { layers: vec![layer], causal: true }, drawn.path())?;
    builder.finish().map(drop)
}

/// The text is there to be read, and has become nothing else.
fn assert_inert(page: &mut Page, selector: &str) {
    page.wait("the text", &format!("document.querySelector({selector:?})?.textContent.includes({START:?})"));
    page.settle();
    assert_eq!(page.eval("typeof owned"), "undefined");
    assert_eq!(page.count("iframe, img[src='x'], svg[onload], [onerror]"), 0);
    assert_eq!(page.eval("[...document.scripts].filter(s => s.textContent.includes('owned')).length"), 0);
}

/// What the other tests show does harm where it is markup.
#[test]
fn the_markup_is_alive_elsewhere() {
    let files = [("live.html", format!("<!doctype html><title>x</title><link rel=icon href=data:,><p>{MARKUP}"))];
    let site = serve_files(&files.each_ref().map(|(name, text)| (*name, text.as_str())));
    visit(&site.url, "live.html", |page| {
        page.wait("the script", "window.owned === 1");
        page.expect_report("status 404");
        page.expect_report("Failed to load resource");
    });
    let site = serve_files(&[("live.svg", &svg(PICTURES[0].1))]);
    visit(&site.url, "live.svg", |page| {
        page.wait("the script", "document.querySelector('rect').getAttribute('fill') === '#00ff00'");
        // What the browser asks for beside a picture.
        page.expect_report("favicon.ico");
        page.expect_report("foreign request: http://elsewhere.example/0.css");
        page.expect_report("foreign request: http://elsewhere.example/1");
        page.expect_report("Failed to load resource");
    });
}

#[test]
fn titles() {
    for address in ["index.html".to_owned(), single()] {
        visit(&site().url, &address, |page| {
            assert_inert(page, "[data-testid=home]");
            let title = page.wait("the title", "document.title.includes('owned') && document.title");
            assert!(title.as_str().is_some_and(|title| title.contains(START)), "{title}");
        });
    }
}

#[test]
fn names_of_models() {
    visit(&site().url, "index.html", |page| assert_inert(page, "[data-testid=models]"));
    visit(&site().url, &single(), |page| assert_inert(page, "[data-testid=model-card]"));
}

#[test]
fn texts_of_prompts() {
    let address = format!("index.html?models={}", model_dir());
    visit(&site().url, &address, |page| {
        assert_inert(page, "[data-testid=prompts]");
        page.click(&format!("[data-testid='open-{}']", path::prompt_hash(MARKUP)));
        assert_inert(page, &format!("[data-testid='full-{}']", path::prompt_hash(MARKUP)));
    });
    visit(&site().url, &single(), |page| assert_inert(page, "[data-testid=prompt-text]"));
}

#[test]
fn tokens() {
    visit(&site().url, &single(), |page| {
        assert_inert(page, "[data-testid=tokens]");
        page.hover("[data-testid=heatmap]", (0.3, 0.6));
        assert_inert(page, "[data-testid=single]");
    });
}

#[test]
fn documentation_and_names_of_figures() {
    visit(&site().url, "index.html?docs=script", |page| assert_inert(page, "[data-testid=functions]"));
    let address = format!(
        "index.html?models={}&prompts={}&functions={}",
        model_dir(),
        path::prompt_hash(MARKUP),
        MARKUP.replace('&', "%26").replace('"', "%22").replace('<', "%3C").replace('>', "%3E").replace(' ', "+")
    );
    visit(&site().url, &address, |page| assert_inert(page, "[data-testid=functions]"));
}

#[test]
fn reasons_why_there_is_no_figure() {
    visit(&site().url, &single(), |page| assert_inert(page, "[data-testid=figure-failing] .problem"));
}

#[test]
fn addresses() {
    let hostile = MARKUP.replace('<', "%3C").replace('>', "%3E").replace('"', "%22");
    for address in [
        format!("single.html?head={hostile}&prompt={hostile}"),
        format!("{}&cell={hostile}&scale={hostile}&expr={hostile}", single()),
    ] {
        visit(&site().url, &address, |page| assert_inert(page, "#app"));
    }
    let address =
        format!("index.html?models={hostile}&prompts={hostile}&heads-{hostile}={hostile}&sort={hostile}&q={hostile}");
    visit(&site().url, &address, |page| assert_inert(page, "#app"));
}

/// Shows one of [`PICTURES`] and asserts that it stayed as it was drawn.
fn assert_red(name: &str) {
    visit(&site().url, &single(), |page| {
        let image = format!("document.querySelector('[data-testid=figure-{name}] img')");
        page.wait("the picture", &format!("{image}?.complete && {image}.naturalWidth === 40"));
        // What would have been fetched late, or what a handler would have done.
        page.settle();
        page.click(&format!("[data-testid=figure-{name}] img"));
        let pixel = format!(
            "(() => {{ const canvas = document.createElement('canvas'); const context = canvas.getContext('2d'); \
             context.drawImage({image}, 0, 0); return [...context.getImageData(38, 38, 1, 1).data] }})()"
        );
        // A canvas cannot be read any more where a picture has HTML in it.
        if name != "foreign" {
            assert_eq!(page.eval(&pixel), json!([180, 0, 0, 255]), "{name}");
        }
        assert_eq!(page.count("object, embed, iframe, #app svg script"), 0);
    });
}

#[test]
fn scripts_in_figures() {
    assert_red("script");
}

#[test]
fn handlers_in_figures() {
    assert_red("handlers");
}

#[test]
fn pictures_from_elsewhere_in_figures() {
    assert_red("pictures");
}

#[test]
fn style_sheets_and_fonts_from_elsewhere_in_figures() {
    assert_red("sheets");
}

#[test]
fn links_in_figures() {
    assert_red("links");
}

#[test]
fn html_in_figures() {
    assert_red("foreign");
}

/// The pages' own lists, which are markup around texts.
#[test]
fn pages_without_scripts() {
    visit(&site().url, "index.html", |page| {
        page.scripts(false);
        page.reload();
        let inert = "[document.querySelectorAll('iframe, img[src=\"x\"], svg').length, document.scripts.length, \
            document.querySelector('.listing').textContent.includes('<script>owned=1</script>')]";
        assert_eq!(page.eval(inert), json!([0, 1, true]));
        assert!(page.text(".plain h1").starts_with(START));
        page.scripts(true);
    });
}
