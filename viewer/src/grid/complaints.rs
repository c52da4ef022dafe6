//! What of the address the page cannot read. Such a parameter is ignored, and said to be.

use crate::grid::pins::Pin;
use crate::grid::state::State;
use crate::url::Query;

/// Parameters that not every text is a value of: the value that need not be written, and what else there is.
const EXPECTED: [(&str, &str, &str); 14] = [
    ("sort", "model", "made of model, prompt, layer, head, function and score:NAME, each with a - before it or not"),
    ("mean", "", "heads, layers or prompts"),
    ("headings", "2", "a number from 0 to 5"),
    ("rows", "", "what rows begin with, such as layer"),
    ("color", "", "what colours tell apart, such as layer or head"),
    ("scale", "", "linear, sqrt or log"),
    ("colors", "", "a colour map of matplotlib's, such as Blues, viridis or RdBu_r"),
    ("cols", "", "a number from 1 to 256"),
    ("size", "112", "a number from 16 to 512"),
    ("tokens", "-", "one or two numbers, such as 10-20"),
    ("psort", "", "text, tokens, dataset or hash, with a - before it or not"),
    ("page", "1", "a number from 1"),
    ("perpage", "20", "20, 50, 100, 200 or 500"),
    ("tab", "figures", "figures or select"),
];

/// A sentence on each parameter that could not be read.
pub fn complaints(query: &Query) -> Vec<String> {
    let complain = |&(key, default, expected): &(&str, &str, &str)| {
        let value = query.get(key).filter(|value| !value.is_empty() && *value != default)?;
        let is_unread = match key {
            // What comes first by default does so without a trace, but not the other way round.
            "sort" => value.split('~').any(|item| is_unread(key, &format!("-{}", item.trim_start_matches('-')))),
            _ => is_unread(key, value),
        };
        is_unread.then(|| format!("{key}={value} in the address is not {expected}, and is ignored."))
    };
    let pins = query.list("pins").into_iter().filter(|pin| Pin::read(pin).is_none());
    let pins =
        pins.map(|pin| format!("pins={pin} in the address is not a figure such as MODEL.L3.H7@HASH, and is ignored."));
    EXPECTED.iter().filter_map(complain).chain(pins).collect()
}

/// Whether a value leaves everything as it is by default.
fn is_unread(key: &str, value: &str) -> bool {
    let (mut alone, mut read) = (Query::default(), Query::default());
    alone.set(key, Some(value.to_owned()));
    State::read(&alone).write(&mut read);
    read == Query::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_is_named_and_what_has_a_meaning_is_not() {
        for (key, default, _) in EXPECTED {
            let said = complaints(&Query::parse(&format!("models=a&{key}=pink&theirs=x")));
            assert!(said.len() == 1 && said[0].starts_with(&format!("{key}=pink in the address is not ")), "{said:?}");
            assert!(complaints(&Query::parse(&format!("{key}={default}&{key}"))).is_empty(), "{key}={default}");
        }
        let good = "sort=-layer&headings=0&rows=layer&color=head&scale=log&colors=magma&cols=3&size=16&tokens=5&psort=-hash&page=2&perpage=50&tab=select&theirs=pink";
        assert!(complaints(&Query::parse(good)).is_empty());
        assert!(complaints(&Query::parse("sort=model~prompt~-head")).is_empty());
        assert_eq!(complaints(&Query::parse("sort=layer~size")).len(), 1);
        assert_eq!(
            complaints(&Query::parse("pins=a.L0.H1@p~pink~a.L0.H1")),
            ["pink", "a.L0.H1"].map(|pin| format!(
                "pins={pin} in the address is not a figure such as MODEL.L3.H7@HASH, and is ignored."
            ))
        );
    }
}
