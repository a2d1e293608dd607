//! `people.ID` and `teams.ID`: the directory.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::attribute::repeated;
use super::{Context, Names};
use crate::manifest::cursor::{Cursor, Sink};
use crate::manifest::diagnostic::quoted;
use crate::manifest::shape::wrong_type;
use crate::manifest::{Diagnostic, Leaves, Person, Team, TeamMember, read};
use crate::model::{Atom, Located, Name, Place};

pub(super) fn person(at: Cursor<'_>, sink: &mut Sink) -> Option<Person> {
    if at.map().is_none() {
        sink.say(wrong_type(at, "a mapping"));
        return None;
    }
    let email = at.get("email").and_then(|e| read::email(sink, e));
    let name = name(at, sink);
    let previously =
        at.get("previously").and_then(|p| read::list(sink, p)).map(|items| items.filter_map(|i| read::email(sink, i)).collect());
    let leaves = at.get("leaves").and_then(|l| leaves(l, sink));
    Some(Person { email: email?, name, previously: previously.unwrap_or_default(), leaves, at: at.key_place() })
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

pub(super) fn team(at: Cursor<'_>, context: &Context<'_>, sink: &mut Sink) -> Option<Team> {
    let mut members: Vec<Located<TeamMember>> = Vec::new();
    let mut first: HashMap<(bool, Atom), Place> = HashMap::new();
    for item in read::list(sink, at)? {
        let Some(member) = team_member(item, context, sink) else { continue };
        let key = match &member {
            TeamMember::Person(id) => (false, id.clone()),
            TeamMember::Team(id) => (true, id.clone()),
        };
        match first.get(&key) {
            Some(before) => sink.say(repeated(key.1.as_str(), item.place(), before.clone())),
            None => {
                first.insert(key, item.place());
                members.push(Located::new(member, item.place()));
            }
        }
    }
    Some(Team { members, at: at.key_place() })
}

fn team_member(item: Cursor<'_>, context: &Context<'_>, sink: &mut Sink) -> Option<TeamMember> {
    if item.map().is_some() {
        let extra = item.map().and_then(|mut keys| keys.find(|(key, _)| *key != "team"));
        if let Some((key, value)) = extra {
            sink.say(
                Diagnostic::error("unknown-key", format!("unknown key {}", quoted(key)), value.key_place())
                    .expected("a person's id, or `{team: ID}`"),
            );
            return None;
        }
        let Some(team) = item.get("team") else {
            sink.say(
                Diagnostic::error("missing-key", "the key `team` is missing", item.place()).expected("a person's id, or `{team: ID}`"),
            );
            return None;
        };
        return known(sink, team, &context.teams, "team", context.is_whole).map(TeamMember::Team);
    }
    if item.text().is_none() {
        sink.say(wrong_type(item, "a person's id, or `{team: ID}`"));
        return None;
    }
    known(sink, item, &context.people, "person", context.is_whole).map(TeamMember::Person)
}

/// A name that is declared somewhere; where a file could not be read it may be there.
pub(super) fn known(sink: &mut Sink, at: Cursor<'_>, names: &Names<'_>, what: &'static str, is_whole: bool) -> Option<Atom> {
    let id = read::atom(sink, at)?;
    if names.contains(id.as_str()) {
        return Some(id);
    }
    if is_whole {
        let message = format!("no {what} is called {}", quoted(id.as_str()));
        let diagnostic = match what {
            "team" => Diagnostic::error("unknown-team", message, at.place()),
            _ => Diagnostic::error("unknown-person", message, at.place()),
        };
        let diagnostic = sink.suggest(diagnostic, id.as_str(), names.iter().copied());
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
