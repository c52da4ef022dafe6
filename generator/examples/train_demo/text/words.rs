//! The vocabulary of the grammars.

/// A name and its pronouns: Anna, she, her, her.
#[derive(Debug, Clone, Copy)]
pub struct Person {
    pub name: &'static str,
    /// he, she
    pub they: &'static str,
    /// him, her
    pub them: &'static str,
    /// his, her
    pub their: &'static str,
}

const fn she(name: &'static str) -> Person {
    Person { name, they: "she", them: "her", their: "her" }
}

const fn he(name: &'static str) -> Person {
    Person { name, they: "he", them: "him", their: "his" }
}

#[rustfmt::skip]
pub const PEOPLE: &[Person] = &[
    she("Mary"), she("Anna"), she("Lily"), she("Sara"), she("Emma"), she("Nina"), she("Rosa"), she("Kate"),
    she("Clara"), she("Ella"), she("Ruth"), she("Alice"),
    he("John"), he("Tom"), he("Peter"), he("Paul"), he("Max"), he("Ben"), he("Sam"), he("David"),
    he("Leo"), he("Jack"), he("Oscar"), he("Henry"),
];

#[rustfmt::skip]
pub const ANIMALS: &[&str] = &[
    "fox", "owl", "bear", "cat", "dog", "horse", "mouse", "wolf", "goat", "duck", "hare", "crow", "frog", "sheep",
    "swan", "bee", "snail", "hen",
];

#[rustfmt::skip]
pub const THINGS: &[&str] = &[
    "ball", "book", "key", "lamp", "hat", "coat", "cup", "box", "bag", "ring", "kite", "drum", "map", "stone",
    "flower", "letter", "bell", "rope", "basket", "mirror", "candle", "boat", "clock", "pen", "coin", "umbrella",
];

#[rustfmt::skip]
pub const PLACES: &[&str] = &[
    "river", "bridge", "mill", "house", "garden", "forest", "market", "school", "park", "shop", "hill", "lake",
    "station", "tower", "farm", "village", "sea", "island", "kitchen", "library", "harbour", "field",
];

/// Where a lost thing may lie.
#[rustfmt::skip]
pub const SPOTS: &[&str] = &[
    "under the bed", "behind the door", "on the table", "in the drawer", "by the window", "under the stairs",
    "on the roof", "in the garden", "behind the tree", "in the boat", "on the shelf", "by the well",
];

pub const COLOURS: &[&str] = &["red", "blue", "green", "white", "black", "yellow", "brown", "grey"];

#[rustfmt::skip]
pub const KINDS: &[&str] = &[
    "old", "small", "big", "quiet", "young", "clever", "tired", "hungry", "kind", "brave", "lonely", "proud",
];

pub const FEELINGS: &[&str] = &["glad", "sad", "tired", "happy", "angry", "afraid", "surprised", "proud"];

#[rustfmt::skip]
pub const FOODS: &[&str] = &[
    "flour", "water", "salt", "sugar", "milk", "butter", "eggs", "apples", "carrots", "onions", "rice", "beans",
    "honey", "bread", "cheese", "pears", "nuts", "leaves", "lemons", "oil",
];

#[rustfmt::skip]
pub const DISHES: &[&str] = &[
    "bread", "soup", "cake", "tea", "salad", "pancakes", "jam", "stew", "pudding", "pie", "porridge", "biscuits",
];

pub const WEATHER: &[&str] = &["rain", "sun", "snow", "wind", "fog", "clouds", "storm"];

pub const DAYS: &[&str] = &["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

#[rustfmt::skip]
pub const MONTHS: &[&str] = &[
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
];

#[rustfmt::skip]
pub const NUMBERS: &[&str] = &[
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
];

pub const ORDINALS: &[&str] = &["first", "second", "third", "fourth", "fifth", "sixth", "seventh"];

/// What animals and people do, in the past tense.
#[rustfmt::skip]
pub const DID: &[&str] = &[
    "met", "saw", "heard", "followed", "helped", "called", "found", "watched", "loved", "asked", "thanked", "left",
];

pub const ADVERBS: &[&str] = &["slowly", "quickly", "quietly", "again", "at once", "together", "alone", "in the end"];

pub const FUNCTIONS: &[&str] = &[
    "area", "total", "double", "mean", "scale", "shift", "length", "price", "count", "merge", "find", "select",
    "update", "filter", "split", "check",
];

pub const VARIABLES: &[&str] = &[
    "x", "y", "z", "a", "b", "c", "n", "width", "height", "depth", "value", "items", "result", "left", "right", "size",
    "index", "name", "key", "step",
];

pub const TAGS: &[&str] = &["p", "b", "i", "ul", "li", "div", "span", "h1", "h2", "table", "tr", "td"];
