//! Text that repeats itself openly.

use rand::Rng as _;
use rand::seq::SliceRandom as _;

use super::words::{ANIMALS, COLOURS, DID, FOODS, KINDS, NUMBERS, PLACES, THINGS};
use super::{one, several, some};
use crate::Random;

/// The same sentence several times, with one place that changes.
pub fn echo(rng: &mut Random) -> String {
    let [hero, other] = some(rng, ANIMALS);
    let (kind, colour, did) = (one(rng, KINDS), one(rng, COLOURS), one(rng, DID));
    let n = rng.random_range(2..=5);
    let places = several(rng, PLACES, n);
    let line = |place: &str| format!("the {colour} {hero} {did} the {kind} {other} by the {place}.");
    places.iter().map(|p| line(p)).collect::<Vec<_>>().join(one(rng, &[" ", "\n"]))
}

/// A cumulative rhyme: every verse says all earlier ones again.
pub fn chain(rng: &mut Random) -> String {
    let n = rng.random_range(2..=4);
    let (thing, place) = (one(rng, THINGS), one(rng, PLACES));
    let animals = several(rng, ANIMALS, n);
    let mut tail = format!("the {thing} that lay by the {place}");
    let mut verses = vec![format!("This is {tail}.")];
    for animal in animals {
        tail = format!("the {animal} that {} {tail}", one(rng, DID));
        verses.push(format!("This is {tail}."));
    }
    verses.join("\n")
}

/// A few words over and over, in the same order or shuffled.
pub fn words_again(rng: &mut Random) -> String {
    let n = rng.random_range(3..=10);
    let every = [ANIMALS, THINGS, PLACES, FOODS, COLOURS, NUMBERS].concat();
    let mut words = several(rng, &every, n);
    let (shuffled, times) = (rng.random_ratio(1, 4), rng.random_range(2..=5));
    let mut text = Vec::new();
    for _ in 0..times {
        text.extend_from_slice(&words);
        if shuffled {
            words.shuffle(rng);
        }
    }
    let separator = one(rng, &[" ", ", ", "\n", " and "]);
    text.join(separator)
}
