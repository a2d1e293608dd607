use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::Date;

use crate::model::{Action, Atom, Attrs};

/// One resolved entry of a manifest, as the checks see it: what it asks for and for how long.
pub struct Dated<'a> {
    pub attrs: &'a Attrs,
    pub end: Option<Date>,
    pub rolling: bool,
    /// The day on which the manifest is judged, in the account's timezone.
    pub today: Date,
}

/// What a check found, at the key it names or at the whole entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The stable code of the diagnostic.
    pub code: &'static str,
    pub key: Option<&'static str>,
    pub message: String,
    pub hint: Option<String>,
}

/// A change as the rules on actors see it.
pub struct Seeking<'a> {
    pub action: Action,
    /// Whether the person is a member already.
    pub exists: bool,
    /// Whether the member holds more than is seen.
    pub partly_seen: bool,
    /// Whether the change deletes an invitation and sends a new one, which grants all of it again.
    pub anew: bool,
    /// All that is seen of the member, and all that it would be: not only what differs.
    pub before: &'a Attrs,
    pub after: &'a Attrs,
}

/// Why the actor may not, and who could. What several rules ask of one change is one sentence
/// ([`Needs::and`]): whoever obeys it is not refused by the next rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs {
    /// A `blocked` code of the contract.
    pub code: &'static str,
    /// Who may, whatever else is asked: "a parent".
    any: &'static str,
    /// Those of these who have all of the rest may, too; the roles that the rules agree on.
    or: Box<[&'static str]>,
    /// Scopes to hold.
    of: BTreeSet<Atom>,
    /// Powers to hold.
    with: BTreeSet<Atom>,
    /// "who sees all subaccounts of the person".
    who: BTreeSet<&'static str>,
}

impl Needs {
    /// Somebody whom nothing else is asked of.
    pub fn new(code: &'static str, any: &'static str) -> Self {
        Self { code, any, or: Box::default(), of: BTreeSet::new(), with: BTreeSet::new(), who: BTreeSet::new() }
    }
    /// That one, or one of these roles with what the others of these functions say.
    pub fn or(mut self, roles: impl IntoIterator<Item = &'static str>) -> Self {
        self.or = roles.into_iter().collect();
        self
    }
    pub fn of(mut self, scopes: impl IntoIterator<Item = Atom>) -> Self {
        self.of.extend(scopes);
        self
    }
    pub fn with(mut self, powers: impl IntoIterator<Item = Atom>) -> Self {
        self.with.extend(powers);
        self
    }
    pub fn who(mut self, does: &'static str) -> Self {
        self.who.insert(does);
        self
    }

    /// Both at once, under the code of the first.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.or = self.or.iter().copied().filter(|role| other.or.contains(role)).collect();
        self.of.extend(other.of);
        self.with.extend(other.with);
        self.who.extend(other.who);
        self
    }
}

/// "a parent, or a manager of apac and emea with edit-managers".
impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |words: &BTreeSet<Atom>| words.iter().map(Atom::as_str).collect::<Vec<_>>().join(" and ");
        let is_plain = self.of.is_empty() && self.with.is_empty() && self.who.is_empty();
        match (self.or.split_last(), is_plain) {
            (None, _) => f.write_str(self.any)?,
            (Some((last, more)), true) if !more.is_empty() => write!(f, "{}, {} or {last}", self.any, more.join(", "))?,
            (Some(_), _) => write!(f, "{}, or {}", self.any, self.or.join(" or "))?,
        }
        if !self.of.is_empty() {
            write!(f, " of {}", list(&self.of))?;
        }
        if !self.with.is_empty() {
            write!(f, " with {}", list(&self.with))?;
        }
        for (i, does) in self.who.iter().enumerate() {
            write!(f, " {} {does}", if i == 0 { "who" } else { "and" })?;
        }
        Ok(())
    }
}
