//! Nothing that is typed or given makes anything panic, and every error has its place.

use lens_expr::{ENTRIES, Expr, Form, Input, Limits};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const LIMITS: Limits = Limits { operations: 2_000_000, bytes: 1 << 20 };

/// Parses, and evaluates what parses for small sizes. Whether it parsed.
fn survives(source: &str, rng: &mut ChaCha8Rng) -> bool {
    let expr = match Expr::parse(source) {
        Ok(expr) => expr,
        Err(error) => {
            assert!(source.get(error.span()).is_some(), "{source:?}: {:?}", error.span());
            assert!(!error.message().is_empty() && error.to_string().lines().count() == 3, "{source:?}");
            return false;
        }
    };
    for n in 0..4 {
        let special = [0.0, 1.0, -1.0, 0.25, f32::NAN, f32::INFINITY, f32::MAX, f32::MIN_POSITIVE];
        let pattern: Vec<f32> = (0..n * n).map(|_| *special.choose(rng).unwrap()).collect();
        let token_ids: Vec<u32> = (0..n).map(|_| rng.random_range(0..2)).collect();
        if let Ok(matrix) = expr.eval(&Input { n, pattern: &pattern, token_ids: &token_ids }, &LIMITS) {
            assert_eq!(matrix.values.len(), n * n, "{source}");
            assert_eq!(matrix.nan, matrix.values.iter().filter(|x| x.is_nan()).count(), "{source}");
        }
    }
    true
}

#[test]
fn any_characters() {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let signs: Vec<char> = "A.T'()@*/+-^<>=!&[],0123456789eE_ \t\nnijqk\u{e9}\u{2212}\u{1f600}\0".chars().collect();
    for _ in 0..30_000 {
        let len = rng.random_range(0..24);
        let source: String = (0..len).map(|_| *signs.choose(rng).unwrap()).collect();
        survives(&source, rng);
    }
}

#[test]
fn any_words_of_the_language() {
    let rng = &mut ChaCha8Rng::seed_from_u64(2);
    let mut words =
        vec!["(", ")", "(", ")", ",", "=", ".", ".T", "'", "axis", "dim", "None", "0", "1", "2", "-1", "1e-8"];
    words.extend(["0.5", "1e300", "A", "A", "A", "@", "^", "keepdims", "x", "T", "np"]);
    words.extend(ENTRIES.iter().flat_map(|e| e.also.iter().copied().chain([e.name])));
    for _ in 0..30_000 {
        let len = rng.random_range(1..12);
        let source: Vec<&str> = (0..len).map(|_| *words.choose(rng).unwrap()).collect();
        survives(&source.join(" "), rng);
    }
}

/// An expression that is written rightly, though its shapes may not fit.
fn expression(rng: &mut ChaCha8Rng, depth: usize) -> String {
    let entry = ENTRIES.choose(rng).unwrap();
    let mut sub = || match depth {
        0 => (*["A", "n", "eye", "0", "1", "2", "-1", "sum(A)", "sum(A, 0)", "sum(A, 1)"].choose(rng).unwrap())
            .to_owned(),
        _ => expression(rng, depth - 1),
    };
    match entry.form {
        Form::Name => entry.name.to_owned(),
        Form::Operator("-x") => format!("-({})", sub()),
        Form::Operator(_) => format!("({}) {} ({})", sub(), entry.name, sub()),
        Form::Function => {
            let arguments: Vec<String> = entry
                .parameters
                .iter()
                .map(|p| match p.kind {
                    lens_expr::Kind::Any | lens_expr::Kind::Matrix => sub(),
                    _ => ["0", "1", "-1", "n", "n - 1"][sub().len() % 5].to_owned(),
                })
                .collect();
            format!("{}({})", entry.name, arguments.join(", "))
        }
    }
}

#[test]
fn any_expression() {
    let rng = &mut ChaCha8Rng::seed_from_u64(3);
    let mut parsed = 0;
    for _ in 0..20_000 {
        let depth = rng.random_range(0..5);
        let source = format!("zeros + {}", expression(rng, depth));
        parsed += usize::from(survives(&source, rng));
    }
    assert!(parsed > 5_000, "only {parsed} of 20000 were right");
}

#[test]
fn nothing_is_too_deep_or_too_long() {
    let rng = &mut ChaCha8Rng::seed_from_u64(4);
    for many in ["(", "-", "exp(", "2 ** ", "A * (", "-(", "sum(A, axis=", "A.clip(", "1 < "] {
        assert!(!survives(&many.repeat(100_000), rng), "{many}");
    }
    let nested = |levels: usize| format!("{}A{}", "(".repeat(levels), ")".repeat(levels));
    assert!(survives(&nested(90), rng));
    assert!(Expr::parse(&nested(200)).unwrap_err().message().contains("nests too deeply"));
    for chain in [" + 1", ".T", "'", " * A", ".exp()"] {
        assert!(survives(&format!("A{}", chain.repeat(50_000)), rng), "{chain}");
    }
}
