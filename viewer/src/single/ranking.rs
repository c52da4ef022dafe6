//! The largest values of a row or a column.

/// One entry of a ranking.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranked {
    /// Position of the token.
    pub index: usize,
    pub value: f32,
}

/// The `count` largest of the finite values above a floor, largest first; equal values in their own order.
pub fn top(values: impl IntoIterator<Item = f32>, floor: f32, count: usize) -> Vec<Ranked> {
    let mut best: Vec<Ranked> = Vec::new();
    for (index, value) in values.into_iter().enumerate().filter(|&(_, value)| value > floor && value.is_finite()) {
        let place = best.partition_point(|ranked| ranked.value >= value);
        if place < count {
            best.truncate(count - 1);
            best.insert(place, Ranked { index, value });
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn largest_first_and_no_zeros() {
        let indexes =
            |count| top([0.1, 0.5, 0.0, 0.1, f32::NAN, 0.3], 0.0, count).iter().map(|r| r.index).collect::<Vec<_>>();
        assert_eq!(indexes(10), [1, 5, 0, 3]);
        assert_eq!(indexes(3), [1, 5, 0]);
        assert!(indexes(0).is_empty());
        assert!(top([], 0.0, 3).is_empty());
        let below = top([-2.0, f32::INFINITY, -1.0], f32::NEG_INFINITY, 3);
        assert_eq!(below.iter().map(|r| r.index).collect::<Vec<_>>(), [2, 0]);
    }
}
