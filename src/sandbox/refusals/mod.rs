//! What each server refuses beyond the words and limits of its literals: one small file a system,
//! chosen by name in one table.

mod emma_hq;
mod gamoshi;
mod insider;
mod meta_gateway;
mod solver;

use std::collections::BTreeSet;

use crate::model::{Atom, Attrs, Key, Phase, Tenant, Value, Verb};
use crate::systems::SystemSpec;

use super::clock::Clock;

/// One act on a member, as a server's rules see it.
pub(super) struct Ask<'a> {
    pub tenant: &'a Tenant,
    pub clock: &'a Clock,
    pub verb: Verb,
    /// None: an invitation of someone new.
    pub phase: Option<&'a Phase>,
    /// Whether the person has ever accepted; the phase does not tell where an end has passed.
    pub registered: bool,
    /// All that the member has, what the actor does not see included.
    pub before: &'a Attrs,
    /// None: the membership ends.
    pub after: Option<&'a Attrs>,
    /// The attributes that the act names.
    pub named: &'a BTreeSet<Key>,
}

impl<'a> Ask<'a> {
    /// The words of a set that the act gives.
    pub(super) fn added(&self, key: &str) -> BTreeSet<&'a Atom> {
        let before = words(Some(self.before), key);
        words(self.after, key).into_iter().filter(|w| !before.contains(w)).collect()
    }
    /// The words of a set that the act takes away, while the membership goes on.
    pub(super) fn removed(&self, key: &str) -> BTreeSet<&'a Atom> {
        let after = words(self.after, key);
        words(Some(self.before), key).into_iter().filter(|w| self.after.is_some() && !after.contains(w)).collect()
    }
    pub(super) fn was(&self, key: &str, word: &str) -> bool {
        one(self.before, key) == Some(word)
    }
    pub(super) fn becomes(&self, key: &str, word: &str) -> bool {
        self.after.and_then(|a| one(a, key)) == Some(word)
    }
    pub(super) fn is_pending(&self) -> bool {
        self.phase.is_some_and(Phase::is_pending)
    }
}

/// A word of an attribute that has one.
pub(super) fn one<'a>(attrs: &'a Attrs, key: &str) -> Option<&'a str> {
    attrs.get(key).and_then(Value::as_one).map(Atom::as_str)
}
fn words<'a>(attrs: Option<&'a Attrs>, key: &str) -> BTreeSet<&'a Atom> {
    attrs.and_then(|a| a.get(key)).and_then(Value::as_set).into_iter().flatten().collect()
}

/// What the actor sees of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum View {
    /// Everyone, and all of everyone.
    All,
    /// Members who hold one of the scopes, and of each only these; never members with a hidden word.
    Some {
        /// The attribute that holds scopes.
        key: Key,
        /// None: all of them.
        scopes: Option<BTreeSet<Atom>>,
        hidden: Option<(Key, &'static [&'static str])>,
    },
}

impl View {
    /// Whether the member is shown at all.
    pub(super) fn shows(&self, attrs: &Attrs) -> bool {
        match self {
            View::All => true,
            View::Some { key, scopes, hidden } => {
                !hidden.is_some_and(|(key, words)| one(attrs, key).is_some_and(|w| words.contains(&w)))
                    && scopes.as_ref().is_none_or(|s| words(Some(attrs), key).iter().any(|w| s.contains(*w)))
            }
        }
    }
}

/// One rule: the product's words where it refuses. Its id is in SYSTEMS.md.
type Refuses = fn(&Ask<'_>) -> Option<String>;

/// One server beyond its literals.
pub(super) struct Rules {
    system: &'static str,
    /// What is said to an actor who may not even ask about the account; the flag says whether the
    /// account lets its host manage its users.
    pub out_of_reach: fn(&Tenant, bool) -> Option<String>,
    pub view: fn(&Tenant) -> View,
    /// Whether these attributes let an actor change who has access; without any it is the highest.
    pub administers: fn(&Attrs) -> bool,
    /// Whether a member with these attributes is one of the administrators of whom the product
    /// keeps at least one. Written here once more: the planner's own judgement is checked by it.
    pub is_administrator: fn(&Attrs) -> bool,
    /// What the product never allows, whoever asks.
    pub invariants: &'static [(&'static str, Refuses)],
    /// What this actor may not, or not on this page of the product.
    pub actor: &'static [(&'static str, Refuses)],
    /// Fills in what the page where the invitation is made implies.
    pub implied: fn(&Tenant, &mut Attrs),
}

static ALL: &[Rules] = &[emma_hq::RULES, gamoshi::RULES, insider::RULES, meta_gateway::RULES, solver::RULES];

/// A server without rules of its own: one that was not written yet sees all and refuses by its
/// literals alone.
static PLAIN: Rules = Rules {
    system: "",
    out_of_reach: |_, _| None,
    view: |_| View::All,
    administers: |_| true,
    is_administrator: |_| true,
    invariants: &[],
    actor: &[],
    implied: |_, _| {},
};

/// The rules of the system.
pub(super) fn of(spec: &SystemSpec) -> &'static Rules {
    ALL.iter().find(|r| r.system == spec.name).unwrap_or(&PLAIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_system_has_its_server() {
        let rules: Vec<&str> = ALL.iter().map(|r| r.system).collect();
        let systems: Vec<&str> = crate::systems::ALL.iter().map(|s| s.name).collect();
        assert_eq!(rules, systems);
    }
}
