//! What the prompt and the model are.

use lens_schema::ModelEntry;
use serde_json::Value;
use web_sys::{Element, HtmlElement};

use super::format;
use super::page::{Page, Shown};
use crate::dom;
use crate::erase::effect;

/// Keeps both cards at what is shown.
pub fn start(page: Page, root: &Element) {
    let cards = dom::all(root, ".about dl");
    let text = dom::part(root, "prompt-text");
    effect(move || {
        page.shown.with(|shown| {
            text.set_text_content(shown.as_ref().map(|shown| shown.prompt.text.as_str()));
            let rows = [shown.as_ref().map(about_prompt), page.model().as_ref().map(about_model)];
            for (card, rows) in cards.iter().zip(rows) {
                dom::put(card, &rows.into_iter().flatten().map(row).collect::<Vec<_>>());
            }
        });
    });
}

fn about_prompt(shown: &Shown) -> Vec<(String, String)> {
    let prompt = &shown.prompt;
    let mut rows = vec![("positions".to_owned(), format::count(shown.matrix.n as u64))];
    rows.extend(prompt.n_tokens.map(|n| ("tokens".to_owned(), format::count(n as u64))));
    rows.extend(prompt.dataset().map(|name| ("data set".to_owned(), name.to_owned())));
    rows.extend(prompt.source_fname.clone().map(|name| ("file".to_owned(), name)));
    rows.push(("hash".to_owned(), shown.target.hash.clone()));
    let known = ["meta", "input_ids", "dataset", "source", "subset"];
    let others = prompt.rest.iter().filter(|(key, _)| !known.contains(&key.as_str()));
    rows.extend(others.map(|(key, value)| (key.clone(), plain(value))));
    rows
}

fn about_model(model: &ModelEntry) -> Vec<(String, String)> {
    let number = |key: &str| model.number(key).map(format::count);
    let text = |key: &str| model.text(key).map(str::to_owned);
    let rows = [
        ("name", Some(model.model_name.clone())),
        ("parameters", number("n_params")),
        ("layers", Some(model.n_layers.to_string())),
        ("heads per layer", Some(model.n_heads.to_string())),
        ("key–value heads", number("n_key_value_heads")),
        ("width", number("d_model")),
        ("head width", number("d_head")),
        ("context", number("n_ctx")),
        ("attention", text("attention_dir")),
        ("positions", text("positional_embedding_type")),
        ("activation", text("act_fn")),
        ("normalisation", text("normalization_type")),
        ("tokenizer", text("tokenizer_name")),
    ];
    rows.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

fn row((key, value): (String, String)) -> HtmlElement {
    dom::around("div", &[], &[dom::make("dt", "", &key), dom::make("dd", "", &value)])
}

/// A JSON value on one line: strings without quotes, long ones cut.
fn plain(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    super::load::excerpt(&text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_plain() {
        assert_eq!(plain(&json!("a\nb")), "a b");
        assert_eq!(plain(&json!([1, 2])), "[1,2]");
    }
}
