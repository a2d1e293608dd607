//! Attributes as JSON: how the sandbox keeps them, and how a bridge sends them.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize as _;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::model::{Atom, Atoms, Attrs, Name, Value};

use super::{AttrSpec, Kind, SystemSpec};

impl SystemSpec {
    /// Attributes from one JSON object, each of its own kind: what [`Value::to_json`] writes of them.
    /// Words are checked as words, and not held against the system's lists.
    ///
    /// # Errors
    /// What is no JSON, no attribute of the system, or of another kind.
    pub fn attrs_from_json(&self, text: &str, words: &mut Atoms) -> Result<Attrs, serde_json::Error> {
        let mut from = serde_json::Deserializer::from_str(text);
        let attrs = Kept { spec: self, words }.deserialize(&mut from)?;
        from.end().map(|()| attrs)
    }
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
