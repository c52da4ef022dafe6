//! What is selected.

use std::fmt;
use std::sync::Arc;

use super::geometry::Cell;

/// The side of attention that a token is looked at from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Role {
    /// A column: which queries attend to the token.
    #[default]
    Key,
    /// A row: what the token attends to.
    Query,
}

impl Role {
    pub fn name(self) -> &'static str {
        match self {
            Role::Key => "key",
            Role::Query => "query",
        }
    }

    /// At the beginning of a sentence.
    pub fn title(self) -> &'static str {
        match self {
            Role::Key => "Key",
            Role::Query => "Query",
        }
    }

    pub fn parse(name: &str) -> Option<Role> {
        [Role::Key, Role::Query].into_iter().find(|role| role.name() == name)
    }

    pub fn other(self) -> Role {
        match self {
            Role::Key => Role::Query,
            Role::Query => Role::Key,
        }
    }
}

/// A cell, tokens in one of their roles, or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Selection {
    #[default]
    None,
    Cell(Cell),
    Token(usize),
    /// Two or more, whose attention is summed, in the order in which they were chosen. The last one is the one that
    /// moves; where it was put down and has not moved yet, it is there twice.
    Tokens(Arc<[usize]>),
}

impl Selection {
    /// The selected token in `role`: of a cell, its query or its key; of several, the last.
    pub fn token(&self, role: Role) -> Option<usize> {
        match (self, role) {
            (Selection::None, _) => None,
            (Selection::Cell(cell), Role::Query) => Some(cell.query),
            (Selection::Cell(cell), Role::Key) => Some(cell.key),
            (Selection::Token(token), _) => Some(*token),
            (Selection::Tokens(tokens), _) => tokens.last().copied(),
        }
    }

    /// All selected tokens in `role`, each once.
    pub fn tokens(&self, role: Role) -> Vec<usize> {
        let Selection::Tokens(tokens) = self else { return self.token(role).into_iter().collect() };
        let mut once = Vec::new();
        tokens.iter().for_each(|token| {
            if !once.contains(token) {
                once.push(*token);
            }
        });
        once
    }

    /// The selected row and column, as far as there are any; of several tokens, the last one's.
    pub fn lines(&self, role: Role) -> (Option<usize>, Option<usize>) {
        match (self, role) {
            (Selection::Cell(cell), _) => (Some(cell.query), Some(cell.key)),
            (_, Role::Query) => (self.token(role), None),
            (_, Role::Key) => (None, self.token(role)),
        }
    }

    /// The same of all selected tokens.
    pub fn all_lines(&self, role: Role) -> (Vec<usize>, Vec<usize>) {
        match (self, role) {
            (Selection::Cell(cell), _) => (vec![cell.query], vec![cell.key]),
            (_, Role::Query) => (self.tokens(role), Vec::new()),
            (_, Role::Key) => (Vec::new(), self.tokens(role)),
        }
    }

    /// Nothing, a token or several.
    fn of(tokens: &[usize]) -> Self {
        match tokens {
            [] => Selection::None,
            &[token] => Selection::Token(token),
            _ => Selection::Tokens(tokens.into()),
        }
    }

    /// With one token more, or less if it was selected.
    pub fn with(&self, token: usize, role: Role) -> Self {
        let mut tokens = self.tokens(role);
        match tokens.iter().position(|&one| one == token) {
            Some(place) => drop(tokens.remove(place)),
            None => tokens.push(token),
        }
        Self::of(&tokens)
    }

    /// With all tokens from the last selected one to `token`.
    pub fn through(&self, token: usize, role: Role) -> Self {
        let mut tokens = self.tokens(role);
        let from = tokens.last().copied().unwrap_or(token);
        let between: Vec<usize> = if from <= token { (from..=token).collect() } else { (token..=from).rev().collect() };
        tokens.extend(between.iter().filter(|&one| !tokens.contains(one)).copied().collect::<Vec<_>>());
        Self::of(&tokens)
    }

    /// The last token put down, so that the next move leaves it and adds another.
    pub fn put_down(&self, role: Role) -> Self {
        let mut tokens = self.tokens(role);
        tokens.extend(self.token(role));
        Self::of(&tokens)
    }

    /// The last of several tokens, or the one of a side, moved to another place.
    pub fn moving(&self, role: Role, to: usize) -> Self {
        match self {
            Selection::Tokens(tokens) => Self::of(&[&tokens[..tokens.len().saturating_sub(1)], &[to]].concat()),
            _ => self.choosing(role, to, role),
        }
    }

    /// A row, a column, or the cell where they cross; and the side that a token alone is looked at from.
    fn of_lines(query: Option<usize>, key: Option<usize>) -> Option<(Self, Role)> {
        match (query, key) {
            (Some(query), Some(key)) => Some((Selection::Cell(Cell { query, key }), Role::default())),
            (Some(query), None) => Some((Selection::Token(query), Role::Query)),
            (None, Some(key)) => Some((Selection::Token(key), Role::Key)),
            (None, None) => None,
        }
    }

    /// The selection, looked at from side `now`, after a token is chosen for side `role`: the token of the other
    /// side stays, so that a key and a query make a cell.
    pub fn choosing(&self, now: Role, token: usize, role: Role) -> Self {
        let (query, key) = self.lines(now);
        let lines = match role {
            Role::Query => (Some(token), key),
            Role::Key => (query, Some(token)),
        };
        Self::of_lines(lines.0, lines.1).map_or(Selection::None, |(selection, _)| selection)
    }

    /// As [`Selection::choosing`], and the side that is looked at then. The token that is looked at already is let
    /// go of.
    pub fn toggling(&self, now: Role, token: usize, role: Role) -> (Self, Role) {
        if now != role || self.tokens(role) != [token] {
            return (self.choosing(now, token, role), role);
        }
        let (query, key) = self.lines(now);
        let left = match role {
            Role::Query => Self::of_lines(None, key),
            Role::Key => Self::of_lines(query, None),
        };
        left.unwrap_or((Selection::None, role))
    }

    /// Whether it lies inside of a pattern with `n` rows.
    pub fn is_within(&self, n: usize) -> bool {
        match self {
            Selection::None => true,
            Selection::Cell(cell) => cell.query < n && cell.key < n,
            Selection::Token(token) => *token < n,
            Selection::Tokens(tokens) => tokens.iter().all(|&token| token < n),
        }
    }
}

/// `12.7` for a cell (query, then key), `12` for a token, `3~7~9` for several.
impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Selection::None => Ok(()),
            Selection::Cell(cell) => write!(f, "{}.{}", cell.query, cell.key),
            Selection::Token(token) => write!(f, "{token}"),
            Selection::Tokens(tokens) => {
                f.write_str(&tokens.iter().map(usize::to_string).collect::<Vec<_>>().join("~"))
            }
        }
    }
}

impl std::str::FromStr for Selection {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let number = |text: &str| text.parse::<usize>().map_err(|_| ());
        match text.split_once('.') {
            _ if text.is_empty() => Ok(Selection::None),
            Some((query, key)) => Ok(Selection::Cell(Cell { query: number(query)?, key: number(key)? })),
            None => text.split('~').map(number).collect::<Result<Vec<_>, _>>().map(|tokens| Selection::of(&tokens)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn cell(query: usize, key: usize) -> Selection {
        Selection::Cell(Cell { query, key })
    }

    #[test]
    fn a_key_and_a_query_make_a_cell() {
        let token = Selection::Token;
        let (column, role) = Selection::None.toggling(Role::Query, 3, Role::Key);
        assert_eq!((column.clone(), role), (token(3), Role::Key));
        let (both, role) = column.toggling(role, 5, Role::Query);
        assert_eq!((both.clone(), role), (cell(5, 3), Role::Query));
        assert_eq!(both.toggling(role, 4, Role::Key), (cell(5, 4), Role::Key));
        assert_eq!(both.choosing(role, 7, Role::Query), cell(7, 3));
        // Only the side that is looked at is let go of.
        assert_eq!(both.toggling(role, 3, Role::Key), (both.clone(), Role::Key));
        assert_eq!(both.toggling(role, 5, Role::Query), (token(3), Role::Key));
        assert_eq!(column.toggling(Role::Key, 3, Role::Key), (Selection::None, Role::Key));
    }

    #[test]
    fn selections_are_written_and_read_back() {
        for selection in [Selection::None, Selection::Token(12), cell(12, 7), Selection::Tokens([3, 7, 9].into())] {
            assert_eq!(selection.to_string().parse(), Ok(selection));
        }
        for bad in ["x", "1.", "1.2.3", "-1", "1.-2", "1~", "~", "1~x"] {
            assert!(bad.parse::<Selection>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn several_tokens_are_gathered() {
        let role = Role::Query;
        let two = Selection::Token(3).with(7, role);
        assert_eq!((two.to_string().as_str(), two.lines(role)), ("3~7", (Some(7), None)));
        assert_eq!((two.with(3, role), two.with(9, role).to_string()), (Selection::Token(7), "3~7~9".to_owned()));
        assert_eq!(cell(3, 1).with(5, Role::Key).tokens(Role::Key), [1, 5]);
        assert_eq!(two.through(4, role).tokens(role), [3, 7, 6, 5, 4]);
        assert_eq!(Selection::None.through(4, role), Selection::Token(4));
        // Put down, it stays where it is; what moves on is another.
        let down = Selection::Token(3).put_down(role);
        assert_eq!((down.tokens(role), down.moving(role, 4).to_string()), (vec![3], "3~4".to_owned()));
        assert_eq!(cell(3, 1).moving(Role::Key, 2), cell(3, 2));
        assert_eq!(two.all_lines(Role::Key), (vec![], vec![3, 7]));
        assert!(!two.is_within(7) && two.is_within(8));
        assert_eq!(two.toggling(role, 7, role).0, Selection::Token(7));
    }

    #[test]
    fn lines_of_a_selection() {
        assert_eq!(cell(3, 1).lines(Role::Key), (Some(3), Some(1)));
        assert_eq!(Selection::Token(3).lines(Role::Query), (Some(3), None));
        assert_eq!(Selection::Token(3).lines(Role::Key), (None, Some(3)));
        assert_eq!(cell(3, 1).token(Role::Query), Some(3));
        assert!(!cell(3, 20).is_within(20) && cell(3, 19).is_within(20));
    }
}
