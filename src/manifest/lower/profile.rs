//! `profiles.NAME`: what a profile gives in each account, and the entries that the profiles of people
//! and teams come to.

use std::cell::Cell;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::grant::{self, Grant, key_places};
use super::{Context, Names};
use crate::manifest::cursor::{Cursor, Sink};
use crate::manifest::diagnostic::quoted;
use crate::manifest::shape::wrong_type;
use crate::manifest::{Diagnostic, EntryDoc, Manifests, Profile, ProfileUse, Section, Who, read};
use crate::model::{Atom, Located, Place};
use crate::systems::{self, SystemSpec};

/// A profile as its uses see it.
pub(super) struct Declared {
    pub sections: BTreeMap<Atom, Arc<Section>>,
    /// A section is wrong, and that was said: then one that is not here may have been meant.
    pub is_wrong: bool,
    pub at: Place,
    pub is_used: Cell<bool>,
}

pub(super) fn lower<'a>(name: &str, at: Cursor<'a>, context: &mut Context<'a>, sink: &mut Sink) -> Declared {
    let mut sections = BTreeMap::new();
    let mut is_wrong = at.map().is_none();
    if at.map().is_none() {
        sink.say(wrong_type(at, "a mapping of accounts to what they give"));
    }
    let keys: HashSet<&str> = at.map().into_iter().flatten().map(|(key, _)| key).collect();
    let mut accounts = Vec::new();
    for (key, value) in at.map().into_iter().flatten() {
        accounts.clear();
        if context.accounts.contains(key) {
            accounts.push(key);
        } else {
            accounts.extend(of_system(key, &keys, context));
        }
        let is_of_system = accounts.first().is_some_and(|first| *first != key);
        let Some(first) = accounts.first() else {
            is_wrong = true;
            if context.is_whole {
                unknown(key, value, context, sink);
            }
            continue;
        };
        let spec = context.connection_of(first).and_then(|c| c.spec);
        is_wrong |= spec.is_none() || value.map().is_none();
        if value.map().is_none() {
            sink.say(wrong_type(value, "a mapping of attributes"));
            continue;
        }
        context.shapes.section(spec).check(value, sink);
        let reason = value.get("reason").and_then(|r| read::reason(sink, r));
        let Some(spec) = spec else { continue };
        grant::one_kind(sink, spec, value, false);
        sections.extend(each(&accounts, value, spec, is_of_system, reason.as_ref(), context, sink));
    }
    if keys.is_empty() && at.map().is_some() {
        is_wrong = true;
        let message = format!("profile {} gives nothing: it has no section", quoted(name));
        sink.say(
            Diagnostic::error("profile-without-section", message, at.key_place()).expected("an account's name, and what it gives there"),
        );
    }
    Declared { sections, is_wrong, at: at.key_place(), is_used: Cell::new(false) }
}

/// The accounts of a system for which the profile has no section of their own.
fn of_system<'a>(system: &str, keys: &HashSet<&str>, context: &Context<'a>) -> Vec<&'a str> {
    let is_of = |account: &str| context.connection_of(account).and_then(|c| c.spec).is_some_and(|s| s.name == system);
    context.accounts.iter().copied().filter(|account| is_of(account) && !keys.contains(account)).collect()
}

fn unknown(key: &str, at: Cursor<'_>, context: &Context<'_>, sink: &mut Sink) {
    let expected = "the name of an account, or of a system for all its accounts";
    let error = |message| Diagnostic::error("unknown-section", message, at.key_place()).expected(expected);
    if systems::find(key).is_some() {
        sink.say(error(format!("no account is called {}, and none that has no section of its own is of that system", quoted(key))));
        return;
    }
    if let Some(hint) = context.of_connection(key) {
        sink.say(error(format!("no account is called {}", quoted(key))).hint(hint));
        return;
    }
    let names: Vec<&str> = context.accounts.iter().copied().chain(systems::ALL.iter().map(|s| s.name)).collect();
    let diagnostic = error(format!("no account and no system is called {}", quoted(key)));
    let diagnostic = sink.suggest(diagnostic, key, names.into_iter());
    sink.say(diagnostic);
}

/// The section for each of its accounts. They may know different words: what is wrong for some of
/// them names the one that it is wrong for.
fn each(
    accounts: &[&str],
    at: Cursor<'_>,
    spec: &'static SystemSpec,
    is_of_system: bool,
    reason: Option<&Arc<str>>,
    context: &Context<'_>,
    sink: &mut Sink,
) -> Vec<(Atom, Arc<Section>)> {
    let mut found = Vec::new();
    let mut wrong: Vec<(&str, Vec<Diagnostic>)> = Vec::new();
    for account in accounts {
        let said = sink.said();
        let own = Grant::of(at, spec, context.connection_of(account).map(|c| &c.facts), sink);
        grant::limits(sink, spec, &own, None);
        wrong.push((account, sink.take_since(said)));
        let Ok(name) = Atom::new(account) else { continue };
        let (key_places, word_places) = (key_places(at, Some(spec)), grant::word_places(&own));
        let reason = reason.map(Arc::clone);
        let section = Section { attrs: Arc::new(own.attrs), key_places, word_places, reason, at: at.key_place(), is_of_system };
        found.push((name, Arc::new(section)));
    }
    let (first, rest) = wrong.split_first().map_or((&[][..], &[][..]), |(first, rest)| (&first.1[..], rest));
    let everywhere: Vec<Diagnostic> = first.iter().filter(|d| rest.iter().all(|(_, more)| more.contains(d))).cloned().collect();
    for (account, diagnostics) in wrong {
        for mut diagnostic in diagnostics.into_iter().filter(|d| !everywhere.contains(d)) {
            if let Some(connection) = context.connection_of(account) {
                diagnostic = diagnostic.related(connection.at.clone(), format!("for the account {}", quoted(account)));
            }
            sink.extend([diagnostic]);
        }
    }
    sink.extend(everywhere);
    found
}

/// A section that was to be given where no members are managed: its first use, and how many more.
struct Unmanaged {
    at: Place,
    more: usize,
}

/// Gives people and teams what their profiles say, as entries of the accounts; `managing` are those
/// that manage their members.
pub(super) fn spread(out: &mut Manifests, managing: &Names<'_>, context: &Context<'_>, sink: &mut Sink) {
    let Manifests { people, teams, accounts, .. } = out;
    let of_people = people.iter().flat_map(|(id, p)| p.profiles.iter().map(move |name| (Who::Person(id.clone()), name)));
    let of_teams = teams.iter().flat_map(|(id, t)| t.profiles.iter().map(move |name| (Who::Team(id.clone()), name)));
    let mut unmanaged: BTreeMap<(&str, &str), Unmanaged> = BTreeMap::new();
    for (who, name) in of_people.chain(of_teams) {
        let Some((key, declared)) = context.profiles.get_key_value(name.value.as_str()) else { continue };
        let serves_none = declared.sections.keys().all(|account| !managing.contains(account.as_str()));
        for (account, section) in &declared.sections {
            if managing.contains(account.as_str()) {
                if let Some(account) = accounts.get_mut(account) {
                    account.members.push(entry(who.clone(), name, section));
                }
            } else if !section.is_of_system || serves_none {
                let first = unmanaged.entry((key, account.as_str()));
                first.and_modify(|u| u.more += 1).or_insert_with(|| Unmanaged { at: name.at.clone(), more: 0 });
            }
        }
    }
    for ((profile, account), Unmanaged { at, more }) in unmanaged {
        let more = if more > 0 { format!(" (and {more} times more)") } else { String::new() };
        let message = format!("profile {} is for the account {}, whose members are not managed{more}", quoted(profile), quoted(account));
        let mut diagnostic = Diagnostic::error("unmanaged-section", message, at);
        if let Some(section) = context.profiles.get(profile).and_then(|p| p.sections.get(account)) {
            diagnostic = diagnostic.related(section.at.clone(), "what it gives there");
        }
        if let Some(account) = accounts.get(account) {
            diagnostic = diagnostic.related(account.at.clone(), "it has no `members`");
        }
        let hint = format!("write `members: []` below `accounts.{account}` to manage them, or take the section out of the profile");
        sink.say(diagnostic.hint(hint));
    }
}

/// What a profile comes to in one account for one person or team. What it grants is shared.
fn entry(who: Who, name: &Located<Atom>, section: &Arc<Section>) -> EntryDoc {
    EntryDoc {
        who: Located::new(who, name.at.clone()),
        name: None,
        reason: section.reason.clone(),
        start: None,
        end: None,
        rolling: None,
        attrs: Arc::clone(&section.attrs),
        profile: Some(ProfileUse { name: name.clone(), section: Arc::clone(section) }),
        at: name.at.clone(),
    }
}

/// Profiles as the manifests keep them, and a warning at those that nobody is given.
pub(super) fn done(context: Context<'_>, sink: &mut Sink) -> BTreeMap<Atom, Profile> {
    let mut all = BTreeMap::new();
    for (name, Declared { sections, at, is_used, .. }) in context.profiles {
        if !is_used.get() && context.is_whole {
            let message = format!("nobody is given the profile {}", quoted(name));
            let hint = "write `profile` in an entry of `members` or of a team, or `profiles` at a person";
            sink.say(Diagnostic::warning("unused-profile", message, at.clone()).hint(hint));
        }
        if let Ok(name) = Atom::new(name) {
            all.insert(name, Profile { sections, at });
        }
    }
    all
}
