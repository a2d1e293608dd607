//! What is refused, and by which rule.

use std::fmt;

/// A rule that a plan must keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// The document is what README.md says, and every value is of its attribute's kind.
    Shape,
    /// Every digest is of what stands beside it.
    Digest,
    /// An id is account, action and member or domain; no two changes are of one subject.
    Id,
    /// Nothing is planned on an incomplete reading.
    Reading,
    /// The member is there in a phase that the action is for; nobody is invited who is there.
    Phase,
    /// `before` is what the reading shows, and `after` differs from it where it says so.
    Before,
    /// The calls are of the action and lead from `before` to `after`.
    Calls,
    /// After no call the member holds what neither `before` nor `after` gives.
    Moment,
    /// The direction is that of permissions × scopes.
    Direction,
    /// `administers` says whether the member comes to administer.
    Administers,
    /// A member is not taken away, and no set written whole, of which the actor sees a part only.
    PartlySeen,
    /// Nobody protected is touched.
    Protected,
    /// Nobody ignored is touched.
    Ignored,
    /// Nobody untouchable is touched.
    Untouchable,
    /// The actor is not taken away, and its power not lessened.
    Actor,
    /// What is blocked is not made.
    Blocked,
    /// Domains: nobody is invited from one that the whitelist lacks, and what is written is what is wanted.
    Domain,
    /// A change waits for all that give what it needs, for nothing else, and stands after them.
    Order,
    /// In every order that `waits_for` allows, there are administrators enough at every moment.
    Administrators,
    /// Each guard counts right, and none is over its limit.
    Guard,
}

impl Rule {
    pub const ALL: [Rule; 20] = [
        Rule::Shape,
        Rule::Digest,
        Rule::Id,
        Rule::Reading,
        Rule::Phase,
        Rule::Before,
        Rule::Calls,
        Rule::Moment,
        Rule::Direction,
        Rule::Administers,
        Rule::PartlySeen,
        Rule::Protected,
        Rule::Ignored,
        Rule::Untouchable,
        Rule::Actor,
        Rule::Blocked,
        Rule::Domain,
        Rule::Order,
        Rule::Administrators,
        Rule::Guard,
    ];

    /// Its stable code.
    pub fn code(self) -> &'static str {
        match self {
            Rule::Shape => "shape",
            Rule::Digest => "digest",
            Rule::Id => "id",
            Rule::Reading => "reading",
            Rule::Phase => "phase",
            Rule::Before => "before",
            Rule::Calls => "calls",
            Rule::Moment => "moment",
            Rule::Direction => "direction",
            Rule::Administers => "administers",
            Rule::PartlySeen => "partly-seen",
            Rule::Protected => "protected",
            Rule::Ignored => "ignored",
            Rule::Untouchable => "untouchable",
            Rule::Actor => "actor",
            Rule::Blocked => "blocked",
            Rule::Domain => "domain",
            Rule::Order => "order",
            Rule::Administrators => "administrators",
            Rule::Guard => "guard",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// What is wrong with a plan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{about}: {message} ({rule})")]
pub struct Refusal {
    /// A change's id, an account's name, or `plan`.
    pub about: String,
    pub rule: Rule,
    pub message: String,
}

/// Gathers what is wrong.
#[derive(Debug, Default)]
pub struct Refusals(pub Vec<Refusal>);

impl Refusals {
    pub fn add(&mut self, rule: Rule, about: &str, message: impl Into<String>) {
        self.0.push(Refusal { about: about.to_owned(), rule, message: message.into() });
    }

    /// Refuses where it does not hold.
    pub fn unless(&mut self, holds: bool, rule: Rule, about: &str, message: impl FnOnce() -> String) {
        if !holds {
            self.add(rule, about, message());
        }
    }
}
