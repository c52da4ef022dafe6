//! Parts of the program that not every page shows. Each is a file of its own, which `viewer/split` takes out of the
//! program, and is fetched when it is wanted.

use futures::FutureExt;
use leptos::prelude::*;
use leptos::wasm_split::{SplitLoaderError, wasm_split};

use crate::app::{Failure, Skeleton};
use crate::erase::part;
use crate::signal::{RwSignal, awaited};
use crate::single::SingleView;

/// The page that shows one pattern in full, which is being fetched, or there.
#[derive(Debug, Clone, Copy)]
pub struct Single(RwSignal<Option<Result<(), SplitLoaderError>>>);

#[wasm_split(single, wasm_split_path = leptos::wasm_split, preload(fetch_single), fallible)]
fn make_single() -> Result<AnyView, SplitLoaderError> {
    Ok(view! { <SingleView /> }.into_any())
}

impl Single {
    pub fn fetch() -> Single {
        Single(awaited(fetch_single))
    }

    pub fn view(self) -> AnyView {
        part(move || {
            if self.0.with(Option::is_none) {
                return view! { <Skeleton /> }.into_any();
            }
            // What is fetched is made at once.
            make_single().now_or_never().and_then(Result::ok).unwrap_or_else(|| {
                let message = "A part of the viewer could not be fetched. Reload the page; if that does not help, the \
                               site was not copied whole.";
                view! { <Failure title="This page cannot be shown" message /> }.into_any()
            })
        })
    }
}
