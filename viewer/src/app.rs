//! Which page this is, and what surrounds it: the title bar, and what is shown while loading and when that fails.

use std::sync::Arc;

use lens_schema::path;
use leptos::mount::mount_to;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::embed;
use crate::erase::{effect, live, part};
use crate::finder::{IndexView, Views};
use crate::index::Index;
use crate::parts::Single;
use crate::patterns;
use crate::signal::awaited;
use crate::theme::{self, ThemeButton};
use crate::url::Address;

/// Puts the page into `#app`, or into a new main element where there is none, once all of the document is there: what
/// the browser still reads would be put behind it.
pub fn mount() {
    if document().ready_state() == "loading" {
        window_event_listener_untyped("DOMContentLoaded", |_| mount_now());
    } else {
        mount_now();
    }
}

fn mount_now() {
    let root = document().get_element_by_id("app").or_else(|| {
        let main = document().create_element("main").ok()?;
        document().body()?.append_child(&main).ok()?;
        Some(main)
    });
    if let Some(root) = root {
        let own = root.query_selector(".brand").ok().flatten().and_then(|brand| brand.text_content());
        let own = own.unwrap_or_default();
        root.set_text_content(None);
        mount_to(root.unchecked_into(), move || view! { <App own /> }).forget();
    }
}

/// The two pages of a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    Grid,
    Single,
}

impl Page {
    /// The page at a URL's path. Some hosts serve `single.html` as `single` or `single/`.
    pub fn of(pathname: &str) -> Page {
        let last = pathname.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let single = path::SINGLE_HTML;
        if last == single || Some(last) == single.strip_suffix(".html") { Page::Single } else { Page::Grid }
    }
}

/// The whole page. Provides [`Address`] and, to the page's view, `Arc<Index>` as contexts. `own` is the site's title as
/// the page itself has it, for as long as the index is not there.
#[component]
pub fn App(own: String) -> impl IntoView {
    Address::provide();
    let theme = theme::provide();
    let page = Page::of(&window().location().pathname().unwrap_or_default());
    let is_embedded = embed::provide();
    let index = awaited(Index::load);
    let single = (page == Page::Single).then(Single::fetch);
    let title = move || index.with(|i| i.as_ref()?.as_ref().ok().map(|i| i.manifest.title.clone()));
    effect(move || {
        if let (Page::Grid, Some(title)) = (page, title()) {
            document().set_title(&title);
        }
    });
    view! {
        <header class="topbar">
            <a class="brand" href="./" data-testid="home">
                <span class="mark" aria-hidden="true"></span>
                <span>{live(move || title().unwrap_or_else(|| own.clone()))}</span>
            </a>
            {(page == Page::Grid).then(|| view! { <Views /> })}
            <ThemeButton theme />
        </header>
        {is_embedded.then(embed::caption)}
        {part(move || match index.get() {
            None => view! { <Skeleton /> }.into_any(),
            Some(Err(message)) => view! { <Failure title="This site cannot be shown" message /> }.into_any(),
            Some(Ok(index)) => {
                patterns::expect(&index.models);
                provide_context(Arc::new(index));
                single.map_or_else(|| view! { <IndexView /> }.into_any(), Single::view)
            }
        })}
    }
}

/// The site's index; only within a page's view.
pub fn use_index() -> Arc<Index> {
    expect_context()
}

/// Something that went wrong, and what to do about it.
#[component]
pub fn Failure(#[prop(into)] title: String, #[prop(into)] message: String) -> impl IntoView {
    view! {
        <section class="failure" role="alert" data-testid="error">
            <h1>{title}</h1>
            <p>{message}</p>
        </section>
    }
}

/// Grey shapes where the page will be.
#[component]
pub fn Skeleton() -> impl IntoView {
    view! {
        <div class="page-skeleton" aria-busy="true" aria-label="Loading" data-testid="loading">
            <div class="skeleton"></div>
            <div class="skeleton"></div>
            <div class="skeleton"></div>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_known_under_any_path() {
        for single in ["/single.html", "/lens/single.html", "/a/b/single", "/single/"] {
            assert_eq!(Page::of(single), Page::Single, "{single}");
        }
        for grid in ["/", "", "/index.html", "/single.html/x", "/a/", "/xsingle.html"] {
            assert_eq!(Page::of(grid), Page::Grid, "{grid}");
        }
    }
}
