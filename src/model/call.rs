use std::collections::{BTreeMap, BTreeSet};

use super::{Atom, Attrs, Domain, Email, Key, Link, Value};

/// What a call or a change is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    Member(Email),
    Domain(Domain),
}

impl Subject {
    /// The folded address or the domain.
    pub fn as_str(&self) -> &str {
        match self {
            Subject::Member(e) => e.key(),
            Subject::Domain(d) => d.as_str(),
        }
    }
    pub fn email(&self) -> Option<&Email> {
        match self {
            Subject::Member(e) => Some(e),
            Subject::Domain(_) => None,
        }
    }
    pub fn domain(&self) -> Option<&Domain> {
        match self {
            Subject::Domain(d) => Some(d),
            Subject::Member(_) => None,
        }
    }
}

/// One kind of act on a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    Invite,
    Resend,
    EditInvitation,
    Set,
    Restore,
    /// Takes the membership, pending or not, away.
    Delete,
    /// Takes access away and keeps the record.
    Deactivate,
    AllowDomain,
    DisallowDomain,
    /// Only in one-off actions, like the next.
    ResetPassword,
    ResetTwoFactor,
}

impl Verb {
    pub const ALL: [Verb; 11] = [
        Verb::Invite,
        Verb::Resend,
        Verb::EditInvitation,
        Verb::Set,
        Verb::Restore,
        Verb::Delete,
        Verb::Deactivate,
        Verb::AllowDomain,
        Verb::DisallowDomain,
        Verb::ResetPassword,
        Verb::ResetTwoFactor,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Verb::Invite => "invite",
            Verb::Resend => "resend",
            Verb::EditInvitation => "edit-invitation",
            Verb::Set => "set",
            Verb::Restore => "restore",
            Verb::Delete => "delete",
            Verb::Deactivate => "deactivate",
            Verb::AllowDomain => "allow-domain",
            Verb::DisallowDomain => "disallow-domain",
            Verb::ResetPassword => "reset-password",
            Verb::ResetTwoFactor => "reset-2fa",
        }
    }
    /// The verb of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|v| v.word() == word)
    }
}

/// Who makes a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    Api,
    /// A human, from the runbook; a later reading proves it.
    Manual,
    /// A human, and nothing can read it back.
    Unverifiable,
}

impl Channel {
    pub fn word(self) -> &'static str {
        match self {
            Channel::Api => "api",
            Channel::Manual => "manual",
            Channel::Unverifiable => "unverifiable",
        }
    }
}

/// What a call does to one attribute. Sets of existing members are written as differences, never
/// whole: what the actor does not see stays (SYSTEMS.md E12).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assign {
    To(Value),
    Delta { add: BTreeSet<Atom>, remove: BTreeSet<Atom> },
}

/// One act on the server; a change is one or more of them in a safe order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub verb: Verb,
    /// Its name in plans: `invite`, `set-role`, `delete`.
    pub label: String,
    pub set: BTreeMap<Key, Assign>,
    pub channel: Channel,
    /// Whether the system writes to the person because of it.
    pub mails: bool,
}

impl Call {
    /// What a member who has these attributes has after the call.
    #[must_use]
    pub fn makes_of(&self, mut now: Attrs) -> Attrs {
        for (key, assign) in &self.set {
            let value = match assign {
                Assign::To(value) => value.clone(),
                Assign::Delta { add, remove } => {
                    let held = now.get(key).and_then(Value::as_set).cloned().unwrap_or_default();
                    Value::Set(held.difference(remove).chain(add).cloned().collect())
                }
            };
            now.insert(key, value);
        }
        now
    }
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Applied,
    /// The same, and the server answered with a secret to hand over: the link of an invitation
    /// (SYSTEMS.md M2), a way to a new password.
    Linked(Link),
    /// It was so before: a removal of what is gone.
    Already,
    /// An invitation for an address that the server has already.
    Exists,
    /// The server said no, in its own words.
    Refused(String),
    /// The answer was lost: nobody knows whether it took effect.
    Unknown(String),
}

/// What a change is: the actions of plans, in the order of the contract. Every match on it is
/// exhaustive, so that a new one does not compile until everything handles it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    AllowDomain,
    Invite,
    Reinvite,
    EditInvitation,
    CancelInvitation,
    Edit,
    Restore,
    Remove,
    DisallowDomain,
}

impl Action {
    /// All of them, in the contract's order.
    pub const ALL: [Action; 9] = [
        Action::AllowDomain,
        Action::Invite,
        Action::Reinvite,
        Action::EditInvitation,
        Action::CancelInvitation,
        Action::Edit,
        Action::Restore,
        Action::Remove,
        Action::DisallowDomain,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Action::AllowDomain => "allow-domain",
            Action::Invite => "invite",
            Action::Reinvite => "reinvite",
            Action::EditInvitation => "edit-invitation",
            Action::CancelInvitation => "cancel-invitation",
            Action::Edit => "edit",
            Action::Restore => "restore",
            Action::Remove => "remove",
            Action::DisallowDomain => "disallow-domain",
        }
    }
}
