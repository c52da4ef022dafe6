//! Figures that the reader keeps to compare them.

use lens_schema::{PatternId, path};

use crate::grid::state::{State, toggle};
use crate::url::{Query, join_list};

/// A head on a prompt: `MODEL.L3.H7@HASH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    pub id: PatternId,
    pub hash: String,
}

impl Pin {
    /// Reads [`Pin::write`].
    pub fn read(text: &str) -> Option<Pin> {
        let (id, hash) = text.rsplit_once('@')?;
        Some(Pin { id: id.parse().ok()?, hash: hash.to_owned() })
    }

    pub fn write(&self) -> String {
        format!("{}@{}", self.id, self.hash)
    }

    /// The page of the first pattern, with the others beside it: `with=` leaves out the prompt where it is the same.
    /// `look` is how they are coloured.
    pub fn compare(pins: &[Pin], look: &Query) -> Option<String> {
        let (first, others) = pins.split_first()?;
        let other = |pin: &Pin| if pin.hash == first.hash { pin.id.to_string() } else { pin.write() };
        let others: Vec<String> = others.iter().map(other).collect();
        let mut query = look.clone();
        query.set("with", (!others.is_empty()).then(|| join_list(&others)));
        let query = query.to_string();
        let and = if query.is_empty() { "" } else { "&" };
        Some(format!("{}{and}{query}", path::single_url(&first.id, &first.hash)))
    }
}

impl State {
    /// The figures that are kept; what is not of the right form is not there.
    pub fn pinned(&self) -> Vec<Pin> {
        self.pins.iter().filter_map(|text| Pin::read(text)).collect()
    }

    /// Keeps a figure, or lets go of it.
    pub fn pin(&mut self, pin: &str) {
        toggle(&mut self.pins, pin.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_name_every_pattern() {
        let pins = ["a-1.5.L0.H1@p", "a-1.5.L3.H0@p", "b@c.L0.H0@q"].map(|pin| Pin::read(pin).unwrap());
        assert_eq!(pins[2].id.model, "b@c");
        let plain = Query::default();
        assert_eq!(Pin::compare(&[], &plain), None);
        assert_eq!(Pin::compare(&pins[..1], &plain).unwrap(), "single.html?head=a-1.5.L0.H1&prompt=p");
        assert_eq!(
            Pin::compare(&pins, &Query::parse("scale=log")).unwrap(),
            "single.html?head=a-1.5.L0.H1&prompt=p&scale=log&with=a-1.5.L3.H0~b@c.L0.H0@q"
        );
        assert!(["", "a", "a.L0.H0", "a@p"].iter().all(|bad| Pin::read(bad).is_none()));
    }

    #[test]
    fn a_pin_comes_and_goes() {
        let mut state = State::default();
        ["a", "b", "a"].iter().for_each(|pin| state.pin(pin));
        assert_eq!(state.pins, ["b"]);
    }
}
