//! Stories in which somebody looks for something, and what was said comes back.

use rand::Rng as _;

use super::words::{ADVERBS, ANIMALS, COLOURS, DID, FEELINGS, KINDS, PEOPLE, PLACES, SPOTS, THINGS};
use super::{a, capital, once_in, one, several, some};
use crate::Random;

/// An animal asks one animal after another.
pub fn quest(rng: &mut Random) -> String {
    let helpers = rng.random_range(2..=4);
    let animals = several(rng, ANIMALS, helpers + 1);
    let (hero, others) = (animals[0], &animals[1..]);
    let (kind, thing, colour) = (one(rng, KINDS), one(rng, THINGS), one(rng, COLOURS));
    let [place, home] = some(rng, PLACES);
    let wanted = if once_in(rng, 2) { format!("{colour} {thing}") } else { thing.to_owned() };
    let opening = one(rng, &["Once there was", "There was once", "Near a lake lived", "Long ago there was"]);
    let mut story = format!("{opening} {} {hero} that wanted {}.", a(kind), a(&wanted));
    for (at, other) in others.iter().enumerate() {
        let asked = one(rng, &["asked", "went to"]);
        story += &format!(" The {hero} {asked} the {other}. \"Do you have {}?\" asked the {hero}.", a(&wanted));
        story += &match others.get(at + 1) {
            Some(next) => format!(" \"No,\" said the {other}, \"but ask the {next} by the {place}.\""),
            None => format!(" \"Yes,\" said the {other}, \"here is the {wanted}.\""),
        };
    }
    let feeling = one(rng, FEELINGS);
    story + &format!(" The {hero} was {feeling}, and took the {wanted} home to the {home}.")
}

/// Somebody looks for a thing in one spot after another.
pub fn lost(rng: &mut Random) -> String {
    let [person, friend] = some(rng, PEOPLE);
    let (thing, colour) = (one(rng, THINGS), one(rng, COLOURS));
    let spots = rng.random_range(2..=4);
    let spots = several(rng, SPOTS, spots);
    let (name, they, their) = (person.name, person.they, person.their);
    let mut story = format!("{name} lost {their} {colour} {thing}.");
    for spot in &spots[1..] {
        let looked = one(rng, &["looked", "searched"]);
        story += &format!(" {} {looked} {spot}, but the {thing} was not {spot}.", capital(they));
    }
    if once_in(rng, 2) {
        story += &format!(" {name} asked {}, but {} had not seen the {colour} {thing}.", friend.name, friend.they);
    }
    let feeling = one(rng, FEELINGS);
    story += &format!(" At last {name} looked {} and found the {colour} {thing}.", spots[0]);
    story + &format!(" {} was {feeling}, and {they} never lost {their} {thing} again.", capital(they))
}

/// From place to place, meeting somebody at each.
pub fn journey(rng: &mut Random) -> String {
    let stops = rng.random_range(2..=4);
    let people = several(rng, PEOPLE, stops + 1);
    let places = several(rng, PLACES, stops + 1);
    let hero = people[0];
    let times = ["In the morning", "At noon", "In the afternoon", "In the evening", "At night"];
    let kind = one(rng, KINDS);
    let mut story = format!("{} lived in {} house by the {}.", hero.name, a(kind), places[0]);
    for stop in 1..=stops {
        let (friend, place, time) = (people[stop], places[stop], times[stop - 1]);
        let (did, thing, adverb) = (one(rng, DID), one(rng, THINGS), one(rng, ADVERBS));
        story += &match rng.random_range(0..3) {
            0 => format!(
                " {time} {} walked to the {place} and {did} {}. {} gave {} {}.",
                hero.name,
                friend.name,
                friend.name,
                hero.them,
                a(thing)
            ),
            1 => format!(
                " {time} {} went to the {place}. At the {place} {} {did} {}, and they walked {adverb}.",
                hero.name, hero.they, friend.name
            ),
            _ => format!(
                " {time} {} came to the {place}, where {} had {}. \"Is this your {thing}?\" asked {}. \"This is my {thing},\" said {}.",
                hero.name,
                friend.name,
                a(thing),
                hero.name,
                friend.name
            ),
        };
    }
    story + &format!(" Then {} went home to the house by the {}.", hero.name, places[0])
}
