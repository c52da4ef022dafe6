//! Code: names that come back, brackets that close, blocks that are indented.

use rand::Rng as _;
use std::fmt::Write as _;

use super::words::{COLOURS, FUNCTIONS, PEOPLE, TAGS, THINGS, VARIABLES};
use super::{once_in, one, several, some};
use crate::Random;

/// Functions, each of which may call the one before it.
pub fn functions(rng: &mut Random) -> String {
    let n = rng.random_range(1..=3);
    let names = several(rng, FUNCTIONS, n);
    let mut code = String::new();
    let mut previous: Option<(&str, usize)> = None;
    for name in names {
        let n = rng.random_range(1..=3);
        let parameters = several(rng, VARIABLES, n);
        let operator = one(rng, &["+", "*", "-"]);
        let value = match previous {
            Some((called, arity)) if arity <= n => format!("{called}({})", parameters[..arity].join(", ")),
            _ => parameters.join(&format!(" {operator} ")),
        };
        let _ = writeln!(code, "def {name}({}):", parameters.join(", "));
        let _ = match rng.random_range(0..3) {
            0 => writeln!(code, "    return {value}"),
            1 => writeln!(code, "    result = {value}\n    print(result)\n    return result"),
            _ => {
                let (first, limit) = (parameters[0], rng.random_range(0..10));
                writeln!(code, "    if {first} > {limit}:\n        return {first}\n    return {value}")
            }
        };
        code.push('\n');
        previous = Some((name, n));
    }
    if let Some((name, arity)) = previous {
        let values: Vec<String> = (0..arity).map(|_| rng.random_range(1..10).to_string()).collect();
        let _ = writeln!(code, "print({name}({}))", values.join(", "));
    }
    code
}

/// Nested loops over numbers or lists.
pub fn loops(rng: &mut Random) -> String {
    let [outer, inner, list] = some(rng, VARIABLES);
    let mut code = String::new();
    let n = rng.random_range(2..=5);
    let things = several(rng, THINGS, n);
    let quoted: Vec<String> = things.iter().map(|t| format!("\"{t}\"")).collect();
    if once_in(rng, 2) {
        let _ = writeln!(code, "{list} = [{}]\nfor {outer} in {list}:", quoted.join(", "));
    } else {
        let _ = writeln!(code, "for {outer} in range({}):", rng.random_range(2..20));
    }
    let mut indent = "    ".to_owned();
    if once_in(rng, 2) {
        let _ = writeln!(code, "{indent}for {inner} in range({}):", rng.random_range(2..20));
        indent += "    ";
        let _ = writeln!(code, "{indent}print({outer}, {inner})");
    }
    let _ = match rng.random_range(0..3) {
        0 => writeln!(code, "{indent}if {outer} in {list}:\n{indent}    print({outer})"),
        1 => writeln!(code, "{indent}{list} = {list} + {outer}\n{indent}print({list})"),
        _ => writeln!(code, "{indent}print({outer})"),
    };
    code
}

/// Objects with the same keys, as JSON.
pub fn records(rng: &mut Random) -> String {
    let n = rng.random_range(2..=4);
    let keys = several(rng, &["name", "age", "colour", "thing", "size", "price", "id"], n);
    let mut records = Vec::new();
    for id in 1..=rng.random_range(2..=4) {
        let fields: Vec<String> = keys
            .iter()
            .map(|key| {
                let value = match *key {
                    "name" => format!("\"{}\"", one(rng, PEOPLE).name),
                    "colour" => format!("\"{}\"", one(rng, COLOURS)),
                    "thing" => format!("\"{}\"", one(rng, THINGS)),
                    "id" => format!("{id}"),
                    _ => rng.random_range(1..60).to_string(),
                };
                format!("\"{key}\": {value}")
            })
            .collect();
        records.push(format!("{{{}}}", fields.join(", ")));
    }
    let separator = one(rng, &["\n", ",\n"]);
    if separator == "\n" { records.join("\n") } else { format!("[{}]", records.join(separator)) }
}

/// Tags that open and close.
pub fn markup(rng: &mut Random) -> String {
    fn element(rng: &mut Random, depth: usize) -> String {
        let tag = one(rng, TAGS);
        let inside = if depth == 0 || once_in(rng, 4) {
            one(rng, THINGS).to_owned()
        } else {
            (0..rng.random_range(1..=2)).map(|_| element(rng, depth - 1)).collect()
        };
        format!("<{tag}>{inside}</{tag}>")
    }
    let depth = rng.random_range(1..=3);
    let elements: Vec<String> = (0..rng.random_range(2..=3)).map(|_| element(rng, depth)).collect();
    elements.join(one(rng, &["\n", ""]))
}
