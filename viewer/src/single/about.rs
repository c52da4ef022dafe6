//! What the prompt and the model are.

use leptos::prelude::*;
use serde_json::Value;

use super::format;
use super::page::Page;

/// The prompt's text and what is known about it.
#[component]
pub fn PromptCard() -> impl IntoView {
    let page = Page::here();
    let rows = move || {
        page.shown.with(|shown| {
            let shown = shown.as_ref()?;
            let prompt = &shown.prompt;
            let mut rows = vec![("positions".to_owned(), format::count(shown.matrix.n as u64))];
            rows.extend(prompt.n_tokens.map(|n| ("tokens".to_owned(), format::count(n as u64))));
            rows.extend(prompt.dataset().map(|name| ("data set".to_owned(), name.to_owned())));
            rows.extend(prompt.source_fname.clone().map(|name| ("file".to_owned(), name)));
            rows.push(("hash".to_owned(), shown.target.hash.clone()));
            let known = ["meta", "input_ids", "dataset", "source", "subset"];
            let others = prompt.rest.iter().filter(|(key, _)| !known.contains(&key.as_str()));
            rows.extend(others.map(|(key, value)| (key.clone(), plain(value))));
            Some(rows)
        })
    };
    let text = move || page.shown.with(|shown| shown.as_ref().map(|s| s.prompt.text.clone()));
    view! {
        <section class="card about" aria-labelledby="prompt-title">
            <h2 id="prompt-title">"Prompt"</h2>
            <pre class="text" tabindex="0" aria-label="Text of the prompt" data-testid="prompt-text">{text}</pre>
            {move || rows().map(table)}
        </section>
    }
}

/// What is known about the model.
#[component]
pub fn ModelCard() -> impl IntoView {
    let page = Page::here();
    let rows = move || {
        let model = page.model()?;
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
        Some(rows.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect::<Vec<_>>())
    };
    view! {
        <section class="card about" aria-labelledby="model-title" data-testid="model-card">
            <h2 id="model-title">"Model"</h2>
            {move || rows().map(table)}
        </section>
    }
}

fn table(rows: Vec<(String, String)>) -> impl IntoView {
    let row = |(key, value): (String, String)| view! { <div><dt>{key}</dt><dd>{value}</dd></div> };
    view! { <dl>{rows.into_iter().map(row).collect_view()}</dl> }
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
