//! The page's state lives in the URL's query: this reads it, writes it, and follows back and forward.
//!
//! Parameters that nobody knows are kept, in their place. Lists are separated by `~`. What is written is short:
//! only characters that would change the meaning of the URL are escaped.

use std::cell::RefCell;
use std::fmt;

use crate::signal::RwSignal;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;

/// The parameters of a query, decoded, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Parses `a=1&b=2`, with or without a leading `?`. Malformed escapes stand for themselves.
    pub fn parse(query: &str) -> Self {
        let query = query.strip_prefix('?').unwrap_or(query);
        let pairs = query.split('&').filter(|p| !p.is_empty()).map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key), decode(value))
        });
        Query { pairs: pairs.collect() }
    }

    /// The first value of a parameter.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.pairs.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// Sets a parameter in its place, or at the end; `None` removes it.
    pub fn set(&mut self, key: &str, value: Option<String>) {
        let place = self.pairs.iter().position(|(k, _)| k == key);
        match (place, value) {
            (Some(i), Some(value)) => {
                self.pairs[i].1 = value;
                let mut first = true;
                self.pairs.retain(|(k, _)| k != key || std::mem::take(&mut first));
            }
            (None, Some(value)) => self.pairs.push((key.to_owned(), value)),
            (Some(_), None) => self.pairs.retain(|(k, _)| k != key),
            (None, None) => {}
        }
    }

    /// A number, if the parameter is one.
    pub fn number<T: std::str::FromStr>(&self, key: &str) -> Option<T> {
        self.get(key)?.parse().ok()
    }

    /// The items of a list, without empty ones.
    pub fn list(&self, key: &str) -> Vec<String> {
        self.get(key).map(split_list).unwrap_or_default()
    }

    /// Sets a list; an empty one removes the parameter.
    pub fn set_list<S: AsRef<str>>(&mut self, key: &str, items: &[S]) {
        self.set(key, (!items.is_empty()).then(|| join_list(items)));
    }

    /// The parameters whose keys start with `prefix`, by the rest of their keys.
    pub fn below(&self, prefix: &str) -> Query {
        let mut below = Query::default();
        for (key, value) in &self.pairs {
            if let Some(key) = key.strip_prefix(prefix)
                && below.get(key).is_none()
            {
                below.set(key, Some(value.clone()));
            }
        }
        below
    }

    /// Keys with their values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (key, value)) in self.pairs.iter().enumerate() {
            write!(f, "{}{}", if i == 0 { "" } else { "&" }, encode(key))?;
            if !value.is_empty() {
                write!(f, "={}", encode(value))?;
            }
        }
        Ok(())
    }
}

/// `a~b`; a `~` inside an item is written `!~`, a `!` is written `!!`.
pub fn join_list<S: AsRef<str>>(items: &[S]) -> String {
    let items: Vec<String> = items.iter().map(|i| i.as_ref().replace('!', "!!").replace('~', "!~")).collect();
    items.join("~")
}

/// The items that [`join_list`] joined.
pub fn split_list(list: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut chars = list.chars();
    while let Some(c) = chars.next() {
        match c {
            '~' => items.push(String::new()),
            '!' => items.last_mut().expect("never empty").extend(chars.next()),
            c => items.last_mut().expect("never empty").push(c),
        }
    }
    items.retain(|i| !i.is_empty());
    items
}

/// Escapes what would change the meaning of a query, or would not survive being pasted somewhere.
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => out.push(byte as char),
            b'-' | b'_' | b'.' | b'~' | b'!' | b'*' | b',' | b':' | b'/' | b'@' | b'$' | b';' => out.push(byte as char),
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.as_bytes();
    while let [first, rest @ ..] = bytes {
        bytes = rest;
        let escaped = || std::str::from_utf8(rest.get(..2)?).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match first {
            b'+' => out.push(b' '),
            b'%' => match escaped() {
                Some(byte) => {
                    out.push(byte);
                    bytes = &rest[2..];
                }
                None => out.push(b'%'),
            },
            byte => out.push(*byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Whether a change makes a step for the back button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A choice that one would want to undo with the back button.
    Push,
    /// A movement among many, such as typing or dragging: written a moment after the last one.
    Replace,
}

/// Browsers refuse to be told of a new address too often; movements are written this long after the last one.
const REPLACE_AFTER_MS: i32 = 250;

/// The page's query as a signal that follows back and forward. There is one per page, in the context.
#[derive(Debug, Clone, Copy)]
pub struct Address {
    query: RwSignal<Query>,
}

/// The timer of a [`Step::Replace`] that is not yet written, with what it will run.
type Pending = Option<(i32, Closure<dyn FnMut()>)>;

thread_local! {
    static PENDING: RefCell<Pending> = const { RefCell::new(None) };
}

impl Address {
    /// Reads the address bar, and listens for back and forward for as long as the page lives.
    pub fn provide() -> Self {
        let address = Address { query: RwSignal::new(Query::parse(&location_search())) };
        window_event_listener_untyped("popstate", move |_| {
            forget_pending();
            address.query.set(Query::parse(&location_search()));
        });
        provide_context(address);
        address
    }

    /// The page's address. Only within the app.
    pub fn here() -> Self {
        expect_context()
    }

    /// The query, tracked.
    pub fn get(self) -> Query {
        self.query.get()
    }

    /// Reads the query, tracked.
    pub fn with<T>(self, read: impl FnOnce(&Query) -> T) -> T {
        self.query.with(read)
    }

    /// Reads the query without tracking it.
    pub fn with_untracked<T>(self, read: impl FnOnce(&Query) -> T) -> T {
        self.query.with_untracked(read)
    }

    /// Changes the query, and the address bar with it. Nothing happens if it stays the same.
    pub fn update(self, step: Step, change: impl FnOnce(&mut Query)) {
        let before = self.query.get_untracked();
        let mut after = before.clone();
        change(&mut after);
        if after == before {
            return;
        }
        match step {
            Step::Push => {
                if forget_pending() {
                    // A step back leads to what was seen last.
                    write(&before, Step::Replace);
                }
                write(&after, Step::Push);
            }
            Step::Replace => self.write_later(),
        }
        self.query.set(after);
    }

    /// Writes the query that the page shows after a while without another change.
    fn write_later(self) {
        forget_pending();
        let run = Closure::once(move || write(&self.query.get_untracked(), Step::Replace));
        let timer = window()
            .set_timeout_with_callback_and_timeout_and_arguments_0(run.as_ref().unchecked_ref(), REPLACE_AFTER_MS)
            .unwrap_or_default();
        PENDING.with_borrow_mut(|pending| *pending = Some((timer, run)));
    }
}

/// Drops a write that is still to come; whether there was one.
fn forget_pending() -> bool {
    PENDING.take().map(|(timer, _)| window().clear_timeout_with_handle(timer)).is_some()
}

fn location_search() -> String {
    window().location().search().unwrap_or_default()
}

fn write(query: &Query, step: Step) {
    let location = window().location();
    let path = location.pathname().unwrap_or_default();
    let query = query.to_string();
    let url =
        format!("{path}{}{query}{}", if query.is_empty() { "" } else { "?" }, location.hash().unwrap_or_default());
    if let Ok(history) = window().history() {
        let _refused_when_sandboxed = match step {
            Step::Push => history.push_state_with_url(&JsValue::NULL, "", Some(&url)),
            Step::Replace => history.replace_state_with_url(&JsValue::NULL, "", Some(&url)),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_written_as_they_were_read() {
        for query in
            ["", "models=A~B&prompts=-a_b~c&heads-A=L0H1~L2Hx~L3-5H*&theirs=1+2", "a&b=%26%3D%23%25", "q=%C3%A9"]
        {
            assert_eq!(Query::parse(query).to_string(), query);
        }
        assert_eq!(Query::parse("?x=%7E%7e"), Query::parse("x=~~"));
        assert_eq!(Query::parse("x=100%&y=%zz").to_string(), "x=100%25&y=%25zz");
    }

    #[test]
    fn parameters_are_changed_in_place() {
        let mut query = Query::parse("theirs=1&models=A&z=2&models=B");
        query.set_list("models", &["B", "C"]);
        assert_eq!(query.to_string(), "theirs=1&models=B~C&z=2");
        query.set("z", None);
        query.set("new", Some("a b".to_owned()));
        assert_eq!(query.to_string(), "theirs=1&models=B~C&new=a+b");
        assert_eq!(query.get("new"), Some("a b"));
        assert_eq!(query.number::<usize>("theirs"), Some(1));
        assert_eq!(query.number::<usize>("models"), None);
    }

    #[test]
    fn lists_hold_any_text() {
        let items = ["plain", "a~b", "wow!", "!~", "Ü & co"];
        let mut query = Query::default();
        query.set_list("l", &items);
        assert_eq!(Query::parse(&query.to_string()).list("l"), items);
        assert_eq!(Query::parse("l=a~~b~").list("l"), ["a", "b"]);
        assert_eq!(Query::parse("l=a%7Eb").list("l"), ["a", "b"]);
        query.set_list::<&str>("l", &[]);
        assert_eq!(query, Query::default());
    }

    #[test]
    fn prefixes() {
        let below = Query::parse("heads-a.b=L1&models=a.b&heads-c=*&heads-c=L2").below("heads-");
        assert_eq!(below.iter().collect::<Vec<_>>(), [("a.b", "L1"), ("c", "*")]);
    }
}
