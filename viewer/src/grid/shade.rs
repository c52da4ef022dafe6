//! The reader's own scale and colour map, which go before those of a figure function.

use lens_schema::index::MatrixStyle;
use lens_schema::scale::{self, COLORMAPS, Scale};
use leptos::prelude::*;

use crate::erase::live;
use crate::grid::field::{choice, options};
use crate::grid::menu::menu;
use crate::grid::order::Key;
use crate::grid::ordering::{key_value, keys};
use crate::grid::store::Store;
use crate::signal::RwSignal;
use crate::url::Query;

/// The names under which both pages keep them in the URL.
const SCALE: &str = "scale";
const COLORMAP: &str = "colors";
/// Where the reader has no wish.
const OWN: &str = "as the function says";

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shade {
    pub scale: Option<Scale>,
    /// A name that [`scale::find`] knows.
    pub colormap: Option<&'static str>,
}

impl Shade {
    pub fn read(query: &Query) -> Self {
        Shade { scale: query.get(SCALE).and_then(Scale::parse), colormap: query.get(COLORMAP).and_then(scale::find) }
    }

    pub fn write(self, query: &mut Query) {
        query.set(SCALE, self.scale.map(|scale| scale.name().to_owned()));
        query.set(COLORMAP, self.colormap.map(str::to_owned));
    }

    /// The address of a pattern, to be shown so.
    pub fn after(self, address: String) -> String {
        let mut query = Query::default();
        self.write(&mut query);
        let query = query.to_string();
        if query.is_empty() { address } else { format!("{address}&{query}") }
    }

    /// A function's style as the reader wants it.
    pub fn over(self, own: &MatrixStyle) -> MatrixStyle {
        MatrixStyle {
            colormap: self.colormap.map_or_else(|| own.colormap.clone(), str::to_owned),
            scale: self.scale.unwrap_or(own.scale),
        }
    }
}

/// Everything that colours say: borders, scale, and colour map.
pub fn colour_menu(store: Store) -> AnyView {
    let label = live(move || match store.state.with(|s| (s.colour, s.shade)) {
        (Some(key), _) => format!("Colours: by {}", key.name()),
        (None, Shade { colormap: Some(name), .. }) => format!("Colours: {name}"),
        (None, Shade { scale: Some(scale), .. }) => format!("Colours: {}", scale.name()),
        _ => "Colours".to_owned(),
    });
    let scales = || options(OWN, Scale::ALL.map(|scale| (scale.name(), scale.name())));
    let colormaps = || {
        let mut all = options(OWN, []);
        let kinds = COLORMAPS.iter().flat_map(|kind| kind.names.iter().map(|names| (kind.title, names[0])));
        let reversed = COLORMAPS.iter().flat_map(|kind| kind.names).map(|names| ("Reversed", names[1]));
        all.extend(kinds.chain(reversed).map(|(group, name)| (group, name.to_owned(), name.to_owned())));
        all
    };
    let sheet = view! {
        {choice(
            store,
            ("color", "Borders by"),
            || keys("none"),
            |s| key_value(s.colour),
            |s, key| s.colour = Key::parse(&key),
        )}
        {choice(
            store,
            (SCALE, "Scale"),
            scales,
            |s| s.shade.scale.map_or("", Scale::name).to_owned(),
            |s, name| s.shade.scale = Scale::parse(&name),
        )}
        {choice(
            store,
            (COLORMAP, "Colour map"),
            colormaps,
            |s| s.shade.colormap.unwrap_or_default().to_owned(),
            |s, name| s.shade.colormap = scale::find(&name),
        )}
    };
    menu(label, "colours", RwSignal::new(false), sheet.into_any())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reader_goes_before_the_function() {
        let own = MatrixStyle { colormap: "gray".to_owned(), scale: Scale::Log };
        assert_eq!(Shade::default().over(&own), own);
        let shade = Shade::read(&Query::parse("scale=sqrt&colors=magma"));
        assert_eq!(shade.over(&own), MatrixStyle { colormap: "magma".to_owned(), scale: Scale::Sqrt });
        assert_eq!(Shade::read(&Query::parse("scale=x&colors=pink")), Shade::default());
    }
}
