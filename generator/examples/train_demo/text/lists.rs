//! Recipes, shopping, diaries, counting and sums.

use rand::Rng as _;
use std::fmt::Write as _;

use super::words::{ANIMALS, DAYS, DISHES, FOODS, MONTHS, NUMBERS, ORDINALS, PEOPLE, THINGS, WEATHER};
use super::{capital, once_in, one, several, some};
use crate::Random;

/// A line a dish, with what goes into it.
pub fn recipes(rng: &mut Random) -> String {
    let n = rng.random_range(3..=6);
    let mut list = String::new();
    let dishes = several(rng, DISHES, n);
    for dish in &dishes {
        let n = rng.random_range(2..=4);
        let _ = writeln!(list, "{}: {}.", capital(dish), several(rng, FOODS, n).join(", "));
    }
    if once_in(rng, 2) {
        // The same again, so that what belongs to a dish can be looked up.
        let first = list.lines().next().unwrap_or_default().to_owned();
        let _ = writeln!(list, "{first}");
    }
    list
}

/// A list with bullets or numbers, for somebody.
pub fn shopping(rng: &mut Random) -> String {
    let (person, n) = (one(rng, PEOPLE), rng.random_range(3..=7));
    let foods = several(rng, FOODS, n);
    let mut list = format!("{} needs:\n", person.name);
    let numbered = once_in(rng, 2);
    for (at, food) in foods.iter().enumerate() {
        let amount = rng.random_range(2..=12);
        let bullet = if numbered { format!("{}.", at + 1) } else { "-".to_owned() };
        let _ = writeln!(list, "{bullet} {amount} {food}");
    }
    let _ = writeln!(list, "{} has the {}, but not the {}.", person.name, foods[0], foods[n - 1]);
    list
}

/// The weather or the work of each day.
pub fn diary(rng: &mut Random) -> String {
    let (start, days) = (rng.random_range(0..DAYS.len()), rng.random_range(4..=9));
    let weathers: [&str; 3] = some(rng, WEATHER);
    let names: [_; 2] = some(rng, PEOPLE);
    let (line_per_day, both) = (once_in(rng, 2), once_in(rng, 2));
    let mut diary = String::new();
    for day in 0..days {
        let weather = if once_in(rng, 4) { one(rng, &weathers) } else { weathers[day % 2] };
        let _ = write!(diary, "{}: {weather}", DAYS[(start + day) % DAYS.len()]);
        if both {
            let _ = write!(diary, ", {} works", names[day % 2].name);
        }
        diary += if line_per_day { ".\n" } else { ". " };
    }
    diary.trim_end_matches(' ').to_owned()
}

/// A known order, up, down or in steps, perhaps more than once.
pub fn counting(rng: &mut Random) -> String {
    let order: Vec<String> = match rng.random_range(0..5) {
        0 => DAYS.iter().map(|d| (*d).to_owned()).collect(),
        1 => MONTHS.iter().map(|m| (*m).to_owned()).collect(),
        2 => NUMBERS.iter().map(|n| (*n).to_owned()).collect(),
        3 => ('a'..='z').map(String::from).collect(),
        _ => {
            let (start, step) = (rng.random_range(0..50), rng.random_range(1..=5));
            (0..12).map(|i| (start + i * step).to_string()).collect()
        }
    };
    let n = rng.random_range(5..=order.len().min(12));
    let start = rng.random_range(0..=order.len() - n);
    let mut items = order[start..start + n].to_vec();
    if once_in(rng, 3) {
        items.reverse();
    }
    let separator = one(rng, &[", ", " ", "\n", " then "]);
    let mut text = items.join(separator);
    for _ in 0..rng.random_range(0..=2) {
        text = text + separator + &items.join(separator);
    }
    if once_in(rng, 3) {
        let (ordinal, thing, animal) = (rng.random_range(1..ORDINALS.len()), one(rng, THINGS), one(rng, ANIMALS));
        for ordinal in &ORDINALS[..=ordinal] {
            let _ = write!(text, "\nThe {ordinal} {thing} is for the {ordinal} {animal}.");
        }
    }
    text
}

/// Additions, one a line.
pub fn sums(rng: &mut Random) -> String {
    let mut text = String::new();
    for _ in 0..rng.random_range(4..=10) {
        let (a, b) = (rng.random_range(0..10), rng.random_range(0..10));
        let _ = match rng.random_range(0..3) {
            0 => writeln!(text, "{a} + {b} = {}", a + b),
            1 => writeln!(text, "{} - {b} = {a}", a + b),
            _ => writeln!(text, "{} plus {} is {}", NUMBERS[a % 6], NUMBERS[b % 6], NUMBERS[a % 6 + b % 6 + 1]),
        };
    }
    text
}
