//! Scores by what they measure, for choosing among them.

use super::numbers::PLACES;

/// Titles, each with the beginnings of its scores' names. The first that fits takes a score; the last takes the rest.
const GROUPS: [(&str, &[&str]); 9] = [
    ("Repeated random tokens", &["prev_token_random", "duplicate_random", "induction_random", "prefix_matching"]),
    ("Detection patterns", &["previous_token_head", "duplicate_token_head", "induction_head"]),
    ("Repetitions in the prompt", &["induction", "duplicate_token"]),
    ("Where it looks", &["prev_token", "self", "first_token", "sink_rate", "special_mass", "punctuation_mass"]),
    ("How many tokens it looks at", &["entropy", "effective_tokens"]),
    ("How far it looks", &["mean_distance", "distance_var", "window_mass"]),
    ("Structure of the pattern", &["effective_rank", "stable_rank", "symmetry", "variability"]),
    ("Place in the model", &PLACES),
    ("Other scores", &[""]),
];

/// The names by group, those of a group in their own order; without empty groups.
pub fn grouped(names: &[&str]) -> Vec<(&'static str, Vec<String>)> {
    let place = |name: &str| GROUPS.iter().position(|(_, own)| own.iter().any(|own| name.starts_with(own)));
    let members = |group: usize| names.iter().filter(|n| place(n) == Some(group)).map(|n| (*n).to_owned()).collect();
    let all = GROUPS.iter().enumerate().map(|(at, (title, _))| (*title, members(at)));
    all.filter(|(_, members): &(_, Vec<String>)| !members.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_score_is_in_one_group() {
        let names = ["prev_token", "induction", "mine", "induction_head_mul", "induction_random", "layer", "entropy"];
        let groups = grouped(&names);
        assert_eq!(groups.iter().map(|(_, members)| members.len()).sum::<usize>(), names.len());
        let of = |title: &str| groups.iter().find(|(own, _)| *own == title).unwrap().1.clone();
        assert_eq!(of("Repeated random tokens"), ["induction_random"]);
        assert_eq!(of("Repetitions in the prompt"), ["induction"]);
        assert_eq!(of("Other scores"), ["mine"]);
    }
}
