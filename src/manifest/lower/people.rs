//! `people.ID` and `teams.ID`: the directory.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::attribute::repeated;
use super::{Context, Declared, Known};
use crate::manifest::cursor::{Cursor, Sink};
use crate::manifest::diagnostic::quoted;
use crate::manifest::shape::wrong_type;
use crate::manifest::{Diagnostic, Leaves, OtherAddress, Person, Team, TeamMember, read};
use crate::model::{Atom, Email, Located, Name, Place};

pub(super) fn person(at: Cursor<'_>, context: &Context<'_>, sink: &mut Sink) -> Option<Person> {
    if at.map().is_none() {
        sink.say(wrong_type(at, "a mapping"));
        return None;
    }
    let email = at.get("email").and_then(|e| read::email(sink, e));
    let name = name(at, sink);
    let previously = previously(at, sink);
    let leaves = at.get("leaves").and_then(|l| leaves(l, sink));
    let mut profiles = Vec::new();
    for item in at.get("profiles").and_then(|p| read::list(sink, p)).into_iter().flatten() {
        profile(&mut profiles, item, context, sink);
    }
    let accounts = at.get("accounts").map(|a| accounts(a, context, sink)).unwrap_or_default();
    Some(Person { email: email?, name, previously, leaves, profiles, accounts, at: at.key_place() })
}

fn previously(at: Cursor<'_>, sink: &mut Sink) -> Vec<Located<Email>> {
    let items = at.get("previously").and_then(|p| read::list(sink, p)).into_iter().flatten();
    items.filter_map(|i| read::email(sink, i)).collect()
}

/// Adds a profile to those of a person or a team.
fn profile(all: &mut Vec<Located<Atom>>, at: Cursor<'_>, context: &Context<'_>, sink: &mut Sink) {
    let Some((name, _)) = context.profile(at, sink) else { return };
    match all.iter().find(|p| p.value == name) {
        Some(first) => sink.say(repeated(name.as_str(), at.place(), first.at.clone())),
        None => all.push(Located::new(name, at.place())),
    }
}

/// Another address for one account.
fn accounts(at: Cursor<'_>, context: &Context<'_>, sink: &mut Sink) -> BTreeMap<Atom, OtherAddress> {
    let mut all = BTreeMap::new();
    for (name, value) in read::map(sink, at).into_iter().flatten() {
        if !context.accounts.contains(name) {
            if context.is_whole {
                let message = format!("no account is called {}", quoted(name));
                let diagnostic = Diagnostic::error("unknown-account", message, value.key_place());
                let diagnostic = match context.of_connection(name) {
                    Some(hint) => diagnostic.hint(hint),
                    None => sink.suggest(diagnostic, name, context.accounts.iter().copied()),
                };
                sink.say(diagnostic);
            }
            continue;
        }
        let Some(id) = read::name_of_key(sink, name, value) else { continue };
        if read::map(sink, value).is_none() {
            continue;
        }
        let previously = previously(value, sink);
        if let Some(email) = value.get("email").and_then(|e| read::email(sink, e)) {
            all.insert(id, OtherAddress { email, previously, at: value.key_place() });
        }
    }
    all
}

/// `name`, or `given` and `family`.
fn name(at: Cursor<'_>, sink: &mut Sink) -> Option<Name> {
    let name = at.get("name").map(|n| (n, read::name(sink, n)));
    let given = at.get("given").map(|n| (n, read::plain(sink, n)));
    let family = at.get("family").map(|n| (n, read::plain(sink, n)));
    match (name, given, family) {
        (Some((whole, _)), Some((part, _)), _) | (Some((whole, _)), None, Some((part, _))) => {
            let message = "a person has a `name`, or `given` and `family`";
            sink.say(Diagnostic::error("exactly-one", message, part.key_place()).related(whole.key_place(), "the whole name"));
            None
        }
        (Some((_, name)), None, None) => name.map(|n| n.value),
        (None, None, None) => None,
        (None, Some((_, given)), Some((_, family))) => Some(Name::of(given.unwrap_or_default(), family.unwrap_or_default())),
        (None, Some((half, _)), None) | (None, None, Some((half, _))) => {
            let message = "`given` and `family` belong together";
            sink.say(Diagnostic::error("missing-key", message, half.key_place()).hint("a person of one name has it as `name`"));
            None
        }
    }
}

fn leaves(at: Cursor<'_>, sink: &mut Sink) -> Option<Located<Leaves>> {
    if at.text() == Some("now") {
        return Some(Located::new(Leaves::Now, at.place()));
    }
    read::day(sink, at).map(|day| Located::new(Leaves::On(day.value), day.at))
}

/// What an item of a team's list may be.
const TEAM_ITEM: &str = "a person's id, `{team: ID}` or `{profile: NAME}`";

pub(super) fn team(at: Cursor<'_>, context: &Context<'_>, sink: &mut Sink) -> Option<Team> {
    let mut members: Vec<Located<TeamMember>> = Vec::new();
    let mut profiles = Vec::new();
    let mut first: HashMap<(bool, Atom), Place> = HashMap::new();
    for item in read::list(sink, at)? {
        let Some((is_team, id)) = (match part(item, sink) {
            Some(Part::Profile(at)) => {
                profile(&mut profiles, at, context, sink);
                None
            }
            Some(Part::Team(at)) => known(sink, at, &context.teams, "team", context.is_whole).map(|id| (true, id)),
            Some(Part::Person) => known(sink, item, &context.people, "person", context.is_whole).map(|id| (false, id)),
            None => None,
        }) else {
            continue;
        };
        match first.get(&(is_team, id.clone())) {
            Some(before) => sink.say(repeated(id.as_str(), item.place(), before.clone())),
            None => {
                first.insert((is_team, id.clone()), item.place());
                members.push(Located::new(if is_team { TeamMember::Team(id) } else { TeamMember::Person(id) }, item.place()));
            }
        }
    }
    Some(Team { members, profiles, at: at.key_place() })
}

enum Part<'a> {
    Person,
    Team(Cursor<'a>),
    Profile(Cursor<'a>),
}

fn part<'a>(item: Cursor<'a>, sink: &mut Sink) -> Option<Part<'a>> {
    let Some(mut keys) = item.map() else {
        if item.text().is_none() {
            sink.say(wrong_type(item, TEAM_ITEM));
            return None;
        }
        return Some(Part::Person);
    };
    if let Some((key, value)) = keys.find(|(key, _)| !matches!(*key, "team" | "profile")) {
        let diagnostic = Diagnostic::error("unknown-key", format!("unknown key {}", quoted(key)), value.key_place());
        sink.say(diagnostic.expected(TEAM_ITEM));
        return None;
    }
    match (item.get("team"), item.get("profile")) {
        (Some(team), None) => Some(Part::Team(team)),
        (None, Some(profile)) => Some(Part::Profile(profile)),
        (Some(team), Some(profile)) => {
            let message = "an item of a team is one of these: here are both";
            let diagnostic = Diagnostic::error("exactly-one", message, profile.key_place()).related(team.key_place(), "the other one");
            sink.say(diagnostic.expected(TEAM_ITEM).hint("a profile in a list is for everyone in it: give it an item of its own"));
            None
        }
        (None, None) => {
            sink.say(Diagnostic::error("missing-key", "the key `team` is missing", item.place()).expected(TEAM_ITEM));
            None
        }
    }
}

/// A name that is declared somewhere; where a file could not be read it may be there.
pub(super) fn known(sink: &mut Sink, at: Cursor<'_>, names: &Known<'_>, what: &'static str, is_whole: bool) -> Option<Atom> {
    if let Some(Declared { word: Some(id), .. }) = at.text().and_then(|text| names.get(text)) {
        return Some(id.clone());
    }
    let id = read::atom(sink, at)?;
    if is_whole {
        let message = format!("no {what} is called {}", quoted(id.as_str()));
        let diagnostic = match what {
            "team" => Diagnostic::error("unknown-team", message, at.place()),
            "profile" => Diagnostic::error("unknown-profile", message, at.place()),
            _ => Diagnostic::error("unknown-person", message, at.place()),
        };
        let diagnostic = sink.suggest(diagnostic, id.as_str(), names.keys().copied());
        sink.say(diagnostic);
    }
    None
}

/// Teams that hold themselves. No recursion: a chain of teams may be as long as a file.
pub(super) fn cycles(teams: &BTreeMap<Atom, Team>, sink: &mut Sink) {
    let parts = |id: &Atom| -> Vec<(&Atom, &Place)> {
        let members = teams.get(id).map(|t| t.members.as_slice()).unwrap_or_default();
        members
            .iter()
            .filter_map(|m| match &m.value {
                TeamMember::Team(t) if teams.contains_key(t) => Some((t, &m.at)),
                TeamMember::Team(_) | TeamMember::Person(_) => None,
            })
            .collect()
    };
    let mut waiting: HashMap<&Atom, usize> = HashMap::new();
    let mut holders: HashMap<&Atom, Vec<&Atom>> = HashMap::new();
    for id in teams.keys() {
        let held = parts(id);
        waiting.insert(id, held.len());
        for (part, _) in held {
            holders.entry(part).or_default().push(id);
        }
    }
    // take away teams whose parts are all taken away; what is left leads into a cycle
    let mut free: Vec<&Atom> = waiting.iter().filter(|(_, n)| **n == 0).map(|(id, _)| *id).collect();
    while let Some(id) = free.pop() {
        waiting.remove(id);
        for holder in holders.get(id).map(Vec::as_slice).unwrap_or_default() {
            if let Some(left) = waiting.get_mut(holder) {
                *left -= 1;
                if *left == 0 {
                    free.push(holder);
                }
            }
        }
    }
    let mut walked: HashSet<&Atom> = HashSet::new();
    for start in teams.keys().filter(|id| waiting.contains_key(id)) {
        let (mut path, mut index): (Vec<(&Atom, &Place)>, HashMap<&Atom, usize>) = (Vec::new(), HashMap::new());
        let mut at = start;
        let found = loop {
            if let Some(first) = index.get(at) {
                break Some(*first);
            }
            if !walked.insert(at) {
                break None;
            }
            let Some((next, place)) = parts(at).into_iter().find(|(part, _)| waiting.contains_key(part)) else { break None };
            index.insert(at, path.len());
            path.push((at, place));
            at = next;
        };
        let Some(first) = found else { continue };
        let cycle = &path[first..];
        let names: Vec<_> = cycle.iter().take(5).map(|(id, _)| id.as_str()).chain([at.as_str()]).collect();
        let more = if cycle.len() > 5 { format!(" (over {} teams)", cycle.len()) } else { String::new() };
        let message = format!("team {} holds itself: {}{more}", quoted(at.as_str()), names.join(" → "));
        let mut diagnostic = Diagnostic::error("team-cycle", message, cycle[0].1.clone());
        for (id, place) in cycle.iter().skip(1).take(20) {
            diagnostic = diagnostic.related((*place).clone(), format!("in team {}", quoted(id.as_str())));
        }
        sink.say(diagnostic);
    }
}
