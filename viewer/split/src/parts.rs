//! The files that parts of the program consist of, and the script that fetches them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use wasm_encoder::Module;
use wasm_encoder::reencode::{Error, Reencode};
use wasmparser::{CustomSectionReader, Parser};

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
    fs::write(staging.join(&file), encode_again(&bytes)?).with_context(|| format!("cannot write {file}"))?;
    Ok(file)
}

/// Without names of functions, and with numbers as short as they can be: the linker leaves room for larger ones.
fn encode_again(module: &[u8]) -> Result<Vec<u8>> {
    struct Short;

    impl Reencode for Short {
        type Error = std::convert::Infallible;

        fn parse_custom_section(
            &mut self,
            _: &mut Module,
            _: CustomSectionReader<'_>,
        ) -> Result<(), Error<Self::Error>> {
            Ok(())
        }
    }

    let mut short = Module::new();
    Short.parse_core_module(&mut short, Parser::new(0), module).map_err(|e| anyhow!("a part is not valid: {e}"))?;
    Ok(short.finish())
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
    fn encoded_again_without_room_and_names() {
        // One function type, of no arguments and no results: its section's size is written in five bytes.
        let long =
            [&b"\0asm\x01\0\0\0"[..], &[1, 0x84, 0x80, 0x80, 0x80, 0, 1, 0x60, 0, 0], &[0, 5, 4], b"name"].concat();
        let short = [&b"\0asm\x01\0\0\0"[..], &[1, 4, 1, 0x60, 0, 0]].concat();
        assert_eq!(encode_again(&long).unwrap(), short);
        assert!(encode_again(b"\0asm").is_err());
    }

    #[test]
    fn the_script_has_a_function_for_each_part() {
        let script = script("v-1", &[("a".to_owned(), vec!["v-1-c.wasm".to_owned(), "v-1-a.wasm".to_owned()])]);
        assert!(script.contains("import { initSync } from \"./v-1.js\";"));
        assert!(script.ends_with("\nexport const __wasm_split_load_a = load([\"v-1-c.wasm\", \"v-1-a.wasm\"]);\n"));
    }
}
