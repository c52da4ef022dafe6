//! The files that parts of the program consist of, and the script that fetches them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::small;

/// Parts by name, with the files that each needs.
pub type Parts = [(String, Vec<String>)];

/// The script's name.
pub fn loader(name: &str) -> String {
    format!("{name}-parts.js")
}

/// Writes one of the files that the splitter left, as small as it can be; its new name.
pub fn file(work: &Path, stem: &str, staging: &Path, name: &str) -> Result<String> {
    let made = work.join(format!("{stem}.wasm"));
    let bytes = fs::read(&made).with_context(|| format!("cannot read {}", made.display()))?;
    let file = format!("{name}-{}.wasm", stem.trim_start_matches("split_").replace('_', "-"));
    fs::write(staging.join(&file), small::module(&bytes)?).with_context(|| format!("cannot write {file}"))?;
    Ok(file)
}

/// What the program imports: a function for each part that fetches it.
pub fn script(name: &str, parts: &Parts) -> String {
    let mut script = include_str!("parts.js").replace("./program.js", &format!("./{name}.js"));
    for (part, files) in parts {
        let _strings_take_it = writeln!(script, "export const __wasm_split_load_{part} = load({files:?});");
    }
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_has_a_function_for_each_part() {
        let script = script("v-1", &[("a".to_owned(), vec!["v-1-c.wasm".to_owned(), "v-1-a.wasm".to_owned()])]);
        assert!(script.contains("import { initSync } from \"./v-1.js\";"));
        assert!(script.ends_with("\nexport const __wasm_split_load_a = load([\"v-1-c.wasm\", \"v-1-a.wasm\"]);\n"));
    }
}
