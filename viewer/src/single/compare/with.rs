//! What the pattern is compared with, as the address says it: `with=MODEL.L3.H7@HASH~MODEL.L1.H0`.

use std::fmt;

use lens_schema::path::is_safe_name;

use crate::single::link::Target;
use crate::url::Query;

/// So many patterns have room side by side, the page's own among them.
pub const MOST: usize = 6;
const WITH: &str = "with";
const MINUS: &str = "minus";

/// The letter of the pattern at a place; the page's own is A.
pub fn letter(place: usize) -> char {
    (b'A' + place as u8) as char
}

/// A pattern as the address names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    item: String,
    /// What is wrong with the name, as a sentence to show.
    pub target: Result<Target, String>,
}

impl From<&Target> for Named {
    fn from(target: &Target) -> Self {
        Named { item: String::new(), target: Ok(target.clone()) }
    }
}

/// The others that the address names, however many. A prompt that is not named is the page's own.
pub fn others(query: &Query, here: Option<&Target>) -> Vec<Named> {
    let named = |item: String| Named { target: read(&item, here), item };
    query.list(WITH).into_iter().map(named).collect()
}

/// Whether there is nothing to compare with.
pub fn is_empty(query: &Query) -> bool {
    query.list(WITH).is_empty()
}

fn read(item: &str, here: Option<&Target>) -> Result<Target, String> {
    let (id, hash) = match item.rsplit_once('@') {
        Some((id, hash)) => (id, Some(hash)),
        None => (item, here.map(|here| here.hash.as_str())),
    };
    let id: lens_schema::PatternId = id.parse().map_err(|e: String| format!("The address is wrong: {e}."))?;
    let hash = hash.ok_or("The address does not say which prompt to show.")?;
    if !is_safe_name(&id.model) || !is_safe_name(hash) {
        return Err(format!("{item} in the address has a character that no name has."));
    }
    Ok(Target { id, hash: hash.to_owned() })
}

/// Writes the others; a prompt that is the page's own is left out, and what could not be read stays as it is.
pub fn set_others(query: &mut Query, here: &Target, others: &[Named]) {
    let item = |named: &Named| match &named.target {
        Ok(target) if target.hash == here.hash => target.id.to_string(),
        Ok(target) => format!("{}@{}", target.id, target.hash),
        Err(_) => named.item.clone(),
    };
    query.set_list(WITH, &others.iter().map(item).collect::<Vec<_>>());
}

/// Which pattern is taken off the page's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Minus {
    None,
    /// Its place; the first other has 1.
    Place(usize),
}

impl Minus {
    /// The first other unless the address says something else.
    pub fn of(query: &Query, others: usize) -> Self {
        let place = match query.get(MINUS) {
            None => Some(1),
            Some(text) => (1..MOST).find(|&place| text == letter(place).to_string()),
        };
        place.filter(|&place| place <= others).map_or(Minus::None, Minus::Place)
    }

    pub fn set(self, query: &mut Query) {
        let text = match self {
            Minus::Place(1) => None,
            other => Some(other.to_string()),
        };
        query.set(MINUS, text);
    }
}

impl fmt::Display for Minus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Minus::None => f.write_str("none"),
            Minus::Place(place) => write!(f, "{}", letter(*place)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(id: &str, hash: &str) -> Target {
        Target { id: id.parse().unwrap(), hash: hash.to_owned() }
    }

    #[test]
    fn patterns_are_named_shortly() {
        let here = target("pythia-1.4b.L0.H1", "-here");
        let text = "with=pythia-1.4b.L3.H7@other~made-1.5.L2.L1.H0";
        let query = Query::parse(text);
        let expected = [target("pythia-1.4b.L3.H7", "other"), target("made-1.5.L2.L1.H0", "-here")];
        let named = others(&query, Some(&here));
        let read: Vec<Target> = named.iter().map(|one| one.target.clone().unwrap()).collect();
        assert_eq!(read, expected);
        let mut written = Query::default();
        set_others(&mut written, &here, &named);
        assert_eq!(written.to_string(), text);
        // From another prompt, each is named in full.
        set_others(&mut written, &target("m.L0.H0", "other"), &named);
        assert_eq!(written.to_string(), "with=pythia-1.4b.L3.H7~made-1.5.L2.L1.H0@-here");
        set_others(&mut written, &here, &[]);
        assert_eq!(written.to_string(), "");
    }

    #[test]
    fn what_is_wrong_is_said_in_its_place() {
        let here = target("m.L0.H0", "h");
        for (item, said) in [("m", "MODEL.L<layer>.H<head>"), ("../m.L0.H0", "no name"), ("m.L0.H0@../x", "no name")] {
            let query = Query::parse(&format!("with={item}~m.L1.H1"));
            let all = others(&query, Some(&here));
            assert!(all[0].target.as_ref().is_err_and(|e| e.contains(said)), "{:?}", all[0]);
            assert_eq!(all[1].target, Ok(target("m.L1.H1", "h")));
            let mut written = query.clone();
            set_others(&mut written, &here, &all);
            assert_eq!(written, query);
        }
        assert!(others(&Query::parse("with=m.L0.H0"), None)[0].target.is_err());
    }

    #[test]
    fn the_difference_is_to_the_first_unless_told() {
        let of = |text: &str, others| Minus::of(&Query::parse(text), others);
        assert_eq!([of("", 1), of("", 0), of("minus=C", 2)], [Minus::Place(1), Minus::None, Minus::Place(2)]);
        assert_eq!([of("minus=C", 1), of("minus=none", 3), of("minus=AB", 3)], [Minus::None; 3]);
        for minus in [Minus::None, Minus::Place(1), Minus::Place(4)] {
            let mut query = Query::default();
            minus.set(&mut query);
            assert_eq!(Minus::of(&query, 5), minus);
        }
    }
}
