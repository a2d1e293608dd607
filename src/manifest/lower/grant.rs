//! What an entry or a section of a profile grants: attributes of the system, and the rules between
//! them.

use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::attribute::{self, Rule};
use crate::manifest::cursor::{Cursor, Sink};
use crate::manifest::diagnostic::quoted;
use crate::manifest::{Diagnostic, ProfileUse, Section, read};
use crate::model::{Atom, Key, Keyed, Located, Place, Value};
use crate::systems::{AttrSpec, Limit, Required, SystemSpec};

/// Attributes as they are written in one mapping.
pub(super) struct Grant<'a> {
    /// The mapping.
    at: Cursor<'a>,
    pub attrs: Keyed<Located<Value>>,
}

impl<'a> Grant<'a> {
    /// Every attribute below `at`; `facts` are those of the account's connection, none without one.
    pub fn of(at: Cursor<'a>, spec: &'static SystemSpec, facts: Option<&BTreeMap<Key, Value>>, sink: &mut Sink) -> Self {
        let mut grant = Self { at, attrs: Keyed::new() };
        for (key, value) in at.map().into_iter().flatten() {
            if let Some(attr) = spec.attr(key).filter(|a| a.key != "name" && a.key != "end") {
                grant.add(sink, value, attr, facts);
            }
        }
        grant
    }

    fn add(&mut self, sink: &mut Sink, at: Cursor<'_>, attr: &'static AttrSpec, facts: Option<&BTreeMap<Key, Value>>) {
        if let (Some((fact, word)), Some(facts)) = (attr.feature, facts)
            && !facts.get(fact).and_then(Value::as_set).is_some_and(|s| s.contains(word))
        {
            let message = format!("`{}` needs the feature `{word}`, which is off in this account", attr.key);
            sink.say(
                Diagnostic::error("feature-off", message, at.key_place())
                    .hint(format!("where it is on, write `{fact}: [{word}]` in the connection")),
            );
            return;
        }
        let nothing = BTreeMap::new();
        let Some(value) = attribute::value(sink, at, &attr.kind, Rule::Asked(facts.unwrap_or(&nothing))) else { return };
        if attr.required == Required::Always && value.as_set().is_some_and(std::collections::BTreeSet::is_empty) {
            let words: Vec<_> = attr.kind.fixed().unwrap_or_default().iter().filter(|w| w.assignable).map(|w| w.word).collect();
            let message = format!("`{}` is empty: a member has at least one", attr.key);
            sink.say(Diagnostic::error("empty-set", message, at.place()).expected(read::one_of(words.into_iter())));
            return;
        }
        self.attrs.insert(attr.key, Located::new(value, at.place()));
    }

    /// What the section gives, where the entry says nothing itself. An attribute that makes another
    /// kind of member replaces the one of the section as well (SYSTEMS.md G4).
    pub fn over(self, section: &Section, spec: &SystemSpec) -> Arc<Keyed<Located<Value>>> {
        let writes = |key: Key| self.at.get(key).is_some();
        let kind = spec.chiefs().any(|a| writes(a.key));
        let stays = |key: Key| !(writes(key) || kind && spec.is_chief(key));
        if self.attrs.is_empty() && section.attrs.keys().all(|key| stays(key)) {
            return Arc::clone(&section.attrs);
        }
        let theirs = section.attrs.iter().filter(|(key, _)| stays(key)).map(|(key, value)| (*key, value.clone()));
        Arc::new(theirs.chain(self.attrs).collect())
    }
}

/// Exactly one of the attributes of which each makes another kind of member (SYSTEMS.md G4); with a
/// profile, at most one.
pub(super) fn one_kind(sink: &mut Sink, spec: &SystemSpec, at: Cursor<'_>, has_profile: bool) {
    let Required::Unless(other) = spec.chief().required else { return };
    let chief = spec.chief().key;
    let diagnostic = match (at.get(chief), at.get(other)) {
        (Some(first), Some(second)) => {
            let message = format!("a member has one of `{chief}` and `{other}`: here are both");
            Diagnostic::error("exactly-one", message, second.key_place()).related(first.key_place(), "the other one")
        }
        (None, None) if !has_profile => {
            let message = format!("a member has one of `{chief}` and `{other}`: none of them is here");
            Diagnostic::error("exactly-one", message, at.start_place())
        }
        _ => return,
    };
    let words = spec.chief().kind.fixed().unwrap_or_default().iter().filter(|w| w.assignable).map(|w| w.word);
    sink.say(diagnostic.expected(format!("`{chief}`: {}, or `{other}: NAME`", read::one_of(words))));
}

/// One attribute, and the profile that it comes from where the item does not write it.
struct Given<'a> {
    value: &'a Located<Value>,
    profile: Option<&'a ProfileUse>,
}

impl<'a> Given<'a> {
    fn find(key: Key, own: &'a Grant<'_>, profile: Option<&'a ProfileUse>) -> Option<Self> {
        // what is written hides what the profile gives, right or wrong
        if own.at.get(key).is_some() {
            return own.attrs.get(key).map(|value| Self { value, profile: None });
        }
        let value = profile?.section.attrs.get(key)?;
        Some(Self { value, profile })
    }
    fn holds(&self, words: &[&str]) -> Option<bool> {
        match &self.value.value {
            Value::One(word) => Some(words.contains(&word.as_str())),
            Value::Set(set) => Some(set.iter().any(|w| words.contains(&w.as_str()))),
            Value::Flag(flag) => Some(words.contains(if *flag { &"true" } else { &"false" })),
            Value::Day(_) | Value::Text(_) | Value::Opaque(_) => None,
        }
    }
}

/// Words that belong to other words: privileges to roles (SYSTEMS.md E10). Where an entry and its
/// profile do not fit, the entry is wrong, and the profile's place is shown beside it.
pub(super) fn limits(sink: &mut Sink, spec: &SystemSpec, own: &Grant<'_>, profile: Option<&ProfileUse>) {
    for Limit { attr, words, with, one_of, .. } in spec.limits {
        let (Some(value), Some(other)) = (Given::find(attr, own, profile), Given::find(with, own, profile)) else {
            // where the other attribute is missing or wrong, that was said
            continue;
        };
        // what a profile breaks alone was said there
        if other.holds(one_of) != Some(false) || (value.profile.is_some() && other.profile.is_some()) {
            continue;
        }
        let places = LazyCell::new(|| own.at.get(attr).map(attribute::words_at).unwrap_or_default());
        let said = |word: &Atom| {
            let message = format!("`{attr}`: {} belongs to `{with}` {}", quoted(word.as_str()), one_of.join(", "));
            let place = match value.profile {
                Some(theirs) => theirs.section.word_places.get(&(*attr, word.clone())).unwrap_or(&value.value.at).clone(),
                None => places.get(word.as_str()).map_or_else(|| value.value.at.clone(), |at| at.place()),
            };
            let diagnostic = match (value.profile, other.profile) {
                (None, None) => Diagnostic::error("word-needs-other", message, place),
                (None, Some(theirs)) => {
                    let label = format!("profile {} gives this `{with}`", quoted(theirs.name.value.as_str()));
                    Diagnostic::error("word-needs-other", message, place).related(other.value.at.clone(), label)
                }
                (Some(theirs), _) => {
                    let label = format!("profile {} gives it", quoted(theirs.name.value.as_str()));
                    Diagnostic::error("word-needs-other", message, other.value.at.clone())
                        .related(place, label)
                        .hint(format!("write `{attr}` here as well: it replaces that of the profile"))
                }
            };
            diagnostic.expected(format!("`{with}`: {}", read::one_of(one_of.iter().copied())))
        };
        let is_meant = |word: &Atom| words.is_empty() || words.contains(&word.as_str());
        match &value.value.value {
            Value::Set(set) => set.iter().filter(|w| is_meant(w)).for_each(|word| sink.say(said(word))),
            Value::One(word) if is_meant(word) => sink.say(said(word)),
            _ => {}
        }
    }
}

/// The place of each word of each attribute that was lowered.
pub(super) fn word_places(grant: &Grant<'_>) -> BTreeMap<(Key, Atom), Place> {
    let mut all = BTreeMap::new();
    for (key, value) in &grant.attrs {
        let places = grant.at.get(key).map(attribute::words_at).unwrap_or_default();
        let words = value.value.as_set().into_iter().flatten().chain(value.value.as_one());
        all.extend(words.filter_map(|word| Some(((*key, word.clone()), places.get(word.as_str())?.place()))));
    }
    all
}

/// The place of each key that the system knows, ends and names included.
pub(super) fn key_places(at: Cursor<'_>, spec: Option<&'static SystemSpec>) -> BTreeMap<Key, Place> {
    const FIXED: [Key; 7] = ["person", "team", "email", "profile", "reason", "start", "renew"];
    let known = |key: &str| spec.and_then(|s| s.attr(key)).map(|a| a.key).or_else(|| FIXED.into_iter().find(|k| *k == key));
    at.map().into_iter().flatten().filter_map(|(key, value)| Some((known(key)?, value.key_place()))).collect()
}
