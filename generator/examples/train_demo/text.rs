//! The text that the models learn from: short documents of several kinds, made from small grammars.
//!
//! Every kind repeats itself in its own way (who has what, whose turn it is, which name was defined above), so that
//! looking back pays off and heads have something to specialise in.

mod code;
mod lists;
mod people;
mod stories;
mod verses;
mod words;

use rand::Rng as _;
use rand::seq::IndexedRandom as _;

use crate::Random;

/// Writes one document of a kind.
type Kind = fn(&mut Random) -> String;

/// Every kind, and how often it is written compared with the others.
const KINDS: &[(Kind, u32)] = &[
    (code::functions, 5),
    (code::loops, 3),
    (code::records, 3),
    (code::markup, 2),
    (lists::recipes, 3),
    (lists::shopping, 2),
    (lists::diary, 2),
    (lists::counting, 3),
    (lists::sums, 2),
    (people::giving, 6),
    (people::owners, 4),
    (people::dialogue, 6),
    (people::letter, 3),
    (stories::quest, 5),
    (stories::lost, 4),
    (stories::journey, 5),
    (verses::echo, 4),
    (verses::chain, 3),
    (verses::words_again, 4),
];

/// Writes one document of any kind.
pub fn document(rng: &mut Random) -> String {
    let (kind, _) = KINDS.choose_weighted(rng, |(_, weight)| *weight).expect("there are kinds");
    kind(rng)
}

/// One of a list.
fn one<T: Copy>(rng: &mut Random, of: &[T]) -> T {
    *of.choose(rng).expect("a list has items")
}

/// Different items of a list, in random order.
fn some<T: Copy, const N: usize>(rng: &mut Random, of: &[T]) -> [T; N] {
    let mut chosen = several(rng, of, N).into_iter();
    std::array::from_fn(|_| chosen.next().expect("a list is long enough"))
}

/// `n` different items of a list, in random order.
fn several<T: Copy>(rng: &mut Random, of: &[T], n: usize) -> Vec<T> {
    of.choose_multiple(rng, n).copied().collect()
}

/// True once in `n` times.
fn once_in(rng: &mut Random, n: u32) -> bool {
    rng.random_ratio(1, n)
}

/// The noun with its indefinite article.
fn a(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {noun}")
}

/// With a capital first letter.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;

    #[test]
    fn every_kind_writes_different_documents() {
        let mut rng = Random::seed_from_u64(0);
        for (at, (kind, _)) in KINDS.iter().enumerate() {
            let documents: Vec<String> = (0..20).map(|_| kind(&mut rng)).collect();
            assert!(documents.iter().all(|d| (5..2000).contains(&d.len()) && !d.contains("  a ")), "kind {at}");
            let different: std::collections::BTreeSet<_> = documents.iter().collect();
            assert!(different.len() > 15, "kind {at} writes {} of 20", different.len());
        }
    }

    #[test]
    fn articles_and_capitals() {
        assert_eq!((a("owl"), a("fox"), capital("the fox")), ("an owl".into(), "a fox".into(), "The fox".into()));
    }
}
