//! The colour maps to choose from.

use lens_schema::scale::COLORMAPS;
use leptos::prelude::*;

use crate::erase::live;

/// Options of a `<select>`: every colour map by kind, and then their reverses.
pub fn colormap_options(now: impl Fn() -> Option<&'static str> + Copy + Send + Sync + 'static) -> AnyView {
    let option = move |name: &'static str| {
        view! { <option value=name selected=live(move || now() == Some(name))>{name}</option> }
    };
    let kinds = COLORMAPS.iter().map(|kind| (kind.title, kind.names.iter().map(|names| names[0]).collect::<Vec<_>>()));
    let reversed = COLORMAPS.iter().flat_map(|kind| kind.names).map(|names| names[1]).collect();
    let group = |(title, names): (&'static str, Vec<&'static str>)| {
        view! { <optgroup label=title>{names.into_iter().map(option).collect_view()}</optgroup> }
    };
    kinds.chain([("Reversed", reversed)]).map(group).collect_view().into_any()
}
