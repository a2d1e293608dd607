//! One item of `members`: who, what, and for how long.

use std::collections::BTreeMap;

use super::account::About;
use super::attribute::{self, Rule};
use super::{Context, people};
use crate::manifest::cursor::{Cursor, Sink};
use crate::manifest::diagnostic::quoted;
use crate::manifest::shape::wrong_type;
use crate::manifest::{Diagnostic, EntryDoc, Who, read};
use crate::model::{Atom, Domains, Key, Keyed, Located, Place, Value};
use crate::systems::{AttrSpec, Limit, Required, SystemSpec};

pub(super) fn lower(at: Cursor<'_>, about: &About<'_>, context: &Context<'_>, sink: &mut Sink) -> Option<EntryDoc> {
    if at.map().is_none() {
        sink.say(wrong_type(at, "a member: `person`, `team` or `email`, and what is granted"));
        return None;
    }
    let who = who(at, context, sink);
    if let (Some(Located { value: Who::Email(_), .. }), Some(value)) = (&who, at.get("email")) {
        listed_domain(&who, value, about, sink);
    }
    let mut name = None;
    if let Some(value) = at.get("name") {
        if at.get("email").is_some() {
            name = read::name(sink, value);
        } else {
            let message = "`name` belongs to `email`: people have theirs in the directory";
            sink.say(Diagnostic::error("name-without-email", message, value.key_place()));
        }
    }
    let reason = at.get("reason").and_then(|r| read::reason(sink, r));
    let start = at.get("start").and_then(|d| day(sink, d, about));
    let end = at.get("end").and_then(|d| day(sink, d, about));
    let rolling = at.get("renew").and_then(|r| renew(sink, r, at, about));
    let mut grant = Grant::default();
    if let Some(spec) = about.spec {
        for (key, value) in at.map()? {
            if let Some(attr) = spec.attr(key).filter(|a| a.key != "name" && a.key != "end") {
                grant.add(sink, value, attr, about);
            }
        }
        limits(sink, spec, &grant);
        one_kind(sink, spec, at);
    }
    grant.attrs.shrink_to_fit();
    Some(EntryDoc { who: who?, name, reason, start, end, rolling, attrs: grant.attrs, at: at.place() })
}

/// Exactly one of `person`, `team`, `email`.
fn who(at: Cursor<'_>, context: &Context<'_>, sink: &mut Sink) -> Option<Located<Who>> {
    let given: Vec<_> = ["person", "team", "email"].into_iter().filter_map(|key| Some((key, at.get(key)?))).collect();
    match &given[..] {
        [(key, value)] => {
            let who = match *key {
                "person" => Who::Person(people::known(sink, *value, &context.people, "person", context.is_whole)?),
                "team" => Who::Team(people::known(sink, *value, &context.teams, "team", context.is_whole)?),
                _ => Who::Email(read::email(sink, *value)?.value),
            };
            Some(Located::new(who, value.place()))
        }
        [] => {
            let message = "a member is one of `person`, `team` and `email`: none of them is here";
            sink.say(Diagnostic::error("exactly-one", message, at.start_place()).expected("`person: ID`, `team: ID` or `email: ADDRESS`"));
            None
        }
        [(_, first), (_, second), ..] => {
            let message = "a member is one of `person`, `team` and `email`: here are more";
            sink.say(Diagnostic::error("exactly-one", message, second.key_place()).related(first.key_place(), "the other one"));
            None
        }
    }
}

/// An address outside the account's own list of domains could never be invited (SYSTEMS.md I11, I12).
fn listed_domain(who: &Option<Located<Who>>, value: Cursor<'_>, about: &About<'_>, sink: &mut Sink) {
    let (Some(Located { value: Who::Email(email), .. }), Some(list)) = (who, &about.domains) else { return };
    let domain = email.domain();
    if list.value.admits(&domain) {
        return;
    }
    let Domains::Only(known) = &list.value else { return };
    let message = format!("`{domain}` is not in this account's `domains`: {} could not be invited", quoted(email.key()));
    let diagnostic = Diagnostic::error("domain-not-listed", message, value.place()).related(list.at.clone(), "the list");
    let diagnostic = diagnostic.expected(read::one_of(known.iter().map(crate::model::Domain::as_str)));
    sink.say(diagnostic.hint(format!("domains match exactly: add `{domain}` to the list")));
}

fn day(sink: &mut Sink, at: Cursor<'_>, about: &About<'_>) -> Option<Located<jiff::civil::Date>> {
    let day = read::day(sink, at);
    if let Some(connection) = &about.lacks_zone {
        let message = format!("a day needs the timezone of the account {}, and its connection names none", quoted(about.name));
        sink.say(
            Diagnostic::error("timezone-missing", message, at.place())
                .hint("write `timezone: Europe/Paris` or the like in the connection")
                .related(connection.clone(), "the connection"),
        );
    }
    day
}

/// `renew: rolling`, where the system ends access by itself and there is an end to move towards.
fn renew(sink: &mut Sink, at: Cursor<'_>, entry: Cursor<'_>, about: &About<'_>) -> Option<Place> {
    if about.spec.is_some_and(|s| !s.has_native_ends()) {
        // the schema of such a system does not know the key, and has said so
        return None;
    }
    read::word(sink, at, &[("rolling", ())])?;
    if entry.get("end").is_none() {
        sink.say(
            Diagnostic::error("renew-without-end", "`renew` without `end`: there is nothing to renew", at.key_place())
                .hint("write the last day as `end`"),
        );
    }
    Some(at.place())
}

#[derive(Default)]
struct Grant {
    attrs: Keyed<Located<Value>>,
    words: BTreeMap<(Key, Atom), Place>,
}

impl Grant {
    fn add(&mut self, sink: &mut Sink, at: Cursor<'_>, attr: &'static AttrSpec, about: &About<'_>) {
        if let Some((fact, word)) = attr.feature
            && !about.facts.get(fact).and_then(Value::as_set).is_some_and(|s| s.contains(word))
        {
            let message = format!("`{}` needs the feature `{word}`, which is off in this account", attr.key);
            sink.say(
                Diagnostic::error("feature-off", message, at.key_place())
                    .hint(format!("where it is on, write `{fact}: [{word}]` in the connection")),
            );
            return;
        }
        let Some(lowered) = attribute::value(sink, at, &attr.kind, Rule::Asked(&about.facts)) else { return };
        if attr.required == Required::Always && lowered.value.as_set().is_some_and(std::collections::BTreeSet::is_empty) {
            let words: Vec<_> = attr.kind.fixed().unwrap_or_default().iter().filter(|w| w.assignable).map(|w| w.word).collect();
            let message = format!("`{}` is empty: a member has at least one", attr.key);
            sink.say(Diagnostic::error("empty-set", message, at.place()).expected(read::one_of(words.into_iter())));
            return;
        }
        self.words.extend(lowered.words.into_iter().map(|(word, place)| ((attr.key, word), place)));
        self.attrs.insert(attr.key, Located::new(lowered.value, at.place()));
    }
    fn holds(&self, key: Key, words: &[&str]) -> Option<bool> {
        match &self.attrs.get(key)?.value {
            Value::One(word) => Some(words.contains(&word.as_str())),
            Value::Set(set) => Some(set.iter().any(|w| words.contains(&w.as_str()))),
            Value::Flag(flag) => Some(words.contains(if *flag { &"true" } else { &"false" })),
            Value::Day(_) | Value::Text(_) | Value::Opaque(_) => None,
        }
    }
}

/// Exactly one of the attributes of which each makes another kind of member (SYSTEMS.md G4).
fn one_kind(sink: &mut Sink, spec: &SystemSpec, at: Cursor<'_>) {
    let Required::Unless(other) = spec.chief().required else { return };
    let chief = spec.chief().key;
    let diagnostic = match (at.get(chief), at.get(other)) {
        (Some(first), Some(second)) => {
            let message = format!("a member has one of `{chief}` and `{other}`: here are both");
            Diagnostic::error("exactly-one", message, second.key_place()).related(first.key_place(), "the other one")
        }
        (None, None) => {
            let message = format!("a member has one of `{chief}` and `{other}`: none of them is here");
            Diagnostic::error("exactly-one", message, at.start_place())
        }
        _ => return,
    };
    let words = spec.chief().kind.fixed().unwrap_or_default().iter().filter(|w| w.assignable).map(|w| w.word);
    sink.say(diagnostic.expected(format!("`{chief}`: {}, or `{other}: NAME`", read::one_of(words))));
}

/// Words that belong to other words: privileges to roles (SYSTEMS.md E10).
fn limits(sink: &mut Sink, spec: &SystemSpec, grant: &Grant) {
    for Limit { attr, words, with, one_of, .. } in spec.limits {
        let holds = grant.holds(with, one_of);
        let Some(value) = grant.attrs.get(attr) else { continue };
        // where the other attribute is missing or wrong, that was said
        if holds != Some(false) {
            continue;
        }
        let said = |word: &str, place: Place| {
            let message = format!("`{attr}`: {} belongs to `{with}` {}", quoted(word), one_of.join(", "));
            Diagnostic::error("word-needs-other", message, place).expected(format!("`{with}`: {}", read::one_of(one_of.iter().copied())))
        };
        match &value.value {
            Value::Set(set) => {
                for word in set.iter().filter(|w| words.is_empty() || words.contains(&w.as_str())) {
                    let place = grant.words.get(&(*attr, word.clone())).unwrap_or(&value.at);
                    sink.say(said(word.as_str(), place.clone()));
                }
            }
            Value::One(word) if words.is_empty() || words.contains(&word.as_str()) => sink.say(said(word.as_str(), value.at.clone())),
            _ => {}
        }
    }
}
