//! Everything that the page shows by choice, and how it is written in the URL.

use lens_schema::ModelEntry;

use crate::grid::mean::Mean;
use crate::grid::order::{Key, Order};
use crate::grid::shade::Shade;
use crate::grid::table::{PromptColumn, Sort, read_range, write_range};
use crate::url::{Query, join_list, split_list};

/// Tile sizes in CSS pixels.
pub const TILE: std::ops::RangeInclusive<usize> = 16..=512;
/// Images per row.
pub const PER_ROW: std::ops::RangeInclusive<usize> = 1..=256;
const DEFAULT_TILE: usize = 112;
const DEFAULT_HEADINGS: usize = 2;
/// Choices of prompts on a page of their table; the first is the default.
pub const PAGES: [usize; 5] = [20, 50, 100, 200, 500];
const HEADS: &str = "heads-";

/// The prompts that are chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prompts {
    /// Every prompt of the chosen models.
    All,
    /// These, by hash, in the order they were chosen.
    Some(Vec<String>),
}

/// Parts of the page that can be folded away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Panel {
    Models,
    Prompts,
    Functions,
    /// All three.
    Side,
}

impl Panel {
    const ALL: [Panel; 4] = [Panel::Models, Panel::Prompts, Panel::Functions, Panel::Side];

    pub fn name(self) -> &'static str {
        match self {
            Panel::Models => "models",
            Panel::Prompts => "prompts",
            Panel::Functions => "functions",
            Panel::Side => "side",
        }
    }
}

/// On a narrow screen, one of the two is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tab {
    #[default]
    Figures,
    Select,
}

impl Tab {
    pub fn name(self) -> &'static str {
        match self {
            Tab::Figures => "figures",
            Tab::Select => "select",
        }
    }
}

/// The state of the page.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// Chosen models by directory.
    pub models: Vec<String>,
    /// Head selections by model as they were typed, right or wrong; a model that is absent has all its heads.
    pub heads: Query,
    pub prompts: Prompts,
    /// Chosen figure functions; `None` is the site's first.
    pub functions: Option<Vec<String>>,
    /// What is averaged instead of being shown one by one.
    pub mean: Option<Mean>,
    /// Figures that are kept to be compared, as [`Pin`](crate::grid::pins::Pin) writes them.
    pub pins: Vec<String>,

    pub order: Order,
    /// How many of the first keys of the order have headings.
    pub headings: usize,
    /// A new row starts where this changes.
    pub row: Option<Key>,
    /// What border colours tell apart.
    pub colour: Option<Key>,
    pub shade: Shade,
    /// Images per row; `None` is as many as fit.
    pub per_row: Option<usize>,
    /// Side of a tile in CSS pixels, where `per_row` does not decide.
    pub tile: usize,

    pub search: String,
    /// Smallest and largest number of tokens.
    pub tokens: (Option<usize>, Option<usize>),
    pub datasets: Vec<String>,
    pub prompt_sort: Option<Sort<PromptColumn>>,
    /// Page of the prompt table, from 0, and how many prompts it has.
    pub page: usize,
    pub per_page: usize,
    /// Prompts whose full text is open.
    pub open: Vec<String>,
    /// What the names of the models in the table contain.
    pub model_search: String,
    /// Column of the model table by its key.
    pub model_sort: Option<Sort<String>>,
    /// Figure functions whose documentation is open.
    pub docs: Vec<String>,
    pub closed: Vec<Panel>,
    pub tab: Tab,
}

impl Default for State {
    fn default() -> Self {
        State {
            models: Vec::new(),
            heads: Query::default(),
            prompts: Prompts::Some(Vec::new()),
            functions: None,
            mean: None,
            pins: Vec::new(),
            order: Order::default(),
            headings: DEFAULT_HEADINGS,
            row: None,
            colour: None,
            shade: Shade::default(),
            per_row: None,
            tile: DEFAULT_TILE,
            search: String::new(),
            tokens: (None, None),
            datasets: Vec::new(),
            prompt_sort: None,
            page: 0,
            per_page: PAGES[0],
            open: Vec::new(),
            model_search: String::new(),
            model_sort: None,
            docs: Vec::new(),
            closed: Vec::new(),
            tab: Tab::default(),
        }
    }
}

impl State {
    /// Reads a URL's query. What cannot be understood is as if it were not there.
    pub fn read(query: &Query) -> State {
        let default = State::default();
        State {
            models: query.list("models"),
            heads: query.below(HEADS),
            prompts: match query.get("prompts") {
                Some("*") => Prompts::All,
                list => Prompts::Some(list.map(split_list).unwrap_or_default()),
            },
            functions: query.get("functions").map(split_list),
            mean: query.get("mean").and_then(Mean::parse),
            pins: query.list("pins"),
            order: Order::read(&query.list("sort")),
            headings: query.number("headings").map_or(default.headings, |n: usize| n.min(Key::ALL.len())),
            row: query.get("rows").and_then(Key::parse),
            colour: query.get("color").and_then(Key::parse),
            shade: Shade::read(query),
            per_row: query.number("cols").filter(|n| PER_ROW.contains(n)),
            tile: query.number("size").map_or(default.tile, |n: usize| n.clamp(*TILE.start(), *TILE.end())),
            search: query.get("q").unwrap_or_default().to_owned(),
            tokens: query.get("tokens").and_then(read_range).unwrap_or_default(),
            datasets: query.list("dataset"),
            prompt_sort: query.get("psort").and_then(|t| Sort::read(t, PromptColumn::parse)),
            page: query.number("page").unwrap_or(1usize).saturating_sub(1),
            per_page: query.number("perpage").filter(|n| PAGES.contains(n)).unwrap_or(default.per_page),
            open: query.list("open"),
            model_search: query.get("mq").unwrap_or_default().to_owned(),
            model_sort: query.get("msort").and_then(|t| Sort::read(t, |name| Some(name.to_owned()))),
            docs: query.list("docs"),
            closed: {
                let closed = query.list("closed");
                Panel::ALL.into_iter().filter(|p| closed.iter().any(|c| c == p.name())).collect()
            },
            tab: if query.get("tab") == Some(Tab::Select.name()) { Tab::Select } else { Tab::Figures },
        }
    }

    /// Writes what differs from the default into a URL's query; other parameters stay.
    pub fn write(&self, query: &mut Query) {
        let default = State::default();
        let some_number = |n: usize, default: usize| (n != default).then(|| n.to_string());
        query.set_list("models", &self.models);
        query.set(
            "prompts",
            match &self.prompts {
                Prompts::All => Some("*".to_owned()),
                Prompts::Some(hashes) => (!hashes.is_empty()).then(|| join_list(hashes)),
            },
        );
        query.set("functions", self.functions.as_ref().map(|names| join_list(names)));
        let before = query.below(HEADS);
        for (model, _) in before.iter().chain(self.heads.iter()) {
            query.set(&format!("{HEADS}{model}"), self.heads.get(model).map(str::to_owned));
        }
        query.set("mean", self.mean.map(|m| m.name().to_owned()));
        query.set_list("pins", &self.pins);
        query.set_list("sort", &self.order.write());
        query.set("headings", some_number(self.headings, default.headings));
        query.set("rows", self.row.map(|k| k.name().to_owned()));
        query.set("color", self.colour.map(|k| k.name().to_owned()));
        self.shade.write(query);
        query.set("cols", self.per_row.map(|n| n.to_string()));
        query.set("size", some_number(self.tile, default.tile));
        query.set("q", (!self.search.is_empty()).then(|| self.search.clone()));
        query.set("tokens", write_range(self.tokens));
        query.set_list("dataset", &self.datasets);
        query.set("psort", self.prompt_sort.as_ref().map(|s| s.write(|c| c.name())));
        query.set("page", (self.page > 0).then(|| (self.page + 1).to_string()));
        query.set("perpage", some_number(self.per_page, default.per_page));
        query.set_list("open", &self.open);
        query.set("mq", (!self.model_search.is_empty()).then(|| self.model_search.clone()));
        query.set("msort", self.model_sort.as_ref().map(|s| s.write(|c| c)));
        query.set_list("docs", &self.docs);
        query.set_list("closed", &self.closed.iter().map(|p| p.name()).collect::<Vec<_>>());
        query.set("tab", (self.tab != default.tab).then(|| self.tab.name().to_owned()));
    }

    /// Chooses one model with all its heads, whichever of them were chosen before.
    pub fn begin_with(&mut self, model: &ModelEntry) {
        let dir = model.dir();
        self.heads.set(&model.model_name, None);
        self.heads.set(&dir, None);
        self.models = vec![dir];
    }

    /// Folds a part of the page away, or opens it.
    pub fn fold(&mut self, panel: Panel) {
        toggle(&mut self.closed, panel);
    }

    /// Drops everything that was chosen: figures, filters and how they are shown.
    pub fn clear(&mut self) {
        *self = State { closed: std::mem::take(&mut self.closed), tab: self.tab, ..State::default() };
    }

    /// Whether there is anything for [`State::clear`] to drop.
    pub fn is_clear(&self) -> bool {
        let mut cleared = self.clone();
        cleared.clear();
        cleared == *self
    }
}

/// Takes an item out of a list, or adds it.
pub fn toggle<T: PartialEq>(list: &mut Vec<T>, item: T) {
    match list.iter().position(|other| *other == item) {
        Some(at) => drop(list.remove(at)),
        None => list.push(item),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(query: &str) -> String {
        let state = State::read(&Query::parse(query));
        let mut out = Query::default();
        state.write(&mut out);
        assert_eq!(State::read(&out), state, "{query}");
        out.to_string()
    }

    #[test]
    fn pattern_lens_links_are_read() {
        let query = "models=A~B&prompts=-h_1~h2&functions=raw~svd&heads-A=L0H1~L2Hx~L3-5H*";
        let state = State::read(&Query::parse(query));
        assert_eq!(state.models, ["A", "B"]);
        assert_eq!(state.heads.get("A"), Some("L0H1~L2Hx~L3-5H*"));
        assert_eq!(state.prompts, Prompts::Some(vec!["-h_1".to_owned(), "h2".to_owned()]));
        assert_eq!(state.functions.as_deref(), Some(&["raw".to_owned(), "svd".to_owned()][..]));
        let escaped = query.replace('~', "%7E").replace('*', "%2A");
        assert_eq!(State::read(&Query::parse(&escaped)), state);
    }

    #[test]
    fn every_state_is_read_back() {
        for query in [
            "",
            "models=A&prompts=*&functions&heads-A&mean=heads&pins=A.L0.H1@p&sort=-layer~-score:induction~prompt&headings=0&rows=layer&color=head&scale=log&colors=magma&cols=16&size=32",
            "q=a+b&tokens=10-20&dataset=Pile!~CC~Github&psort=-tokens&page=3&perpage=50&open=h&mq=a+b&msort=-n_params&docs=raw&closed=models~side",
            "tokens=5-&tab=select",
            "tokens=-5",
        ] {
            assert_eq!(round_trip(query), query);
        }
    }

    #[test]
    fn what_is_default_or_nonsense_is_not_written() {
        let nonsense = "sort=model~prompt&headings=2&color=pink&scale=x&colors=x&cols=0&size=112&tokens=x&psort=x&page=1&perpage=7&closed=x&tab=x";
        assert_eq!(round_trip(nonsense), "");
        assert_eq!(round_trip("size=1&headings=77"), "headings=5&size=16");
    }

    #[test]
    fn other_parameters_stay() {
        let mut query = Query::parse("theirs=1&models=A&heads-A=L1&heads-B=L2");
        let mut state = State::read(&query);
        state.heads.set("A", None);
        state.models = vec!["B".to_owned()];
        state.write(&mut query);
        assert_eq!(query.to_string(), "theirs=1&models=B&heads-B=L2");
        assert!(!state.is_clear());
        let model = serde_json::json!({"model_name": "B", "n_layers": 1, "n_heads": 1});
        state.begin_with(&serde_json::from_value(model).unwrap());
        assert_eq!((state.models.as_slice(), state.heads.get("B")), (&["B".to_owned()][..], None));
        state.clear();
        state.write(&mut query);
        assert_eq!(query.to_string(), "theirs=1");
        assert!(state.is_clear());
    }
}
