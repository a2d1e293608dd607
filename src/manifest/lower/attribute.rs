//! One attribute or fact from the arena, by its kind: the same for members, actors, connection
//! facts and LIVE.yaml.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::manifest::Diagnostic;
use crate::manifest::cursor::{Cursor, Sink};
use crate::manifest::diagnostic::quoted;
use crate::manifest::read;
use crate::manifest::shape::wrong_type;
use crate::model::{Atom, Key, Place, Value};
use crate::systems::{AttrSpec, Kind, Word, Words};

/// What is asked of the words.
#[derive(Clone, Copy)]
pub(crate) enum Rule<'a> {
    /// A manifest asks for them: they must be assignable, and the tenant must have them.
    Asked(&'a BTreeMap<Key, Value>),
    /// An actor holds them: any of the system's, and the tenant must have them.
    Held(&'a BTreeMap<Key, Value>),
    /// They were found or are stated: any of the system's.
    Found,
}

/// Lowers one value. `None` where it was wrong, and said so.
pub(crate) fn value(sink: &mut Sink, at: Cursor<'_>, kind: &Kind, rule: Rule<'_>) -> Option<Value> {
    match kind {
        Kind::One(words) => word(sink, at, words, rule).map(Value::One),
        Kind::Set { words, .. } => set(sink, at, words, rule).map(Value::Set),
        Kind::Flag => read::flag(sink, at).map(Value::Flag),
        Kind::Day => read::day(sink, at).map(|day| Value::Day(Some(day.value))),
        Kind::Text => read::name(sink, at).map(|name| Value::Text(name.value)),
        Kind::Opaque if at.map().is_none() => {
            sink.say(wrong_type(at, "a mapping"));
            None
        }
        Kind::Opaque => Some(Value::Opaque(opaque(at))),
    }
}

/// Where each word of a value first stands; asked for only where something is to be said of one.
pub(super) fn words_at(at: Cursor<'_>) -> HashMap<&str, Cursor<'_>> {
    let mut first = HashMap::new();
    for item in at.list().into_iter().flatten() {
        if let Some(word) = item.text() {
            first.entry(word).or_insert(item);
        }
    }
    first.extend(at.text().map(|word| (word, at)));
    first
}

/// A set of one word, for an actor's `role` on a system whose chief attribute is a set (solver).
pub(super) fn single(sink: &mut Sink, at: Cursor<'_>, attr: &AttrSpec, rule: Rule<'_>) -> Option<Value> {
    match &attr.kind {
        Kind::Set { words, .. } => Some(Value::Set(BTreeSet::from([word(sink, at, words, rule)?]))),
        kind => value(sink, at, kind, rule),
    }
}

fn set(sink: &mut Sink, at: Cursor<'_>, words: &Words, rule: Rule<'_>) -> Option<BTreeSet<Atom>> {
    let items = read::list(sink, at)?;
    let (mut seen, mut whole) = (BTreeSet::new(), true);
    let first = LazyCell::new(|| words_at(at));
    for item in items {
        let Some(word) = word(sink, item, words, rule) else {
            whole = false;
            continue;
        };
        if seen.contains(&word) {
            let before = first.get(word.as_str()).unwrap_or(&item).place();
            sink.say(repeated(word.as_str(), item.place(), before));
        } else {
            seen.insert(word);
        }
    }
    // a set with a wrong word in it is not the set that was meant
    whole.then_some(seen)
}

/// The same item twice in a list that is a set.
pub(super) fn repeated(word: &str, place: Place, first: Place) -> Diagnostic {
    Diagnostic::warning("repeated-word", format!("{} stands in this list twice", quoted(word)), place).related(first, "first given here")
}

fn word(sink: &mut Sink, at: Cursor<'_>, words: &Words, rule: Rule<'_>) -> Option<Atom> {
    let atom = read::atom(sink, at)?;
    match words {
        Words::Fixed(words) => match words.iter().find(|w| atom == w.word) {
            Some(word) if !word.assignable && matches!(rule, Rule::Asked(_)) => {
                sink.say(not_assignable(word, words, at));
                None
            }
            Some(_) => Some(atom),
            None => {
                let fit = words.iter().filter(|w| w.assignable || !matches!(rule, Rule::Asked(_))).map(|w| w.word);
                sink.say(read::unknown_word(atom.as_str(), fit, at));
                None
            }
        },
        Words::Tenant(fact) => {
            let (Rule::Asked(facts) | Rule::Held(facts)) = rule else { return Some(atom) };
            let Some(known) = facts.get(fact).and_then(Value::as_set) else { return Some(atom) };
            if known.contains(&atom) {
                return Some(atom);
            }
            let diagnostic =
                Diagnostic::error("unknown-word", format!("{} is not among the connection's `{fact}`", quoted(atom.as_str())), at.place())
                    .expected(read::one_of(known.iter().map(Atom::as_str)));
            let diagnostic = sink.suggest(diagnostic, atom.as_str(), known.iter().map(Atom::as_str));
            sink.say(diagnostic);
            None
        }
        Words::Discovered => Some(atom),
    }
}

fn not_assignable(word: &Word, words: &[Word], at: Cursor<'_>) -> Diagnostic {
    let fit = words.iter().filter(|w| w.assignable).map(|w| w.word);
    Diagnostic::error("not-assignable", format!("`{}` cannot be assigned: it is only ever found", word.word), at.place())
        .expected(read::one_of(fit))
}

fn opaque(at: Cursor<'_>) -> serde_json::Value {
    use crate::manifest::scalar::ScalarKind;
    if let Some(map) = at.map() {
        return map.map(|(key, value)| (key.to_string(), opaque(value))).collect::<serde_json::Map<_, _>>().into();
    }
    if let Some(list) = at.list() {
        return list.map(opaque).collect();
    }
    match (at.scalar(), at.text()) {
        (Some(ScalarKind::Bool(b)), _) => b.into(),
        (Some(ScalarKind::Int(n)), _) => n.into(),
        (Some(ScalarKind::UInt(n)), _) => n.into(),
        (Some(ScalarKind::Float(n)), _) => n.into(),
        (_, Some(text)) => text.into(),
        _ => serde_json::Value::Null,
    }
}
