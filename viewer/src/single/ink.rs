//! The colours and the font of what is drawn on canvases, as the style sheets have them now.

use leptos::prelude::window;
use web_sys::Element;

use super::frame::FONT_PX;

/// CSS colours by what they are for.
#[derive(Debug, Clone, PartialEq)]
pub struct Ink {
    pub text: String,
    pub label: String,
    pub faint: String,
    pub line: String,
    pub paper: String,
    /// Where there can be no attention.
    pub masked: String,
    /// What is selected: a row, a column, and the cell or the part that is looked at.
    pub query: String,
    pub key: String,
    pub mark: String,
    /// What lines are drawn with: for values above and below 0, and what lies behind them.
    pub accent: String,
    pub below: String,
    pub ground: String,
    pub font: String,
}

impl Ink {
    /// As an element has them.
    pub fn of(element: &Element) -> Self {
        let style = window().get_computed_style(element).ok().flatten();
        let get = |name: &str, otherwise: &str| {
            let value = style.as_ref().and_then(|s| s.get_property_value(name).ok()).unwrap_or_default();
            if value.trim().is_empty() { otherwise.to_owned() } else { value.trim().to_owned() }
        };
        Ink {
            text: get("--text", "#000"),
            label: get("--text-2", "#444"),
            faint: get("--text-3", "#666"),
            line: get("--line-strong", "#ccc"),
            paper: get("--surface", "#fff"),
            masked: get("--sunken", "#eee"),
            query: get("--mark-query", "#099268"),
            key: get("--mark-key", "#e8590c"),
            mark: get("--mark", "#e8590c"),
            accent: get("--accent", "#1561b3"),
            below: get("--danger", "#b3261e"),
            ground: get("--bg", "#fff"),
            font: format!("{FONT_PX}px {}", get("font-family", "sans-serif")),
        }
    }
}
