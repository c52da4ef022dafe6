//! The documentation comes from the table, is complete, and its examples work.

use lens_expr::{ENTRIES, EXAMPLES, Expr, Form, Group, Input, Limits, reference};

#[test]
fn every_entry_is_documented_by_an_example_that_uses_it() {
    let pattern: Vec<f32> = (0..16).map(|at| at as f32 / 16.0).collect();
    let input = Input { n: 4, pattern: &pattern, token_ids: &[1, 2, 1, 2] };
    let examples = ENTRIES.iter().map(|e| e.example).chain(EXAMPLES.iter().map(|(source, _)| *source));
    for source in examples {
        let expr = Expr::parse(source).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(expr.eval(&input, &Limits::default()).unwrap().values.len(), 16, "{source}");
    }
    for entry in ENTRIES {
        let written = entry.example.contains(entry.name) || (entry.name == "transpose" && entry.example.contains(".T"));
        let by_other_name = entry.also.iter().any(|name| entry.example.contains(name));
        assert!(written || by_other_name, "{} in {}", entry.name, entry.example);
        assert!(entry.doc.ends_with('.'), "{}", entry.name);
        assert!(Group::ALL.contains(&entry.group), "{}", entry.name);
    }
}

/// Every function also works after its first argument, and by the names of its parameters.
#[test]
fn functions_can_be_called_in_every_way() {
    for entry in ENTRIES.iter().filter(|e| e.form == Form::Function && e.group != Group::Masks) {
        let values: Vec<&str> = entry
            .parameters
            .iter()
            .map(|p| match p.kind {
                lens_expr::Kind::Any | lens_expr::Kind::Matrix => "A",
                _ => "1",
            })
            .collect();
        let named: Vec<String> =
            entry.parameters.iter().zip(&values).map(|(p, value)| format!("{}={value}", p.name)).collect();
        for name in entry.also.iter().chain([&entry.name]) {
            for call in [
                format!("{name}({})", named.join(", ")),
                format!("A.{name}({})", named[1..].join(", ")),
                format!("{name}({}, {},)", values[0], named[1..].join(", ")).replace(", ,", ","),
            ] {
                Expr::parse(&format!("zeros + {call}")).unwrap_or_else(|e| panic!("{e}"));
            }
        }
    }
}

#[test]
fn the_page_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/REFERENCE.md");
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(path, reference::markdown()).unwrap();
    }
    let page = std::fs::read_to_string(path).unwrap();
    assert!(page == reference::markdown(), "run the tests with UPDATE_REFERENCE=1 to write {path} anew");
}
