//! What a call assigns, checked against the system's words and limits as the server would.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Assign, Atom, Attrs, Key, Tenant, Value};
use crate::systems::{AttrSpec, Axis, Kind, Limit, SystemSpec, Words};

/// `before` with the assignments made.
///
/// # Errors
/// What the server says instead.
pub(super) fn assigned(spec: &SystemSpec, tenant: &Tenant, before: &Attrs, set: &BTreeMap<Key, Assign>) -> Result<Attrs, String> {
    let mut after = before.clone();
    for (key, assign) in set {
        let attr = spec.attr(key).ok_or_else(|| format!("There is no field {key}."))?;
        if !has(attr, tenant) || (attr.axis == Axis::Until && !spec.has_native_ends()) {
            return Err(format!("{key} is not available in this account."));
        }
        let held = before.get(key).and_then(Value::as_set).cloned().unwrap_or_default();
        let value = match assign {
            Assign::To(value) => value.clone(),
            // Only the named words: what else the member has stays, seen or not.
            Assign::Delta { add, remove } => Value::Set(held.iter().filter(|w| !remove.contains(*w)).chain(add).cloned().collect()),
        };
        known(attr, tenant, &held, &value)?;
        after.insert(attr.key, value);
    }
    fit(spec, before, &mut after)?;
    Ok(after)
}

/// Whether the account has the attribute at all: some belong to a feature (SYSTEMS.md I7).
pub(super) fn has(attr: &AttrSpec, tenant: &Tenant) -> bool {
    attr.feature.is_none_or(|(fact, word)| tenant.lists(fact, word))
}

/// The value is of the attribute's kind, and words that are new to the member exist.
fn known(attr: &AttrSpec, tenant: &Tenant, held: &BTreeSet<Atom>, value: &Value) -> Result<(), String> {
    let unknown = |word: &Atom| format!("{word} is not a valid {}.", attr.key);
    match (&attr.kind, value) {
        (Kind::One(words), Value::One(word)) if !exists(words, tenant, word) => Err(unknown(word)),
        (Kind::Set { words, .. }, Value::Set(set)) => {
            let new = set.iter().find(|w| !held.contains(*w) && !exists(words, tenant, w));
            new.map_or(Ok(()), |word| Err(unknown(word)))
        }
        (Kind::One(_), Value::One(_))
        | (Kind::Flag, Value::Flag(_))
        | (Kind::Day, Value::Day(_))
        | (Kind::Text, Value::Text(_))
        | (Kind::Opaque, Value::Opaque(_)) => Ok(()),
        _ => Err(format!("{} has the wrong type.", attr.key)),
    }
}

fn exists(words: &Words, tenant: &Tenant, word: &Atom) -> bool {
    match words {
        Words::Fixed(fixed) => fixed.iter().any(|w| w.assignable && *word == w.word),
        Words::Tenant(fact) => tenant.facts.get(fact).and_then(Value::as_set).is_none_or(|all| all.contains(word)),
        Words::Discovered => true,
    }
}

/// Words that need another word (SYSTEMS.md E10): asked for, they are refused; held from before,
/// they go with the word that carried them, as a box does that the form no longer shows.
fn fit(spec: &SystemSpec, before: &Attrs, after: &mut Attrs) -> Result<(), String> {
    for limit in spec.limits {
        let carrier = after.get(limit.with).and_then(Value::as_one).cloned();
        if carrier.as_ref().is_some_and(|w| limit.one_of.contains(&w.as_str())) {
            continue;
        }
        let held = before.get(limit.attr).and_then(Value::as_set);
        let Some(Value::Set(now)) = after.get_mut(limit.attr) else { continue };
        let limited = |w: &Atom| is_limited(limit, w);
        if let Some(word) = now.iter().find(|w| limited(w) && !held.is_some_and(|h| h.contains(*w))) {
            let carrier = carrier.as_ref().map_or("none", Atom::as_str);
            return Err(format!("{word} is not available for the {} {carrier}.", limit.with));
        }
        now.retain(|w| !limited(w));
    }
    Ok(())
}

fn is_limited(limit: &Limit, word: &Atom) -> bool {
    limit.words.is_empty() || limit.words.contains(&word.as_str())
}
