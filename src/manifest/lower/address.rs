//! What resolved addresses must not be: claimed by two people, listed and ignored, listed and
//! absent, protected and gone. People and teams are looked through.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::manifest::cursor::Sink;
use crate::manifest::diagnostic::quoted;
use crate::manifest::{AccountDoc, Diagnostic, EntryDoc, Leaves, Manifests, Pattern, Person, TeamMember, Who};
use crate::model::{Atom, Email, Located, Place};

/// Who claims which address, past ones included.
#[derive(Default)]
pub(super) struct Book {
    claims: HashMap<Email, (Atom, Place)>,
}

impl Book {
    /// Adds a person, in the order of files and lines.
    pub fn add(&mut self, id: &Atom, person: &Person, sink: &mut Sink) {
        for email in std::iter::once(&person.email).chain(&person.previously) {
            match self.claims.get(&email.value) {
                Some((other, place)) if other != id => {
                    let message =
                        format!("{} is the address of {} as well: one address is one person", email.value, quoted(other.as_str()));
                    sink.say(
                        Diagnostic::error("address-claimed-twice", message, email.at.clone()).related(place.clone(), "first claimed here"),
                    );
                }
                Some((_, place)) => sink.say(
                    Diagnostic::warning("repeated-word", format!("{} stands here twice", email.value), email.at.clone())
                        .related(place.clone(), "first given here"),
                ),
                None => {
                    self.claims.insert(email.value.clone(), (id.clone(), email.at.clone()));
                }
            }
        }
    }
    fn owner(&self, email: &Email) -> Option<&Atom> {
        self.claims.get(email).map(|(id, _)| id)
    }
}

/// Everyone in a team, looked through once.
#[derive(Default)]
struct Teams<'a> {
    people: HashMap<&'a Atom, Vec<&'a Atom>>,
}

impl<'a> Teams<'a> {
    /// No recursion: a chain of teams may be as long as a file.
    fn people(&mut self, all: &'a Manifests, team: &'a Atom) -> &[&'a Atom] {
        self.people.entry(team).or_insert_with(|| {
            let (mut seen, mut people, mut open) = (HashSet::from([team]), Vec::new(), vec![team]);
            let mut known = HashSet::new();
            while let Some(next) = open.pop() {
                for member in all.teams.get(next).map(|t| t.members.as_slice()).unwrap_or_default() {
                    match &member.value {
                        TeamMember::Person(id) if known.insert(id) => people.push(id),
                        TeamMember::Team(id) if seen.insert(id) => open.push(id),
                        TeamMember::Person(_) | TeamMember::Team(_) => {}
                    }
                }
            }
            people
        })
    }
}

/// Patterns; plain addresses and whole domains apart, so that a thousand of them are one look-up.
struct Ignored<'a> {
    plain: HashMap<&'a str, &'a Place>,
    /// Of `*@vendor.example`.
    domains: HashMap<&'a str, &'a Place>,
    wild: Vec<&'a Located<Pattern>>,
}

impl<'a> Ignored<'a> {
    fn of(patterns: &'a [Located<Pattern>]) -> Self {
        let (mut plain, mut domains, mut wild) = (HashMap::new(), HashMap::new(), Vec::new());
        for pattern in patterns {
            let text = pattern.value.as_str();
            match text.strip_prefix("*@") {
                Some(domain) if !domain.contains('*') => drop(domains.insert(domain, &pattern.at)),
                _ if !text.contains('*') => drop(plain.insert(text, &pattern.at)),
                _ => wild.push(pattern),
            }
        }
        Self { plain, domains, wild }
    }
    fn is_empty(&self) -> bool {
        self.plain.is_empty() && self.domains.is_empty() && self.wild.is_empty()
    }
    fn of_email(&self, email: &Email) -> Option<&'a Place> {
        let domain = email.key().split_once('@').map_or("", |(_, domain)| domain);
        let known = self.plain.get(email.key()).or_else(|| self.domains.get(domain)).copied();
        known.or_else(|| self.wild.iter().find(|p| p.value.matches(email)).map(|p| &p.at))
    }
}

/// Checks every account.
pub(super) fn check(all: &Manifests, book: &Book, now: Timestamp, sink: &mut Sink) {
    let mut teams = Teams::default();
    let some_leave = all.people.values().any(|p| matches!(p.leaves, Some(Located { value: Leaves::On(_), .. })));
    for (name, account) in &all.accounts {
        let connection = all.connections.get(name);
        let today = now.to_zoned(connection.and_then(|c| c.zone.clone()).unwrap_or(TimeZone::UTC)).date();
        protected(all, book, account, today, sink);
        let ignored = Ignored::of(&account.ignore);
        let absent: BTreeMap<&Email, &Place> = account.absent.iter().map(|a| (&a.value, &a.at)).collect();
        let lacks_zone = connection.filter(|c| c.zone.is_none() && some_leave).map(|c| &c.at);
        if ignored.is_empty() && absent.is_empty() && lacks_zone.is_none() {
            continue;
        }
        for entry in &account.members {
            let people: Vec<(Option<&Atom>, &Email)> = match &entry.who.value {
                Who::Email(email) => vec![(None, email)],
                Who::Person(id) => all.people.get(id).map(|p| (Some(id), &p.email.value)).into_iter().collect(),
                Who::Team(id) => {
                    teams.people(all, id).iter().filter_map(|id| Some((Some(*id), &all.people.get(*id)?.email.value))).collect()
                }
            };
            let is_absent = |email: &Email| absent.get(email).copied();
            conflict(entry, &people, is_absent, "listed-and-absent", "must be absent by `absent`", sink);
            conflict(entry, &people, |email| ignored.of_email(email), "listed-and-ignored", "is ignored by `ignore`", sink);
            if let Some(connection) = lacks_zone {
                leaver_without_zone(all, entry, &people, connection, sink);
            }
        }
    }
}

/// One message for an entry, however many of its people it is about.
fn conflict<'a>(
    entry: &EntryDoc,
    people: &[(Option<&Atom>, &Email)],
    find: impl Fn(&Email) -> Option<&'a Place>,
    code: &'static str,
    what: &str,
    sink: &mut Sink,
) {
    let mut found = people.iter().filter_map(|(_, email)| Some((email, find(email)?)));
    let Some((email, place)) = found.next() else { return };
    let more = found.count();
    let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
    let message = format!("{email} is a member here and {what}{more}: it cannot be both");
    sink.say(Diagnostic::error(code, message, entry.who.at.clone()).related(place.clone(), "the other one"));
}

fn leaver_without_zone(all: &Manifests, entry: &EntryDoc, people: &[(Option<&Atom>, &Email)], connection: &Place, sink: &mut Sink) {
    let leaves = people.iter().filter_map(|(id, _)| {
        let leaves = all.people.get((*id)?)?.leaves.as_ref()?;
        matches!(leaves.value, Leaves::On(_)).then_some((*id, &leaves.at))
    });
    if let Some((Some(id), place)) = leaves.into_iter().next() {
        let message = format!("{} leaves on a day, and the connection of this account names no timezone", quoted(id.as_str()));
        sink.say(
            Diagnostic::error("timezone-missing", message, entry.who.at.clone())
                .hint("write `timezone: Europe/Paris` or the like in the connection")
                .related(place.clone(), "leaves on this day")
                .related(connection.clone(), "the connection"),
        );
    }
}

/// `protect` refuses every change; somebody who left, or who must be absent, needs one.
fn protected(all: &Manifests, book: &Book, account: &AccountDoc, today: jiff::civil::Date, sink: &mut Sink) {
    let absent: HashMap<&Email, &Place> = account.absent.iter().map(|a| (&a.value, &a.at)).collect();
    for email in &account.protect {
        if let Some(place) = absent.get(&email.value) {
            let message = format!("{} is protected and must be absent: it cannot be both", email.value);
            sink.say(Diagnostic::error("protected-and-gone", message, email.at.clone()).related((*place).clone(), "`absent`"));
        }
        let Some(leaves) = book.owner(&email.value).and_then(|id| all.people.get(id)).and_then(|p| p.leaves.as_ref()) else { continue };
        let is_past = match leaves.value {
            Leaves::Now => true,
            Leaves::On(day) => day < today,
        };
        if is_past {
            let message = format!("{} is protected and has left: it cannot be both", email.value);
            sink.say(Diagnostic::error("protected-and-gone", message, email.at.clone()).related(leaves.at.clone(), "has left"));
        }
    }
}
