//! Light, dark, or as the system has it. The choice is remembered by the browser, and a `theme` in the URL overrides it.

use leptos::prelude::*;

use crate::erase::{effect, live, on};
use crate::signal::{Memo, memo};
use crate::url::{Address, Step};

const KEY: &str = "theme";

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    #[default]
    Auto,
    Light,
    Dark,
}

impl Theme {
    pub fn name(self) -> &'static str {
        match self {
            Theme::Auto => "auto",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    pub fn parse(name: &str) -> Option<Theme> {
        [Theme::Auto, Theme::Light, Theme::Dark].into_iter().find(|t| t.name() == name)
    }

    /// What the button changes to: away from what is seen, then back to the system's.
    fn next(self, system_is_dark: bool) -> Theme {
        match (self, system_is_dark) {
            (Theme::Auto, true) => Theme::Light,
            (Theme::Auto, false) => Theme::Dark,
            (Theme::Light, true) | (Theme::Dark, false) => Theme::Auto,
            (Theme::Light, false) => Theme::Dark,
            (Theme::Dark, true) => Theme::Light,
        }
    }
}

/// Keeps `data-theme` of the document as the URL, or else the browser's memory, has it; returns the theme.
pub fn provide() -> Memo<Theme> {
    let address = Address::here();
    let theme = memo(move || {
        let own = address.with(|query| query.get(KEY).and_then(Theme::parse));
        // The button's choice outlives a step back to an address from before it.
        own.or_else(remembered).unwrap_or_default()
    });
    effect(move || {
        let Some(root) = document().document_element() else { return };
        let _attribute_names_are_valid = match theme.get() {
            Theme::Auto => root.remove_attribute("data-theme"),
            chosen => root.set_attribute("data-theme", chosen.name()),
        };
    });
    theme
}

/// The button that changes the theme.
#[component]
pub fn ThemeButton(theme: Memo<Theme>) -> impl IntoView {
    let address = Address::here();
    let change = move |_| {
        let next = theme.get_untracked().next(system_is_dark());
        if let Some(storage) = storage() {
            let _refused_when_full = storage.set_item(KEY, next.name());
        }
        address.update(Step::Replace, |query| query.set(KEY, Some(next.name().to_owned())));
    };
    view! {
        <button
            class="icon"
            data-testid="theme"
            title="Light, dark, or as the system"
            aria-label=live(move || format!("Theme: {}", theme.get().name()))
            on:click=on(change)
        >
            {live(move || {
                let sign = match theme.get() {
                    Theme::Auto => "◐",
                    Theme::Light => "☀",
                    Theme::Dark => "☾",
                };
                sign.to_owned()
            })}
        </button>
    }
}

fn remembered() -> Option<Theme> {
    storage()?.get_item(KEY).ok().flatten().and_then(|name| Theme::parse(&name))
}

fn system_is_dark() -> bool {
    window().match_media("(prefers-color-scheme: dark)").ok().flatten().is_some_and(|media| media.matches())
}

/// Absent where the browser forbids it.
fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_button_reaches_every_theme() {
        for dark in [false, true] {
            let mut seen = vec![Theme::Auto];
            for _ in 0..3 {
                seen.push(seen.last().unwrap().next(dark));
            }
            // The first press always changes what is seen.
            assert_eq!(seen[1], if dark { Theme::Light } else { Theme::Dark });
            assert_eq!(seen[2], Theme::Auto);
        }
        assert_eq!(Theme::Light.next(false), Theme::Dark);
        assert_eq!(Theme::Dark.next(true), Theme::Light);
        assert_eq!(Theme::parse("dark"), Some(Theme::Dark));
        assert_eq!(Theme::parse("pink"), None);
    }
}
