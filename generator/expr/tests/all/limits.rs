//! What an evaluation may cost, and what its input must be.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use lens_expr::{Cost, ENTRIES, EvalError, Expr, Input, Limits};

fn cost(source: &str, n: usize) -> Cost {
    Expr::parse(source).unwrap().cost(n).unwrap()
}

fn error(source: &str, n: usize, limits: Limits) -> String {
    let (pattern, token_ids) = (vec![1.0; n * n], vec![0; n]);
    let input = Input { n, pattern: &pattern, token_ids: &token_ids };
    Expr::parse(source).unwrap().eval(&input, &limits).unwrap_err().to_string()
}

#[test]
fn products_are_cubic_and_the_rest_is_square() {
    let product = cost("A @ A", 1000).operations;
    assert!((2_000_000_000..2_200_000_000).contains(&product), "{product}");
    let power = cost("matpow(A, 5)", 1000).operations;
    assert!((6_000_000_000..6_200_000_000).contains(&power), "{power}");
    let cells = cost("log10(A + 1e-8)", 1000).operations;
    assert!((20_000_000..100_000_000).contains(&cells), "{cells}");
    let outer = cost("sum(A, 1) @ sum(A, 0)", 1000).operations;
    assert!(outer < 200_000_000, "{outer}");
}

#[test]
fn memory_follows_how_deep_an_expression_is_and_not_how_long() {
    let matrix = 8 * 1000 * 1000;
    assert!((2 * matrix..6 * matrix).contains(&cost("A + A", 1000).bytes));
    let long = format!("A{}", " + A".repeat(500));
    assert_eq!(cost(&long, 1000).bytes, cost("A + A + A", 1000).bytes);
    let nested = (0..20).fold("A".to_owned(), |inner, _| format!("exp(A) - ({inner})"));
    assert!(cost(&nested, 1000).bytes > 20 * matrix);
}

/// The system's allocator, which counts what the thread holds and the most that it held.
struct Counting;

thread_local! {
    static HELD: Cell<(isize, isize)> = const { Cell::new((0, 0)) };
}

fn count(bytes: isize) {
    let (held, most) = HELD.get();
    HELD.set((held + bytes, most.max(held + bytes)));
}

// SAFETY: everything is handed on to the system's allocator; the count is of plain numbers and allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn no_more_memory_is_held_than_was_said() {
    let n = 128;
    let (pattern, token_ids) = (vec![0.1; n * n], vec![0; n]);
    let input = Input { n, pattern: &pattern, token_ids: &token_ids };
    let deep =
        ["A + (A + (A + (A + A @ A)))", "matpow(A + 1, 7) + matpow(A, 15)", "softmax(roll(A @ A, 2, 0), axis=0)"];
    for source in ENTRIES.iter().map(|e| e.example).chain(deep) {
        let expr = Expr::parse(source).unwrap();
        let said = expr.cost(n).unwrap().bytes as isize;
        let before = HELD.get().0;
        HELD.set((before, before));
        expr.eval(&input, &Limits::default()).unwrap();
        let held = HELD.get().1 - before;
        // Rows, lists and other small things are not counted.
        assert!(held < said + said / 10, "{source}: {held} of {said}");
        assert!(said < 2 * held, "{source}: {held} of {said}");
    }
}

#[test]
fn what_is_above_a_limit_is_refused_before_it_is_computed() {
    let limits = Limits { operations: 1000, ..Limits::default() };
    assert_eq!(
        error("A @ A", 10, limits),
        "the expression takes about 8.0e3 operations for n = 10, and 1.0e3 are allowed; \
         use fewer matrix products, or a shorter prompt"
    );
    let limits = Limits { bytes: 1 << 20, ..Limits::default() };
    assert_eq!(
        error("A + 1", 300, limits),
        "the expression takes about 2 MiB for n = 300, and 1 MiB are allowed; \
         use fewer nested parts, or a shorter prompt"
    );
    // These would run for minutes.
    assert!(error("matpow(A, 2 ** 53 - 1)", 600, Limits::default()).contains("operations for n = 600"));
    let long = "A".to_owned() + &" @ A".repeat(100_000);
    assert!(error(&long, 100, Limits::default()).contains("operations for n = 100"));
}

#[test]
fn costs_of_sizes_that_no_one_has() {
    assert_eq!(cost("matpow(A, 99)", usize::MAX).operations, u64::MAX);
    assert_eq!(cost("A", usize::MAX).bytes, u64::MAX);
}

#[test]
fn arguments_of_n_are_held_against_n() {
    let expr = Expr::parse("matpow(A, n - 3)").unwrap();
    assert!(expr.cost(3).is_ok());
    let error = expr.cost(2).unwrap_err();
    assert!(matches!(&error, EvalError::Argument(at) if at.span() == (10..15)));
    assert_eq!(
        error.to_string(),
        "`t` of `matpow` is not negative, and this is -1\n  matpow(A, n - 3)\n            ^^^^^"
    );
    assert!(Expr::parse("roll(A, n / 2)").unwrap().cost(3).unwrap_err().to_string().contains("whole number"));
}

#[test]
fn inputs_whose_parts_do_not_fit() {
    let eval = |source: &str, input: Input| Expr::parse(source).unwrap().eval(&input, &Limits::default());
    let input = Input { n: 2, pattern: &[1.0; 3], token_ids: &[1, 2] };
    assert_eq!(eval("A", input).unwrap_err().to_string(), "a pattern [2, 2] has 2 * 2 values, and 3 were given");
    assert!(eval("A", Input { n: usize::MAX, pattern: &[], token_ids: &[] }).is_err());
    let input = Input { n: 2, pattern: &[1.0; 4], token_ids: &[] };
    assert_eq!(eval("A", input).unwrap().values, [1.0; 4]);
    assert!(!Expr::parse("A").unwrap().uses_tokens());
    assert!(Expr::parse("A * same_token").unwrap().uses_tokens());
    assert_eq!(
        eval("A * same_token", input).unwrap_err().to_string(),
        "`same_token` needs the ids of the 2 tokens, and 0 were given; use an expression without it"
    );
}
