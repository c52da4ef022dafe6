//! The page that shows one pattern in full: heatmap, tokens, rankings, the other heads, and what is known about
//! the prompt and the model. What it shows is in its address ([`link`]); [`page`] shares it between the parts. What the
//! page is made of is in `layout.html`; each part finds its elements there and brings them to life.

pub mod about;
pub mod axes;
pub mod axis;
pub mod beside;
pub mod board;
pub mod colours;
pub mod compare;
pub mod drawing;
pub mod export;
pub mod expression;
pub mod figures;
pub mod focus;
pub mod format;
pub mod frame;
pub mod geometry;
pub mod gesture;
pub mod headmap;
pub mod heatmap;
pub mod ink;
pub mod keyboard;
pub mod keys;
pub mod lines;
pub mod link;
pub mod links;
pub mod load;
pub mod look;
pub mod matrix;
pub mod moves;
pub mod neighbours;
pub mod page;
pub mod pointing;
pub mod profile;
pub mod ranking;
pub mod raster;
pub mod readout;
pub mod refill;
pub mod room;
pub mod selection;
pub mod settings;
pub mod shades;
pub mod strip;
pub mod text;
pub mod thumbnail;
pub mod title;
pub mod toolbar;
pub mod tops;

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use self::expression::card;
use self::expression::derivation::{self, Derivation};
use self::page::{Page, Problem};
use crate::app::use_index;
use crate::erase::effect;
use crate::{dom, finder, help};

/// Everything below the title bar of `single.html`.
#[component]
pub fn SingleView() -> impl IntoView {
    let page = Page::provide(use_index());
    let root = NodeRef::<html::Div>::new();
    effect(move || {
        if let Some(root) = root.get() {
            untrack(|| start(page, &root));
        }
    });
    view! { <div class="single" data-testid="single" aria-busy="true" node_ref=root></div> }
}

fn start(page: Page, root: &HtmlElement) {
    dom::fill(root, include_str!("single/layout.html"));
    load::follow(page);
    derivation::follow(page);
    keyboard::listen(page);
    links::listen(page, root);
    title::start(page, root);
    readout::start(page, root);
    heatmap::start(page, root);
    toolbar::start(page, root);
    card::start(page, root);
    strip::start(page, root);
    tops::start(page, root);
    beside::start(page, root);
    headmap::start(page, root);
    finder::card::follow(dom::part(root, "head-scores").into());
    about::start(page, root);
    figures::start(page, root);
    help::start(dom::part(root, "help-sheet").unchecked_into(), page.help, &keys::SHEET, keys::POINTER);
    settings::start(page, root);
    compare::add::start(page, root);
    compare::card::start(page, root);
    export::menu::start(page, root);
    state(page, root);
}

/// What is waited for, what went wrong, and what is to be noticed.
fn state(page: Page, root: &HtmlElement) {
    let (busy, waiting, ready, below) = (
        root.clone(),
        dom::find(root, ".columns.waiting"),
        dom::find(root, ".columns.ready"),
        dom::find(root, ".below"),
    );
    effect(move || {
        let has_problem = page.problem.with(Option::is_some);
        let is_waiting = page.shown.with(Option::is_none) && !has_problem;
        let is_computing = page.derivation.with(|d| matches!(d, Derivation::Computing(_)));
        let is_stale = page.is_stale();
        waiting.set_hidden(!is_waiting);
        ready.set_hidden(is_waiting || has_problem);
        below.set_hidden(is_waiting || has_problem);
        dom::toggle(&busy, "failed", has_problem);
        dom::toggle(&ready, "stale", is_stale);
        dom::set(&busy, "aria-busy", if is_waiting || is_stale || is_computing { "true" } else { "false" });
    });
    dom::children(dom::find(root, ".trouble"), move || page.problem.get().as_ref().map(trouble).into_iter().collect());
    dom::children(dom::part(root, "notices"), move || {
        let notice = |text: String| {
            let notice = dom::make("p", "", &text);
            dom::set(&notice, "role", "status");
            notice
        };
        page.complaints.get().into_iter().chain(page.outside()).chain(page.inexact.get()).map(notice).collect()
    });
}

/// What went wrong, and the ways out.
fn trouble(problem: &Problem) -> HtmlElement {
    let link = |(text, href): &(String, String)| {
        let link = dom::make("a", "", text);
        dom::set(&link, "href", href);
        dom::around("li", &[], &[link])
    };
    let mut parts = vec![dom::make("h1", "", "This pattern cannot be shown"), dom::make("p", "", &problem.message)];
    if !problem.links.is_empty() {
        parts.push(dom::make("p", "", "Go on here:"));
        parts.push(dom::around("ul", &[], &problem.links.iter().map(link).collect::<Vec<_>>()));
    }
    dom::around("section", &[("class", "failure"), ("role", "alert"), ("data-testid", "error")], &parts)
}
