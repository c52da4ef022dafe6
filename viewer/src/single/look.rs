//! How the pattern is looked at, as the page's URL says it.

use lens_expr::decimal;
use lens_schema::scale::{self, COMMON, Scale};

use super::geometry::Window;
use super::selection::{Role, Selection};
use crate::url::Query;

/// Declares a choice between a few things that the address spells by their names; the first one is the default.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $first:ident = $word:literal $(, $(#[$about:meta])* $one:ident = $text:literal)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub enum $name { #[default] $first $(, $(#[$about])* $one)* }

        impl $name {
            pub const ALL: &[$name] = &[$name::$first $(, $name::$one)*];

            pub fn name(self) -> &'static str {
                match self { $name::$first => $word $(, $name::$one => $text)* }
            }

            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == name)
            }
        }
    };
}

choice! {
    /// What is drawn: cells, or lines from queries to keys.
    View { Matrix = "matrix", Lines = "lines" }
}

choice! {
    /// What the ends of the colour map stand for: the head's own smallest and largest value, as in the figure `raw`;
    /// those of all heads of the layer, or of the model, on the same prompt; or 0 and 1.
    Range { Own = "own", Layer = "layer", Prompt = "prompt", Unit = "unit" }
}

choice! {
    /// What becomes of the first key, which often takes most of the attention: shown, left out, or left out with what
    /// remains of each row brought to the sum 1.
    First { Shown = "show", Hidden = "hide", Renormalised = "renorm" }
}

choice! {
    /// Which small patterns stand beside the large one: the other heads of the layer, or the head on the other prompts.
    Beside { Layer = "layer", Prompts = "prompts" }
}

/// How the target is looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// What is made of the pattern, as it was typed, right or wrong; `None` is the pattern itself.
    pub expression: Option<String>,
    pub selection: Selection,
    pub role: Role,
    pub view: View,
    /// The weakest attention that has a line.
    pub threshold: f32,
    pub scale: Scale,
    /// Where the logarithmic scale ends.
    pub floor: f32,
    /// A name that [`scale::find`] knows.
    pub colormap: &'static str,
    pub range: Range,
    pub first: First,
    /// Keys are rows, queries are columns.
    pub transposed: bool,
    pub beside: Beside,
    /// `None` is the whole pattern, whatever its size.
    pub window: Option<Window>,
}

impl Default for Look {
    fn default() -> Self {
        Look {
            expression: None,
            selection: Selection::None,
            role: Role::default(),
            view: View::default(),
            threshold: 0.05,
            scale: Scale::default(),
            floor: scale::LOG_FLOOR,
            colormap: COMMON[0],
            range: Range::default(),
            first: First::default(),
            transposed: false,
            beside: Beside::default(),
            window: None,
        }
    }
}

/// Reads the look. What cannot be read is left at its default and complained about.
pub fn read(query: &Query) -> (Look, Vec<String>) {
    let mut look = Look::default();
    let mut complaints = Vec::new();
    let mut complain = |key: &str, value: &str, expected: &str| {
        complaints.push(format!("{key}={value} in the address is not {expected}, and is ignored."));
    };
    look.expression = query.get("expr").filter(|text| !text.trim().is_empty()).map(str::to_owned);
    for key in ["cell", "token"] {
        let Some(value) = query.get(key) else { continue };
        match value.parse() {
            Ok(selection @ Selection::Cell(_)) if key == "cell" => look.selection = selection,
            Ok(selection @ (Selection::Token(_) | Selection::Tokens(_))) if key == "token" => {
                look.selection = selection
            }
            _ if key == "cell" => complain(key, value, "a query and a key such as 12.7"),
            _ => complain(key, value, "the position of a token, or of several such as 3~7~9"),
        }
    }
    for (key, expected) in SETTINGS {
        if let Some(value) = query.get(key)
            && !set(&mut look, key, value)
        {
            complain(key, value, expected);
        }
    }
    if let Some(value) = query.get("window") {
        match parse_window(value) {
            Some(window) => look.window = Some(window),
            None => complain("window", value, "first query, first key and size such as 120,80,64"),
        }
    }
    (look, complaints)
}

/// The settings that are one word or one number, and what they may be.
pub const SETTINGS: [(&str, &str); 10] = [
    ("role", "key or query"),
    ("view", "matrix or lines"),
    ("threshold", "a number from 0 to 1"),
    ("scale", "linear, sqrt or log"),
    ("floor", "a number above 0 and below 1, such as 1e-6"),
    ("colors", "a colour map of matplotlib's, such as Blues, viridis or RdBu_r"),
    ("range", "own, layer, prompt or unit"),
    ("first", "show, hide or renorm"),
    ("transpose", "0 or 1"),
    ("beside", "layer or prompts"),
];

/// Changes a setting; `false` if it cannot be this.
pub fn set(look: &mut Look, key: &str, value: &str) -> bool {
    fn put<T>(place: &mut T, value: Option<T>) -> bool {
        value.map(|value| *place = value).is_some()
    }
    let number = || decimal(value).map(|number| number as f32);
    match key {
        "role" => put(&mut look.role, Role::parse(value)),
        "view" => put(&mut look.view, View::parse(value)),
        "threshold" => put(&mut look.threshold, number().filter(|part| (0.0..=1.0).contains(part))),
        "scale" => put(&mut look.scale, Scale::parse(value)),
        "floor" => put(&mut look.floor, number().filter(|&floor| floor > f32::MIN_POSITIVE && floor < 1.0)),
        "colors" => put(&mut look.colormap, scale::find(value)),
        "range" => put(&mut look.range, Range::parse(value)),
        "first" => put(&mut look.first, First::parse(value)),
        "transpose" => put(&mut look.transposed, ["0", "1"].iter().position(|&one| one == value).map(|on| on == 1)),
        "beside" => put(&mut look.beside, Beside::parse(value)),
        _ => false,
    }
}

/// What a setting is, as [`set`] reads it.
pub fn get(look: &Look, key: &str) -> String {
    match key {
        "role" => look.role.name(),
        "view" => look.view.name(),
        "threshold" => return look.threshold.to_string(),
        "scale" => look.scale.name(),
        "floor" => return format!("{:e}", look.floor),
        "colors" => look.colormap,
        "range" => look.range.name(),
        "first" => look.first.name(),
        "transpose" => ["0", "1"][usize::from(look.transposed)],
        "beside" => look.beside.name(),
        _ => "",
    }
    .to_owned()
}

/// Changes a setting to the next of what it may be, the first after the last.
pub fn next(look: &mut Look, key: &str) {
    let all = match key {
        "scale" => "linear sqrt log".to_owned(),
        "colors" => COMMON.join(" "),
        "range" => "own layer prompt unit".to_owned(),
        "first" => "show hide renorm".to_owned(),
        "view" => "matrix lines".to_owned(),
        "beside" => "layer prompts".to_owned(),
        _ => "0 1".to_owned(),
    };
    let all: Vec<&str> = all.split(' ').collect();
    let now = get(look, key);
    let place = all.iter().position(|&one| one == now).map_or(0, |place| place + 1);
    set(look, key, all[place % all.len()]);
}

/// Writes the look; what is at its default takes no room.
pub fn write(query: &mut Query, look: &Look) {
    let default = Look::default();
    let (cell, token) = match look.selection {
        Selection::None => (None, None),
        Selection::Cell(_) => (Some(look.selection.to_string()), None),
        Selection::Token(_) | Selection::Tokens(_) => (None, Some(look.selection.to_string())),
    };
    query.set("expr", look.expression.clone());
    query.set("cell", cell);
    query.set("token", token);
    for (key, _) in SETTINGS {
        let value = get(look, key);
        query.set(key, Some(value).filter(|value| *value != get(&default, key)));
    }
    query.set("window", look.window.map(|w| format!("{},{},{}", tenth(w.query), tenth(w.key), tenth(w.span))));
}

/// To a tenth of a cell, without a needless `.0`.
fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn parse_window(text: &str) -> Option<Window> {
    let numbers: Vec<f64> = text.split(',').map(decimal).collect::<Option<_>>()?;
    match numbers[..] {
        [query, key, span] if numbers.iter().all(|v| v.is_finite() && *v >= 0.0) => Some(Window { query, key, span }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::single::geometry::Cell;

    #[test]
    fn looks_round_trip() {
        let text = "head=m.L0.H0&prompt=x&expr=A+@+%28A+%2B+1%29&cell=12.7&role=query&scale=log&colors=gray&range=unit&window=1.5,0,64&mine=1\
            &view=lines&threshold=0.2&floor=1e-6&first=renorm&transpose=1&beside=prompts";
        let query = Query::parse(text);
        let (look, complaints) = read(&query);
        assert!(complaints.is_empty());
        assert_eq!(look.expression.as_deref(), Some("A @ (A + 1)"));
        assert_eq!(look.selection, Selection::Cell(Cell { query: 12, key: 7 }));
        let mut written = query.clone();
        write(&mut written, &look);
        assert_eq!(written, query);
        write(&mut written, &Look::default());
        assert_eq!(written.to_string(), "head=m.L0.H0&prompt=x&mine=1");
    }

    #[test]
    fn what_cannot_be_read_is_complained_about() {
        let (look, complaints) = read(&Query::parse(
            "expr=+&cell=3&token=1.2&role=x&scale=cubic&colors=pink&range=all&window=1,2\
                &view=3d&threshold=2&floor=0&first=no&transpose=yes&beside=me",
        ));
        assert_eq!((look, complaints.len()), (Look::default(), 13));
        assert!(complaints.contains(&"scale=cubic in the address is not linear, sqrt or log, and is ignored.".into()));
        assert_eq!(read(&Query::parse("window=1,NaN,3")).1.len(), 1);
    }

    #[test]
    fn settings_go_round() {
        for (key, _) in SETTINGS.iter().filter(|(key, _)| !["role", "threshold", "floor"].contains(key)) {
            let (mut look, start) = (Look::default(), get(&Look::default(), key));
            let mut seen = Vec::new();
            while seen.last() != Some(&start) {
                next(&mut look, key);
                assert!(seen.len() < 20 && !seen.contains(&get(&look, key)), "{key}: {seen:?}");
                seen.push(get(&look, key));
            }
            assert!(seen.len() > 1, "{key}");
        }
        let mut look = Look { floor: 1e-6, threshold: 0.25, ..Look::default() };
        assert_eq!((get(&look, "floor"), get(&look, "threshold")), ("1e-6".to_owned(), "0.25".to_owned()));
        assert!(!set(&mut look, "floor", "NaN") && !set(&mut look, "threshold", "-1") && !set(&mut look, "other", "1"));
    }

    #[test]
    fn several_tokens_are_read() {
        let (look, complaints) = read(&Query::parse("token=3~7~9&role=query"));
        assert_eq!((look.selection.tokens(Role::Query), complaints.len()), (vec![3, 7, 9], 0));
        assert_eq!(read(&Query::parse("token=3~x")).1.len(), 1);
    }
}
