//! Parts of the program that not every page shows. Each is a file of its own, which `viewer/split` takes out of the
//! program, and is fetched when it is first wanted.

use std::future::Future;

use futures::FutureExt;
use leptos::prelude::*;
use leptos::wasm_split::{SplitLoaderError, wasm_split};

use crate::app::{Failure, Skeleton};
use crate::erase::part;
use crate::finder::HeadsView;
use crate::signal::{RwSignal, awaited};
use crate::single::SingleView;

/// A view whose program is there, or why not.
type Made = Result<AnyView, SplitLoaderError>;

#[wasm_split(single, wasm_split_path = leptos::wasm_split, preload(fetch_single), fallible)]
fn make_single() -> Made {
    Ok(view! { <SingleView /> }.into_any())
}

#[wasm_split(heads, wasm_split_path = leptos::wasm_split, preload(fetch_heads), fallible)]
fn make_heads() -> Made {
    Ok(view! { <HeadsView /> }.into_any())
}

/// A part that is fetched, or there.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    fetched: RwSignal<Option<Result<(), SplitLoaderError>>>,
    /// Nothing before it is fetched.
    make: fn() -> Option<Made>,
}

impl Part {
    /// The page that shows one pattern in full.
    pub fn single() -> Part {
        Part::new(fetch_single, || make_single().now_or_never())
    }

    /// The view of `index.html` that finds heads.
    pub fn heads() -> Part {
        Part::new(fetch_heads, || make_heads().now_or_never())
    }

    fn new<F>(fetch: fn() -> F, make: fn() -> Option<Made>) -> Part
    where
        F: Future<Output = Result<(), SplitLoaderError>> + 'static,
    {
        Part { fetched: awaited(fetch), make }
    }

    pub fn view(self) -> AnyView {
        part(move || {
            if self.fetched.with(Option::is_none) {
                return view! { <Skeleton /> }.into_any();
            }
            (self.make)().and_then(Result::ok).unwrap_or_else(|| {
                let message = "A part of the viewer could not be fetched. Reload the page; if that does not help, the \
                               site was not copied whole.";
                view! { <Failure title="This page cannot be shown" message /> }.into_any()
            })
        })
    }
}
