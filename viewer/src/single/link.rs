//! Which pattern the page shows, as its URL says it, and the way back to many.

use lens_schema::PatternId;

use super::look::SETTINGS;
use crate::url::Query;

/// One head on one prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub id: PatternId,
    /// The prompt's hash.
    pub hash: String,
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
    for own in ["head", "prompt", "expr", "cell", "token", "window", "with", "minus"]
        .into_iter()
        .chain(SETTINGS.map(|(key, _)| key))
    {
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
