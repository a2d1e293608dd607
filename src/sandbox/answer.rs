use crate::model::{Atom, Link, Tenant};
use crate::systems::SystemSpec;

/// One account and the actor who is signed in to it.
#[derive(Clone)]
pub struct Host {
    pub account: Atom,
    pub spec: &'static SystemSpec,
    /// The facts of the tenant and the actor, as the connection states them.
    pub tenant: Tenant,
}

/// What the server says to one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Done,
    /// The same, with the link of an invitation, which the server keeps nowhere.
    Linked(Link),
    /// A removal of what is not there.
    AlreadyGone,
    /// An invitation for an address that has an account here, seen by the actor or not.
    Exists(String),
    /// No, in the product's kind of words.
    Refused(String),
}

/// How the next readings of an account go wrong, until the next load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The server answers with an error.
    Failed,
    /// A member is missing against the total.
    Short,
    /// A member comes twice.
    Repeated,
    /// The total is another one each time.
    Contradictory,
}

impl Fault {
    pub const ALL: [Fault; 4] = [Fault::Failed, Fault::Short, Fault::Repeated, Fault::Contradictory];

    pub fn word(self) -> &'static str {
        match self {
            Fault::Failed => "failed",
            Fault::Short => "short",
            Fault::Repeated => "repeated",
            Fault::Contradictory => "contradictory",
        }
    }
    /// The fault of that name.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.word() == word)
    }
}
