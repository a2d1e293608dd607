use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::Date;

use super::{Atom, Keyed};

/// The key of an attribute, `role` or `subaccounts`; only a system's literals make one.
pub type Key = &'static str;

/// A value of one attribute: the closed algebra on which merge, diff, direction, defaults and
/// rendering are written once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    One(Atom),
    Set(BTreeSet<Atom>),
    Flag(bool),
    /// The last day, inclusive; `None` is "no end".
    Day(Option<Date>),
    Text(Name),
    Opaque(serde_json::Value),
}

/// What is known of some attributes. For desired ones a missing key means unmanaged.
pub type Attrs = Keyed<Value>;

/// A person's name. Compared joined; systems that keep two fields split it where the manifest
/// says (`given`, `family`), else at its last space (SYSTEMS.md X2).
#[derive(Debug, Clone)]
pub struct Name {
    joined: Box<str>,
    family: Option<usize>,
}

impl Name {
    pub fn new(text: &str) -> Self {
        Self { joined: text.into(), family: None }
    }
    pub fn of(given: &str, family: &str) -> Self {
        let joined = format!("{given} {family}");
        let joined = joined.trim();
        let family = joined.len().checked_sub(family.trim_end().len());
        Self { joined: joined.into(), family }
    }
    pub fn as_str(&self) -> &str {
        &self.joined
    }
    /// Given and family name; a name of one word is a given name.
    pub fn split(&self) -> (&str, &str) {
        let at = self.family.or_else(|| self.joined.rfind(' ').map(|i| i + 1));
        match at {
            Some(at) => (self.joined[..at].trim_end(), &self.joined[at..]),
            None => (&self.joined, ""),
        }
    }
}
impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.joined == other.joined
    }
}
impl Eq for Name {}
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.joined)
    }
}

impl Value {
    pub fn as_one(&self) -> Option<&Atom> {
        match self {
            Value::One(a) => Some(a),
            _ => None,
        }
    }
    pub fn as_set(&self) -> Option<&BTreeSet<Atom>> {
        match self {
            Value::Set(s) => Some(s),
            _ => None,
        }
    }
    pub fn as_day(&self) -> Option<Date> {
        match self {
            Value::Day(d) => *d,
            _ => None,
        }
    }
    pub fn as_flag(&self) -> Option<bool> {
        match self {
            Value::Flag(b) => Some(*b),
            _ => None,
        }
    }
    /// The value as the JSON of plans and exports shows it; sets are sorted.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Value::One(a) => a.as_str().into(),
            Value::Set(s) => s.iter().map(Atom::as_str).collect(),
            Value::Flag(b) => (*b).into(),
            Value::Day(d) => d.map_or(serde_json::Value::Null, |d| d.to_string().into()),
            Value::Text(t) => t.as_str().into(),
            Value::Opaque(v) => v.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x2_a_name_splits_at_its_last_space_unless_the_manifest_says_where() {
        assert_eq!(Name::new("Mary Ann Lee").split(), ("Mary Ann", "Lee"));
        assert_eq!(Name::of("Mary", "Ann Lee").split(), ("Mary", "Ann Lee"));
        assert_eq!(Name::of("Mary", "Ann Lee"), Name::new("Mary Ann Lee"));
        assert_eq!(Name::new("Plato").split(), ("Plato", ""));
        assert_eq!(Name::of("Plato", "").split(), ("Plato", ""));
        assert_eq!(Name::of("", "Plato").split(), ("", "Plato"));
    }
}
