//! The keyboard: what each key does, and what the sheet of keys lists.

use super::moves::Move;
use super::neighbours::Along;
use crate::help::Section;

/// Cells that an arrow key with Ctrl, ⌘ or Shift moves.
pub const JUMP: isize = 10;

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Action {
    Move(Move),
    Clear,
    Step(Along, isize),
    /// By this factor, around the selected cell.
    Zoom(f64),
    Fit,
    SwapRole,
    /// The next of what a setting may be.
    Next(&'static str),
    Expression,
    Help,
}

impl Action {
    /// Whether the key keeps its meaning for the browser (scrolling) while the heatmap is not focused and nothing
    /// is selected.
    pub fn is_move(self) -> bool {
        matches!(self, Action::Move(_))
    }
}

/// The modifiers that were held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    /// Ctrl or ⌘.
    pub ctrl: bool,
    pub shift: bool,
    pub alt: bool,
}

/// The action of a key by its `KeyboardEvent.key`; `None` leaves it to the browser.
pub fn action(key: &str, held: Held) -> Option<Action> {
    if held.alt {
        return None;
    }
    let far = held.ctrl || held.shift;
    let by = if far { JUMP } else { 1 };
    let arrow = match key {
        "ArrowUp" => Some(Move::By { down: -by, right: 0 }),
        "ArrowDown" => Some(Move::By { down: by, right: 0 }),
        "ArrowLeft" => Some(Move::By { down: 0, right: -by }),
        "ArrowRight" => Some(Move::By { down: 0, right: by }),
        "Home" if far => Some(Move::FirstQuery),
        "End" if far => Some(Move::LastQuery),
        "Home" => Some(Move::FirstKey),
        "End" => Some(Move::LastKey),
        _ => None,
    };
    if let Some(step) = arrow {
        return Some(Action::Move(step));
    }
    if held.ctrl {
        return None;
    }
    Some(match key {
        "Escape" => Action::Clear,
        "j" => Action::Step(Along::Head, 1),
        "k" => Action::Step(Along::Head, -1),
        "J" => Action::Step(Along::Layer, 1),
        "K" => Action::Step(Along::Layer, -1),
        "n" => Action::Step(Along::Prompt, 1),
        "p" => Action::Step(Along::Prompt, -1),
        "+" | "=" => Action::Zoom(1.5),
        "-" => Action::Zoom(1.0 / 1.5),
        "0" => Action::Fit,
        "t" => Action::SwapRole,
        "v" => Action::Next("view"),
        "s" => Action::Next("scale"),
        "c" => Action::Next("colors"),
        "r" => Action::Next("range"),
        "f" => Action::Next("first"),
        "x" => Action::Next("transpose"),
        "b" => Action::Next("beside"),
        "e" => Action::Expression,
        "?" => Action::Help,
        _ => return None,
    })
}

/// What a key asks for while the text of tokens is focused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InText {
    /// This token, for the side that is looked at.
    Choose(usize),
    /// The token stays chosen, and the next one is chosen beside it.
    PutDown,
    SwapRole,
}

/// What a key does in a text of `n` tokens of which `at` is chosen; `None` leaves it to the page.
pub fn in_text(key: &str, held: Held, at: Option<usize>, n: usize) -> Option<InText> {
    let last = n.checked_sub(1)?;
    if held.alt {
        return None;
    }
    let by = if held.ctrl || held.shift { JUMP } else { 1 };
    let step = |by: isize| at.map_or(0, |at| at.saturating_add_signed(by).min(last));
    Some(match key {
        "ArrowRight" | "ArrowDown" => InText::Choose(step(by)),
        "ArrowLeft" | "ArrowUp" => InText::Choose(step(-by)),
        "Home" => InText::Choose(0),
        "End" => InText::Choose(last),
        " " => InText::PutDown,
        "Enter" => InText::SwapRole,
        _ => return None,
    })
}

/// Keys and what they do, for the sheet.
pub const SHEET: [Section; 4] = [
    (
        "Cells",
        &[
            ("←/→/↑/↓", "one key or query further"),
            ("Ctrl + arrow", "ten further; ⌘ and Shift do the same"),
            ("Home/End", "first key of the row, last key that the query can see"),
            ("Ctrl + Home/Ctrl + End", "first query that sees the key, last query"),
            ("Esc", "clear the selection"),
        ],
    ),
    ("Patterns", &[("j/k", "next, previous head"), ("J/K", "next, previous layer"), ("n/p", "next, previous prompt")]),
    (
        "Text of tokens",
        &[
            ("←/→", "previous, next token; ten further with Ctrl, ⌘ or Shift"),
            ("Home/End", "first, last token"),
            ("Space", "keep the token; the next one is summed with it"),
            ("Enter", "colour by row or by column"),
        ],
    ),
    (
        "View",
        &[
            ("+/-", "zoom in, out"),
            ("0", "show the whole pattern"),
            ("t", "colour the tokens by row or by column"),
            ("v", "cells, or lines from queries to keys"),
            ("s", "next scale: linear, sqrt, log"),
            ("r", "next range of colours: own, layer, prompt, 0–1"),
            ("c", "next colour map"),
            ("f", "first key shown, hidden, or hidden with rows that sum to 1"),
            ("x", "keys as rows, queries as columns"),
            ("b", "beside: heads of the layer, or prompts"),
            ("e", "type an expression; Esc leaves it"),
            ("?", "this sheet"),
        ],
    ),
];

/// What the pointer does.
pub const POINTER: Section = (
    "Pointer and touch",
    &[
        ("Click a cell", "select it, and again to let go of it"),
        ("Right click a cell", "select its row: the query"),
        ("Drag", "move the selection; while zoomed in, what is in view"),
        ("Ctrl + wheel, pinch, double click", "zoom"),
        ("Click a token", "select it as key: the tokens that attend to it are shaded"),
        ("Right click a token", "select it as query: the tokens that it attends to are shaded"),
        ("Ctrl + click a token", "one token more, or less: what they attend to is summed"),
        ("Shift + click a token", "all tokens up to this one"),
        ("Drag on the small picture", "move what is in view while zoomed in"),
        ("Tap a token", "select it for the side that the buttons above the text say"),
    ],
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_move_and_jump() {
        let held = Held::default();
        let by = |down, right| Some(Action::Move(Move::By { down, right }));
        assert_eq!(action("ArrowDown", held), by(1, 0));
        assert_eq!(action("ArrowLeft", Held { ctrl: true, ..held }), by(0, -JUMP));
        assert_eq!(action("ArrowUp", Held { shift: true, ..held }), by(-JUMP, 0));
        assert_eq!(action("End", Held { ctrl: true, ..held }), Some(Action::Move(Move::LastQuery)));
    }

    #[test]
    fn the_text_has_its_own_arrows() {
        let held = Held::default();
        let choose = |key, held, at| in_text(key, held, at, 30);
        assert_eq!(choose("ArrowRight", held, None), Some(InText::Choose(0)));
        assert_eq!(choose("ArrowDown", held, Some(4)), Some(InText::Choose(5)));
        assert_eq!(choose("ArrowLeft", Held { ctrl: true, ..held }, Some(4)), Some(InText::Choose(0)));
        assert_eq!(choose("ArrowRight", Held { shift: true, ..held }, Some(25)), Some(InText::Choose(29)));
        assert_eq!(
            (choose("Home", held, None), choose("End", held, None)),
            (Some(InText::Choose(0)), Some(InText::Choose(29)))
        );
        assert_eq!(choose("Enter", held, Some(1)), Some(InText::SwapRole));
        assert_eq!(choose(" ", held, Some(1)), Some(InText::PutDown));
        assert_eq!((choose("j", held, None), choose("End", Held { alt: true, ..held }, None)), (None, None));
        assert_eq!(in_text("End", held, None, 0), None);
    }

    #[test]
    fn the_browser_keeps_its_own_keys() {
        let ctrl = Held { ctrl: true, ..Held::default() };
        for key in ["c", "0", "+", "-", "n", "p", "t"] {
            assert_eq!(action(key, ctrl), None, "Ctrl+{key}");
        }
        assert_eq!(action("ArrowLeft", Held { alt: true, ..Held::default() }), None);
        assert_eq!(action("Tab", Held::default()), None);
    }

    #[test]
    fn the_sheet_lists_every_letter_and_sign() {
        let listed: String = SHEET.iter().flat_map(|(_, keys)| keys.iter().map(|(key, _)| *key)).collect();
        for key in (' '..='~').filter(|c| !c.is_ascii_uppercase() && *c != '=') {
            let acts = action(&key.to_string(), Held::default()).is_some();
            assert!(!acts || listed.contains(key), "{key} is not on the sheet");
        }
        for (upper, lower) in [("J", 'j'), ("K", 'k')] {
            assert!(action(upper, Held { shift: true, ..Held::default() }).is_some() && listed.contains(lower));
        }
    }
}
