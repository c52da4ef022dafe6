//! Makes WebAssembly modules as small as they can be without changing what they do.

use std::collections::HashMap;
use std::convert::Infallible;

use anyhow::{Context as _, Result, anyhow, ensure};
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{ImportSection, Module};
use wasmparser::{CustomSectionReader, Imports, Parser, Payload};

/// What names of imported functions become.
#[derive(Default)]
struct Small(HashMap<String, String>);

impl Reencode for Small {
    type Error = Infallible;

    fn parse_custom_section(&mut self, _: &mut Module, _: CustomSectionReader<'_>) -> Result<(), Error<Infallible>> {
        Ok(())
    }

    fn parse_imports(&mut self, section: &mut ImportSection, imports: Imports<'_>) -> Result<(), Error<Infallible>> {
        match &imports {
            Imports::Single(_, import) if self.0.contains_key(import.name) => {
                let kind = self.entity_type(import.ty)?;
                section.import(import.module, &self.0[import.name], kind);
                Ok(())
            }
            _ => utils::parse_imports(self, section, imports),
        }
    }
}

/// A module without names of functions, and with numbers as short as they can be: the linker leaves room for larger
/// ones.
pub fn module(module: &[u8]) -> Result<Vec<u8>> {
    encode(module, Small::default())
}

/// A module and the script that wasm-bindgen made for it, `js`. Functions that only these two know get short names.
pub fn bound(module: &[u8], js: &str) -> Result<(Vec<u8>, String)> {
    let (mut names, mut short) = (HashMap::new(), js.to_owned());
    for (i, name) in imported(module)?.into_iter().enumerate() {
        let (is, becomes) = (format!(" {name}: function("), format!(" i{i}: function("));
        ensure!(short.matches(&is).count() == 1, "wasm-bindgen's script does not define {name} as expected");
        short = short.replacen(&is, &becomes, 1);
        names.insert(name, format!("i{i}"));
    }
    Ok((encode(module, Small(names))?, short))
}

/// Names of the functions that wasm-bindgen imports from its script: the name in JavaScript and a hash.
fn imported(module: &[u8]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ImportSection(section) = payload.context("the program is not valid")? {
            for import in section.into_imports() {
                let name = import?.name;
                if name.starts_with("__wbg_") && !names.iter().any(|known| known == name) {
                    names.push(name.to_owned());
                }
            }
        }
    }
    Ok(names)
}

fn encode(module: &[u8], mut small: Small) -> Result<Vec<u8>> {
    let mut encoded = Module::new();
    small.parse_core_module(&mut encoded, Parser::new(0), module).map_err(|e| anyhow!("a module is not valid: {e}"))?;
    Ok(encoded.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: &[u8] = b"\0asm\x01\0\0\0";
    /// One type of function, without arguments and results.
    const TYPE: &[u8] = &[1, 4, 1, 0x60, 0, 0];

    #[test]
    fn without_room_and_names() {
        // The size of the first section is written in five bytes.
        let long = [BEGIN, &[1, 0x84, 0x80, 0x80, 0x80, 0, 1, 0x60, 0, 0], &[0, 5, 4], b"name"].concat();
        assert_eq!(module(&long).unwrap(), [BEGIN, TYPE].concat());
        assert!(module(b"\0asm").is_err());
    }

    #[test]
    fn imports_have_short_names_on_both_sides() {
        let import =
            |name: &str| [&[2, name.len() as u8 + 6, 1, 1, b'm', name.len() as u8], name.as_bytes(), &[0, 0]].concat();
        let module = |name| [BEGIN, TYPE, &import(name)].concat();
        let js = "{ __wbg_a_0123: function(x) {}, other: function() {} }";
        let (small, script) = bound(&module("__wbg_a_0123"), js).unwrap();
        assert_eq!(small, module("i0"));
        assert_eq!(script, "{ i0: function(x) {}, other: function() {} }");
        assert_eq!(bound(&module("other"), js).unwrap(), (module("other"), js.to_owned()));
        assert!(bound(&module("__wbg_b_0123"), js).is_err());
    }
}
