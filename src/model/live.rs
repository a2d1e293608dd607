use jiff::Timestamp;

use super::{Atom, Email, Keyed, Value};

/// How well one live value is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known<T> {
    Seen(T),
    /// Of a set: there is more, which this actor does not see.
    Partly(T),
    /// Not shown to this actor.
    Hidden,
    /// Not offered by this backend.
    Unreadable,
}

impl<T> Known<T> {
    /// What was seen of it, in whole or in part.
    pub fn seen(&self) -> Option<&T> {
        match self {
            Known::Seen(v) | Known::Partly(v) => Some(v),
            Known::Hidden | Known::Unreadable => None,
        }
    }
    pub fn is_partly(&self) -> bool {
        matches!(self, Known::Partly(_))
    }
}

/// Where a membership stands. An invitation is a phase, never an object of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// Invited and not yet accepted. `sent` and `attempts` are `None` where the server does not tell.
    Pending {
        sent: Option<Timestamp>,
        attempts: Option<u32>,
        state: Invitation,
    },
    Active,
    Locked,
    /// Its end has passed.
    Expired,
    Suspended,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invitation {
    Open,
    Over,
    Declined,
    Failed,
}

impl Phase {
    pub fn word(&self) -> &'static str {
        match self {
            Phase::Pending { .. } => "pending",
            Phase::Active => "active",
            Phase::Locked => "locked",
            Phase::Expired => "expired",
            Phase::Suspended => "suspended",
        }
    }
    pub fn is_pending(&self) -> bool {
        matches!(self, Phase::Pending { .. })
    }
    /// Whether the membership gives access by itself, or will once accepted or unlocked.
    pub fn is_standing(&self) -> bool {
        matches!(self, Phase::Pending { .. } | Phase::Active | Phase::Locked)
    }
}

impl Invitation {
    pub fn word(self) -> &'static str {
        match self {
            Invitation::Open => "open",
            Invitation::Over => "over",
            Invitation::Declined => "declined",
            Invitation::Failed => "failed",
        }
    }
}

/// One member as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    pub email: Email,
    /// The server's own identifier, where it has one.
    pub id: Option<Atom>,
    pub phase: Phase,
    /// A key that is missing here was not offered: the same as [`Known::Unreadable`].
    pub attrs: Keyed<Known<Value>>,
}

impl Live {
    /// What is known of one attribute.
    pub fn attr(&self, key: &str) -> &Known<Value> {
        self.attrs.get(key).unwrap_or(&Known::Unreadable)
    }
    /// All that was seen, as plain attributes: what direction and permissions are judged on.
    pub fn seen(&self) -> super::Attrs {
        self.attrs.iter().filter_map(|(k, v)| Some((*k, v.seen()?.clone()))).collect()
    }
}
