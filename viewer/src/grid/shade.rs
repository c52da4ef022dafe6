//! The reader's own scale and colour map, which go before those of a figure function.

use lens_schema::index::MatrixStyle;
use lens_schema::scale::{self, Scale};
use leptos::prelude::*;

use crate::colormaps::colormap_options;
use crate::erase::{live, memo, on};
use crate::grid::menu::Menu;
use crate::grid::store::Store;
use crate::grid::toolbar::KeySelect;
use crate::url::{Query, Step};

/// The names under which both pages keep them in the URL.
const SCALE: &str = "scale";
const COLORMAP: &str = "colors";

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

    /// A function's style as the reader wants it.
    pub fn over(self, own: &MatrixStyle) -> MatrixStyle {
        MatrixStyle {
            colormap: self.colormap.map_or_else(|| own.colormap.clone(), str::to_owned),
            scale: self.scale.unwrap_or(own.scale),
        }
    }
}

/// Everything that colours say: borders, scale, and colour map.
#[component]
pub fn ColourMenu() -> impl IntoView {
    let store = Store::here();
    let shade = memo(move || store.state.with(|s| s.shade));
    let label = move || match store.state.with(|s| (s.colour, s.shade)) {
        (Some(key), _) => format!("Colours: by {}", key.name()),
        (None, Shade { colormap: Some(name), .. }) => format!("Colours: {name}"),
        (None, Shade { scale: Some(scale), .. }) => format!("Colours: {}", scale.name()),
        _ => "Colours".to_owned(),
    };
    let choice = move |title: &'static str,
                       name: &'static str,
                       now: fn(Shade) -> Option<&'static str>,
                       set: fn(&mut Shade, &str),
                       options: fn(Memo<Shade>) -> AnyView| {
        view! {
            <label class="option">
                <span>{title}</span>
                <select
                    data-testid=name
                    prop:value=live(move || now(shade.get()).unwrap_or_default())
                    on:change=on(move |event| {
                        let value = event_target_value(&event);
                        store.edit(Step::Replace, |s| set(&mut s.shade, &value));
                    })
                >
                    <option value="" selected=live(move || now(shade.get()).is_none())>"as the function says"</option>
                    {options(shade)}
                </select>
            </label>
        }
    };
    view! {
        <Menu label=Signal::derive(label) name="colours">
            <KeySelect label="Borders by" name="color" none="none" get=|s| s.colour set=|s, key| s.colour = key />
            {choice("Scale", SCALE, |s| s.scale.map(Scale::name), |s, name| s.scale = Scale::parse(name), scale_options)}
            {choice(
                "Colour map",
                COLORMAP,
                |s| s.colormap,
                |s, name| s.colormap = scale::find(name),
                |shade| colormap_options(move || shade.get().colormap),
            )}
        </Menu>
    }
}

fn scale_options(shade: Memo<Shade>) -> AnyView {
    let options = Scale::ALL.map(|scale| {
        view! { <option value=scale.name() selected=live(move || shade.get().scale == Some(scale))>{scale.name()}</option> }
    });
    options.collect_view().into_any()
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
