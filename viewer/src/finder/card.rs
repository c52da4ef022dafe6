//! The scores of one head, for the page of one pattern: those by which it stands out first.

use lens_schema::score::ScoreTable;
use lens_schema::{path, sort};
use web_sys::{Element, HtmlElement};

use super::dom::fill;
use super::numbers::{Numbers, PLACES, rank, rank_words, text};
use super::skeleton::prompts_text;
use super::state::State;
use super::{HEADS, VIEW};
use crate::app::use_index;
use crate::dom::{around, words};
use crate::erase::effect;
use crate::grid::shade::Shade;
use crate::scores;
use crate::signal::{awaited, memo};
use crate::single::link::{self, Target};
use crate::url::{Address, Query};

/// Scores that are listed.
const COUNT: usize = 8;

/// Keeps the card of the address' head in an element; nothing where the site has no scores of the model.
pub fn follow(element: Element) {
    let (address, index) = (Address::here(), use_index());
    let shade = memo(move || address.with(Shade::read));
    let target = memo(move || address.with(link::target).ok());
    let dir = memo(move || target.get().map(|target| target.id.model).filter(|dir| scores::has(&index, dir)));
    let table = awaited(move || {
        let dir = dir.get();
        async move {
            match dir {
                Some(dir) => {
                    let table = scores::table(&dir).await;
                    Some((dir, table))
                }
                None => None,
            }
        }
    });
    effect(move || {
        // Until the scores of another model are there, those of the one before are nothing to show.
        let (own, target) = (dir.get(), target.get());
        let table = table.get().flatten().filter(|(of, _)| own.as_ref() == Some(of)).map(|(_, table)| table);
        let card = match (table, target) {
            (Some(Ok(table)), Some(target)) => card(&table, &target, shade.get()),
            (Some(Err(message)), _) => vec![words("p", &[("class", "problem")], &message)],
            _ => Vec::new(),
        };
        fill(&element, &card);
    });
}

fn card(table: &ScoreTable, target: &Target, shade: Shade) -> Vec<HtmlElement> {
    let head = target.id.head;
    if head.layer >= table.n_layers || head.head >= table.n_heads {
        return Vec::new();
    }
    let at = head.layer * table.n_heads + head.head;
    let row = table.prompts.iter().position(|hash| *hash == target.hash);
    let mut columns = Numbers::of(table, row).columns;
    columns.retain(|(name, _)| !PLACES.contains(&name.as_str()));
    let finder = |score: Option<&String>| {
        let mut query = Query::default();
        query.set(VIEW, Some(HEADS.to_owned()));
        let mut state = State::read(&query).0;
        state.model = Some(target.id.model.clone());
        state.focus = Some(head);
        state.prompt = row.map(|_| target.hash.clone());
        state.score = score.cloned();
        state.write(&mut query);
        shade.write(&mut query);
        format!("{}?{query}", path::INDEX_HTML)
    };
    // By the distance of the rank from the nearer end; equal heads do not stand out.
    let distance = |column: usize| {
        let values = &columns[column].1;
        let equal = values.iter().filter(|v| **v == values[at]).count();
        rank(values, at).map_or(usize::MAX, |(rank, all)| rank.min(all + 1 - rank) + equal)
    };
    let order = sort::indexes(columns.len(), &mut |a, b| distance(a).cmp(&distance(b)));
    let entry = |column: usize| {
        let (name, values) = &columns[column];
        let rank = rank(values, at)?;
        let doc = table.column(name).map_or("", |column| &column.entry.doc);
        let parts = [
            around("dt", &[], &[words("a", &[("href", &finder(Some(name))), ("title", doc)], name)]),
            words("dd", &[], &text(values[at])),
            words("dd", &[("class", "muted")], &rank_words(rank)),
        ];
        Some(around("div", &[], &parts))
    };
    let entries = order.into_iter().filter_map(entry).take(COUNT).collect::<Vec<_>>();
    let what = match row {
        Some(_) => "on this prompt".to_owned(),
        None => format!("mean over {}", prompts_text(table.prompts.len())),
    };
    let header = [
        words("h2", &[("id", "head-scores-title")], "What sets this head apart"),
        words("span", &[("class", "muted")], &what),
        words("a", &[("href", &finder(None))], "Find heads"),
    ];
    let parts = [around("header", &[], &header), around("dl", &[("class", "own-scores")], &entries)];
    vec![around("section", &[("class", "card"), ("aria-labelledby", "head-scores-title")], &parts)]
}
