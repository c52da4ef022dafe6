//! Who gives what to whom, who owns what, who says what, who writes to whom.

use rand::Rng as _;
use rand::seq::SliceRandom as _;

use super::words::{COLOURS, DAYS, FEELINGS, KINDS, PEOPLE, PLACES, SPOTS, THINGS};
use super::{a, capital, once_in, one, several, some};
use crate::Random;

/// Two people go somewhere and one gives something to the other: the receiver is the name that was not repeated.
pub fn giving(rng: &mut Random) -> String {
    let mut sentences = Vec::new();
    for _ in 0..rng.random_range(1..=4) {
        let [one_of_them, other] = some(rng, PEOPLE);
        let (place, thing) = (one(rng, PLACES), one(rng, THINGS));
        let (giver, receiver) =
            if once_in(rng, 2) { (one_of_them.name, other.name) } else { (other.name, one_of_them.name) };
        let both = format!("{} and {}", one_of_them.name, other.name);
        let gave = one(rng, &["gave", "handed", "brought", "sold"]);
        sentences.push(match rng.random_range(0..3) {
            0 => format!("When {both} went to the {place}, {giver} {gave} {} to {receiver}.", a(thing)),
            1 => format!("After {both} came home from the {place}, {giver} {gave} {} to {receiver}.", a(thing)),
            _ => format!("Then {both} were at the {place}, and {giver} {gave} {} to {receiver}.", a(thing)),
        });
    }
    sentences.join(" ")
}

/// Everybody has something; then questions about it.
pub fn owners(rng: &mut Random) -> String {
    let n = rng.random_range(2..=4);
    let (people, things, colours) = (several(rng, PEOPLE, n), several(rng, THINGS, n), several(rng, COLOURS, n));
    let mut order: Vec<usize> = (0..n).collect();
    let mut sentences: Vec<String> =
        order.iter().map(|&i| format!("{} has {} {}.", people[i].name, a(colours[i]), things[i])).collect();
    order.shuffle(rng);
    for i in order {
        let (name, thing, colour) = (people[i].name, things[i], colours[i]);
        sentences.push(match rng.random_range(0..3) {
            0 => format!("Who has the {thing}? {name} has the {thing}."),
            1 => format!("What does {name} have? {name} has {} {thing}.", a(colour)),
            _ => format!("Which colour is the {thing} of {name}? The {thing} of {name} is {colour}."),
        });
    }
    sentences.join(" ")
}

/// Two speakers take turns.
pub fn dialogue(rng: &mut Random) -> String {
    let [first, second] = some(rng, PEOPLE);
    let mut lines = Vec::new();
    if once_in(rng, 2) {
        lines.push(format!("\"Good morning,\" said {}. \"Good morning,\" said {}.", first.name, second.name));
    }
    for turn in 0..rng.random_range(2..=4) {
        let (asker, answerer) = if turn % 2 == 0 { (first.name, second.name) } else { (second.name, first.name) };
        let (thing, spot, colour, place) = (one(rng, THINGS), one(rng, SPOTS), one(rng, COLOURS), one(rng, PLACES));
        lines.push(match rng.random_range(0..4) {
            0 => format!("\"Where is the {thing}?\" asked {asker}. \"The {thing} is {spot},\" said {answerer}."),
            1 => format!(
                "\"Is the {thing} {colour}?\" asked {asker}. \"Yes, the {thing} is {colour},\" said {answerer}."
            ),
            2 => format!("\"Let us go to the {place},\" said {asker}. \"No, not to the {place},\" said {answerer}."),
            _ => format!(
                "\"I will give you the {thing},\" said {asker}. \"Thank you for the {thing},\" said {answerer}."
            ),
        });
    }
    lines.join(one(rng, &[" ", "\n"]))
}

/// A letter: the names at its top and its bottom come back.
pub fn letter(rng: &mut Random) -> String {
    let [to, from, friend] = some(rng, PEOPLE);
    let (thing, colour, day, place) = (one(rng, THINGS), one(rng, COLOURS), one(rng, DAYS), one(rng, PLACES));
    let (feeling, kind) = (one(rng, FEELINGS), one(rng, KINDS));
    let mut letter = format!("Dear {},\n\nThank you for the {colour} {thing}.", to.name);
    letter += &match rng.random_range(0..3) {
        0 => format!(" I showed the {thing} to {}, and {} was {feeling}.", friend.name, friend.they),
        1 => format!(" {} has {} {thing} too, but {} {thing} is not {colour}.", friend.name, a(kind), friend.their),
        _ => format!(" Now I take the {thing} to the {place} every {day}."),
    };
    letter += &format!(" Will you come to the {place} on {day}? {} will be at the {place} too.", friend.name);
    let bye = one(rng, &["yours", "your friend", "with love"]);
    letter + &format!("\n\n{},\n{}\n\n{} wrote this letter to {}.\n", capital(bye), from.name, from.name, to.name)
}
