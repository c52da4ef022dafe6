//! `embed=1`: a page that is shown inside of another one, as in a notebook. It is the picture alone, with a line that
//! says what it is and leads to the whole page.

use leptos::prelude::*;

use crate::erase::live;
use crate::single::link;
use crate::url::{Address, Query};

const KEY: &str = "embed";

/// Whether the page is embedded.
pub fn is_on(address: Address) -> bool {
    address.with_untracked(|query| query.get(KEY) == Some("1"))
}

/// Tells the style sheets, by `data-embed` on the root element.
pub fn provide() -> bool {
    let is_embedded = is_on(Address::here());
    if let (true, Some(root)) = (is_embedded, document().document_element()) {
        let _attribute_names_are_valid = root.set_attribute("data-embed", "");
    }
    is_embedded
}

/// The query of the same view as a part of another page, or as a page.
pub fn query(query: &Query, embedded: bool) -> Query {
    let mut query = query.clone();
    query.set(KEY, embedded.then(|| "1".to_owned()));
    query
}

/// The line below an embedded view.
pub fn caption() -> AnyView {
    let address = Address::here();
    let what = move || {
        let target = address.with(link::target);
        target.map(|target| format!("{} {}", target.id.model, target.id.head)).unwrap_or_default()
    };
    let href = move || format!("?{}", query(&address.get(), false));
    view! {
        <p class="embed-caption">
            <span>{live(what)}</span>
            <a href=live(href) target="_blank" rel="noopener" data-testid="in-full">"Open in full"</a>
        </p>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_go_in_and_out_of_frames() {
        let page = Query::parse("head=m.L0.H1&prompt=x");
        let framed = query(&page, true);
        assert_eq!(framed.to_string(), "head=m.L0.H1&prompt=x&embed=1");
        assert_eq!(query(&framed, false), page);
    }
}
