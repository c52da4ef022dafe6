//! What an entry of the language's table is made of, and how it is found.

use crate::table::ENTRIES;

/// Everything about one name, operator or function: how it is written, what it does, and its documentation.
#[derive(Debug)]
pub struct Entry {
    pub name: &'static str,
    /// Other spellings of the name.
    pub also: &'static [&'static str],
    pub group: Group,
    pub form: Form,
    pub parameters: &'static [Parameter],
    /// One sentence or two, without markup.
    pub doc: &'static str,
    /// A whole expression that uses it.
    pub example: &'static str,
    pub(crate) meaning: Meaning,
}

/// The sections of the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    Names,
    Masks,
    Operators,
    Elementwise,
    Reductions,
    Matrices,
}

/// How an entry is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A name by itself.
    Name,
    /// An operator, written as it stands here.
    Operator(&'static str),
    /// `name(arguments)`, or `first.name(others)`.
    Function,
}

/// One parameter of a function, or one side of an operator.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameter {
    pub name: &'static str,
    pub kind: Kind,
}

/// What may be given for a parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// A number, a row, a column or a matrix.
    Any,
    /// A matrix `[n, n]`.
    Matrix,
    /// A number.
    Number,
    /// A whole number that does not depend on the pattern; with its default.
    Whole(Option<f64>),
    /// The same, not negative.
    Count,
    /// The dimension along which to go, as numpy counts: 0 goes down the rows and gives one value per column, 1 goes
    /// across the columns and gives one value per row. With its default.
    Axis(Option<Axis>),
}

/// Along which dimension a function goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// `axis=None`: all cells at once.
    Both,
    /// `axis=0`: down each column.
    Down,
    /// `axis=1`: across each row.
    Across,
}

impl Axis {
    /// The axis that a number means, as numpy counts.
    pub(crate) fn of(number: f64) -> Option<Axis> {
        match number {
            0.0 | -2.0 => Some(Axis::Down),
            1.0 | -1.0 => Some(Axis::Across),
            _ => None,
        }
    }
}

/// What is computed. A kernel works on slices, so that the loop is compiled with it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Meaning {
    /// The pattern.
    Pattern,
    /// `n`.
    Length,
    Constant(f64),
    /// A matrix whose cells depend on their place alone: query, key.
    Place(fn(usize, usize) -> f64),
    SameToken,
    /// Cells one by one: the first slice has the first argument and takes the result, the second has the others.
    Cells(fn(&mut [f64], &[&[f64]])),
    /// Many values to one.
    Reduce(fn(&[f64]) -> f64),
    /// Each row or column as a whole, along the axis given here or by the call.
    Along(fn(&mut [f64]), Option<Axis>),
    Transpose,
    Product,
    Power,
    Roll,
    /// Cells of a matrix are kept if the test of key minus query and the bound holds; others are 0.
    Triangle(fn(f64, f64) -> bool),
    /// `band(k)` and `band(lo, hi)`.
    Band,
}

impl Parameter {
    /// What stands for the parameter if nothing is given; `None` if something must be.
    pub fn default(&self) -> Option<String> {
        match self.kind {
            Kind::Whole(Some(value)) => Some(value.to_string()),
            Kind::Axis(Some(axis)) => Some(axis_text(axis).to_owned()),
            _ => None,
        }
    }

    /// Whether a name in a call, as in `axis=1`, is this parameter's.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        name == self.name || (matches!(self.kind, Kind::Axis(_)) && matches!(name, "axis" | "dim"))
    }
}

fn axis_text(axis: Axis) -> &'static str {
    match axis {
        Axis::Both => "None",
        Axis::Down => "0",
        Axis::Across => "1",
    }
}

impl Entry {
    /// How the entry is written, with its parameters: `sum(x, axis=None)`, `x + y`, `eye`.
    pub fn signature(&self) -> String {
        match self.form {
            Form::Name => self.name.to_owned(),
            Form::Operator(text) => text.to_owned(),
            Form::Function => {
                let parameter = |p: &Parameter| match p.default() {
                    Some(default) => format!("{}={default}", p.name),
                    None => p.name.to_owned(),
                };
                let parameters: Vec<String> = self.parameters.iter().map(parameter).collect();
                format!("{}({})", self.name, parameters.join(", "))
            }
        }
    }

    /// How many values it takes from the stack.
    pub(crate) fn values(&self) -> usize {
        self.parameters.iter().filter(|p| !matches!(p.kind, Kind::Axis(_))).count()
    }

    fn is_called(&self, name: &str) -> bool {
        self.name == name || self.also.contains(&name)
    }
}

/// All entries of a name, in the table's order: several if their arguments differ.
pub(crate) fn named(name: &str) -> Vec<&'static Entry> {
    ENTRIES.iter().filter(|e| !matches!(e.form, Form::Operator(_)) && e.is_called(name)).collect()
}

/// The operator of a sign with so many sides.
pub(crate) fn operator(sign: &str, sides: usize) -> Option<&'static Entry> {
    let is_it = |e: &&Entry| matches!(e.form, Form::Operator(_)) && e.is_called(sign) && e.parameters.len() == sides;
    ENTRIES.iter().find(is_it)
}

/// What people know from elsewhere, and how it is written here.
const FOREIGN: &[(&[&str], &str)] = &[
    (&["T", "t"], "write A.T for the transpose"),
    (&["np", "numpy", "torch", "F", "jnp", "math"], "write the function alone: log10(A)"),
    (&["matmul", "mm", "bmm", "dot", "einsum"], "write x @ y for the matrix product"),
    (&["normalize", "normalise", "norm", "renorm"], "write rownorm(x) or colnorm(x)"),
    (&["relu"], "write maximum(x, 0)"),
    (&["ln"], "write log(x) for the natural logarithm"),
    (&["pow", "power", "square"], "write x ** 2, or matpow(x, 2) for the matrix product with itself"),
    (&["add", "subtract", "multiply", "mul", "divide", "div"], "write the operator: x + y, x - y, x * y, x / y"),
    (&["I", "identity"], "write eye for the identity"),
    (&["and"], "join masks by a product: (i > j) * same_token"),
    (&["or"], "join masks by maximum(a, b)"),
    (&["not"], "write 1 - mask for the opposite of a mask"),
    (&["if", "else"], "write where(condition, x, y)"),
    (&["mask"], "masks are eye, causal, first_key, same_token, band(k), and comparisons such as i > j"),
    (&["rowsum", "row_sum"], "write sum(x, axis=1)"),
    (&["colsum", "col_sum"], "write sum(x, axis=0)"),
    (&["rowmean", "row_mean"], "write mean(x, axis=1)"),
    (&["colmean", "col_mean"], "write mean(x, axis=0)"),
    (&["q_idx", "query"], "write i for the index of the query"),
    (&["k_idx", "key"], "write j for the index of the key"),
    (&["distance", "dist"], "write i - j for the distance from query back to key"),
    (&["e"], "write exp(1), or exp(x) for its power"),
    (&["shape", "size", "len"], "write n for the number of tokens"),
];

/// What to write instead of an unknown name.
pub(crate) fn suggestion(name: &str) -> String {
    if let Some((_, hint)) = FOREIGN.iter().find(|(names, _)| names.contains(&name)) {
        return (*hint).to_owned();
    }
    let lower = name.to_lowercase();
    let likeness = |known: &str| strsim::jaro_winkler(&known.to_lowercase(), &lower);
    let all = ENTRIES.iter().filter(|e| !matches!(e.form, Form::Operator(_)));
    // The three nearest, the nearest first. No sort: it would be the only one of its kind in the viewer.
    let mut near: Vec<&str> = Vec::new();
    for known in all.flat_map(|e| [e.name].into_iter().chain(e.also.iter().copied())) {
        if likeness(known) > 0.8 && !near.contains(&known) {
            let is_before = |other: &&str| likeness(other).total_cmp(&likeness(known)).then(known.cmp(other)).is_gt();
            near.insert(near.partition_point(is_before), known);
            near.truncate(3);
        }
    }
    match near.is_empty() {
        true => "the pattern is A; see the reference for what else there is".to_owned(),
        false => format!("did you mean {}?", near.join(" or ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_names_lead_to_known_ones() {
        assert_eq!(suggestion("loq10"), "did you mean log10?");
        assert_eq!(suggestion("a"), "did you mean A?");
        assert_eq!(suggestion("softmx"), "did you mean softmax?");
        assert_eq!(suggestion("np"), "write the function alone: log10(A)");
        assert!(suggestion("wibble").starts_with("the pattern is A;"));
    }

    #[test]
    fn signatures() {
        let of = |name: &str| named(name).iter().map(|e| e.signature()).collect::<Vec<_>>();
        assert_eq!(of("sum"), ["sum(x, axis=None)"]);
        assert_eq!(of("softmax"), ["softmax(x, axis=1)"]);
        assert_eq!(of("band"), ["band(k)", "band(lo, hi)"]);
        assert_eq!(of("tril"), ["tril(x, k=0)"]);
        assert_eq!(of("q"), ["i"]);
        assert_eq!(operator("-", 1).unwrap().signature(), "-x");
        assert_eq!(operator("-", 2).unwrap().signature(), "x - y");
    }

    #[test]
    fn no_spelling_means_two_things() {
        for (at, entry) in ENTRIES.iter().enumerate() {
            for other in &ENTRIES[at + 1..] {
                let shared = entry.is_called(other.name) || other.also.iter().any(|name| entry.is_called(name));
                let told_apart = entry.form == other.form || matches!(entry.form, Form::Operator(_));
                assert!(!shared || (told_apart && entry.parameters != other.parameters), "{}", other.name);
            }
        }
    }

    #[test]
    fn foreign_names_are_not_known_ones() {
        for name in FOREIGN.iter().flat_map(|(names, _)| *names) {
            assert!(named(name).is_empty(), "{name}");
        }
    }
}
