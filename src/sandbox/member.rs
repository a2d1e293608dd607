use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize as _;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::model::{Atom, Atoms, Attrs, Email, Invitation, Name, Phase, Value};
use crate::systems::{AttrSpec, Axis, Kind, Life, SystemSpec};

use super::clock::Clock;

/// The phase that is written down; the clock adds the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stored {
    Pending,
    Active,
    Locked,
    Expired,
    Suspended,
}

impl Stored {
    pub const ALL: [Stored; 5] = [Stored::Pending, Stored::Active, Stored::Locked, Stored::Expired, Stored::Suspended];

    pub fn word(self) -> &'static str {
        match self {
            Stored::Pending => "pending",
            Stored::Active => "active",
            Stored::Locked => "locked",
            Stored::Expired => "expired",
            Stored::Suspended => "suspended",
        }
    }
    /// The phase of that name.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.word() == word)
    }
}

/// One membership as the server keeps it.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub email: Email,
    pub stored: Stored,
    /// When the newest invitation went out.
    pub sent: Option<Timestamp>,
    pub declined: bool,
    /// The last change: an end that passed since then was written to the person about.
    pub since: Timestamp,
    /// Invitations to this address that nobody accepted, deleted memberships included.
    pub attempts: u32,
    /// Complete but for the name, which is missing until someone sets it.
    pub attrs: Attrs,
}

impl Member {
    pub(super) fn end(&self) -> Option<Date> {
        self.attrs.get("end").and_then(Value::as_day)
    }

    /// Where the membership stands now. Nothing is written when time alone moves it.
    pub(super) fn phase(&self, spec: &SystemSpec, clock: &Clock) -> Phase {
        let ended = self.end().is_some_and(|end| clock.is_over(end));
        match self.stored {
            Stored::Suspended => Phase::Suspended,
            Stored::Expired => Phase::Expired,
            Stored::Pending | Stored::Active | Stored::Locked if ended => Phase::Expired,
            Stored::Active => Phase::Active,
            Stored::Locked => Phase::Locked,
            Stored::Pending => {
                Phase::Pending { sent: self.sent, attempts: Some(self.attempts.max(1)), state: self.invitation(spec, clock) }
            }
        }
    }

    fn invitation(&self, spec: &SystemSpec, clock: &Clock) -> Invitation {
        // An access period that ends sooner ends the membership itself, see `phase`.
        let days = match spec.invitation.life {
            Life::Days(days) | Life::DaysOrEnd(days) => Some(days),
            Life::Setting => None,
        };
        let age = self.sent.map(|sent| clock.now.as_second() - sent.as_second());
        match (days, age) {
            _ if self.declined => Invitation::Declined,
            (Some(days), Some(age)) if age >= i64::from(days) * 24 * 3600 => Invitation::Over,
            _ => Invitation::Open,
        }
    }
}

/// What a new member has where nobody said anything.
pub(super) fn defaults(spec: &SystemSpec, attrs: &mut Attrs) {
    for attr in spec.attrs {
        if attr.axis == Axis::Until && !spec.has_native_ends() {
            continue;
        }
        let value = match attr.kind {
            Kind::Set { .. } => Value::Set(BTreeSet::new()),
            Kind::Flag => Value::Flag(false),
            Kind::Day => Value::Day(None),
            Kind::Opaque => Value::Opaque(serde_json::Value::Object(serde_json::Map::new())),
            Kind::One(_) | Kind::Text => continue,
        };
        attrs.insert_if_absent(attr.key, value);
    }
}

/// Attributes as they are kept: one JSON object.
pub(super) fn encode(attrs: &Attrs) -> String {
    let object: serde_json::Map<String, serde_json::Value> = attrs.iter().map(|(k, v)| ((*k).to_owned(), v.to_json())).collect();
    serde_json::Value::Object(object).to_string()
}

/// Attributes as they were kept; `None` where the text is none of ours.
pub(super) fn decode(spec: &SystemSpec, text: &str, words: &mut Atoms) -> Option<Attrs> {
    let mut from = serde_json::Deserializer::from_str(text);
    let attrs = Kept { spec, words }.deserialize(&mut from).ok()?;
    from.end().ok().map(|()| attrs)
}

/// Reads the object straight into attributes: a reading does so for every member.
struct Kept<'a> {
    spec: &'a SystemSpec,
    words: &'a mut Atoms,
}

impl<'de> DeserializeSeed<'de> for Kept<'_> {
    type Value = Attrs;
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Attrs, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Kept<'_> {
    type Value = Attrs;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the attributes of a member")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Attrs, A::Error> {
        let Kept { spec, words } = self;
        let mut attrs = Attrs::new();
        while let Some(attr) = map.next_key_seed(Named(spec))? {
            attrs.insert(attr.key, map.next_value_seed(OfKind { kind: &attr.kind, words: &mut *words })?);
        }
        Ok(attrs)
    }
}

struct Named<'a>(&'a SystemSpec);

impl<'de> DeserializeSeed<'de> for Named<'_> {
    type Value = &'static AttrSpec;
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<&'static AttrSpec, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Named<'_> {
    type Value = &'static AttrSpec;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an attribute of the system")
    }
    fn visit_str<E: de::Error>(self, key: &str) -> Result<&'static AttrSpec, E> {
        self.0.attr(key).ok_or_else(|| E::custom("no attribute of the system"))
    }
}

struct OfKind<'a> {
    kind: &'a Kind,
    words: &'a mut Atoms,
}

impl<'de> DeserializeSeed<'de> for OfKind<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        match self.kind {
            Kind::Opaque => serde_json::Value::deserialize(from).map(Value::Opaque),
            Kind::One(_) | Kind::Set { .. } | Kind::Flag | Kind::Day | Kind::Text => from.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for OfKind<'_> {
    type Value = Value;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of the attribute's kind")
    }
    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        match self.kind {
            Kind::One(_) => self.words.atom(text).map(Value::One).map_err(E::custom),
            Kind::Day => text.parse().map(|day| Value::Day(Some(day))).map_err(E::custom),
            Kind::Text => Ok(Value::Text(Name::new(text))),
            Kind::Set { .. } | Kind::Flag | Kind::Opaque => Err(E::invalid_type(de::Unexpected::Str(text), &self)),
        }
    }
    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Value, E> {
        match self.kind {
            Kind::Flag => Ok(Value::Flag(flag)),
            _ => Err(E::invalid_type(de::Unexpected::Bool(flag), &self)),
        }
    }
    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        match self.kind {
            Kind::Day => Ok(Value::Day(None)),
            _ => Err(E::invalid_type(de::Unexpected::Unit, &self)),
        }
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut words: A) -> Result<Value, A::Error> {
        if !matches!(self.kind, Kind::Set { .. }) {
            return Err(de::Error::invalid_type(de::Unexpected::Seq, &self));
        }
        let mut all = BTreeSet::new();
        while let Some(word) = words.next_element_seed(OneOf(&mut *self.words))? {
            all.insert(word);
        }
        Ok(Value::Set(all))
    }
}

struct OneOf<'a>(&'a mut Atoms);

impl<'de> DeserializeSeed<'de> for OneOf<'_> {
    type Value = Atom;
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Atom, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for OneOf<'_> {
    type Value = Atom;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a word")
    }
    fn visit_str<E: de::Error>(self, text: &str) -> Result<Atom, E> {
        self.0.atom(text).map_err(E::custom)
    }
}
