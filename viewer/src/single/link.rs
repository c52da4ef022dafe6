//! What the page shows, as its URL says it.

use lens_expr::decimal;
use lens_schema::PatternId;
use lens_schema::scale::{self, COMMON, Scale};

use super::geometry::Window;
use super::selection::{Role, Selection};
use crate::url::Query;

/// One head on one prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub id: PatternId,
    /// The prompt's hash.
    pub hash: String,
}

/// What the ends of the colour map stand for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Range {
    /// The head's own smallest and largest value, as in the figure `raw`.
    #[default]
    Own,
    /// 0 and 1, the same for every head.
    Unit,
}

impl Range {
    pub const ALL: [Range; 2] = [Range::Own, Range::Unit];

    pub fn name(self) -> &'static str {
        match self {
            Range::Own => "own",
            Range::Unit => "unit",
        }
    }

    pub fn parse(name: &str) -> Option<Range> {
        Self::ALL.into_iter().find(|range| range.name() == name)
    }
}

/// How the target is looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// What is made of the pattern, as it was typed, right or wrong; `None` is the pattern itself.
    pub expression: Option<String>,
    pub selection: Selection,
    pub role: Role,
    pub scale: Scale,
    /// A name that [`scale::find`] knows.
    pub colormap: &'static str,
    pub range: Range,
    /// `None` is the whole pattern, whatever its size.
    pub window: Option<Window>,
}

impl Default for Look {
    fn default() -> Self {
        Look {
            expression: None,
            selection: Selection::None,
            role: Role::default(),
            scale: Scale::default(),
            colormap: COMMON[0],
            range: Range::default(),
            window: None,
        }
    }
}

/// Reads the target. Errors are sentences to show.
pub fn target(query: &Query) -> Result<Target, String> {
    let missing = |what: &str| format!("The address does not say which {what} to show.");
    let id = query.get("head").filter(|head| !head.is_empty()).ok_or_else(|| missing("head"))?;
    let id: PatternId = id.parse().map_err(|e: String| format!("The address is wrong: {e}."))?;
    let hash = query.get("prompt").filter(|hash| !hash.is_empty()).ok_or_else(|| missing("prompt"))?;
    let safe = |name: &str| lens_schema::path::is_safe_name(name);
    if !safe(&id.model) || !safe(hash) {
        return Err("The address is wrong: the model or the prompt has a character that no name has.".to_owned());
    }
    Ok(Target { id, hash: hash.to_owned() })
}

/// Writes the target. What was selected stays as far as it means the same there: cells and windows go with the
/// prompt, everything else is kept.
pub fn set_target(query: &mut Query, target: &Target) {
    if query.get("prompt") != Some(&target.hash) {
        for own in ["cell", "token", "window"] {
            query.set(own, None);
        }
    }
    query.set("head", Some(target.id.to_string()));
    query.set("prompt", Some(target.hash.clone()));
}

/// Reads the look. What cannot be read is left at its default and complained about.
pub fn look(query: &Query) -> (Look, Vec<String>) {
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
            Ok(selection @ Selection::Token(_)) if key == "token" => look.selection = selection,
            _ if key == "cell" => complain(key, value, "a query and a key such as 12.7"),
            _ => complain(key, value, "the position of a token"),
        }
    }
    if let Some(value) = query.get("role") {
        match Role::parse(value) {
            Some(role) => look.role = role,
            None => complain("role", value, "key or query"),
        }
    }
    if let Some(value) = query.get("scale") {
        match Scale::parse(value) {
            Some(scale) => look.scale = scale,
            None => complain("scale", value, "linear, sqrt or log"),
        }
    }
    if let Some(value) = query.get("colors") {
        match scale::find(value) {
            Some(name) => look.colormap = name,
            None => complain("colors", value, "a colour map of matplotlib's, such as Blues, viridis or RdBu_r"),
        }
    }
    if let Some(value) = query.get("range") {
        match Range::parse(value) {
            Some(range) => look.range = range,
            None => complain("range", value, "own or unit"),
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

/// Writes the look; what is at its default takes no room.
pub fn set_look(query: &mut Query, look: &Look) {
    let default = Look::default();
    let (cell, token) = match look.selection {
        Selection::None => (None, None),
        Selection::Cell(_) => (Some(look.selection.to_string()), None),
        Selection::Token(_) => (None, Some(look.selection.to_string())),
    };
    query.set("expr", look.expression.clone());
    query.set("cell", cell);
    query.set("token", token);
    query.set("role", (look.role != default.role).then(|| look.role.name().to_owned()));
    query.set("scale", (look.scale != default.scale).then(|| look.scale.name().to_owned()));
    query.set("colors", (look.colormap != default.colormap).then(|| look.colormap.to_owned()));
    query.set("range", (look.range != default.range).then(|| look.range.name().to_owned()));
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

/// The page with many patterns of this site that led here, as it was.
pub fn came_from(referrer: &str, here: &str) -> Option<String> {
    let folder = |url: &str| {
        let path = url.split(['?', '#']).next().unwrap_or_default();
        path.rsplit_once('/').map(|(folder, page)| (folder.to_owned(), page.to_owned()))
    };
    let ((from, page), (to, _)) = (folder(referrer)?, folder(here)?);
    (from == to && matches!(page.as_str(), "" | "index" | lens_schema::path::INDEX_HTML)).then(|| referrer.to_owned())
}

/// The address of the page with many patterns: as it was left, if this page was opened from a selection, else
/// with this head on this prompt selected.
pub fn back(query: &Query, target: &Target) -> String {
    let mut back = query.clone();
    for own in ["head", "prompt", "expr", "cell", "token", "role", "scale", "colors", "range", "window"] {
        back.set(own, None);
    }
    if back.get("models").is_none() {
        back.set_list("models", &[&target.id.model]);
        back.set_list("prompts", &[&target.hash]);
        back.set_list("functions", &["raw"]);
        back.set(&format!("heads-{}", target.id.model), Some(target.id.head.to_string()));
    }
    format!("{}?{back}", lens_schema::path::INDEX_HTML)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::single::geometry::Cell;

    #[test]
    fn targets_are_read_or_explained() {
        let query = Query::parse("head=pythia-1.4b.L3.H7&prompt=-dDLtEAuQkO6aEbgF9OZ9A");
        let target = target(&query).unwrap();
        assert_eq!((target.id.model.as_str(), target.id.head.layer, target.id.head.head), ("pythia-1.4b", 3, 7));
        for (bad, why) in [
            ("", "does not say which head"),
            ("head=m.L0.H0", "does not say which prompt"),
            ("head=m&prompt=x", "expected MODEL.L<layer>.H<head>"),
            ("head=../m.L0.H0&prompt=x", "no name has"),
            ("head=m.L0.H0&prompt=../x", "no name has"),
        ] {
            assert!(super::target(&Query::parse(bad)).unwrap_err().contains(why), "{bad}");
        }
    }

    #[test]
    fn looks_round_trip() {
        let text = "head=m.L0.H0&prompt=x&expr=A+@+%28A+%2B+1%29&cell=12.7&role=query&scale=log&colors=gray&range=unit&window=1.5,0,64&mine=1";
        let query = Query::parse(text);
        let (read, complaints) = look(&query);
        assert!(complaints.is_empty());
        assert_eq!(read.expression.as_deref(), Some("A @ (A + 1)"));
        assert_eq!(read.selection, Selection::Cell(Cell { query: 12, key: 7 }));
        let mut written = query.clone();
        set_look(&mut written, &read);
        assert_eq!(written, query);
        set_look(&mut written, &Look::default());
        assert_eq!(written.to_string(), "head=m.L0.H0&prompt=x&mine=1");
    }

    #[test]
    fn what_cannot_be_read_is_complained_about() {
        let (read, complaints) =
            look(&Query::parse("expr=+&cell=3&token=1.2&role=x&scale=cubic&colors=pink&range=all&window=1,2"));
        assert_eq!((read, complaints.len()), (Look::default(), 7));
        assert_eq!(complaints[3], "scale=cubic in the address is not linear, sqrt or log, and is ignored.");
        assert_eq!(look(&Query::parse("window=1,NaN,3")).1.len(), 1);
    }

    #[test]
    fn another_prompt_forgets_the_cell_and_another_head_keeps_it() {
        let mut query = Query::parse("head=m.L0.H0&prompt=x&expr=A.T&token=3&scale=log");
        let mut to = target(&query).unwrap();
        to.id.head.head = 2;
        set_target(&mut query, &to);
        assert_eq!(query.to_string(), "head=m.L0.H2&prompt=x&expr=A.T&token=3&scale=log");
        to.hash = "y".to_owned();
        set_target(&mut query, &to);
        assert_eq!(query.to_string(), "head=m.L0.H2&prompt=y&expr=A.T&scale=log");
    }

    #[test]
    fn the_way_back_is_the_way_here() {
        let here = "http://a/lens/single.html?head=x";
        for index in ["http://a/lens/", "http://a/lens/index.html?models=m", "http://a/lens/?models=a/b#c"] {
            assert_eq!(came_from(index, here).as_deref(), Some(index));
        }
        for other in ["", "http://b/lens/", "http://a/", "http://a/lens/single.html?head=y", "http://a/lens/x/"] {
            assert_eq!(came_from(other, here), None, "{other}");
        }
    }

    #[test]
    fn the_way_back_keeps_the_selection() {
        let query = Query::parse("head=m.L1.H0&prompt=x&cell=1.1&expr=A&models=m~k&prompts=x~y&heads-m=L1");
        let at = target(&query).unwrap();
        assert_eq!(back(&query, &at), "index.html?models=m~k&prompts=x~y&heads-m=L1");
        let query = Query::parse("head=m.L1.H0&prompt=x&theme=dark");
        assert_eq!(back(&query, &at), "index.html?theme=dark&models=m&prompts=x&functions=raw&heads-m=L1H0");
    }
}
