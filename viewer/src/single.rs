//! The page that shows one pattern in full: heatmap, tokens, rankings, the other heads, and what is known about
//! the prompt and the model. What it shows is in its address ([`link`]); [`page`] shares it between the parts.

pub mod about;
pub mod axes;
pub mod axis;
pub mod board;
pub mod colours;
pub mod drawing;
pub mod expression;
pub mod figures;
pub mod format;
pub mod frame;
pub mod geometry;
pub mod gesture;
pub mod headmap;
pub mod heatmap;
pub mod help;
pub mod ink;
pub mod keyboard;
pub mod keys;
pub mod link;
pub mod load;
pub mod matrix;
pub mod neighbours;
pub mod page;
pub mod pointing;
pub mod ranking;
pub mod raster;
pub mod readout;
pub mod room;
pub mod selection;
pub mod shades;
pub mod strip;
pub mod title;
pub mod toolbar;
pub mod tops;

use leptos::prelude::*;

use self::about::{ModelCard, PromptCard};
use self::expression::card::ExpressionCard;
use self::expression::derivation::{self, Derivation};
use self::figures::Figures;
use self::headmap::HeadMap;
use self::heatmap::Heatmap;
use self::help::Help;
use self::page::{Page, Problem};
use self::readout::Readout;
use self::strip::Strip;
use self::title::Title;
use self::toolbar::Toolbar;
use self::tops::Tops;
use crate::app::use_index;
use crate::erase::{live, memo};
use crate::finder::card::HeadScores;

/// Everything below the title bar of `single.html`.
#[component]
pub fn SingleView() -> impl IntoView {
    let page = Page::provide(use_index());
    load::follow(page);
    derivation::follow(page);
    keyboard::listen(page);
    let is_waiting = memo(move || page.shown.with(Option::is_none) && page.problem.with(Option::is_none));
    let is_computing = memo(move || page.derivation.with(|d| matches!(d, Derivation::Computing(_))));
    let is_stale = memo(move || page.is_stale());
    let notices = move || {
        let complaints = page.complaints.get().into_iter();
        complaints
            .chain(page.outside())
            .chain(page.inexact.get())
            .map(|notice| view! { <p role="status">{notice}</p> })
            .collect_view()
    };
    view! {
        <div class="single" aria-busy=live(move || (is_waiting.get() || is_stale.get() || is_computing.get()).to_string()) data-testid="single">
            <Title />
            <div class="remarks" data-testid="notices">{notices}</div>
            {move || match page.problem.get() {
                Some(problem) => view! { <Trouble problem /> }.into_any(),
                None if is_waiting.get() => view! { <Skeleton /> }.into_any(),
                None => view! {
                    <div class="columns" class:stale=is_stale>
                        <div class="picture">
                            <Readout />
                            <Heatmap />
                            <Toolbar />
                        </div>
                        <div class="details">
                            <ExpressionCard />
                            <Strip />
                            <Tops />
                            <HeadMap />
                            <HeadScores />
                            <PromptCard />
                            <ModelCard />
                        </div>
                    </div>
                    <Figures />
                }
                .into_any(),
            }}
            <Help />
        </div>
    }
}

/// Grey shapes where the picture and what stands beside it will be.
#[component]
fn Skeleton() -> impl IntoView {
    view! {
        <div class="columns" aria-hidden="true" data-testid="loading">
            <div class="picture">
                <div class="readout"></div>
                <div class="board skeleton"></div>
            </div>
            <div class="details">
                <div class="card skeleton"></div>
                <div class="card skeleton"></div>
                <div class="card skeleton"></div>
            </div>
        </div>
    }
}

/// What went wrong, and the ways out.
#[component]
fn Trouble(problem: Problem) -> impl IntoView {
    let is_lost = !problem.links.is_empty();
    let links = problem.links.into_iter().map(|(text, href)| view! { <li><a href=href>{text}</a></li> });
    view! {
        <section class="failure" role="alert" data-testid="error">
            <h1>"This pattern cannot be shown"</h1>
            <p>{problem.message}</p>
            {is_lost.then_some(view! { <p>"Go on here:"</p> })}
            <ul>{links.collect_view()}</ul>
        </section>
    }
}
