//! Every score against values that numpy computed from the formulas, in f64; see tests/fixtures/scores.

use std::collections::BTreeMap;
use std::io::Cursor;

use lens_schema::path;
use ndarray::{Array1, Array2, Array4, Axis, Ix1, Ix2, Ix4, OwnedRepr};
use ndarray_npy::NpzReader;
use serde_json::json;

use super::table::gather;
use super::*;

struct Fixture(NpzReader<Cursor<&'static [u8]>>);

/// A case's pattern, its prompt, and what each score must be.
struct Case {
    patterns: AttentionPatterns,
    prompt: PromptEntry,
    expected: BTreeMap<String, Vec<f64>>,
}

impl Fixture {
    fn open() -> Self {
        let file = include_bytes!("../../../tests/fixtures/scores/patterns.npz");
        Fixture(NpzReader::new(Cursor::new(&file[..])).unwrap())
    }

    fn values(&mut self, name: &str) -> Vec<f64> {
        self.0.by_name::<OwnedRepr<f64>, Ix2>(name).unwrap().into_raw_vec_and_offset().0
    }

    fn case(&mut self, name: &str, causal: bool) -> Case {
        let pattern: Array4<f32> = self.0.by_name::<OwnedRepr<f32>, Ix4>(&format!("{name}.pattern")).unwrap();
        let tokens: Array1<i64> = self.0.by_name::<OwnedRepr<i64>, Ix1>(&format!("{name}.tokens")).unwrap();
        let label = |id: &i64| match id {
            0 => "<s>".to_owned(),
            1 => ".".to_owned(),
            2 => " ,".to_owned(),
            _ => format!("w{id}"),
        };
        let labels: Vec<String> = tokens.iter().map(label).collect();
        let prompt = json!({"text": name, "hash": path::prompt_hash(name), "tokens": labels[1..], "row_labels": labels,
                            "input_ids": tokens.to_vec()});
        let start = format!("{name}.score.");
        let names: Vec<String> = self.0.names().unwrap().into_iter().filter(|n| n.starts_with(&start)).collect();
        let key = |entry: &str| entry.strip_prefix(&start).unwrap().trim_end_matches(".npy").to_owned();
        let expected = names.iter().map(|entry| (key(entry), self.values(entry))).collect();
        let patterns = AttentionPatterns { layers: pattern.axis_iter(Axis(0)).map(|l| l.to_owned()).collect(), causal };
        Case { patterns, prompt: serde_json::from_value(prompt).unwrap(), expected }
    }
}

#[track_caller]
fn assert_close(what: &str, found: &[f32], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(expected) {
        let error = (f64::from(*found) - expected).abs();
        let close = found.is_nan() && expected.is_nan() || error <= 1e-5 * expected.abs().max(1.0);
        assert!(close, "{what}: {found} instead of {expected}");
    }
}

#[test]
fn every_score_is_what_its_formula_says() {
    let mut fixture = Fixture::open();
    let cases =
        [("a", true), ("b", true), ("one", true), ("two", true), ("unlike", true), ("both", false), ("long", true)];
    for (name, causal) in cases {
        let Case { patterns, prompt, expected } = fixture.case(name, causal);
        let scores = of_prompt(&patterns, &prompt);
        assert!(
            per_prompt().map(|s| s.name).all(|s| expected.contains_key(s)) && expected.len() == per_prompt().count()
        );
        for (score, values) in per_prompt().zip(&scores.values) {
            assert_close(&format!("{name}, {}", score.name), values, &expected[score.name]);
            // NaN stands only where the score says so, and never otherwise outside of the bounds.
            assert!(score.undefined != "never" || values.iter().all(|v| !v.is_nan()), "{name}, {}", score.name);
            let inside = |v: &f32| {
                v.is_nan() || (score.min.is_none_or(|m| *v >= m - 1e-5) && score.max.is_none_or(|m| *v <= m + 1e-5))
            };
            assert!(values.iter().all(inside), "{name}, {}: {values:?}", score.name);
        }
    }
}

#[test]
fn prompts_and_heads_are_compared_as_the_formulas_say() {
    let mut fixture = Fixture::open();
    let cases = ["a", "b"].map(|name| fixture.case(name, true));
    let scores = cases.map(|case| (case.prompt.hash.clone(), of_prompt(&case.patterns, &case.prompt)));
    let read = |hash: &str| Ok(scores.iter().find(|(h, _)| h == hash).map(|(_, scores)| scores.clone()));
    let random = vec![vec![0.25; 6]; random::SCORES.len()];
    let prompts = [scores[0].0.clone(), "none".to_owned(), scores[1].0.clone()];
    let model = gather((2, 3), &prompts, read, &Ok(random)).unwrap().unwrap();
    assert_eq!(model.table.prompts, [prompts[0].clone(), prompts[2].clone()]);
    let variability = model.table.column("variability").unwrap();
    assert_close("variability", &variability.values, &fixture.values("model.variability"));
    assert_close("divergence", &model.distances.divergence, &fixture.values("model.divergence"));
    let xy = Array2::from_shape_vec((6, 2), model.distances.embedding.clone()).unwrap();
    let squared = |a: usize, b: usize| (&xy.row(a) - &xy.row(b)).mapv(|v| v * v).sum();
    let found: Vec<f32> = (0..36).map(|at| squared(at / 6, at % 6)).collect();
    assert_close("plane", &found, &fixture.values("model.squared_distances"));

    // A line per head, with every column's average and the nearest heads in order.
    assert_eq!(model.heads.len(), 6);
    let head = &model.heads[4];
    assert_eq!((head.layer, head.head, head.nearest.len()), (1, 1, 5));
    assert_eq!(head.scores.len(), model.table.columns.len());
    assert_eq!(head.scores["induction_random"], 0.25);
    let own = &model.table.column("self").unwrap().values;
    let mean = (own[4] + own[10]) / 2.0;
    assert!((head.scores["self"].as_f64().unwrap() - f64::from(mean)).abs() < 1e-6);
    assert!(head.nearest_divergence.is_sorted() && !head.nearest.contains(&"L1H1".to_owned()));
    assert!(gather((2, 3), &["none".to_owned()], |_| Ok(None), &Err("no".to_owned())).unwrap().is_none());
    assert!(gather((3, 2), &prompts, read, &Err("no".to_owned())).is_err());
}

#[test]
fn scores_of_unknown_tokens_are_left_out_with_their_reason() {
    let Case { patterns, .. } = Fixture::open().case("a", true);
    let scores = of_prompt(&patterns, &PromptEntry::default());
    let model = gather((2, 3), &["x".to_owned()], |_| Ok(Some(scores.clone())), &Err("not run".to_owned()));
    let table = model.unwrap().unwrap().table;
    for name in ["duplicate_token", "induction_head_abs", "special_mass", "punctuation_mass"] {
        assert!(table.column(name).is_none() && table.absent[name].contains("tokens are unknown"), "{name}");
    }
    assert_eq!(table.absent["prefix_matching"], "not run");
    assert!(table.columns.iter().all(|column| column.values.iter().all(|v| v.is_finite())));
}

#[test]
fn every_score_is_documented() {
    let all: Vec<&Score> = per_prompt().chain([&variability::SCORE]).chain(random::SCORES).collect();
    let mut names: Vec<&str> = all.iter().map(|score| score.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all.len());
    for score in all {
        let entry = score.entry(true);
        assert!(entry.doc.contains("Source: ") && entry.doc.lines().count() > 1, "{}", entry.doc);
        assert!(!entry.unit.is_empty() && !score.undefined.is_empty());
    }
}
