use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;

use super::{Atom, Attrs, Channel, Email, Key, Proof, Value, Verb};

/// The identity that portcullis signs in as; its role bounds what can be seen and done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Actor {
    /// Its own membership, where it has one: a service account has none.
    pub member: Option<Email>,
    /// Role, privileges and scopes, as a member's attributes. Without a role the actor is taken
    /// to hold the system's highest.
    pub attrs: Attrs,
    /// Of a host's actor: the tenants that delegated their users to the host (SYSTEMS.md M4). None:
    /// an actor of the account itself.
    pub delegated: Option<BTreeSet<Atom>>,
}

/// What is known of a tenant beside its members: connection facts of the manifests.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// Which of the tenants behind one connection, on a system that has several.
    pub name: Option<Atom>,
    /// UTC where the connection names none; a manifest with dates must name one.
    pub zone: TimeZone,
    /// `features`, `subaccounts`, `sso`, `surface`, ...: as the system's literals name them.
    pub facts: BTreeMap<Key, Value>,
    pub actor: Actor,
}

impl Tenant {
    /// Whether the actor is a host's, and this tenant has not delegated its users to the host.
    pub fn is_out_of_reach(&self) -> bool {
        match (&self.actor.delegated, &self.name) {
            (None, _) => false,
            (Some(delegated), name) => name.as_ref().is_none_or(|name| !delegated.contains(name)),
        }
    }
    pub fn flag(&self, fact: &str) -> bool {
        self.facts.get(fact).and_then(Value::as_flag).unwrap_or(false)
    }
    /// The single word of a fact: `surface`, `subaccount`.
    pub fn word(&self, fact: &str) -> Option<&str> {
        self.facts.get(fact)?.as_one().map(Atom::as_str)
    }
    /// Whether the set fact lists the word: `features` has `groups`.
    pub fn lists(&self, fact: &str, word: &str) -> bool {
        self.facts.get(fact).and_then(Value::as_set).is_some_and(|s| s.contains(word))
    }
}

/// What a backend can read and write of a system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caps {
    /// Attributes that a reading shows.
    pub reads: BTreeSet<Key>,
    /// Verbs that the API takes, each with the attributes it may carry.
    pub writes: BTreeMap<Verb, BTreeSet<Key>>,
    pub reads_domains: bool,
    /// Whether pending members and their dates show.
    pub reads_invitations: bool,
    /// Who has registered for certain though invitations do not show: the actor's own membership.
    pub registered: Option<Email>,
    /// Whether an end is kept by the server; else portcullis ends access when the day is over.
    pub keeps_ends: bool,
    pub best_proof: Proof,
}

impl Caps {
    /// Writable: api. Only readable: manual. Neither: unverifiable.
    pub fn channel(&self, verb: Verb, key: Option<&str>) -> Channel {
        let written = self.writes.get(&verb).is_some_and(|keys| key.is_none_or(|k| keys.contains(k)));
        let read = match (verb, key) {
            (Verb::AllowDomain | Verb::DisallowDomain, _) => self.reads_domains,
            (_, Some(k)) => self.reads.contains(k),
            (_, None) => true,
        };
        match (written, read) {
            (true, _) => Channel::Api,
            (false, true) => Channel::Manual,
            (false, false) => Channel::Unverifiable,
        }
    }
}
