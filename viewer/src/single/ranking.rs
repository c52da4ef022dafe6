//! The largest values of a row or a column.

/// One entry of a ranking.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranked {
    /// Position of the token.
    pub index: usize,
    pub value: f32,
}

/// The `count` largest of the values above 0, largest first; equal values in their own order.
pub fn top(values: impl IntoIterator<Item = f32>, count: usize) -> Vec<Ranked> {
    let mut all: Vec<Ranked> = values
        .into_iter()
        .enumerate()
        .filter(|&(_, value)| value > 0.0)
        .map(|(index, value)| Ranked { index, value })
        .collect();
    let order = |a: &Ranked, b: &Ranked| b.value.total_cmp(&a.value).then(a.index.cmp(&b.index));
    if all.len() > count && count > 0 {
        all.select_nth_unstable_by(count - 1, order);
    }
    all.truncate(count);
    all.sort_unstable_by(order);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn largest_first_and_no_zeros() {
        let indexes = |count| top([0.1, 0.5, 0.0, 0.1, 0.3], count).iter().map(|r| r.index).collect::<Vec<_>>();
        assert_eq!(indexes(10), [1, 4, 0, 3]);
        assert_eq!(indexes(3), [1, 4, 0]);
        assert!(indexes(0).is_empty());
        assert!(top([], 3).is_empty());
    }
}
