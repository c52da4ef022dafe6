//! How the keyboard moves what is selected.

use super::geometry::Cell;
use super::selection::{Role, Selection};

/// A way to move through the cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// So many queries down and keys to the right.
    By {
        down: isize,
        right: isize,
    },
    /// To the first key of the row.
    FirstKey,
    /// To the last key that the query can attend to.
    LastKey,
    FirstQuery,
    LastQuery,
}

/// The selection after a move inside of a pattern with `n` rows. The first move selects the cell at `start`; from a
/// token, moving along its line stays a token, and moving across the line enters it as a cell.
pub fn moved(selection: &Selection, role: Role, step: Move, n: usize, causal: bool, start: Option<Cell>) -> Selection {
    if n == 0 {
        return Selection::None;
    }
    let add = |at: usize, by: isize| at.saturating_add_signed(by).min(n - 1);
    let of_token = selection.token(role).filter(|_| !matches!(selection, Selection::Cell(_)));
    let one = of_token.map_or_else(|| selection.clone(), Selection::Token);
    let cell = match (one, step, role) {
        (Selection::None, _, _) => return Selection::Cell(start.unwrap_or(Cell { query: n - 1, key: 0 })),
        (Selection::Token(token), Move::By { down, right: 0 }, Role::Query) => {
            return Selection::Token(add(token, down));
        }
        (Selection::Token(token), Move::By { down: 0, right }, Role::Key) => {
            return Selection::Token(add(token, right));
        }
        (Selection::Token(query), _, Role::Query) => Cell { query, key: 0 },
        (Selection::Token(key), _, Role::Key) => Cell { query: if causal { key } else { 0 }, key },
        (Selection::Cell(cell), _, _) => cell,
        (Selection::Tokens(_), _, _) => return selection.clone(),
    };
    let entering = of_token.is_some();
    Selection::Cell(match step {
        Move::By { .. } if entering => cell,
        Move::By { down, right } => Cell { query: add(cell.query, down), key: add(cell.key, right) },
        Move::FirstKey => Cell { key: 0, ..cell },
        Move::LastKey => Cell { key: if causal { cell.query } else { n - 1 }, ..cell },
        Move::FirstQuery => Cell { query: if causal { cell.key } else { 0 }, ..cell },
        Move::LastQuery => Cell { query: n - 1, ..cell },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn cell(query: usize, key: usize) -> Selection {
        Selection::Cell(Cell { query, key })
    }

    const fn by(down: isize, right: isize) -> Move {
        Move::By { down, right }
    }

    #[test]
    fn cells_move_and_stop_at_the_edge() {
        let go = |from: Selection, step| moved(&from, Role::Key, step, 20, true, None);
        assert_eq!(go(cell(5, 5), by(1, 0)), cell(6, 5));
        assert_eq!(go(cell(5, 5), by(0, -10)), cell(5, 0));
        assert_eq!(go(cell(15, 5), by(10, 0)), cell(19, 5));
        assert_eq!(go(cell(5, 2), Move::LastKey), cell(5, 5));
        assert_eq!(go(cell(5, 2), Move::FirstKey), cell(5, 0));
        assert_eq!(go(cell(5, 2), Move::FirstQuery), cell(2, 2));
        assert_eq!(go(cell(5, 2), Move::LastQuery), cell(19, 2));
        assert_eq!(moved(&cell(5, 2), Role::Key, Move::LastKey, 20, false, None), cell(5, 19));
        assert_eq!(moved(&Selection::None, Role::Key, by(0, 1), 0, true, None), Selection::None);
    }

    #[test]
    fn the_first_move_selects() {
        assert_eq!(moved(&Selection::None, Role::Key, by(0, 1), 20, true, None), cell(19, 0));
        let hovered = Some(Cell { query: 4, key: 3 });
        assert_eq!(moved(&Selection::None, Role::Key, by(0, 1), 20, true, hovered), cell(4, 3));
    }

    #[test]
    fn tokens_move_along_and_are_entered_across() {
        let token = Selection::Token;
        assert_eq!(moved(&token(3), Role::Key, by(0, 1), 20, true, None), token(4));
        assert_eq!(moved(&token(3), Role::Query, by(-1, 0), 20, true, None), token(2));
        assert_eq!(moved(&token(3), Role::Query, by(0, 1), 20, true, None), cell(3, 0));
        assert_eq!(moved(&token(3), Role::Key, by(1, 0), 20, true, None), cell(3, 3));
        assert_eq!(moved(&token(3), Role::Query, Move::LastKey, 20, true, None), cell(3, 3));
        // Of several, the last one moves, alone.
        let two = Selection::Tokens([3, 7].into());
        assert_eq!(moved(&two, Role::Query, by(1, 0), 20, true, None), token(8));
    }
}
