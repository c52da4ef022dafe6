//! Everything that the page shows by choice, and how it is written in the URL.

use lens_schema::{HeadSelection, LayerHead};

use super::filter::Filter;
use crate::url::Query;

/// Heads in the list, to choose from; the first is the default. [`ALL`] lists every head.
pub const TOP: [usize; 5] = [10, 20, 50, 100, ALL];
pub const ALL: usize = usize::MAX;
const EVERY: &str = "all";

/// The state of the page. Scores are by name, right or wrong; `None` is the page's own choice.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// Directory of the model.
    pub model: Option<String>,
    /// What the map shows and the list is sorted by.
    pub score: Option<String>,
    /// Hash of the prompt whose scores are shown; `None` is the mean over all prompts.
    pub prompt: Option<String>,
    /// What the scatter plot shows across, upwards and as colour.
    pub x: Option<String>,
    pub y: Option<String>,
    pub hue: Option<String>,
    pub filters: Vec<Filter>,
    /// How many heads the list has.
    pub top: usize,
    /// The smallest value first.
    pub ascending: bool,
    /// The head that is looked at.
    pub focus: Option<LayerHead>,
}

/// A head as `L3H7`.
pub fn head(text: &str) -> Option<LayerHead> {
    let (layer, head) = text.strip_prefix('L')?.split_once('H')?;
    Some(LayerHead { layer: layer.parse().ok()?, head: head.parse().ok()? })
}

/// A number of heads as the URL has it.
pub fn top_name(top: usize) -> String {
    if top == ALL { EVERY.to_owned() } else { top.to_string() }
}

impl State {
    /// Reads a URL's query, and says what in it could not be read.
    pub fn read(query: &Query) -> (State, Vec<String>) {
        let mut complaints = Vec::new();
        let mut complain = |key: &str, value: &str, expected: &str| {
            complaints.push(format!("{key}={value} in the address is not {expected}, and is ignored."));
        };
        let text = |key: &str| query.get(key).filter(|value| !value.is_empty()).map(str::to_owned);
        let mut filters = Vec::new();
        for range in query.list("filter") {
            match Filter::parse(&range) {
                Some(filter) => filters.push(filter),
                None => complain("filter", &range, "a score and a range such as induction:0.3-1"),
            }
        }
        let top = text("top").and_then(|value| match TOP.into_iter().find(|top| top_name(*top) == value) {
            None => {
                complain("top", &value, "10, 20, 50, 100 or all");
                None
            }
            known => known,
        });
        let focus = text("focus").and_then(|value| {
            let read = head(&value);
            if read.is_none() {
                complain("focus", &value, "a head such as L3H7");
            }
            read
        });
        let state = State {
            model: text("model"),
            score: text("score"),
            prompt: text("on"),
            x: text("x"),
            y: text("y"),
            hue: text("hue"),
            filters,
            top: top.unwrap_or(TOP[0]),
            ascending: query.get("order") == Some("up"),
            focus,
        };
        (state, complaints)
    }

    /// Writes what differs from the default into a URL's query; other parameters stay.
    pub fn write(&self, query: &mut Query) {
        let texts = [
            ("model", &self.model),
            ("score", &self.score),
            ("on", &self.prompt),
            ("x", &self.x),
            ("y", &self.y),
            ("hue", &self.hue),
        ];
        for (key, value) in texts {
            query.set(key, value.clone());
        }
        query.set_list("filter", &self.filters.iter().map(Filter::to_string).collect::<Vec<_>>());
        query.set("top", (self.top != TOP[0]).then(|| top_name(self.top)));
        query.set("order", self.ascending.then(|| "up".to_owned()));
        query.set("focus", self.focus.map(|head| head.to_string()));
    }
}

/// A model as the parts of the URL that choose figures name it, and its size.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Model {
    pub dir: String,
    pub name: String,
    pub n_layers: usize,
    pub n_heads: usize,
}

impl Model {
    pub fn len(&self) -> usize {
        self.n_layers * self.n_heads
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Head number `at`, counted through the layers.
    pub fn head(&self, at: usize) -> LayerHead {
        LayerHead::nth(at, self.n_heads)
    }

    /// The number of a head, if the model has it.
    pub fn number(&self, head: LayerHead) -> Option<usize> {
        (head.layer < self.n_layers && head.head < self.n_heads).then(|| head.layer * self.n_heads + head.head)
    }

    fn key(&self) -> String {
        format!("heads-{}", self.dir)
    }

    /// Whether each head is selected for the page of many patterns: all are, if the model is and no head is named.
    pub fn selected(&self, query: &Query) -> Vec<bool> {
        if !query.list("models").iter().any(|m| *m == self.dir || *m == self.name) {
            return vec![false; self.len()];
        }
        let named = query.get(&self.key()).map(str::to_owned);
        let Some(text) = named.or_else(|| query.get(&format!("heads-{}", self.name)).map(str::to_owned)) else {
            return vec![true; self.len()];
        };
        let heads = text.parse().and_then(|s: HeadSelection| s.heads(self.n_layers, self.n_heads));
        heads.unwrap_or_else(|_| vec![false; self.len()])
    }

    /// Selects exactly these heads of the model, which then is among the chosen models; without heads it is not.
    pub fn select(&self, query: &mut Query, selected: &[bool]) {
        let mut models = query.list("models");
        let at = models.iter().position(|m| *m == self.dir || *m == self.name);
        query.set(&format!("heads-{}", self.name), None);
        query.set(&self.key(), None);
        match (at, selected.contains(&true)) {
            (Some(at), false) => drop(models.remove(at)),
            (None, true) => models.push(self.dir.clone()),
            _ => {}
        }
        if selected.contains(&true) && selected.contains(&false) {
            query.set(&self.key(), Some(HeadSelection::of(selected, self.n_heads).to_string()));
        }
        query.set_list("models", &models);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_read_back() {
        for text in [
            "",
            "model=a.b&score=induction&on=-h_1&x=self&y=layer&hue=entropy&filter=induction:0.3-1~entropy:-2&top=50&order=up&focus=L3H7",
            "top=all&mine=1&models=A&heads-A=L1",
        ] {
            let query = Query::parse(text);
            let (state, complaints) = State::read(&query);
            assert!(complaints.is_empty(), "{complaints:?}");
            let mut written = query.clone();
            state.write(&mut written);
            assert_eq!(written.to_string(), text);
        }
    }

    #[test]
    fn what_cannot_be_read_is_complained_about() {
        let (state, complaints) = State::read(&Query::parse("filter=a:1~b:0-1~c&top=7&focus=3.7&order=x&score="));
        assert_eq!((state.filters.len(), state.top, state.focus, state.score), (1, 10, None, None));
        assert_eq!(complaints.len(), 4, "{complaints:?}");
        assert_eq!(complaints[3], "focus=3.7 in the address is not a head such as L3H7, and is ignored.");
    }

    #[test]
    fn heads_are_selected_for_the_other_page() {
        let model = Model { dir: "a-m".to_owned(), name: "a/m".to_owned(), n_layers: 2, n_heads: 3 };
        let mut query = Query::parse("mine=1&models=B&heads-B=L0");
        assert_eq!(model.selected(&query), [false; 6]);
        let some = [false, true, false, true, true, true];
        model.select(&mut query, &some);
        assert_eq!(query.to_string(), "mine=1&models=B~a-m&heads-B=L0&heads-a-m=L0H1~L1");
        assert_eq!(model.selected(&query), some);
        model.select(&mut query, &[true; 6]);
        assert_eq!(query.to_string(), "mine=1&models=B~a-m&heads-B=L0");
        assert_eq!(model.selected(&query), [true; 6]);
        model.select(&mut query, &[false; 6]);
        assert_eq!(query.to_string(), "mine=1&models=B&heads-B=L0");
        // By the name that the model has elsewhere; wrong selections are none.
        assert_eq!(
            model.selected(&Query::parse("models=a/m&heads-a/m=L1H1-2")),
            [false, false, false, false, true, true]
        );
        assert_eq!(model.selected(&Query::parse("models=a-m&heads-a-m=L9")), [false; 6]);
        assert_eq!((model.number(model.head(4)), model.number(LayerHead { layer: 2, head: 0 })), (Some(4), None));
    }
}
