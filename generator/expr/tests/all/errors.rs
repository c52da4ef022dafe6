//! What a person reads who mistyped something: a message, the place, a remedy.

use lens_expr::Expr;

/// The message; the carets with the hint must stand below the marked part of the source: `A + «loq»(A)`.
fn error(marked: &str, hint: &str) -> String {
    let start = marked.find('«').unwrap();
    let indent = marked[..start].chars().count();
    let width = marked[start..].chars().skip(1).take_while(|&c| c != '»').count().max(1);
    let source = marked.replace(['«', '»'], "");
    let error = Expr::parse(&source).map(|e| panic!("{} is right", e.source())).unwrap_err();
    let text = error.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[1].trim_start(), source.trim_start());
    assert_eq!(lines[2], format!("  {}{} {hint}", " ".repeat(indent), "^".repeat(width)).trim_end(), "\n{text}");
    assert_eq!((lines[0], hint), (error.message(), error.hint()));
    lines[0].to_owned()
}

#[test]
fn names() {
    assert_eq!(error("A + «loq10»(A)", "did you mean log10?"), "there is no `loq10`");
    assert_eq!(error("«a» + 1", "did you mean A?"), "there is no `a`");
    assert_eq!(error("«np».log10(A)", "write the function alone: log10(A)"), "there is no `np`");
    assert_eq!(error("A^«T» @ A", "write A.T for the transpose"), "there is no `T`");
    assert_eq!(error("A.«t»()", "write A.T for the transpose"), "there is no `.t`");
    assert_eq!(error("A.«loq»()", "did you mean log?"), "there is no `.loq`");
    assert_eq!(error("A * «normalize»(A)", "write rownorm(x) or colnorm(x)"), "there is no `normalize`");
    assert_eq!(error("«log» + A", "call it: log(x)"), "`log` is a function");
    assert_eq!(error("A * «band»", "call it: band(k) or band(lo, hi)"), "`band` is a function");
    assert_eq!(error("A.«sum» + 1", "call it: x.sum()"), "`.sum` is a function");
    assert_eq!(error("eye«(»n)", "write eye alone, or eye * (…) to multiply"), "`eye` is not a function");
    assert_eq!(error("A.T«(»)", "write x.T"), "`.T` takes no arguments");
    assert_eq!(error("A.«»", "as in A.T or A.sum(axis=1)"), "a name must follow the dot");
}

#[test]
fn spelling() {
    let multiply = "write * for the elementwise and @ for the matrix product";
    assert_eq!(error("«»", "the pattern is A; write for example A @ A.T"), "the expression is empty");
    assert_eq!(error("«»  ", "the pattern is A; write for example A @ A.T"), "the expression is empty");
    assert_eq!(error("A +«»", "a value must follow, as A or 0.5"), "the expression ends too early");
    assert_eq!(error("A + «*» 2", "a value must stand here, as A or 0.5"), "`*` is not expected here");
    assert_eq!(error("2«A»", multiply), "there is no operator before this");
    assert_eq!(error("A «A»", multiply), "there is no operator before this");
    assert_eq!(error("(A + 1)«(»A)", multiply), "there is no operator before this");
    assert_eq!(error("1.5«.5»", multiply), "there is no operator before this");
    assert_eq!(error("log«(»A", "add )"), "this bracket is never closed");
    assert_eq!(error("«(»A + (1)", "add )"), "this bracket is never closed");
    assert_eq!(error("A + 1«)»", "remove it, or add ( before"), "this bracket was never opened");
    assert_eq!(error("A «=» 1", "write == to compare"), "`=` is not expected here");
    let list = "a list of values is written only in a call, as in clip(A, 0, 0.2)";
    assert_eq!(error("(A«,» 1)", list), "`,` is not expected here");
    assert_eq!(error("0 < A «<» 1", "join two by a product: (x < y) * (y < z)"), "comparisons cannot be chained");
    let masks = "join masks by a product: (i > j) * same_token";
    assert_eq!(error("(i > j) «&» same_token", masks), "`&` means nothing here");
    assert_eq!(error("é * «\u{2212}»1", "write the minus sign of the keyboard: -"), "`\u{2212}` means nothing here");
    assert_eq!(error("\n\tA «$» 1", ""), "`$` means nothing here");
}

#[test]
fn arguments() {
    let clip = "write clip(x, lo, hi)";
    assert_eq!(error("A + «clip(A, 1)»", clip), "2 arguments were given to `clip`, which does not fit");
    assert_eq!(error("A.«clip(1)»", clip), "2 arguments were given to `clip`, which does not fit");
    assert_eq!(error("«log()»", "write log(x)"), "no argument was given to `log`, which does not fit");
    let band = "write band(k) or band(lo, hi)";
    assert_eq!(error("«band(1, 2, 3)»", band), "3 arguments were given to `band`, which does not fit");
    assert_eq!(error("clip(A, «low»=1, hi=2)", clip), "`clip` has no argument `low`");
    assert_eq!(error("clip(lo=1, «A», hi=2)", "arguments without a name come first"), "this argument needs a name");
    assert_eq!(error("«clip(A, 1, 2, lo=2)»", clip), "4 arguments were given to `clip`, which does not fit");
    let axis = "write 0 for one value per column, 1 for one value per row";
    assert_eq!(error("A / sum(A, axis=«2»)", axis), "the axis is 0 or 1");
    assert_eq!(error("A / sum(A, «A»)", axis), "the axis is 0 or 1");
    assert_eq!(error("softmax(A, axis=«None»)", axis), "the axis is 0 or 1");
    let kept = "leave it out: the dimension is always kept, with length 1";
    assert_eq!(error("A / A.sum(1, «keepdim»=1)", kept), "there is no argument `keepdim`");
    let either = "write max(x, axis=…) for an axis, or maximum(x, y)";
    assert_eq!(error("max(A, «0»)", either), "`max` could mean an axis or a value here");
    assert_eq!(error("log(«None»)", "write log(x)"), "`x` cannot be None");
}

#[test]
fn numbers_that_must_be_known() {
    assert_eq!(error("matpow(A, «0.5»)", ""), "`t` of `matpow` is a whole number, and this is 0.5");
    assert_eq!(error("matpow(A, «-1»)", ""), "`t` of `matpow` is not negative, and this is -1");
    assert_eq!(error("matpow(A, «1e300»)", "the largest is 2 ** 53"), "`t` of `matpow` is too large");
    assert_eq!(error("tril(A, «inf»)", ""), "`k` of `tril` is a whole number, and this is inf");
    let known = "write a number, or one made of n, such as n - 1";
    assert_eq!(error("matpow(A, «sum(A)»)", known), "`t` of `matpow` cannot depend on a matrix");
    assert_eq!(error("matpow(A, «A»)", ""), "`t` of `matpow` is a number, and this is a matrix [n, n]");
    assert_eq!(error("band(0, «sum(A, 0)»)", ""), "`hi` of `band` is a number, and this is a row [1, n]");
    assert_eq!(error("matpow(«sum(A, 1)», 2)", ""), "`matpow` takes a matrix [n, n], and this is a column [n, 1]");
}

#[test]
fn shapes() {
    let turn = "the left has as many columns as the right has rows; .T turns one around";
    assert_eq!(error("A «@» sum(A, 0)", turn), "`@` cannot multiply a matrix [n, n] by a row [1, n]");
    assert_eq!(error("sum(A, 1) «@» A", turn), "`@` cannot multiply a column [n, 1] by a matrix [n, n]");
    let number = "`@` takes matrices, rows and columns, and this is a number";
    assert_eq!(error("A @ «2»", "write * to multiply by a number"), number);
    assert_eq!(error("«n * 2» @ A", "write * to multiply by a number"), number);
    let repeat = "write zeros + (…) to repeat it in every cell that it lacks";
    assert_eq!(error("«sum(A, 1)»", repeat), "the result is a column [n, 1], and must be a matrix [n, n]");
    assert_eq!(error("«A.mean(axis=0) * 2»", repeat), "the result is a row [1, n], and must be a matrix [n, n]");
    assert_eq!(error("«1 + max(A)»", repeat), "the result is a number, and must be a matrix [n, n]");
}
