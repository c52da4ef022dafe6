//! Values against numpy's, as `tests/fixtures/make.py` computed them.

use lens_expr::{Expr, Input, Limits};
use serde_json::Value;

use crate::eval;

fn floats(values: &Value) -> Vec<f32> {
    let float = |value: &Value| match value {
        Value::String(text) => text.parse().unwrap(),
        number => number.as_f64().unwrap() as f32,
    };
    values.as_array().unwrap().iter().map(float).collect()
}

/// Equal but for the last bits of the logarithm and its like.
fn close(a: f32, b: f32) -> bool {
    a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= 4e-7 * b.abs().max(1e-6)
}

#[test]
fn values_are_numpys() {
    let fixture: Value = serde_json::from_str(include_str!("../fixtures/numpy.json")).unwrap();
    let n = fixture["n"].as_u64().unwrap() as usize;
    let token_ids: Vec<u32> = serde_json::from_value(fixture["tokens"].clone()).unwrap();
    let cases = fixture["cases"].as_array().unwrap();
    assert!(cases.len() > 250);
    let mut wrong = Vec::new();
    for case in cases {
        let name = case["pattern"].as_str().unwrap();
        let pattern = floats(&fixture["patterns"][name]);
        let source = case["source"].as_str().unwrap();
        let expr = Expr::parse(source).unwrap_or_else(|e| panic!("{e}"));
        let matrix = expr.eval(&Input { n, pattern: &pattern, token_ids: &token_ids }, &Limits::default()).unwrap();
        let expected = floats(&case["values"]);
        if !matrix.values.iter().zip(&expected).all(|(a, b)| close(*a, *b)) {
            wrong.push(format!("{source} of {name}:\n{:?}\n{expected:?}", matrix.values));
        }
        assert_eq!(matrix.n, n);
        assert_eq!(matrix.nan, expected.iter().filter(|x| x.is_nan()).count(), "{source} of {name}");
        assert_eq!(matrix.infinite, expected.iter().filter(|x| x.is_infinite()).count(), "{source} of {name}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_smallest_patterns() {
    assert_eq!(eval("A @ A.T + same_token", &[1.0]).values, [2.0]);
    assert_eq!(eval("rownorm(A * (1 - first_key))", &[1.0]).values, [0.0]);
    assert_eq!(eval("roll(A, 3) + matpow(A, n)", &[1.0]).values, [2.0]);
    for source in ["A @ A", "A - mean(A, 0)", "A / max(A)", "roll(A, 1, 0)", "softmax(A, 0)", "colnorm(same_token)"] {
        assert_eq!(eval(source, &[]).values, [0.0; 0], "{source}");
    }
}

/// A large pattern goes through more than one block of the product, and its transpose through more than one tile.
#[test]
fn many_tokens() {
    let n = 77;
    let pattern: Vec<f32> =
        (0..n * n).map(|at| if at % n <= at / n { 1.0 / (at / n + 1) as f32 } else { 0.0 }).collect();
    let rows = eval("zeros + sum(matpow(A, 9), axis=1)", &pattern);
    assert!(rows.values.iter().all(|sum| (sum - 1.0).abs() < 1e-6));
    let gram = eval("A @ A.T - (A @ A.T).T", &pattern);
    assert!(gram.values.iter().all(|&x| x == 0.0));
    assert_eq!(eval("A.T", &pattern).values[1], pattern[n]);
}

#[test]
fn the_same_input_gives_the_same_bits() {
    let pattern: Vec<f32> = (0..400).map(|at| (at as f32 * 0.37).sin()).collect();
    let bits = |source| eval(source, &pattern).values.into_iter().map(f32::to_bits).collect::<Vec<_>>();
    let source = "softmax(matpow(A, 7) / exp(A.T) + log(abs(A)))";
    assert_eq!(bits(source), bits(source));
}
