use std::collections::BTreeSet;

use super::Atom;

/// Where a permission holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    Account,
    In(Atom),
}

/// Effective permission × where. Direction, risk and "administers" are questions to this set.
pub type Permits = BTreeSet<(Atom, Scope)>;

/// What a change does to access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    Widens,
    Narrows,
    Both,
    Neither,
}

impl Direction {
    pub fn of(widens: bool, narrows: bool) -> Self {
        match (widens, narrows) {
            (true, false) => Direction::Widens,
            (false, true) => Direction::Narrows,
            (true, true) => Direction::Both,
            (false, false) => Direction::Neither,
        }
    }
    /// Compares two sets of permissions.
    pub fn between(before: &Permits, after: &Permits) -> Self {
        Self::of(!after.is_subset(before), !before.is_subset(after))
    }
    pub fn and(self, other: Self) -> Self {
        Self::of(self.widens() || other.widens(), self.narrows() || other.narrows())
    }
    pub fn widens(self) -> bool {
        matches!(self, Direction::Widens | Direction::Both)
    }
    pub fn narrows(self) -> bool {
        matches!(self, Direction::Narrows | Direction::Both)
    }
    pub fn word(self) -> &'static str {
        match self {
            Direction::Widens => "widens",
            Direction::Narrows => "narrows",
            Direction::Both => "both",
            Direction::Neither => "neither",
        }
    }
}
