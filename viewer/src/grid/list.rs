//! A table of what can be chosen, of models or of prompts: it is sorted by its columns, chosen from by clicks (with
//! shift held, everything from the row that was pressed before), and a row may open to more.

use std::cell::RefCell;
use std::rc::Rc;

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlInputElement, MouseEvent};

use crate::dom;
use crate::erase::{effect, live};
use crate::grid::table::Sort;
use crate::signal::Memo;

/// A column: its key, its title, what it means, and whether it holds numbers.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub key: &'static str,
    pub title: &'static str,
    pub meaning: &'static str,
    pub number: bool,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub key: String,
    /// What it is called where it is not seen.
    pub name: String,
    /// What each column shows, and the same in full.
    pub cells: Vec<(String, String)>,
}

/// What a row opens to: a text, and a note on it.
pub type Full = (String, String);

/// What the reader does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Presses a column's header.
    Sort(&'static str),
    /// Adds these to the choice, or takes them out.
    Choose(Vec<String>, bool),
    /// Opens or closes a row.
    Open(String),
}

/// What a table is made of.
#[derive(Clone, Copy)]
pub struct List {
    /// `model` or `prompt`: what test ids begin with; the table's has an s.
    pub name: &'static str,
    /// The box in the header: its name and its test id.
    pub all: (&'static str, &'static str),
    pub columns: &'static [Column],
    pub lines: Memo<Vec<Line>>,
    pub sort: Memo<Option<Sort<String>>>,
    /// Keys, in order.
    pub chosen: Memo<Vec<String>>,
    pub open: Memo<Vec<String>>,
    /// Where rows open.
    pub full: Option<Callback<String, Option<Full>>>,
    pub act: Callback<Act>,
}

impl std::fmt::Debug for List {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("List").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The table, once made.
struct Made {
    list: List,
    all: HtmlInputElement,
    headers: Vec<HtmlElement>,
    body: HtmlElement,
    /// The rows that are there.
    lines: RefCell<Vec<Line>>,
    /// The row that was pressed last.
    last: RefCell<Option<String>>,
}

#[component]
pub fn Table(list: List) -> impl IntoView {
    let root = NodeRef::<html::Div>::new();
    let made = StoredValue::new_local(None::<Rc<Made>>);
    effect(move || {
        let Some(root) = root.get() else { return };
        let table = made.get_value().unwrap_or_else(|| {
            let new = list.make(&root);
            made.set_value(Some(new.clone()));
            new
        });
        table.show();
    });
    view! { <div class=format!("table-scroll {}s-scroll", list.name) node_ref=root></div> }
}

impl List {
    fn make(self, root: &HtmlElement) -> Rc<Made> {
        let (label, id) = self.all;
        let all = dom::element(
            "input",
            &[("type", "checkbox"), ("title", label), ("aria-label", label), ("data-testid", id)],
        );
        let row = dom::around("tr", &[], &[&dom::around("th", &[("scope", "col")], &[&all])]);
        let header = |column: &Column| {
            let id = format!("sort-{}s-{}", self.name, column.key);
            let attributes =
                [("class", "sort"), ("title", column.meaning), ("data-key", column.key), ("data-testid", &id)];
            let button = dom::words("button", &attributes, column.title);
            let header = dom::around("th", &[("scope", "col"), ("class", &class(column))], &[&button]);
            dom::append(&row, &header);
            header
        };
        let headers = self.columns.iter().map(header).collect();
        if self.full.is_some() {
            let more = dom::words("span", &[("class", "sr-only")], "Full text");
            dom::append(&row, &dom::around("th", &[("scope", "col"), ("class", "col-open")], &[&more]));
        }
        let head = dom::around("thead", &[], &[&row]);
        let body = dom::element("tbody", &[]);
        let (class, id) = (format!("rows {}s", self.name), format!("{}s", self.name));
        dom::append(root, &dom::around("table", &[("class", &class), ("data-testid", &id)], &[&head, &body]));
        let made = Rc::new(Made {
            list: self,
            all: all.unchecked_into(),
            headers,
            body: body.clone(),
            lines: RefCell::default(),
            last: RefCell::default(),
        });
        dom::listen_for(&made, &head, "click", |made, event| made.press_header(&event));
        dom::listen_for(&made, &body, "click", |made, event| made.press_row(&event));
        dom::listen(&body, "mousedown", |event: MouseEvent| {
            // Shift would select text.
            if event.shift_key() {
                event.prevent_default();
            }
        });
        made
    }
}

fn class(column: &Column) -> String {
    format!("col-{}{}", column.key, if column.number { " number" } else { "" })
}

impl Made {
    fn act(&self, act: Act) {
        self.list.act.run(act);
    }

    fn press_header(&self, event: &MouseEvent) {
        if dom::closest(event, "input").is_some() {
            let keys: Vec<String> = self.lines.borrow().iter().map(|line| line.key.clone()).collect();
            let chosen = self.list.chosen.get_untracked();
            let add = !keys.iter().all(|key| chosen.binary_search(key).is_ok());
            self.act(Act::Choose(keys, add));
        } else if let Some(key) = dom::closest(event, "[data-key]").and_then(|button| button.get_attribute("data-key"))
            && let Some(column) = self.list.columns.iter().find(|column| column.key == key)
        {
            self.act(Act::Sort(column.key));
        }
    }

    fn press_row(&self, event: &MouseEvent) {
        let Some(key) = dom::closest(event, "tr[data-key]").and_then(|row| row.get_attribute("data-key")) else {
            return;
        };
        if dom::closest(event, "button").is_some() {
            return self.act(Act::Open(key));
        }
        let lines = self.lines.borrow();
        let place = |key: &String| lines.iter().position(|line| line.key == *key);
        let from = self.last.replace(Some(key.clone())).filter(|_| event.shift_key()).as_ref().and_then(place);
        let these = match (from, place(&key)) {
            (Some(a), Some(b)) => lines[a.min(b)..=a.max(b)].iter().map(|line| line.key.clone()).collect(),
            _ => vec![key.clone()],
        };
        drop(lines);
        let add = !self.list.chosen.with_untracked(|chosen| chosen.binary_search(&key).is_ok());
        self.act(Act::Choose(these, add));
    }

    /// Makes the table as it is to be.
    fn show(&self) {
        let sort = self.list.sort.get();
        for (column, header) in self.list.columns.iter().zip(&self.headers) {
            dom::set(header, "aria-sort", Sort::aria(sort.as_ref(), &column.key.to_owned()));
        }
        let lines = self.list.lines.get();
        if *self.lines.borrow() != lines {
            self.body.set_text_content(None);
            lines.iter().for_each(|line| dom::append(&self.body, &self.row(line)));
            self.lines.replace(lines);
        }
        let (chosen, open) = (self.list.chosen.get(), self.list.open.get());
        let mut n_chosen = 0;
        for row in dom::all(&self.body, "tr[data-key]") {
            let key = row.get_attribute("data-key").unwrap_or_default();
            let is_chosen = chosen.binary_search(&key).is_ok();
            n_chosen += usize::from(is_chosen);
            dom::toggle(&row, "chosen", is_chosen);
            if let Some(tick) = dom::first(&row, "input") {
                tick.unchecked_into::<HtmlInputElement>().set_checked(is_chosen);
            }
            self.fold(&row, &key, open.contains(&key));
        }
        let n = self.lines.borrow().len();
        self.all.set_checked(n > 0 && n_chosen == n);
        self.all.set_indeterminate(n_chosen > 0 && n_chosen < n);
    }

    fn row(&self, line: &Line) -> HtmlElement {
        let tick = dom::element("input", &[("type", "checkbox"), ("aria-label", &line.name)]);
        let id = format!("{}-{}", self.list.name, line.key);
        let row = dom::element("tr", &[("data-key", &line.key), ("data-testid", &id)]);
        dom::append(&row, &dom::around("td", &[], &[&tick]));
        for (column, (text, title)) in self.list.columns.iter().zip(&line.cells) {
            let text = dom::words("span", &[("class", "clamp")], text);
            let cell = dom::around("td", &[("class", &class(column))], &[&text]);
            if !title.is_empty() {
                dom::set(&cell, "title", title);
            }
            dom::append(&row, &cell);
        }
        if self.list.full.is_some() {
            let (label, id) = (format!("Full text of {}", line.name), format!("open-{}", line.key));
            let attributes = [
                ("class", "icon small fold-row"),
                ("title", "Full text"),
                ("aria-label", &*label),
                ("data-testid", &*id),
            ];
            let button = dom::around(
                "button",
                &attributes,
                &[&dom::element("span", &[("class", "chevron"), ("aria-hidden", "true")])],
            );
            dom::append(&row, &dom::around("td", &[("class", "col-open")], &[&button]));
        }
        row
    }

    /// Opens a row, or closes it.
    fn fold(&self, row: &HtmlElement, key: &str, open: bool) {
        let Some(full) = self.list.full else { return };
        if let Some(button) = dom::first(row, "button") {
            dom::set(&button, "aria-expanded", if open { "true" } else { "false" });
        }
        let below = row.next_element_sibling().filter(|next| next.class_list().contains("full"));
        match (below, open.then(|| full.run(key.to_owned())).flatten()) {
            (Some(below), None) => below.remove(),
            (None, Some((text, note))) => {
                let text = dom::words("pre", &[("tabindex", "0")], &text);
                let note = dom::words("p", &[("class", "muted")], &note);
                let span = (self.list.columns.len() + 2).to_string();
                let cell = dom::around("td", &[("colspan", &span)], &[&text, &note]);
                let id = format!("full-{key}");
                let below = dom::around("tr", &[("class", "full"), ("data-testid", &id)], &[&cell]);
                let _part_of_a_table = row.after_with_node_1(&below);
            }
            _ => {}
        }
    }
}

/// A message in place of rows, where there are none.
pub fn nothing(message: Memo<Option<&'static str>>) -> AnyView {
    let hidden = live(move || message.get().is_none());
    view! { <p class="muted nothing" hidden=hidden>{live(move || message.get().unwrap_or_default())}</p> }.into_any()
}
