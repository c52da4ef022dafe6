//! The order of the figures: keys, directions, a score, headings and new rows.

use leptos::prelude::*;

use crate::erase::{Live, live, on, part};
use crate::grid::field::{Choice, choice, options};
use crate::grid::menu::menu;
use crate::grid::order::{Key, Order};
use crate::grid::state::State;
use crate::grid::store::Store;
use crate::signal::memo;
use crate::url::Step;

/// What a button of the order does.
type Change = fn(&mut Order, usize);

/// The keys in their order, with direction, headings and new rows.
pub fn order_menu(store: Store) -> AnyView {
    let order = memo(move || store.state.with(|s| s.order.clone()));
    let button = move |at: usize, id: &str, class: &'static str, label: String, text: &'static str, change: Change| {
        let id = (!id.is_empty()).then(|| format!("{id}-{at}"));
        let press = on(move |_| store.edit(Step::Replace, |s| change(&mut s.order, at)));
        view! { <button class=class data-testid=id aria-label=label on:click=press>{text}</button> }.into_any()
    };
    let list = part(move || {
        let order = order.get();
        let last = order.ranks.len() - 1;
        let item = |at: usize| {
            let (name, descending) = (order.name(at), order.ranks[at].descending);
            let direction = if descending { "descending" } else { "ascending" };
            let arrow = match (order.ranks[at].key, descending) {
                (Key::Score, true) => "↓ largest first",
                (Key::Score, false) => "↑ smallest first",
                (_, true) => "↓ from the last",
                (_, false) => "↑ from the first",
            };
            let turn: Change = |order, at| order.ranks[at].descending ^= true;
            let (earlier, later) = (format!("Sort by {name} earlier"), format!("Sort by {name} later"));
            let mut buttons = vec![button(at, "direction", "small", format!("{name}: {direction}"), arrow, turn)];
            if at > 0 {
                buttons.push(button(at, "earlier", "icon small", earlier, "▴", |order, at| order.shift(at, at - 1)));
            }
            if at < last {
                buttons.push(button(at, "", "icon small", later, "▾", |order, at| order.shift(at, at + 1)));
            }
            view! {
                <li data-testid=format!("order-{at}")>
                    <span class="order-name">{name}</span>
                    {buttons}
                </li>
            }
            .into_any()
        };
        (0..=last).map(item).collect::<Vec<_>>()
    });
    let scores = move || {
        let mut all = options("–", []);
        let mut names = store.scores.with(|scores| scores.names());
        // What the address says can be seen, even where no model has it.
        names.extend(order.get().score.filter(|name| !names.contains(name)));
        all.extend(names.into_iter().map(|name| ("", name.clone(), name)));
        all
    };
    let headings = move || {
        let order = order.get();
        let names: Vec<&str> = order.grouping().iter().take(3).map(|r| r.key.name()).collect();
        let option = |n: usize| {
            let text = if n == 0 { "none".to_owned() } else { names[..n].join(" › ") };
            ("", n.to_string(), text)
        };
        (0..=names.len()).map(option).collect::<Vec<Choice>>()
    };
    let now: fn(&State) -> String = |s| s.headings.min(s.order.grouping().len()).to_string();
    let sheet = view! {
        <ol class="order">{list}</ol>
        {choice(
            store,
            ("score", "Score of the heads"),
            scores,
            |s| s.order.score.clone().unwrap_or_default(),
            |s, name| s.order.sort_by_score((!name.is_empty()).then_some(name), s.headings),
        )}
        {choice(store, ("headings", "Headings"), headings, now, |s, n| s.headings = n.parse().unwrap_or_default())}
        {choice(
            store,
            ("rows", "New row for each"),
            || keys("–"),
            |s| key_value(s.row),
            |s, key| s.row = Key::parse(&key),
        )}
    };
    let label: Live<String> = live(move || order.with(Order::words));
    menu(label, "order", store.sorting, sheet.into_any())
}

/// The keys to choose among, and none of them.
pub fn keys(none: &str) -> Vec<Choice> {
    options(none, Key::ALL.map(|key| (key.name(), key.name())))
}

/// A key as its option has it.
pub fn key_value(key: Option<Key>) -> String {
    key.map_or("", Key::name).to_owned()
}
