//! The page that says which files the viewer consists of.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};

use crate::parts::{Parts, loader};

/// The page with links to the script and the parts, each with the names of the parts that need it. They stand before
/// those that trunk wrote.
pub fn with_links(page: &str, name: &str, parts: &Parts) -> Result<String> {
    let at = page.find("<link").context("trunk's page links nothing")?;
    let mut files: Vec<(&str, Vec<&str>)> = Vec::new();
    for (part, theirs) in parts {
        for file in theirs {
            match files.iter_mut().find(|(known, _)| known == file) {
                Some((_, needed_by)) => needed_by.push(part),
                None => files.push((file, vec![part])),
            }
        }
    }
    let mut links = format!(r#"<link rel="modulepreload" href="./{}" data-parts="">"#, loader(name));
    for (file, parts) in files {
        let _strings_take_it = write!(
            links,
            r#"<link rel="preload" href="./{file}" as="fetch" type="application/wasm" data-parts="{}">"#,
            parts.join(" ")
        );
    }
    Ok([&page[..at], &links, &page[at..]].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_linked_once_before_all_others() {
        let parts = [("heads", ["v-both.wasm", "v-heads.wasm"]), ("single", ["v-both.wasm", "v-single.wasm"])];
        let parts = parts.map(|(part, files)| (part.to_owned(), files.map(str::to_owned).to_vec()));
        let page = with_links("<head><link rel=icon></head>", "v", &parts).unwrap();
        let links = [
            r#"<link rel="modulepreload" href="./v-parts.js" data-parts="">"#,
            r#"<link rel="preload" href="./v-both.wasm" as="fetch" type="application/wasm" data-parts="heads single">"#,
            r#"<link rel="preload" href="./v-heads.wasm" as="fetch" type="application/wasm" data-parts="heads">"#,
            r#"<link rel="preload" href="./v-single.wasm" as="fetch" type="application/wasm" data-parts="single">"#,
        ];
        assert_eq!(page, format!("<head>{}<link rel=icon></head>", links.concat()));
        assert!(with_links("<head></head>", "v", &parts).is_err());
    }
}
