//! Sorting, of any type by one and the same code: each type that the standard library sorts brings a copy of all its
//! algorithms into the viewer.

use std::cmp::Ordering;

/// The indexes `0..n` in the order of `compare`, which is given two of them. Equal ones stay in their order.
pub fn indexes(n: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut out: Vec<usize> = (0..n).collect();
    out.sort_by(|&a, &b| compare(a, b));
    out
}

/// Puts items in order. Equal ones stay in their order.
pub fn sort_by<T: Clone>(items: &mut Vec<T>, mut compare: impl FnMut(&T, &T) -> Ordering) {
    let order = indexes(items.len(), &mut |a, b| compare(&items[a], &items[b]));
    *items = order.into_iter().map(|i| items[i].clone()).collect();
}

/// Items in order, each once: `binary_search` finds what is among them. Each type of tree that the standard library
/// keeps items in costs the viewer 2 kB.
pub fn set<T: Ord + Clone>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut out: Vec<T> = items.into_iter().collect();
    sort_by(&mut out, T::cmp);
    out.dedup();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_items_stay_in_order() {
        let words = ["bb", "a", "cc", "", "b"];
        assert_eq!(indexes(5, &mut |a, b| words[a].len().cmp(&words[b].len())), [3, 1, 4, 0, 2]);
        let mut sorted = words.to_vec();
        sort_by(&mut sorted, |a, b| b.len().cmp(&a.len()));
        assert_eq!(sorted, ["bb", "cc", "a", "b", ""]);
        assert!(indexes(0, &mut |_, _| Ordering::Equal).is_empty());
    }

    #[test]
    fn a_set_has_each_item_once() {
        assert_eq!(set(["b", "a", "b", "", "a"]), ["", "a", "b"]);
        assert!(set::<&str>([]).is_empty());
    }
}
